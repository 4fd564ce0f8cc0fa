"""How right a fit may be of which no label can be left out: what other labels would have said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.models._members.among import LARGE, responses_among
from fewlabels.models._members.graph_member import GraphMember, divided

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Points that labels are drawn among, fewer where each costs more; and how often.
_AMONG, _AMONG_IN_LARGE, _DRAWS = 150, 64, 30
# Of 32 sets of many kinds at one label a class, the logit of a fit's accuracy was about
# -0.33 + 0.54 logit(share that stays).
_LEVEL, _SLOPE, _LEAST = -0.33, 0.54, 0.02
# No answer is taken for worse than chance and a tenth of the way up.
_ABOVE_CHANCE = 0.1


def few_of(points: IntArray, n_nodes: int) -> IntArray:
    """Evenly spaced ones of some points, as many as labels are drawn among."""
    most = _AMONG_IN_LARGE if n_nodes >= LARGE else _AMONG
    return points[np.linspace(0, len(points) - 1, min(most, len(points))).astype(np.intp)]


def staying(member: GraphMember, points: IntArray, answers: IntArray, n_classes: int) -> float:
    """Return the share of answers that would stay if other points had been labelled.

    Of each class one point is drawn of those that are answered so, and given that label; the
    others are answered anew on the graph, with equal masses of the classes. Were all answers
    right, this would be the accuracy at one label a class (a parametric bootstrap; Efron and
    Tibshirani 1993, section 6.5): labels of clusters can be exchanged, those of points that
    differ in all ways can't.

    Parameters
    ----------
    member : GraphMember
    points : ndarray of int, shape (n_points,)
    answers : ndarray of int, shape (n_points,)
        The class of each, from 0 to n_classes - 1. Classes of none are left out.
    n_classes : int

    Returns
    -------
    float
        From 0 to 1; NaN where there are not two classes, or no point that is not labelled.
    """
    of_classes = [np.flatnonzero(answers == code) for code in range(n_classes)]
    present = np.flatnonzero([len(places) > 0 for places in of_classes])
    if len(present) < 2 or len(points) <= len(present):
        return float("nan")
    (response,) = responses_among(member.graph, points, (member.alpha,))
    heard = np.maximum(response, 0) / np.sqrt(np.maximum(member.graph.degrees[points], 1e-300))
    rng = np.random.default_rng(0)
    found = []
    for _ in range(_DRAWS):
        drawn = np.array([rng.choice(of_classes[code]) for code in present])
        shares = divided(heard[:, drawn])
        masses = shares.sum(axis=0)
        said = present[(shares / np.where(masses > 0, masses, 1)).argmax(axis=1)]
        asked = np.asarray(shares.any(axis=1))
        asked[drawn] = False
        if asked.any():
            found.append(float((said == answers)[asked].mean()))
    return float(np.mean(found)) if found else float("nan")


def usual_accuracy(stays: float, n_classes: int) -> float:
    """Return how right the answers of a fit are on average of which this share stays."""
    share = float(np.clip(stays, _LEAST, 1 - _LEAST))
    accuracy = 1 / (1 + np.exp(-_LEVEL - _SLOPE * np.log(share / (1 - share))))
    chance = 1 / n_classes
    return float(max(accuracy, chance + _ABOVE_CHANCE * (1 - chance)))
