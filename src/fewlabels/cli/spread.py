"""``fewlabels spread``: label all rows of a table from the few that have a label."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fewlabels._typing import Estimator
from fewlabels.cli._dask import dask_options, is_on_dask, spread_on_dask
from fewlabels.cli._extras import extra_options, write_extras
from fewlabels.cli._features import (
    feature_options,
    given,
    graph_of,
    neighbors_of,
    neighbors_option,
    points_of,
)
from fewlabels.cli._input import check_places, format_of_output, input_options, read_input
from fewlabels.cli._output import Writer, ending_options, output_option
from fewlabels.cli._pictures import (
    fill_in_for_folder,
    kept_or_answered,
    sorting,
    sorting_options,
)
from fewlabels.cli._progress import progress_bars
from fewlabels.cli._spread_answers import (
    about_open_rows,
    answers_of,
    free_names,
)
from fewlabels.exceptions import UnreachedWarning

if TYPE_CHECKING:
    from fewlabels.features import Points
    from fewlabels.graph import Graph
    from fewlabels.io import LabelColumn

# On tables of 150 to 5,000 rows 0.9 was among the best and never far from it; 0.99 often was.
_DEFAULT_ALPHA = 0.9

# Enough for evidence to walk along a path of a thousand rows; most graphs need a few dozen.
_MAX_ITER = 1000


# Not the docstring: click's mark for "keep these line breaks" is a backspace character.
_HELP = """\
Label all rows of a table from the few that have a label.

Rows that are alike are joined to a graph, and the labels spread along it, beside what the
features tell by themselves (FewLabelsClassifier). OUTPUT is the same table with seven more columns:

\b
  label       the class; empty where no evidence reached the row
  confidence  the probability that it is right, 0 to 1 (0: unreached), calibrated by the labels
              left out; with another --method the share of the winning class in the row's
              evidence, which ranks rows and is no probability
  evidence    how much evidence arrived at all; small means far from every label
  reached     whether any did
  second      the second most probable class; empty where no other is possible
  doubt       sure; or what is missing: "classes disagree", "little evidence", "too few labels"
              (to show that answers as sure as this are right) or "unreached"
  possible    the classes that hold the true one with a probability of 0.9, the most probable
              first, as "cat | dog"; "any" where labels are too few to leave one out. Of rows like
              those with labels: less if labels were chosen, or a class has none

A name that is taken gets predicted_ in front, so if your labels are in a column "label", the
answers are in "predicted_label" and what came stays as it is. Rows that had a label are
answered too, as the other labels have it, if their class has another label: where the answer
differs, look at the row. Labels of rows that have the same features, but contradict one another,
all count; a warning says so.

\b
Examples:
  fewlabels spread flowers.csv --label species -o labelled.csv
  fewlabels spread calls.parquet --label kind --exclude caller,started -o calls.jsonl
  fewlabels spread texts.jsonl --label topic --features embeddings.npy -o labelled.jsonl
  fewlabels spread digits.npz --label y --neighbors 15 -o labelled.npz
  fewlabels spread all.xlsx --labels mine.csv --key id --label kind -o labelled.csv
  fewlabels spread photos/ -o labelled.csv --sort-into sorted/
  fewlabels spread mail.csv --label kind -o out.csv --save-model mail.model --report mail.html
  fewlabels spread embeddings/ --label topic --workers 4 -o labelled/
  zcat log.csv.gz | fewlabels spread - --format csv --label kind -o - > labelled.csv

Formats: CSV and TSV (.csv, .tsv, .txt), JSON arrays and JSON Lines (.json, .jsonl), each also
with .gz; Parquet and Arrow (.parquet, .arrow, .feather); NumPy archives (.npz); workbooks (.xlsx;
another sheet than the first is book.xlsx::SHEET). Only read are .xls and .ods, SQLite and DuckDB
files (shop.db::TABLE), a .zip with one of these (or FILE.zip::NAME), and exports of Label Studio,
Prodigy, doccano and Argilla. - is standard input or output, of the --format.

