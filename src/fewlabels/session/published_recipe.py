"""The published digit examples' model and query rule."""

from __future__ import annotations

import numpy as np

from fewlabels.graph import Graph
from fewlabels.queries import entropy, most_uncertain
from fewlabels.session.simulation import AnyArray, Fit, Fitter, IntArray
from fewlabels.systems import normalized_affinity, sweep


def published_fit(
    graph: Graph, *, alpha: float = 0.2, max_iter: int = 5, tol: float = 1e-3
) -> Fitter:
    """Return the fit of the published examples' time.

    With ``S = D^-1/2 W D^-1/2`` and F0 one-hot on the labelled points, ``max_iter - 1`` times ::

        F <- c * (S F) + (1 - alpha) F0,    c = 1 on labelled and alpha on unlabelled points,

    or until the summed absolute change is at most `tol`; then each row is divided by its sum. A
    row of zeros, which happens where all weights vanish in float64, becomes equal shares.
    It departs from label spreading as published (Zhou et al., NIPS 2003) in c and in stopping
    early; reproducing the examples needs just that.

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
    S = normalized_affinity(graph)
    n = graph.n_nodes

    def fit(labelled: IntArray, labels: AnyArray) -> Fit:
        classes, codes = np.unique(labels, return_inverse=True)
        F0 = np.zeros((n, len(classes)))
        F0[labelled, codes] = 1.0
        carry = np.full(n, alpha)
        carry[labelled] = 1.0
        F = sweep(
            S, F0, carry=carry, source=(1 - alpha) * F0, max_sweeps=max_iter - 1, tol=tol
        ).values
        totals = F.sum(axis=1, keepdims=True)
        equal_shares = np.full_like(F, 1 / len(classes))
        return Fit(classes, np.divide(F, totals, out=equal_shares, where=totals > 0))

    return fit


def published_rule(fit: Fit, labelled: IntArray, n_queries: int) -> IntArray:
    """Ask about the points of largest entropy, over all points."""
    return most_uncertain(entropy(fit.distributions), n_queries)
