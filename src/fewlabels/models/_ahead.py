"""What labels that may come would add to the scores, solved for before they do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.solvers import Answer

FloatArray = npt.NDArray[np.float64]

# Of `tol`: what a column may be off by, and what was added to a class before it is solved for anew.
AHEAD_TOL, _MOST_ADDED = 1 / 64, 1 / 2
# Points whose columns are kept, the last ones.
_MOST_KEPT = 16


class Ahead:
    """Columns of (1 - alpha) (I - alpha S)^-1: what a label of weight 1 adds to its class.

    They depend neither on the class nor on the other labels. Only that they are accurate enough
    does: relative to what the rows held when they were solved for, which labels only add to.
    """

    def __init__(self) -> None:
        self._columns: dict[int, tuple[FloatArray, float]] = {}

    def __contains__(self, point: object) -> bool:
        return point in self._columns

    def keep(self, point: int, answer: Answer) -> None:
        """Keep an answer for one column, if it is one, and on the scale of 1."""
        if answer.converged.all() and not answer.log_scale.any():
            self._columns[point] = answer.values[:, 0], float(answer.residual[0])
        while len(self._columns) > _MOST_KEPT:
            del self._columns[next(iter(self._columns))]

    def add(self, scores: Scores, change: Relabelling) -> bool:
        """Add what labels that came give, and forget it; False where something is to be solved."""
        points = change.set_points
        found = [self._columns.pop(point, None) for point in points.tolist()]
        known = [each for each in found if each is not None]
        if change.lost_any:  # relative to what rows held that now hold less
            self._columns.clear()
        if change.lost_any or not known or len(known) < len(found) or scores.log_scale.any():
            return False
        gained = change.labels.label_matrix(change.touched, points)
        off = AHEAD_TOL * np.maximum(gained, gained > 0).sum(axis=0)
        if (scores.added[change.touched] + off > _MOST_ADDED).any():
            return False
        columns = np.column_stack([column for column, _ in known])
        residuals = np.array([residual for _, residual in known])
        scores.add(change.touched, columns @ gained, residuals @ (gained > 0), off)
        return True
