"""Weigh the classes so that together they claim the points in the expected shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.exceptions import InvalidInputError
from fewlabels.models._relabel import point_indices

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_ROWS_AT_ONCE = 250_000


def normalize_class_mass(
    distributions: npt.ArrayLike,
    unlabelled: npt.ArrayLike,
    *,
    prior: npt.ArrayLike | None = None,
    reached: npt.ArrayLike | None = None,
) -> FloatArray:
    """Class-mass normalisation towards the expected shares of the classes.

    With few labels a class that happens to have more of them, or more central ones, draws too
    many points. The mass of a class is what it holds over the unlabelled points,
    ``m_c = sum_u p_uc``; each column is brought to its expected share q_c, and each row to sum 1::

        p_uc <- (q_c p_uc / m_c) / sum_k (q_k p_uk / m_k)

    Labelled points, and points that no label reaches, stay as they are. A class with no mass at
    all stays at zero, and a point that holds nothing of any class with a share stays as it is.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Class probabilities; each row sums to 1. Not modified.
    unlabelled : array-like of int, or boolean mask of shape (n_points,)
        The points to normalise over, each at most once; ``y == -1``, say.
    prior : array-like of shape (n_classes,), default=None
        q, the expected shares of the classes: at least 0, not all 0, of any scale. None: equal.
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
    distributions: npt.NDArray[np.floating[Any]], points: IntArray, shares: FloatArray
) -> None:
    """Bring the classes' masses over `points` to `shares`, in place; a block of rows at a time."""
    blocks = [points[rows] for rows in row_blocks(len(points), _ROWS_AT_ONCE)]
    mass = np.zeros(len(shares))
    for block in blocks:
        mass += distributions[block].sum(axis=0, dtype=np.float64)
    for block in blocks:
        rows = distributions[block].astype(np.float64)
        weighed = np.divide(rows, mass, out=np.zeros_like(rows), where=mass > 0)
        weighed *= shares
        totals = weighed.sum(axis=1, keepdims=True)
        distributions[block] = np.divide(weighed, totals, out=rows, where=totals > 0)
