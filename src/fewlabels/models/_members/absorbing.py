"""Harmonic functions with a leak as a member: labels absorb the walks that meet them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.models._members.graph_member import GraphMember, divided
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.systems import AbsorbingSystem, absorbed

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


class Absorbing(GraphMember):
    """Which label a walk meets first, if it gives up with probability 0.005 a step.

    See :class:`fewlabels.systems.AbsorbingSystem`. Labels that are close to a point hide those
    behind them: this tells overlapping classes apart where the mean of a class is too coarse.
    """

    name = "harmonic functions"
    alpha = 0.995

    def left_out_weights(self, response: FloatArray, places: IntArray) -> FloatArray:
        nodes = self.nodes[places]
        weights = np.maximum(-absorbed(response, self.graph.degrees[nodes]), 0)
        np.fill_diagonal(weights, 0)
        return divided(weights * self.labels.weights_at(nodes))

    def say(self, node: int, response: FloatArray) -> FloatArray:
        nodes = self.nodes
        if self.labels.labelled[node]:
            return np.asarray(nodes == node, dtype=np.float64)
        row = self._row(node) / self._root[nodes]
        said = np.maximum(row @ absorbed(response, self.graph.degrees[nodes]), 0)
        return divided((said * self.labels.weights_at(nodes))[None, :]).ravel()

    def _solve(self) -> None:
        self.scores = self._solved(None)

    def _solve_change(self, before: Scores, change: Relabelling) -> None:
        if len(change.set_points) == 0 and not change.freed_any:
            self.scores = before.select(change.old_columns, n_iter=0)
            return
        start = before.select(change.old_columns, n_iter=0).true_values()
        self.scores = self._solved(start)

    def _solved(self, start: FloatArray | None) -> Scores:
        system = AbsorbingSystem(self.graph, self.labels.labelled, self.alpha, self._solver)
        with self._progress() as callback:
            answer = system.solve(
                self.labels.label_matrix(),
                tol=self._tol,
                max_iter=self._max_iter,
                start=start,
                callback=callback,
            )
        return Scores.from_answer(answer)
