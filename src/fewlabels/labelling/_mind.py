"""What the labels teach: questions that matter, answers, and what the checks prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.labelling._points import Prepared
from fewlabels.session._advising import advice_on
from fewlabels.session._events import Audit, Event, event_to_json
from fewlabels.session._learner import ModelLearner
from fewlabels.session._points import GraphPoints, quiet_blas
from fewlabels.session._questions import (
    Answers,
    HeldAnswers,
    audits_of,
    checks_due,
    share_of_checks,
)
from fewlabels.session._settings import Settings
from fewlabels.session._state import SessionState
from fewlabels.session.advice import Advice


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


class Mind:
    """A session that does not ask by itself: the keeper says how many questions, and stores them.

    Only the keeper's thread uses it. Labels are the names of classes.

    Parameters
    ----------
    prepared : Prepared
    seed : int
    """

    def __init__(self, prepared: Prepared, seed: int) -> None:
        self._settings = Settings.checked(
            classes=None, model=None, query="auto", audit_share=0.1, n_start=10, random_state=seed
        )
        self.graph: Graph = prepared.graph
        points = GraphPoints(prepared.graph, prepared.values)
        self._learner = ModelLearner(None, points, self._settings.query)
        self.state = SessionState(self.graph.n_nodes, None)
        self._held = HeldAnswers()
        #: How often what is known of points has changed.
        self.n_changes = 0

    def take(self, events: Sequence[Event], *, drawn: bool = False) -> None:
        """Take what happened; `drawn` if it is questions that did not come from here."""
        for event in events:
            if drawn:
                event = replace(event, owed=self.state.owed)
            self.state.take(event)
            self.n_changes += event.kind not in ("asked", "dropped")

    def choose(self, n_new: int, replaceable: Sequence[int]) -> Choice:
        """Choose questions, some of them random checks; see :meth:`Session.ask`.

        Parameters
        ----------
        n_new : int
        replaceable : sequence of int
            Open questions that are no checks: they are chosen again, or better ones are.
        """
        state = self.state
        again = [point for point in replaceable if point in state.pending]
        rng = np.random.default_rng([self._settings.random_state, len(state.events)])
        open_ = state.open_points
        on_checks = state.current is not None
        count = min(n_new + (len(again) if on_checks else 0), int(open_.sum()))
        share = share_of_checks(state, self._settings, None)
        n_checks, owed = checks_due(state.owed, count, share, rng)
        pool = open_ if state.current is None else open_ & state.current.members
        n_checks = min(n_checks, int(pool.sum()))
        drawn = rng.choice(np.flatnonzero(pool), size=n_checks, replace=False)
        audits: tuple[Audit, ...] = ()
        if n_checks:
            audits = audits_of(self._checked(), drawn, pool)
        chosen: list[int] = []
        if not (on_checks and n_checks):
            candidates = open_.copy()
            candidates[drawn] = False
            candidates[again] = True
            wanted = min(count - n_checks + len(again), int(candidates.sum()))
            if wanted:
                found = self._learner.choose(
                    state.labels, wanted, candidates, int(rng.integers(2**32))
                )
                chosen = found.tolist()
        kept = set(again).intersection(chosen)
        new = [point for point in chosen if point not in kept]
        asked = mixed(new, drawn.tolist(), rng)
        event = Event("asked", tuple(asked), audits=audits, owed=owed) if asked else None
        return Choice(event, tuple(point for point in again if point not in kept))

    def answering(self) -> Any:
        """Return the model whose answers count, brought to the labels; None without any label."""
        if not self.state.labels:
            return None
        return self._learner.answering(self.state.labels)

    def advice(self, accuracy: float, confidence: float) -> tuple[Advice, str | None]:
        """Return the advice, and what turns by it; that is taken already."""
        before = len(self.state.events)
        with quiet_blas(self.graph):
            advice = advice_on(self.state, self.graph, self._learner, accuracy, confidence)
        turned = self.state.events[before:]
        return advice, turned[0].kind if turned else None

    def proven_answers(self, advice: Advice) -> Answers | None:
        """Return the answers of which an advice says that they are right as often as wanted."""
        if not self.state.sequences or advice.proof is None or advice.action != "stop":
            return None
        of = [s for s in self.state.sequences if len(s.labels) == advice.proof.n_labels]
        if not of or advice.proof.low < advice.wanted:
            return None
        return self._held.of(of[-1], self._learner)

    def _checked(self) -> Answers:
        """Return the answers that random checks are about: those of now, or those held."""
        if self.state.current is not None:
            return self._held.of(self.state.current, self._learner)
        labels = self.state.labels
        return Answers.of(self._learner.answering(labels), len(labels))


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


def encoded(event: Event, numbers: Mapping[Any, Any]) -> dict[str, Any]:
    """Return an event as the log holds it, with class numbers for names."""
    return event_to_json(with_labels(event, numbers))
