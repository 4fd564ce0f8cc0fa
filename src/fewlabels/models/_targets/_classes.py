"""What a classifier may be taught: a class a point, several at once, or a distribution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import FILL_WEIGHTS, refuse_masked
from fewlabels._class_names import warn_of_classes
from fewlabels._labels import UNLABELLED, Labels, encode_labels, has_minus_one, weights_of
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._targets._rows import (
    as_floats,
    as_matrix,
    column_names,
    missing_entries,
    unmasked,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# What the shares of a soft label, or of a prior, may be off from a sum of 1.
SUM_TOLERANCE = 1e-6

# Smaller weights, and larger than 1 over it, leave the range of floats in products.
_LEAST_WEIGHT = 1e-250


@dataclass(frozen=True, eq=False, kw_only=True)
class RowLabels(Labels):
    """Labels that are a row of numbers each; `codes` is the largest entry, -1 where unlabelled.

    Attributes
    ----------
    rows : ndarray of shape (n_labelled, n_classes), float64
        By ascending point.
    """

    rows: FloatArray

    @property
    def is_one_hot(self) -> bool:
        """Never: nothing is known of the rows."""
        return False

    def label_matrix(
        self, columns: IntArray | None = None, nodes: IntArray | None = None
    ) -> FloatArray:
        """Y of shape (n_samples, n_columns), or some of it; see :meth:`Labels.label_matrix`."""
        known = np.flatnonzero(self.labelled)
        values = self._extended() * self.weights_at(known)[:, None]
        if columns is not None:
            values = values[:, columns]
        if nodes is None:
            Y = np.zeros((len(self.codes), values.shape[1]))
            Y[known] = values
            return Y
        Y = np.zeros((len(nodes), values.shape[1]))
        here = np.flatnonzero(self.labelled[nodes])
        Y[here] = values[np.searchsorted(known, nodes[here])]
        return Y

    def shares(self) -> FloatArray:
        """Weighted mean of the rows, shape (n_classes,)."""
        weights = self.weights_at(np.flatnonzero(self.labelled))
        return np.asarray(weights @ self.rows / weights.sum())

    def weighted(self, weights: FloatArray) -> Self:
        """Return the same labels with other weights; 0 takes a label back."""
        known = np.flatnonzero(self.labelled)
        kept = weights[known] != 0
        codes = np.full(len(self.codes), UNLABELLED, dtype=np.intp)
        codes[known[kept]] = self.codes[known[kept]]
        return replace(
            self, codes=codes, rows=self.rows[kept], weights=weights_of(weights, codes >= 0)
        )

    def replaced(self, nodes: IntArray, rows: FloatArray, weights: FloatArray) -> Self:
        """Return labels with other rows and weights at `nodes`; weight 0 takes a label back."""
        before = np.flatnonzero(self.labelled)
        kept = ~np.isin(before, nodes)
        joined = np.concatenate([before[kept], nodes])
        order = np.argsort(joined)
        codes = self.codes.copy()
        codes[nodes] = self._codes_of(rows)
        all_weights = np.zeros(len(codes))
        all_weights[before] = self.weights_at(before)
        all_weights[nodes] = weights
        everything = replace(
            self, codes=codes, rows=np.concatenate([self.rows[kept], rows])[order], weights=None
        )
        return everything.weighted(all_weights)

    def _extended(self) -> FloatArray:
        return self.rows

    @staticmethod
    def _codes_of(rows: FloatArray) -> IntArray:
        return np.asarray(np.argmax(rows, axis=1), dtype=np.intp)


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftLabels(RowLabels):
    """A distribution over the classes for each labelled point."""


@dataclass(frozen=True, eq=False, kw_only=True)
class IndicatorLabels(RowLabels):
    """For each labelled point which of the classes hold: rows of 0 and 1.

    Y has a column more than there are classes, of ones: the marginal probability of a class is
    its score relative to that column's.

    Attributes
    ----------
    dtype : numpy.dtype
        Of the answers: that of `y` while it has room for -1.
    """

    dtype: np.dtype

    @property
    def n_columns(self) -> int:
        """Classes, and the column of ones."""
        return len(self.classes) + 1

    @property
    def row_mass(self) -> int:
        """Every class may hold of a point."""
        return len(self.classes) + 1

    def decide(self, distributions: np.ndarray, answered: BoolArray | None = None) -> np.ndarray:
        """Return 1 for each class that is more probable than not; rows of -1 without answer."""
        decided = (distributions > 0.5).astype(self.dtype)
        if answered is not None:
            decided[~answered] = UNLABELLED
        return decided

    def _extended(self) -> FloatArray:
        return np.column_stack([self.rows, np.ones(len(self.rows))])


def encode_targets(y: object, sample_weight: object = None) -> Labels:
    """Read the labels of a classifier, and how much each is trusted.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_classes)
        One column: a class a point, see :func:`fewlabels._labels.encode_labels`. Floats in two
        columns or more: soft labels, distributions; unlabelled rows are all NaN. Integers or
        booleans in two columns or more: 0 and 1, which classes hold; unlabelled rows are all -1.
    sample_weight : array-like of shape (n_samples,), or float, default=None
        Finite and non-negative where labelled, not read elsewhere. 0: as if unlabelled.

    Returns
    -------
    Labels
        SoftLabels or IndicatorLabels where `y` has two columns or more.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a label or weight can't be used, or no label is left.

    Warns
    -----
    LabelWarning
        If classes have nearly the same name, or one of words such as "NA"; or as
        :func:`fewlabels._labels.encode_labels` has it.
    """
    in_rows = encode_rows(y)
    if in_rows is None:
        labels = encode_labels(y)
        refuse_continuous(labels.classes)
        warn_of_classes(labels.classes, label_counts(labels))
    else:
        labels = in_rows
    if not len(labels.codes):
        raise InvalidInputError(
            "y is empty. Give one label or -1 per point, for at least one point."
        )
    if not labels.labelled.any():
        marker = "-1, None or NaN" if in_rows is None else "-1, or NaN, in the whole row"
        raise InvalidInputError(
            f"y holds no label: all {len(labels.codes)} points are marked as unlabelled "
            f"({marker}). Label at least one point of each class."
        )
    if sample_weight is None:
        return labels
    weights = checked_weights(sample_weight, len(labels.codes), labels.labelled)
    return labels.weighted(weights)


def label_counts(labels: Labels) -> list[int]:
    """Return the number of labels of each class, whatever their weights."""
    counts = np.bincount(labels.codes[labels.labelled], minlength=len(labels.classes))
    return list(counts.tolist())


def encode_rows(y: object) -> RowLabels | None:
    """Read labels in several columns, of which all may be missing; None if `y` is one column."""
    matrix = as_matrix(y)
    return None if matrix is None else _encode_rows(matrix, column_names(y, matrix.shape[1]))


def encode_added(labels: Labels, added: object, n_expected: int) -> Labels:
    """Read labels of the kind that `labels` are of, one for each of `n_expected` points."""
    if isinstance(labels, RowLabels):
        values = unmasked(added) if isinstance(added, np.ma.MaskedArray) else np.asarray(added)
        width = len(labels.classes)
        if values.ndim == 1 and n_expected == 1 and values.shape == (width,):
            values = values[None]  # one point's row
        if values.shape != (n_expected, width) and not (n_expected == 0 and values.size == 0):
            raise InvalidInputError(
                f"labels must be rows of {width} entries, one row per index: shape "
                f"({n_expected}, {width}); got shape {values.shape}."
            )
        rows = values.reshape(n_expected, width)
        if isinstance(labels, SoftLabels):
            new: Labels = _soft(as_floats(rows), labels.classes)
        else:
            new = _indicator(rows.astype(np.int64) if rows.size == 0 else rows, labels.classes)
    else:
        new = encode_labels(added, minus_one=has_minus_one(labels.classes))
        refuse_continuous(new.classes)
        if len(new.codes) != n_expected:
            raise InvalidInputError(
                f"labels must have one entry per index: got {len(new.codes)} labels for "
                f"{n_expected} indices."
            )
    return new


def checked_weights(
    weights: object, n_samples: int, labelled: BoolArray, *, all_zero: bool = False
) -> FloatArray:
    """Return the weights of shape (n_samples,) if they can be used, or raise.

    Parameters
    ----------
    weights : array-like of shape (n_samples,), or float
    n_samples : int
    labelled : ndarray of shape (n_samples,), bool
        Where weights are read.
    all_zero : bool, default=False
        Whether there are other labels, so that all of these may have weight 0.
    """
    refuse_masked(weights, "sample_weight", FILL_WEIGHTS)
    try:
        values = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"sample_weight must hold numbers: {error}") from error
    if values.ndim == 0:
        values = np.full(n_samples, values)
    if values.shape != (n_samples,):
        raise InvalidInputError(
            f"sample_weight must have one entry per point, shape ({n_samples},); got shape "
            f"{values.shape}."
        )
    wrong = labelled & ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInputError(
            f"sample_weight must be finite and at least 0 where labelled; got {values[row]!s} at "
            f"row {row}, and {int(wrong.sum())} in all that are not. A label that is not to count "
            "has weight 0."
        )
    sizes = values[labelled & (values > 0)]
    if len(sizes) and not _LEAST_WEIGHT <= sizes.min() <= sizes.max() <= 1 / _LEAST_WEIGHT:
        raise InvalidInputError(
            f"sample_weight must be 0, or from {_LEAST_WEIGHT:g} to {1 / _LEAST_WEIGHT:g}, for "
            f"sums and quotients to be exact; got {sizes.min():g} to {sizes.max():g}. Divide by "
            "the largest."
        )
    if labelled.any() and not values[labelled].any() and not all_zero:
        raise InvalidInputError(
            "every sample_weight of a label is zero, so that no label is left. Give at least one a "
            "positive weight."
        )
    return values


def refuse_continuous(classes: np.ndarray) -> None:
    """Raise if the classes are measurements, as a regression's targets."""
    if classes.dtype.kind != "f":
        return
    wrong = classes[~np.isfinite(classes) | (np.floor(classes) != classes)]
    if len(wrong):
        raise InvalidInputError(
            f"Unknown label type: continuous. Labels that are numbers must be whole, got "
            f"{wrong[0]!s}. Give classes, as numbers or as strings."
        )


