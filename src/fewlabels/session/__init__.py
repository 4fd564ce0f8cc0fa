"""The labelling loop as plain state, and its simulation where the answers are known."""

from fewlabels.session._events import Audit, Event
from fewlabels.session._predictions import Predictions
from fewlabels.session.advice import Advice
from fewlabels.session.audit import AccuracyEstimate, ShareEstimate
from fewlabels.session.intervals import Interval
from fewlabels.session.labelling import Session
from fewlabels.session.learning_curve import LearningCurve, PairedDifference
from fewlabels.session.proof import Proof
from fewlabels.session.simulation import simulate

__all__ = [
    "AccuracyEstimate",
    "Advice",
    "Audit",
    "Event",
    "Interval",
    "LearningCurve",
    "PairedDifference",
    "Predictions",
    "Proof",
    "Session",
    "ShareEstimate",
    "simulate",
]
