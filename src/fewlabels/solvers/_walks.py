"""Random walks from labelled nodes: when they are mixed, and where they have been until then."""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np
from scipy.fft import dct

from fewlabels.solvers._centred import Components
from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian, RowProduct
from fewlabels.solvers._threads import run_all

# The paper's iteration takes so many steps before it asks whether the walk is mixed.
_FEWEST_STEPS = 50
# What is left out of the polynomial, relative to the whole: what single steps lose by rounding.
_LEFT_OUT = 1e-10


def mixing_time(
    matrix: GroundedLaplacian, components: Components, starts: FloatArray, max_steps: int
) -> tuple[int, bool]:
    """Count the steps until the distribution of a walk is close to its limit.

    With p_0 the starting distribution and p_{t+1} = W D^-1 p_t, the first t of at least 50 with

        max_i |p_t,i - pinf_i| <= 1 / n,

    pinf being proportional to the degrees in each component, with the share of its starts.

    Parameters
    ----------
    matrix : GroundedLaplacian
        Without ground; its n nodes all have neighbours.
    components : Components
    starts : ndarray of shape (n,)
        Non-negative, of any scale.
    max_steps : int

    Returns
    -------
    n_steps : int
    mixed : bool
        Whether that was reached. Walks on a bipartite graph, such as a path, never mix.

    References
    ----------
    Calder, Cook, Thorpe, Slepcev, "Poisson learning", ICML 2020, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import rbf_graph
    >>> from fewlabels.solvers import Components, GroundedLaplacian, mixing_time
    >>> graph = rbf_graph([[0.0], [1.0], [2.0]], gamma=0.5)
    >>> L = GroundedLaplacian(graph.affinity, np.zeros(3))
    >>> component = Components(np.zeros(3, dtype=int), graph.degrees)
    >>> mixing_time(L, component, np.array([1.0, 0.0, 0.0]), max_steps=1000)
    (50, True)
    """
    n = len(starts)
    total = float(starts.sum())
    if total == 0:
        return min(_FEWEST_STEPS, max_steps), True
    p = starts / total
    shares = (components.sums(p) / components.volumes)[components.labels]
    limit = shares * components.degrees
    root = np.sqrt(components.degrees)
    q, q_limit = (p / root)[:, None], limit / root
    products = matrix.products(1)
    for step in range(1, max_steps + 1):
        q = _product(products, q)
        if step >= _FEWEST_STEPS and (np.abs(q[:, 0] - q_limit) * root).max() <= 1 / n:
            return step, True
    return max_steps, False


def walk(matrix: GroundedLaplacian, B: FloatArray, n_steps: int) -> FloatArray:
    """Return u_T, T = `n_steps`, of u_0 = 0, u_{t+1} = u_t + D^-1 (B - L u_t) = P u_t + D^-1 B.

    u_T = (I + P + ... + P^(T-1)) D^-1 B, P = D^-1 W, is a polynomial of degree T - 1 in P. Of its
    Chebyshev coefficients all but the first sqrt(2 T log(2 / delta)) or so are below delta = 1e-10
    of the whole: long walks in few products.

    Parameters
    ----------
    matrix : GroundedLaplacian
        Without ground.
    B : ndarray of shape (n, m)
    n_steps : int

    Returns
    -------
    ndarray of shape (n, m)

    Notes
    -----
    Cost: min(T, 7 sqrt(T)) products with W, O(edges m) each.

    References
    ----------
    S. Sachdeva, N. Vishnoi, "Faster algorithms via approximation theory" (2014), section 3 (powers
    in few Chebyshev polynomials).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import GroundedLaplacian, walk
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> L = GroundedLaplacian(path.affinity, np.zeros(3))
    >>> walk(L, np.array([[1.0], [0.0], [-1.0]]), n_steps=1).ravel().round(6) + 0.0
    array([ 1.,  0., -1.])
    """
    scale = matrix.scale[:, None]
    b = B * scale
    products = matrix.products(b.shape[1])
    n_terms = ceil(sqrt(2 * n_steps * log(2 / _LEFT_OUT))) + 1
    if n_terms >= n_steps:
        y = np.zeros_like(b)
        for _ in range(n_steps):
            y = _product(products, y) + b
        return np.asarray(y * scale)
    coefficients = _coefficients(n_steps)[:n_terms]
    before, now = b, _product(products, b)
    y = coefficients[0] * before + coefficients[1] * now
    for coefficient in coefficients[2:]:

        def block(
            k: int,
            factor: float = coefficient,
            before: FloatArray = before,
            now: FloatArray = now,
        ) -> None:
            rows = products[k].rows
            after = before[rows]  # the place of the one before
            products[k].recur(2, now, after)
            y[rows] += factor * after

        run_all(block, len(products))
        before, now = now, before
    return np.asarray(y * scale)


def diffusion(matrix: GroundedLaplacian, u: FloatArray, B: FloatArray, n_steps: int) -> FloatArray:
    """Return u after `n_steps` of u <- u - dt (L u - B), dt = 1 / max d.

    Parameters
    ----------
    matrix : GroundedLaplacian
        Without ground.
    u, B : ndarray of shape (n, m)
        Not modified.
    n_steps : int

    Returns
    -------
    ndarray of shape (n, m)

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import GroundedLaplacian, diffusion
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.zeros(3))
    >>> diffusion(A, np.array([[1.0], [0.0], [0.0]]), np.zeros((3, 1)), n_steps=1).ravel()
    array([0.5, 0.5, 0. ])
    """
    degrees = matrix.diagonal[:, None]
    dt = 1 / degrees.max()
    y, b = u / matrix.scale[:, None], B * (dt / matrix.scale[:, None])
    products, turn = matrix.products(u.shape[1]), dt * degrees
    for _ in range(n_steps):  # of D^1/2 u: L is D^1/2 (I - N) D^1/2
        new = np.empty_like(y)

        def block(k: int, y: FloatArray = y, new: FloatArray = new) -> None:
            rows = products[k].rows
            moved = products[k](y)
            moved -= y[rows]
            moved *= turn[rows]
            moved += y[rows]
            moved += b[rows]
            new[rows] = moved

        run_all(block, len(products))
        y = new
    return np.asarray(y * matrix.scale[:, None])


def _coefficients(n_steps: int) -> FloatArray:
    """Chebyshev coefficients of 1 + x + ... + x^(T-1), by interpolation, which is exact."""
    x = np.cos(np.pi * (np.arange(n_steps) + 0.5) / n_steps)
    far = np.abs(1 - x) > 1e-3
    # near 1, where the closed form cancels: expm1 of T log x, over x - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(
            far, (1 - x**n_steps) / (1 - x), np.expm1(n_steps * np.log(np.abs(x))) / (x - 1)
        )
    coefficients = np.asarray(dct(values, type=2)) / n_steps
    coefficients[0] /= 2
    return coefficients


def _product(products: list[RowProduct], y: FloatArray) -> FloatArray:
    result = np.empty_like(y)

    def block(k: int) -> None:
        result[products[k].rows] = products[k](y)

    run_all(block, len(products))
    return result
