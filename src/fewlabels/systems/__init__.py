"""The linear systems: A and B of each method, apart from scikit-learn."""

from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._poisson import (
    POISSON_METHODS,
    PoissonMethod,
    PoissonSystem,
    Potentials,
)
from fewlabels.systems._spreading import SpreadingSystem, normalized_affinity
from fewlabels.systems._streamed import StreamedSpreadingSystem
from fewlabels.systems._streamed_scores import StreamedScores
from fewlabels.systems._sweep import SweepResult, sweep

__all__ = [
    "POISSON_METHODS",
    "HarmonicSystem",
    "PoissonMethod",
    "PoissonSystem",
    "Potentials",
    "SpreadingSystem",
    "StreamedScores",
    "StreamedSpreadingSystem",
    "SweepResult",
    "normalized_affinity",
    "sweep",
]
