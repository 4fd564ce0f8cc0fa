"""The system of label spreading on a graph on disk, whose rows are read in every step."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import inf
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import GraphFileError
from fewlabels.graph import DiskGraph
from fewlabels.solvers._chebyshev import ChebyshevIteration
from fewlabels.solvers._matrix import FloatArray, RowProduct, ScaledMatrix
from fewlabels.solvers._peers import Alone, Peers
from fewlabels.solvers._solution import Accuracy, Solution
from fewlabels.solvers._threads import run_all

BoolArray = npt.NDArray[np.bool_]


class AppliedMatrix(ScaledMatrix, Protocol):
    """I - N, with products for whole vectors as well."""

    def apply(self, y: FloatArray) -> FloatArray:
        """Return N y, shape (n, m)."""


class StreamedLaplacian:
    """I - N with N = alpha D^-1 W, D the degrees: G = N G + b, for a graph on disk.

    Divided by its diagonal, D / alpha, the grounded Laplacian L + (1 - alpha) / alpha D is this. N
    is similar to the symmetric alpha D^-1/2 W D^-1/2: it has the same eigenvalues, between
    -alpha and alpha. Unlike that, it takes no vector of scales: a row is divided by its own
    degree, which is read with it. And N 1 <= alpha, so that no row is farther from the answer
    than the largest residual divided by 1 - alpha.

    A product reads every row once, in blocks that all cores share. Besides the vectors, it needs
    memory for one block per core. Rows are the same to the last bit, whatever the blocks
    and the number of cores.

    Parameters
    ----------
    graph : DiskGraph
    alpha : float in (0, 1)
    active : ndarray of shape (n,), bool, default=None
        The unknown rows, if not all are: N has zeros in the rows and columns of the others.
        (Vectors must be 0 there.)
    on_product : callable, default=None
        Called whenever a product begins, in any thread.

    Notes
    -----
    A ``ScaledMatrix`` whose `scale` is 1: vectors are in the unknowns of the rows.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.solvers import StreamedLaplacian
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> matrix = StreamedLaplacian(open_graph(folder), alpha=0.5)
    >>> matrix.apply(np.array([[1.0], [0.0], [0.0]])).ravel()  # N y
    array([0.  , 0.25, 0.  ])
    """

    def __init__(
        self,
        graph: DiskGraph,
        alpha: float,
        active: BoolArray | None = None,
        on_product: Callable[[], object] | None = None,
    ) -> None:
        self.graph = graph
        self.alpha = alpha
        self.active = active
        self.n = graph.n_nodes
        self.decay = 1 - alpha
        self.scale = np.broadcast_to(np.float64(1), self.n)  # takes no memory
        self._on_product = on_product
        self._products = [
            RowProduct(rows, partial(self._multiply, rows)) for rows in graph.row_blocks()
        ]

    def products(self, n_columns: int, *, recurrence: bool = False) -> list[RowProduct]:
        """Split the product N y into blocks of rows, whatever the arguments."""
        return self._products

    def apply(self, y: FloatArray) -> FloatArray:
        """Return N y, shape (n, m)."""
        result = np.empty(y.shape)

        def block(k: int) -> None:
            product = self._products[k]
            result[product.rows] = product(y)

        run_all(block, len(self._products))
        return result

    def residual_ratios(self, b: FloatArray, x: FloatArray) -> FloatArray:
        """Return |B - A X| / |B| of each column, shape (m,); 0 for a zero column.

        In the Euclidean norm, with A = D / alpha (I - N) and B = D / alpha b, as for a graph in
        memory. The degrees of isolated nodes count as 1.
        """
        n_blocks = len(self._products)

        def block(k: int) -> tuple[FloatArray, FloatArray]:
            product = self._products[k]
            rows = product.rows
            weights = self.safe_degrees(rows)[:, None]
            left = product(x)
            left -= x[rows]
            left += b[rows]
            left *= weights
            given = b[rows] * weights
            return np.einsum("ij,ij->j", left, left), np.einsum("ij,ij->j", given, given)

        squares = np.sqrt(np.sum(run_all(block, n_blocks), axis=0))
        left, given = squares
        return np.asarray(np.divide(left, given, out=left.copy(), where=given > 0))

    def safe_degrees(self, rows: slice) -> FloatArray:
        """Degrees of some rows, from the disk, with 1 in place of 0."""
        degrees = self.graph.node_values("degrees", rows)
        degrees[degrees == 0] = 1
        return degrees

    def _multiply(self, rows: slice, y: FloatArray) -> FloatArray:
        if rows.start == 0 and self._on_product is not None:
            self._on_product()
        result = self.graph.weighted_sums(rows, y)
        factors = self.alpha / self.safe_degrees(rows)
        if self.active is not None:
            factors[~self.active[rows]] = 0
        result *= factors[:, None]
        if not np.isfinite(result).all():
            raise GraphFileError(
                f"rows {rows.start} to {rows.stop - 1} of the graph in {self.graph.path} give "
                "no numbers: its weights are damaged. Write the graph again."
            )
        return result


class RowIteration(ABC):
    """Chebyshev's iteration in the unknowns of the rows, for columns that are solved separately.

    Attributes
    ----------
    peers : Peers
        Those who hold the other rows, if there are any.
    """

    peers: Peers = Alone()

    @abstractmethod
    def matrix(self, active: BoolArray | None = None) -> AppliedMatrix:
        """Return the matrix of the `active` rows; None is all."""

    @abstractmethod
    def looked(self, n_iter: int, error: float) -> None:
        """Take note of the error of the worst row; infinity at the beginning, with no step."""

    def solve(
        self,
        b: FloatArray,
        *,
        tol: float,
        max_iter: int,
        active: BoolArray | None = None,
        other_totals: FloatArray | float = 0.0,
        x0: FloatArray | None = None,
    ) -> Solution:
        """Solve (I - N) G = b for the active rows, row by row to `tol`.

        Parameters
        ----------
        b, x0 : ndarray of shape (n, m)
            0 in the rows that are not active. `x0` is used up; the memory of `b` is used
            meanwhile, and holds the same again at the end.
        tol : float
        max_iter : int
        active : ndarray of shape (n,), bool, default=None
        other_totals : ndarray of shape (n,), default=0.0
            What a row holds in other columns; must be above 0 in the rows that are not active.
        """
        self.looked(0, inf)
        accuracy = Accuracy(tol, max_iter, other_totals, callback=self.looked)
        iteration = ChebyshevIteration(self.matrix(active), self.peers)
        found = iteration.solve(b, accuracy, x0, overwrite_x0=True, borrow_b=True)
        if active is None:
            return found
        return replace(found, trusted=found.trusted & active)

    def anywhere(self, mask: BoolArray) -> bool:
        """Tell whether `mask` holds in a row of anybody."""
        return self.peers.maximum(float(mask.any())) > 0


class StreamedIteration(RowIteration):
    """Chebyshev's iteration on a graph on disk, which reports every step.

    As :class:`ChebyshevIteration`, with its stopping rule, for columns that are solved for apart.

    Parameters
    ----------
    graph : DiskGraph
    alpha : float in (0, 1)
    callback : callable, default=None
        Called in every step with the number of steps of this object so far, and the error of the
        worst row when it was looked at last; infinity before.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.solvers import StreamedIteration
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> iteration = StreamedIteration(open_graph(folder), alpha=0.5)
    >>> b = np.array([[1.0], [0.0], [0.0]])
    >>> found = iteration.solve(b, tol=1e-9, max_iter=1000)
    >>> found.values.ravel().round(3)
    array([1.167, 0.333, 0.167])
    """

    def __init__(
        self,
        graph: DiskGraph,
        alpha: float,
        callback: Callable[[int, float], None] | None = None,
    ) -> None:
        self.graph = graph
        self.alpha = alpha
        self._callback = callback
        self._lock = threading.Lock()
        self._n_steps, self._error = 0, inf

    def matrix(self, active: BoolArray | None = None) -> StreamedLaplacian:
        """Return the matrix of the `active` rows; None is all."""
        return StreamedLaplacian(self.graph, self.alpha, active, self._tell)

    def looked(self, n_iter: int, error: float) -> None:
        """Keep the error for what is told of the next step."""
        self._error = error

    def _tell(self) -> None:
        with self._lock:
            self._n_steps += 1
        if self._callback is not None:
            self._callback(self._n_steps, self._error)
