"""The linear system of Poisson learning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.solvers import (
    Accuracy,
    Callback,
    CentredConjugateGradients,
    Components,
    GroundedLaplacian,
    PreparedSolver,
    diffusion,
    is_rounding,
    mixing_time,
    row_totals,
    walk,
)
from fewlabels.systems._locality import locality, submatrix

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
PoissonMethod: TypeAlias = Literal["auto", "cg", "direct"]

POISSON_METHODS = ("auto", "cg", "direct")

# As PreparedSolver: up to so many unknowns elimination is quick, and exact.
_AUTO_DIRECT = 1_000
_AUTO_DIRECT_DENSE = 3_000
# What elimination may be off by, relative to the sum of what it adds and subtracts.
_ROUNDING = 32 * float(np.finfo(np.float64).eps)
_SMALLEST_TOL = 1e-8


@dataclass(frozen=True)
class Potentials:
    """Potentials u, of any sign.

    Attributes
    ----------
    values : ndarray of shape (n_nodes, m), float64
        In each component sum_i d_i u_i = 0.
    unit : ndarray of shape (n_nodes,)
        The mean of |u_i| = sum_c |u_ic| / 2 over each node's component, weighted by degree: the
        scale on which potentials are read, and to which their accuracy is relative. 0 where no
        two labels of the component differ.
    n_iter : int
    residual : ndarray of shape (m,)
        |B - L u| / |B| of each column; 0 for a zero column.
    converged : ndarray of shape (m,), bool

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> found = PoissonSystem(path).solve(Y, tol=1e-6, max_iter=1000)
    >>> found.values.shape, bool(found.converged.all())
    ((3, 2), True)
    """

    values: FloatArray
    unit: FloatArray
    n_iter: int
    residual: FloatArray
    converged: npt.NDArray[np.bool_]


class PoissonSystem:
    """L u = sum_j (y_j - ybar) delta_j, L = D - W, with sum_i d_i u_i = 0.

    Every labelled node is a source of its class and a sink of the others; ybar is the mean label.
    This holds for each connected component separately, with the mean of its own labels, because
    otherwise there is no solution. A component without labels, or whose labels agree, has u = 0.

    L has no ground, and u has both signs. So the error of a row is measured relative to the mean
    size of the rows of its component (`Potentials.unit`), the scale on which classes are compared.

    Parameters
    ----------
    graph : Graph
    method : {"auto", "cg", "direct"}, default="auto"
        Conjugate gradients on centred vectors; or elimination, with the node of largest degree in
        each component as ground. ``"auto"`` eliminates up to 1,000 nodes (3,000 where W is dense).

    References
    ----------
    J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning: graph based semi-supervised
    learning at very low label rates", ICML 2020, equations 2.1 and 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> found = PoissonSystem(path).solve(Y, tol=1e-6, max_iter=1000)
    >>> found.values.argmax(axis=1)[[0, 2]]
    array([0, 1])
    """

    def __init__(self, graph: Graph, method: PoissonMethod = "auto") -> None:
        self.graph, self.method = graph, method
        self._n_nodes = graph.n_nodes
        order = locality(graph)
        self._nodes = order[graph.degrees[order] > 0]
        _, labels = np.unique(graph.component_labels[self._nodes], return_inverse=True)
        weights = submatrix(graph, self._nodes)
        self._matrix = GroundedLaplacian(weights, np.zeros(len(self._nodes)))
        self._components = Components(labels, graph.degrees[self._nodes])
        few = _AUTO_DIRECT_DENSE if graph.is_dense else _AUTO_DIRECT
        self._small = len(self._nodes) <= few
        self._can_eliminate = len(self._nodes) <= _AUTO_DIRECT_DENSE

    def solve(
        self,
        Y: FloatArray,
        *,
        tol: float,
        max_iter: int,
        callback: Callback | None = None,
    ) -> Potentials:
        """Return the potentials of labels Y.

        Parameters
        ----------
        Y : ndarray of shape (n_nodes, n_classes)
            Non-negative: the row of a labelled node is its label times its weight; zero
            elsewhere.
        tol : float
            No row may be off by more, relative to its unit.
        max_iter : int
            Most iterations of conjugate gradients.
        callback : callable, default=None
            Called with the number of the iteration and the bound of the worst row's error.
        """
        return self._solve(self._sources(Y), Accuracy(tol, max_iter, callback=callback))

    def solve_sources(
        self,
        B: FloatArray,
        *,
        tol: float,
        max_iter: int,
        callback: Callback | None = None,
    ) -> Potentials:
        """Return u with L u = B and sum_i d_i u_i = 0, for any balanced sources.

        Parameters
        ----------
        B : ndarray of shape (n_nodes, m)
            Its columns sum to 0 in each component; isolated nodes are not read.
        tol, max_iter, callback
            As :meth:`solve`.
        """
        return self._solve(B[self._nodes], Accuracy(tol, max_iter, callback=callback))

    def respond(
        self, V: FloatArray, n_steps: int | None = None, *, tol: float, max_iter: int
    ) -> Potentials:
        """Return K V: the potentials of sources V whose sinks are all nodes, by degree.

        L K V = V - d sum(V) / sum(d), the sums over each component, with d' K V = 0. K V is u where
        V is balanced already. K is symmetric, so that its columns are its rows.

        Parameters
        ----------
        V : ndarray of shape (n_nodes, m)
            Of any sign; isolated nodes are not read.
        n_steps : int or None
            Take this number of steps of :meth:`walk` instead. None: the solution.
        tol, max_iter
            As :meth:`solve`; ignored if steps are given.
        """
        B, components = V[self._nodes], self._components
        density = np.array([components.sums(column) / components.volumes for column in B.T])
        B -= density.reshape(B.shape[1], -1).T[components.labels] * components.degrees[:, None]
        if n_steps is None:
            return self._solve(B, Accuracy(tol, max_iter))
        values = walk(self._matrix, B, n_steps)
        components.centre(values)
        return self._potentials(values, B, n_steps, True)

    def solve_change(
        self,
        before: FloatArray,
        after: FloatArray,
        potentials: Potentials,
        *,
        tol: float,
        max_iter: int,
        callback: Callback | None = None,
    ) -> Potentials:
        """Return the potentials of labels `after`, given those of labels `before`.

        u changes by sum_j h_j (dY_j - dt_j ybar), where dY_j is the change of node j's row, dt_j
        that of its total, ybar the mean label before, and L h_j = delta_j - t / sum(t) with the
        totals t after the change: one column for each changed node, whatever the number of classes.

        Parameters
        ----------
        before, after : ndarray of shape (n_nodes, n_classes)
        potentials : Potentials
        tol : float
            How much the change may add to the error of a row, relative to its unit.
        max_iter, callback
            As :meth:`solve`.
        """
        changed = (before != after).any(axis=1)
        if not (potentials.unit[changed] > 0).all():  # nothing there to compare an error with
            return self.solve(after, tol=tol, max_iter=max_iter, callback=callback)
        old, new = before[self._nodes], after[self._nodes]
        t_old, t = row_totals(old), row_totals(new)
        n_comps, labels = len(self._components.volumes), self._components.labels
        masses = np.bincount(labels, t_old, n_comps)
        mean = np.zeros((n_comps, old.shape[1]))
        np.add.at(mean, labels, old)
        mean /= np.where(masses > 0, masses, 1)[:, None]
        nodes = np.flatnonzero((old != new).any(axis=1))
        steps = new[nodes] - old[nodes] - (t[nodes] - t_old[nodes])[:, None] * mean[labels[nodes]]
        sizes = row_totals(np.abs(steps))
        nodes, steps, sizes = nodes[sizes > 0], steps[sizes > 0], sizes[sizes > 0]
        B = np.zeros((len(labels), len(nodes)))
        totals = np.bincount(labels, t, n_comps)
        for column, node in enumerate(nodes):
            here = labels == labels[node]
            if totals[labels[node]] > 0:
                B[here, column] = -t[here] / totals[labels[node]]
                B[node, column] += 1
        B *= sizes
        # a bound for |h_j| |step_j| summed over j is one for the change
        unit = potentials.unit[self._nodes]
        accuracy = Accuracy(tol, max_iter, other_totals=unit, callback=callback)
        found = self._solve(B, accuracy)
        values = potentials.values + found.values @ (steps / sizes[:, None])
        sources = self._sources(after)
        # where all labels agree now, what is left of the old potentials is rounding
        sourced = self._components.sums(row_totals(np.abs(sources))) > 0
        values[self._nodes[~sourced[labels]]] = 0
        residual = self.residual(sources, values[self._nodes])
        settled = bool(found.converged.all() and potentials.converged.all())
        return Potentials(
            values,
            self._placed(self._components.unit(values[self._nodes])),
            found.n_iter,
            residual,
            np.full(values.shape[1], settled),
        )

    def walk(
        self,
        Y: FloatArray,
        n_steps: int | None,
        *,
        max_iter: int,
        callback: Callback | None = None,
    ) -> Potentials:
        """Return the result of `n_steps` of the paper's iteration from 0, u <- u + D^-1 (B - L u).

        This is the expectation of a random walk: u_i is the sum over walkers that start at labelled
        nodes of their visits to i within these steps, times their label minus the mean, over d_i.

        Parameters
        ----------
        Y : ndarray of shape (n_nodes, n_classes)
            As :meth:`solve`.
        n_steps : int or None
            None: until the walk is mixed; see :func:`mixing_time`.
        max_iter : int
            Maximum number of steps. If it ends the walk unmixed, `converged` is False.
        callback
            As :meth:`solve`.
        """
        B = self._sources(Y)
        mixed = True
        if n_steps is None:
            starts = row_totals(Y[self._nodes])
            n_steps, mixed = mixing_time(self._matrix, self._components, starts, max_iter)
        values = walk(self._matrix, B, n_steps)
        self._components.centre(values)
        if callback is not None:
            callback(n_steps, 0.0)
        return self._potentials(values, B, n_steps, mixed)

    def diffuse(self, u: FloatArray, Y: FloatArray, n_steps: int, fidelity: float) -> FloatArray:
        """Return u after `n_steps` of u <- u - dt (L u - fidelity B), dt = 1 / max d.

        Parameters
        ----------
        u : ndarray of shape (n_nodes, n_classes)
            Not modified; isolated nodes keep their rows.
        Y : ndarray of shape (n_nodes, n_classes)
            Labels, as :meth:`solve`.
        n_steps : int
        fidelity : float
        """
        result = u.copy()
        if len(self._nodes):
            B = self._sources(Y)
            B *= fidelity
            result[self._nodes] = diffusion(self._matrix, u[self._nodes], B, n_steps)
        return result

    def residual(self, B: FloatArray, u: FloatArray) -> FloatArray:
        """|B - L u| / |B| of each column, shape (m,), in the order of the system's rows.

        Entries of B - L u that are rounding count as 0, as in a ``Residual``.
        """
        root = np.sqrt(self._components.degrees)[:, None]
        y = u * root
        r = B - root * (y - self._matrix.apply_scaled_weights(y))
        r[is_rounding(np.abs(r), root * y)] = 0
        left = np.linalg.norm(r, axis=0)
        norms = np.linalg.norm(B, axis=0)
        return np.asarray(np.divide(left, norms, out=np.zeros_like(left), where=norms > 0))

    def _sources(self, Y: FloatArray) -> FloatArray:
        """B = Y - t ybar, t being the totals of Y's rows, in the order of the system's rows."""
        rows: FloatArray = Y[self._nodes]
        labels, n_comps = self._components.labels, len(self._components.volumes)
        totals = row_totals(rows)
        masses = np.bincount(labels, totals, n_comps)
        known = np.flatnonzero(totals)
        mean = np.zeros((n_comps, rows.shape[1]))
        np.add.at(mean, labels[known], rows[known])
        mean /= np.where(masses > 0, masses, 1)[:, None]
        rows[known] -= totals[known, None] * mean[labels[known]]
        # labels that agree leave rounding only, which would be taken for a source
        rows[np.abs(rows) <= _ROUNDING * totals[:, None]] = 0
        return rows

    def _solve(self, B: FloatArray, accuracy: Accuracy) -> Potentials:
        if self.method == "direct" or (self.method == "auto" and self._small):
            return self._eliminate(B, accuracy)
        found = CentredConjugateGradients(self._matrix, self._components).solve(B, accuracy)
        if self.method == "auto" and self._can_eliminate and not found.converged.all():
            direct = self._eliminate(B, accuracy)
            return replace(direct, n_iter=found.n_iter + 1)
        return self._potentials(found.values, B, found.n_iter, bool(found.converged.all()))

    def _eliminate(self, B: FloatArray, accuracy: Accuracy) -> Potentials:
        """Solve for sources and sinks apart, which subtracts nothing, and take the difference."""
        free, solver = self._grounded
        m = B.shape[1]
        parts = np.hstack([np.maximum(B, 0), np.maximum(-B, 0)])
        found = solver.solve(parts[free], tol=accuracy.tol, max_iter=1, callback=accuracy.callback)
        both = found.scores
        values = np.zeros(B.shape)
        values[free] = both[:, :m] - both[:, m:]
        sizes = np.zeros(len(B))
        sizes[free] = row_totals(both)
        self._components.centre(values)
        unit = self._components.unit(values)
        if np.ndim(accuracy.other_totals):
            unit = np.asarray(accuracy.other_totals)
        lost = _ROUNDING * (sizes + self._components.mean(sizes))
        allowed = max(accuracy.tol, _SMALLEST_TOL) * unit
        sound = bool(found.converged.all() and ((lost <= allowed) | (sizes == 0)).all())
        return self._potentials(values, B, 1, sound)

    @cached_property
    def _grounded(self) -> tuple[npt.NDArray[np.bool_], PreparedSolver]:
        """The nodes but one in each component, and the solver with those as ground."""
        labels, degrees = self._components.labels, self._components.degrees
        free = np.ones(len(labels), dtype=bool)
        by_degree = np.lexsort((-degrees, labels))
        _, first = np.unique(labels[by_degree], return_index=True)
        free[by_degree[first]] = False
        return free, PreparedSolver(self._matrix.restrict(free)[0], "direct")

    def _potentials(
        self, values: FloatArray, B: FloatArray, n_iter: int, settled: bool
    ) -> Potentials:
        return Potentials(
            self._placed(values),
            self._placed(self._components.unit(values)),
            n_iter,
            self.residual(B, values),
            np.full(values.shape[1], settled),
        )

    def _placed(self, rows: FloatArray) -> FloatArray:
        """Put rows of the system into the order of the nodes; 0 for isolated ones."""
        placed = np.zeros((self._n_nodes, *rows.shape[1:]))
        placed[self._nodes] = rows
        return placed
