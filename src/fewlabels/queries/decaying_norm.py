"""Ask where little of any label arrives, and less and less so."""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning

from fewlabels._callers import callers_level
from fewlabels._validation import check_integer, check_real
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._rule import Batch, ScoreRule
from fewlabels.solvers import GroundedLaplacian, PreparedSolver, row_sums

_MAX_ITER = 1_000
_TOL = 1e-3
# Of the potential, relative in norm: it only weighs the edges.
_POTENTIAL_TOL = 1e-5
# Some hundred iterations do on graphs of neighbours; a long chain needs one for each node.
_POTENTIAL_MAX_ITER = 10_000
# The smallest potential, as a share of the mean: the edges there must not vanish.
_FLOOR = 1e-5
# tau below this counts as none.
_LEAST_TAU = 1e-9


class DecayingNorm(ScoreRule):
    """Minimum-norm uncertainty sampling in Poisson-reweighted Laplace learning, tau decaying.

    Edges are reweighted by a potential that is large near labels, and scores are pulled to 0 by
    tau::

        L g = sum_l (e_l - 1 / n),   w'_ij = g_i g_j w_ij,   (L' + tau d I) U = 0,  U_l = y_l,

    l being the labelled points and d the mean degree of w'. The score of a point is ``-|U_v|``,
    the Euclidean norm of its row: with tau, rows shrink away from the labels, so that points in
    clusters without a label come first (exploration). tau decays with the number m of labels,
    ``tau_m = tau (1e-9 / tau)^(m / 2 K)``, and is 0 from 2 K labels on; what is left then is
    uncertainty between classes (exploitation). The predictions of the model are not looked at.
    Without a label all scores are equal, and the largest degrees are chosen.

    Parameters
    ----------
    tau : float, default=0.1
        At the start; above 1e-9.
    n_clusters : int, default=10
        K, about how many clusters there are; at least 1.
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the one of largest score; or the largest of all.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Minus the norms; NaN where a node was no candidate.

    Warns
    -----
    ConvergenceWarning
        If a solve did not settle, as where parts of the graph are connected by few edges only.

    Notes
    -----
    Cost: one right-hand side by conjugate gradients for g, one a class for U; O(edges) an
    iteration.

    References
    ----------
    K. Miller and J. Calder, "Poisson reweighted Laplacian uncertainty sampling for graph-based
    active learning", SIAM Journal on Mathematics of Data Science 5, 2023,
    https://doi.org/10.48550/arXiv.2210.15786.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import DecayingNorm, LabelledGraph
    >>> path = Graph.from_affinity(np.eye(9, k=1) + np.eye(9, k=-1))
    >>> DecayingNorm().query(LabelledGraph(path, [0] + [-1] * 7 + [1]))
    array([4])
    """

    def __init__(
        self, *, tau: float = 0.1, n_clusters: int = 10, batch: Batch = "local-max"
    ) -> None:
        self.tau = tau
        self.n_clusters = n_clusters
        self.batch = batch

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_real("tau", self.tau, above=_LEAST_TAU)
        check_integer("n_clusters", self.n_clusters, minimum=1)

    def _scores(
        self, model: object, known: LabelledGraph, candidates: IntArray, rng: np.random.RandomState
    ) -> FloatArray:
        graph = in_memory(known.graph_, "DecayingNorm")
        if not known.labelled_.any():
            return graph.degrees[candidates]
        U = regularised_scores(graph, known, self._tau_now(int(known.labelled_.sum())))
        return np.asarray(-np.linalg.norm(U[candidates], axis=1))

    def _tau_now(self, n_labels: int) -> float:
        if n_labels >= 2 * self.n_clusters:
            return 0.0
        return float(self.tau * (_LEAST_TAU / self.tau) ** (n_labels / (2 * self.n_clusters)))


def regularised_scores(graph: Graph, known: LabelledGraph, tau: float) -> FloatArray:
    """U of shape (n_nodes, n_classes): 0 where no label reaches."""
    g = poisson_potential(graph, known.labelled_)
    weights = sparse.csr_array(graph.affinity).astype(np.float64)
    weights.data *= np.repeat(g, np.diff(weights.indptr)) * g[weights.indices]
    Y = np.zeros((graph.n_nodes, len(known.classes_)))
    labelled = known.labelled_nodes
    Y[labelled, known.label_codes_[labelled]] = 1
    unknown = np.flatnonzero(graph.reached_from(known.labelled_) & ~known.labelled_)
    rows = weights[unknown]
    boundary = rows[:, labelled]
    pull = tau * (float(weights.sum()) / graph.n_nodes)
    matrix = GroundedLaplacian(rows[:, unknown], row_sums(boundary) + pull)
    answer = PreparedSolver(matrix).solve(
        np.asarray(boundary @ Y[labelled]), tol=_TOL, max_iter=_MAX_ITER
    )
    _warn_unless(bool(answer.converged.all()), "the scores", _MAX_ITER)
    Y[unknown] = answer.scores
    return Y


def poisson_potential(graph: Graph, labelled: np.ndarray) -> FloatArray:
    """Return g: L g = sum_l (e_l - 1 / n) in each component, shifted to be positive; mean 1.

    1 in a component without a label.
    """
    components = graph.component_labels
    sizes = np.bincount(components)
    sources = np.bincount(components, weights=labelled.astype(np.float64))
    b = labelled - (sources / sizes)[components]
    degrees = np.where(graph.degrees > 0, graph.degrees, 1.0)
    weights = graph.affinity.astype(np.float64)

    def laplacian(x: FloatArray) -> FloatArray:
        flat = x.ravel()
        return np.asarray(graph.degrees * flat - weights @ flat)

    n = graph.n_nodes
    # CentredConjugateGradients would bound the error of every node, for which it solves a column
    # of noise beside this one: five times the time (70,000 nodes: 2.0 s for 0.4 s), at each query.
    g, unsettled = cg(
        LinearOperator((n, n), matvec=laplacian, dtype=np.float64),
        b,
        rtol=_POTENTIAL_TOL,
        maxiter=_POTENTIAL_MAX_ITER,
        M=LinearOperator((n, n), matvec=lambda x: x.ravel() / degrees, dtype=np.float64),
    )
    _warn_unless(unsettled == 0, "the potential", _POTENTIAL_MAX_ITER)
    lowest = np.full(len(sizes), np.inf)
    np.minimum.at(lowest, components, g)
    g = g - lowest[components]
    means = np.bincount(components, weights=g) / sizes
    scaled = np.divide(g, means[components], out=np.ones(n), where=means[components] > 0)
    return np.asarray(scaled + _FLOOR)


def _warn_unless(settled: bool, what: str, max_iter: int) -> None:
    if not settled:
        warnings.warn(
            f"DecayingNorm: {what} did not settle in {max_iter:,} iterations, so that its choice "
            "is uncertain. Parts of the graph are probably connected by few edges only: build it "
            "with more neighbors, or use another rule, such as margin.",
            ConvergenceWarning,
            stacklevel=callers_level(),
        )
