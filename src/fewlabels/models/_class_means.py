"""Label spreading in which every class speaks with one voice, however many labels it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.insight import Calibration, LeftOutDistributions, fit_calibration
from fewlabels.models._alpha_choice import (
    CANDIDATES,
    DEFAULT,
    MOST_COMPARED,
    LeftOutRows,
    choose_alpha,
    enough,
    labels_to_leave_out,
    left_out_means,
    too_few,
)
from fewlabels.models._base import GraphClassifier
from fewlabels.models._choices import Choice
from fewlabels.models._in_memory import refuse_disk
from fewlabels.models._insight import LinearInsight
from fewlabels.models._progress import iteration_progress
from fewlabels.models._relabel import Relabelling
from fewlabels.models._response_insight import TOL
from fewlabels.models._scores import Scores
from fewlabels.systems import Response, SpreadingResponse, SpreadingSystem, spreading_left_out

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Below so many nodes, float64 and more products cost nothing that counts.
_SMALL = 5_000
# Labels that are left out to calibrate, which is done only where probabilities are read.
_MOST_TEACHERS = 64
# By these factors the moments count that left-out scores do without: where alphas are compared,
# where probabilities are learned, and in a small graph.
_COMPARING_TOL, _TEACHING_TOL, _SMALL_TOL = 1e-2, 1e-3, 1e-6


class ClassMeanSpreading(LinearInsight, GraphClassifier):
    """Base of the classifiers that spread the mean of each class's labels.

    With R label spreading's response, the scores are

        F_ic = d_i^-1/2 sum_j R_ij d_j^-1/2 Y_jc / sum_j Y_jc:

    the mean over the labels of class c of how much more often a walk from i, of 1 / (1 - alpha)
    steps on average, ends at j than one from anywhere. The factor d_i^-1/2 has no part in the
    shares of the classes; `self._scores` go without it.

    A subclass has the parameters `alpha` ("auto" or a number), `solver`, `max_iter`, `tol` and
    `verbose`.
    """

    alpha: Any
    _systems: dict[tuple[float, str], SpreadingSystem]  # a pickle leaves them out

    def _build(self, points: Any) -> None:
        self._systems = {}  # those there were are of another graph
        super()._build(points)
        graph = refuse_disk(self, self.graph_)
        degrees = graph.degrees
        self._root: FloatArray = np.sqrt(np.where(degrees > 0, degrees, 1.0))
        self._alpha_choice = self._choose_alpha()
        self.alpha_ = float(self._alpha_choice.value)

    def _choose_alpha(self) -> Choice:
        if self.alpha != "auto":
            return Choice(float(self.alpha), "as given")
        if self.graph_.is_dense:
            return Choice(DEFAULT, "the default; of dense affinities, alphas are not compared")
        Y = self._label_rows()
        rows = labels_to_leave_out(Y, MOST_COMPARED)
        if not enough(len(rows)):
            return too_few(len(rows))
        scores = self._scores_without(rows, CANDIDATES, _COMPARING_TOL)
        counts = Y.sum(axis=0)
        return choose_alpha(
            CANDIDATES, [left_out_means(each, Y[rows], counts) for each in scores], Y[rows]
        )

    # The linear system

    def _solve(self) -> Scores:
        system = self._system_of(self.alpha_)
        self._solved_tol, self._solved_counts = self.tol, self._labels.label_matrix().sum(axis=0)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = system.solve(
                self._columns(), tol=self.tol, max_iter=self.max_iter, callback=callback
            )
        return Scores.from_answer(answer)

    def _solve_change(self, change: Relabelling) -> Scores:
        settings = (self.alpha_, self.solver)
        stale = settings not in self._systems and bool(self._systems)
        if stale or self.tol < self._solved_tol or not self._scores.converged.all():
            self._systems = {}
            return self._solve()
        old, columns = change.old_columns, change.touched
        scores: Scores = self._scores.select(old, n_iter=0)
        before = np.where(old >= 0, self._solved_counts[old], 0)
        self._solved_counts = change.labels.label_matrix().sum(axis=0)
        # A class with more labels hears less of each.
        self._solve_columns(scores, columns, before[columns] / self._solved_counts[columns])
        if scores.have_thinned:
            # What is left in a row that held much of what was lost was small beside it, and is no
            # more accurate than that.
            everything = np.arange(change.labels.n_columns)
            self._solve_columns(scores, everything, np.ones(len(everything)))
        return scores

    def _solve_columns(self, scores: Scores, columns: IntArray, factors: FloatArray) -> None:
        """Solve for some classes, from `factors` times the scores there are; put them in place."""
        if len(columns) == 0:
            return
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = self._system_of(self.alpha_).solve(
                self._columns(columns),
                tol=self.tol,
                max_iter=self.max_iter,
                start=scores.true_values()[:, columns] * factors,
                other_totals=scores.totals_without(columns),
                callback=callback,
            )
        scores.replace_columns(columns, answer)
        scores.n_iter += answer.n_iter

    def _columns(self, columns: IntArray | None = None) -> FloatArray:
        """Right-hand sides: d_j^-1/2 Y_jc / sum_j Y_jc."""
        Y: FloatArray = self._labels.label_matrix(columns)
        Y /= Y.sum(axis=0)
        Y /= self._root[:, None]
        return Y

    def _system_of(self, alpha: float) -> SpreadingSystem:
        """The prepared system of an alpha on the fitted graph."""
        key = (alpha, self.solver)
        if key not in self._systems:
            self._systems[key] = SpreadingSystem(self.graph_, alpha, self.solver)
        return self._systems[key]

    # What it knows of its own answers

    def _evidence(self, totals: FloatArray, nodes: IntArray | slice) -> FloatArray:
        """Row sums of F in units of what walks hear that have forgotten their start.

        Such a walk is at point j of its component K with probability d_j / vol K, and so hears
        sum_c s_c / vol K, s_c being the share of the labels of class c that lie in K. In a graph of
        one component that is n_classes / vol.
        """
        components, labelled = self.graph_.component_labels, self.loo_labelled_
        Y = self._label_rows()
        shares = (Y / Y.sum(axis=0)).sum(axis=1)
        volumes = np.bincount(components, weights=self._root**2)
        heard = np.bincount(components[labelled], weights=shares, minlength=len(volumes))
        units = np.divide(volumes, heard, out=np.ones_like(volumes), where=heard > 0)
        with np.errstate(over="ignore", under="ignore"):
            found = totals / self._root[nodes] * units[components[nodes]]
        return np.asarray(np.minimum(found, np.finfo(np.float64).max))

    def _response(self) -> Response:
        system = self._system_of(self.alpha_)
        return SpreadingResponse(self.graph_, system, self.loo_labelled_, TOL)

    def _evidence_rows(self) -> FloatArray:
        Y = self._label_rows()
        return np.asarray(Y / Y.sum(axis=0) / self._root[self.loo_labelled_, None])

    def _leave_out(self) -> LeftOutDistributions:
        nodes, Y = self.loo_labelled_, self._label_rows()
        left_out = self._left_out()
        scores = left_out.scores(Y / self._root[nodes, None])
        rows = left_out_means(scores, Y, Y.sum(axis=0))
        with np.errstate(under="ignore"):
            totals = rows.evidence * np.exp(left_out.log_scale)
        return self._distributions_without(rows, totals, nodes)

    def _distributions_without(
        self, rows: LeftOutRows, totals: FloatArray, nodes: IntArray
    ) -> LeftOutDistributions:
        """Bring left-out shares to the expected ones, the points counted among the unlabelled."""
        answered = rows.evidence > 0
        values = np.where(answered[:, None], rows.shares, self._prior())
        values = self._brought_to_prior(values, answered)
        return LeftOutDistributions(values, self._evidence(totals, nodes), answered)

    def _scores_without(self, rows: IntArray, alphas: tuple[float, ...], tol: float) -> FloatArray:
        """Sums over the others' labels, not divided; shape (n_alphas, n_rows, n_classes)."""
        nodes = np.flatnonzero(self._labels.labelled)[rows]
        Y = self._labels.label_matrix() / self._root[:, None]
        size = float(Y.max())
        small = self.graph_.n_nodes < _SMALL
        found = spreading_left_out(
            self.graph_,
            nodes,
            Y / size,
            alphas,
            tol=_SMALL_TOL if small else tol,
            dtype=np.float64 if small else np.float32,
        )
        return found * size

    def _sampled_loo(self) -> tuple[IntArray, LeftOutDistributions]:
        """Some labels with another of their class, and what the others say of them."""
        Y = self._label_rows()
        rows = labels_to_leave_out(Y, _MOST_TEACHERS)
        scores = self._scores_without(rows, (self.alpha_,), _TEACHING_TOL)[0]
        means = left_out_means(scores, Y[rows], Y.sum(axis=0))
        nodes = self.loo_labelled_[rows]
        return rows, self._distributions_without(means, means.evidence, nodes)

    def _linear_calibration(self) -> Calibration:
        """Of the shares of F, fitted to labels left out."""
        found: Calibration = self._kept("linear_calibration", self._fit_linear_calibration)
        return found

    def _fit_linear_calibration(self) -> Calibration:
        rows, loo = self._sampled_loo()
        Y = self._label_rows()[rows]
        teaches = np.flatnonzero(loo.answered & self._of_expected(Y))
        Y = Y[teaches]
        Y = Y * (len(Y) / (Y.sum() or 1))  # weights are relative: so many labels as there are
        evidence = self.evidence_[~self._labels.labelled]
        if not evidence.any():  # all are labelled, say
            evidence = loo.evidence
        known = evidence[evidence > 0]
        reference = float(np.median(known)) if len(known) else 1.0
        return fit_calibration(
            loo.values[teaches],
            loo.evidence[teaches],
            Y,
            reference=reference,
            excluded=self._excluded(),
        )

    def __getstate__(self) -> Any:
        """Leave out the systems: each is as large as the graph, and follows from it."""
        state = super().__getstate__()
        return state | {"_systems": {}} if "_systems" in state else state
