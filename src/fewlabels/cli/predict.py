"""``fewlabels predict``: label new rows with a model that ``fewlabels spread`` saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fewlabels._typing import Json
from fewlabels.cli._input import (
    all_at_once,
    check_array,
    check_characters,
    check_source,
    format_of_output,
    read_source,
    reading_options,
)
from fewlabels.cli._output import Writer, ending_options, output_option
from fewlabels.cli._progress import progress_bars
from fewlabels.cli._spread_answers import answers_to_new, free_names
from fewlabels.cli._words import in_options, visible
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import PictureFolder, check_output

if TYPE_CHECKING:
    from fewlabels import FewLabelsClassifier
    from fewlabels.features import NewPoints, Points
    from fewlabels.io import AddedColumns, Table

_HELP = """\
Label new rows with a model that 'fewlabels spread --save-model' wrote.

NEW has the columns that the model was fitted on, wherever they stand; others, and a column of
labels, stay as they are and are not looked at. Where one is missing, it is named. A model of a
folder of pictures takes another folder, or a table that names pictures.

OUTPUT is NEW with the columns that spread adds (label, confidence, evidence, reached, second,
doubt, possible), which mean the same. Nothing is learned from NEW: rows that were there when the
model was fitted are answered as any others. For many new rows that may be unlike the old ones,
run spread again, with both.

\b
Examples:
  fewlabels predict tickets.model new.csv -o labelled.csv
  fewlabels predict birds.model more-photos/ -o labelled.csv
  fewlabels predict digits.model new.npz --features new.npy -o labelled.npz
  fewlabels predict tickets.model - --format jsonl -o - < new.jsonl | head

A model file holds data alone, and no code: it is safe to load from anyone. It names the files of
embeddings that it needs (onnx:FILE), and refuses them if they are others than when it was fitted.
What they make is kept in the folder that FEWLABELS_CACHE names; see 'fewlabels cache'.

