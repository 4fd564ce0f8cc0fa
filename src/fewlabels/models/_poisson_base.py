"""Poisson learning, as the models that begin with it share it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels._progress import iteration_progress
from fewlabels._validation import check_choice, check_integer
from fewlabels.models._base import GraphClassifier
from fewlabels.models._in_memory import refuse_disk
from fewlabels.models._potentials import PotentialScores, brought_to_prior, offsets_for
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.systems import POISSON_METHODS, PoissonSystem

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

# A change may add this share of tol to the error of every row, whatever the number of labels.
# After as many changes as make it whole, all is solved for again.
_SHARE_OF_TOL = 1 / 16


class PoissonLearning(GraphClassifier):
    """Base of the classifiers that solve for the potentials of Poisson learning."""

    _solvers = POISSON_METHODS
    _takes_multilabel = False
    _scores: PotentialScores

    iterations: str | int  # a parameter, assigned by the subclasses' __init__
    _system: PoissonSystem | None

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_iterations(self.iterations)

    def _solve(self) -> Scores:
        system = self._prepared()
        Y = self._labels.label_matrix()
        self._solved_Y, self._solved_tol, self._owed = Y, self.tol, 0.0
        with iteration_progress(self.verbose, self.max_iter) as callback:
            if self.iterations == "converged":
                found = system.solve(Y, tol=self.tol, max_iter=self.max_iter, callback=callback)
            else:
                n_steps = None if self.iterations == "mixing" else int(self.iterations)
                found = system.walk(Y, n_steps, max_iter=self.max_iter, callback=callback)
                # As many steps as were asked for are no failure.
                found = replace(found, converged=np.ones_like(found.converged))
        self._walked = self.iterations != "converged"
        self._method, self._n_steps = system.method, found.n_iter if self._walked else None
        return PotentialScores.from_potentials(found, Y, self.graph_.component_labels)

    def _solve_change(self, change: Relabelling) -> Scores:
        system = self._prepared()
        Y, columns = self._labels.label_matrix(), change.old_columns
        before = np.zeros_like(Y)
        before[:, columns >= 0] = self._solved_Y[:, columns[columns >= 0]]
        # a class that went with its last label has potentials of its own to take away
        lost = len(np.setdiff1d(np.arange(self._solved_Y.shape[1]), columns)) > 0
        n_changed = int((before != Y).any(axis=1).sum())
        sound = self._scores.converged.all() and self.tol >= self._solved_tol
        walks = self._walked or self.iterations != "converged"
        few = n_changed < Y.shape[1]
        if lost or walks or not (sound and few) or self._owed + _SHARE_OF_TOL > 1:
            return self._solve()
        old = self._scores.potentials
        values = np.zeros_like(Y)
        values[:, columns >= 0] = old.values[:, columns[columns >= 0]]
        with iteration_progress(self.verbose, self.max_iter) as callback:
            found = system.solve_change(
                before,
                Y,
                replace(old, values=values),
                tol=_SHARE_OF_TOL * self.tol,
                max_iter=self.max_iter,
                callback=callback,
            )
        self._solved_Y, self._method = Y, system.method
        self._owed += _SHARE_OF_TOL
        return PotentialScores.from_potentials(found, Y, self.graph_.component_labels)

    def _prepared(self) -> PoissonSystem:
        """The system by the present `solver`."""
        graph = refuse_disk(self, self.graph_)
        system: PoissonSystem | None = self.__dict__.get("_system")
        if system is None or system.graph is not graph or system.method != self.solver:
            # `fit` has checked that it is one of `_solvers`, which the annotation does not know
            system = self._system = PoissonSystem(graph, self.solver)  # type: ignore[arg-type]
        return system

    def _apply_prior(self, distributions: FloatArray, points: IntArray) -> FloatArray:
        """Bring the classes to their expected shares by offsets to the potentials."""
        if self.class_prior_ is None:
            return distributions
        logits, shares = self._scores.logits, self.class_prior_
        self._offsets = offsets_for(logits, points, shares)
        return brought_to_prior(distributions, logits, points, shares, self._offsets)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the system: it is as large as the graph, and follows from it."""
        state: dict[str, object] = super().__getstate__()
        return state | {"_system": None}


def check_iterations(iterations: object) -> None:
    """Raise unless `iterations` is "mixing", "converged" or a positive integer."""
    if isinstance(iterations, str):
        check_choice("iterations", iterations, ("mixing", "converged"), other=", or an integer")
    else:
        check_integer("iterations", iterations, minimum=1)
