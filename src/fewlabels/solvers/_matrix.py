"""The matrices of all models here: grounded Laplacians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._products import multiply, multiply_minus
from fewlabels._typing import State
from fewlabels.solvers._threads import run_all, shared_blocks

FloatArray: TypeAlias = npt.NDArray[np.float64]
Weights: TypeAlias = "sparse.csr_array | FloatArray"

_WELL_GROUNDED = 1e-3


# Below this, Chebyshev's recurrence takes rho for this: no step more, and powers of two, which
# leave no rounding where N is 0.
_SMALLEST_RHO = 2.0**-30


@dataclass(frozen=True)
class RowProduct:
    """The product with some rows of N: called with y, it returns (N y)[rows], a new array.

    Attributes
    ----------
    rows : slice
    multiply : callable
        Returns `factor` times that, a new array.
    factor : float
    multiply_minus : callable, default=None
        Called with y and z, lets `factor` times that - z take the place of z.
    """

    rows: slice
    multiply: Callable[[FloatArray], FloatArray]
    factor: float = 1.0
    multiply_minus: Callable[[FloatArray, FloatArray], None] | None = None

    def __call__(self, y: FloatArray) -> FloatArray:
        product = self.multiply(y)
        if self.factor != 1:
            product *= 1 / self.factor
        return product

    def recur(self, factor: float, y: FloatArray, before: FloatArray) -> None:
        """Replace `before`, C-contiguous, by factor (N y)[rows] - before."""
        if factor == self.factor and self.multiply_minus is not None:
            self.multiply_minus(y, before)
            return
        product = self.multiply(y)
        if factor != self.factor:
            product *= factor / self.factor
        np.subtract(product, before, out=before)


class ScaledMatrix(Protocol):
    """I - N, in scaled unknowns: what :class:`ChebyshevIteration` needs of a matrix."""

    @property
    def n(self) -> int:
        """Number of unknowns."""

    @property
    def decay(self) -> float:
        """The eigenvalues of N lie between -(1 - decay) and 1 - decay."""

    @property
    def scale(self) -> FloatArray:
        """X = scale * y, shape (n,); without scaling, a broadcast 1."""

    def products(self, n_columns: int, *, recurrence: bool = False) -> list[RowProduct]:
        """Split the product N y, y of shape (n, n_columns), into blocks of rows.

        With `recurrence`, their `factor` may be ``recurrence_factor``.
        """


def recurrence_factor(matrix: ScaledMatrix) -> float:
    """Return 2 / rho, which N is multiplied by in T_k+1(N / rho) = 2 N / rho T_k - T_k-1."""
    return 2 / largest_eigenvalue(matrix.decay)


def largest_eigenvalue(decay: float) -> float:
    """Return rho, which no eigenvalue of N exceeds, as the recurrence takes it."""
    return max(1 - decay, _SMALLEST_RHO)


def divided(x: FloatArray | float, scale: FloatArray) -> FloatArray | float:
    """Return x / scale for x of shape (n,), or x itself where that is the same."""
    return x / scale if scale.strides != (0,) and np.any(x) else x


class GroundedLaplacian:
    """A = diag(W 1 + g) - W, with symmetric weights W >= 0 and a ground g >= 0.

    Off its diagonal A is never positive, and each row sums to g_i >= 0: A is a symmetric,
    diagonally dominant M-matrix, positive definite where every component has some ground, and
    its inverse is non-negative. Given as (W, g) and not as its entries, it can be eliminated
    without a subtraction, so that small answers are as accurate, relatively, as large ones.

    Parameters
    ----------
    weights : csr_array of shape (n, n), float32 or float64, or ndarray, float64
        W; its diagonal is not used and must be 0. Neither copied nor modified. All sums are
        computed in float64.
    ground : ndarray of shape (n,), float64
        g, how strongly each node is tied to a value from outside. Every component of W must
        have some, or A is singular.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import GroundedLaplacian, PreparedSolver
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> PreparedSolver(A).solve(np.eye(3), tol=1e-6, max_iter=1000).values.round(4)
    array([[0.75, 0.5 , 0.25],
           [0.5 , 1.  , 0.5 ],
           [0.25, 0.5 , 0.75]])
    """

    def __init__(self, weights: Weights, ground: FloatArray) -> None:
        self.weights = weights
        self.ground = ground
        self._products: list[RowProduct] = []
        self._split_for = (0, False)  # how many columns, and whether for a recurrence

    def __getstate__(self) -> State:
        """Leave out all that follows from W and g."""
        state = {"weights": self.weights, "ground": self.ground}
        return state | {"_products": [], "_split_for": (0, False)}

    @property
    def n(self) -> int:
        """Number of unknowns of a right-hand side."""
        return len(self.ground)

    @cached_property
    def diagonal(self) -> FloatArray:
        """The diagonal of A, W 1 + g, shape (n,)."""
        return row_sums(self.weights) + self.ground

    @cached_property
    def scale(self) -> FloatArray:
        """diagonal^-1/2, shape (n,): y = x / scale are the symmetrically scaled unknowns."""
        return np.asarray(1 / np.sqrt(self.diagonal))

    def apply_scaled_weights(self, y: FloatArray) -> FloatArray:
        """Return N y, N = diagonal^-1/2 W diagonal^-1/2; the scaled matrix is I - N."""
        if isinstance(self.weights, np.ndarray):  # a scaled copy would be as large as the graph
            scale = self.scale[:, None]
            return np.asarray(scale * (self.weights @ (scale * y)))
        return multiply(self.scaled_weights, y)

    def products(self, n_columns: int, *, recurrence: bool = False) -> list[RowProduct]:
        """Split the product N y, for y of shape (n, n_columns), into blocks of rows.

        The blocks follow one another and cover all rows. They do not depend on the number of
        cores, so that sums over them, taken in their order, are the same on any machine.

        Parameters
        ----------
        n_columns : int
        recurrence : bool, default=False
            Whether `factor` is to be ``recurrence_factor``, which saves Chebyshev's iteration
            a pass. It is where a `well_grounded` sparse matrix has several blocks. Ask for these
            products first: products without the factor then use the same matrix, as long as there
            is no other.
        """
        held = self.__dict__
        recurrence |= "_recurrence_weights" in held and "scaled_weights" not in held
        if (n_columns, recurrence) != self._split_for:
            self._products = self._split(n_columns, recurrence)
            self._split_for = (n_columns, recurrence)
        return self._products

    def _split(self, n_columns: int, recurrence: bool) -> list[RowProduct]:
        if isinstance(self.weights, np.ndarray):  # its products share the cores themselves
            return [RowProduct(slice(0, self.n), self.apply_scaled_weights)]
        blocks = shared_blocks(self.n, n_columns, self.weights.nnz)
        if recurrence and self.well_grounded and len(blocks) > 1:  # where a pass would be felt
            factor, entries = recurrence_factor(self), self._recurrence_weights
        else:
            factor, entries = 1.0, self.scaled_weights
        return [_row_product(entries, rows, factor) for rows in blocks]

    @cached_property
    def _recurrence_weights(self) -> sparse.csr_array:
        """recurrence_factor N as a CSR matrix; used in place of N where it is asked for first."""
        root = np.sqrt(recurrence_factor(self))
        return scaled_both_ways(sparse.csr_array(self.weights), root * self.scale)

    @cached_property
    def scaled_weights(self) -> sparse.csr_array:
        """N as a CSR matrix."""
        return scaled_both_ways(sparse.csr_array(self.weights), self.scale)

    def dense_scaled_weights(self) -> FloatArray:
        """N as a new dense array."""
        if isinstance(self.weights, np.ndarray):
            return np.asarray(self.scale[:, None] * self.weights * self.scale)
        return np.asarray(self.scaled_weights.toarray())

    @cached_property
    def decay(self) -> float:
        """A lower bound of the smallest eigenvalue of the scaled matrix: min g_i / diagonal_i."""
        return float(np.min(self.ground / self.diagonal, initial=1.0))

    @property
    def well_grounded(self) -> bool:
        """Whether each node's ground is at least a thousandth of its diagonal.

        The condition number is then known to be small, whatever the weights.
        """
        return self.decay >= _WELL_GROUNDED

    def restrict(self, keep: npt.NDArray[np.bool_]) -> tuple[GroundedLaplacian, Weights]:
        """Hold the other nodes' values fixed.

        Parameters
        ----------
        keep : ndarray of shape (n,), bool
            The nodes that stay unknown.

        Returns
        -------
        matrix : GroundedLaplacian
            A among the kept nodes; the weights to the others become ground.
        boundary : {csr_array, ndarray} of shape (n_kept, n - n_kept)
            Weights to the others: fixed values x add `boundary @ x` to the right-hand side.
        """
        rows = in_float64(self.weights[keep])
        boundary = rows[:, ~keep]
        return (
            GroundedLaplacian(rows[:, keep], self.ground[keep] + row_sums(boundary)),
            boundary,
        )


def _row_product(entries: sparse.csr_array, rows: slice, factor: float) -> RowProduct:
    block = rows_of(entries, rows)
    return RowProduct(rows, partial(multiply, block), factor, partial(multiply_minus, block))


def rows_of(matrix: sparse.csr_array, rows: slice) -> sparse.csr_array:
    """Take some rows without copying their entries.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from fewlabels.solvers import rows_of
    >>> rows_of(sparse.csr_array(np.diag([1.0, 2.0, 3.0])), slice(1, 3)).toarray()
    array([[0., 2., 0.],
           [0., 0., 3.]])
    """
    starts = matrix.indptr[rows.start : rows.stop + 1]
    entries = slice(starts[0], starts[-1])
    data, indices = matrix.data[entries], matrix.indices[entries]
    shape = (rows.stop - rows.start, matrix.shape[1])
    block = sparse.csr_array((data, indices, starts - starts[0]), shape=shape)
    # SciPy has copied what it takes for a small piece of a large array.
    block.data, block.indices = data, indices
    return block


def scaled_both_ways(matrix: sparse.csr_array, scale: FloatArray) -> sparse.csr_array:
    """Return diag(scale) `matrix` diag(scale) in float64, with the same index arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> from fewlabels.solvers import scaled_both_ways
    >>> W = sparse.csr_array([[0.0, 1.0], [1.0, 0.0]])
    >>> scaled_both_ways(W, np.array([2.0, 3.0])).toarray()
    array([[0., 6.],
           [6., 0.]])
    """
    data = np.empty(matrix.nnz)
    blocks = shared_blocks(matrix.shape[0], 1, matrix.nnz)

    def block(k: int) -> None:
        rows = blocks[k]
        starts = matrix.indptr[rows.start : rows.stop + 1]
        entries = slice(starts[0], starts[-1])
        scaled = data[entries]
        scaled[:] = np.repeat(scale[rows], np.diff(starts))
        scaled *= matrix.data[entries]
        scaled *= scale[matrix.indices[entries]]

    run_all(block, len(blocks))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def in_float64(weights: sparse.csr_array | npt.NDArray[np.floating]) -> Weights:
    """Weights in float64; the same arrays where they are float64 already.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.solvers import in_float64
    >>> in_float64(np.ones((2, 2), dtype=np.float64)).dtype
    dtype('float64')
    """
    if isinstance(weights, np.ndarray):
        return weights.astype(np.float64, copy=False)
    data = weights.data.astype(np.float64, copy=False)
    return sparse.csr_array((data, weights.indices, weights.indptr), shape=weights.shape)


def row_sums(weights: Weights) -> FloatArray:
    """Sum of each row in float64, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import row_sums
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> row_sums(path.affinity)
    array([1., 2., 1.])
    """
    if isinstance(weights, np.ndarray):
        return np.asarray(weights.sum(axis=1, dtype=np.float64))
    # A sparse sum is taken in the weights' own precision, whatever dtype it is asked for.
    return np.asarray(in_float64(weights) @ np.ones(weights.shape[1]))
