"""``fewlabels simulate``: which rule for what to ask is worth its while on a labelled table."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import click

from fewlabels._typing import Estimator, Loaded
from fewlabels.cli._dask import dask_options, is_on_dask
from fewlabels.cli._dask_simulate import simulate_on_dask
from fewlabels.cli._features import (
    feature_options,
    graph_of,
    neighbors_of,
    neighbors_option,
    points_of,
)
from fewlabels.cli._input import check_places, input_options, read_input
from fewlabels.cli._progress import progress_bars
from fewlabels.cli._simulation_report import made_folder, text_of, write_curves
from fewlabels.cli._stdout import show, warn

_RUNS = "runs.jsonl"
_MAX_ITER = 1000
_ONE_PER_CLASS = "one-per-class"

_HELP = """\
See which questions are worth asking, on a table whose labels are known.

Plays the labelling loop: a few rows have a label, a rule says which rows to ask about next,
their labels are looked up in COLUMN, and the rows that have none yet are predicted and compared.
So you see how accurate you would be with 20, 50 or 100 labels, and by which rule. Random
questions are always among the rules, from the same first labels: a rule that does not beat them
is not worth its while.

Every row with a label in COLUMN counts as true. Rows without one are used as neighbours, but
are never asked about and are left out of every accuracy.

\b
DIR receives
  curves.png        accuracy against the number of labels, a line a rule
  macro_recall.png  the same for the mean recall of the classes, where rare ones weigh as much
  curves.csv        query, repeat, n_labels, accuracy, macro_recall, seconds
  curves.json       the same with intervals, labels needed and when each class was first seen;
                    docs/curves-json.md describes each field
  runs.jsonl        each run as soon as it is finished, with the rows in the order of asking

If the command is interrupted, the same command goes on from the runs in runs.jsonl; more rules
or repeats may be added to a finished one, too.

\b
Rules (--query), each by its published name:
  random, least-confidence, margin, entropy, density-weighted, v-optimality,
  sigma-optimality, uncertain-influence, model-change, model-change-v-optimality,
  model-change-sigma-optimality, decaying-norm, dirichlet-variance,
  expected-error-reduction, typicality, farthest-first
  auto: the one that fewlabels recommends
  all: each of them once

\b
Examples:
  fewlabels simulate flowers.csv --label species -o curves
  fewlabels simulate digits.npz --label y --query margin --query v-optimality \\
      --budget 100 --repeats 10 -o curves
  fewlabels simulate texts.jsonl --label topic --features embeddings.npy \\
      --query auto,margin --initial 0 -o from-nothing

Formats, labels and features are as in 'fewlabels spread', also with --dask and --workers. There,
each row needs a label, the rules are random, uncertain-influence (auto), margin, entropy and
least-confidence, and DIR keeps the graph for another run.

