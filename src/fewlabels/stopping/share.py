"""The share of a class among all points, from predictions and random checks of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.stopping.confidence_sequence import mean_interval

FloatArray = npt.NDArray[np.float64]


def share_interval(
    certain: npt.ArrayLike,
    predicted: npt.ArrayLike,
    missed: npt.ArrayLike,
    mistaken: npt.ArrayLike,
    *,
    unknown: npt.ArrayLike = 0.0,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the share of a class among all points, and an interval that is valid at every look.

    At check j, of all points a share b_j was known to be of the class, a share u_j was drawn from,
    of which the model gave p_j u_j to the class, and a share o_j was neither known nor drawn from.
    The point drawn was of the class though the model said otherwise (missed), or the reverse
    (mistaken), or neither. Then ::

        b_j + u_j (p_j + missed_j - mistaken_j)

    has as its expected value the share of the class among all points but those of o_j, whatever
    the model, which may change from check to check. The mean over the checks is the estimate;
    an interval of :func:`mean_interval` for the mean of u_j missed_j, and one for that of
    u_j mistaken_j, each at half the error, make its interval. It widens by the mean of the o_j.

    Parameters
    ----------
    certain : array-like of shape (..., n_checks)
        b_j, as a share of all points.
    predicted : array-like of shape (..., n_checks)
        p_j u_j, as a share of all points.
    missed, mistaken : array-like of shape (..., n_checks)
        u_j where the check found a point that was missed, or mistaken for one; else 0.
    unknown : array-like of shape (..., n_checks), default=0
        o_j.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    share, low, high : ndarray of shape (...,), float64
        Of several sessions, or looks, at once where the input has leading axes.

    Raises
    ------
    InvalidInputError
        If there is no check, or `confidence` is out of range.

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan and T. Zrnic, "Prediction-powered
    inference", Science 2023, for the estimate. There the interval holds at one look.

    Examples
    --------
    Half of the points by the model's word, and a quarter of twenty checks found one that it had
    missed:

    >>> from fewlabels.stopping import share_interval
    >>> share, low, high = share_interval([0.0] * 20, [0.5] * 20, [1, 0, 0, 0] * 5, [0.0] * 20)
    >>> f"{share:.2f}, between {low:.2f} and {high:.2f}"
    '0.75, between 0.31 and 1.00'
    """
    check_real("confidence", confidence, above=0, below=1)
    b, p, plus, minus, o = np.broadcast_arrays(
        *(
            np.atleast_1d(np.asarray(value, dtype=np.float64))
            for value in (certain, predicted, missed, mistaken, unknown)
        )
    )
    n = b.shape[-1]
    if n == 0:
        raise InvalidInputError("a share needs one check or more, got none.")
    half = (1 + confidence) / 2
    missed_low, missed_high = mean_interval(plus.sum(axis=-1), n, confidence=half)
    mistaken_low, mistaken_high = mean_interval(minus.sum(axis=-1), n, confidence=half)
    base, hidden = (b + p).mean(axis=-1), o.mean(axis=-1)
    low = np.maximum(base + missed_low - mistaken_high, b.mean(axis=-1))
    high = np.minimum(base + missed_high - mistaken_low + hidden, 1.0)
    seen = base + (plus - minus).mean(axis=-1)
    # of what is hidden, as large a share as of the rest
    share = seen / np.where(hidden < 1, 1 - hidden, 1.0)
    return np.clip(share, low, high), low, high
