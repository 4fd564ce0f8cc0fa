"""Labels of a graph in regions: few rows, read from whatever holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt

from fewlabels._label_values import read_column
from fewlabels._labels import UNLABELLED, Labels, encode_labels
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._targets import checked_weights

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FewLabels:
    """The labelled rows alone.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        In ascending order.
    marker : object
        What says "unlabelled" beside them.
    rows : ndarray of shape (n_labels,), intp
        The caller's rows in ascending order, each once.
    codes : ndarray of shape (n_labels,), intp
    weights : ndarray of shape (n_labels,), float64
        How much each is trusted, positive.
    """

    classes: AnyArray
    marker: object
    rows: IntArray
    codes: IntArray
    weights: FloatArray

    def encoded(self) -> Labels:
        """Return the same as labels of these rows alone."""
        return Labels(self.classes, self.codes, self.marker, self.weights)

    def shares(self) -> FloatArray:
        """Share of each class among the labels by weight, shape (n_classes,)."""
        return self.encoded().shares()

    def decode(self, codes: IntArray) -> AnyArray:
        """Return the classes of `codes`; where a code is -1, the marker."""
        return Labels(self.classes, codes, self.marker).decode(codes)

    def with_more(self, rows: IntArray, labels: object, sample_weight: object = None) -> FewLabels:
        """Return these and more labels; of rows that have one, the new one counts."""
        added = encode_labels(labels)
        if (added.codes < 0).any():
            raise InvalidInputError(
                f"{int((added.codes < 0).sum())} of the added labels are missing; each row needs "
                "one."
            )
        if len(added.codes) != len(rows):
            raise InvalidInputError(
                f"rows and labels must be as many; got {len(rows)} rows and {len(added.codes)} "
                "labels."
            )
        kept = ~np.isin(self.rows, rows)
        given = _weights_at(
            sample_weight, np.arange(len(rows)), len(rows), all_zero=bool(kept.any())
        )
        parts = [self.classes[self.codes[kept]], added.classes[added.codes]]
        if parts[0].dtype.kind == parts[1].dtype.kind != "O":
            column = np.concatenate(parts)
        else:
            column = _objects([value for part in parts for value in part.tolist()])
        weights = np.concatenate([self.weights[kept], given])
        return _of_rows(np.concatenate([self.rows[kept], rows]), column, weights, self.marker)


def read_labels(
    y: object, n_nodes: int, sample_weight: object = None
) -> tuple[FewLabels, tuple[int, ...] | None]:
    """Return the labels that `y` holds, and its chunks if it has any.

    Parameters
    ----------
    y : dask array or array-like of shape (n_nodes,), or tuple of rows and labels
    n_nodes : int
    sample_weight : dask array or array-like of the length of `y`, or float, default=None
        0 takes a label back. None: 1 each.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If its length is not that of the graph, or no row is labelled, or labels can't be used.
    """
    if isinstance(y, tuple):
        if len(y) != 2:
            raise InvalidInputError(f"a tuple y must be (rows, labels), got {len(y)} entries.")
        rows = checked_rows("rows", y[0], n_nodes)
        labels = encode_labels(y[1])
        if len(labels.codes) != len(rows):
            raise InvalidInputError(
                f"rows and labels must be as many; got {len(rows)} rows and {len(labels.codes)} "
                "labels."
            )
        said = np.flatnonzero(labels.labelled)
        weights = _weights_at(sample_weight, said, len(rows))
        named = labels.decode(labels.codes[said])
        return _of_rows(rows[said], named, weights, labels.marker), None
    if isinstance(y, da.Array):
        return _of_dask(y, n_nodes, sample_weight)
    if dask.is_dask_collection(y):
        values = getattr(y, "values", None)
        if not isinstance(values, da.Array) or values.ndim != 1:
            raise InvalidTypeError(
                f"y must be one column; got a {type(y).__name__}. Pass a dask array or Series."
            )
        return _of_dask(values.compute_chunk_sizes(), n_nodes, sample_weight)
    labels = encode_labels(y)
    _check_length(len(labels.codes), n_nodes)
    rows = np.flatnonzero(labels.labelled)
    weights = _weights_at(sample_weight, rows, n_nodes)
    return _of_rows(rows, labels.decode(labels.codes[rows]), weights, labels.marker), None


def checked_rows(name: str, rows: object, n_nodes: int) -> IntArray:
    """Return row numbers, each once, that the graph has."""
    found = np.asarray(rows)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        if found.size == 0:
            return np.empty(0, dtype=np.intp)
        raise InvalidTypeError(
            f"{name} must be one row of row numbers, got dtype {found.dtype} and shape "
            f"{found.shape}."
        )
    if len(found) and not 0 <= int(found.min()) <= int(found.max()) < n_nodes:
        wrong = found[(found < 0) | (found >= n_nodes)][0]
        raise InvalidInputError(f"{name} must be from 0 to {n_nodes - 1}; one is {wrong}.")
    if len(np.unique(found)) < len(found):
        ordered = np.sort(found)
        twice = ordered[1:][ordered[1:] == ordered[:-1]][0]
        raise InvalidInputError(f"{name} must name each row once; row {twice} stands twice.")
    return found.astype(np.intp)


def _weights_at(
    sample_weight: Any, rows: IntArray, n_rows: int, *, all_zero: bool = False
) -> FloatArray:
    """Return the weights of some labelled rows; `all_zero` tells whether there are others."""
    if sample_weight is None:
        return np.ones(len(rows))
    if dask.is_dask_collection(sample_weight):
        given = getattr(sample_weight, "values", sample_weight)
        if np.isnan(given.shape[0]):
            given = given.compute_chunk_sizes()
        if given.shape != (n_rows,):
            raise InvalidInputError(
                f"sample_weight must have one entry a row, shape ({n_rows},); got shape "
                f"{given.shape}."
            )
        values = given.vindex[rows].compute()
        labelled = np.ones(len(rows), dtype=bool)
        return checked_weights(values, len(rows), labelled, all_zero=all_zero)
    labelled = np.zeros(n_rows, dtype=bool)
    labelled[rows] = True
    return checked_weights(sample_weight, n_rows, labelled, all_zero=all_zero)[rows]


def _of_rows(rows: IntArray, values: AnyArray, weights: FloatArray, marker: object) -> FewLabels:
    if len(rows) == 0:
        raise InvalidInputError(
            "no row is labelled. Give labels of some rows, one of each class at least."
        )
    counts = weights > 0
    labels = encode_labels(values[counts], minus_one=True)
    rows, weights = rows[counts], weights[counts]
    by_row = np.argsort(rows, kind="stable")
    return FewLabels(labels.classes, marker, rows[by_row], labels.codes[by_row], weights[by_row])


def _of_dask(y: da.Array, n_nodes: int, sample_weight: object) -> tuple[FewLabels, tuple[int, ...]]:
    if y.ndim != 1:
        raise InvalidInputError(f"y must have one dimension; got shape {y.shape}.")
    if np.isnan(y.shape[0]):
        y = y.compute_chunk_sizes()
    _check_length(int(y.shape[0]), n_nodes)
    (sizes,) = y.chunks
    found = dask.compute(*(dask.delayed(_labelled)(block) for block in y.to_delayed().ravel()))
    if any(len(each[0]) and each[2] != size for each, size in zip(found, sizes, strict=True)):
        raise InvalidInputError(
            f"chunks of y do not have the lengths that y.chunks says: {sizes}. Call "
            "y.compute_chunk_sizes()."
        )
    starts = np.cumsum([0, *sizes[:-1]])
    rows = np.concatenate([each[0] + start for each, start in zip(found, starts, strict=True)])
    both = any(each[3] for each in found) and any(each[4] for each in found)
    if both:
        raise InvalidInputError(
            "y holds -1 and another marker of unlabelled rows (None, NaN, pandas.NA). Use one of "
            "them."
        )
    values = [value for each in found for value in each[1]]
    column = np.array(values) if y.dtype.kind != "O" else _objects(values)
    marker: object = {"i": UNLABELLED, "f": float(UNLABELLED)}.get(y.dtype.kind)
    if y.dtype.kind == "f" and any(each[3] for each in found):
        marker = np.nan
    weights = _weights_at(sample_weight, rows, n_nodes)
    return _of_rows(rows, column, weights, marker), tuple(int(size) for size in sizes)


def _labelled(block: object) -> tuple[IntArray, list[object], int, bool, bool]:
    """Rows of a block with a label, those labels, its length, and which markers it holds."""
    column = read_column(block)
    values, missing = column.values, column.missing
    minus_one = np.zeros(len(values), dtype=bool)
    if values.dtype.kind in "if":
        minus_one = (values == UNLABELLED) & ~missing
    rows = np.flatnonzero(~(missing | minus_one))
    return rows, values[rows].tolist(), len(values), bool(missing.any()), bool(minus_one.any())


def _objects(values: list[object]) -> AnyArray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _check_length(length: int, n_nodes: int) -> None:
    if length != n_nodes:
        raise InvalidInputError(
            f"y has {length:,} rows, and the graph has {n_nodes:,} nodes. They must be the same "
            "rows in the same order; or pass (rows, labels)."
        )
