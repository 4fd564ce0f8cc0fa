"""What Poisson learning can say of its own answers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt

from fewlabels.insight import Explanation, LeftOutDistributions, SuspectLabels, rank_suspects
from fewlabels.models._insight import LinearInsight
from fewlabels.models._kernels import Placed
from fewlabels.models._potentials import (
    PotentialScores,
    brought_to_prior,
    offsets_for,
    potential_distributions,
    potential_logits,
)
from fewlabels.models._response_insight import TOL
from fewlabels.systems import PoissonLeftOut, PoissonMethod, PoissonResponse, PoissonSystem

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
# Evidence is enlarged by this at most: below, which class it is for may be an error of the solve.
_MOST = 1e3


class PoissonInsight(LinearInsight):
    """Insight into Poisson learning, of which potentials are linear in the labels, u = R Y.

    R has either sign, and the distributions are a softmax of u, relative to the mean evidence of
    the component, which a label that is left out moves, too. Where a walk is stopped when it is
    mixed, it takes as many steps without a label as with it; `influence`, as a refit, walks until
    it is mixed without.
    """

    # As the last solve was made, whatever was set since.
    _n_steps: int | None
    _method: PoissonMethod
    _scores: PotentialScores
    _system: PoissonSystem | None
    _offsets: FloatArray  # to the logits; of a fit with class_prior

    def explain(self, node: Hashable) -> Explanation:
        """Say what each labelled point adds to the potentials of a fitted point.

        Parameters
        ----------
        node : int, or name of a row
            From 0 to n_samples - 1; labelled or not. Anything but an integer is looked up in the
            index of `X`, if it was a pandas table.

        Returns
        -------
        Explanation
            The shares of all labels for a class sum to its potential, over the evidence
            sum_c |u_ic| / 2: those of the classes that are above 0 to 1, and those of the others
            to -1. A label counts for its class where it is nearer than the labels are on average,
            and against it where it is farther. All 0, and a message, where no label reaches the
            point, or all that do agree.

        Notes
        -----
        One solve, or walk, for a single right-hand side.
        """
        found = super().explain(node)
        if self.reached_[found.node] and found.message:
            return replace(found, message="all labels that reach it are of one class, or balanced")
        return found

    def suspect_labels(self) -> SuspectLabels:
        """Rank the labels by how much the others contradict them.

        As of the other models, but that the shares of the classes are the softmax of the left-out
        potentials: see :meth:`LinearInsight.suspect_labels`.

        Returns
        -------
        SuspectLabels

        Raises
        ------
        InvalidInputError
            If labels are soft.
        """
        self._refuse_rows("suspect_labels")
        nodes = self.loo_labelled_
        left_out, Y, prior = self._left_out(), self._label_rows(), self._prior()
        alone = ~left_out.companions.any(axis=1)

        def shares_of(rows: FloatArray) -> FloatArray:
            shares = potential_distributions(self._left_out_logits(rows), prior)
            shares[alone] = 0  # nothing is heard
            return shares

        return rank_suspects(
            left_out,
            nodes,
            self._labels.codes[nodes],
            self.classes_,
            Y.sum(axis=1),
            shares_of=shares_of,
        )

    def _fitted_system(self) -> PoissonSystem:
        """The system of the last solve, whatever was set since."""
        system: PoissonSystem | None = self._system  # a pickle leaves it out
        if system is None or system.graph is not self.graph_ or system.method != self._method:
            system = self._system = PoissonSystem(self.graph_, self._method)
        return system

    def _response(self) -> PoissonResponse:
        system, rows = self._fitted_system(), self._label_rows()
        return PoissonResponse(
            system, self.loo_labelled_, rows, self.potentials_, self._n_steps, TOL
        )

    def _left_out(self) -> PoissonLeftOut:
        return self._kept(
            "left_out", lambda: cast(PoissonResponse, self._the_response()).left_out()
        )

    def _evidence_at(self, node: int) -> float:
        return float(self.evidence_[node])

    def _leave_out(self) -> LeftOutDistributions:
        left_out, Y, prior = self._left_out(), self._label_rows(), self._prior()
        logits = self._left_out_logits(Y)
        values = potential_distributions(logits, prior)
        answered: BoolArray = np.asarray(left_out.candidates(Y).any(axis=1))
        if self.class_prior_ is not None:
            # As the fit does it, with the left-out points among the unlabelled.
            stacked = np.vstack([self._scores.distributions(prior), values])
            unlabelled = self._scores.answered & ~self._labels.labelled
            points = np.flatnonzero(np.concatenate([unlabelled, answered]))
            logits = np.vstack([self._scores.logits, logits])
            offsets = offsets_for(logits, points, self.class_prior_)
            brought_to_prior(stacked, logits, points, self.class_prior_, offsets)
            values = stacked[self.graph_.n_nodes :]
        return LeftOutDistributions(values, answered.astype(np.float64), answered)

    def _left_out_logits(self, rows: FloatArray) -> FloatArray:
        """Of each label without itself, of labels with other weights: `rows` of Y."""
        left_out = self._left_out()
        candidates = left_out.candidates(self._label_rows())
        return potential_logits(left_out.scores(rows), left_out.units, candidates)

    # The softmax is less sure where there is less evidence, so that calibration needs not be told.

    def _amounts(self) -> FloatArray:
        return self.reached_.astype(np.float64)

    def _made_up_for(self, loo: LeftOutDistributions, Y: FloatArray) -> LeftOutDistributions:
        return loo

    def _well_heard(self, new: Placed | None) -> FloatArray:
        """Softmax of the offsets and r times the scaled potentials, r = typical evidence / own.

        Typical is the median of the unlabelled points; no point is made to hear less. Offsets stay
        as they are: more evidence does not make the prior weigh more.
        """
        evidence = self.evidence_
        usual = evidence[~self._labels.labelled & self.reached_ & (evidence > 0)]
        if len(usual) == 0:
            usual = evidence[evidence > 0]
        typical = float(np.median(usual)) if len(usual) else 0.0
        known = (evidence > 0) & (evidence < typical)
        more = np.ones(len(evidence))
        more[known] = np.minimum(typical / evidence[known], _MOST)
        logits = self._scores.logits * more[:, None]
        heard = potential_distributions(logits, self._prior())
        if self.class_prior_ is not None:
            points = np.flatnonzero(self._scores.answered & ~self._labels.labelled)
            brought_to_prior(heard, logits, points, self.class_prior_, self._offsets)
        if new is None:
            return heard
        near = new.votes(heard * self.reached_[:, None])
        return np.asarray(self._shares_of(near), dtype=np.float64)
