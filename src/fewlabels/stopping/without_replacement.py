"""How many points of a finite set are wrong at most, by draws that are not put back."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from fewlabels._validation import check_integer, check_real
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]

# The alternatives that are bet on, as a share of the number of wrong points that is bet against;
# each has the same stake. More of them are small, where few draws decide.
_N_STAKES = 32
_RATIOS = 0.75 * ((np.arange(_N_STAKES) + 0.5) / _N_STAKES) ** 2


def log_wealth_without_replacement(
    n_wrong: int, wrong: npt.ArrayLike, n_drawn_from: npt.ArrayLike, n_points: int
) -> FloatArray:
    """Return the log of the capital that a bet of 1 against this many wrong points has become.

    Of `n_points` points, E or more are wrong: that is bet against. Draw j is one of N_j points,
    each as likely as another; F_j of those drawn before it were wrong, and V_j points had left
    otherwise. Then it is wrong with a probability of at least ::

        q_j = (E - V_j - F_j) / N_j

    A bet that r (E - V_j) points are wrong, r < 1, puts p_j = (r (E - V_j) - F_j) / N_j in its
    place (0 where that is negative). It multiplies its stake by p_j / q_j if the draw is wrong,
    and by (1 - p_j) / (1 - q_j) if it is not. The capital is spread over 32 values of r from 0 to
    0.75. It is a martingale where exactly E are wrong and no point leaves otherwise, and
    grows on average no faster where there are more: by Ville's inequality it reaches 1 / alpha
    at *any* draw with probability alpha at most.

    Parameters
    ----------
    n_wrong : int
        E, from 1 to `n_points`.
    wrong : array-like of bool, shape (n_draws,)
        Whether each draw was wrong.
    n_drawn_from : array-like of int, shape (n_draws,)
        N_j, from 1 to `n_points` less the draws before.
    n_points : int

    Returns
    -------
    ndarray of shape (n_draws,), float64
        After each draw; infinite once so many can't be wrong any more.

    Raises
    ------
    InvalidInputError
        If a number is out of range, or the shapes don't agree.

    Notes
    -----
    What refutes E wrong points refutes any larger number, whatever the draws are. Cost: 32
    numbers a draw.

    References
    ----------
    I. Waudby-Smith and A. Ramdas, "Confidence sequences for sampling without replacement",
    NeurIPS 2020, and "Estimating means of bounded random variables by betting", JRSS B 2024.

    Examples
    --------
    All of 27 draws from 300 points were right; with 30 or more wrong ones, that is rare:

    >>> from fewlabels.stopping import log_wealth_without_replacement
    >>> wealth = log_wealth_without_replacement(30, [False] * 27, range(300, 273, -1), 300)
    >>> print(f"{wealth[-1]:.2f}")
    2.44
    """
    draws, pool = _checked_draws(wrong, n_drawn_from, n_points)
    E = check_integer("n_wrong", n_wrong, minimum=1, maximum=n_points)
    return _mixed(_stakes(E, draws, pool, n_points))


def most_wrong(
    wrong: npt.ArrayLike, n_drawn_from: npt.ArrayLike, n_points: int, *, confidence: float = 0.95
) -> int:
    """Return the largest plausible number of wrong points, from draws without replacement.

    The largest number against which :func:`log_wealth_without_replacement` never reached
    1 / alpha, alpha = 1 - `confidence`. One may look after every draw, and stop because of it:
    that it is too small at *any* look has probability alpha at most.

    Parameters
    ----------
    wrong, n_drawn_from, n_points
        As of :func:`log_wealth_without_replacement`.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    int
        From the number of wrong draws to `n_points`.

    Raises
    ------
    InvalidInputError
        If a number is out of range, or the shapes don't agree.

    Examples
    --------
    >>> from fewlabels.stopping import most_wrong
    >>> most_wrong([False] * 40, range(300, 260, -1), 300)
    24
    """
    draws, pool = _checked_draws(wrong, n_drawn_from, n_points)
    limit = -np.log1p(-check_real("confidence", confidence, above=0, below=1))
    low, high = int(draws.sum()), n_points + 1
    while high - low > 1:  # `low` may be, `high` is refuted or more than there are
        middle = (low + high) // 2
        if _mixed(_stakes(middle, draws, pool, n_points)).max(initial=-np.inf) >= limit:
            high = middle
        else:
            low = middle
    return low


def draws_to_prove(
    n_allowed: int,
    share_wrong: float,
    n_points: int,
    *,
    confidence: float = 0.95,
    wrong: npt.ArrayLike = (),
    n_drawn_from: npt.ArrayLike = (),
) -> int | None:
    """Estimate how many more draws prove that at most `n_allowed` points are wrong.

    In about two of three cases so many are enough, if the guess is right.

    Parameters
    ----------
    n_allowed : int
        From 0 to `n_points`.
    share_wrong : float
        The guess: of the points that are left to draw, this share is wrong, and of the draws
        to come the same. From 0 to 1.
    n_points : int
    confidence : float, default=0.95
    wrong, n_drawn_from : array-like of shape (n_draws,), default=()
        The draws so far, as of :func:`log_wealth_without_replacement`.

    Returns
    -------
    int or None
        0 if they show it already. None: not even by drawing all that are left.

    Raises
    ------
    InvalidInputError
        If a number is out of range, or the shapes don't agree.

    Examples
    --------
    >>> from fewlabels.stopping import draws_to_prove
    >>> [draws_to_prove(30, share, 300) for share in (0.0, 0.02, 0.05)]
    [32, 58, 139]
    """
    draws, pool = _checked_draws(wrong, n_drawn_from, n_points)
    check_integer("n_allowed", n_allowed, minimum=0, maximum=n_points)
    share = check_real("share_wrong", share_wrong, minimum=0, maximum=1)
    limit = -np.log1p(-check_real("confidence", confidence, above=0, below=1))
    if n_allowed == n_points:
        return 0
    stakes = _stakes(n_allowed + 1, draws, pool, n_points)
    if _mixed(stakes).max(initial=-np.inf) >= limit:
        return 0
    n_found = float(draws.sum())
    n_left = int(pool[-1]) - 1 if len(pool) else n_points
    n_gone = n_points - n_left - len(draws)
    against = n_allowed + 1.0 - n_gone
    before = stakes[:, -1] if stakes.shape[1] else np.full(_N_STAKES, -np.log(_N_STAKES))

    def show_it(more: int) -> bool:
        """Tell whether so many more do, with that share of them wrong."""
        truth = _log_chance(np.array([against - n_found]), share * more, more, n_left)
        if np.isneginf(truth):
            return True
        bet = _log_chance(_RATIOS * against - n_found, share * more, more, n_left)
        return bool(_mixed(before + bet - truth) >= limit)

    # The logarithm is about a maximum of straight lines: once over the limit, it stays there.
    if n_left == 0 or not show_it(n_left):
        return None
    low, high = 0, n_left
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if show_it(middle) else (middle, high)
    return high


def _checked_draws(
    wrong: npt.ArrayLike, n_drawn_from: npt.ArrayLike, n_points: int
) -> tuple[FloatArray, FloatArray]:
    draws = np.asarray(wrong, dtype=np.float64)
    pool = np.asarray(n_drawn_from, dtype=np.float64)
    check_integer("n_points", n_points, minimum=1)
    if (
        draws.ndim != 1
        or draws.shape != pool.shape
        or not np.isin(draws, (0, 1)).all()
        or ((pool < 1) | (pool > n_points - np.arange(len(pool)))).any()
    ):
        raise InvalidInputError(
            "wrong and n_drawn_from must hold an entry for each draw: whether it was wrong, and "
            f"from how many of the {n_points} points it was drawn, but those drawn before; got "
            f"shapes {draws.shape} and {pool.shape}, and n_drawn_from {pool.tolist()!s:.80}."
        )
    return draws, pool


def _stakes(n_wrong: int, draws: FloatArray, pool: FloatArray, n_points: int) -> FloatArray:
    """Return the logarithm of what each stake has become, shape (_N_STAKES, n_draws)."""
    found = np.cumsum(draws) - draws
    gone = n_points - pool - np.arange(len(draws))
    against = np.maximum(n_wrong - gone, 0)
    q = np.maximum(against - found, 0) / pool
    p = np.minimum(np.maximum(_RATIOS[:, None] * against - found, 0) / pool, q)
    # Where more must be wrong than are left, so many can't be; where none must be, no bet is made.
    refuted = np.logical_or.accumulate((q > 1) | ((q == 1) & (draws == 0)))
    with np.errstate(divide="ignore", invalid="ignore"):
        lost, won = np.log(p) - np.log(q), np.log1p(-p) - np.log1p(-np.minimum(q, 1))
    steps = np.where((q == 0) | refuted, 0.0, np.where(draws > 0, lost, won))
    stakes: FloatArray = np.cumsum(steps, axis=1) - np.log(_N_STAKES)
    stakes[:, refuted] = np.inf
    return stakes


def _mixed(stakes: FloatArray) -> FloatArray:
    return np.asarray(np.logaddexp.reduce(stakes, axis=0))


def _log_chance(n_wrong: FloatArray, found: float, more: int, n_left: int) -> FloatArray:
    """Return the log probability of draws of which `found` are wrong, but for what E is not in."""
    E = np.maximum(n_wrong, 0.0)
    kept, fine = E - found, n_left - E - (more - found)
    chance = (
        gammaln(E + 1)
        - gammaln(np.maximum(kept, 0) + 1)
        + gammaln(np.maximum(n_left - E, 0) + 1)
        - gammaln(np.maximum(fine, 0) + 1)
    )
    return np.asarray(np.where((kept < 0) | (fine < 0), -np.inf, chance))
