"""Choose new questions: random checks among those of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.models._protocol import FittedModel
from fewlabels.session._events import Audit, Event
from fewlabels.session._labels import Label
from fewlabels.session._learner import ModelLearner
from fewlabels.session._model import answered, label_column
from fewlabels.session._sequences import CheckSequence
from fewlabels.session._settings import Settings
from fewlabels.session._state import SessionState

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """The class that a model gives to each point.

    Attributes
    ----------
    classes : list of label
    codes : ndarray of shape (n_points,), intp
        Their places in `classes`; its length where the model has no answer.
    n_labels : int
        That the model had.
    """

    classes: list[Label]
    codes: IntArray
    n_labels: int

    @classmethod
    def of(cls, model: FittedModel, n_labels: int) -> Self:
        """Return those of a fitted classifier."""
        classes: list[Label] = model.classes_.tolist()
        codes = np.where(answered(model), model.label_distributions_.argmax(axis=1), len(classes))
        return cls(classes, codes, n_labels)

    def with_labels(self, labels: Mapping[int, Label]) -> Self:
        """Return these answers, and where there is a label that label in their place."""
        codes, place = self.codes.copy(), {label: n for n, label in enumerate(self.classes)}
        codes[list(labels)] = [place[label] for label in labels.values()]
        return replace(self, codes=codes)

    def without(self, points: Iterable[int]) -> Self:
        """Return these answers, but none to these points."""
        codes = self.codes.copy()
        codes[list(points)] = len(self.classes)
        return replace(self, codes=codes)

    def beside(self, labels: dict[int, Label]) -> AnyArray:
        """Return the labels of points that have one, and the answers to the others."""
        known = self.codes < len(self.classes)
        points, codes = np.flatnonzero(known).tolist(), self.codes[known].tolist()
        answers = {point: self.classes[code] for point, code in zip(points, codes, strict=True)}
        return label_column(answers | labels, len(self.codes))


AnswersAt: TypeAlias = Callable[[dict[int, Label]], Answers]


class HeldAnswers:
    """The answers that a sequence of checks is about, found once a sequence."""

    def __init__(self) -> None:
        self._found: tuple[int, Answers] | None = None

    def known(self, sequence: CheckSequence) -> Answers | None:
        """Return what is kept of a sequence; None if it is not the last one that was kept."""
        if self._found is None or self._found[0] != sequence.event:
            return None
        return self._found[1]

    def keep(self, sequence: CheckSequence, answers: Answers) -> Answers:
        """Keep and return the labels, and what a model answered, when the sequence began."""
        found = answers.with_labels(sequence.labels)
        self._found = (sequence.event, found)
        return found

    def of(self, sequence: CheckSequence, answers_at: AnswersAt) -> Answers:
        """Return what is kept of a sequence, or else what is answered with its labels."""
        known = self.known(sequence)
        return self.keep(sequence, answers_at(sequence.labels)) if known is None else known


def answers_by(learner: ModelLearner) -> AnswersAt:
    """Return what tells the answers that a learner's model gives with some labels."""
    return lambda labels: Answers.of(learner.answering(labels), len(labels))


def new_questions(
    state: SessionState,
    learner: ModelLearner,
    n_new: int,
    share: float,
    rng: np.random.Generator,
    answers: Callable[[], Answers],
) -> Event:
    """Return the event of asking about `n_new` points, some of them random checks.

    Parameters
    ----------
    state : SessionState
        At least `n_new` of its points are open or, where all are checks, can be checked.
    learner : ModelLearner
        Chooses what is no check. Asked last, and only where there is something to choose.
    n_new : int
    share : float
        Of checks, from 0 to 1.
    rng : numpy.random.Generator
    answers : callable
        Returns those that are checked; not called where nothing is.
    """
    n_checks, owed = checks_due(state.owed, n_new, share, rng)
    open_, pool = state.open_points, state.checkable_points
    n_checks = min(n_checks, int(pool.sum()))
    # The checks come first, each open point as likely as another, whatever the rule then chooses.
    drawn = rng.choice(np.flatnonzero(pool), size=n_checks, replace=False)
    audits: tuple[Audit, ...] = ()
    if n_checks:
        audits = audits_of(answers(), drawn, pool)
    open_[drawn] = False
    questions = np.empty(n_new, dtype=np.intp)
    is_check = np.zeros(n_new, dtype=bool)
    is_check[rng.choice(n_new, size=n_checks, replace=False)] = True
    questions[is_check] = drawn
    if n_checks < n_new:
        questions[~is_check] = learner.choose(
            state.labels, n_new - n_checks, open_, int(rng.integers(2**32))
        )
    return Event("asked", tuple(questions.tolist()), audits=audits, owed=owed)


def share_of_checks(state: SessionState, settings: Settings, asked_for: float | None) -> float:
    """Return the share of random checks among new questions, that asked for or that which is due.

    Before there is a label there is nothing to check.
    """
    if asked_for is not None:
        share = check_real("audit_share", asked_for, minimum=0, maximum=1)
        return share if state.labels else 0.0
    if state.current is not None:
        return 1.0
    return settings.audit_share if len(state.labels) >= settings.n_start else 0.0


def checks_due(
    owed: float, n_new: int, share: float, rng: np.random.Generator
) -> tuple[int, float]:
    """Return how many of the new questions are checks, and what is owed after them.

    The number is rounded at random, so that a labeller who is asked one by one can't tell which
    are checks; as what is left is carried on, it is never off by 1 in all.
    """
    if share in (0, 1):
        return round(share) * n_new, owed
    due = owed + share * n_new
    whole = int(np.floor(due))
    n_checks = min(max(whole + int(rng.random() < due - whole), 0), n_new)
    return n_checks, due - n_checks


def audits_of(answers: Answers, drawn: IntArray, pool: BoolArray) -> tuple[Audit, ...]:
    """Write down what was answered of each point drawn, and of all it was drawn from."""
    classes, codes = answers.classes, answers.codes
    counts = np.bincount(codes[pool], minlength=len(classes) + 1)
    n_drawn_from = int(pool.sum())
    audits = []
    for point in drawn.tolist():
        code = int(codes[point])
        audits.append(
            Audit(
                point=point,
                predicted=classes[code] if code < len(classes) else None,
                n_labels=answers.n_labels,
                n_drawn_from=n_drawn_from,
                predicted_counts=tuple(zip(classes, counts[:-1].tolist(), strict=True)),
            )
        )
        # the next is drawn from the others
        n_drawn_from -= 1
        counts[code] -= 1
    return tuple(audits)
