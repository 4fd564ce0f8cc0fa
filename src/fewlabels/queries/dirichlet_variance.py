"""Ask where the evidence for any class is thin."""

from __future__ import annotations

import numpy as np

from fewlabels._typing import State
from fewlabels._validation import check_integer, check_real
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._rule import Batch, ScoreRule
from fewlabels.systems import GaussianField

# Random nodes a cluster whose columns set the prior.
_DRAWS_A_CLUSTER = 5


class DirichletVariance(ScoreRule):
    """Dirichlet variance: each point's class shares are a Dirichlet variable, fed by the labels.

    A label at v lends each point u a share of itself, P_uv, and u's parameters are ::

        a_uc = a_0 + sum of P_uv over the labels v of class c,
        P_uv = (C_uv - min C_v) / (C_vv - min C_v),

    C being the covariance of the Gaussian field without labels. The variance of its shares,
    summed over the classes, is the score::

        s_u = (1 - sum_c (a_uc / t_u)^2) / (1 + t_u),    t_u = sum_c a_uc:

    large where labels are far, or contradict one another. A class that was not seen yet is
    counted as one more of parameter a_0, so that the rule explores from the first label on.
    Without a label all scores are equal, and the largest degrees are chosen.

    Parameters
    ----------
    n_clusters : int, default=10
        About how many clusters there are; sets a_0: the largest, over 5 random nodes a cluster,
        of the values P that a share 1 / n_clusters of the points exceeds. At least 2.
    alpha : float in (0, 1), default=0.99
        Of the field: how far a label's evidence travels.
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the one of largest score; or the largest of all.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Variances; NaN where a node was no candidate.

    Notes
    -----
    Cost: 5 n_clusters columns at first, then one a new label; kept for the next query on the
    same graph object. The published rule propagates by a Poisson equation, which is the field's
    column up to a constant for alpha = 1.

    References
    ----------
    K. Miller and R. Murray, "Dirichlet active learning", 2023, arXiv 2311.05501, section 3 and
    appendix E.1, https://doi.org/10.48550/arXiv.2311.05501.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import DirichletVariance, LabelledGraph
    >>> path = Graph.from_affinity(np.eye(9, k=1) + np.eye(9, k=-1))
    >>> DirichletVariance(n_clusters=2).query(LabelledGraph(path, [0] + [-1] * 7 + [1]))
    array([4])
    """

    def __init__(
        self, *, n_clusters: int = 10, alpha: float = 0.99, batch: Batch = "local-max"
    ) -> None:
        self.n_clusters = n_clusters
        self.alpha = alpha
        self.batch = batch

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_integer("n_clusters", self.n_clusters, minimum=2)
        check_real("alpha", self.alpha, above=0, below=1)

    def _scores(
        self, model: object, known: LabelledGraph, candidates: IntArray, rng: np.random.RandomState
    ) -> FloatArray:
        graph = in_memory(known.graph_, "DirichletVariance")
        if not known.labelled_.any():
            return graph.degrees[candidates]
        evidence = self._evidence(graph)
        evidence.learn(known.labelled_nodes)
        codes = known.label_codes_[known.labelled_nodes]
        # one more class, for what was not seen
        a = np.full((len(candidates), len(known.classes_) + 1), evidence.prior)
        for node, code in zip(known.labelled_nodes, codes, strict=True):
            a[:, code] += evidence.columns[int(node)][candidates]
        totals = a.sum(axis=1)
        shares = a / totals[:, None]
        return np.asarray((1 - np.einsum("ij,ij->i", shares, shares)) / (1 + totals))

    def _evidence(self, graph: Graph) -> _Evidence:
        state = self.__dict__.get("_state")
        settings = (self.alpha, self.n_clusters)
        if state is None or state[0] is not graph or state[1] != settings:
            state = (graph, settings, _Evidence(graph, self.alpha, self.n_clusters))
            self._state = state
        evidence: _Evidence = state[2]
        return evidence

    def __getstate__(self) -> State:
        """Leave out the columns: they are large, and follow from graph and labels."""
        state: State = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_state"}


class _Evidence:
    """The columns P_v that were asked for, and the prior."""

    def __init__(self, graph: Graph, alpha: float, n_clusters: int) -> None:
        self._field = GaussianField(graph, alpha)
        self.columns: dict[int, FloatArray] = {}
        n_draws = min(_DRAWS_A_CLUSTER * n_clusters, graph.n_nodes)
        # a fixed seed, for the prior is a property of the graph
        draws = np.random.default_rng(0).choice(graph.n_nodes, n_draws, replace=False)
        reach = np.quantile(self._shares(draws), 1 - 1 / n_clusters, axis=0)
        self.prior = max(float(reach.max()), np.finfo(np.float32).tiny)

    def learn(self, nodes: IntArray) -> None:
        """Solve for the columns of `nodes` that are not known yet."""
        new = np.array([v for v in nodes if int(v) not in self.columns], dtype=np.intp)
        if len(new):
            columns = self._shares(new)
            self.columns |= {int(v): columns[:, j].copy() for j, v in enumerate(new)}

    def _shares(self, nodes: IntArray) -> FloatArray:
        columns = self._field.columns(nodes, np.empty(0, dtype=np.intp)).astype(np.float64)
        columns -= columns.min(axis=0)
        own = columns[nodes, np.arange(len(nodes))]
        return np.asarray(columns / np.where(own > 0, own, 1.0))
