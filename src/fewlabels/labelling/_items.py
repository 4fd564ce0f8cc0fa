"""The data as a person sees it: pictures, texts, rows of a table, or numbers."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from fewlabels._files import explaining_errors
from fewlabels._typing import Cells, Package
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import Table, as_text, read_table
from fewlabels.io._npz import load_arrays
from fewlabels.io._picture_folder import PictureFolder, read_picture_folder
from fewlabels.io._table import Block, Categories, Numbers, row_list

Kind: TypeAlias = Literal["images", "texts", "table", "array"]

#: One, and several, of what there is.
NOUNS: dict[str, tuple[str, str]] = {
    "images": ("picture", "pictures"),
    "texts": ("text", "texts"),
    "table": ("row", "rows"),
    "array": ("point", "points"),
}
_LONGEST_TITLE = 120
_LONGEST_CELL = 2_000
# Rows that are looked at for a column of texts, and what makes one.
_LOOKED_AT = 200
_WORDS_OF_A_TEXT = 5
# Rows by which it is told what a column of a long table holds.
_READ_AT_ONCE = 20_000
# Numbers that are looked at for NaN at once.
_NUMBERS_AT_ONCE = 1 << 20


class Items(ABC):
    """What there is to label, one item a point.

    Attributes
    ----------
    path : Path
    kind : {"images", "texts", "table", "array"}
    n_points : int
    text_column, label_column : str or None
    """

    kind: Kind
    n_points: int
    text_column: str | None = None
    label_column: str | None = None

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """What the data is called."""
        return self.path.name or str(self.path)

    @property
    def nouns(self) -> tuple[str, str]:
        """One, and several, of them."""
        return NOUNS[self.kind]

    @property
    def table(self) -> Table | None:
        """The table that they are rows of, or None."""
        return None

    def check(self) -> None:  # noqa: B027 - of most, what is wrong is found as they are read
        """Raise where no points can be made of them, which else is known only later."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return what is another if the data is."""

    @abstractmethod
    def data(self) -> Package:
        """Return what :func:`fewlabels.make_points` takes."""

    @abstractmethod
    def title(self, point: int) -> str:
        """Return what a list shows of a point, in one line."""

    def address(self, point: int) -> str:
        """Return where a picture is, from the folder on; of others, the title."""
        return self.title(point)

    def text(self, point: int) -> str | None:
        """Return the text of a point; None where it has none."""
        return None

    def cells(self, point: int) -> list[tuple[str, str]]:
        """Return the columns of a point and what they hold, as text."""
        return []

    def picture(self, point: int) -> Package:
        """Return the file or the array of a picture, or None."""
        return None

    def given(self) -> dict[str, list[int]]:
        """Return the points of each label that came with the data."""
        return {}


class PictureItems(Items):
    """A folder of pictures. Titles are paths from the folder on."""

    kind: Kind = "images"

    def __init__(self, path: Path, label: str | None) -> None:
        super().__init__(path)
        self._folder: PictureFolder = read_picture_folder(path)
        self.n_points = self._folder.n_rows
        self.label_column = label
        self._paths = self._folder.paths
        if label is not None:
            self._folder.require(label, "label")

    @property
    def table(self) -> Table:
        """The table of the paths."""
        return self._folder

    def fingerprint(self) -> str:
        """Return a digest of names and sizes; the pictures are not read."""
        digest = hashlib.sha256()
        for path in self._paths:
            size = (self.path / path).stat().st_size
            digest.update(f"{path}\n{size}\n".encode())
        return digest.hexdigest()

    def data(self) -> Package:
        """Return the files."""
        return self._folder.files

    def address(self, point: int) -> str:
        """Return the path."""
        return self._paths[point]

    def title(self, point: int) -> str:
        """Return the path, shortened."""
        return shortened(self._paths[point])

    def picture(self, point: int) -> Package:
        """Return the file."""
        return self.path / self._paths[point]

    def given(self) -> dict[str, list[int]]:
        """Return the pictures of each folder, where ``label="folder"``."""
        return {} if self.label_column is None else _by_label(self._folder, self.label_column)


