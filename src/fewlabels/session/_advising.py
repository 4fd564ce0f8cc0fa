"""What a session as it stands is advised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.graph import Graph
from fewlabels.session._events import Event
from fewlabels.session._learner import ModelLearner
from fewlabels.session._questions import Answers, HeldAnswers, answers_by
from fewlabels.session._remarks import remarks_on
from fewlabels.session._state import SessionState
from fewlabels.session.advice import Advice, Turn, advise
from fewlabels.session.audit import Checks, checks_of, estimate_accuracy
from fewlabels.session.proof import relabelled_together, sequences_of


def advice_on(
    state: SessionState,
    graph: Graph,
    learner: ModelLearner,
    held: HeldAnswers,
    accuracy: float,
    confidence: float,
) -> Advice:
    """Return the advice, and put it into the state if a sequence of checks begins or ends by it.

    Parameters
    ----------
    state : SessionState
    graph : Graph
    learner : ModelLearner
    held : HeldAnswers
    accuracy : float
        The accuracy wanted, in (0, 1).
    confidence : float
        In (0, 1).
    """
    wanted = check_real("accuracy", accuracy, above=0, below=1)
    checks = checks_of(state)
    answers = None
    if state.sequences and relabelled_together(state, state.sequences[-1]):
        answers = held.of(state.sequences[-1], answers_by(learner))
    model = learner.answering(state.labels) if state.labels else None
    remarks = remarks_on(state, graph, model, len(checks.audits))
    advice, turn = weighed(state, checks, wanted, confidence, remarks, answers)
    if turn is not None:
        together = turn == "checks_began" and bool(state.together)
        state.take(Event(turn, (), together=together))
    if turn == "checks_ended" and advice.action == "stop" and state.n_together:
        # nothing else is left to ask, but these labels can be what other checks are of
        return advice_on(state, graph, learner, held, accuracy, confidence)
    return advice


def weighed(
    state: SessionState,
    checks: Checks,
    wanted: float,
    confidence: float,
    remarks: tuple[str, ...],
    held: Answers | None,
    unread: npt.NDArray[np.bool_] | None = None,
) -> tuple[Advice, Turn | None]:
    """Return the advice, and what is to turn by it: it holds after that.

    Parameters
    ----------
    state : SessionState
    checks : Checks
        Of this state.
    wanted, confidence : float
        In (0, 1).
    remarks : tuple of str
        What else there is to say.
    held : Answers or None
        Those that the last sequence of checks is about, where they are known.
    unread : ndarray of shape (n_points,), bool, or None
        Points whose answers are told nobody. None: there are none.
    """
    return advise(
        wanted,
        estimate_accuracy(checks, confidence),
        checks,
        n_labels=len(state.labels),
        n_open=state.n_open,
        n_pending=len(state.pending),
        n_together=state.n_together,
        n_points=state.n_points,
        n_unread=0 if unread is None else int((state.open_points & unread).sum()),
        sequences=sequences_of(state, confidence, held, unread),
        remarks=remarks,
    )
