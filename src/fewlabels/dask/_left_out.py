"""Calibration on labels that are left out, of a fit on a cluster."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels.dask import _answers
from fewlabels.dask._labels import FewLabels
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._part import Problem
from fewlabels.insight import (
    Calibration,
    LeftOutDistributions,
    fit_calibration,
    has_companion,
    left_out_distributions,
    made_up_for,
    spread_of,
)
from fewlabels.systems import LeftOut

FloatArray = npt.NDArray[np.float64]

# Labels that are solved for at a time, each a column.
_LABELS_AT_ONCE = 32
# Rows of which the typical evidence and spread are taken.
_SAMPLE = 200_000


def left_out_of(
    problem: Problem, labels: FewLabels, solve: Callable[[Problem], object]
) -> LeftOutDistributions:
    """Return what the other labels say of each labelled row, in the order of `problem.rows`.

    Parameters
    ----------
    problem : Problem
        Of the fit, with a folder for `answers` that is used meanwhile.
    labels : FewLabels
    solve : callable
        Solves a problem and leaves the answers in its folder.
    """
    graph, n_labels = problem.graph, len(problem.rows)
    weights = np.empty((n_labels, n_labels))
    for first in range(0, n_labels, _LABELS_AT_ONCE):
        batch = slice(first, min(first + _LABELS_AT_ONCE, n_labels))
        columns = np.arange(batch.stop - batch.start)
        answers = problem.answers.with_name(f"{problem.answers.name}-{first}")
        answers.mkdir(exist_ok=True)
        try:
            solve(
                replace(
                    problem,
                    rows=problem.rows[batch],
                    codes=columns,
                    weights=np.ones(len(columns)),
                    n_classes=len(columns),
                    dtype=np.dtype(np.float64),
                    answers=answers,
                    checkpoint=None,
                )
            )
            shares = _answers.gather(graph, answers, "shares", problem.rows)
            totals = _answers.gather(graph, answers, "totals", problem.rows)
        finally:
            shutil.rmtree(answers, ignore_errors=True)
        weights[:, batch] = shares * totals[:, None]
    np.fill_diagonal(weights, 0)
    left_out = LeftOut(weights, np.zeros(n_labels))
    return left_out_distributions(left_out, _one_hot(problem), labels.shares())


def calibration_of(
    problem: Problem, graph: RegionGraph, answers: Path, found: LeftOutDistributions
) -> Calibration:
    """Fit the calibration to what the other labels say, as the models in memory do.

    The evidence and the spread of a typical row are those of a sample of 200,000.
    """
    Y = _one_hot(problem)
    taught, teaches = made_up_for(found, Y), has_companion(Y) & found.answered
    places = np.arange(graph.n_nodes)
    if graph.n_nodes > _SAMPLE:
        drawn = np.random.default_rng(0).choice(graph.n_nodes, _SAMPLE, replace=False)
        places = np.sort(drawn)
    places = places[~np.isin(places, problem.rows)]
    typical = _answers.gather(graph, answers, "totals", places)
    shares = _answers.gather(graph, answers, "shares", places).astype(np.float64)
    usual = typical > 0
    typical, shares = typical[usual], shares[usual]
    if not usual.any():  # all are labelled, say
        typical, shares = found.evidence[found.answered], found.values[found.answered]
    Y = Y * (len(Y) / Y.sum())  # weights are relative: so many labels as there are
    return fit_calibration(
        taught.values[teaches],
        taught.evidence[teaches],
        Y[teaches],
        reference=float(np.median(typical)) if len(typical) else 1.0,
        spread=spread_of(shares),
    )


def _one_hot(problem: Problem) -> FloatArray:
    """Y of the labelled rows, by weight."""
    return np.asarray(np.eye(problem.n_classes)[problem.codes] * problem.weights[:, None])
