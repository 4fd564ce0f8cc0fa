"""The response of label spreading among a few nodes, for many alphas in one pass."""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._memory import require_memory
from fewlabels._products import multiply_minus
from fewlabels._rows import row_blocks
from fewlabels._threads import one_blas_thread
from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.solvers import Weights, run_all, shared_blocks
from fewlabels.systems._locality import locality, submatrix

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

# Rows whose inner products are summed in the vectors' own precision.
_GRAM_ROWS = 4096


def spreading_block(
    graph: Graph,
    nodes: npt.ArrayLike,
    alphas: npt.ArrayLike,
    *,
    tol: float = 1e-6,
    dtype: npt.DTypeLike = np.float32,
) -> FloatArray:
    """Return R_jk of label spreading among some nodes, for every alpha at once.

    Without its diagonal, a row times the labels is what the other labels predict for a labelled
    node: leave-one-out for every alpha, without a single fit.

    R(alpha) = (1 - alpha) (I - alpha S)^-1. With T_k the Chebyshev polynomials and
    t = alpha / (1 + sqrt(1 - alpha^2)),

        R_ij = sqrt((1 - alpha) / (1 + alpha)) (m_0 + 2 sum_k>0 t^k m_k),    m_k = e_i' T_k(S) e_j.

    The moments m_k do not depend on alpha. Those with k <= K are entries of v_k = T_k(S) e_j, and
    accurate even if small; the others are inner products, T_a+b = 2 T_a T_b -
    T_|a-b|, and count little. So K products with S give 2 K moments.

    Parameters
    ----------
    graph : Graph
        In memory.
    nodes : array-like of int, shape (n_chosen,)
    alphas : array-like of float, shape (n_alphas,)
        Each in [0, 1).
    tol : float, default=1e-6
        No entry is off by more than tol (1 - alpha), apart from rounding.
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
    Stopping rule: |m_k| <= 1, so that the terms left out after 2 K moments are at most
    2 sqrt((1 - alpha) / (1 + alpha)) t^(2 K + 1) / (1 - t); K is the least for which that is
    tol (1 - alpha), at the largest alpha. Cost: K products with S, all nodes at once, and K inner
    products of n_chosen^2 n_nodes.

    References
    ----------
    G. H. Golub, G. Meurant, "Matrices, moments and quadrature" (2010), section 6.4, on modified
    moments; A. Weisse, G. Wellein, A. Alvermann, H. Fehske, "The kernel polynomial method",
    Reviews of Modern Physics 78 (2006), equation 34, on two moments a product.

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
    chosen, values = checked(graph, nodes, alphas)
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
    order = locality(graph)
    rows = places_in(order)[chosen]
    start = np.zeros((graph.n_nodes, m), dtype=kind)
    start[rows, np.arange(m)] = 1
    result = sum_of_moments(normalized(graph, order, kind), start, rows, values, n_steps)
    result += result.transpose(0, 2, 1).copy()  # the same but for rounding
    result /= 2
    return np.maximum(result, 0)


def sum_of_moments(
    S: Weights, start: np.ndarray, rows: IntArray, alphas: FloatArray, n_steps: int
) -> FloatArray:
    """Return rows of R(alpha) b for the columns b of `start`, from 2 K moments e_i' T_k(S) b.

    Parameters
    ----------
    S : {ndarray, csr_array} of shape (n, n)
    start : ndarray of shape (n, n_columns), float32 or float64
        Begins with the unit vectors of `rows`; is overwritten.
    rows : ndarray of shape (m,), int
    alphas : ndarray of shape (n_alphas,)
    n_steps : int
        K.

    Returns
    -------
    ndarray of shape (n_alphas, m, n_columns), float64
    """
    m = len(rows)
    weights = _weights(alphas, n_steps)
    lower: list[FloatArray] = [start[rows].astype(np.float64)]  # T_0 and T_1, for the later ones
    result = weights[0][:, None, None] * lower[0]
    iteration = _Chebyshev(S, start)
    for k in range(1, n_steps + 1):
        iteration.step()
        direct = iteration.now[rows].astype(np.float64)
        if k == 1:
            lower.append(direct)
        result += weights[k][:, None, None] * direct
        for parity, other in ((1, iteration.before), (0, iteration.now)):
            moment = 2 * k - parity  # T_k T_k-1, then T_k^2
            if moment > n_steps:
                product = _gram(iteration.now[:, :m], other)
                result += weights[moment][:, None, None] * (2 * product - lower[parity])
    return np.asarray(result)


class _Chebyshev:
    """v_k = T_k(S) b for some columns b: `now` is v_k, `before` v_k-1."""

    def __init__(self, S: Weights, start: np.ndarray) -> None:
        n, m = start.shape
        self.before = np.zeros_like(start)
        self.now = start
        self._first = True
        entries = n * n if isinstance(S, np.ndarray) else S.nnz
        self._blocks = shared_blocks(n, m, entries)
        self._parts = [S[rows] * start.dtype.type(2) for rows in self._blocks]

    def step(self) -> None:
        """From v_k to v_k+1 = 2 S v_k - v_k-1; v_1 = S v_0."""

        def block(k: int) -> None:
            new = self.before[self._blocks[k]]  # the place of the one before, which is 0 at first
            multiply_minus(self._parts[k], self.now, new)
            if self._first:
                new /= 2

        run_all(block, len(self._blocks))
        self.before, self.now = self.now, self.before
        self._first = False


def _gram(a: np.ndarray, b: np.ndarray) -> FloatArray:
    """A' b, summed over blocks of rows in float64."""
    blocks = row_blocks(len(a), _GRAM_ROWS)
    with one_blas_thread():  # within a block, for the same sums on every machine
        parts = run_all(lambda k: a[blocks[k]].T @ b[blocks[k]], len(blocks))
    return np.asarray(np.sum(parts, axis=0, dtype=np.float64))


def places_in(order: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """Return the position of each node in `order`."""
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return place


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


def normalized(graph: Graph, order: IntArray, dtype: np.dtype) -> Weights:
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


def checked(
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
