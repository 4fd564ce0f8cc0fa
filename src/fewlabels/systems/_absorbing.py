"""Harmonic functions with a leak: walks that labels absorb, and that give up on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.solvers import Answer, Callback, GroundedLaplacian, Method, PreparedSolver, row_sums
from fewlabels.systems._locality import locality

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class AbsorbingSystem:
    """((1 + c) D_uu - W_uu) F_u = W_ul Y_l,  c = (1 - alpha) / alpha.

    F_ic is the probability that a walk from node i meets a label of class c before any other
    label, and before it gives up, which it does with probability 1 - alpha at each step. With
    alpha towards 1 these are harmonic functions; the leak keeps distant labels from deciding, and
    grounds every node, so that the system is as fast to solve as that of label spreading.

    It also follows from the response R of label spreading, if labels are to be met exactly:
    F = G_ul G_ll^-1 Y_l with G = D^-1/2 R D^-1/2 (`absorbed`). This gives the labels left out.

    Parameters
    ----------
    graph : Graph
        In memory.
    labelled : ndarray of shape (n_nodes,), bool
    alpha : float in (0, 1)
    method : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"

    References
    ----------
    X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003, on harmonic functions, and section 5 on nodes that absorb.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import AbsorbingSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> labelled = np.array([True, False, True])
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> found = AbsorbingSystem(path, labelled, alpha=0.9).solve(Y, tol=1e-6, max_iter=1000)
    >>> found.values[1].round(4)
    array([0.45, 0.45])
    """

    def __init__(
        self, graph: Graph, labelled: BoolArray, alpha: float, method: Method = "auto"
    ) -> None:
        self._labelled = labelled
        order = locality(graph)
        self._unknown = order[~labelled[order]]
        rows = graph.affinity[self._unknown]
        self._boundary = rows[:, np.flatnonzero(labelled)].astype(np.float64)
        degrees = graph.degrees[self._unknown]
        leak = np.where(degrees > 0, (1 - alpha) / alpha * degrees, 1.0)
        matrix = GroundedLaplacian(rows[:, self._unknown], row_sums(self._boundary) + leak)
        self._solver = PreparedSolver(matrix, method)

    def solve(
        self,
        Y: FloatArray,
        *,
        tol: float,
        max_iter: int,
        start: FloatArray | None = None,
        callback: Callback | None = None,
    ) -> Answer:
        """Return F of shape (n_nodes, n_classes).

        Parameters
        ----------
        Y : ndarray of shape (n_nodes, n_classes)
            Non-negative where labelled; other rows are not read.
        tol, max_iter, callback
            As :meth:`fewlabels.solvers.PreparedSolver.solve`.
        start : ndarray of shape (n_nodes, n_classes), default=None
            Scores near the answer.
        """
        values, log_scale = np.zeros(Y.shape), np.zeros(len(Y))
        reached = self._labelled.copy()
        values[self._labelled] = Y[self._labelled]
        answer = self._solver.solve(
            np.asarray(self._boundary @ Y[self._labelled]),
            tol=tol,
            max_iter=max_iter,
            x0=None if start is None else start[self._unknown],
            callback=callback,
        )
        values[self._unknown] = answer.values
        log_scale[self._unknown] = answer.log_scale
        reached[self._unknown] = answer.reached
        return replace(answer, values=values, log_scale=log_scale, reached=reached)


def absorbed(response: FloatArray, degrees: FloatArray) -> FloatArray:
    """Return the inverse H = G_ll^-1 of the response among labelled nodes, up to a factor.

    This is an M-matrix. A walk that starts at label j is absorbed by label k with probability
    -H_jk / H_jj; otherwise it gives up, or another label absorbs it. So leaving label j out gives
    F_j = -sum_k!=j H_jk Y_k / H_jj.

    Parameters
    ----------
    response : ndarray of shape (n_labelled, n_labelled)
        R_ll of label spreading.
    degrees : ndarray of shape (n_labelled,)

    Returns
    -------
    ndarray of shape (n_labelled, n_labelled)

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import absorbed, spreading_block
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> R = spreading_block(path, [0, 2], alphas=[0.5])[0]
    >>> H = absorbed(R, path.degrees[[0, 2]])
    >>> round(float(-H[0, 1] / H[0, 0]), 3)  # a walk from one end reaches the other, or gives up
    0.143
    """
    root = np.sqrt(np.where(degrees > 0, degrees, 1.0))
    inverse = np.linalg.inv((response + response.T) / 2)
    return np.asarray(root[:, None] * inverse * root)
