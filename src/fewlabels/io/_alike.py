"""Classes whose names are nearly equal, and which may be one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from fewlabels.io._table import IntArray, quoted
from fewlabels.io._views import as_text, parse_number

# Only so few labels of the rarer class make one letter look like a slip of the finger ...
_FEW = 2
# ... in names of at least so many letters.
_LETTERS = 4
# Pairs of rare classes are compared one by one.
_MOST_CLASSES = 1000


def alike_classes(classes: Sequence[Any], counts: IntArray) -> str:
    """Return a warning that names classes which may be one; nothing if there are none.

    Alike are names that differ in case, blanks, marks without width or composed letters only,
    equal numbers (7 and 007), and a name with few labels that is one letter off another.
    """
    texts = [as_text(label) for label in classes]
    groups: dict[object, list[str]] = {}
    for text in texts:
        groups.setdefault(_key(text), []).append(text)
    found = [group for group in groups.values() if len(group) > 1]
    if len(texts) <= _MOST_CLASSES:
        rare = [text for text, n in zip(texts, counts.tolist(), strict=True) if n <= _FEW]
        found += [[text, other] for text in rare for other in _one_letter_off(text, texts)]
    if not found:
        return ""
    listed = "; ".join(quoted(group) for group in found[:5])
    more = f"; and {len(found) - 5:,} more" if len(found) > 5 else ""
    return (
        f"classes with nearly equal names count as different ones: {listed}{more}. If they are "
        "one class, write them alike."
    )


def _key(text: str) -> object:
    """Return what names that look alike have in common."""
    number = parse_number(text)
    if number is not None and number == number:
        return number
    shown = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", shown).casefold().split())


def _one_letter_off(text: str, texts: Sequence[str]) -> list[str]:
    return [
        other
        for other in texts
        if len(text) >= _LETTERS
        and abs(len(other) - len(text)) <= 1
        and _key(other) != _key(text)
        and not any(sign.isdigit() for sign in text + other)
        and _is_one_off(text, other)
    ]


def _is_one_off(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    same = 0
    while same < len(short) and short[same] == long[same]:
        same += 1
    if len(short) == len(long):
        return short[same + 1 :] == long[same + 1 :]
    return short[same:] == long[same + 1 :]
