"""Solvers of grounded Laplacians: prepare once, solve for many right-hand sides."""

from fewlabels.solvers._answer import Answer
from fewlabels.solvers._centred import CentredConjugateGradients, Components
from fewlabels.solvers._chebyshev import ChebyshevIteration
from fewlabels.solvers._cholesky import Cholesky
from fewlabels.solvers._columns import is_rounding, row_totals
from fewlabels.solvers._conjugate_gradients import ConjugateGradients
from fewlabels.solvers._elimination import Elimination
from fewlabels.solvers._matrix import (
    GroundedLaplacian,
    Weights,
    in_float64,
    row_sums,
    rows_of,
    scaled_both_ways,
)
from fewlabels.solvers._prepared import METHODS, METHODS_WITH_GROUND, Method, PreparedSolver
from fewlabels.solvers._solution import Accuracy, Callback, Solution
from fewlabels.solvers._sparse_direct import SparseFactorization
from fewlabels.solvers._streamed import StreamedIteration, StreamedLaplacian
from fewlabels.solvers._streamed_levels import LevelledSolution, solve_in_levels, solve_on_levels
from fewlabels.solvers._sweeps import Sweeps
from fewlabels.solvers._threads import run_all, run_giving_way, shared_blocks
from fewlabels.solvers._walks import diffusion, mixing_time, walk

__all__ = [
    "METHODS",
    "METHODS_WITH_GROUND",
    "Accuracy",
    "Answer",
    "Callback",
    "CentredConjugateGradients",
    "ChebyshevIteration",
    "Cholesky",
    "Components",
    "ConjugateGradients",
    "Elimination",
    "GroundedLaplacian",
    "LevelledSolution",
    "Method",
    "PreparedSolver",
    "Solution",
    "SparseFactorization",
    "StreamedIteration",
    "StreamedLaplacian",
    "Sweeps",
    "Weights",
    "diffusion",
    "in_float64",
    "is_rounding",
    "mixing_time",
    "row_sums",
    "row_totals",
    "rows_of",
    "run_all",
    "run_giving_way",
    "scaled_both_ways",
    "shared_blocks",
    "solve_in_levels",
    "solve_on_levels",
    "walk",
]
