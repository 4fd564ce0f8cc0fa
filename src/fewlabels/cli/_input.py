"""The options that say how to read a table, and the table and labels that come of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fewlabels._typing import Function
from fewlabels.cli._extras import check_extras
from fewlabels.cli._features import array_file, check_columns, unreadable_columns
from fewlabels.cli._given import check_given
from fewlabels.cli._pictures import check_folders, check_sorting
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import check_input, check_output

if TYPE_CHECKING:
    from fewlabels.io import LabelColumn, Table

_Command = TypeVar("_Command", bound=Function)

_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", r"\t": "\t", "pipe": "|"}
_DECIMALS = {"comma": ",", "point": "."}


def reading_options(command: _Command) -> _Command:
    """Give a command the options that say how INPUT is to be read."""
    options = (
        click.option(
            "--sep",
            "separator",
            metavar="CHAR",
            help="What separates the cells of INPUT: a character, or tab.  [default: found out]",
        ),
        click.option(
            "--decimal",
            metavar="CHAR",
            help="The decimal mark of numbers: , or .  [default: found out for each column]",
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            help="Of INPUT's text, such as cp1252.  [default: found out]",
        ),
        click.option(
            "--missing",
            multiple=True,
            metavar="A,B,...",
            help="Cells that mean the same as an empty one, in every column (n/a,NA,-).",
        ),
        click.option(
            "--format",
            "file_format",
            metavar="NAME",
            help="The format of standard input and output, or of INPUT if its name doesn't tell: "
            "csv, tsv, json, jsonl, parquet, arrow, npz, xlsx, ods.",
        ),
    )
    return _given(command, options)


def input_options(command: _Command) -> _Command:
    """Give a command the options that say how INPUT is to be read, and where the labels are."""
    options = (
        click.option(
            "--labels",
            "labels_file",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Take the labels from this table, joined by --key.",
        ),
        click.option(
            "--key", metavar="COLUMN", help="The column that INPUT and the --labels have in common."
        ),
    )
    return reading_options(_given(command, options))


def _given(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def check_places(
    ctx: click.Context,
    source: Path,
    *,
    output: Path | None = None,
    replace: bool = False,
    folder: Path | None = None,
) -> None:
    """Raise if files are missing or in the way, before anything that takes long is loaded.

    All complaints are in one message.
    """
    options = ctx.params
    check_characters(ctx)
    if (options["labels_file"] is None) != (options["key"] is None):
        raise click.UsageError(
            "--labels and --key must be used together: a file of labels, and the column that joins "
            "it to INPUT.",
            ctx,
        )
    array = array_file(ctx, options["features"])
    others = [path for path in (options["labels_file"],) if path is not None]
    sources = [source, *others, *([array] if array else [])]
    all_at_once(
        *(partial(check_source, ctx, path) for path in [source, *others]),
        *(partial(check_array, path) for path in [array] if path is not None),
        partial(_check_output, output, sources, replace),
        partial(_check_folder, folder),
        partial(check_sorting, ctx),
        partial(check_extras, ctx, sources, output, replace),
    )


def all_at_once(*checks: Callable[[], None]) -> None:
    """Make checks, and raise one error with all their complaints."""
    complaints = []
    for check in checks:
        try:
            check()
        except DataFileError as error:
            complaints.append(str(error))
    if complaints:
        raise DataFileError(" Also: ".join(complaints))


def check_characters(ctx: click.Context) -> None:
    """Raise if --sep or --decimal is none."""
    for name in ("separator", "decimal"):
        _character(ctx, name)


def check_source(ctx: click.Context, path: Path) -> None:
    """Raise if there is no table at `path`, or folder of pictures where INPUT is one."""
    if ctx.params["file_format"] is None or path != ctx.params["source"]:
        if path != ctx.params["source"] or not path.is_dir():  # a folder of pictures
            check_input(path)
    elif str(path) != "-" and not path.exists():
        raise DataFileError(f"{path} does not exist. Check the path (you are in {Path.cwd()}).")


def check_array(path: Path) -> None:
    """Raise if there is no file at `path`."""
    if not path.is_file():
        raise DataFileError(f"{path} (--features) does not exist. Check the path.")


def _check_output(output: Path | None, sources: Sequence[Path], replace: bool) -> None:
    if output is not None:
        check_output(output, sources=sources, replace=replace)


def _check_folder(folder: Path | None) -> None:
    if folder is None:
        return
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise DataFileError(f"can't write to {folder}: {existing} is not a folder. Choose another.")


def read_input(
    ctx: click.Context, source: Path, label: str, progress: Callable[[float], None]
) -> tuple[Table, LabelColumn, list[str]]:
    """Return the table, its labels, and what may have been read otherwise than it was meant."""
    from fewlabels.io import PictureFolder, joined_labels, read_labels, read_table

    options = ctx.params
    table = read_source(ctx, source, progress)
    missing, decimal = _missing(ctx), _character(ctx, "decimal")
    joined = options["labels_file"] is not None
    if not isinstance(table, PictureFolder):
        check_columns(ctx, table, None if joined else label)
    elif label == "folder" and not joined:
        check_folders(table)
    others: list[str] = []
    try:
        if options["labels_file"] is None:
            check_given(table, label)
            labels = read_labels(table, label)
        else:
            second = read_table(options["labels_file"], decimal=decimal, missing=missing)
            check_given(second, label)
            others += second.warnings
            labels = joined_labels(table, second, label, options["key"])
    except InvalidInputError as error:
        also = unreadable_columns(ctx, table, label)
        if not also:
            raise
        raise InvalidInputError(" Also: ".join([str(error), *also])) from None
    return table, labels, [*table.warnings, *others, *labels.warnings]


def read_source(ctx: click.Context, source: Path, progress: Callable[[float], None]) -> Table:
    """Return the table in a file, or that of a folder of pictures."""
    from fewlabels.io import read_picture_folder, read_table

    missing = _missing(ctx)
    if source.is_dir():
        return read_picture_folder(source, missing=missing)
    return read_table(
        source,
        separator=_character(ctx, "separator"),
        encoding=ctx.params["encoding"],
        decimal=_character(ctx, "decimal"),
        missing=missing,
        file_format=ctx.params["file_format"],
        progress=progress,
    )


def format_of_output(ctx: click.Context, source: Path) -> str:
    """Return the format of standard output: the one that is named, else INPUT's, else CSV."""
    named: str | None = ctx.params["file_format"]
    if named is not None:
        return named if named != "ods" else "csv"
    ending = source.suffix.lower().removeprefix(".")
    return (
        ending if ending in ("tsv", "json", "jsonl", "parquet", "arrow", "npz", "xlsx") else "csv"
    )


def _missing(ctx: click.Context) -> list[str] | None:
    return _words(ctx.params["missing"]) if ctx.params["missing"] else None


def _words(values: Sequence[str]) -> list[str]:
    """Return the words in "n/a,NA,-"; an empty one is the empty cell."""
    return [word for value in values for word in value.split(",")]


def _character(ctx: click.Context, name: str) -> str | None:
    """Return the separator or the decimal mark that an option names by sign or word."""
    given: str | None = ctx.params[name]
    if given is None:
        return None
    known = _SEPARATORS if name == "separator" else _DECIMALS
    sign = known.get(given.casefold(), given)
    if name == "separator" and (len(sign) != 1 or sign in '"\r\n'):
        raise click.UsageError(
            f"--sep must be one character (or comma, semicolon, tab, pipe), got {given!r}.", ctx
        )
    if name == "decimal" and sign not in (",", "."):
        raise click.UsageError(f"--decimal must be , or . (or comma, point), got {given!r}.", ctx)
    return sign
