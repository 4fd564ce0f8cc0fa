"""New data beside the points that were fitted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._callers import callers_level
from fewlabels._typing import Matrix
from fewlabels.exceptions import FeatureWarning

IntArray: TypeAlias = npt.NDArray[np.intp]
#: Returns the distances of new points, (m,), to candidates among the fitted ones, (m, c).
Compare: TypeAlias = Callable[[IntArray, IntArray], npt.NDArray[np.floating]]


def _none() -> IntArray:
    return np.empty(0, dtype=np.intp)


@dataclass(frozen=True, eq=False)
class NewPoints:
    """New data as points, as the fitted transformer makes them.

    Attributes
    ----------
    values : ndarray of float, or csr_matrix, of shape (n_new, n_features)
    unread : ndarray of int
        Rows of which nothing is known, such as pictures that can't be read: models give them no
        answer.
    compared : callable, or None
        What compares new points with fitted ones more finely than the values do, where the fitted
        points have such a distance: ``compared(rows, candidates)`` returns the distances of new
        points rows[i] to fitted points candidates[i, j], of shape (m, c).
    warnings : tuple of str
        What will do poorly, and what could not be read.

    Examples
    --------
    >>> from fewlabels import make_points
    >>> points = make_points({"price": [12.5, 80.0, 70.0], "colour": ["red", "blue", "red"]})
    >>> points.transform({"price": [20.0], "colour": ["red"]}).shape
    (1, 3)
    """

    values: Matrix
    unread: IntArray = field(default_factory=_none)
    compared: Compare | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def with_values(self, values: Matrix) -> Self:
        """Return the same of other numbers, such as another type's."""
        return replace(self, values=values)

    def part(self, rows: slice) -> NewPoints:
        """Return some of the rows."""
        numbers = np.arange(len(self))[rows]
        compared = self.compared
        return NewPoints(
            self.values[rows],
            np.flatnonzero(np.isin(numbers, self.unread)),
            None if compared is None else lambda own, others: compared(numbers[own], others),
            self.warnings,
        )


def warn_of(lines: Iterable[str]) -> None:
    """Issue each as a :class:`fewlabels.FeatureWarning`."""
    for line in lines:
        warnings.warn(line, FeatureWarning, stacklevel=callers_level())


def is_zero(values: Matrix) -> npt.NDArray[np.bool_]:
    """Tell which rows of points are zeros, of which nothing is known."""
    if sparse.issparse(values):
        counts = np.zeros(values.shape[0], dtype=np.intp)
        np.add.at(counts, sparse.csr_array(values).nonzero()[0], 1)
        return np.asarray(counts == 0)
    return np.asarray(~values.any(axis=1))
