"""Functions of least p-energy on a graph, by harmonic functions with changing weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._rows import row_blocks
from fewlabels.graph import Graph
from fewlabels.solvers import Answer, Callback, Method, in_float64
from fewlabels.solvers._solution import IterationSettings
from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._reweighted import reweighted_graph

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# p - 1 grows from 1 by at most this factor from one problem to the next.
_GROWS = 1.5
_FEW_STEPS = 3  # before the last problem
_LINE_STEPS = 40
# Differences are taken for at least this share of their mean, for else the weights could vanish.
_SMALLEST = 1e-2
_BLOCK_ENTRIES = 4_000_000


def p_harmonic(
    graph: Graph,
    labelled: BoolArray,
    Y: FloatArray,
    p: float,
    *,
    pull: FloatArray | None = None,
    method: Method = "auto",
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
) -> Answer:
    """Return the u with u = Y on the labelled nodes that minimises the p-energy.

    That is J(u) = 1/p sum_ij w_ij |u_i - u_j|^p, |.| being the Euclidean norm over the classes. Its
    gradient is that of the quadratic energy with the weights theta_ij = w_ij |u_i - u_j|^(p-2).
    Each step goes from u towards v, the harmonic function with these weights (iteratively
    reweighted least squares), by the length that lowers J most. The step of Newton's method,
    (v - u) / (p - 1), estimates the error of u: the iteration ends when no row of it exceeds
    `tol`. It begins with the harmonic function, p = 2, and raises p in steps (homotopy).

    If the rows of Y are non-negative and sum to 1, so are and do those of v and u.

    Parameters
    ----------
    graph : Graph
    labelled : ndarray of shape (n_nodes,), bool
    Y : ndarray of shape (n_nodes, n_classes)
        Distributions where labelled.
    p : float
        At least 2.
    pull : ndarray of shape (n_nodes,), default=None
        Positive factors of the edges of each node. None: 1.
    method : {"auto", "sweeps", "cg", "direct"}, default="auto"
        Of the harmonic functions.
    tol : float
    max_iter : int
        Most steps, and most iterations of a harmonic function.
    callback : callable, default=None
        Called with the number of the step and the distance by which the worst row would move.

    Returns
    -------
    Answer
        `n_iter` counts steps. `residual` is that of the last harmonic function.

    Notes
    -----
    |u_i - u_j| is replaced by (|u_i - u_j|^2 + e^2)^1/2, where e is 1 % of its weighted mean, so
    that weights don't vanish where u is constant.

    Cost: one harmonic function per step.

    References
    ----------
    M. Flores, J. Calder, G. Lerman, "Analysis and algorithms for Lp-based semi-supervised learning
    on graphs", Appl. Comput. Harmon. Anal. 60 (2022), section 4 (Newton's method with homotopy).
    D. Slepcev, M. Thorpe, "Analysis of p-Laplacian regularization in semi-supervised learning",
    SIAM J. Math. Anal. 51 (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import p_harmonic
    >>> path = Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1))
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> labelled = np.array([True, False, True])
    >>> p_harmonic(path, labelled, Y, p=3, tol=1e-6, max_iter=1000).scores.round(3)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    if pull is not None and (pull != 1).any():
        graph = reweighted_graph(graph, pull, product=True)
    edges = _Edges(graph)
    settings: IterationSettings = {
        "tol": min(tol, 1e-3),
        "max_iter": max_iter,
        "callback": None,
    }
    answer = HarmonicSystem(graph, labelled, method).solve(Y, **settings)
    u, n_iter, sound = answer.scores, 1, bool(answer.converged.all())
    residual = answer.residual
    for exponent in _homotopy(p):
        last = exponent == p
        floor = _SMALLEST**2 * edges.mean_square(u)
        for step in range(max_iter):
            if last and n_iter >= max_iter:
                sound = False
                break
            theta = edges.weights * (edges.squares(u) + floor) ** (exponent / 2 - 1)
            if not theta.any():
                break  # u is constant: nothing to lower
            # only ratios matter; of those too small for float64, none is left out
            theta = np.maximum(theta / theta.max(), np.finfo(float).tiny * 1e16)
            found = HarmonicSystem(edges.graph(theta), labelled, method).solve(Y, **settings)
            v, n_iter = found.scores, n_iter + 1
            move = v - u
            error = float(np.abs(move).sum(axis=1).max(initial=0.0)) / (exponent - 1)
            if callback is not None:
                callback(n_iter, error)
            solved = bool(found.converged.all())
            if last:
                residual, sound = found.residual, solved
            if error <= (tol if last else 0.1):
                break
            if not last and step >= _FEW_STEPS:
                break
            length = edges.best_length(u, move, floor, exponent)
            if length == 0:
                break
            u = u + length * move
    n_classes = Y.shape[1]
    return replace(
        answer,
        values=u,
        log_scale=np.zeros(len(u)),
        n_iter=n_iter,
        residual=residual,
        converged=np.full(n_classes, sound),
    )


