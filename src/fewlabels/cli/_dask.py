"""Tables larger than memory: folders of Parquet files, on the workers of a Dask cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from fewlabels._typing import Loaded
from fewlabels.cli._features import DEFAULT_NEIGHBORS, given
from fewlabels.cli._progress import progress_bars
from fewlabels.cli._stdout import show, warn

_Command = TypeVar("_Command", bound=Callable[..., object])

# What can be said of a table that no process holds.
_UNDERSTOOD = {
    *("source", "label", "output", "features", "exclude", "method", "neighbors", "alpha"),
    *("force", "quiet", "address", "n_workers"),
    *("out", "queries", "budget", "batch_size", "initial", "repeats", "seed"),
}
_ADDED = ("label", "confidence", "evidence", "reached")


def dask_options(command: _Command) -> _Command:
    """Give a command --dask and --workers."""
    options = (
        click.option(
            "--dask",
            "address",
            metavar="ADDRESS",
            help="Work on the Dask cluster whose scheduler is there (tcp://10.0.0.1:8786). INPUT "
            "is a folder of Parquet files, which all workers see under the same name.",
        ),
        click.option(
            "--workers",
            "n_workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="The same, on N processes of this machine.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def is_on_dask(ctx: click.Context) -> bool:
    """Tell whether --dask or --workers is given; raise if what else is given does not go with it.

    Raises
    ------
    UsageError
    """
    options = ctx.params
    if options["address"] is None and options["n_workers"] is None:
        return False
    if options["address"] is not None and options["n_workers"] is not None:
        raise click.UsageError(
            "--dask connects to a running cluster, and --workers starts one: use one of them.", ctx
        )
    for option in ctx.command.params:
        if option.name not in _UNDERSTOOD and given(ctx, str(option.name)):
            raise click.UsageError(
                f"{option.opts[0]} can't be used with --dask or --workers: they compare columns of "
                "numbers, and of lists of numbers, as they are.",
                ctx,
            )
    if given(ctx, "method") and options["method"] != "spreading":
        raise click.UsageError(
            f"--method {options['method']} can't be used with --dask or --workers: they always use "
            "spreading.",
            ctx,
        )
    if options["label"] is None:
        raise click.UsageError("--label is required: name the column of the labels.", ctx)
    return True


def columns_of(ctx: click.Context) -> Loaded:
    """Return what --features and --exclude say."""
    features, excluded = (
        [name for text in ctx.params[option] for name in text.split(",")]
        for option in ("features", "exclude")
    )
    return {"columns": features or None, "excluded": excluded}


def own_warnings(caught: Iterable[warnings.WarningMessage]) -> list[str]:
    """Return what this package warns of, and not what Dask does."""
    return [
        " ".join(str(warning.message).split())
        for warning in caught
        if warning.category.__module__.startswith("fewlabels")
    ]


def spread_on_dask(
    ctx: click.Context, names: Callable[[Sequence[str], Sequence[str]], Sequence[str]]
) -> None:
    """Label all rows of a folder of Parquet files."""
    options = ctx.params
    source, output, quiet = options["source"], Path(options["output"]), options["quiet"]
    with progress_bars(quiet=quiet) as stage, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stage("starting the workers")
        from fewlabels.dask._tables import looked_at, spread_table, workers

        looked_at(source, options["label"], **columns_of(ctx))
        with workers(options["address"], options["n_workers"]) as client:
            done = spread_table(
                source,
                output,
                label=options["label"],
                client=client,
                **columns_of(ctx),
                n_neighbors=options["neighbors"] or DEFAULT_NEIGHBORS,
                alpha=options["alpha"],
                names=lambda taken: names(taken, _ADDED),
                replace=options["force"],
                stage=stage,
            )
    warn(own_warnings(caught))
    if quiet:
        return
    files = f"{done.n_files} file{'s' * (done.n_files != 1)}"
    columns = ", ".join(done.columns[:10]) + (", ..." if len(done.columns) > 10 else "")
    show(
        f"{done.n_rows:,} rows in {files}, {done.n_labels:,} of them with a label of "
        f"{len(done.classes)} classes.\n"
        f"compared by {columns}; {done.recall:.1%} of the nearest neighbours were found\n"
        f"spread in {done.n_iter} steps; {done.n_reached:,} rows were reached\n"
        f"wrote {output}",
        done=f"The files in {output} are written, whole.",
    )
