"""Choose how numbers spread, by labels that are left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.models._choices import Choice
from fewlabels.models._numbers import KnownNumbers
from fewlabels.models._spread_order import spread_order
from fewlabels.solvers import Method
from fewlabels.systems import HarmonicResponse, HarmonicSystem, spreading_left_out

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

HARMONIC = "harmonic"
ALPHAS = (0.5, 0.9, 0.98)
DEFAULT_ALPHA = 0.9
# So many labels have to be left out for their errors to tell methods apart, and by so many
# standard errors the default has to be beaten.
_LEAST_LABELS, _CLEARLY = 10, 2.0
# Labels that are left out; of harmonic functions one by one up to here, and in folds above, for
# each label that is let go makes another matrix.
_MOST_LEFT_OUT, _FOLDS = 64, 8
_MAX_ITER = 10_000


def choose_method(graph: Graph, numbers: KnownNumbers, solver: Method, tol: float) -> Choice:
    """Leave the default only where another method comes clearly nearer to labels left out.

    Parameters
    ----------
    graph : Graph
    numbers : KnownNumbers
    solver : str
    tol : float
        Of the harmonic functions.

    Returns
    -------
    Choice
        Its value is an alpha of label spreading, or ``"harmonic"``.
    """
    nodes = numbers.nodes
    among = graph.component_labels[nodes]
    sizes = np.bincount(among, minlength=graph.n_components)
    rows = np.flatnonzero(sizes[among] > 1)  # others can say something there
    rows = np.sort(rows[spread_order(len(rows))[:_MOST_LEFT_OUT]])
    if len(rows) < _LEAST_LABELS or numbers.span == 0 or graph.is_dense:
        reason = f"{len(rows)} labels can be left out, and {_LEAST_LABELS} are needed"
        if graph.is_dense:
            reason = "on dense affinities, methods are not compared"
        return Choice(DEFAULT_ALPHA, f"the default; {reason}")
    truth = numbers.shares(numbers.values[nodes[rows]])
    weights = numbers.weights_at(nodes[rows])
    weights = weights / weights.mean()
    Y = numbers.matrix()
    Y /= Y.max()
    errors: dict[float | str, FloatArray] = {}
    dtype = np.float64 if graph.n_nodes < 5_000 else np.float32
    found = spreading_left_out(graph, nodes[rows], Y, ALPHAS, dtype=dtype)
    for alpha, scores in zip(ALPHAS, found, strict=True):
        errors[alpha] = (_ratio(scores) - truth) ** 2
    errors[HARMONIC] = (_ratio(_harmonic_without(graph, Y, nodes, rows, solver, tol)) - truth) ** 2
    figures = {_figure(k): float(np.sqrt(np.mean(weights * e))) for k, e in errors.items()}
    best: float | str = DEFAULT_ALPHA
    best_gain, why = 0.0, f"the default; {len(rows)} labels left out do not speak for another"
    for candidate, squares in errors.items():
        gains = weights * (errors[DEFAULT_ALPHA] - squares)
        gain = float(gains.mean())
        error = float(gains.std(ddof=1) / np.sqrt(len(gains)))
        if gain > max(best_gain, _CLEARLY * error):
            best, best_gain = candidate, gain
            why = (
                f"{len(rows)} labels left out are met within {figures[_figure(candidate)]:.3f} of "
                f"their range (root mean square), and within "
                f"{figures[_figure(DEFAULT_ALPHA)]:.3f} at the default, {DEFAULT_ALPHA:g}"
            )
    return Choice(best, why, figures)


def _figure(candidate: float | str) -> str:
    return "error of harmonic" if candidate == HARMONIC else f"error at {candidate:g}"


def _ratio(scores: FloatArray) -> FloatArray:
    """Where in the range a point lies; in the middle where nothing is heard."""
    totals = scores.sum(axis=1)
    middle = np.full(len(scores), 0.5)
    np.divide(scores[:, 0], totals, out=middle, where=totals > 0)
    return middle


def _harmonic_without(
    graph: Graph, Y: FloatArray, nodes: IntArray, rows: IntArray, solver: Method, tol: float
) -> FloatArray:
    """Harmonic scores of the labelled `nodes[rows]` without their labels."""
    harmonic_solver: Method = "auto" if solver == "chebyshev" else solver
    if len(nodes) <= _MOST_LEFT_OUT:
        left_out = HarmonicResponse(graph, nodes, harmonic_solver, tol).left_out()
        return np.asarray(left_out.scores(Y[nodes])[rows])
    scores = np.zeros((len(rows), 2))
    for fold in range(_FOLDS):
        places = np.arange(fold, len(rows), _FOLDS)
        freed = nodes[rows[places]]
        labelled = np.zeros(graph.n_nodes, dtype=bool)
        labelled[nodes] = True
        labelled[freed] = False
        rest = np.where(labelled[:, None], Y, 0)
        system = HarmonicSystem(graph, labelled, harmonic_solver)
        scores[places] = system.solve(rest, tol=tol, max_iter=_MAX_ITER).scores[freed]
    return scores
