"""What a user must know of an answer, said where the package was called."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from fewlabels._callers import callers_level
from fewlabels._unsaid import is_unsaid
from fewlabels.exceptions import UnreachedWarning
from fewlabels.models._scores import Scores
from fewlabels.systems import StreamedScores


def warn_of_answers(
    scores: Scores | StreamedScores,
    reached: npt.NDArray[np.bool_],
    max_iter: int,
    tol: float,
    solver: str,
    unreached: str,
    join: str,
) -> None:
    """Warn if the iteration ended too early, or some points are out of every label's reach.

    `unreached` says what those points are answered with, and `join` what joins them to labels.
    """
    if not scores.converged.all():
        limited = scores.n_iter >= max_iter
        why = f"max_iter={max_iter} was reached" if limited else "rounding ended the solve"
        first = "Raise max_iter, or use" if limited else "Use"
        other = "auto" if limited else "sweeps"
        solvers = " or ".join(f'"{name}"' for name in (other, "direct") if name != solver)
        remedy = f"{first} solver={solvers}."
        if isinstance(scores, StreamedScores):  # no other solver reads from the disk
            remedy = "Raise max_iter." if limited else "Raise alpha, or label points nearer by."
        n_open = int((reached & ~scores.answered).sum())
        warnings.warn(
            f"{why} without convergence to tol={tol:g}. The largest residual of a column is "
            f"{scores.residual.max():.1e}, relative to its labels; {n_open} points that labels "
            f"reach have no answer yet. {remedy}",
            ConvergenceWarning,
            stacklevel=callers_level(),
        )
    n_unreached = int((~reached).sum())
    if n_unreached and not is_unsaid(UnreachedWarning):
        warnings.warn(
            f"{n_unreached} of {len(reached)} points can't be reached from any label. {unreached}, "
            "and reached_ is False there. graph_.diagnose(y) says where they are. To reach them, "
            f"label a point in each of those parts of the graph, or {join}.",
            UnreachedWarning,
            stacklevel=callers_level(),
        )


def warn_unconverged(what: str, max_iter: int, tol: float) -> None:
    """Warn that an answer beside the fitted ones is less accurate than was asked for."""
    warnings.warn(
        f"{what} did not converge to tol={tol:.1e} within max_iter={max_iter}. Raise max_iter, or "
        'use solver="direct".',
        ConvergenceWarning,
        stacklevel=callers_level(),
    )