def _encode_rows(matrix: np.ndarray, classes: np.ndarray) -> RowLabels:
    if matrix.dtype.kind == "O":  # as a table's nullable columns come
        missing = missing_entries(matrix)
        present = matrix[~missing]
        if len(present) and all(isinstance(v, (bool, int, np.integer, np.bool_)) for v in present):
            matrix = np.where(missing, UNLABELLED, matrix).astype(np.int64)
    if matrix.dtype.kind in "biu":
        return _indicator(matrix, classes)
    return _soft(as_floats(matrix), classes)


def _soft(matrix: FloatArray, classes: np.ndarray) -> SoftLabels:
    missing = np.isnan(matrix)
    unlabelled = missing.all(axis=1)
    sums = np.where(missing, 0, matrix).sum(axis=1)
    fits = np.isfinite(matrix).all(axis=1) & (matrix >= 0).all(axis=1)
    fits &= np.abs(sums - 1) <= SUM_TOLERANCE
    wrong = ~(fits | unlabelled)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInputError(
            "soft labels (y of floats in several columns) must be distributions: rows of "
            f"non-negative numbers that sum to 1 within {SUM_TOLERANCE:g}, or all NaN where "
            f"unlabelled. Row {row} is {matrix[row].tolist()}, and {int(wrong.sum())} in all are "
            "not. Where several classes may hold of a point, give integers: y.astype(int)."
        )
    rows = matrix[~unlabelled] / sums[~unlabelled, None]
    codes = np.full(len(matrix), UNLABELLED, dtype=np.intp)
    codes[~unlabelled] = RowLabels._codes_of(rows)
    marker = UNLABELLED if classes.dtype.kind == "i" else None
    return SoftLabels(classes=classes, codes=codes, marker=marker, rows=rows)


def _indicator(matrix: np.ndarray, classes: np.ndarray) -> IndicatorLabels:
    if matrix.dtype.kind not in "biu":
        raise InvalidTypeError(
            "labels must be rows of 0 and 1, integers or booleans, as the fitted ones; got dtype "
            f"{matrix.dtype}."
        )
    signed = matrix.astype(np.int64) if matrix.dtype.kind in "bu" else matrix
    unlabelled = (signed == UNLABELLED).all(axis=1)
    wrong = ~(((signed == 0) | (signed == 1)).all(axis=1) | unlabelled)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInputError(
            "y of integers in several columns must hold 0 and 1, whether each class holds of a "
            f"point, or -1 in the whole row where unlabelled. Row {row} is "
            f"{matrix[row].tolist()}, and {int(wrong.sum())} in all are not. Distributions are "
            "floats; one class per point is a single column."
        )
    rows = signed[~unlabelled].astype(np.float64)
    codes = np.full(len(matrix), UNLABELLED, dtype=np.intp)
    codes[~unlabelled] = RowLabels._codes_of(rows)
    return IndicatorLabels(
        classes=classes, codes=codes, marker=UNLABELLED, rows=rows, dtype=signed.dtype
    )
