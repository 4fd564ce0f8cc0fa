"""What a simulation knows: the true labels, and where to begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fewlabels._arrays import LEAVE_OUT, refuse_masked
from fewlabels._labels import encode_labels, has_minus_one
from fewlabels._typing import Package
from fewlabels._validation import check_integer
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.session.simulation.rounds import AnyArray, BoolArray, IntArray

ONE_PER_CLASS = "one per class"


@dataclass(frozen=True)
class Answers:
    """The true labels.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
    codes : ndarray of shape (n_points,), intp
        Index into `classes`; -1 where the truth is not known.
    """

    classes: AnyArray
    codes: IntArray

    @property
    def known(self) -> IntArray:
        """The points whose truth is known, ascending."""
        return np.flatnonzero(self.codes >= 0)

    @property
    def truth(self) -> AnyArray:
        """The true label of every point; of no meaning where it is not known."""
        labels: AnyArray = self.classes[self.codes]
        return labels

    def drawn(self, initial: str | int | IntArray, rng: np.random.RandomState) -> IntArray:
        """Return the points that have a label at first."""
        if isinstance(initial, np.ndarray):
            return initial
        shuffled = rng.permutation(self.known)
        if isinstance(initial, int):
            return shuffled[:initial]
        _, first = np.unique(self.codes[shuffled], return_index=True)
        return shuffled[np.sort(first)]

    def measured(self, right: BoolArray, labelled: IntArray) -> tuple[float, float]:
        """Return accuracy and macro recall over the points that have no label yet."""
        rest = self.codes.copy()
        rest[labelled] = -1
        points = np.flatnonzero(rest >= 0)
        members = np.bincount(rest[points], minlength=len(self.classes))
        hits = np.bincount(rest[points], weights=right[points], minlength=len(self.classes))
        there = members > 0
        return float(hits.sum() / len(points)), float(np.mean(hits[there] / members[there]))


@dataclass(frozen=True)
class Start:
    """Where to begin: checked, with the number of points, and as text."""

    value: str | int | IntArray
    count: int
    text: str


def known_answers(y: object, n_points: int) -> Answers:
    """Return the true labels, from an array or an oracle, or raise."""
    asked = callable(y)
    labels = encode_labels(_asked(y, n_points) if asked else y)
    if len(labels.codes) != n_points:
        raise InvalidInputError(
            f"{'the oracle y must return' if asked else 'y must hold'} one label for each of the "
            f"{n_points} points, got {len(labels.codes)}."
        )
    if asked and not labels.labelled.all():
        raise InvalidInputError(
            f"the oracle y gave no answer for point {int(np.argmin(labels.codes))} "
            f"({np.count_nonzero(~labels.labelled)} of {n_points} in all). It must know them all; "
            "an array y may have points without a label."
        )
    if has_minus_one(labels.classes):
        raise InvalidInputError(
            "a class of y is -1, which says in a simulation that a label is not known. Name the "
            "class otherwise, as in numpy.where(y == 1, 'plus', 'minus')."
        )
    if len(labels.classes) < 2:
        raise InvalidInputError(
            f"y must hold labels of two classes or more, got {len(labels.classes)}. -1, NaN and "
            "None say that a label is not known; a class needs another name."
        )
    return Answers(labels.classes, labels.codes)


def _asked(oracle: Package, n_points: int) -> object:
    try:
        return oracle(np.arange(n_points))
    except Exception as error:
        raise InvalidInputError(
            f"the oracle y raised {type(error).__name__}: {error}. It is called once, with an "
            f"array of all {n_points} point numbers, and must return as many labels."
        ) from error


def start_of(initial: object, answers: Answers) -> Start:
    """Check where to begin."""
    n_points, n_known = len(answers.codes), len(answers.known)
    if isinstance(initial, str):
        if initial != ONE_PER_CLASS:
            raise InvalidInputError(
                f"initial must be {ONE_PER_CLASS!r}, a number of points, or their indices, got "
                f"{initial!r}.",
                parameter="initial",
            )
        return Start(initial, len(answers.classes), initial)
    refuse_masked(initial, "initial", LEAVE_OUT)
    given: AnyArray = np.asarray(initial)
    if given.ndim == 0:
        count = check_integer("initial", initial, minimum=0, maximum=n_known - 1)
        return Start(count, count, str(count))
    if given.ndim != 1 or len(given) == 0 or given.dtype.kind not in "iu":
        raise InvalidTypeError(
            f"initial must be {ONE_PER_CLASS!r}, a number of points, or a list of one or more "
            f"point numbers, got shape {given.shape} and dtype {given.dtype}.",
            parameter="initial",
        )
    if given.min() < 0 or given.max() >= n_points or len(np.unique(given)) < len(given):
        raise InvalidInputError(
            f"initial must hold distinct point numbers from 0 to {n_points - 1}, got {given}.",
            parameter="initial",
        )
    points = given.astype(np.intp)
    bare = points[answers.codes[points] < 0]
    if len(bare):
        raise InvalidInputError(
            f"initial holds point {bare[0]}, which has no true label in y ({len(bare)} such).",
            parameter="initial",
        )
    return Start(points, len(points), " ".join(map(str, points)))
