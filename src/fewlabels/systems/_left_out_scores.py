"""Left-out scores of label spreading at a few labelled nodes, for many alphas in one pass."""

from __future__ import annotations

from math import ceil, log

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.systems._locality import locality
from fewlabels.systems._moments import checked, normalized, places_in, sum_of_moments

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


def spreading_left_out(
    graph: Graph,
    nodes: npt.ArrayLike,
    Y: FloatArray,
    alphas: npt.ArrayLike,
    *,
    tol: float = 1e-3,
    dtype: npt.DTypeLike = np.float32,
) -> FloatArray:
    """Return the scores of some nodes without their own labels, for every alpha at once.

    With R(alpha) = (1 - alpha) (I - alpha S)^-1, node j gets sum_k!=j R_jk Y_k. They are sums
    of Chebyshev moments, which do not depend on alpha: with the Chebyshev polynomials T_k and
    t = alpha / (1 + sqrt(1 - alpha^2)),

        R_jk = sqrt((1 - alpha) / (1 + alpha)) (m_0 + 2 sum_i>0 t^i m_i),    m_i = e_j' T_i(S) e_k.

    K products with S give 2 K moments, as in :func:`spreading_block`. The entries R_jk of the
    chosen nodes are summed separately from R_jj, which may be larger by many orders of magnitude;
    the labels of all other nodes share one column per class.

    Parameters
    ----------
    graph : Graph
        In memory.
    nodes : array-like of int, shape (n_chosen,)
        Each at most once.
    Y : ndarray of shape (n_nodes, n_columns)
        Non-negative; the labels of all nodes.
    alphas : array-like of float, shape (n_alphas,)
        Each in [0, 1).
    tol : float, default=1e-3
        The sum ends when the factor t^(2 K + 1) of the omitted moments is at most this, at the
        largest alpha; in (0, 1).
    dtype : {float32, float64}, default=float32
        Of the vectors T_k(S) e_j. float32 adds an error of about 1e-7 of R_jj.

    Returns
    -------
    ndarray of shape (n_alphas, n_chosen, n_columns), float64
        Non-negative.

    Raises
    ------
    InvalidInputError
        If a node or an alpha is out of range, a node appears twice, or Y does not fit the graph.

    Notes
    -----
    Cost: K products of S with n_chosen + n_columns vectors, and K products of n_chosen by
    n_chosen + n_columns inner products; K is about 1.7 / sqrt(1 - alpha) at the largest alpha and
    the default `tol`. Memory: two arrays of n_nodes x (n_chosen + n_columns).

    References
    ----------
    See :func:`fewlabels.systems.spreading_block`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.systems import spreading_left_out
    >>> path = Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1))
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> spreading_left_out(path, [0, 2], Y, [0.5], tol=1e-6).round(3)
    array([[[0.   , 0.083],
            [0.083, 0.   ]]])
    """
    chosen, values = checked(graph, nodes, alphas)
    if len(np.unique(chosen)) < len(chosen):
        raise InvalidInputError("nodes must hold each node at most once.")
    if Y.ndim != 2 or len(Y) != graph.n_nodes or not (np.isfinite(Y) & (Y >= 0)).all():
        raise InvalidInputError(
            f"Y must hold finite, non-negative numbers, a row for each of the {graph.n_nodes} "
            f"nodes; got shape {Y.shape}."
        )
    tol = check_real("tol", tol, above=0, below=1)
    m, n_columns = len(chosen), Y.shape[1]
    if len(values) == 0 or m == 0:
        return np.zeros((len(values), m, n_columns))
    kind = np.dtype(dtype)
    own = Y[chosen]
    rest = Y.copy()
    rest[chosen] = 0
    shared = np.flatnonzero(rest.any(axis=0))
    size = float(rest.max(initial=0)) or 1.0
    order = locality(graph)
    rows = places_in(order)[chosen]
    start = np.zeros((graph.n_nodes, m + len(shared)), dtype=kind)
    start[rows, np.arange(m)] = 1
    start[:, m:] = rest[:, shared][order] / size
    del rest
    t = values / (1 + np.sqrt(1 - values**2))
    n_steps = _n_steps(float(t.max()), tol)
    response = sum_of_moments(normalized(graph, order, kind), start, rows, values, n_steps)
    np.maximum(response, 0, out=response)  # of entries near 0, rounding
    among = response[:, :, :m]
    among[:, np.arange(m), np.arange(m)] = 0
    result = among @ own
    result[:, :, shared] += response[:, :, m:] * size
    return np.asarray(result)


def _n_steps(t: float, tol: float) -> int:
    """Least K with t^(2 K + 1) <= tol; at least 1."""
    return 1 if t == 0 else max(1, ceil((log(tol) / log(t) - 1) / 2))