Exit codes: 0 done, 2 bad input, 130 interrupted.
"""


@click.command(
    name="predict", help=_HELP, short_help="Label new rows with a model that spread saved."
)
@click.argument("model_file", metavar="MODEL", type=click.Path(path_type=Path))
@click.argument("source", metavar="NEW", type=click.Path(path_type=Path))
@output_option("NEW")
@reading_options
@click.option(
    "--features",
    metavar="FILE.npy",
    type=click.Path(path_type=Path),
    help="For a model of an array: that of NEW, with a row for each.",
)
@click.option(
    "--text", metavar="COLUMN", help="For a model of texts alone: the column that holds them."
)
@click.option(
    "--embeddings",
    metavar="FILE.npy",
    type=click.Path(path_type=Path),
    help="For a model whose embeddings came from such a file: those of NEW, with a row for each.",
)
@ending_options
@click.pass_context
def predict(
    ctx: click.Context,
    /,
    model_file: Path,
    source: Path,
    output: Path,
    features: Path | None,
    text: str | None,
    embeddings: Path | None,
    force: bool,
    quiet: bool,
    **_: object,  # those of reading_options
) -> None:
    """Load, read, predict, write, report; `_HELP` says it all."""
    check_characters(ctx)
    arrays = [path for path in (features, embeddings) if path is not None]
    sources = [model_file, source, *arrays]
    all_at_once(
        partial(_check_model, model_file),
        partial(check_source, ctx, source),
        *(partial(check_array, path) for path in arrays),
        partial(check_output, output, sources=sources, replace=force),
    )
    form = format_of_output(ctx, source) if str(output) == "-" else None
    writer = Writer(output, form, force=force)
    with progress_bars(quiet=quiet) as stage:
        # what takes long to import, and nobody waits for who only asks for --help
        from fewlabels.models import load_model

        stage("loading the model")
        model, about = load_model(model_file)
        table = read_source(ctx, source, stage("reading the table"))
        writer.check(table)
        stage("predicting")
        points, notes = _points(model, table, features, text, embeddings)
        added = answers_to_new(model, points, free_names(table.taken))
        report = "\n".join(_report(model_file, model, about, table, added, output))
        writer.write(table, added, stage("writing the table"))
    writer.end(report, [*table.warnings, *notes], quiet=quiet)


def _check_model(path: Path) -> None:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise DataFileError(
            f"{path} {what}. Use a file written by 'fewlabels spread --save-model'."
        )


def _points(
    model: object, table: Table, features: Path | None, text: str | None, embeddings: Path | None
) -> tuple[NewPoints, list[str]]:
    """Return the rows of a table as the points of a model, and what is to be said of them."""
    from fewlabels.features import NewPoints
    from fewlabels.features.embeddings import read_rows
    from fewlabels.io import load_features

    fitted: Points | None = getattr(model, "points_", None)
    if fitted is None:
        raise InvalidInputError(
            "the model was fitted on a graph, without features, and can't predict new rows. Fit a "
            "model on features."
        )
    if fitted.transformer is None:
        if embeddings is not None:
            raise InvalidInputError(
                "the model was fitted on an array of features, without --embeddings. Remove it."
            )
        if features is None:
            raise InvalidInputError(
                f"the model was fitted on an array of {fitted.values.shape[1]:,} features: pass "
                "that of the new rows with --features FILE.npy."
            )
        return NewPoints(load_features(features, table.n_rows)), []
    if features is not None:
        raise InvalidInputError(
            f"the model computes its features from {fitted.kind}; --features is only for models "
            "that were fitted on an array. Remove it."
        )
    _check_rows(fitted, embeddings)
    data = table if fitted.kind == "embeddings" and embeddings else _data(table, fitted, text)
    new = fitted.of_new(data, embeddings=None if embeddings is None else read_rows(embeddings))
    return new, [" ".join(line.split()) for line in new.warnings]


def _check_rows(fitted: Points, embeddings: Path | None) -> None:
    """Raise if rows of embeddings are missing, or of no use."""
    made = fitted.transformer
    columns = getattr(made, "embedded_columns_", ())
    needed = bool(columns) or getattr(made, "needs_rows_", False)
    if needed and embeddings is None:
        of = f" of column {columns[0]!r}" if columns else ""
        raise InvalidInputError(
            f"the model was fitted with embeddings{of} that came from an .npy file: pass those of "
            "the new rows, from the same model, with --embeddings FILE.npy."
        )
    if embeddings is not None and not needed:
        raise InvalidInputError(
            "--embeddings is only for models whose embeddings came from an .npy file, and this one "
            "computes its features itself. Remove it."
        )


def _data(table: Table, fitted: Points, text: str | None) -> object:
    """Return what the model's transformer takes: its columns, or one column of items."""
    kind = fitted.kind
    if kind == "table":  # labels, say, are there for somebody else
        known = set(fitted.transformer.feature_names_in_)
        return table.only(name for name in table.names if name in known)
    if isinstance(table, PictureFolder):
        return table
    name = text or (table.names[0] if len(table.names) == 1 else None)
    if name is None:
        raise InvalidInputError(
            f"the model was fitted on {kind} alone: name their column with --text. "
            f"The columns are {', '.join(map(repr, table.names[:8]))}."
        )
    return table.values(table.require(name, "texts"))


def _report(
    model_file: Path,
    model: FewLabelsClassifier,
    about: Json,
    table: Table,
    added: AddedColumns,
    output: Path,
) -> Iterator[str]:
    from fewlabels.io import as_text, counted

    n_classes = counted(len(model.classes_), "class", "classes")
    labelled = counted(len(model.loo_labelled_), "label")
    of = f" of {about['label']!r}" if isinstance(about.get("label"), str) else ""
    lines = {
        "Model": f"{model_file}: {n_classes}{of}, {labelled} among {len(model.reached_):,} rows",
        "Table": f"{table.path}: {counted(table.n_rows, 'row')}",
        "Result": ", ".join(
            f"{'no answer' if label is None else as_text(label)} {count:,}"
            for label, count in Counter(added.label).most_common(20)
        ),
        "": ", ".join(f"{word} {n:,}" for word, n in Counter(added.doubt).most_common()),
        "Written": str(output),
    }
    return (f"{title:<10}{visible(in_options(line))}" for title, line in lines.items())
