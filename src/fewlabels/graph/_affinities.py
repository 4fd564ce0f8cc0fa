"""Weights of graphs as users give them: checked before a graph holds them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._arrays import FILL_AFFINITIES, array_or_csr, checked_array, refuse_masked
from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

FloatArray: TypeAlias = npt.NDArray[np.floating]
Affinity: TypeAlias = "sparse.csr_array | FloatArray"  # weights, as a graph holds them

# Up to this share of the largest weight, the two directions of an edge differ by rounding.
ROUNDING = 1e-5


def checked_weights(matrix: object, name: str) -> Matrix:
    """Return weights as a canonical CSR matrix or an ndarray, square and valid; or raise.

    Arrays that are in order are shared with `matrix`.
    """
    checked = checked_array(matrix, name, fill=FILL_AFFINITIES)
    try:
        weights = array_or_csr(checked)
    except ValueError as error:  # rows of unequal length
        raise InvalidInputError(f"an affinity matrix must be square: {error}") from error
    if weights.dtype.kind not in "fiub":
        raise InvalidTypeError(f"affinities must be real numbers, got dtype {weights.dtype}.")
    if weights.dtype == np.float16:  # SciPy has no sparse matrices of these
        weights = weights.astype(np.float32)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise InvalidInputError(
            f"an affinity matrix must be square, n_nodes x n_nodes; got shape {weights.shape}."
        )
    values = weights.data if sparse.issparse(weights) else weights.ravel()
    wrong = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
    if values.dtype.kind in "fi":
        wrong |= values < 0
    if wrong.any():
        first = int(np.argmax(wrong))
        if sparse.issparse(weights):
            row = int(np.searchsorted(weights.indptr, first, side="right")) - 1
            column = int(weights.indices[first])
        else:
            row, column = divmod(first, weights.shape[1])
        raise InvalidInputError(
            f"affinities must be finite and non-negative; entry ({row}, {column}) is "
            f"{values[first]!s}, and {int(wrong.sum())} entries in all are not."
        )
    return weights


def refuse_directed(weights: Matrix) -> None:
    """Raise unless checked weights are symmetric with a zero diagonal."""
    diagonal = np.flatnonzero(weights.diagonal())
    if len(diagonal):
        raise InvalidInputError(
            f"a Graph has no self-loops; entry ({diagonal[0]}, {diagonal[0]}) is "
            f"{weights.diagonal()[diagonal[0]]!s}, and {len(diagonal)} entries of the diagonal in "
            "all are not 0. Graph.from_affinity(matrix) drops the diagonal."
        )
    different = weights != weights.T
    if different.nnz if sparse.issparse(different) else different.any():
        row, column = (int(places[0]) for places in different.nonzero())
        raise InvalidInputError(
            f"the weights of a Graph are symmetric; entry ({row}, {column}) is "
            f"{weights[row, column]!s}, and ({column}, {row}) is {weights[column, row]!s}. "
            'Graph.from_affinity(matrix, symmetrize="mean") makes a matrix symmetric.'
        )


def checked_scales(scales: object, n_nodes: int) -> npt.NDArray[np.float64]:
    """Return a copy of local scales if they can be those of a graph, or raise."""
    refuse_masked(scales, "local_scales", "Leave local_scales out")
    try:
        values = np.array(scales, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"local_scales must hold numbers: {error}.") from error
    if values.shape != (n_nodes,):
        raise InvalidInputError(
            f"local_scales must have one entry per node, shape ({n_nodes},); got {values.shape}."
        )
    if not (np.isfinite(values) & (values >= 0)).all():
        raise InvalidInputError("local_scales must be finite and at least 0.")
    return values


def held_dtype(weights: Matrix) -> np.dtype:
    """Return the dtype in which a graph holds checked weights as they are."""
    return np.dtype(np.float32 if weights.dtype == np.float32 else np.float64)


def chosen_dtype(weights: Matrix, dtype: npt.DTypeLike | None) -> np.dtype:
    """Return the dtype asked for, or float32 where it holds all weights and float64 else."""
    values = weights.data if sparse.issparse(weights) else weights
    range32 = np.finfo(np.float32)
    if dtype is not None:
        chosen = float_dtype(dtype)
        if chosen == np.float32 and values.size and values.max() > range32.max:
            raise InvalidInputError(
                f"the largest affinity, {values.max()!s}, overflows float32. "
                "Leave dtype=None, or scale the affinities."
            )
        return chosen
    positive = values[values > 0]
    fits = positive.size == 0 or (positive.min() >= range32.tiny and positive.max() <= range32.max)
    return np.dtype(np.float32 if fits else np.float64)


def float_dtype(dtype: npt.DTypeLike) -> np.dtype:
    """Return `dtype` if weights can be held in it, or raise."""
    try:
        chosen = np.dtype(dtype)
    except TypeError as error:
        raise InvalidTypeError(f"dtype must be float32, float64 or None: {error}.") from error
    if chosen not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise InvalidInputError(f"dtype must be float32, float64 or None, got {chosen}.")
    return chosen
