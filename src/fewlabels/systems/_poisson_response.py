"""The effect of each label on each node in Poisson learning, and leave-one-out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.solvers import row_totals
from fewlabels.systems._poisson import PoissonSystem
from fewlabels.systems._response import (
    BLOCK,
    MAX_ITER,
    LeftOut,
    require_square,
    warn_unconverged,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PoissonLeftOut(LeftOut):
    """What the other labels predict for each labelled node, if it is neither source nor sink.

    Without the label of node j, the others are balanced among themselves:

        u_j^(-j) = sum_k!=j K_jk (Y_k - t_k ybar^(-j)) = sum_k!=j P_jk Y_k,
        P_jk = K_jk - sum_l!=j K_jl t_l / sum_l!=j t_l,

    where ybar^(-j) and the sums are over the labels of j's component, and t_k is the sum of row
    Y_k. K_jj, which may be large, does not occur.

    Attributes
    ----------
    weights : ndarray of shape (n_labelled, n_labelled), float64
        P. Rows, times t, sum to 0; 0 between components.
    log_scale : ndarray of shape (n_labelled,)
        Zeros.
    kernel : ndarray of shape (n_labelled, n_labelled), float64
        K, with zeros on the diagonal and between components.
    companions : ndarray of shape (n_labelled, n_labelled), bool
        Whether two different labels are in the same component.
    units : ndarray of shape (n_labelled,)
        The unit of each label's component (`Potentials.unit`) without that label.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonResponse, PoissonSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> labelled, Y = np.array([0, 1, 2]), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> system = PoissonSystem(path)
    >>> rows = np.zeros((3, 2))
    >>> rows[labelled] = Y
    >>> u = system.solve(rows, tol=1e-6, max_iter=1000).values
    >>> response = PoissonResponse(system, labelled, Y, potentials=u, n_steps=None)
    >>> response.left_out().companions
    array([[False,  True,  True],
           [ True, False,  True],
           [ True,  True, False]])
    """

    kernel: FloatArray
    companions: BoolArray
    units: FloatArray

    def scores(self, Y: FloatArray) -> FloatArray:
        """Left-out potentials of shape (n_labelled, m), of labels Y; t is that of Y.

        Other weights of the labels change the balance, so this is not P Y with the P of other
        labels.
        """
        shares = _shares(self.companions, row_totals(Y))
        level = (self.kernel * shares).sum(axis=1, keepdims=True)
        return np.asarray(self.kernel @ Y - level * (self.companions @ Y))

    def candidates(self, Y: FloatArray) -> BoolArray:
        """Whether another label of the component is of a class, shape (n_labelled, m)."""
        return np.asarray(self.companions @ (Y > 0) > 0)


class PoissonResponse:
    """The response of Poisson learning, u = R Y: R_ij = K_ij - sum_k K_ik t_k / sum_k t_k.

    K is the effect of a source whose sinks are all nodes (:meth:`PoissonSystem.respond`). Here the
    sinks are the labels, which subtracts from each row its mean over the labels of the component,
    weighted by t, the sums of the rows of Y. R has either sign: a label supports its class where
    it is nearer than the average label, and opposes it where it is farther away.

    Parameters
    ----------
    system : PoissonSystem
    labelled : ndarray of int
        Distinct, ascending.
    Y : ndarray of shape (n_labelled, n_classes)
        Rows of the labels, their weights included.
    potentials : ndarray of shape (n_nodes, n_classes)
        u.
    n_steps : int or None
        Number of steps of the walk that gave u; None: u is the solution of the equation.
    tol : float, default=1e-6
        Tolerance of the equation. No row of K is off by more, relative to the mean size of the rows
        of its component, over all columns that are solved together.

    Notes
    -----
    If a walk is stopped when it is mixed, the number of steps depends on the positions of the
    labels. Here it stays the same when a label is left out.

    Cost: as :class:`SpreadingResponse`, plus O(n_nodes n_classes) per label left out, for
    the units.

    References
    ----------
    J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning: graph based semi-supervised
    learning at very low label rates", ICML 2020, equations 2.1 and 2.2.

    Examples
    --------
    On a path of three nodes, the middle one is as near to either end:

    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.systems import PoissonResponse, PoissonSystem
    >>> system = PoissonSystem(Graph.from_affinity(np.eye(3, k=1) + np.eye(3, k=-1)))
    >>> Y = np.eye(2)
    >>> u = system.solve(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]), tol=1e-6, max_iter=9)
    >>> response = PoissonResponse(system, np.array([0, 2]), Y, u.values)
    >>> (response.row(0)[0] + 0.0).round(3).tolist(), (response.row(1)[0] + 0.0).round(3).tolist()
    ([0.5, -0.5], [0.0, 0.0])
    """

    def __init__(
        self,
        system: PoissonSystem,
        labelled: IntArray,
        Y: FloatArray,
        potentials: FloatArray,
        n_steps: int | None = None,
        tol: float = 1e-6,
    ) -> None:
        self.labelled = labelled
        self._system = system
        self._Y = Y
        self._u = potentials
        self._n_steps = n_steps
        self._tol = tol

    def row(self, node: int) -> tuple[FloatArray, float]:
        components = self._system.graph.component_labels
        own = self._respond(np.array([node]), np.ones(1))[self.labelled, 0]
        here = (components[self.labelled] == components[node]).astype(np.float64)
        weights = here * row_totals(self._Y)
        total = weights.sum()
        if total == 0:
            return np.zeros(len(own)), 0.0
        return here * (own - own @ weights / total), 0.0

    def left_out(self) -> PoissonLeftOut:
        """Return what the other labels predict for each labelled node."""
        labelled, n = self.labelled, len(self.labelled)
        require_square(n)
        among = self._system.graph.component_labels[labelled]
        companions = among[:, None] == among
        np.fill_diagonal(companions, False)
        kernel, units = np.zeros((n, n)), np.empty(n)
        t = row_totals(self._Y)
        together = self._respond(labelled, t, joined=True)[:, 0]  # K t
        for block in row_blocks(n, BLOCK):
            columns = self._respond(labelled[block], np.ones(len(labelled[block])))
            kernel[:, block] = columns[labelled]
            for j, column in zip(np.arange(n)[block], columns.T, strict=True):
                units[j] = self._unit_without(int(j), column, together)
        kernel *= companions
        level = (kernel * _shares(companions, t)).sum(axis=1, keepdims=True)
        return PoissonLeftOut(
            weights=companions * (kernel - level),
            log_scale=np.zeros(n),
            kernel=kernel,
            companions=companions,
            units=units,
        )

    def _respond(self, nodes: IntArray, sizes: FloatArray, *, joined: bool = False) -> FloatArray:
        """K e_j times size for each of the nodes, shape (n_nodes, len(nodes)); or their sum."""
        V = np.zeros((self._system.graph.n_nodes, 1 if joined else len(nodes)))
        V[nodes, 0 if joined else np.arange(len(nodes))] = sizes
        found = self._system.respond(V, self._n_steps, tol=self._tol, max_iter=MAX_ITER)
        if not found.converged.all():
            warn_unconverged(self._tol, float(found.residual.max()))
        return found.values

    def _unit_without(self, j: int, column: FloatArray, together: FloatArray) -> float:
        """The unit of the component of label j without it, `column` being K e_j, `together` K t.

        u changes by -h (Y_j - t_j ybar), L h = e_j - t' / sum(t'), t' being the other labels' t:
        h = (K e_j sum(t) - K t) / sum(t').
        """
        graph = self._system.graph
        labels = graph.component_labels
        t = row_totals(self._Y)
        here = labels[self.labelled] == labels[self.labelled[j]]  # of its component
        total, left = t[here].sum(), t[here].sum() - t[j]
        if not left > 0:  # the only one
            return 0.0
        nodes = np.flatnonzero(labels == labels[self.labelled[j]])
        h = (column[nodes] * total - together[nodes]) / left
        mean = self._Y[here].sum(axis=0) / total
        without = self._u[nodes] - h[:, None] * (self._Y[j] - t[j] * mean)
        degrees = graph.degrees[nodes]
        volume = degrees.sum()
        return float(degrees @ row_totals(np.abs(without)) / (2 * volume)) if volume > 0 else 0.0


def _shares(companions: BoolArray, t: FloatArray) -> FloatArray:
    """How much of each label's companions' t each of them has; rows sum to 1, or are 0."""
    masses = companions @ t
    parts = np.divide(t, masses[:, None], out=np.zeros(companions.shape), where=masses[:, None] > 0)
    return np.asarray(parts * companions)
