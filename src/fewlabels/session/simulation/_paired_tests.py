"""Tests of whether methods differ, over pairs of scores and over ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from fewlabels.session.simulation.rounds import FloatArray


@dataclass(frozen=True)
class PairedTest:
    """Whether a method differs from another, over pairs of scores.

    Attributes
    ----------
    method, baseline : str
    difference : float
        Mean of the scores of `method` less those of `baseline`.
    n_pairs : int
    p_value : float
        Of Wilcoxon's signed-rank test, two-sided. 1 where all pairs are equal.
    corrected : float
        By Holm's method, over all that were compared at once.

    Examples
    --------
    >>> from fewlabels.session import PairedTest
    >>> test = PairedTest("ours", "forest", 0.02, n_pairs=20, p_value=0.01, corrected=0.02)
    >>> test.corrected < 0.05
    True
    """

    method: str
    baseline: str
    difference: float
    n_pairs: int
    p_value: float
    corrected: float


@dataclass(frozen=True, eq=False)
class RankTest:
    """Whether all methods are equally good, judged by their ranks.

    Attributes
    ----------
    methods : tuple of str
    ranks : ndarray of shape (n_methods,)
        Mean rank of each; 1 is best, equal scores share their ranks.
    n_blocks : int
        Data sets, or starts, in which the methods were ranked.
    p_value : float
        Of Friedman's test.
    critical_difference : float
        Mean ranks that are farther apart differ, by Nemenyi's test at `alpha`.
    alpha : float

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.session import RankTest
    >>> test = RankTest(("a", "b", "c"), np.array([1.2, 1.8, 3.0]), 6, 0.006, 1.35, 0.05)
    >>> bool(test.ranks[2] - test.ranks[0] > test.critical_difference)  # "c" is worse than "a"
    True
    """

    methods: tuple[str, ...]
    ranks: FloatArray
    n_blocks: int
    p_value: float
    critical_difference: float
    alpha: float


def holm(p_values: FloatArray) -> FloatArray:
    """Return p-values corrected by Holm's step-down method.

    Parameters
    ----------
    p_values : ndarray of shape (n_tests,)

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.session.simulation._paired_tests import holm
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2)
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected


def wilcoxon(differences: FloatArray) -> float:
    """Return the p-value of the signed-rank test, two-sided; 1 where nothing differs."""
    if not differences.any():
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)
