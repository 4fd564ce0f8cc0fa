"""How the members of the recommended models are solved for."""

from __future__ import annotations

from typing import TypedDict

from fewlabels.solvers import Method


class SolverSettings(TypedDict):
    """As the parameters of :class:`fewlabels.LabelSpreading` of these names."""

    solver: Method
    tol: float
    max_iter: int
    verbose: bool
