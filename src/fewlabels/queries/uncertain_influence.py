"""Ask where the model is unsure, and where a label tells the most about all it is unsure of."""

from __future__ import annotations

import numpy as np

from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._covariance_rule import CovarianceKind, CovarianceRule, shares
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries.margin import least_margin
from fewlabels.systems import Lookahead


class UncertainInfluence(CovarianceRule):
    """Margin times Sigma-optimality over what is uncertain: what the package recommends.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, and
    m = :func:`least_margin` of the predictions, 0 where a label is known, a label at v is worth ::

        s_v = m_v (sum_u C_uv m_u) / sqrt(C_vv + noise):

    how unsure the model is of v, times the standard deviation by which the answer moves the
    summed scores of all that it is unsure of. The largest is chosen, C is downdated by it, and
    again, so that the points of a batch differ. Without a label, or with labels of a single
    class, m is 1 and the choice is that of :class:`fewlabels.queries.SigmaOptimality`: clusters
    of which nothing is known, the large ones first. A component without a label has the prior
    for its prediction and a large variance, and is asked about soon.

    Parameters
    ----------
    alpha : float in (0, 1], default=0.99
        Of the field: c = (1 - alpha) / alpha. 1 is that of harmonic functions, which has an
        exact covariance only.
    noise : float, default=0.0
        Variance of a label, in units of 1 / mean degree; at least 0. 0 takes labels as they are.
    covariance : {"auto", "exact", "sketch"}, default="auto"
        Dense, for up to some thousand nodes; or a random projection. "auto" is exact up to 3,000.
    n_columns : int, default=64
        Of the projection. Variances have a relative standard deviation of about
        sqrt(2 / n_columns).

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        At the start of the batch; NaN where a node was no candidate.

    Notes
    -----
    The covariance is kept for the next query on the same graph object: one more label is a
    downdate. Exact: O(n^3) at first, then O(n^2) a label. Sketch: n_columns + 1 columns at first,
    then one a label and one a query, each about 55 products with the weights for alpha = 0.99.

    References
    ----------
    Sigma-optimality: Y. Ma, R. Garnett and J. Schneider, NIPS 2013; the margin: T. Scheffer,
    C. Decomain and S. Wrobel, IDA 2001. The product, and the margins within the sum, are this
    package's.

    Examples
    --------
    On a path of 21 nodes that is known at both ends, the middle:

    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import UncertainInfluence
    >>> path = Graph.from_affinity(np.eye(21, k=1) + np.eye(21, k=-1))
    >>> y = np.full(21, -1)
    >>> y[[0, 20]] = [0, 1]
    >>> UncertainInfluence().query(LabelPropagation().fit(path, y))
    array([10])
    """

    _needs_norms = False

    def __init__(
        self,
        *,
        alpha: float = 0.99,
        noise: float = 0.0,
        covariance: CovarianceKind = "auto",
        n_columns: int = 64,
    ) -> None:
        super().__init__(alpha=alpha, noise=noise, covariance=covariance, n_columns=n_columns)

    def _weights(self, known: LabelledGraph, candidates: IntArray) -> FloatArray:
        if known.predictions is None:
            return np.ones(len(candidates))
        return least_margin(known.predictions[candidates])

    def _targets(self, known: LabelledGraph) -> FloatArray | None:
        if known.predictions is None:
            return None
        margins = least_margin(known.predictions)
        margins[known.labelled_] = 0
        return margins

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return np.asarray(np.sqrt(shares(ahead.row_sums**2, ahead.variances, noise)))
