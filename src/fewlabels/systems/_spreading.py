"""The linear system of label spreading."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph import Graph
from fewlabels.solvers import (
    Answer,
    Callback,
    GroundedLaplacian,
    Method,
    PreparedSolver,
    scaled_both_ways,
)
from fewlabels.systems._locality import locality, submatrix

FloatArray = npt.NDArray[np.float64]


class SpreadingSystem:
    """(I - alpha S) F = (1 - alpha) Y with S = D^-1/2 W D^-1/2.

    With F = D^1/2 G this is the grounded Laplacian

        (L + c D) G = c D^1/2 Y,    L = D - W,  c = (1 - alpha) / alpha,

    and it is solved in this form: every node is tied to the ground in proportion to its degree.
    An isolated node has S_ii = 0, hence F_i = (1 - alpha) Y_i.

    Parameters
    ----------
    graph : Graph
    alpha : float in [1e-12, 1)
        The share of a node's scores that comes from its neighbours.
    method : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003, equation 4 and algorithm step 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import SpreadingSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> found = SpreadingSystem(path, alpha=0.9).solve(Y, tol=1e-6, max_iter=1000)
    >>> bool(np.isclose(found.values[1, 0], found.values[1, 1]))  # halfway between the two
    True
    """

    def __init__(self, graph: Graph, alpha: float, method: Method = "auto") -> None:
        self.settings = (alpha, method)
        self._c = (1 - alpha) / alpha
        self._order = locality(graph)
        degrees = graph.degrees[self._order]
        isolated = degrees == 0
        self._root = np.sqrt(np.where(isolated, 1.0, degrees))
        ground = np.where(isolated, 1 / alpha, self._c * degrees)
        matrix = GroundedLaplacian(submatrix(graph, self._order), ground)
        components = graph.component_labels[self._order]
        self._solver = PreparedSolver(matrix, method, components=components)

    def solve(
        self,
        Y: FloatArray,
        *,
        tol: float,
        max_iter: int,
        start: FloatArray | None = None,
        other_totals: FloatArray | float = 0.0,
        callback: Callback | None = None,
    ) -> Answer:
        """Return the scores F of shape (n_nodes, m).

        Parameters
        ----------
        Y : ndarray of shape (n_nodes, m)
            Non-negative; one-hot rows where labelled, zero elsewhere.
        tol, max_iter, callback
            As :meth:`fewlabels.solvers.PreparedSolver.solve`.
        start : ndarray of shape (n_nodes, m), default=None
            Scores near the answer.
        other_totals : ndarray of shape (n_nodes,), default=0.0
            The sum of each node's scores in columns that are not part of this solve.
        """
        order, root = self._order, self._root[:, None]
        B = Y[order]
        del Y  # where the caller does not hold it, that is a third of the memory
        B *= self._c * root
        others: FloatArray | float = 0.0
        if np.any(other_totals):
            others = np.broadcast_to(np.asarray(other_totals), len(root))[order] / self._root
        right = [B]
        del B
        answer = self._solver.solve(
            right.pop(),  # which the solver gives up before it writes the answer
            tol=tol,
            max_iter=max_iter,
            x0=None if start is None else start[order] / root,
            other_totals=others,
            callback=callback,
        )
        values = answer.values
        values *= root
        return answer.reordered(values, order)


def normalized_affinity(graph: Graph) -> sparse.csr_array | FloatArray:
    """Return S = D^-1/2 W D^-1/2 in float64, dense or CSR as the graph; 0 for isolated nodes.

    References
    ----------
    Zhou et al., "Learning with local and global consistency", NIPS 2003, algorithm step 2.

    Examples
    --------
    >>> from fewlabels import rbf_graph
    >>> from fewlabels.systems import normalized_affinity
    >>> S = normalized_affinity(rbf_graph([[0.0], [1.0], [2.0]], gamma=1.0))
    >>> S.shape, bool(abs(S - S.T).max() < 1e-12)
    ((3, 3), True)
    """
    degrees = graph.degrees
    scale = np.divide(1.0, np.sqrt(degrees), out=np.zeros_like(degrees), where=degrees > 0)
    weights = graph.affinity
    if isinstance(weights, np.ndarray):
        return np.asarray(scale[:, None] * weights * scale)
    return scaled_both_ways(weights, scale)
