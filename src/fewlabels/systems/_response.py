"""The effect of each label on each node: rows of the response, and leave-one-out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels.graph import Graph
from fewlabels.solvers import Answer, GroundedLaplacian, Method, PreparedSolver, row_sums
from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._locality import locality, submatrix
from fewlabels.systems._moments import spreading_block
from fewlabels.systems._spreading import SpreadingSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]
BoolArray = npt.NDArray[np.bool_]

# Columns solved for at once: more would fall out of the cache.
BLOCK = 32
# What a node hears of itself drowns what it hears of the others: the columns of LeftOut have to be
# more exact than its rows, by as much as the others are fainter. No block is asked for more than
# this; rows of fainter others are solved for alone.
_FAINTEST = 1e-5
# The others of the first block tell how faint they are elsewhere, within a factor of
_SPREAD = 10.0

# In graphs of so many nodes, up to so many labels and this alpha, the moments of
# `spreading_block` take less than half as long as columns; in float32 they are right to about
# 1e-6, rows that hear little included.
_FEWEST_NODES, _MOST_LABELS, _LARGEST_ALPHA, _ROUNDING = 1_000, 512, 0.995, 1e-5
# What the moments leave out of an entry, as a share of 1 - alpha: next to nothing, where that is
# cheap.
_BLOCK_TOL, _BLOCK_TOL_QUICK, _QUICK_ALPHA = 1e-9, 1e-14, 0.9
# Iterations have to come to an end, but the number that a fit may take is none of ours.
MAX_ITER = 100_000


@dataclass(frozen=True)
class LeftOut:
    """What the other labels predict for each labelled node.

    Attributes
    ----------
    weights : ndarray of shape (n_labelled, n_labelled), float64
        Row j, times the labels Y of the labelled nodes, is the row of scores of the j-th labelled
        node under the model that does not know its label. The diagonal is 0.
    log_scale : ndarray of shape (n_labelled,)
        The row has to be multiplied by ``exp(log_scale[j])``; 0 unless float64 could not hold it.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import HarmonicResponse
    >>> path = Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1))
    >>> left_out = HarmonicResponse(path, np.array([0, 1, 2])).left_out()
    >>> left_out.scores(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    array([[0. , 1. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """

    weights: FloatArray
    log_scale: FloatArray

    def scores(self, Y: FloatArray) -> FloatArray:
        """Return left-out scores of shape (n_labelled, m), each row on its scale; Y likewise."""
        return np.asarray(self.weights @ Y)


class Response(Protocol):
    """How the scores F of a linear model depend on its labels: F[nodes] = R[nodes] @ Y_labelled.

    R has a row for each node and a column for each labelled node, in ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import HarmonicResponse, Response
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> R: Response = HarmonicResponse(path, np.array([0, 2]))
    >>> R.row(1)[0].round(3)
    array([0.5, 0.5])
    """

    @property
    def labelled(self) -> IntArray:
        """The labelled nodes, ascending, shape (n_labelled,)."""

    def row(self, node: int) -> tuple[FloatArray, float]:
        """Row r and logarithm s of its scale: R[node] = r exp(s); s is 0 while float64 holds it."""

    def left_out(self) -> LeftOut:
        """What each labelled node hears of the others."""


class SpreadingResponse:
    """The response of label spreading, R = (1 - alpha) (I - alpha S)^-1 on the labelled columns.

    R is symmetric, so a row is a column: one solve. Without the label of node j, the scores
    there are F_j - R_jj Y_j. They are summed from the entries R_jk of the other labels, because
    R_jj may be larger by many orders of magnitude, and the difference would be all rounding.

    Parameters
    ----------
    graph : Graph
    system : SpreadingSystem
        Of that graph.
    labelled : ndarray of int
        Distinct, ascending.
    tol : float, default=1e-6
        No row of a result may be off by more, relative to its sum.

    Notes
    -----
    Cost: one solve for a right-hand side per row; `left_out` takes n_labelled, 32 at a time, and
    n_labelled^2 numbers of memory.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.systems import SpreadingResponse, SpreadingSystem
    >>> path = Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1))
    >>> response = SpreadingResponse(path, SpreadingSystem(path, 0.5), np.array([0, 2]))
    >>> response.row(1)[0].round(3).tolist()
    [0.236, 0.236]
    """

    def __init__(
        self, graph: Graph, system: SpreadingSystem, labelled: IntArray, tol: float = 1e-6
    ) -> None:
        self.labelled = labelled
        self._graph = graph
        self._system = system
        self._tol = tol

    def row(self, node: int) -> tuple[FloatArray, float]:
        return _rescaled(self._unit_columns([node], self._tol), self.labelled)

    def left_out(self) -> LeftOut:
        labelled = self.labelled
        n = len(labelled)
        require_square(n)
        log_scale = np.zeros(n)
        if self._suits_moments(n):
            weights, least = self._weights_by_moments()
        else:
            weights, least = self._weights_by_columns()
        np.fill_diagonal(weights, 0)
        others = weights.sum(axis=1)
        for j in np.flatnonzero(_too_faint(others, least, self._graph, labelled)):
            alone = self._unit_columns(labelled[[j]], self._tol)
            weights[j], log_scale[j] = _rescaled(alone, labelled, without=int(j))
        return LeftOut(weights, log_scale)

    def _suits_moments(self, n_labelled: int) -> bool:
        """Whether the moments are quicker than columns, and exact enough."""
        large = self._graph.n_nodes > _FEWEST_NODES and not self._graph.is_dense
        exact = self._tol >= _ROUNDING and self._system.settings[0] <= _LARGEST_ALPHA
        return large and exact and n_labelled <= _MOST_LABELS

    def _weights_by_moments(self) -> tuple[FloatArray, FloatArray]:
        """R among the labelled nodes, and from what sum of the others on a row is certain."""
        alpha = self._system.settings[0]
        tol = _BLOCK_TOL if alpha > _QUICK_ALPHA else _BLOCK_TOL_QUICK
        weights = spreading_block(self._graph, self.labelled, [alpha], tol=tol)[0]
        n = len(weights)
        return weights, np.full(n, n * tol * (1 - alpha) / self._tol)

    def _weights_by_columns(self) -> tuple[FloatArray, FloatArray]:
        """The same from a column of R a label."""
        labelled = self.labelled
        weights = np.empty((len(labelled), len(labelled)))
        faintest = _FAINTEST
        for block in row_blocks(len(labelled), BLOCK):
            found = self._unit_columns(labelled[block], self._tol * faintest).scores[labelled]
            weights[:, block] = found
            if block.start == 0:
                own = np.diagonal(found)
                faintest = _faintest(found[block].sum(axis=1) - own, own)
        return weights, np.diagonal(weights) * faintest

    def _unit_columns(self, nodes: npt.ArrayLike, tol: float) -> Answer:
        chosen = np.asarray(nodes)
        Y = np.zeros((self._graph.n_nodes, len(chosen)))
        Y[chosen, np.arange(len(chosen))] = 1
        answer = self._system.solve(Y, tol=tol, max_iter=MAX_ITER)
        return _warned(answer, tol)


class HarmonicResponse:
    """The response of harmonic functions: R_ul = L_uu^-1 W_ul, and R_ll = I.

    R_ik is the probability that a walk from node i meets label k first, so rows sum to 1. A
    row takes one solve with e_i, because L_uu is symmetric.

    Leaving out the label of node j means unclamping it: with Sigma = L_ll - L_lu L_uu^-1 L_ul, the
    Laplacian of the labelled nodes with all others eliminated, F_j^(-j) = -sum_k!=j Sigma_jk y_k
    / Sigma_jj. Here -Sigma_jk = W_jk + W_ju R_uk, a sum of non-negative numbers, and Sigma_jj is
    their sum over k: nothing is subtracted.

    Parameters
    ----------
    graph : Graph
    labelled : ndarray of int
        Distinct, ascending.
    method : {"auto", "sweeps", "cg", "direct"}, default="auto"
    tol : float, default=1e-6
        No row of a result may be off by more; rows sum to 1.

    Notes
    -----
    Cost: as :class:`SpreadingResponse`.

    References
    ----------
    X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.systems import HarmonicResponse
    >>> path = Graph.from_affinity(np.eye(4, k=1) + np.eye(4, k=-1))
    >>> HarmonicResponse(path, np.array([0, 3])).row(1)[0].round(3).tolist()
    [0.667, 0.333]
    """

    def __init__(
        self, graph: Graph, labelled: IntArray, method: Method = "auto", tol: float = 1e-6
    ) -> None:
        self.labelled = labelled
        self._graph = graph
        self._method = method
        self._tol = tol
        self._mask = np.zeros(graph.n_nodes, dtype=bool)
        self._mask[labelled] = True
        self._green: _Green | None = None

    def row(self, node: int) -> tuple[FloatArray, float]:
        if self._mask[node]:
            return (self.labelled == node).astype(np.float64), 0.0
        if self._green is None:
            self._green = _Green(self._graph, self.labelled, self._method)
        return self._green.row(node, self._tol), 0.0

    def left_out(self) -> LeftOut:
        n = len(self.labelled)
        require_square(n)
        system = HarmonicSystem(self._graph, self._mask, self._method)
        outward = self._graph.affinity[self.labelled]
        degrees = self._graph.degrees[self.labelled]
        weights = np.empty((n, n))
        faintest = _FAINTEST
        for block in row_blocks(n, BLOCK):
            met = self._first_met(system, np.arange(n)[block], self._tol * faintest)
            weights[:, block] = outward @ met  # W_jk + W_ju R_uk
            if block.start == 0:
                returns = np.diagonal(weights[:, block])
                faintest = _faintest(degrees[block] - returns, degrees[block])
        np.fill_diagonal(weights, 0)
        escape = weights.sum(axis=1)
        faint = _too_faint(escape, degrees * faintest, self._graph, self.labelled)
        np.divide(weights, escape[:, None], out=weights, where=escape[:, None] > 0)
        for j in np.flatnonzero(faint):
            others = np.delete(self.labelled, j)
            found = _Green(self._graph, others, self._method).row(int(self.labelled[j]), self._tol)
            weights[j] = np.insert(found, j, 0.0)
        return LeftOut(weights, np.zeros(n))

    def _first_met(self, system: HarmonicSystem, places: IntArray, tol: float) -> FloatArray:
        """R[:, places]; the other labels share a column, so that rows sum to 1 and are checked."""
        Y = np.zeros((self._graph.n_nodes, len(places) + 1))
        Y[self.labelled, -1] = 1
        Y[self.labelled[places]] = np.eye(len(places), len(places) + 1)
        answer = _warned(system.solve(Y, tol=tol, max_iter=MAX_ITER), tol)
        return answer.scores[:, :-1]


class _Green:
    """Rows of L_uu^-1 W_ul, one at a time, every entry accurate in itself."""

    def __init__(self, graph: Graph, labelled: IntArray, method: Method) -> None:
        free = graph.reached_from(labelled)
        free[labelled] = False
        order = locality(graph)
        self._free = order[free[order]]
        self._place = np.full(graph.n_nodes, -1)
        self._place[self._free] = np.arange(len(self._free))
        within = submatrix(graph, self._free)
        outward = graph.affinity[self._free]
        self._outward = outward[:, labelled]
        ground = row_sums(self._outward)
        self._solver = PreparedSolver(GroundedLaplacian(within, ground), method)

    def row(self, node: int, tol: float) -> FloatArray:
        """What the labels do to an unlabelled node, shape (n_labelled,); 0 if unreached."""
        place = self._place[node]
        if place < 0:
            return np.zeros(self._outward.shape[1])
        unit = np.zeros((len(self._free), 1))
        unit[place] = 1
        answer = _warned(self._solver.solve(unit, tol=tol, max_iter=MAX_ITER), tol)
        row = np.asarray(answer.scores[:, 0] @ self._outward, dtype=np.float64)
        total = row.sum()  # 1, but for the error of the solve
        return row / total if total > 0 else row


def _faintest(others: FloatArray, own: FloatArray) -> float:
    """How exact the next blocks have to be, of what the first one's others are beside its own."""
    heard = others[(others > 0) & (own > 0)] / own[(others > 0) & (own > 0)]
    return float(np.clip(heard.min(initial=1.0) / _SPREAD, _FAINTEST, 1.0))


def _too_faint(
    others: FloatArray, least: FloatArray, graph: Graph, labelled: IntArray
) -> BoolArray:
    """Rows whose sum over the other labels is not certain to be right, though some reach it."""
    among = graph.component_labels[labelled]
    counts = np.bincount(among, minlength=graph.n_components)
    return np.asarray((others < least) & (counts[among] > 1))


def _rescaled(
    found: Answer, labelled: IntArray, without: int | None = None
) -> tuple[FloatArray, float]:
    """One column at the labelled nodes, if so but one, on a scale that float64 can hold."""
    values = found.values[labelled, 0].copy()
    if without is not None:
        values[without] = 0
    logs = found.log_scale[labelled]
    with np.errstate(divide="ignore"):
        sizes = np.where(values > 0, np.log(values) + logs, -np.inf)
    largest = float(sizes.max(initial=-np.inf))
    # Only where it is needed: 0 is the scale of all other rows.
    if np.isneginf(largest) or (largest > _LOG_FAINT and not logs.any()):
        return values, 0.0
    scale = 0.0 if largest > _LOG_FAINT else largest
    with np.errstate(under="ignore"):
        return np.exp(sizes - scale), scale


# Below this (1e-280) rows of scores are given a scale of their own.
_LOG_FAINT = -645.0


def require_square(n_labelled: int) -> None:
    """Raise if the response of this many labels to one another does not fit into memory.

    Examples
    --------
    >>> from fewlabels.systems import require_square
    >>> require_square(1_000)  # a million numbers fit
    """
    require_memory(
        2 * 8 * n_labelled**2,
        f"the response of {n_labelled:,} labels to one another",
        "Leave-one-out is for few labels; with so many, set some aside to test on.",
    )


def _warned(answer: Answer, tol: float) -> Answer:
    if not answer.converged.all():
        warn_unconverged(tol, float(answer.residual.max()))
    return answer


def warn_unconverged(tol: float, residual: float) -> None:
    """Warn that the response is not as exact as it should be."""
    warnings.warn(
        f"the response did not converge to tol={tol:g}: the relative residual is {residual:.2g}. "
        'The graph may hold clusters that are almost disconnected; use solver="direct".',
        ConvergenceWarning,
        stacklevel=3,
    )
