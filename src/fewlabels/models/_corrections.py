"""The first of Correct and Smooth's two steps: the errors at the labels, spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels._validation import check_choice, check_real
from fewlabels.graph import Graph
from fewlabels.solvers import Answer, Callback, Method
from fewlabels.systems import (
    HarmonicSystem,
    SpreadingSystem,
    solve_directions,
    solve_fixed_errors,
)

FloatArray = npt.NDArray[np.float64]

_KINDS = ("autoscale", "fdiff")


@dataclass(frozen=True)
class Correction:
    """How errors are spread; see :class:`fewlabels.CorrectAndSmooth` for the equations.

    Attributes
    ----------
    kind : {"autoscale", "fdiff"} or None
    alpha : float
        Of "autoscale".
    scale : float
        Of "fdiff".
    """

    kind: str | None
    alpha: float
    scale: float

    def check(self) -> None:
        """Raise if a setting is out of range."""
        if self.kind is not None:
            check_choice("correction", self.kind, _KINDS, other=", or None")
        check_real("correction_alpha", self.alpha, minimum=1e-12, below=1)
        check_real("correction_scale", self.scale, minimum=0)

    def spread(
        self,
        graph: Graph,
        labels: Labels,
        Y: FloatArray,
        Z: FloatArray,
        *,
        solver: Method,
        tol: float,
        max_iter: int,
        callback: Callback | None = None,
    ) -> tuple[FloatArray, Answer | None]:
        """Return C of shape (n_samples, n_classes), and the solve that it comes from.

        Parameters
        ----------
        graph : Graph
        labels : Labels
        Y : ndarray of shape (n_samples, n_classes)
            One-hot where labelled.
        Z : ndarray of shape (n_samples, n_classes)
            The estimator's distributions.
        solver, tol, max_iter, callback
            Of the solve.

        Returns
        -------
        corrections : ndarray of shape (n_samples, n_classes), float64
        answer : Answer or None
            None where there is nothing to correct.
        """
        known = np.flatnonzero(labels.labelled)
        E = np.zeros_like(Z)
        E[known] = Y[known] - Z[known]
        if self.kind is None or not E.any():
            return np.zeros_like(Z), None
        if self.kind == "fdiff":
            harmonic = HarmonicSystem(graph, labels.labelled, solver)
            answer = solve_fixed_errors(
                harmonic, E, labels.labelled, tol=tol, max_iter=max_iter, callback=callback
            )
            return self.scale * answer.scores, answer
        weights = labels.weights_at(known)
        sigma = float(weights @ np.abs(E[known]).sum(axis=1) / weights.sum())
        E[known] *= weights[:, None]
        system = SpreadingSystem(graph, self.alpha, solver)
        directions, answer = solve_directions(
            system, E, tol=tol, max_iter=max_iter, callback=callback
        )
        return sigma * directions, answer
