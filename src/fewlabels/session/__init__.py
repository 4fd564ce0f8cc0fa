"""The labelling loop as plain state, and its simulation where the answer is known."""

from fewlabels.session._events import Audit, Event
from fewlabels.session._predictions import Predictions
from fewlabels.session.advice import Advice
from fewlabels.session.audit import AccuracyEstimate, ShareEstimate
from fewlabels.session.labelling import Session
from fewlabels.session.simulation import Fit, Round, simulate

__all__ = [
    "AccuracyEstimate",
    "Advice",
    "Audit",
    "Event",
    "Fit",
    "Predictions",
    "Round",
    "Session",
    "ShareEstimate",
    "simulate",
]
