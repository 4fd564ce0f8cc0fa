"""The labelling loop where the answers are known: rounds, runs, curves, comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels._lazy import loaded_on_use

if TYPE_CHECKING:
    from fewlabels.session.simulation._paired_tests import PairedTest, RankTest
    from fewlabels.session.simulation._simulate import simulate
    from fewlabels.session.simulation.comparison import Comparison
    from fewlabels.session.simulation.intervals import Interval
    from fewlabels.session.simulation.learning_curve import LearningCurve, PairedDifference

__all__ = [
    "Comparison",
    "Interval",
    "LearningCurve",
    "PairedDifference",
    "PairedTest",
    "RankTest",
    "simulate",
]

_HOMES = {
    "Comparison": "comparison",
    "Interval": "intervals",
    "LearningCurve": "learning_curve",
    "PairedDifference": "learning_curve",
    "PairedTest": "_paired_tests",
    "RankTest": "_paired_tests",
    "simulate": "_simulate",
}

__getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
