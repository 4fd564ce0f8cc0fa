"""The linear systems: A and B of each method, apart from scikit-learn."""

from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._moments import spreading_block, spreading_diagonal
from fewlabels.systems._response import (
    HarmonicResponse,
    LeftOut,
    Response,
    SpreadingResponse,
)
from fewlabels.systems._spreading import SpreadingSystem, normalized_affinity
from fewlabels.systems._streamed import StreamedSpreadingSystem
from fewlabels.systems._streamed_scores import StreamedScores
from fewlabels.systems._sweep import SweepResult, sweep

__all__ = [
    "HarmonicResponse",
    "HarmonicSystem",
    "LeftOut",
    "Response",
    "SpreadingResponse",
    "SpreadingSystem",
    "StreamedScores",
    "StreamedSpreadingSystem",
    "SweepResult",
    "normalized_affinity",
    "spreading_block",
    "spreading_diagonal",
    "sweep",
]
