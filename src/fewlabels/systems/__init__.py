"""The linear systems: A and B of each method, apart from scikit-learn."""

from fewlabels.systems._covariance import Covariance, ExactCovariance, Lookahead
from fewlabels.systems._covariance_sketch import SketchedCovariance
from fewlabels.systems._field import GaussianField
from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._signed import solve_directions, solve_fixed_errors, solve_signed
from fewlabels.systems._spreading import SpreadingSystem, normalized_affinity
from fewlabels.systems._streamed import StreamedSpreadingSystem
from fewlabels.systems._streamed_scores import StreamedScores
from fewlabels.systems._sweep import SweepResult, sweep

__all__ = [
    "Covariance",
    "ExactCovariance",
    "GaussianField",
    "HarmonicSystem",
    "Lookahead",
    "SketchedCovariance",
    "SpreadingSystem",
    "StreamedScores",
    "StreamedSpreadingSystem",
    "SweepResult",
    "normalized_affinity",
    "solve_directions",
    "solve_fixed_errors",
    "solve_signed",
    "sweep",
]