Progress is shown on a terminal, and the result is printed to standard output. Exit codes: 0 done,
2 bad input, 130 interrupted.
"""


@click.command(
    name="simulate", help=_HELP, short_help="See which questions are worth asking, on known labels."
)
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option("--label", required=True, metavar="COLUMN", help="The column of the true labels.")
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder for the results; it is created if missing.",
)
@click.option(
    "--query",
    "queries",
    multiple=True,
    default=("auto",),
    show_default="auto",
    metavar="RULE,...",
    help="What to ask by; may be given several times. random is always added.",
)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    metavar="N",
    help="Labels in all, the first ones included.  [default: 100; half of the labelled rows in "
    "tables of fewer than 200]",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Questions at a time.",
)
@click.option(
    "--initial",
    default=_ONE_PER_CLASS,
    show_default=True,
    metavar="N",
    help=f"The first labels: {_ONE_PER_CLASS}, or so many random rows; 0 to begin with nothing.",
)
@click.option(
    "--repeats",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Do it so many times, from other first labels each.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Of the random draws. The same seed gives the same curves.",
)
@click.option(
    "--jobs",
    "n_jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Runs at a time, each in a process of its own; the curves are the same for any number.",
)
@input_options
@feature_options
@click.option(
    "--method",
    type=click.Choice(["recommended", "spreading", "propagation"]),
    default="recommended",
    show_default=True,
    help="The model: recommended is FewLabelsClassifier for the answers, up to 20,000 rows, and a "
    "quick one for the questions; spreading (alpha 0.99) and propagation of labels, both with "
    "classes of equal mass, do both.",
)
@neighbors_option
@dask_options
@click.option("--force", is_flag=True, help="Begin anew: drop the runs that DIR holds.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
@click.pass_context
def simulate(
    ctx: click.Context,
    /,
    source: Path,
    label: str,
    out: Path,
    queries: tuple[str, ...],
    budget: int | None,
    batch_size: int,
    initial: str,
    repeats: int,
    seed: int,
    n_jobs: int,
    method: str,
    neighbors: int | None,
    force: bool,
    quiet: bool,
    **_: object,  # those of input_options and feature_options, which read_input and points_of read
) -> None:
    """Read, simulate, write, report; `_HELP` says it all."""
    start = _start(ctx, initial)
    if is_on_dask(ctx):
        simulate_on_dask(ctx, start)
        return
    check_places(ctx, source, folder=out)
    rules = list(dict.fromkeys(name.strip() for text in queries for name in text.split(",")))
    runs = out / _RUNS
    try:
        with progress_bars(quiet=quiet) as stage:
            # what takes long to import, and nobody waits for who only asks for --help
            from fewlabels.report.output import check_can_write_folder
            from fewlabels.session.simulation._one_curve import simulate_one as simulated

            rules = _checked_rules(ctx, rules)
            check_can_write_folder(out)
            table, labels, doubts = read_input(ctx, source, label, stage("reading the table"))
            making = stage("making features")
            points = points_of(ctx, table, label, progress=making)
            recommended = method == "recommended"
            neighbors, notes = neighbors_of(neighbors, table.n_rows, chosen=recommended)
            joining = stage("joining similar rows")
            graph, about = graph_of(ctx, points, neighbors, joining, shared=recommended)
            notes += about
            settings: Loaded = {
                "initial": start,
                "batch_size": batch_size,
                "budget": budget,
                "repeats": repeats,
                "random_state": seed,
            }
            playing = stage("asking and answering")
            with (
                _in_its_own_words(ctx),
                made_folder(out),
                warnings.catch_warnings(record=True) as caught,
            ):
                warnings.simplefilter("always")
                if force:
                    runs.unlink(missing_ok=True)
                curve = simulated(
                    points.values if recommended else graph,
                    labels.codes,
                    graph=graph if recommended else None,
                    query=rules,
                    model=_model(method),
                    save_to=runs,
                    progress=playing,
                    n_jobs=n_jobs,
                    **settings,
                )
            stage("drawing")
            settings |= {
                "input": str(source),
                "label": label,
                "method": method,
                "neighbors": graph.build_info["n_neighbors"],
                "budget": int(curve.labels[-1]),
            }
            written = write_curves(out, curve, labels, settings)
    except KeyboardInterrupt:
        if runs.exists():
            newline = "\n" if sys.stderr.isatty() else ""  # after the ^C that a terminal shows
            click.echo(
                f"{newline}The finished runs are in {runs}; the same command goes on from there.",
                err=True,
            )
        raise
    notes += dict.fromkeys(" ".join(str(warning.message).split()) for warning in caught)
    warn([*doubts, *points.warnings, *notes])
    if not quiet:
        text = text_of(source, table.n_rows, labels, curve, start)
        paths = "\n".join(f"wrote {path}" for path in written)
        show(f"{text}\n\n{paths}", done=f"The results are in {out}.")


def _start(ctx: click.Context, initial: str) -> int | str:
    if initial == _ONE_PER_CLASS:
        return "one per class"
    if initial.isdecimal():
        return int(initial)
    raise click.UsageError(
        f"--initial must be {_ONE_PER_CLASS} or a whole number from 0 on, got {initial!r}.", ctx
    )


def _checked_rules(ctx: click.Context, names: list[str]) -> list[str]:
    from fewlabels.queries import RULES

    if "all" in names:
        return [name for name in sorted(RULES) if name != "auto"]  # which is one of the others
    for name in names:
        if name not in RULES:
            raise click.UsageError(
                f"--query: there is no rule {name!r}. The rules are: "
                f"{', '.join(sorted(RULES))}; all uses each of them.",
                ctx,
            )
    return names


@contextlib.contextmanager
def _in_its_own_words(ctx: click.Context) -> Iterator[None]:
    """Name options where the library names its parameters."""
    from fewlabels.exceptions import DataFileError, InvalidInputError
    from fewlabels.session.simulation._runs_file import ADVICE

    try:
        yield
    except InvalidInputError as error:
        options = {each.name: each.opts[0] for each in ctx.command.params}
        name = error.parameter
        if name is None or name not in options:
            raise
        raise InvalidInputError(f"{options[name]}{str(error).removeprefix(name)}") from error
    except DataFileError as error:
        here = "Choose another folder (--out), or start again with --force."
        raise DataFileError(str(error).replace(ADVICE, here)) from error


def _model(method: str) -> Estimator:
    from fewlabels import LabelPropagation, LabelSpreading

    if method == "recommended":
        return None
    if method == "spreading":
        return LabelSpreading(alpha=0.99, max_iter=_MAX_ITER, class_prior="uniform")
    return LabelPropagation(max_iter=_MAX_ITER, class_prior="uniform")
