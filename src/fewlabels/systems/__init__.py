"""The linear systems: A and B of each method, apart from scikit-learn."""

from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._spreading import SpreadingSystem, normalized_affinity
from fewlabels.systems._sweep import SweepResult, sweep

__all__ = ["HarmonicSystem", "SpreadingSystem", "SweepResult", "normalized_affinity", "sweep"]
