"""Ask where the model is unsure, and where a label tells the most about all it is unsure of."""

from __future__ import annotations

import numpy as np

from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._covariance_rule import (
    GROUNDED_ALPHA,
    CovarianceKind,
    CovarianceRule,
    shares,
)
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries.margin import least_margin
from fewlabels.systems import Lookahead

# Of the estimated share of new classes; chosen on digits.
_POWER = 3


class UncertainInfluence(CovarianceRule):
    """Margin times Sigma-optimality over what is uncertain: what the package recommends.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, and
    m how unsure the model is of each point, 0 where a label is known, a label at v is worth ::

        s_v = m_v (sum_u C_uv m_u) / sqrt(C_vv + noise):

    the standard deviation by which the answer moves the summed scores of all that the model is
    unsure of, where it is unsure itself. The largest is chosen, C is downdated by it, and again,
    so that the points of a batch differ.

    A prediction knows only of classes that were seen. With f of the l labels alone in their
    class, the share of the points whose class is new is about f / l (Good, Turing), and ::

        m = q + (1 - q) least_margin(p),    q = (f / l)^3:

    at first, while every answer is a new class, as without a label, m is 1, and the choice is
    that of :class:`fewlabels.queries.SigmaOptimality`: amid the largest clusters of which nothing
    is known. A component without a label has the prior for its prediction and a large variance,
    and is asked about soon.

    Parameters
    ----------
    alpha : float in (0, 1], default=None
        Of the field: c = (1 - alpha) / alpha. 1 is that of harmonic functions, which has an
        exact covariance only. None: 1 where the covariance is exact and labels of two classes
        hold the field, else 0.99.
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
    then one a label and one a query, each about 40 products with the weights for alpha = 0.99.
    Memory 4 n bytes a label, until that is 1 GiB.

    References
    ----------
    Sigma-optimality: Y. Ma, R. Garnett and J. Schneider, NIPS 2013; the margin: T. Scheffer,
    C. Decomain and S. Wrobel, IDA 2001; new classes: I. J. Good, "The population frequencies of
    species and the estimation of population parameters", Biometrika 1953. The product, the
    margins within the sum and the cube, which trusts the predictions sooner than the estimate
    alone would, are this package's.

    Examples
    --------
    On a path of 21 nodes that is known at both ends, the middle:

    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import UncertainInfluence
    >>> path = Graph.from_affinity(np.eye(21, k=1) + np.eye(21, k=-1))
    >>> y = np.full(21, -1)
    >>> y[[0, 1, 19, 20]] = [0, 0, 1, 1]
    >>> UncertainInfluence().query(LabelPropagation().fit(path, y))
    array([10])
    """

    _needs_norms = False

    def __init__(
        self,
        *,
        alpha: float | None = None,
        noise: float = 0.0,
        covariance: CovarianceKind = "auto",
        n_columns: int = 64,
    ) -> None:
        super().__init__(alpha=alpha, noise=noise, covariance=covariance, n_columns=n_columns)

    def _alpha_for(self, known: LabelledGraph) -> float:
        if self.alpha is None and known.predictions is None:
            return GROUNDED_ALPHA
        return super()._alpha_for(known)

    def _weights(self, known: LabelledGraph, candidates: IntArray) -> FloatArray:
        if known.predictions is None:
            return np.ones(len(candidates))
        return self._doubts(known, candidates)

    def _targets(self, known: LabelledGraph) -> FloatArray | None:
        if known.predictions is None:
            return None
        doubts = np.zeros(known.graph_.n_nodes)
        unknown = np.flatnonzero(~known.labelled_)
        doubts[unknown] = self._doubts(known, unknown)
        return doubts

    def _doubts(self, known: LabelledGraph, nodes: IntArray) -> FloatArray:
        """Return m at `nodes`."""
        counts = np.bincount(known.label_codes_[known.labelled_])
        new = float((counts == 1).sum() / counts.sum()) ** _POWER
        return new + (1 - new) * least_margin(np.asarray(known.predictions)[nodes])

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return np.asarray(np.sqrt(shares(ahead.row_sums**2, ahead.variances, noise)))
