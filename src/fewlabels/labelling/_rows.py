"""What happened, one row an act, as the label file holds it."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast, get_args

from fewlabels._damage import UNREADABLE, reason
from fewlabels._typing import Loaded
from fewlabels.exceptions import InvalidInputError, LabellingError
from fewlabels.labelling._classes import ClassBook
from fewlabels.session._events import Event, event_from_json

GO_BACK = "Go back to a copy of it"

# What a row that can't have happened raises where it is taken.
_IMPOSSIBLE: tuple[type[Exception], ...] = (*UNREADABLE, InvalidInputError)

#: Acts of people, which `undo` takes back.
Undoable: TypeAlias = Literal["answered", "confirmed", "skipped", "postponed", "decided"]
Kind: TypeAlias = Literal[
    "answered",
    "confirmed",
    "skipped",
    "postponed",
    "decided",
    "undone",
    "redone",
    "class added",
    "class changed",
    "settings",
    "given",
    "settled",
    "drawn",
    "asked",
    "turned",
]
UNDOABLE: frozenset[str] = frozenset(get_args(Undoable))
#: Rows of the keeper. They follow from what was known up to a row, `upto`, and count as of then.
OF_KEEPER: frozenset[str] = frozenset(("asked", "turned"))
_KINDS = frozenset(get_args(Kind))


@dataclass(frozen=True)
class Row:
    """One act.

    Attributes
    ----------
    seq : int
        Its place in the log, from 1.
    key : str
        Unique: an act that comes twice is stored once.
    who : str
        Who did it; empty for what the program did.
    at : float
        Seconds since 1970 by the clock of this machine. Only shown: the order is that of `seq`.
    seconds : float or None
        How long the person took, as the page measured it.
    kind : str
    body : dict
        What a row of this kind says, as JSON holds it.
    """

    seq: int
    key: str
    who: str
    at: float
    seconds: float | None
    kind: Kind
    body: Loaded = field(default_factory=dict)

    @property
    def place(self) -> tuple[int, int, int]:
        """Where the row stands when all is played again: those of the keeper after `upto`."""
        upto = self.body["upto"] if self.kind in OF_KEEPER else self.seq
        return (upto, self.kind in OF_KEEPER, self.seq)

    @property
    def points(self) -> tuple[int, ...]:
        """The points that the row is about."""
        if "points" in self.body:
            return tuple(self.body["points"])
        return (self.body["point"],) if "point" in self.body else ()


def row_of(values: Sequence[Any], path: object) -> Row:
    """Return a row as SQLite returned it, or raise where it is none."""
    seq, key, who, at, seconds, kind, body = values
    try:
        said = json.loads(body)
        if kind not in _KINDS or not isinstance(said, dict):
            raise ValueError(f"an unknown kind of act, {kind!r:.80}")
        return Row(seq, key, who, at, seconds, cast(Kind, kind), said)
    except (TypeError, ValueError, RecursionError) as error:
        raise LabellingError(
            f"{path} is damaged, or was written by a later version: act {seq!r:.40}: {error}. "
            "Go back to a copy of it, or update fewlabels."
        ) from error


def sum_of(values: tuple[object, ...]) -> int:
    """Return the CRC-32 of a row's columns, in the order of the log. Cost: 3 microseconds."""
    # as text and no repr, which differs between versions of Python for characters newer than them
    return zlib.crc32("\0".join(map(str, values)).encode())


def check_sums(found: Sequence[tuple[object, ...]], path: object) -> None:
    """Raise where a row is not as it was written; the last of its columns is its sum."""
    for *values, told in found:
        if sum_of(tuple(values)) != told:
            raise LabellingError(
                f"{path} is damaged: act {values[0]!r:.40} is not as it was written. {GO_BACK}; "
                "or, in a copy of this file, go on from what came before that act: "
                f"sqlite3 COPY 'DELETE FROM log WHERE seq >= {values[0]!r:.40}'."
            )


@contextlib.contextmanager
def reading_back(row: Row, path: object) -> Iterator[None]:
    """Raise a LabellingError where the block finds that a row can't have happened."""
    try:
        yield
    except _IMPOSSIBLE as error:
        raise LabellingError(
            f"{path} is damaged: act {row.seq} ({row.kind}): {reason(error)}. {GO_BACK}."
        ) from error


def check_row(row: Row, n_points: int, classes: ClassBook) -> None:
    """Raise if a row is of points or classes that there are not."""
    for point in (*row.points, *row.body.get("out", ())):
        if type(point) is not int or not 0 <= point < n_points:
            raise InvalidInputError(f"there is no point {point!r:.40}")
    named = (row.body.get(name) for name in ("class", "shown_as"))
    for class_id in (*named, *row.body.get("classes", ())):
        if class_id is not None:
            classes[class_id]  # raises where there is none


def events_of_program(kind: Kind, body: Mapping[str, Any]) -> list[Event]:
    """Return what follows from a row that no person made: of the keeper, or drawn at random."""
    if kind == "turned":
        entry = {"kind": body["turn"], "indices": []}
        if "together" in body:
            entry["together"] = body["together"]
        return [event_from_json(entry)]
    events = []
    if body.get("points"):
        entry = {name: body[name] for name in ("audits", "owed") if name in body}
        events.append(event_from_json({"kind": "asked", "indices": body["points"], **entry}))
    if body.get("dropped"):  # after the checks were drawn from what was open beside them
        events.append(Event("dropped", tuple(body["dropped"])))
    return events
