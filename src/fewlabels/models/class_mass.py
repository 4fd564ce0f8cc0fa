"""Weigh the classes, so that together they claim the points more nearly in expected shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from fewlabels._arrays import FILL_NUMBERS, refuse_masked
from fewlabels._rows import row_blocks
from fewlabels.exceptions import InvalidInputError
from fewlabels.models._relabel import point_indices
from fewlabels.systems import volume_offsets

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_ROWS_AT_ONCE = 250_000
# Offsets are found from so many points at most: shares of a sample are off by 0.1 % or so.
_MOST_COUNTED = 200_000


def normalize_class_mass(
    distributions: npt.ArrayLike,
    unlabelled: npt.ArrayLike,
    *,
    prior: npt.ArrayLike | None = None,
    reached: npt.ArrayLike | None = None,
) -> FloatArray:
    """Normalise class masses towards the expected shares of the classes.

    With few labels, a class that happens to have more of them, or more central ones, attracts too
    many points. The mass of a class is its sum over the unlabelled points,
    ``m_c = sum_u p_uc``; each column is multiplied by q_c / m_c, q_c being its expected share, and
    then each row divided by its sum::

        p_uc <- (q_c p_uc / m_c) / sum_k (q_k p_uk / m_k)

    This is only one step towards the shares: once the rows are divided, neither the columns' means
    nor the counts of the most probable classes equal the q_c. A model with shares as `class_prior`
    comes closer to such counts.

    Labelled points, and points that no label reaches, are not changed. A class without any mass
    stays at zero, and a point whose classes all have share zero is not changed.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Class probabilities; each row sums to 1. Not modified.
    unlabelled : array-like of int, or boolean mask of shape (n_points,)
        The points to normalise over, each at most once; ``y == -1``, say.
    prior : array-like of shape (n_classes,), default=None
        q, the expected shares of the classes: at least 0, not all 0, on any scale. None: equal.
    reached : array-like of bool, shape (n_points,), default=None
        A model's `reached_`. None: all are.

    Returns
    -------
    ndarray of shape (n_points, n_classes), float64

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `distributions` is not two-dimensional, `prior` does not fit it, or `unlabelled` names
        points that are not there.

    References
    ----------
    X. Zhu, Z. Ghahramani and J. Lafferty, "Semi-supervised learning using Gaussian fields and
    harmonic functions", ICML 2003, section 4.

    Examples
    --------
    >>> from fewlabels import normalize_class_mass
    >>> normalize_class_mass([[0.9, 0.1], [0.6, 0.4]], [0, 1]).round(2)
    array([[0.75, 0.25],
           [0.33, 0.67]])
    """
    refuse_masked(distributions, "distributions", FILL_NUMBERS)
    normalized = np.array(distributions, dtype=np.float64)
    if normalized.ndim != 2:
        raise InvalidInputError(
            "distributions must have shape (n_points, n_classes), got shape "
            f"{normalized.shape}. Pass a fitted model's label_distributions_."
        )
    shares = np.ones(normalized.shape[1]) if prior is None else np.asarray(prior, dtype=float)
    fits = shares.shape == normalized.shape[1:] and (np.isfinite(shares) & (shares >= 0)).all()
    if not (fits and shares.any()):
        raise InvalidInputError(
            f"prior must hold a share of at least 0 for each of the {normalized.shape[1]} classes, "
            f"and not only 0; got {prior!r}."
        )
    points = point_indices(unlabelled, len(normalized))
    if reached is not None:
        points = points[np.asarray(reached, dtype=bool)[points]]
    share_out(normalized, points, shares)
    return normalized


def share_out(
    distributions: npt.NDArray[np.floating], points: IntArray, shares: FloatArray
) -> None:
    """Weigh the classes by `shares` over their masses, in place; a block of rows at a time."""
    blocks = [points[rows] for rows in row_blocks(len(points), _ROWS_AT_ONCE)]
    mass = np.zeros(len(shares))
    for block in blocks:
        mass += distributions[block].sum(axis=0, dtype=np.float64)
    for block in blocks:
        rows = distributions[block].astype(np.float64, copy=False)  # rows by number are a copy
        weighed = np.divide(rows, mass, out=np.zeros_like(rows), where=mass > 0)
        weighed *= shares
        totals = weighed.sum(axis=1, keepdims=True)
        distributions[block] = np.divide(weighed, totals, out=rows, where=totals > 0)


def approach_shares(
    distributions: npt.NDArray[np.floating], points: IntArray, shares: FloatArray
) -> None:
    """Weigh the classes for known `shares`, in place: see :func:`offsets_to_shares`.

    A class with share 0 ends with no probability; a point that holds nothing of any other gets the
    shares. A block of rows at a time. Each call starts anew, so that a refit gives what a change
    of labels does.
    """
    offsets = offsets_to_shares(distributions, points, shares)
    for rows in row_blocks(len(points), _ROWS_AT_ONCE):
        block = points[rows]
        distributions[block] = with_offsets(distributions[block], offsets, shares)


def offsets_to_shares(
    distributions: npt.NDArray[np.floating], points: IntArray, shares: FloatArray
) -> FloatArray:
    """What to add to log p_uc so that the classes come nearer to known `shares`.

    p_uc <- w_c p_uc / sum_k w_k p_uk with w_c = sqrt(v_c q_c / m_c): the geometric mean of the one
    step of class-mass normalisation, q_c / m_c, and of the weights v by which as many `points` as
    their shares say are most probably of each class, within 0.1 % (`volume_offsets` of the
    log p_uc). With true, uneven shares the step does too little; the counts follow shares that are
    wrong wherever these lead. Between the two, nearly all of the gain is there, and little of the
    harm.

    Returns
    -------
    ndarray of shape (n_classes,)
        Logarithms of w; -inf for a class with share 0.

    Notes
    -----
    Cost: some 50 passes over 200,000 points at most, O(n_points n_classes^2) each.
    """
    wanted = np.flatnonzero(shares > 0)
    expected = shares[wanted]
    counted = points
    if len(points) > _MOST_COUNTED:
        counted = np.random.default_rng(0).choice(points, _MOST_COUNTED, replace=False)
    logs = _logarithms(distributions[counted][:, wanted])
    logs = logs[np.isfinite(logs).any(axis=1)]
    masses = softmax(logs, axis=1).sum(axis=0)
    held = masses > 0
    offsets = volume_offsets(logs, expected)
    offsets[held] = (offsets[held] + np.log(expected[held] / masses[held])) / 2
    found = np.full(len(shares), -np.inf)
    found[wanted] = offsets
    return found


def offsets_towards(
    distributions: npt.NDArray[np.floating], points: IntArray, shares: FloatArray
) -> FloatArray:
    """What to add to log p_uc for one step of class-mass normalisation, shape (n_classes,)."""
    masses = np.zeros(len(shares))
    for rows in row_blocks(len(points), _ROWS_AT_ONCE):
        masses += distributions[points[rows]].sum(axis=0, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.where(masses > 0, np.log(shares) - np.log(np.where(masses > 0, masses, 1)), 0.0)


def with_offsets(
    distributions: npt.NDArray[np.floating], offsets: FloatArray, shares: FloatArray
) -> FloatArray:
    """Weigh the classes by exp(offsets); rows of which nothing is left get the `shares`."""
    wanted = np.flatnonzero(np.isfinite(offsets))
    found = np.zeros(distributions.shape)
    logs = _logarithms(distributions[:, wanted])
    found[:, wanted] = weighed(logs, offsets[wanted], shares[wanted])
    return found


def weighed(logs: FloatArray, offsets: FloatArray, shares: FloatArray) -> FloatArray:
    """Return the distributions of which `logs` and `offsets` are the logarithms, up to a factor.

    A row without any finite logarithm, of a point that can be of none of these classes, gets the
    `shares`.
    """
    result = np.tile(shares, (len(logs), 1))
    possible = np.isfinite(logs).any(axis=1)
    result[possible] = softmax(logs[possible] + offsets, axis=1)
    return result


def _logarithms(distributions: npt.NDArray[np.floating]) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(distributions.astype(np.float64)))
