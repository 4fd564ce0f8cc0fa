"""What a linear classifier can say of its own answers."""

from __future__ import annotations

from collections.abc import Hashable

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
from fewlabels.models._influence import influence_of
from fewlabels.models._response_insight import TOL
from fewlabels.solvers import Method
from fewlabels.systems import (
    HarmonicResponse,
    Response,
    SpreadingResponse,
    SpreadingSystem,
    StreamedSpreadingSystem,
)


class LinearInsight(DoubtInsight):
    """Mixin of the graph classifiers whose scores are linear in the labels, F = R Y.

    R >= 0, unless a subclass says otherwise.

    To be named before :class:`GraphClassifier` among the bases. A subclass says what R is
    (`_response`). What is computed is kept until the labels change. Attributes: those of
    :class:`DoubtInsight` and :class:`LeftOutInsight`.
    """

    def explain(self, node: Hashable) -> Explanation:
        """Return what each labelled point contributes to the scores of a fitted point.

        Parameters
        ----------
        node : int, or name of a row
            From 0 to n_samples - 1; labelled or not. Anything but an integer is looked up in the
            index of `X`, if it was a pandas table.

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

    def influence(self, node: Hashable) -> Influence:
        """Return what the label of one point changed: compares the fit with the fit without it.

        Parameters
        ----------
        node : int, or name of a row
            A labelled point, as :meth:`explain` takes it.

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
        return influence_of(self, *self._without(node))

    def suspect_labels(self) -> SuspectLabels:
        """Rank the labels by how much the others contradict them.

        Returns
        -------
        SuspectLabels
            The most suspect first, each with the class that the others suggest, and with the label
            that contradicts it most. Labels that are the only ones of their class can't be judged,
            and come last. See :func:`fewlabels.insight.rank_suspects`.

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

    _system: SpreadingSystem | StreamedSpreadingSystem | None
    _settings: tuple[float, Method]  # alpha and solver, as they were when the system was made

    def _fitted_system(self) -> SpreadingSystem:
        """The system of the last solve, whatever was set since."""
        if not isinstance(self._system, SpreadingSystem):  # a pickle leaves it out
            self._system = SpreadingSystem(self.graph_, *self._settings)
        return self._system

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
