"""What people do, checked and stored."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence

from fewlabels._typing import Fields, Json, Loaded
from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling._classes import LabelClass, class_to_json
from fewlabels.labelling._desk import Desk, checked_point
from fewlabels.labelling._grids import to_ask
from fewlabels.labelling._ledger import OF_FILE
from fewlabels.labelling._rows import Kind, Row

Prepared = tuple[Kind, Fields] | None

_LONGEST = 80  # of names and keys
_MOST_SETTINGS = 10_000  # bytes


class Acts:
    """The acts of people on a desk.

    Parameters
    ----------
    desk : Desk
    wake : callable
        Called after each.
    """

    def __init__(self, desk: Desk, wake: Callable[[], None]) -> None:
        self._desk = desk
        self._ledger = desk.ledger
        self._wake = wake

    def answer(self, who: str, key: str, point: object, class_id: object, seconds: object) -> Json:
        def prepare() -> Prepared:
            return "answered", {"point": self._point(point), "class": self._class(class_id)}

        return self._reply(self._act(who, key, prepare, _checked_seconds(seconds)))

    def confirm(
        self,
        who: str,
        key: str,
        points: object,
        class_id: object,
        taken_out: Callable[[str, Sequence[int]], tuple[int, list[int]] | None],
    ) -> Loaded:
        if not isinstance(points, Sequence) or isinstance(points, str):
            raise InvalidInputError(f"points must be a list of points, got {points!r:.80}.")

        def prepare() -> Prepared:
            body = {"class": self._class(class_id)}
            given = list(dict.fromkeys(map(self._point, points)))
            taken = [p for p in given if not (p in self._ledger.labels or p in self._desk.pending)]
            grid = taken_out(who, given)
            if not given and (grid is None or not grid[1] or grid[0] != body["class"]):
                raise InvalidInputError("no points were given, nor were any shown in a grid.")
            seen: Json = {} if grid is None else {"out": grid[1]}
            if grid is not None and grid[0] != body["class"]:
                seen["shown_as"] = grid[0]
            of_grid = grid is not None and bool(grid[1])
            return ("confirmed", {**body, "points": taken, **seen}) if taken or of_grid else None

        row = self._act(who, key, prepare)
        if row is not None:
            self._desk.ask(who, to_ask(row.body.get("out", ())))
            self._wake()
        taken = set() if row is None else set(row.points)
        return {**self._reply(row), "left": [p for p in points if p not in taken]}

    def skip(self, who: str, key: str, point: object, seconds: object) -> Json:
        def prepare() -> Prepared:
            return "skipped", {"point": self._point(point)}

        return self._reply(self._act(who, key, prepare, _checked_seconds(seconds)))

    def later(self, who: str, key: str, point: object) -> Json:
        def prepare() -> Prepared:
            if self._point(point) not in self._desk.pending:
                raise InvalidInputError(f"point {point} is not an open question, to be put off.")
            return "postponed", {"point": point}

        return self._reply(self._act(who, key, prepare))

    def relabel(self, who: str, key: str, point: object, class_id: object) -> Json:
        def prepare() -> Prepared:
            if self._desk.is_open_check(place := self._point(point)):
                raise InvalidInputError(
                    f"point {place} is being asked about, and nothing may suggest its class before "
                    "that. Answer the question when it comes, and change the answer afterwards."
                )
            known = place in self._ledger.labels or place in self._ledger.skipped
            if not known and class_id is None:
                raise InvalidInputError(f"point {point} has no label that could be taken away.")
            chosen = None if class_id is None else self._class(class_id)
            # nobody's word is overruled where nobody said anything: a row in doubt, or found
            return "decided" if known else "answered", {"point": point, "class": chosen}

        return self._reply(self._act(who, key, prepare))

    def undo(self, who: str, key: str, *, again: bool) -> Json:
        self._check(who, key)
        row, act = self._desk.undo(who, key, again=again)
        self._wake()
        done = None
        if act is not None:
            points = list(act.points)
            done = {"kind": act.kind, "points": points, "class_id": act.body.get("class")}
        return {**self._reply(row), "done": done}

    def add_class(self, who: str, key: str, name: object) -> Json:
        found: list[LabelClass] = []

        def prepare() -> Prepared:
            there = self._ledger.classes.named(name) if isinstance(name, str) else None
            new = there or self._ledger.classes.new(name)
            found.append(new)
            return None if there is not None else ("class added", class_to_json(new))

        return self._with_class(self._act(who, key, prepare), found)

    def rename_class(self, who: str, key: str, class_id: object, name: object) -> Json:
        def change() -> LabelClass:
            return self._ledger.classes.renamed(self._class(class_id), name)

        return self._change_class(who, key, change)

    def set_key(self, who: str, key: str, class_id: object, press: object) -> Json:
        def change() -> LabelClass:
            return self._ledger.classes.with_key(self._class(class_id), press)

        return self._change_class(who, key, change)

    def set_settings(self, who: str, key: str, settings: object) -> Json:
        if not isinstance(settings, Mapping) or not all(isinstance(n, str) for n in settings):
            raise InvalidInputError(f"settings must be names and values, got {settings!r:.80}.")

        def prepare() -> Prepared:
            own = self._ledger.person(who).settings
            _check_settings(settings, own)
            return ("settings", dict(settings)) if settings else None

        return self._reply(self._act(who, key, prepare))

    def set_file_settings(self, settings: Mapping[str, object]) -> None:
        """Change settings of the file, where they are others, as the program's own act."""
        changed = {n: v for n, v in settings.items() if self._ledger.settings[n] != v}
        _check_settings(changed, {})
        if changed:
            key = f"settings {self._desk.last_seq + 1}"
            self._desk.act("", key, lambda: ("settings", changed))

    def classes(self) -> list[Json]:
        """Return the classes, with the number of their labels. With the desk's lock."""
        return [self._class_json(each) for each in self._ledger.classes]

    def check_who(self, who: object) -> None:
        """Raise if that is no person's name."""
        if not (isinstance(who, str) and who.strip() and len(who) <= _LONGEST):
            raise InvalidInputError(
                f"a person's name must have 1 to {_LONGEST} characters, got {who!r:.100}."
            )

    def _act(
        self, who: str, key: str, prepare: Callable[[], Prepared], seconds: float | None = None
    ) -> Row | None:
        self._check(who, key)
        row, _ = self._desk.act(who, key, prepare, seconds)
        self._wake()
        return row

    def _check(self, who: object, key: object) -> None:
        self.check_who(who)
        if not (isinstance(key, str) and 1 <= len(key) <= _LONGEST):
            raise InvalidInputError(
                f"the key of an act must have 1 to {_LONGEST} characters, got {key!r:.100}."
            )

    def _point(self, point: object) -> int:
        return checked_point(point, self._desk.n_points)

    def _class(self, class_id: object) -> int:
        return int(self._ledger.classes[class_id].id)

    def _reply(self, row: Row | None) -> Json:
        with self._desk.lock:
            seq = None if row is None else row.seq
            n_labelled = len(self._ledger.labels)
            return {"seq": seq, "version": self._desk.version, "n_labelled": n_labelled}

    def _change_class(self, who: str, key: str, change: Callable[[], LabelClass]) -> Json:
        found: list[LabelClass] = []

        def prepare() -> Prepared:
            found.append(change())
            return "class changed", class_to_json(found[0])

        return self._with_class(self._act(who, key, prepare), found)

    def _with_class(self, row: Row | None, found: list[LabelClass]) -> Json:
        with self._desk.lock:
            class_id = found[0].id if row is None or found else row.body["id"]
            shown = self._class_json(self._ledger.classes[class_id])
        return {**self._reply(row), "class": shown}

    def _class_json(self, each: LabelClass) -> Json:
        return {**class_to_json(each), "n": self._ledger.count(each.id)}


def _checked_seconds(seconds: object) -> float | None:
    """Return a time that a page measured; None where it says nothing."""
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        value = float(seconds)
        return value if math.isfinite(value) and value >= 0 else None
    return None


def _check_settings(settings: Fields, own: Fields) -> None:
    for name, value in settings.items():
        if name not in OF_FILE:
            continue
        ends = name == "overlap"  # 0 and 1 are allowed
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
        if not (0 <= number <= 1 if ends else 0 < number < 1):
            allowed = "from 0 to 1" if ends else "between 0 and 1"
            raise InvalidInputError(f"{name} must be {allowed}, got {value!r:.40}.")
    kept = {name: value for name, value in {**own, **settings}.items() if name not in OF_FILE}
    try:
        size = len(json.dumps(kept, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"settings must be what JSON holds: {error}.") from error
    if size > _MOST_SETTINGS:
        raise InvalidInputError(
            f"settings may take {_MOST_SETTINGS:,} bytes, and these take {size:,}."
        )
