"""What labels that may come would add to the scores, solved for before they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.solvers import Answer

FloatArray = npt.NDArray[np.float64]

# Of `tol`: what a column may be off by, and what was added to a class before it is solved for anew.
AHEAD_TOL, _MOST_ADDED = 1 / 64, 1 / 2
# Points whose columns are kept, the last ones.
MOST_KEPT = 16


class Ahead:
    """Columns of (1 - alpha) (I - alpha S)^-1: what a label of weight 1 adds to its class.

    They depend neither on the class nor on the other labels. Only that they are accurate enough
    does: relative to what the rows held when they were solved for, which labels only add to.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Column] = {}

    def __contains__(self, point: object) -> bool:
        return point in self._known

    def keep(self, point: int, answer: Answer) -> None:
        """Keep an answer for one column, if it is one."""
        if answer.converged.all():
            log_scale = answer.log_scale if answer.log_scale.any() else None
            self._known[point] = _Column(answer.values[:, 0], log_scale, float(answer.residual[0]))
        while len(self._known) > MOST_KEPT:
            del self._known[next(iter(self._known))]

    def add(self, scores: Scores, change: Relabelling) -> bool:
        """Add what labels that came give, and forget it; False where something is to be solved."""
        points, columns = change.set_points, change.touched
        known = [self._known.pop(point, None) for point in points.tolist()]
        if change.lost_any:  # relative to what rows held that now hold less
            self._known.clear()
            return False
        gained = change.labels.label_matrix(columns, points)
        off = AHEAD_TOL * np.maximum(gained, gained > 0).sum(axis=0)
        if len(points) == 0 or (scores.added[columns] + off > _MOST_ADDED).any():
            return False
        if any(column is None for column in known):
            return False
        for column, times in zip(known, gained, strict=True):
            if column is not None:
                scores.add(columns, times, column.values, column.log_scale)
                scores.residual[columns] += column.residual * (times > 0)
        scores.added[columns] += off
        scores.note(columns)
        return True


@dataclass(frozen=True, eq=False)
class _Column:
    """An answer: values, on a scale of their own if there is one, and their residual."""

    values: FloatArray
    log_scale: FloatArray | None
    residual: float
