"""``fewlabels export``: the labels of a label file, and what the models say of the rest."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import click

from fewlabels.cli._progress import progress_bars
from fewlabels.cli._stdout import show, show_bytes
from fewlabels.exceptions import DataFileError

_STAGES = {"points": "making points", "graph": "joining similar rows"}

_HELP = """\
Write the labels of a label file, and what the models say of all other rows.

FILE is what fewlabels label writes beside its data. It is only read, at any time, also while the
page is open. OUTPUT is the table of the data (of pictures, their paths) with six more columns:

\b
  label       the class that was given, else the most probable one; empty where there is none
  confidence  the probability that it is right, 0 to 1, calibrated by the labels left out; 1 where
              it was given
  evidence    how much evidence arrived at all; small means far from every label
  given       whether a person gave the label
  second      the second most probable class
  doubt       given; skipped; sure; or what is missing, as fewlabels spread says it; unlabelled
              where no model was asked (--given-only)

If the desired accuracy is proven, the predictions are the proven ones. A name that is taken gets
fewlabels_ in front. Cells of the data are written as they came, formulas too: a spreadsheet should
import texts of strangers as text.

\b
Examples:
  fewlabels export photos.fewlabels -o labels.csv
  fewlabels export tickets.fewlabels -o labels.parquet
  fewlabels export tickets.fewlabels -o tasks.json --format label-studio
  fewlabels export photos.fewlabels -o sorted --format folders

Formats, by the ending of OUTPUT or by --format: csv, tsv, json, jsonl, parquet, arrow, npz, xlsx;
label-studio (JSON: tasks with annotations and predictions), prodigy (JSON Lines of the answers)
and folders (copies of the pictures, or texts, in a folder a class, without those that were
skipped). Columns of names that these programs keep for themselves (text, label, meta) get column_
in front. - is standard output.

OUTPUT is written whole or not at all. Exit codes: 0 done, 2 bad input, 130 interrupted.
"""


@click.command(name="export", help=_HELP, short_help="Write the labels of a label file as a table.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUTPUT",
    type=click.Path(path_type=Path),
    help="What to write.",
)
@click.option("--format", "file_format", metavar="NAME", help="Its format.  [default: its ending]")
@click.option(
    "--data",
    metavar="DATA",
    type=click.Path(path_type=Path),
    help="The current location of the data, if it was moved.",
)
@click.option("--given-only", is_flag=True, help="No predictions: only what people said.")
@click.option("--force", is_flag=True, help="Replace OUTPUT if it exists.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def export(
    file: Path,
    output: Path,
    file_format: str | None,
    data: Path | None,
    given_only: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Read, fit, write."""
    to_stdout = str(output) == "-"
    if not to_stdout and output.exists() and not force:
        raise DataFileError(f"{output} exists already. Choose another name, or use --force.")
    whole = BytesIO()
    with progress_bars(quiet=quiet) as start:
        # here, so that --help answers at once
        from fewlabels.labelling import export_labels

        start("reading the labels")
        running: dict[str, Callable[[float], None]] = {}

        def stage(name: str, share: float | None) -> None:
            if name not in running:
                running[name] = start(_STAGES.get(name, name))
            if share is not None:
                running[name](share)

        export_labels(
            file,
            whole if to_stdout else output,
            file_format or ("csv" if to_stdout else None),
            data=data,
            predictions=not given_only,
            replace=force,
            stage=stage,
        )
    if to_stdout:
        show_bytes(whole.getvalue())
    elif not quiet:
        show(f"wrote {output}")
