"""The members of the recommended regressor, fitted: what they say of all points, how surely."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fewlabels._progress import iteration_progress
from fewlabels._rows import row_blocks
from fewlabels.graph import Graph
from fewlabels.models._kernels import Placed
from fewlabels.models._number_members import FeatureKernels, GraphKernel, NumberMixture
from fewlabels.models._solver_settings import SolverSettings
from fewlabels.models._targets import KnownNumbers
from fewlabels.models._warnings import warn_unconverged
from fewlabels.solvers import Method
from fewlabels.systems import relative_trust

FloatArray = npt.NDArray[np.float64]
Points = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

# Labels that it is taught by, at most: decompositions grow with their cube.
_MOST_LABELS = 1_000
# Points whose standard deviation is solved for at once, by numbers of the block.
_MOST_COLUMNS, _BLOCK_NUMBERS = 64, 8_000_000


class FittedNumbers:
    """Members weighed by the labels left out, and what they say together, as numbers.

    Parameters
    ----------
    graph : Graph
    numbers : KnownNumbers
    plain : ndarray of shape (n_samples, n_dimensions), or None
        The features; None: they are not known, or the points are too many.
    settings : dict
        ``solver``, ``tol``, ``max_iter`` and ``verbose``, as of
        :class:`fewlabels.FewLabelsRegressor`.

    Attributes
    ----------
    mixture : NumberMixture
    nodes : ndarray of int
        The labelled points that are learned from, ascending.
    reached : ndarray of shape (n_samples,), bool
    answer : Answer
        Of the solve on the graph.
    """

    def __init__(
        self, graph: Graph, numbers: KnownNumbers, plain: Points | None, settings: SolverSettings
    ) -> None:
        nodes = numbers.nodes
        if len(nodes) > _MOST_LABELS:
            nodes = nodes[np.linspace(0, len(nodes) - 1, _MOST_LABELS).astype(np.intp)]
        weights = numbers.weights_at(nodes)
        shares = numbers.shares(numbers.values[nodes])
        self._mean = float(np.average(shares, weights=weights))
        self._deviation = float(np.average((shares - self._mean) ** 2, weights=weights) ** 0.5)
        self._deviation = self._deviation or 1.0
        self._centred = (shares - self._mean) / self._deviation
        self._numbers, self._plain, self.nodes = numbers, plain, nodes
        features = None if plain is None else FeatureKernels(plain, nodes, self._centred)
        solver: Method = "auto" if settings["solver"] == "chebyshev" else settings["solver"]
        kernel = GraphKernel(graph, nodes, solver)
        self.mixture = NumberMixture(kernel, features, self._centred, relative_trust(weights))
        self.reached = graph.reached_from(numbers.labelled)
        tol, most = settings["tol"], settings["max_iter"]
        with iteration_progress(settings["verbose"], most) as callback:
            self._on_graph, self.answer = kernel.extended(
                self.mixture.on_graph, tol=tol, max_iter=most, callback=callback
            )

    def values(self, unread: IntArray) -> np.ndarray:
        """Numbers of the fitted points; the mean of the labels of those that are `unread`."""
        found = self._on_graph + self.mixture.on_features(None)
        found[unread] = 0
        return self._as_numbers(found)

    def of_new(self, placed: Placed, plain: Points | None, unread: IntArray) -> np.ndarray:
        """Numbers of new points.

        Parameters
        ----------
        placed : Placed
            Beside the fitted ones.
        plain : ndarray of shape (n_queries, n_dimensions), or None
            Their features.
        unread : ndarray of int
            Of which nothing is known.
        """
        reached = self.reached.astype(np.float64)
        votes = placed.votes(np.column_stack([self._on_graph * reached, reached]))
        near = votes[:, 1]
        found = np.divide(votes[:, 0], near, out=np.zeros(len(near)), where=near > 0)
        if plain is not None:
            found = found + self.mixture.on_features(plain)
        found[unread] = 0
        return self._as_numbers(found)

    def deviations(
        self,
        n_points: int,
        columns: Callable[[slice], FloatArray],
        plain: Points | None,
        *,
        tol: float,
        max_iter: int,
    ) -> FloatArray:
        """Standard deviations of what labels might be, in blocks of points.

        Parameters
        ----------
        n_points : int
        columns : callable
            Where some of the points are on the graph, shape (n_samples, n_some): weights of the
            fitted points that sum to 1, or 0.
        plain : ndarray of shape (n_points, n_dimensions), or None
        tol, max_iter
            As of the solves.

        Returns
        -------
        ndarray of shape (n_points,)
            Infinity where neither a label nor features reach.
        """
        std = np.zeros(n_points)
        if self._numbers.span == 0:
            return std
        unit = self._numbers.span * self._deviation
        at_once = max(1, min(_MOST_COLUMNS, _BLOCK_NUMBERS // len(self.reached)))
        for block in row_blocks(n_points, at_once):
            V = columns(block)
            features = None if plain is None else plain[block]
            rows, converged = self.mixture.rows(V, features, tol=tol, max_iter=max_iter)
            if not converged:
                warn_unconverged("standard deviations", max_iter, tol)
            found = unit * np.sqrt(self.mixture.variances(rows, self._centred))
            if plain is None:
                found[~V[self.reached].any(axis=0)] = np.inf
            std[block] = found
        return std

    def shares_at(self, node: int, *, tol: float, max_iter: int) -> tuple[FloatArray, float]:
        """How much each label counts at a fitted point, (n_labelled,), and what they come to."""
        V = np.zeros((len(self.reached), 1))
        V[node] = 1
        plain = None if self._plain is None else self._plain[[node]]
        rows, _ = self.mixture.rows(V, plain, tol=tol, max_iter=max_iter)
        found = self.mixture.shares(rows)
        shares = np.zeros(len(self._numbers.nodes))
        shares[np.searchsorted(self._numbers.nodes, self.nodes)] = found[0]
        return shares, float(self._in_range(found @ self._centred)[0])

    def left_out(self) -> FloatArray:
        """The number of each label in `nodes` as the others have it."""
        return self._in_range(self.mixture.left_out)

    def _as_numbers(self, centred: FloatArray) -> np.ndarray:
        """What the members say about their level, as numbers."""
        found = self._in_range(centred + self.mixture.level)
        return found.astype(self._numbers.dtype, copy=False)

    def _in_range(self, centred: FloatArray) -> FloatArray:
        limit = float(np.finfo(self._numbers.dtype).max)
        with np.errstate(over="ignore"):
            found = self._numbers.numbers(self._mean + self._deviation * centred)
        return np.clip(found, -limit, limit)
