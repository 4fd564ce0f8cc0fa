"""What members on the graph have in common: shares of evidence, linear in the labels."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels._progress import iteration_progress
from fewlabels._typing import State
from fewlabels.graph import Graph
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.solvers import Callback, Method
from fewlabels.systems import SpreadingSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# How exactly a row of the response is solved for, to explain an answer.
_ROW_TOL, _MOST_ITERATIONS = 1e-5, 100_000


class GraphMember(ABC):
    """A model on the graph, made of label spreading's response R = (1 - a) (I - a S)^-1.

    Parameters
    ----------
    graph : Graph
        In memory.
    labels : Labels
    solver, tol, max_iter, verbose
        As of :class:`fewlabels.LabelSpreading`.

    Attributes
    ----------
    name : str
        As `choices_` has it.
    alpha : float
    scores : Scores
        F, a row a point; its rows over their sums are the shares of the classes.
    """

    name: str
    alpha: float
    scores: Scores

    def __init__(
        self,
        graph: Graph,
        labels: Labels,
        *,
        solver: Method,
        tol: float,
        max_iter: int,
        verbose: bool,
    ) -> None:
        self.graph = graph
        self.labels = labels
        self._solver: Method = solver
        self._tol, self._max_iter, self._verbose = tol, max_iter, verbose
        degrees = graph.degrees
        self._root = np.sqrt(np.where(degrees > 0, degrees, 1.0))
        self._system: SpreadingSystem | None = None
        self._solve()

    @property
    def nodes(self) -> IntArray:
        """The labelled points, ascending."""
        return np.flatnonzero(self.labels.labelled)

    def shares(self, rows: slice | IntArray) -> FloatArray:
        """Shares of the classes at some points; 0 in rows that no evidence reaches."""
        return divided(self.scores.values[rows])

    def relabelled(self, change: Relabelling) -> Self:
        """Return the member with changed labels, solved for by what changes; this one stays."""
        other = copy.copy(self)
        other._system = self._system
        other.labels = change.labels
        if self.scores.converged.all():
            other._solve_change(self.scores, change)
        else:
            other._solve()
        return other

    @abstractmethod
    def left_out_weights(self, response: FloatArray, places: IntArray) -> FloatArray:
        """How much some labels say of each other.

        Parameters
        ----------
        response : ndarray of shape (n_places, n_places)
            R among them.
        places : ndarray of int
            Which of the labelled points they are; all others are as if they had no label.

        Returns
        -------
        ndarray of shape (n_places, n_places)
            Row j times the distributions of the labels gives the shares at label j while its own
            is left out, but for a class's last label. Rows sum to 1, or to 0; the diagonal is 0.
        """

    @abstractmethod
    def say(self, node: int, response: FloatArray) -> FloatArray:
        """How much each label says of a point, (n_labelled,); they sum to 1, or to 0.

        Parameters
        ----------
        node : int
        response : ndarray of shape (n_labelled, n_labelled)
            R among all labels.
        """

    @abstractmethod
    def _solve(self) -> None:
        """Set `scores`, from nothing."""

    @abstractmethod
    def _solve_change(self, before: Scores, change: Relabelling) -> None:
        """Set `scores`, which were `before` for other labels."""

    def _row(self, node: int) -> FloatArray:
        """R from the labelled points to another, up to a factor: R is symmetric."""
        unit = np.zeros((self.graph.n_nodes, 1))
        unit[node] = 1
        answer = self._prepared().solve(unit, tol=_ROW_TOL, max_iter=_MOST_ITERATIONS)
        nodes = self.nodes
        sizes = answer.log_scale[nodes]
        return np.asarray(answer.values[nodes, 0] * np.exp(sizes - sizes.max()))

    def _prepared(self) -> SpreadingSystem:
        if self._system is None:  # a pickle leaves it out
            self._system = SpreadingSystem(self.graph, self.alpha, self._solver)
        return self._system

    def _progress(self) -> AbstractContextManager[Callback | None]:
        return iteration_progress(self._verbose, self._max_iter)

    def __getstate__(self) -> State:
        """Leave out the system: it is as large as the graph, and follows from it."""
        return self.__dict__ | {"_system": None}


def divided(rows: FloatArray) -> FloatArray:
    """Rows over their sums; 0 where that is 0."""
    totals = rows.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(rows, totals, out=np.zeros_like(rows), where=totals > 0))
