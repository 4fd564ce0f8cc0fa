"""The options that say what columns are, and the points that come of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from click.core import ParameterSource

from fewlabels._typing import Function, Loaded, Package

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from fewlabels.features import Points
    from fewlabels.graph import Graph
    from fewlabels.io import PictureFolder, Table

_Command = TypeVar("_Command", bound=Function)

DEFAULT_NEIGHBORS = 10
SMALL_TABLE = 50  # below, a fifth of the rows, so that not everything is joined to everything

# What says of columns what they are, and as what.
_KINDS = {"exclude": "drop", "categorical": "category", "texts": "text"}


def feature_options(command: _Command) -> _Command:
    """Give a command the options that say what the columns of INPUT are."""
    options = (
        click.option(
            "--features",
            multiple=True,
            metavar="A,B,...",
            help="Use these columns only, also if they look like identifiers; or the array in this "
            ".npy file (rows as in INPUT; not scaled).",
        ),
        click.option(
            "--exclude", multiple=True, metavar="A,B,...", help="Do not use these columns."
        ),
        click.option(
            "--categorical",
            multiple=True,
            metavar="A,B,...",
            help="The values of these columns are names, even if they look like numbers.",
        ),
        click.option(
            "--text",
            "texts",
            multiple=True,
            metavar="A,B,...",
            help="These columns hold text to be compared by its words, or by its spelling.",
        ),
        click.option(
            "--column",
            "kinds",
            multiple=True,
            metavar="NAME=KIND",
            help="What a column is: number, category, date (or how dates are written, as "
            "date:%m/%d/%Y), list, array, text, image; use (as what it seems) or drop.",
        ),
        click.option(
            "--embeddings",
            metavar="NAME|FILE.npy",
            help="Compare texts or pictures by these: the name of a model (onnx:FILE, "
            "sentence-transformers:NAME, model2vec:NAME, timm:NAME, open_clip:NAME), or an array "
            "of a row for each. Give --text with it, if it isn't plain which column is text.",
        ),
        click.option(
            "--cache",
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
            help="Keep what the model of --embeddings makes in this folder, for another run.  "
            "[default: FEWLABELS_CACHE, or the system's; see 'fewlabels cache']",
        ),
        click.option(
            "--no-scale",
            "as_they_are",
            is_flag=True,
            help="Use numbers as they are: for columns that share a unit, such as pixels.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def neighbors_option(command: _Command) -> _Command:
    """Give a command --neighbors; see :func:`neighbors_of`."""
    return click.option(
        "--neighbors",
        type=click.IntRange(min=1),
        metavar="K",
        help=f"Join each row to the K rows most like it.  [default: {DEFAULT_NEIGHBORS}, or 15 "
        "where many rows are hubs and --method is recommended; a fifth of the rows in tables of "
        f"fewer than {SMALL_TABLE}]",
    )(command)


def neighbors_of(
    asked: int | None, n_rows: int, *, chosen: bool = False
) -> tuple[int | None, list[str]]:
    """Return how many rows each row is joined to, and a warning if more were asked for.

    None if it is `chosen` later, by how the rows lie, and nobody asked.
    """
    most = n_rows - 1
    if asked is None:
        if chosen and n_rows >= SMALL_TABLE:
            return None, []
        usual = min(DEFAULT_NEIGHBORS, max(2, DEFAULT_NEIGHBORS * n_rows // SMALL_TABLE))
        return min(usual, most), []
    if asked <= most:
        return asked, []
    note = (
        f"--neighbors {asked} is more than there are: {n_rows:,} rows have {most:,} others each, "
        "and each row was joined to all of them."
    )
    return most, [note]


def graph_of(
    ctx: click.Context,
    points: Points,
    neighbors: int | None,
    progress: Package,
    *,
    shared: bool = False,
) -> tuple[Graph, list[str]]:
    """Return the graph of similar rows, and warnings about the features in the command's words.

    With `shared`, edges count by the neighbours in common, and without `neighbors` their number
    is chosen.
    """
    from fewlabels import ScaleWarning
    from fewlabels.graph import knn_graph, shared_neighbor_graph

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if shared:
            graph = shared_neighbor_graph(points, neighbors, progress=progress)
        else:
            graph = knn_graph(points, neighbors or DEFAULT_NEIGHBORS, progress=progress)
    notes = []
    for warning in caught:
        text = " ".join(str(warning.message).split())
        if issubclass(warning.category, ScaleWarning):
            if ctx.params["as_they_are"]:  # meant to be so
                continue
            text = (
                f"{text.partition(' Scale the columns')[0]} Scale the columns of the array first, "
                "or give them as columns of a table, which are scaled one by one."
            )
        notes.append(text)
    return graph, notes


def given(ctx: click.Context, option: str) -> bool:
    """Tell whether an option stands on the command line."""
    return ctx.get_parameter_source(option) is not ParameterSource.DEFAULT


def array_file(ctx: click.Context, features: Sequence[str]) -> Path | None:
    """Return the array file that --features names, if it names one."""
    arrays = [name for name in features if name.lower().endswith(".npy")]
    if not arrays:
        return None
    if len(features) > 1:
        raise click.UsageError(
            "--features takes names of columns or one .npy file, not both. To use both, put the "
            "columns into the array.",
            ctx,
        )
    of_columns = (*_KINDS, "kinds", "embeddings", "as_they_are")
    if any(given(ctx, option) for option in of_columns):
        raise click.UsageError(
            "--exclude, --categorical, --text, --column, --embeddings and --no-scale are about "
            "columns, but --features names an .npy file, which is used as it is. Remove them.",
            ctx,
        )
    return Path(arrays[0])


def points_of(
    ctx: click.Context,
    table: Table,
    label: str,
    codes: npt.NDArray[np.integer] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Points:
    """Return the points that the command's options ask for; `codes` choose among texts' weights."""
    from fewlabels import FeatureWarning
    from fewlabels.features import Points, make_points
    from fewlabels.io import PictureFolder, load_features

    options = ctx.params
    array = array_file(ctx, options["features"])
    if array is not None:
        values = load_features(array, table.n_rows)
        width = f"{values.shape[1]:,} feature{'s' * (values.shape[1] != 1)}"
        return Points(values, "array", choices=(f"1 array ({width}, as they are): {array}",))
    if isinstance(table, PictureFolder):
        return _points_of_pictures(ctx, table, progress)
    considered, columns = _considered(table, label, options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureWarning)  # the command prints points.warnings
        return make_points(
            considered,
            codes,
            columns=columns,
            embeddings=options["embeddings"],
            cache=options["cache"],
            scale=not options["as_they_are"],
            progress=progress,
        )


def _considered(table: Table, label: str, options: Loaded) -> tuple[Table, dict[str, str]]:
    """Return the columns that points are made of, and what is said of them."""
    kinds = {name: kind for _, name, kind in _said(table, options)}
    named = _split(table, options["features"]) if options["features"] else None
    if options["key"] is not None:
        kinds.setdefault(options["key"], "drop")
    considered = table.only(named or [name for name in table.names if name != label])
    return considered, {name: kind for name, kind in kinds.items() if name in considered.names}


def unreadable_columns(ctx: click.Context, table: Table, label: str) -> list[str]:
    """Return what is wrong with the columns that points would be made of."""
    from fewlabels.features.columns_read import unreadable
    from fewlabels.io import PictureFolder

    if array_file(ctx, ctx.params["features"]) is not None or isinstance(table, PictureFolder):
        return []
    return unreadable(*_considered(table, label, ctx.params))


def _points_of_pictures(
    ctx: click.Context, table: PictureFolder, progress: Callable[[float], None] | None
) -> Points:
    from fewlabels import FeatureWarning
    from fewlabels.features import make_points

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureWarning)  # the command prints points.warnings
        return make_points(
            table,
            embeddings=ctx.params["embeddings"],
            cache=ctx.params["cache"],
            progress=progress,
        )


def check_columns(ctx: click.Context, table: Table, label: str | None) -> None:
    """Raise if the options name columns that are not there, with all that is wrong with them.

    Of the label, too, unless it is None: of another table.
    """
    from fewlabels.exceptions import InvalidInputError

    options = ctx.params
    complaints = [table.lacking(label, "label") if label is not None else ""]
    if array_file(ctx, options["features"]) is None:
        if options["features"] and not _split(table, options["features"]):
            complaints.append("--features names no column. Name some, or remove it.")
        complaints += [
            f"--column is NAME=KIND, such as 'when=date', not {text!r}."
            for text in options["kinds"]
            if "=" not in text
        ]
        for option, name, _ in _said(table, options):
            complaints.append(table.lacking(name, option))
            if name == label:
                complaints.append(
                    f"column {name!r} is the label; it can't be a feature too ({option}={name!r})."
                )
    if any(complaints):
        raise InvalidInputError(" Also: ".join(filter(None, dict.fromkeys(complaints))))


def _said(table: Table, options: Loaded) -> list[tuple[str, str, str]]:
    """Return option, column and kind, for each column that an option names."""
    said = [("names", name, "use") for name in _split(table, options["features"])]
    for option, kind in _KINDS.items():
        said += [(option, name, kind) for name in _split(table, options[option])]
    parts = [text.rpartition("=") for text in options["kinds"]]
    said += [("column", name, kind) for name, mark, kind in parts if mark]
    return said


def _split(table: Table, values: Sequence[str]) -> list[str]:
    """Return the column names in "a,b,c"; a name that has a comma in it is one name."""
    names: list[str] = []
    for value in values:
        parts = [value] if value in table.names else value.split(",")
        names += [part if part in table.names else part.strip() for part in parts if part.strip()]
    return names
