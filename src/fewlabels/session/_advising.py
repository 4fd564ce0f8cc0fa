"""What a session as it stands is advised."""

from __future__ import annotations

from fewlabels._validation import check_real
from fewlabels.graph import Graph
from fewlabels.session._events import Event
from fewlabels.session._learner import ModelLearner
from fewlabels.session._remarks import remarks_on
from fewlabels.session._state import SessionState
from fewlabels.session.advice import Advice, advise
from fewlabels.session.audit import checks_of, estimate_accuracy
from fewlabels.session.proof import sequences_of


def advice_on(
    state: SessionState, graph: Graph, learner: ModelLearner, accuracy: float, confidence: float
) -> Advice:
    """Return the advice, and put it into the state if a sequence of checks begins or ends by it.

    Parameters
    ----------
    state : SessionState
    graph : Graph
    learner : ModelLearner
    accuracy : float
        The accuracy wanted, in (0, 1).
    confidence : float
        In (0, 1).
    """
    wanted = check_real("accuracy", accuracy, above=0, below=1)
    checks = checks_of(state)
    advice, turn = advise(
        wanted,
        estimate_accuracy(checks, confidence),
        checks,
        n_labels=len(state.labels),
        n_open=state.n_open,
        n_pending=len(state.pending),
        n_points=state.n_points,
        sequences=sequences_of(state, confidence),
        remarks=remarks_on(
            state,
            graph,
            learner.answering(state.labels) if state.labels else None,
            len(checks.audits),
        ),
    )
    if turn is not None:
        state.take(Event(turn, ()))
    return advice
