"""Messages as the command line says them: options for settings, and no control characters."""

from __future__ import annotations

import ast
import re
import shlex

_OPTIONS = {
    "names": "--features",
    "label": "--label",
    "exclude": "--exclude",
    "categorical": "--categorical",
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


def in_options(message: str) -> str:
    """Return a message of the library with options where it names settings of `fewlabels.io`.

    ``exclude=['my x']`` becomes ``--exclude 'my x'``.
    """
    return _SETTING.sub(_option, message).replace("(replace=True)", "with --force")


def _option(match: re.Match[str]) -> str:
    value = ast.literal_eval(match[2])
    text = ",".join(value) if isinstance(value, list) else value
    joint = "=" if text.startswith("-") else " "
    return f"{_OPTIONS[match[1]]}{joint}{shlex.quote(text)}"


def visible(text: str, *, keep: str = "") -> str:
    r"""Return text with characters that a terminal acts on, or doesn't show, as ``\x1b``.

    Such characters come from files: names of columns, labels, names of files.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in keep else ascii(sign)[1:-1] for sign in text
    )
