"""The Gaussian field of label spreading: its covariance in columns, sums and samples."""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np
import numpy.typing as npt
from scipy import fft, sparse

from fewlabels._products import multiply_minus
from fewlabels.graph import Graph
from fewlabels.solvers import Weights, rows_of, run_all, shared_blocks
from fewlabels.systems._locality import locality, submatrix

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Columns that are worked on at once: few enough that a block of their rows stays in the cache.
_COLUMNS_AT_ONCE = 32
# Points at which a function is looked at for its Chebyshev coefficients.
_LEAST_SAMPLES = 512


class GaussianField:
    """Scores as a Gaussian random field on a graph, with some of its nodes observed.

    The precision of the field is the matrix of label spreading, to which each observed node l adds
    its own::

        A = L + c D + sum_l e_l e_l' / noise,    L = D - W,  c = (1 - alpha) / alpha,

    and C = A^-1 is its covariance. Without noise, observed nodes are held fixed: their rows and
    columns of C are 0. In the scaled unknowns, C = s (I - N)^-1 s with s = diag(A)^-1/2, and the
    eigenvalues of N lie between -alpha and alpha, however many nodes are observed. A function of
    N is a sum of Chebyshev polynomials,

        f(N) b = sum_k a_k T_k(N / alpha) b,

    whose coefficients shrink by r = alpha / (1 + sqrt(1 - alpha^2)) each; f(x) = 1 / (1 - x)
    gives columns of C, f(x) = (1 - x)^-1/2 its samples. The sum ends when |a_k| <= tol a_0.
    The remainder is small relative to the norm of a column, not of each entry: accurate enough
    for choosing points, but not for predicting. Computed in float32.

    Parameters
    ----------
    graph : Graph
        Sparse.
    alpha : float in (0, 1)
    noise : float, default=0.0
        Variance of an observation, in the unit of C; at least 0.
    tol : float, default=1e-3
        Approximate error of a column, relative to its norm, unless a call asks for another. Near a
        node that is observed later, most of a column cancels, and the error remains.

    Notes
    -----
    Cost of m columns: log(1 / tol) / sqrt(2 (1 - alpha)) products with the weights, O(edges m)
    each; memory 3 n m float32.

    References
    ----------
    X. Zhu, J. Lafferty and Z. Ghahramani, "Semi-supervised learning: from Gaussian fields to
    Gaussian processes", CMU-CS-03-175, 2003. Chebyshev coefficients: J. C. Mason and
    D. C. Handscomb, "Chebyshev Polynomials", 2003, section 5.2.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import GaussianField
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> field = GaussianField(path, alpha=0.9)
    >>> field.columns(np.array([2]), np.array([0])).shape
    (3, 1)
    """

    def __init__(self, graph: Graph, alpha: float, noise: float = 0.0, tol: float = 1e-3) -> None:
        self.n = graph.n_nodes
        self.noise = noise
        self._alpha = alpha
        self._tol = tol
        self._order = locality(graph)
        self._place = np.empty(self.n, dtype=np.intp)
        self._place[self._order] = np.arange(self.n)
        degrees = graph.degrees[self._order]
        # as label spreading has it: an isolated node is tied to the ground alone
        self._diagonal = np.where(degrees > 0, degrees / alpha, 1 / alpha)
        self._scale = 1 / np.sqrt(self._diagonal)
        self._matrix = _scaled(graph, self._order, self._scale, 2 / alpha)
        self._split: dict[int, list[tuple[slice, Weights]]] = {}

    @property
    def response_scale(self) -> FloatArray:
        """s, shape (n,), such that a label at v changes the score of u by s_u C_uv s_v."""
        scale = np.empty(self.n)
        # C has 1 / (c D) for its sums, D being alpha times this diagonal, also where it is isolated
        scale[self._order] = np.sqrt((1 - self._alpha) * self._diagonal)
        return scale

    def columns(
        self, nodes: IntArray, observed: IntArray, *, tol: float | None = None
    ) -> Float32Array:
        """Return the columns of C at `nodes`, given `observed`; shape (n, len(nodes))."""
        B = np.zeros((self.n, len(nodes)), dtype=np.float32)
        B[nodes, np.arange(len(nodes))] = 1
        return self._apply(B, observed, 1.0, tol)

    def apply(
        self, B: npt.NDArray[np.number], observed: IntArray, *, tol: float | None = None
    ) -> Float32Array:
        """Return C B, given `observed`; entries of `B`, of shape (n, m), may have either sign."""
        return self._apply(B, observed, 1.0, tol)

    def samples(self, signs: npt.NDArray[np.number], observed: IntArray) -> Float32Array:
        """Return X with mean X X' = m C, from m independent columns of random signs (n, m)."""
        return self._apply(signs, observed, 0.5, None)

    def _apply(
        self, B: npt.NDArray[np.number], observed: IntArray, power: float, tol: float | None
    ) -> Float32Array:
        """Return C^power B, up to a rotation of the columns where `power` is 1/2."""
        coefficients = series_coefficients(self._alpha, power, self._tol if tol is None else tol)
        at = self._place[observed]
        # with 1 / noise more on the diagonal, N's rows and columns there are so much smaller
        noise = self.noise * self._diagonal[at]
        factors = np.sqrt(noise / (noise + 1)).astype(np.float32)[:, None]
        scale = self._scale.astype(np.float32)[:, None]
        scale[at] *= factors
        result = np.empty(B.shape, dtype=np.float32)
        for start in range(0, B.shape[1], _COLUMNS_AT_ONCE):
            chosen = slice(start, start + _COLUMNS_AT_ONCE)
            b = B[self._order, chosen].astype(np.float32)
            if power == 1.0:
                b *= scale
            total = self._series(b, coefficients, at, factors)
            total *= scale
            result[self._order, chosen] = total
        return result

    def _series(
        self, b: Float32Array, a: FloatArray, at: IntArray, factors: Float32Array
    ) -> Float32Array:
        """Return sum_k a_k T_k(N / alpha) b; T_0 = 1, T_1 = x, T_k+1 = 2 x T_k - T_k-1.

        N is the matrix of no observation with rows and columns `at` times `factors`.
        """
        total = np.float32(a[0]) * b
        now, before = b, np.zeros_like(b)
        blocks = self._blocks(b.shape[1])
        for k in range(1, len(a)):
            first, weight = k == 1, np.float32(a[k])
            held, old, so_far = now[at], before[at], total[at]
            now[at] *= factors

            def block(
                i: int,
                now: Float32Array = now,
                before: Float32Array = before,
                first: bool = first,
                weight: np.float32 = weight,
            ) -> None:
                rows, matrix = blocks[i]
                ahead = before[rows]
                multiply_minus(matrix, now, ahead)  # 2 N / alpha
                if first:
                    ahead *= np.float32(0.5)
                total[rows] += weight * ahead

            run_all(block, len(blocks))
            now[at] = held
            before[at] = (before[at] + old) * factors - old
            total[at] = so_far + weight * before[at]
            now, before = before, now
        return total

    def _blocks(self, n_columns: int) -> list[tuple[slice, Weights]]:
        """The rows of 2 N / alpha in blocks that suit so many columns."""
        if isinstance(self._matrix, np.ndarray):
            return [(slice(0, self.n), self._matrix)]
        if n_columns not in self._split:
            slices = shared_blocks(self.n, n_columns, self._matrix.nnz)
            self._split[n_columns] = [(rows, rows_of(self._matrix, rows)) for rows in slices]
        return self._split[n_columns]


