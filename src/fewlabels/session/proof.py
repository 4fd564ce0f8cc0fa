"""What a sequence of checks proves of the answers that a model gave when it began."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels.session._labels import is_same
from fewlabels.session._questions import Answers
from fewlabels.session._sequences import CheckSequence
from fewlabels.session._state import SessionState
from fewlabels.stopping import draws_to_prove, most_wrong

# The first sequence gets this share of the error that is allowed, the next the same share of what
# is left, and so on: all together never more than is allowed.
_FIRST_SHARE = 0.75


@dataclass(frozen=True)
class Proof:
    """What the checks of one sequence prove.

    When a sequence begins, the answers of the model to all open points are held, and so are labels
    that were given to many points at a glance. The checks, drawn at random from these points, say
    how many of them are right. The model goes on learning; what is proven is about what was held.
    An answer in whose place such a label was given since counts as wrong, and so does such a label
    that was taken back.

    Attributes
    ----------
    n_labels : int
        The labels that the model had learned when it gave the answers.
    n_points : int
        How many answers are checked: those to the points that were open, or had such a label, when
        the first check was drawn, less those of which the check was skipped. A point without an
        answer, which no label reaches, is among them, and counts as wrong.
    n_checks : int
        How many of them were checked, up to the first check that is open.
    n_right : int
        How many checks found the answer right.
    low : float
        The share of the answers that is proven right; 0 without any check. With probability
        `confidence` or more it is not too high at *any* look; and that it is for no sequence of
        the session, with the confidence that was asked for.
    confidence : float
        Of this sequence alone: what is allowed of error is split among the sequences, three
        quarters of what is left to each.
    is_on : bool
        Whether the sequence goes on.
    n_given : int
        How many of the answers are labels that were given to many points at a glance: they are
        checked, too.
    number : int
        Of the sequence: how many there were before.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session
    >>> X = np.repeat([[0.0], [9.0]], 150, axis=0) + np.random.default_rng(0).normal(size=(300, 1))
    >>> truth = np.repeat(["a", "b"], 150)
    >>> session = Session(X)
    >>> while session.advice(accuracy=0.9).action != "stop":
    ...     asked = session.ask(10)
    ...     _ = session.tell(asked, truth[asked])
    >>> session.advice(accuracy=0.9).proof.low >= 0.9
    True
    """

    n_labels: int
    n_points: int
    n_checks: int
    n_right: int
    low: float
    confidence: float
    is_on: bool
    n_given: int = 0
    number: int = 0


@dataclass(frozen=True)
class SequenceChecks:
    """The checks of a sequence that count, as :mod:`fewlabels.stopping` takes them.

    Answers that people overruled at a glance, among many, count as wrong whatever the checks say.

    Attributes
    ----------
    n_labels : int
        That the model had when the sequence began.
    n_points : int
        Of which draws are made; 0 if every check was skipped and nothing is left.
    wrong : ndarray of shape (n_checks,), bool
    n_drawn_from : ndarray of shape (n_checks,), intp
    confidence : float
    is_on : bool
    n_given : int
        Of these points had a label that was given together with others, which is what is checked.
    n_overruled : int
        Of these points have another label now than the answer, which was given together with
        others since, or none where the answer was a label.
    points : tuple of int
        That the checks are about.
    n_unread : int
        Of these points nothing is known, and their answers are told nobody: that they may be right
        proves nothing of the others. Draws are made of them as well.
    n_more : int or None
        Draws that can still count: of points that are left to draw, or that were drawn and are
        open. None: of all points but those of `wrong`.
    number : int
        How many sequences there were before.
    """

    n_labels: int
    n_points: int
    wrong: npt.NDArray[np.bool_]
    n_drawn_from: npt.NDArray[np.intp]
    confidence: float
    is_on: bool
    n_given: int = 0
    n_overruled: int = 0
    points: tuple[int, ...] = ()
    n_unread: int = 0
    n_more: int | None = None
    number: int = 0

    @classmethod
    def of_none(
        cls,
        n_labels: int,
        n_points: int,
        confidence: float,
        n_given: int = 0,
        n_unread: int = 0,
        number: int = 0,
    ) -> Self:
        """Return a sequence that begins now."""
        no = np.empty(0, dtype=np.intp)
        return cls(
            n_labels,
            n_points,
            wrong=no.astype(bool),
            n_drawn_from=no,
            confidence=confidence,
            is_on=True,
            n_given=n_given,
            n_unread=n_unread,
            number=number,
        )

    @property
    def n_answers(self) -> int:
        """How many answers are told: of no more of them than of all points are wrong."""
        return self.n_points - self.n_unread

    def proves(self, wanted: float) -> bool:
        """Tell whether they show that so large a share of the answers is right."""
        return self.draws_to_prove(wanted, 0.0) == 0

    def is_out_of_reach(self, wanted: float) -> bool:
        """Tell whether they can't show it even if all that are left find the answer right.

        So it is where many of the points got a label unasked: their answers may all have been
        wrong.
        """
        return self.draws_to_prove(wanted, 0.0) is None

    def draws_to_prove(self, wanted: float, share_wrong: float) -> int | None:
        """Return about how many more checks show it, if this share of them is wrong."""
        allowed = n_allowed(wanted, self.n_answers) - self.n_overruled
        if self.n_answers == 0 or allowed < 0:
            return None
        found = draws_to_prove(
            allowed,
            share_wrong,
            self.n_points,
            confidence=self.confidence,
            wrong=self.wrong,
            n_drawn_from=self.n_drawn_from,
        )
        if found is not None and self.n_more is not None and found > self.n_more:
            return None
        return found

    def proof(self) -> Proof:
        """Return what they say."""
        low = 0.0
        n_answers = self.n_answers
        if len(self.wrong):
            most = most_wrong(
                self.wrong, self.n_drawn_from, self.n_points, confidence=self.confidence
            )
            low = 1 - min(most + self.n_overruled, n_answers) / n_answers
        n = len(self.wrong)
        n_right = n - int(self.wrong.sum())
        return Proof(
            self.n_labels,
            n_answers,
            n,
            n_right,
            low,
            self.confidence,
            self.is_on,
            self.n_given,
            self.number,
        )


def n_allowed(wanted: float, n_points: int) -> int:
    """Return how many of the points may be wrong where this share must be right."""
    # what (1 - 0.9) 300 is off by in floating point must not cost a point
    return math.floor((1 - wanted) * n_points + 1e-9 * n_points)


def confidence_of(number: int, confidence: float) -> float:
    """Return the confidence of a sequence, the `number`-th from 0, so that all have the whole."""
    return 1 - (1 - confidence) * _FIRST_SHARE * (1 - _FIRST_SHARE) ** number


def sequences_of(
    state: SessionState,
    confidence: float,
    held: Answers | None = None,
    unread: npt.NDArray[np.bool_] | None = None,
) -> Sequence[SequenceChecks]:
    """Return the checks of each sequence, in order, at this confidence in all.

    Parameters
    ----------
    state : SessionState
    confidence : float
    held : Answers or None
        Those that the last sequence is about, where they are known.
    unread : ndarray of shape (n_points,), bool, or None
        Points whose answers are told nobody. None: there are none.
    """
    found = []
    for sequence in state.sequences:
        answers = held if sequence is state.sequences[-1] else None
        found.append(_checks_of(state, sequence, confidence, answers, unread))
    return found


def relabelled_together(state: SessionState, sequence: CheckSequence) -> list[int]:
    """Return the points of a sequence that got their label since it began, with many others."""
    then, now = sequence.labels, state.labels
    return [
        point
        for point in state.together
        if sequence.members[point] and not is_same(then.get(point), now[point])
    ]


def taken_back(state: SessionState, sequence: CheckSequence) -> list[int]:
    """Return the points of a sequence whose label was the answer, and that people took back since.

    A check takes labels back, too, but only until it is answered: those are not among them.
    """
    members, now = sequence.members, state.labels
    gone = [point for point in sequence.labels if point not in now and members[point]]
    if not gone:
        return gone
    drawn = {each.audit.point for each in state.audits if each.sequence == sequence.number}
    return [point for point in gone if point not in drawn]


def _n_overruled(state: SessionState, sequence: CheckSequence, held: Answers | None) -> int:
    """Count answers that no longer stand: they were taken back, or have another label now.

    Where the answers are not known, each label may be another.
    """
    n_gone, since = len(taken_back(state, sequence)), relabelled_together(state, sequence)
    if held is None or not since:
        return n_gone + len(since)
    places = {label: place for place, label in enumerate(held.classes)}
    codes = held.codes
    return n_gone + sum(places.get(state.labels[each]) != int(codes[each]) for each in since)


def _checks_of(
    state: SessionState,
    sequence: CheckSequence,
    confidence: float,
    held: Answers | None,
    unread: npt.NDArray[np.bool_] | None,
) -> SequenceChecks:
    """Collect those that were answered, up to the first that is open.

    A check that was skipped is no point of the population, and was none for the checks before it.
    Points that left otherwise, as by a label that a person gave unasked, count as ever. A label
    that was given together with others is no answer to a check: it counts as skipped.
    """
    points, wrong, n_drawn_from, n_skipped_before = [], [], [], []
    n_skipped = n_given_skipped = n_counted = 0
    drawn_of_it = [drawn for drawn in state.audits if drawn.sequence == sequence.number]
    silent = np.zeros(state.n_points, dtype=bool) if unread is None else unread & sequence.members
    silent[list(sequence.labels)] = False
    for drawn in drawn_of_it:
        point = drawn.audit.point
        if point in state.pending:
            break
        n_counted += 1
        silent[point] = False
        if point in state.labels and point not in state.together:
            points.append(point)
            wrong.append(not is_same(drawn.audit.predicted, state.labels[point]))
            n_drawn_from.append(drawn.audit.n_drawn_from)
            n_skipped_before.append(n_skipped)
        else:
            n_skipped += 1
            n_given_skipped += point in sequence.labels
    n_left = int(state.checkable_points.sum()) if sequence is state.current else 0
    skipped_later = n_skipped - np.array(n_skipped_before, dtype=np.intp)
    return SequenceChecks(
        n_labels=len(sequence.labels),
        n_points=sequence.n_points - n_skipped,
        wrong=np.array(wrong, dtype=bool),
        n_drawn_from=np.array(n_drawn_from, dtype=np.intp) - skipped_later,
        confidence=confidence_of(sequence.number, confidence),
        is_on=sequence is state.current,
        n_given=sequence.n_given - n_given_skipped,
        n_overruled=_n_overruled(state, sequence, held),
        points=tuple(points),
        n_unread=int(silent.sum()),
        n_more=n_left + len(drawn_of_it) - n_counted,
        number=sequence.number,
    )
