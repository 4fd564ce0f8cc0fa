"""Read points and labels as a labeller gives them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping

import numpy as np

from fewlabels._arrays import LEAVE_OUT, refuse_masked
from fewlabels._class_names import warn_of_classes
from fewlabels._typing import Cells
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.session._labels import Label, check_same_kind, checked_label, is_same


def checked_points(indices: object, n_points: int) -> tuple[int, ...]:
    """Return point numbers as they came, one or more, or raise."""
    refuse_masked(indices, "indices", LEAVE_OUT)
    try:
        given = np.asarray(indices)
    except ValueError as error:  # rows of unequal length
        raise InvalidInputError(f"indices must be one point or a list of them: {error}") from error
    if given.size == 0:
        raise InvalidInputError("indices is empty: name one point or more.")
    if given.dtype.kind not in "iu":
        raise InvalidTypeError(
            f"indices must be point numbers, integers from 0 to {n_points - 1}; got dtype "
            f"{given.dtype}."
        )
    if given.ndim > 1:
        raise InvalidInputError(
            f"indices must be one point or a list of them, got shape {given.shape}."
        )
    points = np.atleast_1d(given)
    outside = points[(points < 0) | (points >= n_points)]
    if len(outside):
        raise InvalidInputError(
            f"there is no point {outside[0]}: the points are numbered from 0 to {n_points - 1}."
        )
    return tuple(points.tolist())


def refuse_asked_together(points: Iterable[int], together: bool, pending: Container[int]) -> None:
    """Raise where labels that were given together are to answer questions."""
    if not isinstance(together, (bool, np.bool_)):
        raise InvalidTypeError(f"together must be True or False, got {together!r:.80}.")
    asked = next((point for point in points if together and point in pending), None)
    if asked is not None:
        raise InvalidInputError(
            f"point {asked} was asked about: that may be a random check, which needs a look of its "
            "own. Tell the answers to questions without together=True."
        )


def checked_answers(
    indices: object, labels: object, n_points: int
) -> tuple[tuple[int, ...], tuple[Label, ...]]:
    """Return points and the label of each; the same answer twice is taken once. Or raise."""
    points = checked_points(indices, n_points)
    given = as_list(labels)
    if len(given) != len(points):
        raise InvalidInputError(
            f"give one label per point: got {len(given)} labels for {len(points)} points."
        )
    answers: dict[int, Label] = {}
    for point, value in zip(points, given, strict=True):
        label = checked_label(value, f"of point {point}")
        if point in answers and not is_same(answers[point], label):
            raise InvalidInputError(
                f"point {point} has two answers that conflict, {answers[point]!r} and {label!r}. "
                "Nothing was taken; give one of them."
            )
        answers[point] = label
    return tuple(answers), tuple(answers.values())


def warn_of_new_classes(before: Iterable[Label], now: Iterable[Label]) -> None:
    """Warn of classes that came into use whose names may not mean what they say."""
    counts = Counter(now)
    new = counts.keys() - set(before)
    if new:
        warn_of_classes(
            counts.keys(),
            list(counts.values()),
            new,
            unlabelled="Use skip for a question without an answer.",
        )


def as_list(labels: object) -> Cells:
    """Return one label, a list or a column of labels as a list; or raise."""
    if isinstance(labels, (dict, set, frozenset)):
        raise InvalidTypeError(
            f"labels must be one label or a list of them in order, got a {type(labels).__name__}."
        )
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        return [labels]
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    return values if isinstance(values, list) else [values]  # an array of no dimension


def checked_classes(classes: Iterable[object]) -> tuple[Label, ...]:
    if isinstance(classes, (str, bytes)) or not isinstance(classes, Iterable):
        raise InvalidTypeError(f"classes must be a list of labels, got {classes!r}.")
    if isinstance(classes, Mapping):
        raise InvalidTypeError(f"classes must be a list of labels, got {classes!r}.")
    if isinstance(classes, (set, frozenset)):
        raise InvalidTypeError(
            f"classes must be in an order, got a {type(classes).__name__}: pass sorted(classes)."
        )
    labels = [checked_label(value, "in classes") for value in as_list(classes)]
    if len(labels) < 2:
        raise InvalidInputError(f"classes must name two classes or more, got {labels!r}.")
    for label in labels:
        check_same_kind(label, labels[:1])
    if len(set(labels)) < len(labels):
        raise InvalidInputError(f"classes names a class twice: {labels!r}.")
    return tuple(labels)
