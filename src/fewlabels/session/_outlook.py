"""How right the answers of a sequence of checks probably are, and whether they can be proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.stats import beta

from fewlabels.session.audit import Checks
from fewlabels.session.proof import SequenceChecks, n_allowed
from fewlabels.stopping import ErrorCurve, draws_to_prove

# Fewer checks say nothing of how the error goes on falling.
FEWEST_CHECKS = 5
# The answers count as probably good enough from this probability on; a sequence of checks of them
# is given up where it is less probable than the second.
PROBABLY = 0.8
HARDLY = 0.1
# So many more labels before the checks begin are thought of, to see if fewer checks are then left.
_LOOK_AHEAD = (5, 10, 20, 40, 80, 160)
# Labels that were given together are taken for as right as if so many had been checked already.
_RIGHT, _WRONG = 10.0, 0.1
_QUANTILES = (np.arange(16) + 0.5) / 16


@dataclass(frozen=True)
class Outlook:
    """What checks say of answers: a curve for those of the model, a record for given labels.

    Attributes
    ----------
    curve : ErrorCurve or None
        None where fewer than `FEWEST_CHECKS` checks of the model's answers were drawn.
    n_right, n_wrong : int
        Checks of labels that were given together.
    """

    curve: ErrorCurve | None
    n_right: int
    n_wrong: int

    @classmethod
    def of(cls, checks: Checks) -> Self:
        """Return what there is to say by some checks."""
        of_model, of_labels = checks.of_model, checks.right[checks.of_label]
        curve = None
        if len(of_model.audits) >= FEWEST_CHECKS:
            curve = ErrorCurve(of_model.n_labels, of_model.right)
        n_right = int(of_labels.sum())
        return cls(curve, n_right, len(of_labels) - n_right)

    def is_clear(self, checked: SequenceChecks) -> bool:
        """Tell whether there is anything to say of the answers of a sequence."""
        return self.curve is not None or checked.n_given > 0

    def accuracy(self, checked: SequenceChecks, n_more: int = 0) -> float:
        """Return the share of the answers that is about right; with more labels, if there are.

        Where nothing is known of the model, its answers are taken for wrong.
        """
        of_model = 0.0
        if self.curve is not None:
            (of_model,) = self.curve.accuracy_at(max(checked.n_labels + n_more, 1), (0.5,))
        if not checked.n_given:
            return of_model
        given = checked.n_given / (checked.n_points - n_more)
        right = (self.n_right + _RIGHT) / (self.n_right + self.n_wrong + _RIGHT + _WRONG)
        return given * right + (1 - given) * of_model

    def probability_of(self, wanted: float, checked: SequenceChecks) -> float:
        """Return how probable it is that so large a share of the answers is right."""
        n_labels = max(checked.n_labels, 1)
        if not checked.n_given or not checked.n_points:
            return 0.0 if self.curve is None else self.curve.probability_of(wanted, n_labels)
        right = beta.ppf(_QUANTILES, self.n_right + _RIGHT, self.n_wrong + _WRONG)
        n_predicted = checked.n_points - checked.n_given
        needed: Iterable[float] = checked.n_points * wanted - checked.n_given * right

        def of_model(least: float) -> float:
            if least <= 0:
                return 1.0
            if self.curve is None or least > n_predicted:
                return 0.0
            return self.curve.probability_of(least / n_predicted, n_labels)

        return float(np.mean([of_model(float(least)) for least in needed]))

    def is_hopeless(self, checked: SequenceChecks, wanted: float) -> bool:
        """Tell whether checks can't prove it, or the answers are probably not good enough."""
        if checked.is_out_of_reach(wanted):
            return True
        if not self.is_clear(checked):
            return False
        probable, guess = self.probability_of(wanted, checked), self.accuracy(checked)
        provable = guess > wanted and checked.draws_to_prove(wanted, 1 - guess) is not None
        return probable < HARDLY or (probable < 0.5 and not provable)

    def is_time_to_check(self, new: SequenceChecks, wanted: float, n_left: int) -> bool:
        """Tell whether the answers are probably good enough, and no better time is in sight.

        Later the model will be better, and fewer checks will do; but the labels until then count,
        too. Where nothing is left to label, there is no later time.

        Parameters
        ----------
        new : SequenceChecks
            That would begin now.
        wanted : float
        n_left : int
            Points that may still get a label before.
        """
        if new.n_labels == 0 or not self.is_clear(new):
            return False
        if n_left == 0:
            return not self.is_hopeless(new, wanted)
        if self.probability_of(wanted, new) < PROBABLY:
            return False
        checks_now = self._checks_after(0, new, wanted)
        if checks_now is None:
            return False
        later = (self._checks_after(more, new, wanted) for more in _LOOK_AHEAD)
        return all(
            n is None or more + n >= checks_now for more, n in zip(_LOOK_AHEAD, later, strict=True)
        )

    def _checks_after(self, n_more: int, new: SequenceChecks, wanted: float) -> int | None:
        """Return about how many checks prove it if they begin after so many more labels."""
        n_points = new.n_points - n_more
        if n_points - new.n_unread < max(new.n_given, 1):
            return None
        accuracy = self.accuracy(new, n_more)
        if accuracy <= wanted:
            return None
        allowed = n_allowed(wanted, n_points - new.n_unread)
        return draws_to_prove(allowed, 1 - accuracy, n_points, confidence=new.confidence)
