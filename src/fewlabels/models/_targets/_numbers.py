"""What a regressor is taught: a number a point, where it is known, and how much it is trusted."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real

import numpy as np
import numpy.typing as npt

from fewlabels._callers import callers_level
from fewlabels._label_values import is_missing
from fewlabels._labels import UNLABELLED, weights_of
from fewlabels._same_rows import refuse_other_order
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._relabel import (
    labels_to_remove,
    point_indices,
    refuse_missing,
    weights_of_added,
)
from fewlabels.models._targets._classes import checked_weights

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class KnownNumbers:
    """Known numbers of some points.

    Attributes
    ----------
    values : ndarray of shape (n_samples,), float64
        NaN where unlabelled.
    dtype : numpy.dtype
        Of the answers: that of `y` if it is one of floats, else float64.
    weights : ndarray of shape (n_samples,), float64, default=None
        How much each is trusted: positive where labelled, 0 elsewhere. None: 1 each.
    """

    values: FloatArray
    dtype: np.dtype
    weights: FloatArray | None = None

    @property
    def labelled(self) -> BoolArray:
        """True where a number is known, shape (n_samples,)."""
        return ~np.isnan(self.values)

    @property
    def nodes(self) -> IntArray:
        """The labelled points, ascending."""
        return np.flatnonzero(self.labelled)

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest known number."""
        known = self.values[self.labelled]
        return float(known.min()), float(known.max())

    @property
    def span(self) -> float:
        """Largest less smallest number; infinity where float64 can't hold it."""
        low, high = self.range
        with np.errstate(over="ignore"):
            return float(np.float64(high) - np.float64(low))

    def weights_at(self, nodes: IntArray) -> FloatArray:
        """Weights of some labelled points."""
        return np.ones(len(nodes)) if self.weights is None else self.weights[nodes]

    def shares(self, values: FloatArray) -> FloatArray:
        """Where in the range of the known numbers `values` lie, 0 to 1; 0 if all are equal."""
        low, high = self.range
        if low == high:
            return np.zeros(len(values))
        half = high / 2 - low / 2  # the whole may leave float64
        return np.asarray(np.clip((values / 2 - low / 2) / half, 0, 1))

    def numbers(self, shares: FloatArray) -> FloatArray:
        """Return the numbers at `shares` of the range."""
        low, high = self.range
        return np.asarray(low * (1 - shares) + high * shares)

    def mean(self) -> float:
        """Weighted mean of the known numbers."""
        weights = self.weights_at(self.nodes)
        shares = self.shares(self.values[self.nodes])
        return float(self.numbers(np.array([weights @ shares / weights.sum()]))[0])

    def matrix(self) -> FloatArray:
        """Y of shape (n_samples, 2): weight times share of the range, and what is left of it.

        Both are non-negative, and so are right row by row when they are solved for.
        """
        nodes = self.nodes
        shares, weights = self.shares(self.values[nodes]), self.weights_at(nodes)
        Y = np.zeros((len(self.values), 2))
        Y[nodes, 0], Y[nodes, 1] = weights * shares, weights * (1 - shares)
        return Y


@dataclass(frozen=True)
class NumberChange:
    """New numbers, as :meth:`GraphEstimator._relabel` takes a change."""

    labels: KnownNumbers


def encode_numbers(y: object, sample_weight: object = None) -> KnownNumbers:
    """Read the targets of a regressor.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Unlabelled is NaN, None or ``pandas.NA``.
    sample_weight : array-like of shape (n_samples,), or float, default=None
        Finite and non-negative where labelled; 0: as if unlabelled.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `y` is not a column of finite numbers, none is known, or a weight can't be used.

    Warns
    -----
    UserWarning
        If more than half of a `y` of integers is -1, as classifiers mark unlabelled points, or the
        largest number of an unsigned dtype, which -1 becomes there.
    """
    values, dtype = _as_numbers(y)
    labelled = ~np.isnan(values)
    if labelled.all():
        _warn_of_markers(values, y)
    if not labelled.any():
        if not len(values):
            raise InvalidInputError(
                "y is empty. Give one number or NaN per point, for at least one point."
            )
        raise InvalidInputError(
            f"y holds no number: all {len(values)} points are marked as unlabelled (NaN, None or "
            "pandas.NA). Label at least one point."
        )
    if sample_weight is None:
        return KnownNumbers(values, dtype)
    return _weighted(values, dtype, checked_weights(sample_weight, len(values), labelled))


