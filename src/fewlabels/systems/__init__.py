"""The linear systems: A and B of each method, apart from scikit-learn."""

from fewlabels.systems._absorbing import AbsorbingSystem, absorbed
from fewlabels.systems._covariance import Covariance, ExactCovariance, Lookahead
from fewlabels.systems._covariance_sketch import SketchedCovariance
from fewlabels.systems._field import GaussianField
from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._kernel_ridge import KernelRidge, relative_trust
from fewlabels.systems._kriging import Kriging
from fewlabels.systems._left_out_scores import spreading_left_out
from fewlabels.systems._moments import spreading_block
from fewlabels.systems._p_laplacian import p_harmonic
from fewlabels.systems._poisson import POISSON_METHODS, PoissonMethod, PoissonSystem, Potentials
from fewlabels.systems._poisson_mbo import Partition, poisson_mbo
from fewlabels.systems._poisson_response import PoissonLeftOut, PoissonResponse
from fewlabels.systems._response import (
    HarmonicResponse,
    LeftOut,
    Response,
    SpreadingResponse,
    require_square,
)
from fewlabels.systems._reweighted import (
    Factors,
    nonlocal_factors,
    poisson_factors,
    reweighted_graph,
)
from fewlabels.systems._signed import solve_directions, solve_fixed_errors, solve_signed
from fewlabels.systems._spreading import SpreadingSystem, normalized_affinity
from fewlabels.systems._streamed import StreamedSpreadingSystem
from fewlabels.systems._streamed_scores import StreamedScores
from fewlabels.systems._sweep import SweepResult, sweep
from fewlabels.systems._volume import volume_offsets

__all__ = [
    "POISSON_METHODS",
    "AbsorbingSystem",
    "Covariance",
    "ExactCovariance",
    "Factors",
    "GaussianField",
    "HarmonicResponse",
    "HarmonicSystem",
    "KernelRidge",
    "Kriging",
    "LeftOut",
    "Lookahead",
    "Partition",
    "PoissonLeftOut",
    "PoissonMethod",
    "PoissonResponse",
    "PoissonSystem",
    "Potentials",
    "Response",
    "SketchedCovariance",
    "SpreadingResponse",
    "SpreadingSystem",
    "StreamedScores",
    "StreamedSpreadingSystem",
    "SweepResult",
    "absorbed",
    "nonlocal_factors",
    "normalized_affinity",
    "p_harmonic",
    "poisson_factors",
    "poisson_mbo",
    "relative_trust",
    "require_square",
    "reweighted_graph",
    "solve_directions",
    "solve_fixed_errors",
    "solve_signed",
    "spreading_block",
    "spreading_left_out",
    "sweep",
    "volume_offsets",
]
