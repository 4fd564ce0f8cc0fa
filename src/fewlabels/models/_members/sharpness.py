"""How sharply scores are made into probabilities: learned from labels left out, shrunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels.insight import has_companion
from fewlabels.models._spread_order import spread_order

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Added to each probability of a left-out label: no single one decides.
_FLOOR = 1e-3
_LEAST_SHARE = 1e-7
# Logarithms of the sharpness are looked for so far from where they are expected, and the search
# halves its bracket by the golden ratio so many times: to 1e-5 of a logarithm.
_REACH, _GOLDEN_STEPS = 2.5, 27
_GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Taught:
    """Labels that are left out to learn from: each has another label of its class.

    Attributes
    ----------
    rows : ndarray of int, shape (n_taught,)
        Places among the labelled points.
    targets : ndarray of shape (n_taught, n_classes)
        Distributions of the labels.
    weights : ndarray of shape (n_taught,)
        How much each counts. They sum to the number of all labels that could be left out, of which
        these may be a sample.
    """

    rows: IntArray
    targets: FloatArray
    weights: FloatArray

    @classmethod
    def of(cls, Y: FloatArray, most: int) -> Self:
        """Choose at most `most` labels that have another of their class, of all classes alike.

        Parameters
        ----------
        Y : ndarray of shape (n_labelled, n_classes)
            Rows of the labels, their weights included.
        most : int
        """
        able = np.flatnonzero(has_companion(Y))
        rows = able
        if len(able) > most:
            codes = Y[able].argmax(axis=1)
            # the place of each within its class, in an order that is spread over the class
            place = np.empty(len(able))
            for code in np.unique(codes):
                here = np.flatnonzero(codes == code)
                place[here[spread_order(len(here))]] = np.arange(len(here))
            rows = np.sort(able[np.argsort(place, kind="stable")[:most]])
        weights = Y[rows].sum(axis=1)
        targets = Y[rows] / weights[:, None]
        weights = weights * (len(able) / (weights.sum() or 1.0))
        return cls(rows, targets, weights)

    def __len__(self) -> int:
        return len(self.rows)

    def likelihoods(self, probabilities: FloatArray) -> FloatArray:
        """Probability of each label under its row of `probabilities`, shape (..., n_taught)."""
        return np.asarray((probabilities * self.targets).sum(axis=-1) + _FLOOR)

    def log_likelihood(self, probabilities: FloatArray) -> float:
        """Weighted sum of the logarithms of the probabilities of the labels."""
        return float(self.weights @ np.log(self.likelihoods(probabilities)))


def logits_of(shares: FloatArray) -> FloatArray:
    """Logarithms of shares, which count as 1e-7 at least."""
    return np.asarray(np.log(np.maximum(shares, _LEAST_SHARE)))


def sharpened(logits: FloatArray, sharpness: float) -> FloatArray:
    """softmax(sharpness x logits) of each row; -inf stays impossible."""
    scores = logits - logits.max(axis=1, keepdims=True)
    scores *= sharpness
    np.exp(scores, out=scores)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def expected_sharpness(logits: FloatArray, confidence: float) -> float:
    """The sharpness at which the largest probability of a row is `confidence` on average.

    Scores have no unit: a walk that forgets slowly gives all classes nearly the same share. What
    can be expected of any model before a label is left out is how sure it is on the whole.

    Parameters
    ----------
    logits : ndarray of shape (n_points, n_classes)
        Of points without a label.
    confidence : float
        Below 1. Where there are so few classes, or so little difference, that it can't be met, the
        sharpness ends at 1e-2 or 1e4.
    """
    if len(logits) == 0:
        return 1.0
    low, high = np.log(1e-2), np.log(1e4)
    for _ in range(30):
        middle = (low + high) / 2
        if sharpened(logits, np.exp(middle)).max(axis=1).mean() < confidence:
            low = middle
        else:
            high = middle
    return float(np.exp((low + high) / 2))


def fitted_sharpness(
    left_out: FloatArray, taught: Taught, expected: float, deviation: float
) -> float:
    """The most probable sharpness: log s is normal around log `expected`, the labels have a say.

    Maximises log_likelihood(softmax(s x left_out)) - (log s - log expected)^2 / (2 deviation^2)
    over s by golden section, so that it moves continuously with the scores.

    Parameters
    ----------
    left_out : ndarray of shape (n_taught, n_classes)
        Logits of the labels left out.
    taught : Taught
    expected, deviation : float
        Positive.
    """
    return float(fitted_sharpnesses(left_out[None], taught, np.array([expected]), deviation)[0])


def fitted_sharpnesses(
    left_out: FloatArray, taught: Taught, expected: FloatArray, deviation: float
) -> FloatArray:
    """`fitted_sharpness` of several models at once, shape (n_models,).

    Parameters
    ----------
    left_out : ndarray of shape (n_models, n_taught, n_classes)
    taught : Taught
    expected : ndarray of shape (n_models,)
    deviation : float
    """
    if len(taught) == 0:
        return expected
    logits = left_out - left_out.max(axis=2, keepdims=True)

    def value(steps: FloatArray) -> FloatArray:
        scores = logits * (expected * np.exp(steps))[:, None, None]
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=2, keepdims=True)
        likely = np.log(taught.likelihoods(scores)) @ taught.weights
        return np.asarray(likely - (steps / deviation) ** 2 / 2)

    return np.asarray(expected * np.exp(_largest(value, _REACH, len(expected))))


def _largest(value: Callable[[FloatArray], FloatArray], reach: float, n: int) -> FloatArray:
    """Where n functions of one peak each are largest in [-reach, reach], by golden section."""
    low, high = np.full(n, -reach), np.full(n, reach)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = value(left), value(right)
    for _ in range(_GOLDEN_STEPS):
        lower = at_left >= at_right  # there, the peak is left of `right`
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        at_new = value(new)
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, at_new, at_right), np.where(lower, at_left, at_new)
    return np.asarray((low + high) / 2)
