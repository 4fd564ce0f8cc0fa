"""Ask where a label tells the most about the sum of all that is unknown."""

from __future__ import annotations

from fewlabels.queries._checks import FloatArray
from fewlabels.queries._covariance_rule import CovarianceRule, shares
from fewlabels.systems import Lookahead


class SigmaOptimality(CovarianceRule):
    """Sigma-optimality: ask where the variance of the sum of the unlabelled scores falls most.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, a
    label at v takes away ::

        s_v = (sum_u C_uv)^2 / (C_vv + noise)

    of 1' C 1. The largest is chosen, C is downdated by it, and again: a second point near the
    first then has little left to tell. It prefers points amid many others more than
    :class:`fewlabels.queries.VOptimality` does, which outliers attract. No label's value is
    looked at, so that no label is needed.

    Parameters
    ----------
    alpha : float in (0, 1], default=None
        Of the field: c = (1 - alpha) / alpha. 1 is that of harmonic functions, which has an
        exact covariance only. None: 1 where it is exact, 0.99 where it is sketched.
    noise : float, default=0.0
        Variance of a label, in units of 1 / mean degree; at least 0. 0 takes labels as they are.
    covariance : {"auto", "exact", "sketch"}, default="auto"
        Dense, for up to some thousand nodes; or a random projection. "auto" is exact up to 3,000.
    n_columns : int, default=64
        Of the projection. Scores have a relative standard deviation of about
        sqrt(2 / n_columns).

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Gains at the start of the batch; NaN where a node was no candidate.

    Notes
    -----
    The covariance is kept for the next query on the same graph object: one more label is a
    downdate. Exact: O(n^3) at first, then O(n^2) a label. Sketch: 2 n_columns + 1 columns at
    first, then one a label, each about 40 products with the weights for alpha = 0.99;
    memory 4 n_columns n bytes, and 4 n for each label and for each of up to 64 columns looked at
    ahead: 256 n in all for these. Where labels and columns would take more than 1 GiB, those of the
    labels are not kept.

    References
    ----------
    Y. Ma, R. Garnett and J. Schneider, "Sigma-Optimality for active learning on Gaussian random
    fields", NIPS 2013, equation 8.

    Examples
    --------
    On a path that is known at one end, two thirds of the way to the other:

    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import LabelledGraph, SigmaOptimality
    >>> path = Graph.from_affinity(np.eye(101, k=1) + np.eye(101, k=-1))
    >>> y = np.full(101, -1)
    >>> y[0] = 0
    >>> SigmaOptimality().query(LabelledGraph(path, y))
    array([67])
    """

    _needs_norms = False

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return shares(ahead.row_sums**2, ahead.variances, noise)
