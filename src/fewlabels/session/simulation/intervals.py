"""A mean over repeats, and how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fewlabels._validation import check_real
from fewlabels.session.simulation.rounds import FloatArray


@dataclass(frozen=True)
class Interval:
    """A mean over repeats, and an interval that contains the true mean with some confidence.

    Attributes
    ----------
    mean, low, high : float, or ndarray with an entry a round
        `low` and `high` are NaN where there are fewer than two repeats.

    Examples
    --------
    >>> from fewlabels.session import Interval
    >>> accuracy = Interval(mean=0.9, low=0.85, high=0.95)
    >>> accuracy.low <= accuracy.mean <= accuracy.high
    True
    """

    mean: Any  # a number, or an array
    low: Any
    high: Any


def student_interval(values: FloatArray, confidence: float = 0.95) -> Interval:
    """Return the mean over the first axis, with Student's interval.

    mean +- t s / sqrt(n), s being the standard deviation of n values and t the quantile of
    Student's distribution with n - 1 degrees of freedom. Exact for normal values.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, n_rounds)
    confidence : float in (0, 1), default=0.95

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.session.simulation.intervals import student_interval
    >>> interval = student_interval(np.array([0.5, 0.6, 0.7]))
    >>> [round(v, 3) for v in (interval.low, interval.mean, interval.high)]
    [0.352, 0.6, 0.848]
    """
    check_real("confidence", confidence, above=0, below=1)
    mean = values.mean(axis=0)
    n = len(values)
    if n < 2:
        half = np.full_like(mean, np.nan)
    else:
        half = stats.t.ppf((1 + confidence) / 2, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    bounds = (mean, mean - half, mean + half)
    return Interval(*(bound.tolist() if values.ndim == 1 else bound for bound in bounds))
