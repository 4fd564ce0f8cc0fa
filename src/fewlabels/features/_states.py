"""Read back what fitted transformers hold, from a file that may be damaged or hostile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import TypeVar, overload

import numpy as np

from fewlabels._typing import Estimator, Package, State
from fewlabels.exceptions import DataFileError

_Part = TypeVar("_Part")


def state_of(fitted: Estimator) -> State:
    """Return the fields of a dataclass by their names: numbers, text, arrays."""
    return {
        field.name: _plain(getattr(fitted, field.name)) for field in fields(fitted) if field.init
    }


def _plain(value: object) -> Package:
    return list(value) if isinstance(value, tuple) else value


@overload
def part(state: object, key: str, kind: type[_Part]) -> _Part: ...
@overload
def part(state: object, key: str, kind: tuple[type, ...]) -> Package: ...
def part(state: object, key: str, kind: type | tuple[type, ...]) -> object:
    """Return what `state` holds as `key`, if it is there and of a kind that it may be."""
    if not isinstance(state, Mapping) or key not in state or not isinstance(state[key], kind):
        raise DataFileError(
            f"the saved features are damaged: {key!r} is missing or not what it should be. Fit "
            "and save them again."
        )
    return state[key]


def number(state: object, key: str) -> float:
    """Return a finite number."""
    found = float(part(state, key, (int, float)))
    if not math.isfinite(found):
        raise DataFileError(f"the saved features are damaged: {key!r} is {found}.")
    return found


def flag(state: object, key: str) -> bool:
    """Return True or False."""
    return bool(part(state, key, bool))


def texts(state: object, key: str) -> tuple[str, ...]:
    """Return texts."""
    found = part(state, key, (list, tuple))
    if not all(isinstance(text, str) for text in found):
        raise DataFileError(f"the saved features are damaged: {key!r} holds more than texts.")
    return tuple(found)


def unread_state(unread: Mapping[int, str]) -> State:
    """Return the rows of which nothing is known, and why, as plain values."""
    return {"rows": list(map(int, unread)), "reasons": list(unread.values())}


def unread_of(state: object) -> dict[int, str]:
    """Return what `unread_state` described, from the part "unread" of a state."""
    held = part(state, "unread", dict)
    rows, reasons = part(held, "rows", list), texts(held, "reasons")
    if len(rows) != len(reasons) or not all(type(row) is int and row >= 0 for row in rows):
        raise DataFileError("the saved features are damaged: 'unread' is not what it was.")
    return dict(zip(rows, reasons, strict=True))


def numbers(state: object, key: str, *, n_dimensions: int) -> np.ndarray:
    """Return an array of finite numbers."""
    found: np.ndarray = part(state, key, np.ndarray)
    if found.ndim != n_dimensions or found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        raise DataFileError(f"the saved features are damaged: {key!r} is not the array it was.")
    return found
