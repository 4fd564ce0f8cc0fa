"""The labelling loop: ask, take the answers, learn, and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

IntArray: TypeAlias = npt.NDArray[np.intp]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
FloatArray: TypeAlias = npt.NDArray[np.float64]
AnyArray: TypeAlias = np.ndarray


@dataclass(frozen=True)
class Fit:
    """What a model says about all points.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    distributions : ndarray of shape (n_points, n_classes)
        Class probabilities; each row sums to 1.
    reached : ndarray of shape (n_points,), bool, or None
        Whether the model has an answer there at all; None: everywhere.
    """

    classes: AnyArray
    distributions: npt.NDArray[np.floating]
    reached: BoolArray | None = None

    @property
    def predicted(self) -> AnyArray:
        """The likeliest class of every point, shape (n_points,)."""
        likeliest: AnyArray = self.classes[self.distributions.argmax(axis=1)]
        return likeliest

    def is_right(self, truth: AnyArray) -> BoolArray:
        """Tell where the predicted class is the true one; where there is no answer, it is not."""
        right = np.asarray(self.predicted == truth, dtype=bool)
        return right if self.reached is None else right & self.reached


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
    seconds : float
        What it took to choose the points that are new in `labelled`, and to learn their labels.
    """

    labelled: IntArray
    fit: Fit
    queried: IntArray
    seconds: float = float("nan")

    @property
    def unlabelled(self) -> IntArray:
        """The points that had no label, ascending."""
        return np.setdiff1d(np.arange(len(self.fit.distributions)), self.labelled)

    def accuracy(self, truth: AnyArray) -> float:
        """Share of the unlabelled points whose predicted class is the true one; NaN if none."""
        points = self.unlabelled
        if len(points) == 0:
            return float("nan")
        return float(np.mean(self.fit.is_right(truth)[points]))


class Learner(Protocol):
    """Who is taught in the loop: a model and its rule for what to ask."""

    def learn(self, points: IntArray, labels: AnyArray) -> Fit:
        """Take the labels of some points, beside those that came before."""

    def ask(self, count: int) -> IntArray:
        """Return `count` points to ask about; before the first labels too, if it can."""


def play(
    learner: Learner,
    truth: AnyArray,
    initial: IntArray,
    batch_sizes: Sequence[int],
    *,
    n_first: int = 0,
) -> Iterator[Round]:
    """Yield a round for each entry of `batch_sizes`: learn, then ask so many questions.

    A point that is asked about again keeps its place and its label. Nobody answers the questions
    of the last round; with 0 there, none are asked.

    Parameters
    ----------
    learner : Learner
    truth : ndarray of shape (n_points,)
        The true label of every point; the learner is told those of labelled points only.
    initial : ndarray of intp
        The points that have a label at first.
    batch_sizes : sequence of int
        Questions after each fit.
    n_first : int, default=0
        Where `initial` is empty: questions before there is any label.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.session.simulation.rounds import Fit, play
    >>> truth = np.array([0, 0, 1, 1])
    >>> class Majority:
    ...     seen = np.empty(0, dtype=int)
    ...     def learn(self, points, labels):
    ...         self.seen = np.append(self.seen, labels)
    ...         share = np.mean(self.seen)
    ...         return Fit(np.array([0, 1]), np.tile([1 - share, share], (4, 1)))
    ...     def ask(self, count):
    ...         return np.arange(count)
    >>> rounds = play(Majority(), truth, np.array([2]), [1, 0])
    >>> [(r.labelled.tolist(), r.accuracy(truth)) for r in rounds]
    [([2], 0.3333333333333333), ([2, 0], 0.5)]
    """
    seconds = 0.0
    new = initial
    if len(initial) == 0:
        began = perf_counter()
        new = learner.ask(n_first)
        seconds = perf_counter() - began
    labelled = new
    for count in batch_sizes:
        began = perf_counter()
        fit = learner.learn(new, truth[new])
        learnt = perf_counter()
        queried = learner.ask(count) if count else np.empty(0, dtype=np.intp)
        asked = perf_counter()
        yield Round(labelled, fit, queried, seconds + learnt - began)
        seconds = asked - learnt
        new = queried[~np.isin(queried, labelled)]
        labelled = np.concatenate([labelled, new])
