"""The response of label spreading among a few nodes, for many alphas in one pass."""

from __future__ import annotations

from math import ceil, log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.solvers._threads import row_blocks as shared_blocks
from fewlabels.solvers._threads import run_all
from fewlabels.systems._locality import locality, submatrix

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

# Nodes at once: the vectors of a block then stay near the cache.
_BLOCK = 32
# Rows whose inner products are summed in the vectors' own precision.
_GRAM_ROWS = 4096


def spreading_diagonal(
    graph: Graph,
    nodes: npt.ArrayLike,
    alphas: npt.ArrayLike,
    *,
    tol: float = 1e-3,
    dtype: npt.DTypeLike = np.float32,
) -> FloatArray:
    """R_jj of label spreading at some nodes j, for every alpha at once.

    R(alpha) = (1 - alpha) (I - alpha S)^-1. With T_k the Chebyshev polynomials and
    t = alpha / (1 + sqrt(1 - alpha^2)),

        R_jj = sqrt((1 - alpha) / (1 + alpha)) (1 + 2 sum_k>0 t^k m_k),    m_k = e_j' T_k(S) e_j.

    The moments m_k know nothing of alpha. With v_k = T_k(S) e_j, T_2k = 2 T_k^2 - 1 gives
    m_2k = 2 |v_k|^2 - 1 and m_2k+1 = 2 v_k' v_k+1 - m_1, so that K products with S tell 2 K
    moments.

    Leave-one-label-out then takes no more than a fit for each alpha: F_j - R_jj y_j, where the
    other labels say something beside the node's own.

    Parameters
    ----------
    graph : Graph
        In memory.
    nodes : array-like of int, shape (n_chosen,)
    alphas : array-like of float, shape (n_alphas,)
        Each in [0, 1).
    tol : float, default=1e-3
        No entry is off by more, relatively, but for rounding: at least 0.
    dtype : {float32, float64}, default=float32
        Of the vectors v_k. float32 adds an error of about 1e-6.

    Returns
    -------
    ndarray of shape (n_alphas, n_chosen), float64

    Raises
    ------
    InvalidInputError
        If a node or an alpha is out of range.

    Notes
    -----
    Stopping rule: R_jj >= 1 - alpha and |m_k| <= 1, so that the terms left out after 2 K moments
    are at most 2 sqrt((1 - alpha) / (1 + alpha)) t^(2 K + 1) / (1 - t); K is the least for which
    that is tol (1 - alpha), at the largest alpha. Cost: K products with S and 2 K inner products,
    32 nodes at a time.

    References
    ----------
    G. H. Golub, G. Meurant, "Matrices, moments and quadrature" (2010), section 6.4, on modified
    moments; A. Weisse, G. Wellein, A. Alvermann, H. Fehske, "The kernel polynomial method",
    Reviews of Modern Physics 78 (2006), equation 34, on two moments a product.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.systems import spreading_diagonal
    >>> path = Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1))
    >>> spreading_diagonal(path, [0, 1], [0.0, 0.5]).round(3)
    array([[1.   , 1.   ],
           [0.583, 0.667]])
    """
    chosen, values = _checked(graph, nodes, alphas)
    tol = check_real("tol", tol, minimum=1e-15)
    result = np.empty((len(values), len(chosen)))
    if result.size == 0:
        return result
    n_steps = _n_steps(float(values.max()), tol)
    order = locality(graph)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    S = _normalized(graph, order, np.dtype(dtype))
    weights = _weights(values, n_steps)
    for block in row_blocks(len(chosen), _BLOCK):
        moments = _moments(S, place[chosen[block]], n_steps, np.dtype(dtype))
        result[:, block] = weights.T @ moments
    # What rounding may have taken.
    return np.maximum(result, (1 - values)[:, None])


