"""Play the labelling loop against a known answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.exceptions import InvalidInputError

IntArray: TypeAlias = npt.NDArray[np.intp]
FloatArray: TypeAlias = npt.NDArray[np.float64]
AnyArray: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Fit:
    """What a model says about all points.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    distributions : ndarray of shape (n_points, n_classes), float64
        Class probabilities; each row sums to 1.
    """

    classes: AnyArray
    distributions: FloatArray

    @property
    def predicted(self) -> AnyArray:
        """The likeliest class of every point, shape (n_points,)."""
        likeliest: AnyArray = self.classes[self.distributions.argmax(axis=1)]
        return likeliest


@dataclass(frozen=True)
class Round:
    """One turn of the loop: these labels gave this fit, which led to these questions.

    Attributes
    ----------
    labelled : ndarray of shape (n_labelled,), intp
        The points that had a label, in the order in which they got it.
    fit : Fit
    queried : ndarray of shape (n_queries,), intp
        The points to ask about after this fit, the most wanted first.
    """

    labelled: IntArray
    fit: Fit
    queried: IntArray

    @property
    def unlabelled(self) -> IntArray:
        """The points that had no label, ascending."""
        return np.setdiff1d(np.arange(len(self.fit.distributions)), self.labelled)

    def accuracy(self, truth: AnyArray) -> float:
        """Share of the unlabelled points whose predicted class is the true one; NaN if none."""
        points = self.unlabelled
        if len(points) == 0:
            return float("nan")
        return float(np.mean(self.fit.predicted[points] == truth[points]))


Fitter: TypeAlias = Callable[[IntArray, AnyArray], Fit]
"""Takes the labelled points and their labels."""

Rule: TypeAlias = Callable[[Fit, IntArray, int], IntArray]
"""Takes a fit, the labelled points, and how many to ask about."""


def simulate(
    truth: npt.ArrayLike,
    initial: npt.ArrayLike,
    *,
    fit: Fitter,
    rule: Rule,
    n_queries: int = 5,
    n_rounds: int = 5,
) -> list[Round]:
    """Fit, ask, take the true labels, and again.

    The rule is asked after the last fit too, so that its questions can be shown; nobody
    answers those. A point that is asked about again keeps its place and its label.

    Parameters
    ----------
    truth : array-like of shape (n_points,)
        The true label of every point; `fit` sees those of labelled points only.
    initial : array-like of int
        The points that have a label at first, one or more.
    fit : callable
        ``fit(labelled, labels) -> Fit``.
    rule : callable
        ``rule(fit, labelled, n_queries) -> ndarray of point numbers``.
    n_queries : int, default=5
        Questions a round, from 1.
    n_rounds : int, default=5
        Number of fits, from 1.

    Returns
    -------
    list of Round

    Raises
    ------
    InvalidInputError
        If `initial` is empty or out of range, or a number is less than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.session import Fit, simulate
    >>> truth = np.array([0, 0, 1, 1])
    >>> def majority(labelled, labels):
    ...     share = np.array([np.mean(labels == 0), np.mean(labels == 1)])
    ...     return Fit(np.array([0, 1]), np.tile(share, (4, 1)))
    >>> def lowest_number(fit, labelled, n_queries):
    ...     return np.setdiff1d(np.arange(4), labelled)[:n_queries]
    >>> rounds = simulate(truth, [2], fit=majority, rule=lowest_number, n_queries=1, n_rounds=2)
    >>> [r.labelled.tolist() for r in rounds]
    [[2], [2, 0]]
    """
    answers: AnyArray = np.asarray(truth)
    check_integer("n_queries", n_queries, minimum=1)
    check_integer("n_rounds", n_rounds, minimum=1)
    labelled = _checked_initial(initial, len(answers))
    rounds = []
    for _ in range(n_rounds):
        fitted = fit(labelled, answers[labelled])
        queried = rule(fitted, labelled, n_queries)
        rounds.append(Round(labelled, fitted, queried))
        labelled = np.concatenate([labelled, queried[~np.isin(queried, labelled)]])
    return rounds


def _checked_initial(initial: npt.ArrayLike, n_points: int) -> IntArray:
    points: AnyArray = np.asarray(initial)
    if points.ndim != 1 or len(points) == 0 or points.dtype.kind not in "iu":
        raise InvalidInputError(
            "initial must be a list of one or more point numbers, got "
            f"shape {points.shape} and dtype {points.dtype}."
        )
    if points.min() < 0 or points.max() >= n_points or len(np.unique(points)) < len(points):
        raise InvalidInputError(
            f"initial must hold distinct point numbers from 0 to {n_points - 1}, got {points}."
        )
    return points.astype(np.intp)
