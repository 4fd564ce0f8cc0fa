"""How the error falls as labels are added, and what is not known about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]

_FIRST_ERROR = (np.arange(60) + 0.5) / 60  # the prior: any error is as likely as any other
_FIRST_ERROR = np.concatenate([_FIRST_ERROR[:1] / 8, _FIRST_ERROR[:1] / 2, _FIRST_ERROR])
_FIRST_WEIGHT = np.concatenate([[0.25, 0.5], [0.25], np.ones(59)])
_EXPONENT = np.linspace(0.0, 1.5, 16)
_FLOOR = np.array([0.0, 0.1, 0.25, 0.5, 0.75])  # as a share of the first error
_FLOOR_WEIGHT = np.array([0.5, 0.1, 0.15, 0.15, 0.1])


class ErrorCurve:
    """What checks at different times say about the past, present and future error.

    The error after t labels is taken to be ::

        e(t) = c + (e_1 - c) (t / t_1)^-b

    with t_1 the labels at the first check: it falls as a power of the labels, down to a floor c.
    Each check is right with probability 1 - e(t). On a grid of e_1, b and c, every curve is
    weighted by its prior and by the likelihood of what was seen; answers are weighted quantiles.

    Parameters
    ----------
    n_labels : array-like of shape (n_checks,)
        t: the labels that the model had when each point was drawn; at least 1.
    right : array-like of bool, shape (n_checks,)
        Whether the model was right about it.

    Raises
    ------
    InvalidInputError
        If the two differ in length, or hold nothing, or a number of labels is below 1.

    Notes
    -----
    The prior: e_1 uniform on (0, 1), b uniform on 0 to 1.5, c a share of e_1 that is 0 with
    probability 1/2, else 0.1 to 0.75. This is a model of learning, not a guarantee: use
    :func:`fewlabels.stopping.mean_interval` for what must hold.

    Power laws are what learning curves mostly follow: T. Viering and M. Loog, "The shape of
    learning curves: a review", IEEE TPAMI 2023.

    Examples
    --------
    >>> from fewlabels.stopping import ErrorCurve
    >>> curve = ErrorCurve(n_labels=range(10, 110, 2), right=[False, True, True, True, True] * 10)
    >>> low, middle, high = curve.accuracy_at(110, quantiles=(0.1, 0.5, 0.9))
    >>> 0.7 < low < middle < high < 0.95
    True
    """

    def __init__(self, n_labels: npt.ArrayLike, right: npt.ArrayLike) -> None:
        t, hits = np.asarray(n_labels, dtype=np.float64), np.asarray(right, dtype=bool)
        if t.ndim != 1 or t.shape != hits.shape or len(t) == 0 or t.min() < 1:
            raise InvalidInputError(
                "n_labels and right must hold an entry for each of one or more checks, with "
                f"n_labels from 1; got shapes {t.shape} and {hits.shape}."
            )
        grids = np.meshgrid(_FIRST_ERROR, _EXPONENT, _FLOOR, indexing="ij")
        self._first, self._exponent, share = (grid.ravel() for grid in grids)
        self._floor = share * self._first
        self._start = float(t.min())
        prior = np.multiply.outer(
            np.multiply.outer(_FIRST_WEIGHT, np.ones_like(_EXPONENT)), _FLOOR_WEIGHT
        ).ravel()
        log_weight = np.log(prior)
        times, place = np.unique(t, return_inverse=True)
        for time, n, n_right in zip(
            times, np.bincount(place), np.bincount(place, weights=hits), strict=True
        ):
            error = self._errors(time)
            log_weight += n_right * np.log1p(-error) + (n - n_right) * np.log(error)
        weight = np.exp(log_weight - log_weight.max())
        self._weight = weight / weight.sum()

    def accuracy_at(self, n_labels: float, quantiles: Sequence[float]) -> tuple[float, ...]:
        """Return quantiles of the accuracy with so many labels, from 1."""
        check_real("n_labels", n_labels, minimum=1)
        return self._quantiles(1 - self._errors(n_labels), quantiles)

    def probability_of(self, accuracy: float, n_labels: float) -> float:
        """Return the weight of the curves that have reached `accuracy` with so many labels."""
        check_real("n_labels", n_labels, minimum=1)
        return float(self._weight[1 - self._errors(n_labels) >= accuracy].sum())

    def labels_for(self, accuracy: float, quantiles: Sequence[float]) -> tuple[float, ...]:
        """Return quantiles of the number of labels, in all, with which `accuracy` is reached.

        Infinite where more labels would not reach it.
        """
        allowed = 1 - check_real("accuracy", accuracy, above=0, maximum=1)
        falls = (self._exponent > 0) & (allowed > self._floor)
        ratio = np.divide(
            self._first - self._floor,
            allowed - self._floor,
            out=np.full_like(self._first, np.inf),
            where=falls,
        )
        log_needed = np.divide(
            np.log(ratio), self._exponent, out=np.full_like(ratio, np.inf), where=falls
        )
        log_needed[self._first <= allowed] = 0  # there from the start
        with np.errstate(over="ignore"):
            needed = self._start * np.exp(np.maximum(log_needed, 0))
        return self._quantiles(needed, quantiles)

    def _errors(self, n_labels: float) -> FloatArray:
        ratio = max(n_labels / self._start, 1.0)
        falling = (self._first - self._floor) * ratio**-self._exponent
        return np.asarray(self._floor + falling)

    def _quantiles(self, values: FloatArray, quantiles: Sequence[float]) -> tuple[float, ...]:
        order = np.argsort(values)
        reached = np.cumsum(self._weight[order])
        places = np.searchsorted(reached, np.asarray(quantiles, dtype=np.float64) * reached[-1])
        return tuple(float(values[order[place]]) for place in places)