def spreading_block(
    graph: Graph,
    nodes: npt.ArrayLike,
    alphas: npt.ArrayLike,
    *,
    tol: float = 1e-6,
    dtype: npt.DTypeLike = np.float32,
) -> FloatArray:
    """R_jk of label spreading among some nodes, for every alpha at once.

    Without its diagonal, a row times the labels is what a labelled node hears of the others: the
    whole of leave-one-label-out, for every alpha, without a single fit.

    As :func:`spreading_diagonal`, with the moments e_i' T_k(S) e_j. Those of k <= K are entries of
    v_k, and small ones are right in themselves; those beyond are inner products,
    T_a+b = 2 T_a T_b - T_|a-b|, and count little.

    Parameters
    ----------
    graph : Graph
        In memory.
    nodes : array-like of int, shape (n_chosen,)
    alphas : array-like of float, shape (n_alphas,)
        Each in [0, 1).
    tol : float, default=1e-6
        No entry is off by more than tol (1 - alpha), but for rounding.
    dtype : {float32, float64}, default=float32
        Of the vectors v_k.

    Returns
    -------
    ndarray of shape (n_alphas, n_chosen, n_chosen), float64
        Non-negative, symmetric.

    Raises
    ------
    InvalidInputError
        If a node or an alpha is out of range.
    NotEnoughMemoryError
        If two arrays of n_nodes x n_chosen do not fit.

    Notes
    -----
    Stopping rule: as :func:`spreading_diagonal`. Cost: K products with S, all nodes at once, and
    K inner products of n_chosen^2 n_nodes.

    References
    ----------
    As :func:`spreading_diagonal`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.systems import spreading_block
    >>> path = Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1))
    >>> spreading_block(path, [0, 2], [0.5]).round(3)
    array([[[0.583, 0.083],
            [0.083, 0.583]]])
    """
    chosen, values = _checked(graph, nodes, alphas)
    tol = check_real("tol", tol, minimum=1e-15)
    m = len(chosen)
    result = np.zeros((len(values), m, m))
    if result.size == 0:
        return result
    kind = np.dtype(dtype)
    require_memory(
        3 * kind.itemsize * graph.n_nodes * m + result.nbytes,
        f"what {m:,} labels do to one another in a graph of {graph.n_nodes:,} nodes",
        "Take fewer labels at once, or spreading_diagonal.",
    )
    n_steps = _n_steps(float(values.max()), tol)
    weights = _weights(values, n_steps)
    order = locality(graph)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    rows = place[chosen]
    iteration = _Chebyshev(_normalized(graph, order, kind), rows, kind)
    result += weights[0][:, None, None] * np.eye(m)
    lower: list[FloatArray] = [np.eye(m)]  # T_0 and T_1, which the last moments hang on
    for k in range(1, n_steps + 1):
        iteration.step()
        direct = iteration.now[rows].astype(np.float64)
        if k == 1:
            lower.append(direct)
        result += weights[k][:, None, None] * direct
        for parity, other in ((1, iteration.before), (0, iteration.now)):
            moment = 2 * k - parity  # T_k T_k-1, then T_k^2
            if moment > n_steps:
                product = _gram(iteration.now, other)
                result += weights[moment][:, None, None] * (2 * product - lower[parity])
    result += result.transpose(0, 2, 1).copy()  # the same but for rounding
    result /= 2
    return np.maximum(result, 0)


class _Chebyshev:
    """v_k = T_k(S) e_j for some nodes j: `now` is v_k, `before` v_k-1."""

    def __init__(self, S: Any, nodes: IntArray, dtype: np.dtype[Any]) -> None:
        n, m = S.shape[0], len(nodes)
        self.before = np.zeros((n, m), dtype=dtype)
        self.now = np.zeros((n, m), dtype=dtype)
        self.now[nodes, np.arange(m)] = 1
        self._first = True
        entries = n * n if isinstance(S, np.ndarray) else S.nnz
        self.blocks = shared_blocks(n, m, entries)
        self._parts = [S[rows] for rows in self.blocks]

    def step(self) -> None:
        """From v_k to v_k+1 = 2 S v_k - v_k-1; v_1 = S v_0."""

        def block(k: int) -> None:
            rows = self.blocks[k]
            new = np.asarray(self._parts[k] @ self.now)
            if not self._first:
                new *= 2
                new -= self.before[rows]
            self.before[rows] = new  # the place of the one before

        run_all(block, len(self.blocks))
        self.before, self.now = self.now, self.before
        self._first = False

    def products(self) -> tuple[FloatArray, FloatArray]:
        """|v_k|^2 and v_k' v_k-1 of each node, summed in float64."""

        def block(k: int) -> tuple[FloatArray, FloatArray]:
            now, before = self.now[self.blocks[k]], self.before[self.blocks[k]]
            return (
                np.einsum("ij,ij->j", now, now, dtype=np.float64),
                np.einsum("ij,ij->j", now, before, dtype=np.float64),
            )

        found = run_all(block, len(self.blocks))
        return np.sum([one for one, _ in found], axis=0), np.sum([two for _, two in found], axis=0)


