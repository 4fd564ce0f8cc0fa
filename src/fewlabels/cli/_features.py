"""The options that say which columns are features, and the features that come of them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from fewlabels.graph import Graph
    from fewlabels.io import Features, Table

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEFAULT_NEIGHBORS = 10
SMALL_TABLE = 50  # below, a fifth of the rows, so that not everything is joined to everything

# Kinds of columns that are brought to one scale when they become features.
_SCALED = {"number", "categories"}

_EARLIER = re.compile(r"(predicted_)?(label|confidence|evidence|reached|second|doubt)(_\d+)?")


def feature_options(command: _Command) -> _Command:
    """Give a command --features, --exclude, --categorical and --no-scale."""
    options = (
        click.option(
            "--features",
            multiple=True,
            metavar="A,B,...",
            help="Use these columns only, or the array in this .npy file (rows as in INPUT; not "
            "scaled).",
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
    features: Features,
    neighbors: int | None,
    progress: Any,
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
            graph = shared_neighbor_graph(features.values, neighbors, progress=progress)
        else:
            graph = knn_graph(features.values, neighbors or DEFAULT_NEIGHBORS, progress=progress)
    is_array = all(column.kind not in _SCALED for column in features.used)
    notes = []
    for warning in caught:
        text = " ".join(str(warning.message).split())
        if issubclass(warning.category, ScaleWarning):
            if not is_array or ctx.params["as_they_are"]:  # scaled one by one, or meant to be so
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
    if any(given(ctx, option) for option in ("exclude", "categorical", "as_they_are")):
        raise click.UsageError(
            "--exclude, --categorical and --no-scale speak of columns, but --features names an "
            ".npy file, which is used as it is. Leave them out.",
            ctx,
        )
    return Path(arrays[0])


def features_of(ctx: click.Context, table: Table, label: str) -> Features:
    """Return the features that the command's options ask for."""
    from fewlabels.io import build_features, load_features

    options = ctx.params
    array = array_file(ctx, options["features"])
    if array is not None:
        return load_features(array, table.n_rows)
    ignore = _from_earlier_run(table.names)
    if options["key"] is not None:
        ignore[options["key"]] = "--key"
    return build_features(
        table,
        label=label,
        names=_split(table, options["features"]) if options["features"] else None,
        exclude=_split(table, options["exclude"]),
        categorical=_split(table, options["categorical"]),
        ignore=ignore,
        scale=not options["as_they_are"],
    )


def _from_earlier_run(names: Sequence[str]) -> dict[str, str]:
    """Return the columns that ``fewlabels spread`` added to a table that is the input again.

    As features they would feed its own answers back to it.
    """
    found = [name for name in names if _EARLIER.fullmatch(name)]
    if not {"confidence", "evidence", "reached"} <= set(found):
        return {}
    return dict.fromkeys(found, "added by an earlier run")


def _split(table: Table, values: Sequence[str]) -> list[str]:
    """Return the column names in "a,b,c"; a name that has a comma in it is one name."""
    names: list[str] = []
    for value in values:
        parts = [value] if value in table.names else value.split(",")
        names += [part if part in table.names else part.strip() for part in parts if part.strip()]
    return names
