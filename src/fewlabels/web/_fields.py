"""What a request may say: each field has a kind and a limit, and an unknown one is refused."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request

from fewlabels._typing import Json, Loaded
from fewlabels.exceptions import InvalidInputError

Check: TypeAlias = Callable[[str, object], object]  # of a name and a value: the value, or an error

_MOST_POINTS = 100_000
# No row has a higher number: those of NumPy's and SQLite's 64 bits end later.
_LARGEST = 2**53
# Longer than any honest page needs for a small body, and short for one that sends a byte an hour.
_SECONDS = 20.0


def whole(low: int = 0, high: int = _LARGEST) -> Callable[[str, object], int]:
    """Take a whole number within limits; True and 1.0 are none."""

    def check(name: str, value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise InvalidInputError(f"{name} has to be a whole number from {low} to {high}.")
        return value

    return check


def digits(low: int = 0, high: int = _LARGEST) -> Callable[[str, object], int]:
    """Take a whole number from an address, where it is written in digits."""
    within = whole(low, high)

    def check(name: str, value: object) -> int:
        said = str(value)
        plain = said.isascii() and said.isdigit() and len(said) <= 16
        return within(name, int(said) if plain else value)

    return check


def text(longest: int, *, empty: bool = False) -> Check:
    """Take text without control characters, composed (NFC), so that equal words are equal."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or not len(value) <= longest:
            raise InvalidInputError(f"{name} has to be text of at most {longest} characters.")
        cleaned = unicodedata.normalize("NFC", value).strip()
        if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in cleaned):
            raise InvalidInputError(f"{name} holds signs that can't be shown.")
        if not (cleaned or empty):
            raise InvalidInputError(f"{name} is empty.")
        return cleaned

    return check


def seconds(name: str, value: object) -> float:
    """Take how long an answer took."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
        raise InvalidInputError(f"{name} has to be a number from 0 to a million.")
    return float(value)


def points(name: str, value: object) -> list[int]:
    """Take the rows of a batch, each once; none where all of a grid were taken out."""
    if not isinstance(value, list) or not len(value) <= _MOST_POINTS:
        raise InvalidInputError(f"{name} has to be a list of at most {_MOST_POINTS:,} rows.")
    row = whole()
    return list(dict.fromkeys(row(name, point) for point in value))


def settings(name: str, value: object) -> Json:
    """Take a person's settings: short names, and short values of the simplest kinds."""
    if not isinstance(value, dict) or not 1 <= len(value) <= 100:
        raise InvalidInputError(f"{name} has to be an object of 1 to 100 settings.")
    if len(json.dumps(value)) > 8_192:
        raise InvalidInputError(f"{name} is longer than any settings are.")
    return value


def maybe(check: Check) -> Check:
    """Take null, too."""
    return lambda name, value: None if value is None else check(name, value)


def of_query(request: Request, fields: Mapping[str, Check]) -> Loaded:
    """Read the query's fields; those that are not there stay out."""
    found: Json = {}
    for name, value in request.query_params.multi_items():
        if name not in fields or name in found:
            raise InvalidInputError(f"{name!r} can't be asked here, or was asked twice.")
        found[name] = fields[name](name, value)
    return found


async def of_body(request: Request, fields: Mapping[str, Check]) -> Loaded:
    """Read the fields of a JSON body; those that may be left out are ``maybe`` ones."""
    try:
        async with asyncio.timeout(_SECONDS):
            body = json.loads(await request.body())
    except (ValueError, RecursionError, TimeoutError, ClientDisconnect):
        raise InvalidInputError("The body is no JSON.") from None
    if not isinstance(body, dict) or not body.keys() <= fields.keys():
        raise InvalidInputError(f"The body has to be an object of {', '.join(fields)}.")
    return {name: check(name, body.get(name)) for name, check in fields.items()}
