"""From which confidence on answers are sure: what labels left out show of being right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.insight._checks import check_column

# Of the distance from what is asked for to certainty, this much is kept as a reserve: confidence
# is highest where it is too high. Chosen on sets with few labels.
_RESERVE = 0.35
# Labels left out that it takes to halve the distance to certainty that is left.
_CAUTION = 10.0


def sure_from(
    confidence: npt.ArrayLike,
    right: npt.ArrayLike,
    abstain_below: float,
    *,
    weights: npt.ArrayLike | None = None,
) -> float:
    """Return the confidence above which answers are sure, judged by the labels left out.

    An answer is sure if its confidence is at least this, so that of the labels that were left
    out and answered as confidently, a share of::

        (r + 1) / (m + 2) >= least = abstain_below + 0.35 (1 - abstain_below)

    was right (Laplace's rule of succession): r / m is the share of right ones by weight, and m
    their weight, but never more than the number of equally weighted labels that would be as
    much evidence, ``sum(w) ** 2 / sum(w ** 2)`` (Kish's effective size). And its confidence is at
    least ``least + (1 - least) 10 / (10 + n)``, of n labels left out in all. The 0.35 is a
    reserve, for the most confident answers are where a model is too confident.

    Parameters
    ----------
    confidence : array-like of shape (n_left_out,)
        Largest probability of each label that was left out.
    right : array-like of shape (n_left_out,)
        Whether that class was right; of soft labels its probability.
    abstain_below : float
        In [0, 1].
    weights : array-like of shape (n_left_out,), default=None
        How much each label left out counts, brought to a mean of 1: how frequent its class is
        among the points that are asked about, over its share of the labels. None: 1 each.

    Returns
    -------
    float
        Infinity where the labels left out show of no answers that they are right so often.

    References
    ----------
    L. Kish, "Survey Sampling", Wiley 1965, section 11.7 (the effective size).

    Examples
    --------
    >>> from fewlabels.insight import sure_from
    >>> sure_from([0.99, 0.98, 0.97, 0.97, 0.96, 0.95, 0.6], [1, 1, 1, 1, 1, 1, 0], 0.8)
    0.9464...
    >>> sure_from([0.99, 0.98, 0.97], [1, 1, 1], 0.8)  # three labels show little
    inf
    """
    asked = check_real("abstain_below", abstain_below, minimum=0, maximum=1)
    left_out = np.asarray(confidence, dtype=np.float64)
    least = asked + _RESERVE * (1 - asked)
    lowest = least + (1 - least) * _CAUTION / (_CAUTION + len(left_out))
    order = np.argsort(-left_out, kind="stable")
    falling = left_out[order]
    counts = _counts(weights, len(left_out))[order]
    n_right = np.cumsum(np.asarray(right, dtype=np.float64)[order] * counts)
    n_so_sure = np.cumsum(counts)
    # Few labels that weigh much are no more evidence than as many that weigh 1.
    squares = np.cumsum(counts**2)
    kept = np.minimum(1, np.divide(n_so_sure, squares, out=np.ones(len(counts)), where=squares > 0))
    n_right, n_so_sure = n_right * kept, n_so_sure * kept
    # m answers at least as confident as the last of them: never a part of equal ones
    m = 1 + np.flatnonzero((np.diff(falling, append=-1.0) < 0) & (falling >= lowest))
    shown = np.flatnonzero((n_right[m - 1] + 1) / (n_so_sure[m - 1] + 2) >= least)
    if len(shown) == 0:
        return float("inf")
    last = int(shown[-1])
    return float(lowest if last == len(m) - 1 else falling[m[last] - 1])


def _counts(weights: npt.ArrayLike | None, n: int) -> npt.NDArray[np.float64]:
    if weights is None:
        return np.ones(n)
    counts = check_column("weights", weights, n)
    return np.asarray(counts * (n / (counts.sum() or 1.0)))
