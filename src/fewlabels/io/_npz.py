"""NPZ archives: arrays by name, with one first dimension; read and written without pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from fewlabels._array_files import read_arrays
from fewlabels._damage import refusing_damage
from fewlabels._typing import Cells, Objects
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text, plain_floats, text_of_bytes
from fewlabels.io._table import Table, View, is_blank
from fewlabels.io._views import array_view

Arrays = Mapping[str, np.ndarray]


class NpzTable(Table):
    """A table of arrays; an array of more than one dimension is a block of columns."""

    def __init__(self, path: str, arrays: dict[str, np.ndarray]) -> None:
        lengths = {array.shape[0] if array.ndim else None for array in arrays.values()}
        if len(lengths) > 1 or None in lengths:
            shapes = ", ".join(f"{name!r} {array.shape}" for name, array in arrays.items())
            raise DataFileError(
                f"the arrays of {path} must have the same number of rows, got {shapes}. "
                "Save only the arrays that have an entry a row."
            )
        super().__init__(path, list(arrays), int(lengths.pop() or 0) if lengths else 0)
        for name, array in arrays.items():
            _check_text(path, name, array)
        self.arrays = arrays

    def values(self, name: str) -> Cells:
        """Return the values of an array as Python's (lists, if it has more dimensions)."""
        array = self.arrays[name]
        if array.dtype.kind == "f" and array.ndim == 1:
            return plain_floats(array)
        if array.dtype.kind in "Mm" and array.ndim == 1:
            return _plain_times(array)
        values: Objects = text_of_bytes(array.tolist())
        return list(values)

    def view(self, name: str) -> View:
        """Return what a model can make of an array."""
        return array_view(self.arrays[name], self.reading)


def _check_text(path: str, name: str, array: np.ndarray) -> None:
    """Raise if an array of text holds what is no character. Cost: a look at each."""
    if array.dtype.kind != "U" or array.size == 0:
        return
    codes = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("=")).view(np.uint32)
    wrong = (codes > 0x10FFFF) | ((codes >= 0xD800) & (codes <= 0xDFFF))
    if wrong.any():
        raise DataFileError(
            f"the array {name!r} of {path} holds {int(codes[wrong][0]):#x} in a text, which is no "
            "character (half of a surrogate pair, or damage). Save valid text."
        )


def _plain_times(array: np.ndarray) -> Cells:
    """Return times as Python's; as text, to the last digit, where those can't hold them."""
    values: Cells = array.tolist()
    if any(isinstance(value, int) for value in values):
        is_date = array.dtype.kind == "M"
        texts = np.datetime_as_string(array).tolist() if is_date else map(str, array)
        values = list(texts)
    missing = np.isnat(array).tolist()
    return [None if gone else value for gone, value in zip(missing, values, strict=True)]


def read_npz(path: Path, file: IO[bytes] | None = None) -> NpzTable:
    """Read an NPZ archive of arrays without Python objects in them; from `file`, if given."""
    arrays = load_arrays(path, file)
    if not isinstance(arrays, dict):
        raise DataFileError(
            f"{path} holds one array without a name. Save named arrays with "
            "numpy.savez(path, X=..., y=...)."
        )
    return NpzTable(str(path), arrays)


def load_arrays(path: Path, source: IO[bytes] | None = None) -> dict[str, np.ndarray] | np.ndarray:
    """Read what `numpy.save` or `numpy.savez` wrote; never runs a pickle."""
    with refusing_damage(path, DataFileError, "Make the file anew with numpy.save or savez."):
        return read_arrays(path, "Use fewer rows or columns.", source)


def write_npz(file: IO[bytes], arrays: Arrays) -> None:
    """Write arrays as `numpy.savez` does, but under any name ("file" is none for savez)."""
    with zipfile.ZipFile(file, mode="w", compression=zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", mode="w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)


def npz_column(values: Sequence[object], *, is_label: bool = False) -> np.ndarray:
    """Return Python values as an array without objects.

    Missing entries become NaN among numbers and the empty text among texts; in a column of
    labels that are integers, -1, as scikit-learn has it. Values of mixed kinds become text.
    """
    present = [value for value in values if not is_blank(value)]
    kinds = {type(value) for value in present}
    complete = len(present) == len(values)
    if kinds == {bool} and complete:
        return np.array(values, dtype=bool)
    if kinds == {int} and (complete or is_label):
        integers = np.array([-1 if is_blank(value) else value for value in values])
        if integers.dtype.kind == "i":
            return integers
    if kinds and kinds <= {int, float} and not _loses_digits(present):
        return np.array([np.nan if is_blank(value) else value for value in values], dtype=float)
    if kinds == {list}:
        block = _block(values)
        if block is not None:
            return block
    return np.array([as_text(value) for value in values], dtype=np.str_)


def _loses_digits(values: Sequence[object]) -> bool:
    return any(isinstance(value, int) and abs(value) > 2**53 for value in values)


def _block(values: Sequence[object]) -> np.ndarray | None:
    try:
        block = np.array(values)
    except ValueError:  # lists of unequal length
        return None
    return block if block.dtype.kind in "biuf" else None
