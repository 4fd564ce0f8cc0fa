"""The graph as a kernel: the covariance of a Gaussian field, by what labels do to one another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.graph import Graph
from fewlabels.solvers import Answer, Callback, Method
from fewlabels.systems import HarmonicSystem, require_square

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Columns that are solved for at once, and how exactly: shares of labels, off by at most so much.
_BLOCK, _TOL, _MOST_ITERATIONS = 64, 1e-3, 100_000
# The field is tied to its level by this share of what ties a label to the others: components that
# no edge joins, or hardly any, then differ by a known amount.
_TIE = 1e-3


class GraphKernel:
    """Covariance of the field p(f) ~ exp(-f' L f / 2), given its values at labelled points.

    Elsewhere the field is the harmonic function of these values, plus a field that is 0 at the
    labels. So the kernel of point i with the labelled ones is R_i K, R being the response of
    harmonic functions, and K = (Sigma + c I)^-1 with the Laplacian Sigma of the labelled points,
    from which all others are eliminated.

    Parameters
    ----------
    graph : Graph
    nodes : ndarray of int, shape (n_labelled,)
    solver : {"auto", "sweeps", "cg", "direct"}

    Attributes
    ----------
    gram : ndarray of shape (n_labelled, n_labelled)
        K, in units of half the median squared difference between two labelled points.

    Notes
    -----
    Cost: n_labelled columns of a harmonic function, once: 2 s at 20,000 points and 100 labels.
    """

    def __init__(self, graph: Graph, nodes: IntArray, solver: Method) -> None:
        self._graph, self.nodes, self._method = graph, nodes, solver
        self._mask = np.zeros(graph.n_nodes, dtype=bool)
        self._mask[nodes] = True
        self._system: HarmonicSystem | None = None
        laplacian = self._eliminated()
        tie = _TIE * float(np.diagonal(laplacian).mean()) or 1.0
        kernel = np.asarray(np.linalg.inv(laplacian + tie * np.eye(len(nodes))), np.float64)
        self._unit = _usual_variance(kernel)
        self.gram: FloatArray = (kernel + kernel.T) / (2 * self._unit)

    def extended(
        self, values: FloatArray, *, tol: float, max_iter: int, callback: Callback | None = None
    ) -> tuple[FloatArray, Answer]:
        """The harmonic function of values at the labelled points; 0 where none reaches.

        Parameters
        ----------
        values : ndarray of shape (n_labelled,)
        tol : float
            No value is off by more than this share of their range.
        max_iter, callback
            As :meth:`fewlabels.systems.HarmonicSystem.solve`.

        Returns
        -------
        field : ndarray of shape (n_nodes,)
        answer : Answer
            Of its two columns: where in the range each point lies, and what is left of it.
        """
        low, span = float(values.min()), float(np.ptp(values)) or 1.0
        shares = (values - low) / span
        Y = np.zeros((self._graph.n_nodes, 2))
        Y[self.nodes] = np.column_stack([shares, 1 - shares])
        answer = self._the_system().solve(Y, tol=tol, max_iter=max_iter, callback=callback)
        found = answer.scores
        totals = found.sum(axis=1)
        field = np.divide(found[:, 0], totals, out=np.zeros(len(found)), where=totals > 0)
        return np.where(totals > 0, low + span * field, 0), answer

    def rows(
        self, V: FloatArray, *, tol: float, max_iter: int
    ) -> tuple[FloatArray, FloatArray, bool]:
        """Kernels of v' f with the labelled points and with itself, for the columns v of `V`.

        Parameters
        ----------
        V : ndarray of shape (n_nodes, n_columns)
            Non-negative.
        tol, max_iter
            As :meth:`fewlabels.systems.HarmonicSystem.responses`.

        Returns
        -------
        rows : ndarray of shape (n_columns, n_labelled)
        own : ndarray of shape (n_columns,)
            Where no label reaches, what labelled points have in the mean.
        converged : bool
        """
        met, beyond, converged = self._the_system().responses(V, tol=tol, max_iter=max_iter)
        rows = met.T @ self.gram
        own = np.einsum("ij,ij->i", rows, met.T) + beyond / self._unit
        unmet = ~met.any(axis=0)
        own[unmet] = np.diagonal(self.gram).mean()
        return rows, own, converged

    def _eliminated(self) -> FloatArray:
        """Sigma = L_ll - L_lu L_uu^-1 L_ul: off its diagonal a sum of numbers of one sign."""
        n = len(self.nodes)
        require_square(n)
        outward = self._graph.affinity[self.nodes]
        weights = np.empty((n, n))
        for block in row_blocks(n, _BLOCK):
            places = np.arange(n)[block]
            Y = np.zeros((self._graph.n_nodes, len(places) + 1))
            Y[self.nodes, -1] = 1  # the other labels, so that rows sum to 1 and are checked
            Y[self.nodes[places]] = np.eye(len(places), len(places) + 1)
            answer = self._the_system().solve(Y, tol=_TOL, max_iter=_MOST_ITERATIONS)
            weights[:, block] = outward @ answer.scores[:, :-1]
        weights = (weights + weights.T) / 2
        np.fill_diagonal(weights, 0)
        return np.asarray(np.diag(weights.sum(axis=1)) - weights)

    def _the_system(self) -> HarmonicSystem:
        if self._system is None:  # a pickle leaves it out
            self._system = HarmonicSystem(self._graph, self._mask, self._method)
        return self._system

    def __getstate__(self) -> dict[str, object]:
        """Leave out the system: it is as large as the graph, and follows from it."""
        return self.__dict__ | {"_system": None}


def _usual_variance(kernel: FloatArray) -> float:
    """Half the median squared difference between two points; of one, its variance."""
    if len(kernel) == 1:
        return float(kernel[0, 0])
    own = np.diagonal(kernel)
    halves = (own[:, None] + own) / 2 - kernel
    return float(np.median(halves[np.triu_indices(len(kernel), 1)]))
