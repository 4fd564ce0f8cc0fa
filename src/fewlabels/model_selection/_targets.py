"""Which rows of a column of targets can be tested, and the column with some of them hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels, encode_labels, is_missing
from fewlabels.exceptions import InvalidTypeError

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


def read_targets(y: Any, *, continuous: bool = False) -> Targets:
    """Read classes as every classifier here does, and measurements with NaN where unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
    continuous : bool, default=False
        Whether `y` is known to hold measurements, even if all of them are whole.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        As :func:`fewlabels._labels.encode_labels`; or if measurements are no numbers.
    """
    labels = encode_labels(y)
    numbers = labels.classes
    if not continuous and (numbers.dtype.kind != "f" or np.all(numbers == np.floor(numbers))):
        return Targets(labels, continuous=False)
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
