"""A folder of pictures in place of a table, and pictures sorted into folders."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from fewlabels._typing import Cells, Function
from fewlabels.cli._features import array_file
from fewlabels.cli._words import visible
from fewlabels.exceptions import DataFileError

if TYPE_CHECKING:
    from fewlabels.io import AddedColumns, LabelColumn, PictureFolder, Table

_Command = TypeVar("_Command", bound=Function)

# What says how a file is to be read, which a folder is not.
_OF_FILES = {
    "separator": "--sep",
    "decimal": "--decimal",
    "encoding": "--encoding",
    "file_format": "--format",
}

# What is said of columns, which become no features here.
_OF_COLUMNS = ("features", "exclude", "categorical", "texts", "kinds", "as_they_are")


def sorting_options(command: _Command) -> _Command:
    """Give a command the options that sort pictures into folders."""
    options = (
        click.option(
            "--sort-into",
            metavar="FOLDER",
            type=click.Path(path_type=Path),
            help="Copy the pictures of INPUT into a folder for each class in this new FOLDER; "
            "those without an answer into unsorted.",
        ),
        click.option(
            "--link", is_flag=True, help="With --sort-into: make links to the pictures, no copies."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def fill_in_for_folder(ctx: click.Context, source: Path) -> None:
    """Set the label and the key of a folder of pictures where they are not said; check options.

    The label is the folder that a picture lies in, or the column "label" of --labels; the key is
    the path.
    """
    options = ctx.params
    if options["link"] and options["sort_into"] is None:
        raise click.UsageError("--link only works with --sort-into. Remove it.", ctx)
    if not source.is_dir():
        if options["label"] is None:
            parameter = next(each for each in ctx.command.params if each.name == "label")
            raise click.MissingParameter(ctx=ctx, param=parameter)
        return
    wrong = [option for name, option in _OF_FILES.items() if options[name] is not None]
    if wrong:
        raise click.UsageError(
            f"{', '.join(wrong)}: INPUT is a folder of pictures, not a table. Remove "
            f"{'them' if len(wrong) > 1 else 'it'}.",
            ctx,
        )
    of_columns = [name for name in _OF_COLUMNS if options[name]]
    if of_columns and array_file(ctx, options["features"]) is None:
        raise click.UsageError(
            "--features, --exclude, --categorical, --text, --column and --no-scale are about "
            "columns, but INPUT is a folder of pictures. Remove them.",
            ctx,
        )
    if options["labels_file"] is not None:
        options["key"] = options["key"] or "path"
    if options["label"] is None:
        options["label"] = "folder" if options["labels_file"] is None else "label"


def check_folders(table: PictureFolder) -> None:
    """Raise if fewer than two folders hold pictures, so that they are no classes."""
    folders = sorted({str(folder) for folder in table.cells("folder") if folder})
    if len(folders) > 1:
        return
    found = f"only one, {folders[0]!r}" if folders else "none"
    deeper = {path.parts[1] for path in map(Path, table.paths) if len(path.parts) > 2}
    hint = f" If the folders in {folders[0]!r} are the classes, name that folder." if deeper else ""
    raise DataFileError(
        f"the folders in {table.path} are the classes of the pictures in them, and there is "
        f"{found}.{hint} Put some pictures into a folder for each class, or pass --labels, a table "
        "with the columns path (or file) and label."
    )


def check_sorting(ctx: click.Context) -> None:
    """Raise if pictures can't be sorted where --sort-into says."""
    target: Path | None = ctx.params.get("sort_into")
    if target is None:
        return
    source: Path = ctx.params["source"]
    if not source.is_dir():
        raise DataFileError(
            f"--sort-into sorts a folder of pictures, but {source} is not one. Remove it."
        )
    from fewlabels.io import check_sorted

    check_sorted(target, source)


@contextlib.contextmanager
def sorting(
    ctx: click.Context,
    table: Table,
    labels: Sequence[object],
    stage: Callable[[str], Callable[[float], None]],
) -> Iterator[list[str]]:
    """Sort the pictures where --sort-into says, once the block has ended well.

    Yields lines that say so.
    """
    from fewlabels.io import PictureFolder, counted, sorted_pictures

    target: Path | None = ctx.params["sort_into"]
    if target is None or not isinstance(table, PictureFolder):
        yield []
        return
    link: bool = ctx.params["link"]
    progress = stage("sorting the pictures")
    with sorted_pictures(table, labels, target, link=link, progress=progress) as counts:
        what = "links" if link else "copies"
        listed = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:20])
        line = f"{target}: {what} in {counted(len(counts), 'folder')} ({listed})"
        yield [f"{'Sorted':<10}{visible(line)}"]


def kept_or_answered(labels: LabelColumn, added: AddedColumns) -> Cells:
    """Return the label of each row that has one, and the answer of the others."""
    codes = labels.codes.tolist()
    return [
        answer if code < 0 else labels.classes[code]
        for code, answer in zip(codes, added.label, strict=True)
    ]
