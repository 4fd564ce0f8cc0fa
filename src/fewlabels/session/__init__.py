"""The labelling loop as plain state, and its simulation where the answers are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels._lazy import loaded_on_use

if TYPE_CHECKING:
    from fewlabels.session._events import Audit, Event
    from fewlabels.session._predictions import Predictions
    from fewlabels.session.advice import Advice
    from fewlabels.session.audit import AccuracyEstimate, ShareEstimate
    from fewlabels.session.labelling import Session
    from fewlabels.session.proof import Proof
    from fewlabels.session.simulation._paired_tests import PairedTest, RankTest
    from fewlabels.session.simulation._simulate import simulate
    from fewlabels.session.simulation.comparison import Comparison
    from fewlabels.session.simulation.intervals import Interval
    from fewlabels.session.simulation.learning_curve import LearningCurve, PairedDifference

__all__ = [
    "AccuracyEstimate",
    "Advice",
    "Audit",
    "Comparison",
    "Event",
    "Interval",
    "LearningCurve",
    "PairedDifference",
    "PairedTest",
    "Predictions",
    "Proof",
    "RankTest",
    "Session",
    "ShareEstimate",
    "simulate",
]

# Loaded when first used: the state of a session, which the labelling page needs at once, needs
# none of the models.
_HOMES = {
    "AccuracyEstimate": "audit",
    "Advice": "advice",
    "Audit": "_events",
    "Comparison": "simulation",
    "Event": "_events",
    "Interval": "simulation",
    "LearningCurve": "simulation",
    "PairedDifference": "simulation",
    "PairedTest": "simulation",
    "Predictions": "_predictions",
    "Proof": "proof",
    "RankTest": "simulation",
    "Session": "labelling",
    "ShareEstimate": "audit",
    "simulate": "simulation",
}

__getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
