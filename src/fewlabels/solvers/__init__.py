"""Solvers of grounded Laplacians: prepare once, solve for many right-hand sides."""

from fewlabels.solvers._cholesky import Cholesky
from fewlabels.solvers._conjugate_gradients import ConjugateGradients
from fewlabels.solvers._elimination import Elimination
from fewlabels.solvers._matrix import GroundedLaplacian, row_sums, scaled_both_ways
from fewlabels.solvers._prepared import METHODS, Answer, Method, PreparedSolver
from fewlabels.solvers._solution import Accuracy, Callback, Solution
from fewlabels.solvers._sparse_direct import SparseFactorization
from fewlabels.solvers._sweeps import Sweeps

__all__ = [
    "METHODS",
    "Accuracy",
    "Answer",
    "Callback",
    "Cholesky",
    "ConjugateGradients",
    "Elimination",
    "GroundedLaplacian",
    "Method",
    "PreparedSolver",
    "Solution",
    "SparseFactorization",
    "Sweeps",
    "row_sums",
    "scaled_both_ways",
]