class TableItems(Items):
    """A table: rows, or texts where one column is what counts."""

    def __init__(self, path: Path, text: str | None, label: str | None) -> None:
        super().__init__(path)
        self._table = read_table(path)
        self.n_points = self._table.n_rows
        for name, parameter in ((text, "text"), (label, "label")):
            if name is not None:
                self._table.require(name, parameter)
        if text is not None and text == label:
            raise InvalidInputError(f"text and label are the same column, {text!r}.")
        self.label_column = label
        self._columns: dict[str, Cells] = {}
        self.text_column = text or self._found_text()
        self.kind: Kind = "table" if self.text_column is None else "texts"

    @property
    def table(self) -> Table:
        """The table."""
        return self._table

    def fingerprint(self) -> str:
        """Return a digest of the file."""
        return _digest_of(self.path)

    def data(self) -> Package:
        """Return the texts, or the table."""
        if self.text_column is None:
            return self._table
        return [as_text(cell) for cell in self._column(self.text_column)]

    def title(self, point: int) -> str:
        """Return the beginning of the text, or the first columns."""
        if self.text_column is not None:
            return shortened(as_text(self._cell(self.text_column, point)))
        return shortened(" · ".join(value for _, value in self.cells(point)[:4] if value))

    def text(self, point: int) -> str | None:
        """Return the text."""
        if self.text_column is None:
            return None
        return as_text(self._cell(self.text_column, point))

    def cells(self, point: int) -> list[tuple[str, str]]:
        """Return all columns but the text and the label, as :attr:`shown_columns` orders them."""
        return [(name, _shown(self._cell(name, point))) for name in self.shown_columns]

    @cached_property
    def shown_columns(self) -> list[str]:
        """The columns beside the text and the label: texts first, and last what never changes.

        A list or a grid has room for a few, and texts tell people most.
        """
        aside = (self.text_column, self.label_column)
        first = self._table.head(_LOOKED_AT)

        def place(name: str) -> int:
            cells = first.values(name)
            if _is_text(cells):
                return 0
            return 2 if len({_shown(cell) for cell in cells}) == 1 else 1

        return sorted((name for name in self._table.names if name not in aside), key=place)

    @cached_property
    def picture_column(self) -> str | None:
        """The first column of arrays of two or three dimensions, which are pictures."""
        arrays: Mapping[str, np.ndarray] = getattr(self._table, "arrays", {})
        return next((name for name, array in arrays.items() if array.ndim in (3, 4)), None)

    def picture(self, point: int) -> Package:
        """Return the array of the picture column."""
        name = self.picture_column
        return None if name is None else getattr(self._table, "arrays")[name][point]  # noqa: B009

    def given(self) -> dict[str, list[int]]:
        """Return the rows of each label."""
        return {} if self.label_column is None else _by_label(self._table, self.label_column)

    def _cell(self, name: str, point: int) -> object:
        if self._table.reads_cells and name not in self._columns:
            return self._table.cell(name, point)
        return self._column(name)[point]

    def _column(self, name: str) -> Cells:
        if name not in self._columns:
            self._columns[name] = self._table.values(name)
        return self._columns[name]

    def _found_text(self) -> str | None:
        """Return the one column of long texts, where no other tells anything."""
        names = [name for name in self._table.names if name != self.label_column]
        first = self._table.head(_READ_AT_ONCE)
        long = [name for name in names if _is_text(first.values(name)[:_LOOKED_AT])]
        if len(long) != 1:
            return None
        views = [first.view(name) for name in names if name != long[0]]
        tells = [v for v in views if isinstance(v, (Block, Categories, Numbers))]
        return None if tells and len(names) > 2 else long[0]


