"""The response of label spreading among a few nodes, for many alphas in one pass."""

from __future__ import annotations

from functools import partial
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
    t = values / (1 + np.sqrt(1 - values**2))
    powers = 2 * t[:, None] ** np.arange(2 * n_steps + 1)
    powers[:, 0] = 1
    front = np.sqrt((1 - values) / (1 + values))[:, None]
    for block in row_blocks(len(chosen), _BLOCK):
        moments = _moments(S, place[chosen[block]], n_steps, np.dtype(dtype))
        result[:, block] = front * (powers @ moments)
    # What rounding may have taken.
    return np.maximum(result, (1 - values)[:, None])


def _moments(S: Any, nodes: IntArray, n_steps: int, dtype: np.dtype[Any]) -> FloatArray:
    """m_0 to m_2K of each node, shape (2 K + 1, n_chosen)."""
    n, m = S.shape[0], len(nodes)
    before = np.zeros((n, m), dtype=dtype)
    now = np.zeros((n, m), dtype=dtype)
    before[nodes, np.arange(m)] = 1
    blocks = shared_blocks(n, m, n * n if isinstance(S, np.ndarray) else S.nnz)
    parts = [S[rows] for rows in blocks]
    moments = np.empty((2 * n_steps + 1, m))
    moments[0] = 1

    def step(k: int, first: bool) -> tuple[FloatArray, FloatArray]:
        rows = blocks[k]
        old = before[rows]  # v_i-1, whose place v_i+1 takes once it is not needed
        new = np.asarray(parts[k] @ source)
        if not first:
            new *= 2
            new -= old
        target[rows] = new
        # float64 sums of float32 products
        return (
            np.einsum("ij,ij->j", new, new, dtype=np.float64),
            np.einsum("ij,ij->j", new, source[rows], dtype=np.float64),
        )

    # v_1 = S v_0
    source, target = before, now
    for i in range(1, n_steps + 1):
        if i > 1:
            source, target = now, before
        found = run_all(partial(step, first=i == 1), len(blocks))
        squares = np.sum([square for square, _ in found], axis=0)
        mixed = np.sum([product for _, product in found], axis=0)
        if i == 1:
            moments[1] = mixed  # v_0' v_1 = m_1
        else:
            before, now = now, before
            moments[2 * i - 1] = 2 * mixed - moments[1]
        moments[2 * i] = 2 * squares - 1
    return moments


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
