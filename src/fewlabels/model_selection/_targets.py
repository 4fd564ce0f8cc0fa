"""Which rows of a column of targets can be tested, and the column with some of them hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._label_values import Column, read_column
from fewlabels._labels import Labels, encode_column, sorted_codes
from fewlabels.exceptions import InvalidTypeError
from fewlabels.models._targets import IndicatorLabels, RowLabels, encode_rows

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Targets:
    """Classes or measurements, most of them missing.

    Attributes
    ----------
    labels : Labels
        The targets as codes into the distinct ones; or as rows, of which the codes are the
        largest entries.
    continuous : bool
        Whether they are measurements: numbers of which some are not whole. Then -1 is one, too.
    """

    labels: Labels
    continuous: bool = False

    @property
    def known(self) -> BoolArray:
        """True where a point has a target, shape (n_samples,)."""
        return self.labels.labelled

    @property
    def have_strata(self) -> bool:
        """Whether each known point is of one class, or is most of one."""
        return not (self.continuous or isinstance(self.labels, IndicatorLabels))

    def values(self, rows: IntArray) -> np.ndarray:
        """Return the targets of `rows`, all of them known, as scikit-learn's metrics take them.

        Classes in the dtype of the distinct ones; of soft labels the most probable class; of
        several classes per point their rows of 0 and 1.
        """
        if isinstance(self.labels, IndicatorLabels):
            return self._rows_of_answers(rows, self.labels.dtype)
        known: np.ndarray = self.labels.classes[self.labels.codes[rows]]
        return known

    def without(self, rows: IntArray) -> np.ndarray:
        """Return all targets, those of `rows` hidden behind the unlabelled marker."""
        hidden = ~self.known
        hidden[rows] = True
        if not isinstance(self.labels, RowLabels):
            return self.labels.decode(np.where(hidden, -1, self.labels.codes))
        multilabel = isinstance(self.labels, IndicatorLabels)
        everything = np.arange(len(hidden))
        matrix = self._rows_of_answers(everything, np.dtype(np.int64 if multilabel else float))
        matrix[hidden] = -1 if multilabel else np.nan
        return matrix

    def _rows_of_answers(self, rows: IntArray, dtype: np.dtype) -> np.ndarray:
        columns = np.arange(len(self.labels.classes))
        return self.labels.label_matrix(columns, rows).astype(dtype)


def read_targets(y: object, *, continuous: bool = False, minus_one: bool | None = None) -> Targets:
    """Read classes as every classifier here does, and measurements with NaN where unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_classes)
        Of several columns: soft labels or several classes per point, as classifiers take them.
    continuous : bool, default=False
        Whether `y` is known to hold measurements, even if all of them are whole.
    minus_one : bool, default=None
        Whether -1 is known to be a class; see :func:`fewlabels._labels.encode_labels`.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If labels can't be read, or measurements are no numbers.
    """
    in_rows = None if continuous else encode_rows(y)
    if in_rows is not None:
        return Targets(in_rows)
    column = read_column(y)
    if not (continuous or _are_measurements(column)):
        return Targets(encode_column(column, minus_one=minus_one))
    try:
        measured = column.values[~column.missing].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"targets of a regression must be numbers: {error}") from error
    codes = np.full(len(column.values), -1, dtype=np.intp)
    distinct, codes[~column.missing] = sorted_codes(measured)
    return Targets(Labels(distinct, codes, np.nan), continuous=True)


def _are_measurements(column: Column) -> bool:
    """Whether a column is of numbers of which some are not whole."""
    if column.values.dtype.kind != "f":
        return False
    present = column.values[~column.missing]
    return bool((present != np.floor(present)).any())