def _moments(S: Any, nodes: IntArray, n_steps: int, dtype: np.dtype[Any]) -> FloatArray:
    """m_0 to m_2K of each node, shape (2 K + 1, n_chosen)."""
    iteration = _Chebyshev(S, nodes, dtype)
    moments = np.empty((2 * n_steps + 1, len(nodes)))
    moments[0] = 1
    for k in range(1, n_steps + 1):
        iteration.step()
        squares, mixed = iteration.products()
        moments[2 * k - 1] = mixed if k == 1 else 2 * mixed - moments[1]
        moments[2 * k] = 2 * squares - 1
    return moments


def _gram(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> FloatArray:
    """A' b, summed over blocks of rows in float64."""
    parts = [(a[rows].T @ b[rows]).astype(np.float64) for rows in row_blocks(len(a), _GRAM_ROWS)]
    return np.asarray(np.sum(parts, axis=0))


def _weights(alphas: FloatArray, n_steps: int) -> FloatArray:
    """What each moment counts, shape (2 K + 1, n_alphas)."""
    t = alphas / (1 + np.sqrt(1 - alphas**2))
    weights = 2 * t ** np.arange(2 * n_steps + 1)[:, None]
    weights[0] = 1
    return np.asarray(weights * np.sqrt((1 - alphas) / (1 + alphas)))


def _n_steps(alpha: float, tol: float) -> int:
    """Least K of the stopping rule; at least 1."""
    if alpha == 0:
        return 1
    t = alpha / (1 + sqrt(1 - alpha**2))
    allowed = tol * (1 - alpha) * (1 - t) / (2 * sqrt((1 - alpha) / (1 + alpha)))
    return max(1, ceil((log(allowed) / log(t) - 1) / 2))


def _normalized(graph: Graph, order: IntArray, dtype: np.dtype[Any]) -> Any:
    """S in this order and dtype, dense or CSR as the graph."""
    weights = submatrix(graph, order)
    degrees = graph.degrees[order]
    scale = np.divide(1.0, np.sqrt(degrees), out=np.zeros_like(degrees), where=degrees > 0)
    if isinstance(weights, np.ndarray):
        require_memory(
            2 * dtype.itemsize * weights.size,
            f"the normalised affinity of {len(order):,} points",
            "Join points to their nearest only: fewlabels.knn_graph.",
        )
        return (scale[:, None] * weights * scale).astype(dtype)
    data = np.repeat(scale, np.diff(weights.indptr))
    data *= weights.data
    data *= scale[weights.indices]
    return sparse.csr_array(
        (data.astype(dtype), weights.indices, weights.indptr), shape=weights.shape
    )


def _checked(
    graph: Graph, nodes: npt.ArrayLike, alphas: npt.ArrayLike
) -> tuple[IntArray, FloatArray]:
    chosen = np.asarray(nodes)
    if chosen.size == 0:
        chosen = chosen.astype(np.intp)
    fits = chosen.ndim == 1 and chosen.dtype.kind in "iu"
    if not fits or (chosen.size and (chosen.min() < 0 or chosen.max() >= graph.n_nodes)):
        raise InvalidInputError(
            f"nodes must be integers from 0 to {graph.n_nodes - 1}, in one dimension; got "
            f"{nodes!r}."
        )
    values = np.asarray(alphas, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values < 1)).all():
        raise InvalidInputError(
            f"alphas must be numbers of at least 0 and less than 1, in one dimension; got "
            f"{alphas!r}."
        )
    return chosen.astype(np.intp), values