What separates the cells, the encoding, decimal commas and a title above the names of the columns
are found out and reported; --sep, --encoding and --decimal say it instead. OUTPUT is UTF-8, with
commas in .csv and tabs in .tsv. The columns that came keep their values exactly: 007 stays 007. In
CSV, TSV and JSON, confidence and evidence have six digits.

Labels: text or numbers, in a column of INPUT or, with --labels and --key, of another table.
Unlabelled rows have an empty cell (null, NaN, []), one of --missing, or -1 where all labels are
whole numbers and no cell is empty. Blanks around a label are not part of it. Words such as NA are
classes unless --missing says otherwise, and a warning names them.

Features: all columns but the label, and the report says what each was taken for; --column, --text
and --categorical say it instead. Each is centred and scaled, so that none counts for more because
of its unit. Numbers may be written with a unit, a currency, a percent sign or thousands
separators (3.10 EUR, $1,200), if the whole column is. Missing ones (empty, NA, n/a, -) become the
median, and a second feature says where they are; extreme values are brought nearer. Text that
comes again, true/false and codes such as 007 become a column of 0 and 1 for each value (an empty
cell is none of them; rare values share one, and so do those beyond the 200 most frequent). Dates
(5.1.2026, 5 Jan 2026) become days and, where these differ, the time of day, the weekday and the
time of year; times of several zones are of UTC. Durations (26:30:00, 2 h 15 min, PT90M) become
days, fractions (3/8) and angles (48°12'N) numbers, and places (48.2, 16.37) two of them. Lists of
names (also as text: red, green) become a column of 0 and 1 for each; arrays of numbers, such as
embeddings, count as one column. Free text is compared by its words and their parts, and counts
not at all, once or twice, as labels that are left out say (never not at all if it is named, or
the only column); else twice. Infinity, and text among numbers, are errors that name the rows.

Left out, and listed in the report: columns with one value only, and the answers in a table that
fewlabels wrote (confidence, doubt and the others). In tables of 10 rows or more also
row numbers (whole numbers without a gap, each once), identifiers (whole numbers that all differ,
or numbers with text among them, in a column named id, index, uuid or guid, or ending so (user_id,
userId), or named by a program (Unnamed: 0, rownames) or not at all), codes such as
TK-10000 that nearly all differ, names of pictures of which none is there, and short text that
differs in more than half of the rows, unless labels that are left out speak for it. To use one of
them all the same, name it with --features or --column NAME=use.

Pictures: INPUT may be a folder, and has a row for each picture in it and below it (PNG, JPEG, GIF,
TIFF, WebP and others that Pillow reads), with the columns path and folder. The label is the
folder right below INPUT that a picture lies in; those at the top, or in a folder called
unlabelled or unsorted, are answered. Or give --labels, a table with the columns path (or file,
filename, image; --key names another) and label; paths may be absolute, relative to INPUT, or the
name of the file alone, where one picture only has it. A picture that can't be read is named, and
gets no answer.

Tables larger than memory: with --dask or --workers (pip install 'fewlabels[dask]'), INPUT is a
folder of Parquet files with the same columns, and OUTPUT a folder of the same files with four more
columns: label, confidence (the share of the winning class in the row's evidence), evidence and
reached. Columns of numbers, and of lists of numbers such as embeddings, are compared as they are,
so scale them first; --features and --exclude choose among them. What is done stands beside
OUTPUT until all is: the same command goes on from there.

Progress is shown on a terminal, the report is printed to standard output, and OUTPUT is
written whole or not at all. Exit codes: 0 done, 2 bad input, 130 interrupted.
"""


@click.command(
    name="spread", help=_HELP, short_help="Label all rows of a table from the few that have one."
)
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "--label",
    metavar="COLUMN",
    help="The column that holds the labels; empty cells are the rows to be labelled. Needed but "
    "for a folder of pictures.",
)
@output_option("INPUT")
@input_options
@feature_options
@click.option(
    "--method",
    type=click.Choice(["recommended", "spreading", "propagation"]),
    default="recommended",
    show_default=True,
    help="recommended is FewLabelsClassifier; spreading (of labels) lets the neighbours overrule "
    "a label that came; propagation keeps each.",
)
@neighbors_option
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=_DEFAULT_ALPHA,
    show_default=True,
    metavar="A",
    help="With spreading: how far evidence travels, between 0 and 1.",
)
@sorting_options
@extra_options
@dask_options
@ending_options
@click.pass_context
def spread(
    ctx: click.Context,
    /,
    source: Path,
    label: str | None,
    output: Path,
    method: str,
    neighbors: int | None,
    alpha: float,
    force: bool,
    quiet: bool,
    **_: object,  # those of input_options and feature_options, which read_input and points_of read
) -> None:
    """Read, spread, write, report; `_HELP` says it all."""
    if is_on_dask(ctx):
        spread_on_dask(ctx, free_names)
        return
    if method != "spreading" and given(ctx, "alpha"):
        raise click.UsageError(
            "--alpha only works with --method spreading; remove one of them.", ctx
        )
    fill_in_for_folder(ctx, source)
    label = ctx.params["label"]
    check_places(ctx, source, output=output, replace=force)
    form = format_of_output(ctx, source) if str(output) == "-" else None
    writer = Writer(output, form, force=force)
    with progress_bars(quiet=quiet) as stage:
        # what takes long to import, and nobody waits for who only asks for --help
        from fewlabels import FewLabelsClassifier
        from fewlabels.cli import _spread_report
        from fewlabels.models._copies import about_contradictions

        table, labels, doubts = read_input(ctx, source, label, stage("reading the table"))
        writer.check(table)
        doubts += about_open_rows(table, labels)
        making = stage("making features")
        points = points_of(ctx, table, label, labels.codes, making)
        contradictory = about_contradictions(points, labels.codes, labels.classes, table.rows_said)
        doubts += filter(None, [contradictory])
        joining = stage("joining similar rows")
        recommended = method == "recommended"
        neighbors, notes = neighbors_of(neighbors, table.n_rows, chosen=recommended)
        graph, about = graph_of(ctx, points, neighbors, joining, shared=recommended)
        notes += about
        stage("spreading the labels")
        model, caught = _fitted(points, graph, labels, method, alpha)
        added = answers_of(model, labels, free_names(table.taken))
        # put together before the table is written, so that nothing can go wrong after that
        diagnosis = graph.diagnose(labels.codes)
        report = _spread_report.report(
            table,
            labels,
            points,
            graph,
            diagnosis,
            added,
            output,
            left_out=isinstance(model, FewLabelsClassifier),
        )
        with sorting(ctx, table, kept_or_answered(labels, added), stage) as placed:
            placed += write_extras(ctx, model, table, labels, stage)
            writer.write(table, added, stage("writing the table"))
    report = "\n".join([report, *placed])
    writer.end(report, [*doubts, *points.warnings, *notes, *caught], quiet=quiet)


def _fitted(
    points: Points, graph: Graph, labels: LabelColumn, method: str, alpha: float
) -> tuple[Estimator, list[str]]:
    """Return the fitted model, and the warnings that came with it."""
    from fewlabels import FewLabelsClassifier, LabelPropagation, LabelSpreading
    from fewlabels.models import recommended_models

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if method == "recommended":
            model: Estimator = recommended_models(graph.n_nodes).answers
        elif method == "spreading":
            model = LabelSpreading(kernel="self-tuning", alpha=alpha, max_iter=_MAX_ITER)
        else:
            model = LabelPropagation(kernel="self-tuning", max_iter=_MAX_ITER)
        if isinstance(model, FewLabelsClassifier):
            model.fit(points, labels.codes, graph=graph)
        else:
            model.fit(graph, labels.codes)
    notes = [
        " ".join(str(warning.message).split())
        for warning in caught
        if not issubclass(warning.category, UnreachedWarning)  # the report counts those rows
    ]
    return model, notes