def _homotopy(p: float) -> list[float]:
    """Exponents from 2 up to p, without 2; none where p is 2."""
    exponents = []
    exponent = 2.0
    while exponent < p:
        exponent = min(p, 1 + (exponent - 1) * _GROWS)
        exponents.append(exponent)
    return exponents


class _Edges:
    """The edges of a graph, each once, and sums over them."""

    def __init__(self, graph: Graph) -> None:
        self._n_nodes, self._dense = graph.n_nodes, graph.is_dense
        upper = sparse.coo_array(sparse.triu(sparse.csr_array(in_float64(graph.affinity)), 1))
        self._from, self._to = upper.row, upper.col
        self.weights: FloatArray = np.asarray(upper.data, dtype=np.float64)

    def graph(self, weights: FloatArray) -> Graph:
        """The graph with other weights."""
        parts = (weights, (self._from, self._to))
        half = sparse.csr_array(sparse.coo_array(parts, shape=(self._n_nodes, self._n_nodes)))
        whole = sparse.csr_array(half + half.T)
        if self._dense:
            return Graph._of_checked(whole.toarray())
        whole.sort_indices()
        return Graph._of_checked(whole)

    def squares(self, u: FloatArray) -> FloatArray:
        """|u_i - u_j|^2 of each edge."""
        return self._products(u, u)

    def mean_square(self, u: FloatArray) -> float:
        """The square of the mean of |u_i - u_j| by weight."""
        total = float(self.weights.sum())
        return float(self.weights @ np.sqrt(self.squares(u)) / total) ** 2 if total else 0.0

    def best_length(self, u: FloatArray, move: FloatArray, floor: float, p: float) -> float:
        """The s in [0, 1] with the least energy of u + s move: Newton's method, bracketed."""
        a, b, c = self.squares(u) + floor, self._products(u, move), self.squares(move)
        unit = float(a.max(initial=0.0)) or 1.0
        a, b, c = a / unit, b / unit, c / unit
        low, high, s = 0.0, 1.0, 1.0 / (p - 1)
        for _ in range(_LINE_STEPS):
            square = a + s * (2 * b + s * c)
            slope = b + s * c
            powers = self.weights * square ** (p / 2 - 1)
            first = float(powers @ slope)
            ratios = np.divide(slope**2, square, out=np.zeros_like(square), where=square > 0)
            second = float(powers @ (c + (p - 2) * ratios))
            if first > 0:
                high = s
            else:
                low = s
            if high - low <= 1e-3 * high or second <= 0:
                break
            following = s - first / second
            s = following if low < following < high else (low + high) / 2
        return s

    def _products(self, a: FloatArray, b: FloatArray) -> FloatArray:
        result = np.empty(len(self.weights))
        for rows in row_blocks(len(result), max(1, _BLOCK_ENTRIES // max(1, a.shape[1]))):
            i, j = self._from[rows], self._to[rows]
            np.einsum("ec,ec->e", a[i] - a[j], b[i] - b[j], out=result[rows])
        return result
