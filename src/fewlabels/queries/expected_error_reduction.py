"""Ask where the errors to expect are fewest after the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray, check_distributions
from fewlabels.queries._covariance_rule import (
    CovarianceKind,
    CovarianceRule,
    is_exact,
)
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._rule import local_maxima
from fewlabels.queries.least_confidence import least_confidence
from fewlabels.queries.typicality import Typicality
from fewlabels.systems import GaussianField, Lookahead

# Columns of the covariance that are looked at together where they are solved for.
_COLUMNS_AT_ONCE = 32


class ExpectedErrorReduction(CovarianceRule):
    """Expected error reduction: ask where the estimated risk after the answer is smallest.

    With F the predictions and C the covariance of the scores in the Gaussian field model, a
    label c at v would make of them ::

        F+ = F + C_v (e_c - F_v)' / (C_vv + noise),

    with the estimated risk R(F+) = sum_u (1 - max_k F+_uk) over the unlabelled points. What the
    label will be is guessed by F_v, over all classes: the point is chosen of which
    sum_c F_vc R(F+) is smallest. In a batch, no two points are neighbours where that can be, as
    for other scores. F+ is exact for harmonic functions, and the field's guess for other models.
    Before there are two classes, the batch is :class:`fewlabels.queries.Typicality`'s.

    Parameters
    ----------
    alpha : float in (0, 1], default=None
        Of the field: c = (1 - alpha) / alpha. 1 is that of harmonic functions. None: 1 where the
        covariance is exact, 0.99 where its columns are solved for.
    noise : float, default=0.0
        Variance of a label, in units of 1 / mean degree; at least 0.
    covariance : {"auto", "exact", "sketch"}, default="auto"
        Dense, or columns of it as they are needed. "auto" is exact up to 3,000 nodes.
    n_candidates : int, default=None
        How many candidates are tried: those of least confidence, no two of them neighbours where
        that can be. None: all where the covariance is exact, else 64.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        By how much the risk is expected to fall, as a share of the number of unlabelled points;
        NaN where a node was not tried.

    Notes
    -----
    Cost: O(n c) for each candidate and class, after the covariance; see
    :class:`fewlabels.queries.VOptimality`.

    References
    ----------
    X. Zhu, J. Lafferty and Z. Ghahramani, "Combining active learning and semi-supervised learning
    using Gaussian fields and harmonic functions", ICML 2003 workshop, equations 8 to 12 (two
    classes there). N. Roy and A. McCallum, "Toward optimal active learning through sampling
    estimation of error reduction", ICML 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import ExpectedErrorReduction
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> ExpectedErrorReduction().query(model)
    array([2])
    """

    def __init__(
        self,
        *,
        alpha: float | None = None,
        noise: float = 0.0,
        covariance: CovarianceKind = "auto",
        n_candidates: int | None = None,
    ) -> None:
        super().__init__(alpha=alpha, noise=noise, covariance=covariance)
        self.n_candidates = n_candidates

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.n_candidates is not None:
            check_integer("n_candidates", self.n_candidates, minimum=1)

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        if known.predictions is None:
            return Typicality()._choose(model, known, count, candidates, rng)
        graph = in_memory(known.graph_, "ExpectedErrorReduction")
        F = check_distributions(known.predictions)
        exact = is_exact(self.covariance, graph)
        limit = self.n_candidates or (len(candidates) if exact else 64)
        tried = candidates
        if limit < len(candidates):
            doubts = least_confidence(F[candidates])
            tried = np.sort(local_maxima(graph.affinity, candidates, doubts, max(limit, count)))
        unlabelled = np.flatnonzero(~known.labelled_)
        risk = least_confidence(F[unlabelled]).sum()
        falls = np.empty(len(tried))
        for start in range(0, len(tried), _COLUMNS_AT_ONCE):
            nodes = tried[start : start + _COLUMNS_AT_ONCE]
            columns = self._columns(graph, known, nodes)
            for j, v in enumerate(nodes):
                falls[start + j] = risk - _expected_risk(
                    F[unlabelled], F[v], self._response(graph, columns[:, j], int(v))[unlabelled]
                )
        falls /= len(unlabelled)
        scores = np.full(len(candidates), np.nan)
        scores[np.searchsorted(candidates, tried)] = falls
        return local_maxima(graph.affinity, tried, falls, count), scores

    def _columns(
        self, graph: Graph, known: LabelledGraph, nodes: IntArray
    ) -> npt.NDArray[np.floating]:
        if is_exact(self.covariance, graph):
            return self._observed(known).columns(nodes)
        field = GaussianField(graph, self._alpha_for(known), self._noise_on(graph))
        return field.columns(nodes, known.labelled_nodes)

    def _response(self, graph: Graph, column: npt.NDArray[np.floating], node: int) -> FloatArray:
        total = float(column[node]) + self._noise_on(graph)
        return np.asarray(column / total if total > 0 else np.zeros_like(column), dtype=np.float64)

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        raise NotImplementedError  # chosen by risks


def _expected_risk(F: FloatArray, at: FloatArray, response: FloatArray) -> float:
    """Sum over c of at_c R(F + response (e_c - at)')."""
    base = F - response[:, None] * at
    largest = base.max(axis=1, keepdims=True)
    # the response is not negative, so that only class c can pass the largest of the others
    best = np.maximum(base + response[:, None], largest).sum(axis=0)
    return float(at @ (len(F) - best))
