"""An interval for a mean that holds at every look, though the mean may move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]

# The stakes, as log odds ratios, and what share of the capital each is given. A stake of l wins
# most where the mean is off by about l times the variance; the weights are centred on what some
# ten to some hundred draws need. The interval holds whatever they are.
_STAKES = np.geomspace(0.02, 12.0, 16)
_WEIGHTS = np.exp(-0.5 * (np.log(_STAKES / 2) / 1.2) ** 2)
_SIGNED = np.concatenate([_STAKES, -_STAKES])
_GROWTH = np.expm1(_SIGNED)
_LOG_WEIGHTS = np.log(np.tile(_WEIGHTS / (2 * _WEIGHTS.sum()), 2))

# Halvings of [0, 1]: the ends are right to 1e-12, outwards.
_HALVINGS = 40


def log_wealth(total: npt.ArrayLike, n: npt.ArrayLike, mean: npt.ArrayLike) -> FloatArray:
    """Return the logarithm of the capital that a bet of 1 against `mean` would have become.

    With S the sum of n draws, each in [0, 1], m the mean, and w_k the weights of stakes l_k of
    both signs ::

        M = sum_k w_k exp(l_k S - n log(1 - m + m exp(l_k)))

    Let A_j be the expected value of draw j, given all that was before it. For the running mean,
    m = (A_1 + ... + A_n) / n, M is at most a martingale that starts at 1: log(1 - a + a exp(l)) is
    concave in a, so that n times its value at the mean of the A_j is at least the sum of those at
    the A_j. By Ville's inequality M exceeds 1 / alpha at *any* n with probability alpha at most.
    The A_j need not be equal, nor the draws independent.

    Parameters
    ----------
    total : array-like
        S, from 0 to n.
    n : array-like
        Number of draws.
    mean : array-like
        m, from 0 to 1.

    Returns
    -------
    ndarray, float64
        In the shape to which the three broadcast.

    References
    ----------
    S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, "Time-uniform, nonparametric,
    nonasymptotic confidence sequences", Annals of Statistics 2021, for sub-Bernoulli processes
    and mixtures. H. Robbins, "Statistical methods related to the law of the iterated logarithm",
    1970, for the method of mixtures.

    Examples
    --------
    >>> from fewlabels.stopping import log_wealth
    >>> bool(log_wealth(20, 20, 0.5) > log_wealth(20, 20, 0.9) > 0 > log_wealth(20, 20, 1.0))
    True
    """
    S, count, m = (np.asarray(value, dtype=np.float64)[..., None] for value in (total, n, mean))
    growth = _SIGNED * S - count * np.log1p(m * _GROWTH) + _LOG_WEIGHTS
    # SciPy's logsumexp takes ten times as long over so few
    largest = growth.max(axis=-1)
    return np.asarray(largest + np.log(np.exp(growth - largest[..., None]).sum(axis=-1)))


def mean_interval(
    total: npt.ArrayLike, n: npt.ArrayLike, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return an interval for the running mean that is valid after every draw.

    The means against which :func:`log_wealth` did not reach 1 / alpha, alpha = 1 - `confidence`.
    That the interval held at *every* n, from the first draw on, has probability `confidence` at
    least; so whatever makes one stop, it holds then.

    Parameters
    ----------
    total : array-like
        Sum of the draws, from 0 to n.
    n : array-like
        Number of draws, each in [0, 1]; 0 gives (0, 1).
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    low, high : ndarray, float64
        In the shape to which `total` and `n` broadcast.

    Raises
    ------
    InvalidInputError
        If `total` is not between 0 and n, or `confidence` is out of range.

    Notes
    -----
    M is convex in m and at most 1 at S / n, so that the interval is found by bisection on either
    side: 80 evaluations, of 32 stakes each. It is about as narrow as that of the beta-binomial
    mixture, which needs a mean that stands still.

    Examples
    --------
    >>> from fewlabels.stopping import mean_interval
    >>> low, high = mean_interval(57, 60)
    >>> f"{low:.3f} to {high:.3f}"
    '0.816 to 0.996'
    """
    check_real("confidence", confidence, above=0, below=1)
    S, count = np.broadcast_arrays(
        np.asarray(total, dtype=np.float64), np.asarray(n, dtype=np.float64)
    )
    wrong = ~((S >= 0) & (count >= S) & np.isfinite(count))
    if wrong.any():
        raise InvalidInputError(
            "total must be from 0 to n, a sum of n numbers from 0 to 1; got "
            f"{S[wrong][0]:g} of {count[wrong][0]:g}."
        )
    log_limit = -np.log1p(-confidence)
    # Many totals of many runs are few distinct ones.
    pairs, place = np.unique(
        np.stack([S.ravel(), count.ravel()], axis=1), axis=0, return_inverse=True
    )
    S_once, n_once = pairs.T
    # Right and wrong mirror each other, and so do the ends.
    low, rest = _low_end(np.stack([S_once, n_once - S_once]), np.stack([n_once] * 2), log_limit)
    place = place.reshape(S.shape)
    return np.asarray(low[place]), np.asarray(1 - rest[place])


def _low_end(S: FloatArray, n: FloatArray, log_limit: float) -> FloatArray:
    """Find the smallest mean against which the wealth stays below the limit."""
    low = np.zeros_like(S)
    high: np.ndarray = np.divide(S, n, out=np.zeros_like(S), where=n > 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        refuted = log_wealth(S, n, middle) >= log_limit
        low = np.where(refuted, middle, low)
        high = np.where(refuted, high, middle)
    # `low` is 0 or refuted, and thus never above the end
    return low
