"""The labelling loop, and its simulation where the answers are known."""

from fewlabels.session.intervals import Interval
from fewlabels.session.learning_curve import LearningCurve, PairedDifference
from fewlabels.session.simulation import simulate

__all__ = ["Interval", "LearningCurve", "PairedDifference", "simulate"]
