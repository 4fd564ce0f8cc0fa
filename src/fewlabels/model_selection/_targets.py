"""Which rows of a column of targets can be tested, and the column with some of them hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels, encode_labels

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Targets:
    """Classes or measurements, most of them missing.

    Attributes
    ----------
    labels : Labels
        The targets as codes into the distinct ones.
    continuous : bool
        Whether they are measurements: numbers of which some are not whole. Then -1 is one, too.
    """

    labels: Labels
    continuous: bool

    @property
    def known(self) -> BoolArray:
        """True where a point has a target, shape (n_samples,)."""
        return self.labels.labelled

    def values(self, rows: Any) -> npt.NDArray[Any]:
        """Return the targets of `rows`, all of them known, in the dtype of the distinct ones."""
        known: npt.NDArray[Any] = self.labels.classes[self.labels.codes[rows]]
        return known

    def without(self, rows: Any) -> npt.NDArray[Any]:
        """Return all targets, those of `rows` hidden behind the unlabelled marker."""
        codes = self.labels.codes.copy()
        codes[rows] = -1
        return self.labels.decode(codes)


def read_targets(y: Any) -> Targets:
    """Read classes as every classifier here does, and measurements with NaN where unlabelled.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        As :func:`fewlabels._labels.encode_labels`.
    """
    labels = encode_labels(y)
    numbers = labels.classes
    if numbers.dtype.kind != "f" or np.all(numbers == np.floor(numbers)):
        return Targets(labels, continuous=False)
    # With the markers of classes, a measurement of -1 would be lost.
    values = np.array([np.nan if v is None else v for v in np.asarray(y, dtype=object).ravel()])
    values = values.astype(np.float64)
    codes = np.full(len(values), -1, dtype=np.intp)
    known = ~np.isnan(values)
    distinct, codes[known] = np.unique(values[known], return_inverse=True)
    return Targets(Labels(distinct, codes, np.nan), continuous=True)
