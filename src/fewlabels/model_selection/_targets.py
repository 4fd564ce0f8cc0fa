"""Which rows of a column of targets can be tested, and the column with some of them hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels, encode_labels, is_missing
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

    def values(self, rows: IntArray) -> npt.NDArray[Any]:
        """Return the targets of `rows`, all of them known, as scikit-learn's metrics take them.

        Classes in the dtype of the distinct ones; of soft labels the most probable class; of
        several classes a point their rows of 0 and 1.
        """
        if isinstance(self.labels, IndicatorLabels):
            return self._rows_of_answers(rows, self.labels.dtype)
        known: npt.NDArray[Any] = self.labels.classes[self.labels.codes[rows]]
        return known

    def without(self, rows: IntArray) -> npt.NDArray[Any]:
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

    def _rows_of_answers(self, rows: IntArray, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        columns = np.arange(len(self.labels.classes))
        return self.labels.label_matrix(columns, rows).astype(dtype)


def read_targets(y: Any, *, continuous: bool = False) -> Targets:
    """Read classes as every classifier here does, and measurements with NaN where unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_classes)
        Of several columns: soft labels or several classes a point, as classifiers take them.
    continuous : bool, default=False
        Whether `y` is known to hold measurements, even if all of them are whole.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If labels can't be read, or measurements are no numbers.
    """
    in_rows = None if continuous else encode_rows(y)
    if in_rows is not None:
        return Targets(in_rows)
    labels = encode_labels(y)
    numbers = labels.classes
    if not continuous and (numbers.dtype.kind != "f" or np.all(numbers == np.floor(numbers))):
        return Targets(labels)
    # As labels were read, a measurement of -1 is lost.
    entries = np.asarray(y, dtype=object).ravel()
    missing = np.fromiter((is_missing(entry) for entry in entries), dtype=bool, count=len(entries))
    try:
        measured = entries[~missing].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"targets of a regression must be numbers: {error}") from error
    codes = np.full(len(entries), -1, dtype=np.intp)
    distinct, codes[~missing] = np.unique(measured, return_inverse=True)
    return Targets(Labels(distinct, codes, np.nan), continuous=True)
