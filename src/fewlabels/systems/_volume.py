"""Decisions with given class sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

FloatArray = npt.NDArray[np.float64]

# Temperatures fall by this factor, down to the last, relative to the typical difference of scores.
_COOLS = 0.25
_COLDEST = 1e-5
_NEWTON_STEPS = 25
_HALVINGS = 30


def volume_offsets(
    scores: FloatArray,
    shares: FloatArray,
    *,
    tol: float = 1e-3,
    start: FloatArray | None = None,
) -> FloatArray:
    """Return offsets o such that argmax_c (scores_ic + o_c) gives the classes their shares.

    The assignment of n points to classes of given sizes with the largest sum of scores has the dual

        min_o  sum_i max_c (scores_ic + o_c) - n sum_c shares_c o_c,

    whose gradient is the error of the sizes. It is convex and piecewise linear. It is
    minimised by Newton's method, with the maximum smoothed at a falling temperature.

    Parameters
    ----------
    scores : ndarray of shape (n, m), float64
        Finite, or -inf where a point can't be of a class; each row has some finite entry.
    shares : ndarray of shape (m,)
        Positive; their sum is 1.
    tol : float, default=1e-3
        Allowed error of the shares, or one point if that is more. Points with equal rows get the
        same class, so many of these may cause larger errors.
    start : ndarray of shape (m,), default=None
        Offsets near the answer.

    Returns
    -------
    ndarray of shape (m,), float64
        Their mean is 0.

    Notes
    -----
    Cost: some 50 passes over the scores, O(n m^2) each.

    References
    ----------
    M. Jacobs, E. Merkurjev, S. Esedoglu, "Auction dynamics: a volume constrained MBO scheme",
    J. Comput. Phys. 354 (2018), section 3 (the dual). M. Cuturi, G. Peyre, "Semidual regularized
    optimal transport", SIAM Review 60 (2018) (the smoothing).

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> offsets = volume_offsets(scores, np.array([0.5, 0.5]))
    >>> np.argmax(scores + offsets, axis=1)
    array([0, 0, 1, 1])
    """
    n, m = scores.shape
    offsets = np.zeros(m) if start is None else start.copy()
    if n == 0 or m == 1:
        return np.zeros(m)
    second, first = np.partition(scores, m - 2, axis=1)[:, -2:].T
    open_to_some = np.isfinite(second)
    if not open_to_some.any():
        return np.zeros(m)
    spread = float(np.mean((first - second)[open_to_some])) or 1.0
    allowed = max(tol, 1 / n)
    temperature = spread if start is None else spread * _COOLS**3
    best, least = offsets, _excess(scores + offsets, shares)
    while least > allowed and temperature > _COLDEST * spread:
        offsets = _newton(scores, shares, offsets, temperature)
        excess = _excess(scores + offsets, shares)
        if excess < least:
            best, least = offsets, excess
        temperature *= _COOLS
    return np.asarray(best - best.mean())


def _excess(scores: FloatArray, shares: FloatArray) -> float:
    sizes = np.bincount(np.argmax(scores, axis=1), minlength=len(shares)) / len(scores)
    return float(np.abs(sizes - shares).max())


def _newton(
    scores: FloatArray, shares: FloatArray, offsets: FloatArray, temperature: float
) -> FloatArray:
    """Minimise mean_i T logsumexp((scores_i + o) / T) - shares . o from `offsets`."""
    n, m = scores.shape

    def value(o: FloatArray) -> float:
        smooth = temperature * logsumexp((scores + o) / temperature, axis=1)
        return float(smooth.mean() - shares @ o)

    now = value(offsets)
    for _ in range(_NEWTON_STEPS):
        logits = (scores + offsets) / temperature
        logits -= logits.max(axis=1, keepdims=True)
        P = np.exp(logits, out=logits)
        P /= P.sum(axis=1, keepdims=True)
        sizes = P.mean(axis=0)
        gradient = sizes - shares
        if np.abs(gradient).max() <= 0.1 / n + 1e-6:
            break
        curvature = (np.diag(sizes) - P.T @ P / n) / temperature
        # The constant offset is of no effect; a class that is empty has no curvature.
        ridge = 1e-6 / temperature / m
        step = -np.linalg.solve(curvature + ridge * np.eye(m) + 1 / m, gradient)
        length = 1.0
        for _ in range(_HALVINGS):
            then = value(offsets + length * step)
            if then < now:
                break
            length /= 2
        else:
            break
        offsets, now = offsets + length * step, then
    return offsets
