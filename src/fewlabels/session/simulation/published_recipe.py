"""The published digit examples' model and query rule."""

from __future__ import annotations

import numpy as np

from fewlabels.graph import Graph
from fewlabels.queries import entropy, most_uncertain
from fewlabels.session.simulation.rounds import AnyArray, Fit, IntArray
from fewlabels.systems import normalized_affinity, sweep


class PublishedRecipe:
    """The fit of the published examples' time, anew each round, and their questions.

    With ``S = D^-1/2 W D^-1/2`` and F0 one-hot on the labelled points, ``max_iter - 1`` times ::

        F <- c * (S F) + (1 - alpha) F0,    c = 1 on labelled and alpha on unlabelled points,

    or until the summed absolute change is at most `tol`; then each row is divided by its sum. A
    row of zeros, which happens where all weights vanish in float64, becomes equal shares.
    It departs from label spreading as published (Zhou et al., NIPS 2003) in c and in stopping
    early; reproducing the examples needs just that. Asked about are the points of largest
    entropy, over all points.

    Parameters
    ----------
    graph : Graph
        The examples use :func:`fewlabels.graph.rbf_graph` with ``gamma=0.25`` in float64. Its
        weights go down to 1e-150, so that float32 would lose them.
    alpha : float, default=0.2
    max_iter : int, default=5
        One more than the number of sweeps.
    tol : float, default=1e-3
    """

    def __init__(
        self, graph: Graph, *, alpha: float = 0.2, max_iter: int = 5, tol: float = 1e-3
    ) -> None:
        self._S = normalized_affinity(graph)
        self._alpha = alpha
        self._max_sweeps = max_iter - 1
        self._tol = tol
        self._points: IntArray = np.empty(0, dtype=np.intp)
        self._labels: list[AnyArray] = []

    def learn(self, points: IntArray, labels: AnyArray) -> Fit:
        """Take the labels of some points, beside those that came before, and fit anew."""
        self._points = np.concatenate([self._points, points])
        self._labels.append(labels)
        classes, codes = np.unique(np.concatenate(self._labels), return_inverse=True)
        n = self._S.shape[0]
        F0 = np.zeros((n, len(classes)))
        F0[self._points, codes] = 1.0
        carry = np.full(n, self._alpha)
        carry[self._points] = 1.0
        F = sweep(
            self._S,
            F0,
            carry=carry,
            source=(1 - self._alpha) * F0,
            max_sweeps=self._max_sweeps,
            tol=self._tol,
        ).values
        totals = F.sum(axis=1, keepdims=True)
        equal_shares = np.full_like(F, 1 / len(classes))
        self._fit = Fit(classes, np.divide(F, totals, out=equal_shares, where=totals > 0))
        return self._fit

    def ask(self, count: int) -> IntArray:
        """Return the points of largest entropy, labelled or not."""
        return most_uncertain(entropy(self._fit.distributions), count)
