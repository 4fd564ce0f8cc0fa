"""Gaussian processes and a forest, weighed by what they say of labels left out."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels._threads import one_blas_thread
from fewlabels.models._forest import Forest
from fewlabels.models._number_members.feature_kernels import (
    LINEAR,
    NEARBY,
    SMOOTH,
    FeatureKernels,
    Points,
)
from fewlabels.models._number_members.graph_kernel import GraphKernel
from fewlabels.systems import KernelRidge, Kriging

FloatArray = npt.NDArray[np.float64]

GRAPH, FOREST = "graph", "forest"
# Each member's kernel is the mean of these.
_ON_FEATURES = ((LINEAR,), (NEARBY, LINEAR), (SMOOTH, LINEAR))
_ON_GRAPH, _ON_BOTH = (GRAPH,), (GRAPH, LINEAR)
# The noise of a label, in units of the kernel.
_GROUNDS = (0.03, 0.1, 0.3, 1.0, 4.0)
# Members that count for less are left out.
_LEAST_WEIGHT = 1e-3
# Up to so many labels, decompositions are small.
_FEW_LABELS = 500
# Numbers of kernels that are held at once.
_BLOCK_NUMBERS = 4_000_000
# The scale of each member is fitted to labels left out, so that variances come out too small by
# about this over their number.
_TOO_SMALL = 4.0
# No variance of labels left out, of variance 1, is taken for less.
_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True)
class _Member:
    """A Gaussian process: its kernel, the mean of some, and what the labels make of it."""

    kernels: tuple[str, ...]
    kriging: Kriging
    coefficients: FloatArray
    scale: float  # sigma^2
    weight: float

    def part(self, name: str) -> float:
        """How much of the coefficients goes to a kernel, the weight of the member included."""
        return self.weight / len(self.kernels) if name in self.kernels else 0.0


@dataclass(frozen=True)
class _Trees:
    """The forest: its answers are those of the labels in the same leaves.

    Attributes
    ----------
    forest : Forest
    variance : float
        Of labels about what trees say that did not see them.
    weight : float
    """

    forest: Forest
    variance: float
    weight: float


@dataclass(frozen=True)
class Rows:
    """Kernels of some points with the labelled ones, and with themselves, by name.

    `shares` is how much the forest counts each label, None where there is none.
    """

    rows: dict[str, FloatArray]
    own: dict[str, FloatArray]
    shares: FloatArray | None

    def of(self, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
        """Means of kernels."""
        rows, own = self.rows[names[0]], self.own[names[0]]
        for name in names[1:]:
            rows, own = rows + self.rows[name], own + self.own[name]
        return rows / len(names), own / len(names)


class NumberMixture:
    """What every member says of a point, in the mean by their weights.

    Weights are proportional to the density that each member gives to the labels left out one by
    one, the scale of its variances being the most probable one. Members are Gaussian processes,
    and of features a forest, which is trusted like all of these together before labels tell.

    Parameters
    ----------
    graph : GraphKernel
    features : FeatureKernels, default=None
    y : ndarray of shape (n_labelled,)
        Numbers of mean 0 and variance 1; at least one.
    trust : ndarray of shape (n_labelled,)
        Positive, around 1.

    Attributes
    ----------
    left_out : ndarray of shape (n_labelled,)
        What the others say of each labelled point; 0 of a single one.

    Notes
    -----
    Cost: a decomposition for each of up to five kernels, O(n_labelled^3), and as much for each
    member that is kept.
    """

    def __init__(
        self,
        graph: GraphKernel,
        features: FeatureKernels | None,
        y: FloatArray,
        trust: FloatArray,
    ) -> None:
        self._graph, self._features, self._n_labelled = graph, features, len(y)
        grams = {GRAPH: graph.gram}
        self._units: dict[str, float] = {GRAPH: 1.0}
        if features is not None:
            known = features.at(graph.nodes)
            for name in features.names:
                gram = features.rows(name, known)
                self._units[name] = _mean_half_difference(gram)
                grams[name] = gram / self._units[name]
        # a second thread makes small decompositions no quicker, and waits where others are at work
        few = len(y) < _FEW_LABELS
        with one_blas_thread() if few else nullcontext():
            self._members, self._trees = self._weighed(grams, y, trust)
        self.level = float(sum(m.weight * (m.kriging.level @ y) for m in self._members))
        self.left_out: FloatArray = np.zeros(len(y))
        if len(y) > 1:
            self.left_out = self.left_out_weights() @ y

    def _weighed(
        self, grams: dict[str, FloatArray], y: FloatArray, trust: FloatArray
    ) -> tuple[list[_Member], _Trees | None]:
        combinations: list[tuple[str, ...]] = [_ON_GRAPH]
        if self._features is not None:
            combinations = [*_ON_FEATURES, _ON_GRAPH, _ON_BOTH]
        found, logs = [], []
        for kernels in combinations:
            gram = sum((grams[name] for name in kernels), np.zeros(()))
            ridge = KernelRidge(np.asarray(gram) / len(kernels), trust)
            for ground in _GROUNDS:
                kriging = Kriging(ridge, ground)
                scale, log_density = _density(kriging, y)
                found.append((kernels, kriging, scale))
                logs.append(log_density)
        forest, variance = None, 0.0
        if self._features is not None and len(y) > 1:
            forest, variance, log_density = _grown(self._features.at(self._graph.nodes), y, trust)
            logs.append(log_density + np.log(len(found)))  # it is trusted like all others together
        with np.errstate(under="ignore"):
            weights = np.exp(np.array(logs) - max(logs))
        weights /= weights.sum()
        weights[weights <= _LEAST_WEIGHT] = 0
        weights /= weights.sum()
        members = []
        for (kernels, kriging, scale), weight in zip(found, weights, strict=False):
            if weight > _LEAST_WEIGHT:
                coefficients = kriging.coefficients(y)
                members.append(_Member(kernels, kriging, coefficients, scale, float(weight)))
        if forest is None or weights[-1] == 0:
            return members, None
        return members, _Trees(forest, variance, float(weights[-1]))

    def kinds(self) -> dict[str, float]:
        """The weight of each combination of kernels, by what it is called."""
        weights: dict[str, float] = {}
        for member in self._members:
            name = " and ".join(member.kernels)
            weights[name] = weights.get(name, 0.0) + member.weight
        if self._trees is not None:
            weights[FOREST] = self._trees.weight
        return weights

    def left_out_weights(self) -> FloatArray:
        """B with ``left_out = B @ y``."""
        found = np.zeros((self._n_labelled, self._n_labelled))
        for member in self._members:
            found += member.weight * member.kriging.left_out_weights()
        if self._trees is not None:
            found += self._trees.weight * self._trees.forest.left_out_weights()
        return found

    @property
    def on_graph(self) -> FloatArray:
        """What the graph's kernel says at the labelled points, about the level."""
        return self._graph.gram @ self._coefficients(GRAPH)

    def on_features(self, points: Points | None) -> FloatArray | float:
        """What the kernels of features say of points, about the level; None: of the fitted ones."""
        if self._features is None:
            return 0.0
        coefficients = {name: self._coefficients(name) for name in self._features.names}
        needed = [name for name, some in coefficients.items() if some.any()]
        points = self._features.at(slice(None)) if points is None else points
        result = np.zeros(len(points))
        for block in row_blocks(len(points), max(1, _BLOCK_NUMBERS // self._n_labelled)):
            for name in needed:
                rows = self._features.rows(name, points[block])
                result[block] += rows @ coefficients[name] / self._units[name]
        if self._trees is not None:
            result += self._trees.weight * self._trees.forest.answers(points)[:, 0]
        return result

    def rows(
        self, V: FloatArray, points: Points | None, *, tol: float, max_iter: int
    ) -> tuple[Rows, bool]:
        """Kernels of points with the labelled ones.

        Parameters
        ----------
        V : ndarray of shape (n_samples, n_points)
            Where each is on the graph: weights of the fitted points that sum to 1, or 0.
        points : ndarray of shape (n_points, n_dimensions)
            Their features.
        tol, max_iter
            As :meth:`GraphKernel.rows`.

        Returns
        -------
        rows : Rows
        converged : bool
        """
        on_graph, own_on_graph, converged = self._graph.rows(V, tol=tol, max_iter=max_iter)
        rows, own = {GRAPH: on_graph}, {GRAPH: own_on_graph}
        if self._features is not None and points is not None:
            for name in self._features.names:
                rows[name] = self._features.rows(name, points) / self._units[name]
                own[name] = self._features.own(name, points) / self._units[name]
        shares = None
        if self._trees is not None and points is not None:
            shares = self._trees.forest.response(points)
        return Rows(rows, own, shares), converged

    def shares(self, rows: Rows) -> FloatArray:
        """How much each label counts at points, (n_points, n_labelled); rows sum to 1."""
        found = np.zeros(rows.rows[GRAPH].shape)
        for member in self._members:
            kernels, _ = rows.of(member.kernels)
            found += member.weight * member.kriging.response(kernels)
        if self._trees is not None and rows.shares is not None:
            found += self._trees.weight * rows.shares
        return found

    def variances(self, rows: Rows, y: FloatArray) -> FloatArray:
        """Variances of numbers at points, (n_points,): of what a label there might be.

        Parameters
        ----------
        rows : Rows
        y : ndarray of shape (n_labelled,)
            As it was fitted with.
        """
        means, within = [], []
        for member in self._members:
            kernels, own = rows.of(member.kernels)
            means.append(kernels @ member.coefficients + member.kriging.level @ y)
            within.append(member.scale * member.kriging.variances(kernels, own))
        weights = np.array([member.weight for member in self._members])
        if self._trees is not None and rows.shares is not None:
            means.append(rows.shares @ y)
            within.append(np.full(len(rows.shares), self._trees.variance))
            weights = np.append(weights, self._trees.weight)
        total = weights @ np.array(means)
        between = weights @ (np.array(means) - total) ** 2
        too_small = 1 + _TOO_SMALL / self._n_labelled
        return np.asarray(too_small * (weights @ np.array(within) + between))

    def _coefficients(self, name: str) -> FloatArray:
        found = np.zeros(self._n_labelled)
        for member in self._members:
            found += member.part(name) * member.coefficients
        return found


def _density(kriging: Kriging, y: FloatArray) -> tuple[float, float]:
    """The most probable sigma^2, and the logarithm of the density of the labels left out."""
    if len(y) == 1:
        return 0.0, 0.0
    answers, variances = kriging.left_out(y)
    scale = max(float(((y - answers) ** 2 / variances).mean()), _LEAST_VARIANCE)
    return scale, -0.5 * float(np.log(scale * variances).sum())


def _mean_half_difference(gram: FloatArray) -> float:
    """Half the mean squared difference between two labelled points; 1 where there is none."""
    n = len(gram)
    found = (np.trace(gram) * n - gram.sum()) / max(1, n * (n - 1))
    return float(found) if found > 1e-9 * max(float(np.diagonal(gram).max()), 1e-30) else 1.0


def _grown(known: Points, y: FloatArray, trust: FloatArray) -> tuple[Forest, float, float]:
    """The forest, its variance, and the logarithm of the density of the labels left out."""
    forest = Forest(known, y[:, None], trust, columns="all")
    errors = y - forest.left_out(np.array([np.average(y, weights=trust)]))[:, 0]
    variance = max(float((trust * errors**2).mean()), _LEAST_VARIANCE)
    return forest, variance, 0.5 * float(np.log(trust / variance).sum())
