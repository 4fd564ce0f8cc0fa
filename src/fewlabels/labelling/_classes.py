"""The classes of a label file: names, keys to press, and colours that all can tell apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from fewlabels._typing import Json, Loaded
from fewlabels.exceptions import InvalidInputError
from fewlabels.session._labels import checked_label

# Okabe and Ito's eight (2008), without black, then darker and lighter ones of other hues: those of
# Tol's "muted". From the tenth on they come again; key and name tell those classes apart.
COLOURS = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"),
    *("#332288", "#88ccee", "#117733", "#ddcc77", "#882255", "#44aa99", "#999933", "#aa4499"),
)
_KEYS = "1234567890"
_LONGEST_NAME = 200
# "+" and "-1.5" are names, and harmless.
_FORMULA = re.compile(r"[=@]|[+-].*[(|!]")
MOST_CLASSES = 1000


@dataclass(frozen=True)
class LabelClass:
    """A class.

    Attributes
    ----------
    id : int
        Its number, by which the log speaks of it; from 0 in the order of coming.
    name : str
    key : str or None
        The key that answers with it.
    colour : str
        "#rrggbb".
    """

    id: int
    name: str
    key: str | None
    colour: str


class ClassBook:
    """The classes, by their number. Changed by :meth:`put` alone."""

    def __init__(self) -> None:
        self._classes: dict[int, LabelClass] = {}

    def __len__(self) -> int:
        return len(self._classes)

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(self._classes.values())

    def __getitem__(self, class_id: object) -> LabelClass:
        """Return a class, or raise InvalidInputError."""
        found = self._classes.get(class_id) if type(class_id) is int else None
        if found is None:
            raise InvalidInputError(f"there is no class with the number {class_id!r:.40}.")
        return found

    @property
    def names(self) -> dict[int, str]:
        """The name of each class."""
        return {each.id: each.name for each in self}

    def named(self, name: str) -> LabelClass | None:
        """Return the class of that name, or one of it in another case, or None."""
        wanted = " ".join(name.split())
        like_it = [
            each for each in self._classes.values() if each.name.casefold() == wanted.casefold()
        ]
        return next(iter([each for each in like_it if each.name == wanted] or like_it), None)

    def new(self, name: object, others: Collection[str] = ()) -> LabelClass:
        """Return a class to be put, with the next number, a free key and a colour; or raise.

        The key of a digit is that digit: those of `others`, names that are to come, stay free.
        """
        if len(self) >= MOST_CLASSES:
            raise InvalidInputError(f"there are {MOST_CLASSES} classes already, which is the most.")
        number, wanted = len(self), checked_name(name)
        taken = {each.key for each in self}
        free = [k for k in _KEYS if k not in taken and (k == wanted or k not in others)]
        key = wanted if wanted in free else next(iter(free), None)
        return LabelClass(number, wanted, key, COLOURS[number % len(COLOURS)])

    def renamed(self, class_id: int, name: object) -> LabelClass:
        """Return a class under another name, or raise if another class has it."""
        wanted = checked_name(name)
        there = self.named(wanted)
        if there is not None and there.id != class_id:
            raise InvalidInputError(
                f"there is a class {there.name!r} already. Give another name; to join two classes, "
                "give their points one label."
            )
        return replace(self[class_id], name=wanted)

    def with_key(self, class_id: int, key: object) -> LabelClass:
        """Return a class with another key, or raise if another class has it."""
        if key is not None and not (isinstance(key, str) and 1 <= len(key.strip()) <= 20):
            raise InvalidInputError(f"a key must be a name such as 'a' or 'F1', got {key!r:.40}.")
        taken = next((c for c in self if key is not None and c.key == key), None)
        if taken is not None and taken.id != class_id:
            raise InvalidInputError(f"the key {key!r} is that of {taken.name!r} already.")
        return replace(self[class_id], key=key)

    def put(self, entry: LabelClass) -> None:
        """Add a class, or put it in the place of the one with its number."""
        self._classes[entry.id] = entry


def checked_name(name: object) -> str:
    """Return the name of a class without the blanks around it, or raise."""
    if not isinstance(name, str):
        raise InvalidInputError(f"the name of a class must be a text, got {name!r:.40}.")
    bare = " ".join(name.split())
    if not bare:
        raise InvalidInputError("a class must have a name; got an empty one.")
    if len(bare) > _LONGEST_NAME:
        raise InvalidInputError(
            f"the name of a class may have {_LONGEST_NAME} characters, got {len(bare)}."
        )
    if _FORMULA.match(bare):
        raise InvalidInputError(
            f"the name of a class can't be {bare[:40]!r}: a spreadsheet that opens the exported "
            "table would take it for a formula. Begin it with a letter."
        )
    return str(checked_label(bare, "of a class"))


def class_to_json(entry: LabelClass) -> Json:
    """Return a class as JSON holds it."""
    return {"id": entry.id, "name": entry.name, "key": entry.key, "colour": entry.colour}


def class_from_json(entry: Loaded) -> LabelClass:
    """Return the class that :func:`class_to_json` wrote."""
    return LabelClass(int(entry["id"]), str(entry["name"]), entry["key"], str(entry["colour"]))