class ArrayItems(Items):
    """An array of numbers, a row a point, or of pictures."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with explaining_errors(path, writing=False, raising=DataFileError):
            array = load_arrays(path)
        if isinstance(array, dict) or array.ndim not in (2, 3, 4) or array.dtype.kind not in "biuf":
            what = "named arrays" if isinstance(array, dict) else f"{array.dtype}, {array.shape}"
            raise DataFileError(
                f"{path} holds {what}. Give an array of numbers of shape (n_points, n_features), "
                "or of pictures, (n_points, height, width)."
            )
        if len(array) == 0:
            raise DataFileError(f"{path} holds no point. Give an array with rows.")
        self._array = array
        self.n_points = len(array)
        self.kind: Kind = "array" if array.ndim == 2 else "images"

    def check(self) -> None:
        """Raise where there is NaN or infinity. Cost: a look at each number."""
        bad = _not_finite(self._array)
        if bad:
            raise DataFileError(
                f"{self.path} has no number (NaN), or infinity, in {row_list(bad)}. Fill or fix "
                "them, or remove the rows. Rows are counted from 1."
            )

    def fingerprint(self) -> str:
        """Return a digest of the file."""
        return _digest_of(self.path)

    def data(self) -> Package:
        """Return the array."""
        return self._array

    def title(self, point: int) -> str:
        """Return the number, from 1."""
        return f"{self.nouns[0]} {point + 1:,}"

    def cells(self, point: int) -> list[tuple[str, str]]:
        """Return the features by their number."""
        if self.kind == "images":
            return []
        return [(f"x{i}", f"{value:.6g}") for i, value in enumerate(self._array[point].tolist())]

    def picture(self, point: int) -> Package:
        """Return the pixels."""
        return self._array[point] if self.kind == "images" else None


def _not_finite(array: np.ndarray) -> list[int]:
    """Return the rows that hold NaN or infinity; little memory is taken."""
    step = max(1, _NUMBERS_AT_ONCE * len(array) // max(1, array.size))
    found: list[int] = []
    for start in range(0, len(array), step):
        finite = np.isfinite(array[start : start + step]).all(axis=tuple(range(1, array.ndim)))
        found += (start + np.flatnonzero(~finite)).tolist()
    return found


def open_items(
    path: str | os.PathLike[str], *, text: str | None = None, label: str | None = None
) -> Items:
    """Return the items of a folder of pictures, a table or an array.

    Parameters
    ----------
    path : path-like
    text : str, default=None
        The column of texts. None: found, where there is one and nothing else tells anything.
    label : str, default=None
        The column that holds labels; of a folder of pictures ``"folder"``.
    """
    found = Path(path)
    if found.is_dir():
        if text is not None:
            raise InvalidInputError(f"{found} is a folder of pictures and has no column {text!r}.")
        return PictureItems(found, label)
    if found.suffix.lower() == ".npy":
        if text is not None or label is not None:
            raise InvalidInputError(f"{found} is one array and has no column {text or label!r}.")
        return ArrayItems(found)
    return TableItems(found, text, label)


def shortened(text: str, longest: int = _LONGEST_TITLE) -> str:
    """Return a text in one line, not too long."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)) and len(value) > 8:
        return f"{len(value)} values"
    text = as_text(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"


def _by_label(table: Table, name: str) -> dict[str, list[int]]:
    """Return the rows of each label of a column; empty cells, and -1, are none."""
    found: dict[str, list[int]] = {}
    for row, cell in enumerate(table.cells(name)):
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)  # of whole numbers among which cells are missing
        text = as_text(cell).strip()
        if text and text != "-1":
            found.setdefault(text, []).append(row)
    return found


def _is_text(cells: Cells) -> bool:
    filled = [cell for cell in cells if cell is not None]
    texts = [cell for cell in filled if isinstance(cell, str)]
    if not texts or len(texts) < len(filled):
        return False
    return bool(np.mean([len(text.split()) for text in texts]) >= _WORDS_OF_A_TEXT)


def _digest_of(path: Path) -> str:
    name = str(path).partition("::")[0]
    with explaining_errors(name, writing=False, raising=DataFileError), Path(name).open("rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
    return digest if name == str(path) else f"{digest} {path.name}"
