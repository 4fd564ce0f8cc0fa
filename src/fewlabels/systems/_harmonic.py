"""The linear system of harmonic functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels._memory import require_memory
from fewlabels.graph import Graph
from fewlabels.solvers import (
    Answer,
    Callback,
    GroundedLaplacian,
    Method,
    PreparedSolver,
    in_float64,
    row_sums,
)
from fewlabels.systems._locality import locality

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class HarmonicSystem:
    """(D_uu - W_uu) F_u = W_ul Y_l: every unlabelled node is the weighted mean of its neighbours.

    The labelled nodes l are clamped to Y_l. The matrix is the grounded Laplacian of the unlabelled
    nodes u that a label can reach, each grounded by its weights to labelled nodes. F_ic is the
    probability that a random walk from node i meets a label of class c first, so that each row
    sums to 1; this is checked.

    Parameters
    ----------
    graph : Graph
    labelled : ndarray of shape (n_nodes,), bool
    method : {"auto", "sweeps", "cg", "direct"}, default="auto"

    Raises
    ------
    NotEnoughMemoryError
        If the system of a dense graph would not fit into the free memory.

    References
    ----------
    X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import HarmonicSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> labelled = np.array([True, False, True])
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> HarmonicSystem(path, labelled).solve(Y, tol=1e-6, max_iter=1000).values[1].round(4)
    array([0.5, 0.5])
    """

    def __init__(self, graph: Graph, labelled: BoolArray, method: Method = "auto") -> None:
        self._labelled = labelled
        self._reached = graph.reached_from(labelled)
        unknown = self._reached & ~labelled
        if graph.is_dense:
            n_entries = graph.n_nodes * int(unknown.sum())
            require_memory(
                2 * 8 * n_entries,
                f"the dense system of {int(unknown.sum()):,} unlabelled points",
                'Join points to their nearest only: kernel="self-tuning" or fewlabels.knn_graph.',
            )
        order = locality(graph)
        self._unknown = order[unknown[order]]
        rows = in_float64(graph.affinity[self._unknown])
        self._boundary = rows[:, np.flatnonzero(labelled)]
        matrix = GroundedLaplacian(rows[:, self._unknown], row_sums(self._boundary))
        self._solver = PreparedSolver(matrix, method)

    def solve(
        self,
        Y: FloatArray,
        *,
        tol: float,
        max_iter: int,
        callback: Callback | None = None,
    ) -> Answer:
        """Return the harmonic function F of shape (n_nodes, n_classes).

        Parameters
        ----------
        Y : ndarray of shape (n_nodes, n_classes)
            Non-negative where labelled, with a positive entry in each row; other rows are not read.
        tol, max_iter, callback
            As :meth:`fewlabels.solvers.PreparedSolver.solve`.
        """
        given = Y[self._labelled].sum(axis=1)
        if not np.allclose(given, 1, rtol=_ROUNDING, atol=0):
            return self._solve_with_slack(Y, given, tol, max_iter, callback)
        n, m = Y.shape
        labelled, unknown = self._labelled, self._unknown
        values, log_scale = np.zeros((n, m)), np.zeros(n)
        values[labelled] = Y[labelled]
        answer = self._solver.solve(
            np.asarray(self._boundary @ Y[labelled]),
            tol=tol,
            max_iter=max_iter,
            exact_totals=np.ones(len(unknown)),
            callback=callback,
        )
        values[unknown] = answer.values
        log_scale[unknown] = answer.log_scale
        # Near-singular systems may have a small residual and a wrong answer; their sums tell.
        off = np.abs(answer.scores.sum(axis=1) - 1).max(initial=0.0)
        return replace(
            answer,
            values=values,
            log_scale=log_scale,
            reached=self._reached,
            converged=answer.converged & bool(off <= max(tol, _ROUNDING)),
        )

    def variances(self, V: FloatArray, *, tol: float, max_iter: int) -> tuple[FloatArray, bool]:
        """V' L_uu^-1 v of the columns v of V, restricted to the unlabelled nodes that are reached.

        The variance of v' f under the Gaussian field exp(-f' L f / 2) given the labelled nodes.

        Parameters
        ----------
        V : ndarray of shape (n_nodes, m)
            Non-negative.
        tol : float
            The accuracy of each column's L_uu^-1 v, row by row.
        max_iter : int

        Returns
        -------
        variances : ndarray of shape (m,)
        converged : bool
        """
        _, variances, converged = self.responses(V, tol=tol, max_iter=max_iter)
        return variances, converged

    def responses(
        self, V: FloatArray, *, tol: float, max_iter: int
    ) -> tuple[FloatArray, FloatArray, bool]:
        """How the labels change v' F for the columns v of V, and `variances` from the same solve.

        Parameters
        ----------
        V, tol, max_iter
            As :meth:`variances`.

        Returns
        -------
        responses : ndarray of shape (n_labelled, m)
            R' V, of the response R_ul = L_uu^-1 W_ul, R_ll = I.
        variances : ndarray of shape (m,)
        converged : bool
        """
        B = V[self._unknown]
        # A row is right relative to its sum over all columns, hence the division.
        answer = self._solver.solve(B, tol=tol / max(1, V.shape[1]), max_iter=max_iter)
        responses = np.asarray(V[self._labelled] + self._boundary.T @ answer.scores)
        variances = np.einsum("ij,ij->j", B, answer.scores)
        return responses, variances, bool(answer.converged.all())

    def _solve_with_slack(
        self,
        Y: FloatArray,
        given: FloatArray,
        tol: float,
        max_iter: int,
        callback: Callback | None,
    ) -> Answer:
        """Solve for rows of any sum, with one more column that fills them all up to the largest.

        So the sums of the answer are known here, too.
        """
        unit = given.max()
        filled = np.zeros((len(Y), Y.shape[1] + 1))
        filled[self._labelled, :-1] = Y[self._labelled] / unit
        filled[self._labelled, -1] = 1 - given / unit
        np.maximum(filled, 0, out=filled)
        # No row sums to less than the least of what is given, beside which it is to be right.
        answer = self.solve(
            filled, tol=tol * given[given > 0].min() / unit, max_iter=max_iter, callback=callback
        )
        values = answer.values[:, :-1] * unit
        values[self._labelled] = Y[self._labelled]
        return replace(
            answer,
            values=values,
            residual=answer.residual[:-1],
            converged=answer.converged[:-1] & answer.converged[-1],
        )

    def residual(self, F: FloatArray) -> FloatArray:
        """Residual of each column of F, relative to its right-hand side; shape (n_classes,)."""
        return self._solver.residual(
            np.asarray(self._boundary @ F[self._labelled]), F[self._unknown]
        )


# What the sums of a direct answer may be off by for rounding alone.
_ROUNDING = 1e-8
