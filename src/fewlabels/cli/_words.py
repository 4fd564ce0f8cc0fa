"""Messages as the command line says them: options for settings, and no control characters."""

from __future__ import annotations

import ast
import re
import shlex

_OPTIONS = {
    "embeddings": "--embeddings",
    "names": "--features",
    "label": "--label",
    "exclude": "--exclude",
    "categorical": "--categorical",
    "texts": "--text",
    "column": "--column",
    "separator": "--sep",
    "encoding": "--encoding",
    "decimal": "--decimal",
    "missing": "--missing",
    "file_format": "--format",
    "key": "--key",
}
_TEXT = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_SETTING = re.compile(
    rf"\b({'|'.join(_OPTIONS)})=(\[(?:(?:{_TEXT})(?:,\ )?)*\]|{_TEXT})", re.DOTALL
)
_REPEATS = re.compile(r"\brepeats=(\d+)")
# columns={'my x': 'drop'}, and the options for the kinds that have one of their own
_COLUMNS = re.compile(rf"\bcolumns=(\{{(?:(?:{_TEXT}): (?:{_TEXT})(?:,\ )?)+\}})", re.DOTALL)
# rows of X lie ...: 1, 4 and 2 more (counted from 0)
_ROWS = re.compile(r"\brows of X (\D.*?: )((?:\d+, )*\d+)( and \d+ more)? \(counted from 0\)")
_KINDS = {
    "drop": "--exclude",
    "category": "--categorical",
    "text": "--text",
    "use": "--features",
}


def in_options(message: str) -> str:
    """Return a message of the library with options where it names settings.

    ``missing=['n/a']`` becomes ``--missing n/a``, and ``columns={'my x': 'drop'}`` becomes
    ``--exclude 'my x'``. Rows are those of the file, and counted from 1.
    """
    message = _ROWS.sub(_file_rows, message)
    message = _COLUMNS.sub(_column_options, message)
    return (
        _REPEATS.sub(r"--repeats \1", _SETTING.sub(_option, message))
        .replace("(replace=True)", "with --force")
        .replace("(link=True)", "(--link)")
        .replace("(file=...)", "with --file")
    )


def with_kinds_as_options(message: str) -> str:
    """Return a message as a command says it whose only option for columns is --column.

    ``columns={'my x': 'drop'}`` becomes ``--column 'my x=drop'``.
    """
    return _COLUMNS.sub(_kind_options, message)


def _kind_options(match: re.Match[str]) -> str:
    kinds = ast.literal_eval(match[1])
    return " ".join(_said("--column", f"{name}={kind}") for name, kind in kinds.items())


def _file_rows(match: re.Match[str]) -> str:
    places = ", ".join(str(int(place) + 1) for place in match[2].split(", "))
    return f"rows of the file {match[1]}{places}{match[3] or ''} (counted from 1)"


def _column_options(match: re.Match[str]) -> str:
    named: dict[str, list[str]] = {}
    for name, kind in ast.literal_eval(match[1]).items():
        named.setdefault(_KINDS.get(kind, ""), []).append(
            name if kind in _KINDS else f"{name}={kind}"
        )
    plain = [_said(option, ",".join(names)) for option, names in named.items() if option]
    return " ".join(plain + [_said("--column", each) for each in named.get("", [])])


def _option(match: re.Match[str]) -> str:
    value = ast.literal_eval(match[2])
    text = ",".join(value) if isinstance(value, list) else value
    return _said(_OPTIONS[match[1]], text)


def _said(option: str, text: str) -> str:
    joint = "=" if text.startswith("-") else " "
    return f"{option}{joint}{shlex.quote(text)}"


def visible(text: str, *, keep: str = "") -> str:
    r"""Return text with characters that a terminal acts on, or doesn't show, as ``\x1b``.

    Such characters come from files: names of columns, labels, names of files.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in keep else ascii(sign)[1:-1] for sign in text
    )
