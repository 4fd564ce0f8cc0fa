"""What the labels teach: questions that matter, and what the checks prove."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Json
from fewlabels._way import unless
from fewlabels.graph import Graph
from fewlabels.labelling._points import Prepared
from fewlabels.models._ahead import MOST_KEPT
from fewlabels.session._advising import weighed
from fewlabels.session._events import Audit, Event, event_to_json
from fewlabels.session._labels import Label
from fewlabels.session._learner import ModelLearner
from fewlabels.session._model import answered
from fewlabels.session._points import GraphPoints
from fewlabels.session._questions import (
    Answers,
    HeldAnswers,
    audits_of,
    checks_due,
    share_of_checks,
)
from fewlabels.session._remarks import remarks_beside
from fewlabels.session._sequences import CheckSequence
from fewlabels.session._settings import Settings
from fewlabels.session._state import SessionState
from fewlabels.session.advice import Advice, Turn
from fewlabels.session.audit import checks_of
from fewlabels.session.proof import relabelled_together, sequences_of, taken_back


@dataclass(frozen=True)
class Choice:
    """Questions that were chosen.

    Attributes
    ----------
    asked : Event or None
        New ones; labels are names.
    dropped : tuple of int
        Open ones that better ones take the place of.
    """

    asked: Event | None
    dropped: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Opinion:
    """What the model that asks thinks of all points.

    Attributes
    ----------
    classes : list of str
    shares : ndarray of shape (n_points, n_classes)
    reached : ndarray of shape (n_points,), bool
    """

    classes: list[str]
    shares: npt.NDArray[np.floating]
    reached: npt.NDArray[np.bool_]


class Mind:
    """A session that does not ask by itself: the keeper says how many questions, and stores them.

    Only the keeper's thread uses it. Labels are the names of classes.

    Parameters
    ----------
    prepared : Prepared
    seed : int

    Attributes
    ----------
    learner : ModelLearner
        Of which the one that answers is not used here: it takes long.
    state : SessionState
    n_changes : int
        How often what is known of points has changed.
    unread : ndarray of shape (n_points,), bool, or None
        Points of which nothing is known: their answers are told nobody.
    """

    def __init__(self, prepared: Prepared, seed: int) -> None:
        self._settings = Settings.checked(
            classes=None, model=None, query="auto", audit_share=0.1, n_start=10, random_state=seed
        )
        self.graph: Graph = prepared.graph
        points = GraphPoints(prepared.graph, prepared.values)
        self.state = SessionState(self.graph.n_nodes, None)
        self.learner = ModelLearner(None, points, self._settings.query, trust=self.state.trust)
        self.n_changes = 0
        unread = self.graph.neighbor_counts == 0
        self.unread = unread if unread.any() else None
        self.held = HeldAnswers()
        self._n_drawn = 0  # questions since the last choice, which had no checks among them
        self._foreseen: list[int] = []  # those that a model still holds, the last ones

    def take(self, events: Sequence[Event], *, drawn: bool = False) -> None:
        """Take what happened; `drawn` if it is questions that did not come from here."""
        for event in events:
            if drawn:
                event = replace(event, owed=self.state.owed)
                if 0 < share_of_checks(self.state, self._settings, None) < 1:
                    self._n_drawn += len(event.indices)
            elif event.kind == "asked":
                self._n_drawn = 0
            n_labels = len(self.state.labels)
            self.state.take(event)
            lost = len(self.state.labels) < n_labels  # a check may ask about a label, too
            self.n_changes += lost or event.kind not in ("asked", "dropped")
            if lost or event.kind in ("undone", "relabelled", "withdrawn"):
                self._foreseen.clear()  # what a model knows ahead is given up where labels are lost

    def opinion(self) -> Opinion | None:
        """Return what the model that asks thinks by the labels of now; None without any."""
        return self.opinion_by(self.state.labels) if self.state.labels else None

    def opinion_by(self, labels: Mapping[int, Label]) -> Opinion:
        """Return what the model that asks thinks by some labels, one or more."""
        model = self.learner.asking(labels)
        return Opinion(model.classes_.tolist(), model.label_distributions_, answered(model))

    def foresee(self, due: Callable[[], bool]) -> bool:
        """Find what the answer to one more open question will do; False if there is no more.

        Of those that are answered next, as many as a model keeps. Ends early, for there may be time
        later, when something else is `due`.
        """
        state = self.state
        if not state.labels:
            return False
        self._foreseen = [each for each in self._foreseen if each not in state.labels]
        first = islice(state.pending, MOST_KEPT)
        point = next((each for each in first if each not in self._foreseen), None)
        if point is None:
            return False
        found = unless(due, lambda: self.learner.foresee(point))
        if found is None:
            return True  # ended early
        if found:
            self._foreseen = [*self._foreseen, point][-MOST_KEPT:]
        return found  # False: the rule was not asked yet since this start

    def choose(
        self,
        n_new: int,
        replaceable: Sequence[int],
        checked: Answers | None,
        *,
        is_proven: bool = False,
    ) -> Choice:
        """Choose questions, some of them random checks; see :meth:`Session.ask`.

        Parameters
        ----------
        n_new : int
        replaceable : sequence of int
            Open questions that are no checks: they are chosen again, or better ones are.
        checked : Answers or None
            What random checks are about: the answers that the model gave last, in a sequence of
            checks those held. None: no check is drawn.
        is_proven : bool, default=False
            Whether the sequence of checks that is on has shown what it is for. It goes on, so that
            more can be shown if more is wanted, with as many checks as there are in any case.
        """
        state = self.state
        again = [point for point in replaceable if point in state.pending]
        rng = np.random.default_rng([self._settings.random_state, len(state.events)])
        open_ = state.open_points
        on_checks = state.current is not None and not is_proven
        pool = state.checkable_points
        left = int((open_ | pool).sum() if on_checks else open_.sum())
        count = min(n_new + (len(again) if on_checks else 0), left)
        share = self._settings.audit_share
        if not is_proven:
            share = share_of_checks(state, self._settings, None)
        if checked is None:
            share = 0.0
        # whoever is quicker than the rule gets as many checks: some are made up for
        n_due = count + (self._n_drawn if share < 1 else 0)
        n_checks, owed = checks_due(state.owed, n_due, share, rng)
        n_checks = min(n_checks, count, int(pool.sum()))
        drawn = rng.choice(np.flatnonzero(pool), size=n_checks, replace=False)
        audits: tuple[Audit, ...] = ()
        if n_checks and checked is not None:
            audits = audits_of(checked, drawn, pool)
        chosen: list[int] = []
        if not (on_checks and n_checks):
            candidates = open_.copy()
            candidates[drawn] = False
            candidates[again] = True
            wanted = min(count - n_checks + len(again), int(candidates.sum()))
            # What can't be read has no edges, and teaches nothing: it is asked about last.
            joined = candidates if self.unread is None else candidates & ~self.unread
            n_joined = min(wanted, int(joined.sum()))
            if n_joined:
                found = self.learner.choose(
                    state.labels, n_joined, joined, int(rng.integers(2**32))
                )
                chosen = found.tolist()
            apart = candidates & ~joined  # of which no rule prefers any
            stay = [point for point in again if apart[point]][: wanted - n_joined]
            apart[stay] = False
            n_more = wanted - n_joined - len(stay)
            more = rng.choice(np.flatnonzero(apart), size=n_more, replace=False)
            chosen += [*stay, *more.tolist()]
        kept = set(again).intersection(chosen)
        new = [point for point in chosen if point not in kept]
        asked = mixed(new, drawn.tolist(), rng)
        event = Event("asked", tuple(asked), audits=audits, owed=owed) if asked else None
        return Choice(event, tuple(point for point in again if point not in kept))

    # What the checks prove

    def is_proven(self, accuracy: float, confidence: float) -> bool:
        """Tell whether the sequence of checks that is on shows the accuracy wanted.

        By every check up to the first that is open, in the order in which they were drawn: what
        one of them has shown stays shown (:mod:`fewlabels.stopping`).
        """
        if self.state.current is None:
            return False
        return sequences_of(self.state, confidence, self.last_held, self.unread)[-1].proves(
            accuracy
        )

    def advice(
        self, accuracy: float, confidence: float, of_model: tuple[str, ...]
    ) -> tuple[Advice, Turn | None]:
        """Return the advice, and what is to turn by it; that is not taken.

        Parameters
        ----------
        accuracy, confidence : float
        of_model : tuple of str
            What there is to say of the model that answers.
        """
        checks = checks_of(self.state)
        remarks = remarks_beside(of_model, self.state, len(checks.audits))
        return weighed(
            self.state, checks, accuracy, confidence, remarks, self.last_held, self.unread
        )

    @property
    def last_held(self) -> Answers | None:
        """The answers that the last sequence is about, if they are known."""
        return self.held.known(self.state.sequences[-1]) if self.state.sequences else None

    @property
    def to_hold(self) -> CheckSequence | None:
        """The last sequence, if what it checks must be known to tell what it proves."""
        last = self.state.sequences[-1] if self.state.sequences else None
        return last if last is not None and relabelled_together(self.state, last) else None

    def standing(self, sequence: CheckSequence, held: Answers) -> Answers:
        """Return the answers held that stand.

        None where it was a label that people took back since, nor where nothing is known.
        """
        silent = [] if self.unread is None else np.flatnonzero(self.unread).tolist()
        return held.without([*taken_back(self.state, sequence), *silent])

    def proven_sequence(self, advice: Advice) -> CheckSequence | None:
        """Return the sequence that proves what an advice says is proven."""
        proof = advice.proof
        if proof is None or advice.action != "stop" or proof.low < advice.wanted:
            return None
        return self.state.sequences[proof.number]


def mixed(chosen: Sequence[int], drawn: Sequence[int], rng: np.random.Generator) -> list[int]:
    """Put checks among other questions, where nobody can tell them apart by their place."""
    asked = np.empty(len(chosen) + len(drawn), dtype=np.intp)
    is_check: npt.NDArray[np.bool_] = np.zeros(len(asked), dtype=bool)
    is_check[rng.choice(len(asked), size=len(drawn), replace=False)] = True
    asked[is_check], asked[~is_check] = drawn, chosen
    return [int(point) for point in asked]


def with_labels(event: Event, names: Mapping[Any, Any]) -> Event:
    """Return an event with other words for its labels, such as names for class numbers."""

    def audit(each: Audit) -> Audit:
        return replace(
            each,
            predicted=None if each.predicted is None else names[each.predicted],
            predicted_counts=tuple((names[label], n) for label, n in each.predicted_counts),
        )

    return replace(
        event,
        labels=tuple(names[label] for label in event.labels),
        audits=tuple(map(audit, event.audits)),
    )


def encoded(event: Event, numbers: Mapping[Any, int]) -> Json:
    """Return an event as the log holds it, with class numbers for names."""
    return event_to_json(with_labels(event, numbers))
