"""Read points and labels as a labeller gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fewlabels._labels import is_missing
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.session._events import Label

_INT64 = np.iinfo(np.int64)


def checked_points(indices: Any, n_points: int) -> tuple[int, ...]:
    """Return point numbers as they came, one or more, or raise."""
    given = np.asarray(indices)
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


def checked_answers(
    indices: Any, labels: Any, n_points: int
) -> tuple[tuple[int, ...], tuple[Label, ...]]:
    """Return points and the label of each; the same answer twice is taken once. Or raise."""
    points = checked_points(indices, n_points)
    given = as_list(labels)
    if len(given) != len(points):
        raise InvalidInputError(
            f"give one label a point: got {len(given)} labels for {len(points)} points."
        )
    answers: dict[int, Label] = {}
    for point, value in zip(points, given, strict=True):
        label = checked_label(value, f"of point {point}")
        if point in answers and answers[point] != label:
            raise InvalidInputError(
                f"point {point} has two answers that conflict, {answers[point]!r} and {label!r}. "
                "Nothing was taken; give one of them."
            )
        answers[point] = label
    return tuple(answers), tuple(answers.values())


def as_list(labels: Any) -> list[Any]:
    """Return one label, a list or a column of labels as a list; or raise."""
    if isinstance(labels, (dict, set, frozenset)):
        raise InvalidTypeError(
            f"labels must be one label or a list of them in order, got a {type(labels).__name__}."
        )
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        return [labels]
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    return values if isinstance(values, list) else [values]  # an array of no dimension


def checked_label(value: object, whose: str) -> Label:
    """Return a label as a plain string, integer or boolean, or raise."""
    if isinstance(value, np.generic):
        value = value.item()
    if is_missing(value):
        raise InvalidInputError(
            f"the label {whose} is missing, got {value!r}. Use skip for a question without answer."
        )
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not value:
            raise InvalidInputError(
                f"the label {whose} is the empty string. Give it a name, or use skip for a "
                "question without answer."
            )
        if value == "-1":
            raise InvalidInputError(
                f'the label {whose} is "-1", which elsewhere means unlabelled. Use another name, '
                "or skip for a question without answer."
            )
        return value
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        number = int(value)
        if number == -1:
            raise InvalidInputError(
                f"the label {whose} is -1, which means unlabelled. Use another number, or skip for "
                "a question without answer."
            )
        if _INT64.min <= number <= _INT64.max:
            return number
        raise InvalidInputError(f"the label {whose} is beyond 64 bits: {number}. Use a string.")
    raise InvalidTypeError(
        f"the label {whose} is {value!r} of type {type(value).__name__}. A session takes strings, "
        "whole numbers or booleans, which it can save."
    )


def check_same_kind(label: Label, others: Iterable[Label]) -> None:
    """Raise if `label` is not of the type that the other labels have."""
    for other in others:
        if type(other) is not type(label):
            raise InvalidTypeError(
                f"labels must be of one type: got {label!r}, a {type(label).__name__}, beside "
                f"{other!r}, a {type(other).__name__}."
            )
        return  # the others are of one type


def checked_classes(classes: Iterable[Any]) -> tuple[Label, ...]:
    if isinstance(classes, (str, bytes)) or not isinstance(classes, Iterable):
        raise InvalidTypeError(f"classes must be a list of labels, got {classes!r}.")
    labels = [checked_label(value, "in classes") for value in as_list(classes)]
    if len(labels) < 2:
        raise InvalidInputError(f"classes must name two classes or more, got {labels!r}.")
    for label in labels:
        check_same_kind(label, labels[:1])
    if len(set(labels)) < len(labels):
        raise InvalidInputError(f"classes names a class twice: {labels!r}.")
    return tuple(labels)
