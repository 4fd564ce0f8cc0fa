"""Labels as a session keeps them: plain strings, integers or booleans, of one type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from fewlabels._label_values import decoded, is_missing
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

Label: TypeAlias = str | int | bool

_INT64 = np.iinfo(np.int64)


def checked_label(value: object, whose: str) -> Label:
    """Return a label as a plain string, integer or boolean, or raise."""
    if isinstance(value, np.generic) and value.dtype.kind not in "mM":  # nanoseconds become numbers
        value = value.item()
    if isinstance(value, bytes):
        value = decoded(value) or None
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
        return str.__str__(value)  # of a subclass, such as an enumeration's, the plain string
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
                f"labels must be of one type: got {label!r} of type {type(label).__name__}, beside "
                f"{other!r} of type {type(other).__name__}."
            )
        return  # the others are of one type


def is_same(one: object, other: object) -> bool:
    """Tell labels apart that only compare equal, as True and 1."""
    return type(one) is type(other) and one == other