def add_numbers(
    numbers: KnownNumbers, indices: npt.ArrayLike, added: object, sample_weight: object = None
) -> NumberChange:
    """Label, or relabel, the points `indices`; a weight of 0 takes a label back."""
    refuse_other_order(indices, added)
    rows = point_indices(indices, len(numbers.values))
    new, _ = _as_numbers(added, "the labels")
    if len(new) != len(rows):
        raise InvalidInputError(
            f"labels must have one entry per index: got {len(new)} labels for {len(rows)} indices."
        )
    refuse_missing(rows, ~np.isnan(new))
    given = weights_of_added(rows, sample_weight, numbers.labelled)
    values, weights = numbers.values.copy(), _all_weights(numbers)
    values[rows], weights[rows] = new, given
    return NumberChange(_weighted(values, numbers.dtype, weights))


def remove_numbers(numbers: KnownNumbers, indices: npt.ArrayLike) -> NumberChange:
    """Take the labels of the points `indices` back."""
    values = numbers.values.copy()
    values[labels_to_remove(indices, numbers.labelled)] = np.nan
    return NumberChange(_weighted(values, numbers.dtype, _all_weights(numbers)))


def read_numbers(y: object) -> FloatArray:
    """Read true numbers to score against; NaN where there is none."""
    return _as_numbers(y)[0]


def _all_weights(numbers: KnownNumbers) -> FloatArray:
    weights = np.zeros(len(numbers.values))
    weights[numbers.nodes] = numbers.weights_at(numbers.nodes)
    return weights


def _weighted(values: FloatArray, dtype: np.dtype, weights: FloatArray) -> KnownNumbers:
    values = np.where(weights != 0, values, np.nan)
    return KnownNumbers(values, dtype, weights_of(weights, ~np.isnan(values)))


def _as_numbers(y: object, name: str = "y") -> tuple[FloatArray, np.dtype]:
    """Return the column as float64, and the dtype of answers."""
    if hasattr(y, "to_list") and not isinstance(getattr(y, "dtype", None), np.dtype):
        y = y.to_list()  # pandas' and polars' own column types
    try:
        column = np.asarray(y)
    except ValueError as error:
        raise InvalidInputError(f"{name} must be one-dimensional: {error}") from error
    if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
        column = np.where(np.ma.getmaskarray(y), np.array(None, dtype=object), column)
    if column.ndim == 2 and column.shape[1] == 1:
        from sklearn.utils import column_or_1d  # warns as scikit-learn's users know it

        column = column_or_1d(column, warn=True)
    if column.ndim != 1:
        raise InvalidInputError(
            f"{name} must be one-dimensional, one number per point, got shape {column.shape}."
        )
    if column.dtype.kind == "c":
        raise InvalidTypeError(
            f"Complex data not supported: {name} came with dtype {column.dtype}. Give the real "
            "part, if that is what is meant."
        )
    given = getattr(y, "dtype", column.dtype)  # of a masked array, what it holds besides
    dtype = given if getattr(given, "kind", "") == "f" else np.dtype(np.float64)
    if column.dtype.kind == "O":
        missing = np.fromiter((is_missing(v) for v in column), dtype=bool, count=len(column))
        for row in np.flatnonzero(~missing):
            if not isinstance(column[row], (Real, Decimal)):
                raise InvalidTypeError(_not_numbers(name, f"{column[row]!r} at row {row}"))
        values = np.full(len(column), np.nan)
        values[~missing] = column[~missing]
    elif column.dtype.kind in "biuf":
        values = column.astype(np.float64)
    else:
        raise InvalidTypeError(_not_numbers(name, f"dtype {column.dtype}"))
    infinite = np.isinf(values)
    if infinite.any():
        raise InvalidInputError(
            f"{name} must hold no infinity and no value too large for float64; got "
            f"{values[infinite][0]} at row {int(np.argmax(infinite))}. Give finite numbers, and "
            "NaN or None where unlabelled."
        )
    return values, dtype


def _warn_of_markers(values: FloatArray, y: object) -> None:
    """Warn where most numbers are what marks a point as unlabelled elsewhere: -1, or 255 for it."""
    dtype = np.asarray(y).dtype
    if dtype.kind not in "iu":
        return
    marker = np.iinfo(dtype).max if dtype.kind == "u" else UNLABELLED
    n_marked = int((values == marker).sum())
    if 2 * n_marked > len(values):
        warnings.warn(
            f"{n_marked} of {len(values)} entries of y are {marker}, which is a number to a "
            "regressor: these points count as labelled. If they are unlabelled, mark them with NaN "
            f"or None (in an array of floats: np.where(y == {marker}, np.nan, y)).",
            UserWarning,
            stacklevel=callers_level(),
        )


def _not_numbers(name: str, found: str) -> str:
    return (
        f"{name} must hold numbers, and NaN, None or pandas.NA where unlabelled; got {found}. For "
        "classes, take FewLabelsClassifier."
    )
