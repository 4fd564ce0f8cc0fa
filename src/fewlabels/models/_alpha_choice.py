"""Choose alpha by labels left out, where they speak clearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.insight import fit_calibration, has_companion, log_loss_of
from fewlabels.models._choices import Choice

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

CANDIDATES = (0.9, 0.98, 0.995, 0.998)
DEFAULT = 0.995
# Labels with another of their class, from which on they have a say; and by how many standard
# errors the default has to be beaten. Below, the best of the candidates is mostly the luckiest.
_LEAST_LABELS, _CLEARLY = 20, 2.0
# Labels that are left out to compare alphas: each takes a vector of its own.
MOST_COMPARED = 32


@dataclass(frozen=True)
class LeftOutRows:
    """What others say of some labelled points, under one model.

    Attributes
    ----------
    shares : ndarray of shape (n_points, n_classes)
        Rows sum to 1 where `evidence` is positive, else 0.
    evidence : ndarray of shape (n_points,)
    """

    shares: FloatArray
    evidence: FloatArray


def labels_to_leave_out(Y: FloatArray, most: int) -> IntArray:
    """Rows of Y whose class has another label: at most so many, of all classes alike.

    Parameters
    ----------
    Y : ndarray of shape (n_labelled, n_classes)
    most : int

    Returns
    -------
    ndarray of int, ascending
    """
    rows = np.flatnonzero(has_companion(Y))
    if len(rows) <= most:
        return rows
    codes = Y[rows].argmax(axis=1)
    # the place of each within its class, in an order that is spread over the class
    place = np.empty(len(rows))
    for code in np.unique(codes):
        here = np.flatnonzero(codes == code)
        place[here[spread_order(len(here))]] = np.arange(len(here))
    return np.sort(rows[np.argsort(place, kind="stable")[:most]])


def spread_order(n: int) -> IntArray:
    """0 to n - 1 so that the first few lie evenly: by the golden ratio."""
    return np.argsort((np.arange(n) * 0.6180339887498949) % 1.0, kind="stable")


def left_out_means(scores: FloatArray, Y: FloatArray, counts: FloatArray) -> LeftOutRows:
    """Divide each class's left-out scores by what the others' labels of it weigh.

    Parameters
    ----------
    scores : ndarray of shape (n_points, n_classes)
        Of all labels but the point's own, not divided.
    Y : ndarray of shape (n_points, n_classes)
        The points' own rows.
    counts : ndarray of shape (n_classes,)
        Sums of the columns over all labels.
    """
    others = counts - Y
    known = others > 1e-12 * counts
    means = np.divide(scores, others, out=np.zeros_like(scores), where=known)
    evidence = means.sum(axis=1)
    shares = means / np.where(evidence > 0, evidence, 1)[:, None]
    return LeftOutRows(shares, evidence)


def choose_alpha(
    candidates: tuple[float, ...], left_out: list[LeftOutRows], Y: FloatArray
) -> Choice:
    """Leave the default only where another alpha says clearly better what the labels are.

    Each candidate is calibrated, for its shares are on a scale of its own, and the logarithms of
    the probabilities of the labels are compared one by one with those of the default.

    Parameters
    ----------
    candidates : tuple of float
        The default among them.
    left_out : list of LeftOutRows
        One a candidate, of the same points.
    Y : ndarray of shape (n_points, n_classes)
        Their labels.
    """
    answered = np.all([rows.evidence > 0 for rows in left_out], axis=0)
    n = int(answered.sum())
    if n < _LEAST_LABELS:
        return too_few(n)
    weights = Y[answered].sum(axis=1)
    weights = weights / weights.mean()
    targets = Y[answered] / Y[answered].sum(axis=1, keepdims=True)
    densities = []
    for rows in left_out:
        shares, evidence = rows.shares[answered], rows.evidence[answered]
        fitted = fit_calibration(
            shares, evidence, targets * weights[:, None], reference=float(np.median(evidence))
        )
        densities.append(-log_loss_of(fitted.apply(shares, evidence), targets))
    default = candidates.index(DEFAULT)
    best, best_gain, why = default, 0.0, ""
    figures = {}
    for k, alpha in enumerate(candidates):
        figures[f"log density at {alpha:g}"] = float(np.average(densities[k], weights=weights))
        gains = weights * (densities[k] - densities[default])
        gain, error = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(n))
        if gain > max(best_gain, _CLEARLY * error):
            best, best_gain = k, gain
            why = (
                f"{n} labels left out are {gain:.3f} more probable on average (in logarithms, "
                f"standard error {error:.3f}) than at {DEFAULT:g}"
            )
    return Choice(
        candidates[best],
        why or f"the default; {n} labels left out do not speak clearly for another alpha",
        figures,
    )


def too_few(n: int) -> Choice:
    """The default, where too few labels have another of their class."""
    return Choice(
        DEFAULT,
        f"the default; {n} labels have others of their class that can speak for them, and "
        f"{_LEAST_LABELS} are needed to tell alphas apart",
    )


def enough(n: int) -> bool:
    """Whether so many labels can tell alphas apart."""
    return n >= _LEAST_LABELS
