"""What a linear classifier can say of its own answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from fewlabels.graph import Graph
from fewlabels.insight import (
    Explanation,
    Influence,
    SuspectLabels,
    explain_scores,
    rank_suspects,
)
from fewlabels.models._doubt import DoubtInsight
from fewlabels.models._response_insight import TOL
from fewlabels.solvers import Method
from fewlabels.systems import HarmonicResponse, Response, SpreadingResponse, SpreadingSystem


class LinearInsight(DoubtInsight):
    """Mixin of the graph classifiers whose scores are linear in the labels, F = R Y.

    R >= 0, unless a subclass says otherwise.

    To be named before :class:`GraphClassifier` among the bases. A subclass says what R is
    (`_response`). What is computed is kept until the labels change. Attributes: those of
    :class:`DoubtInsight` and :class:`LeftOutInsight`.
    """

    def explain(self, node: int) -> Explanation:
        """Say what each labelled point adds to the scores of a fitted point.

        Parameters
        ----------
        node : int
            From 0 to n_samples - 1; labelled or not.

        Returns
        -------
        Explanation
            The shares of all labels for a class sum to the point's `label_distributions_` as they
            are before `class_prior` and `calibration` are applied. All 0, and a message, where no
            label reaches the point.

        Notes
        -----
        One solve, for a single right-hand side.
        """
        node = self._checked_node(node)
        response = self._the_response()
        labelled = self.loo_labelled_
        with np.errstate(under="ignore"):
            row, _ = response.row(node)
        labels = self._labels
        given = (
            labels.rows.astype(np.intp)
            if self._is_multilabel
            else self.classes_[labels.codes[labelled]]
        )
        return explain_scores(
            node,
            row,
            self._evidence_rows(),
            labelled,
            given,
            self.classes_,
            marginal=self._is_multilabel,
            evidence=self._evidence_at(node),
        )

    def influence(self, node: int) -> Influence:
        """Say what the label of one point changed: the fit against the fit without it.

        Parameters
        ----------
        node : int
            A labelled point.

        Returns
        -------
        Influence
            Exact, up to the `tol` of either fit.

        Raises
        ------
        InvalidInputError
            If the point has no label, or is the only one that has.

        Notes
        -----
        Cost: that of :meth:`remove_labels`, on a copy, with the settings of the last fit or change
        of labels.
        """
        node, other = self._without(node)
        labels = self._labels
        without = np.zeros(self.label_distributions_.shape)
        # the class has gone where this was its last label
        without[:, np.isin(self.classes_, other.classes_)] = other.label_distributions_
        moved = np.abs(without - self.label_distributions_)
        change = moved.max(axis=1) if self._is_multilabel else moved.sum(axis=1) / 2
        differs = self.transduction_ != other.transduction_
        unreached = self.reached_ & ~other.reached_
        # without a label's reach there was no answer, and a NaN there differs from itself
        flipped = self.reached_ & (differs.any(axis=1) if differs.ndim == 2 else differs)
        label = (
            labels.rows[np.searchsorted(self.loo_labelled_, node)].astype(int).tolist()
            if self._is_multilabel
            else self.classes_[[labels.codes[node]]].tolist()[0]  # 3, and not np.int64(3)
        )
        return Influence(node, label, change, flipped, unreached, without)

    def suspect_labels(self) -> SuspectLabels:
        """Rank the labels by how much the others contradict them.

        Returns
        -------
        SuspectLabels
            The most suspect first, each with the class that the others suggest, and with the
            label that says most against it. The only labels of their classes, which nothing can
            judge, come last. See :func:`fewlabels.insight.rank_suspects`.

        Raises
        ------
        InvalidInputError
            If labels are soft, or several classes may hold of a point.
        """
        self._refuse_rows("suspect_labels")
        nodes = self.loo_labelled_
        labels = self._labels
        return rank_suspects(
            self._left_out(),
            nodes,
            labels.codes[nodes],
            self.classes_,
            self._evidence_rows().sum(axis=1),
        )

    def _evidence_at(self, node: int) -> float | None:
        """What the shares of an explanation are of; None: the sum of the scores."""
        return None


class SpreadingInsight(LinearInsight):
    """Insight into label spreading; the fitted system is used again."""

    _system: Any
    _settings: tuple[float, Method]  # alpha and solver, as they were when the system was made

    def _fitted_system(self) -> SpreadingSystem:
        """The system of the last solve, whatever was set since."""
        if self._system is None:  # a pickle leaves it out
            self._system = SpreadingSystem(self.graph_, *self._settings)
        system: SpreadingSystem = self._system
        return system

    def _response(self) -> Response:
        return SpreadingResponse(self.graph_, self._fitted_system(), self.loo_labelled_, TOL)


class HarmonicInsight(LinearInsight):
    """Insight into harmonic functions, of the graph or of one made of it (`_solved_graph`)."""

    def _response(self) -> Response:
        return HarmonicResponse(self._solved_graph(), self.loo_labelled_, self.solver, TOL)

    def _solved_graph(self) -> Graph:
        """The graph of which the scores are harmonic functions."""
        graph: Graph = self.graph_
        return graph