def _scaled(
    graph: Graph, order: npt.NDArray[np.integer], scale: FloatArray, factor: float
) -> Weights:
    """Return `factor` s W s in float32, its rows in `order`."""
    weights = submatrix(graph, order)
    if isinstance(weights, np.ndarray):
        return (factor * scale[:, None] * weights * scale).astype(np.float32)
    data = np.repeat(factor * scale, np.diff(weights.indptr))
    data *= weights.data
    data *= scale[weights.indices]
    return sparse.csr_array(
        (data.astype(np.float32), weights.indices, weights.indptr), shape=weights.shape
    )


def series_coefficients(alpha: float, power: float, tol: float) -> FloatArray:
    """Return as many Chebyshev coefficients of (1 - alpha x)^-power on [-1, 1] as `tol` needs.

    Where power is 1, a_0 = 1 / sqrt(1 - alpha^2) and a_k = 2 a_0 r^k; the square root has no
    closed form, and is sampled at Chebyshev's points.
    """
    root = sqrt(1 - alpha**2)
    rate = alpha / (1 + root)
    n_terms = 1 + ceil(log(tol / 2) / log(rate))
    if power == 1.0:
        a = 2 / root * rate ** np.arange(n_terms)
        a[0] /= 2
        return np.asarray(a)
    n_samples = max(_LEAST_SAMPLES, 4 * n_terms)
    angles = np.pi * (np.arange(n_samples) + 0.5) / n_samples
    values = (1 - alpha * np.cos(angles)) ** -power
    a = np.asarray(fft.dct(values, type=2)) / n_samples
    a[0] /= 2
    return a[: 1 + int(np.flatnonzero(np.abs(a) > tol * a[0])[-1])]
