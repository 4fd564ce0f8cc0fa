"""Edge weights from the distances of neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import FILL_AFFINITIES, refuse_masked
from fewlabels._validation import check_choice
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]
WeightFunction: TypeAlias = Callable[[FloatArray], npt.ArrayLike]
Weights: TypeAlias = Literal["self-tuning", "gaussian", "binary", "distance"] | WeightFunction

# A far outlier keeps its edges: their weights must not vanish in float32, nor when halved.
_SMALLEST = 4 * float(np.finfo(np.float32).tiny)

# Nearer than this, the inverse of a distance is more than float32 holds.
_CLOSEST = 1 / float(np.finfo(np.float32).max)

WEIGHTS = ("self-tuning", "gaussian", "binary", "distance")


def edge_weights(
    distances: FloatArray, own_scales: FloatArray, other_scales: FloatArray, weights: Weights
) -> FloatArray:
    """Compute weights w_ij from distances d_ij.

    Parameters
    ----------
    distances : ndarray of shape (n_samples, k)
        d_ij of each point i to its neighbours j.
    own_scales : ndarray of shape (n_samples,)
        s_i, the distance of the point to its k-th neighbour.
    other_scales : ndarray of shape (n_samples, k)
        s_j of its neighbours.
    weights : {"self-tuning", "gaussian", "binary", "distance"} or callable
        exp(-4 d_ij^2 / (s_i s_j)); exp(-4 d_ij^2 / s^2) with s the median of the s_j of the
        neighbours; 1; 1 / d_ij; or a function of the array of distances.

    Returns
    -------
    ndarray of shape (n_samples, k), float64
        Duplicates (d = 0) have weight 1, with ``"distance"`` the largest finite weight there.

    References
    ----------
    L. Zelnik-Manor, P. Perona, "Self-tuning spectral clustering", NIPS 2004, equation 3; the
    factor 4 is that of J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning",
    ICML 2020, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import edge_weights
    >>> distances = np.array([[0.0, 1.0], [1.0, 2.0]])  # of two points to two neighbours each
    >>> edge_weights(distances, np.array([1.0, 2.0]), np.ones((2, 2)), "gaussian").round(3)
    array([[1.   , 0.018],
           [0.018, 0.   ]])
    """
    if callable(weights):
        return _called(weights, distances)
    check_choice("weights", weights, WEIGHTS, other=", or a callable")
    if weights == "binary":
        return np.ones_like(distances)
    if weights == "distance":
        return _inverse_distances(distances)
    if weights == "gaussian":
        positive = other_scales[other_scales > 0]
        scale = float(np.median(positive)) if positive.size else 1.0
        return _decayed(distances, scale, scale)
    return _self_tuning(distances, own_scales[:, None], other_scales)


def _decayed(
    distances: FloatArray, own: FloatArray | float, other: FloatArray | float
) -> FloatArray:
    """exp(-4 d^2 / (s_i s_j)), or the smallest weight that is kept."""
    # So far an outlier that its ratio is beyond float64, or its weight below.
    with np.errstate(over="ignore", under="ignore"):
        return np.maximum(np.exp(-4 * (distances / own) * (distances / other)), _SMALLEST)


def _self_tuning(distances: FloatArray, own: FloatArray, other: FloatArray) -> FloatArray:
    # A scale is 0 where a point has at least k duplicates. The other end's scale then stands for
    # both; if that is 0 too, the two points are duplicates, d = 0, and any scale gives weight 1.
    own, other = np.where(own > 0, own, other), np.where(other > 0, other, own)
    own, other = np.where(own > 0, own, 1.0), np.where(other > 0, other, 1.0)
    return _decayed(distances, own, other)


def _inverse_distances(distances: FloatArray) -> FloatArray:
    positive = distances[distances > 0]
    smallest = float(positive.min()) if positive.size else 1.0
    return 1 / np.maximum(distances, max(smallest, _CLOSEST))


def _called(weights: WeightFunction, distances: FloatArray) -> FloatArray:
    returned = weights(distances.copy())
    refuse_masked(returned, "weights(distances)", FILL_AFFINITIES)
    try:
        values = np.asarray(returned).astype(np.float64, casting="same_kind")
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"weights must return an array of numbers: {error}.") from error
    if values.shape != distances.shape:
        raise InvalidInputError(
            f"weights must return one weight per distance, shape {distances.shape}; "
            f"it returned shape {values.shape}."
        )
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InvalidInputError(
            "weights must return finite, non-negative weights; it returned "
            f"{_first_wrong(values)!s}."
        )
    return values


def _first_wrong(values: FloatArray) -> np.floating:
    first: np.floating = values[~(np.isfinite(values) & (values >= 0))][0]
    return first
