"""Ask where the model is unsure, and where a label tells the most about all it is unsure of."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from fewlabels._typing import State
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._covariance_rule import (
    GROUNDED_ALPHA,
    CovarianceKind,
    CovarianceRule,
    shares,
)
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries.margin import least_margin
from fewlabels.systems import GaussianField, Lookahead

# How far a label's evidence travels: some twenty steps.
WALK_ALPHA = 0.95
# So much evidence stands against a class that was not seen; what a label is worth, far off.
_UNSEEN = 1.0
# About how far e may be off, in the mean over the nodes: little beside that, on any graph.
_EVIDENCE_TOL = 3e-3


class UncertainInfluence(CovarianceRule):
    """Margin times Sigma-optimality over uncertain points: the recommended rule.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, and
    m how unsure the model is of each point, 0 where a label is known, a label at v is worth ::

        s_v = m_v (sum_u C_uv m_u) / sqrt(C_vv + noise):

    the standard deviation by which the answer moves the summed scores of all that the model is
    unsure of, where it is unsure itself. The largest is chosen, C is downdated by it, and again,
    so that the points of a batch differ.

    A prediction knows only of classes that were seen, and says nothing of how far away the labels
    are that it comes from. Let e_v be the evidence that all labels together lend v: in the field
    with alpha = 0.95, sum_l C_vl, in units in which a walk that has forgotten where in v's
    component it started brings 1 from a label. As in a Dirichlet process of concentration 1, a
    class that was not seen yet has the probability q_v, and ::

        m_v = q_v + (1 - q_v) least_margin(p_v),    q_v = 1 / (1 + e_v):

    far from all labels, m is near 1, and the choice near to that of
    :class:`fewlabels.queries.SigmaOptimality`, which it is while labels are of one class or none:
    amid the largest clusters of which nothing is known. In a component without a label m is 1.

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
    then one a label and one a query, each about 40 products with the weights for alpha = 0.99;
    memory 4 n_columns n bytes, and 4 n for each label and for each of up to 64 columns looked at
    ahead: 256 n in all for these. Where labels and columns would take more than 1 GiB, those of the
    labels are not kept.
    The evidence of all labels is one column more, of some 30 to 50 products.

    References
    ----------
    Sigma-optimality: Y. Ma, R. Garnett and J. Schneider, NIPS 2013; the margin: T. Scheffer, C.
    Decomain and S. Wrobel, IDA 2001; new classes: D. Blackwell and J. MacQueen, "Ferguson
    distributions via Polya urn schemes", Annals of Statistics 1973,
    https://doi.org/10.1214/aos/1176342372; labels as evidence that spreads on a graph: K. Miller
    and R. Murray, "Dirichlet active learning", 2023, arXiv 2311.05501,
    https://doi.org/10.48550/arXiv.2311.05501. The product, the margins within the sum and the
    mixture are this package's.

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

    def _weights(
        self, known: LabelledGraph, candidates: IntArray, targets: FloatArray | None
    ) -> FloatArray:
        return np.ones(len(candidates)) if targets is None else targets[candidates]

    def _targets(self, known: LabelledGraph) -> FloatArray | None:
        if known.predictions is None:
            return None
        doubts = np.zeros(known.graph_.n_nodes)
        unknown = np.flatnonzero(~known.labelled_)
        doubts[unknown] = self._doubts(known, unknown)
        return doubts

    def _doubts(self, known: LabelledGraph, nodes: IntArray) -> FloatArray:
        """Return m at `nodes`."""
        return doubts_of(self._evidence(known)[nodes], np.asarray(known.predictions)[nodes])

    def _evidence(self, known: LabelledGraph) -> FloatArray:
        """Return e, shape (n_nodes,); kept while graph and labels stay the same."""
        graph, labelled = known.graph_, known.labelled_
        kept = self.__dict__.get("_walk")
        if kept is None or kept[0] is not graph:
            kept = (graph, GaussianField(graph, WALK_ALPHA), None, None)
        if kept[2] is None or not np.array_equal(kept[2], labelled):
            # all labels anew and in one column, so that e does not depend on their order
            heard = kept[1].apply(
                labelled[:, None].astype(np.float32),
                np.empty(0, dtype=np.intp),
                tol=series_tol(graph.n_nodes, int(labelled.sum())),
            )[:, 0]
            # the series may end a little below 0 where hardly anything arrives
            evidence = np.maximum(heard.astype(np.float64), 0) * _forgotten(graph)
            kept = (graph, kept[1], labelled.copy(), evidence)
        self._walk = kept
        return np.asarray(kept[3])

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return np.asarray(np.sqrt(shares(ahead.row_sums**2, ahead.variances, noise)))

    def __getstate__(self) -> State:
        """Leave out the evidence, too: it follows from graph and labels."""
        state: State = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_walk"}


def doubts_of(evidence: FloatArray, distributions: npt.NDArray[np.floating]) -> FloatArray:
    """Return m of nodes with some evidence, shape (n,), and distributions, (n, n_classes)."""
    new = _UNSEEN / (_UNSEEN + evidence)
    return new + (1 - new) * least_margin(distributions)


def forgotten(volumes: FloatArray) -> FloatArray:
    """Return 1 / C_vl of a walk that has forgotten its start, by the volumes of components."""
    return volumes * ((1 - WALK_ALPHA) / WALK_ALPHA)


def _forgotten(graph: Graph) -> FloatArray:
    """Return 1 / C_vl of a walk that has forgotten its start, shape (n_nodes,)."""
    volumes = np.bincount(graph.component_labels, weights=graph.degrees)
    return forgotten(np.asarray(volumes, dtype=np.float64))[graph.component_labels]


def series_tol(n_nodes: int, n_labels: int) -> float:
    """Return the tolerance of a series whose error in e is to be the same for all sizes.

    What it leaves out of sum_l C_vl has about the norm tol sqrt(n_labels) / d, d the mean degree,
    and e is n_nodes d (1 - alpha) / alpha times that. Spread over the nodes, the root of the mean
    square is about tol sqrt(n_nodes n_labels).
    """
    return _EVIDENCE_TOL / sqrt(max(n_nodes * n_labels, 1))
