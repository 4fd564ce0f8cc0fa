"""Classes whose names are nearly equal, and which may be one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import combinations

from fewlabels.io._table import IntArray, quoted
from fewlabels.io._views import as_text, parse_number

# Only so few labels of the rarer class make one letter look like a slip of the finger ...
_FEW = 2
# ... in names of at least so many letters.
_LETTERS = 4
# Of names that are one letter off a common rest, so many are compared with each other.
_MOST_ALIKE = 20


def alike_classes(classes: Sequence[object], counts: IntArray) -> str:
    """Return a warning that names classes which may be one; nothing if there are none.

    Alike are names that differ in case, blanks, marks without width or composed letters only,
    equal numbers (7 and 007), and a name with few labels that is one letter off another.
    """
    texts = [as_text(label) for label in classes]
    groups: dict[object, list[str]] = {}
    for text in texts:
        groups.setdefault(_key(text), []).append(text)
    found = [group for group in groups.values() if len(group) > 1]
    rare = {text for text, count in zip(texts, counts.tolist(), strict=True) if count <= _FEW}
    found += [list(pair) for pair in _one_letter_off(texts) if rare.intersection(pair)]
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


def _one_letter_off(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of names of which one becomes the other by one letter.

    Such names share what is left of them without that letter, so that a name is compared with
    few others: the cost grows with the letters of all names.
    """
    words = [text for text in texts if not any(sign.isdigit() for sign in text)]
    shared: dict[str, list[str]] = {}
    for word in words:
        for rest in {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}:
            shared.setdefault(rest, []).append(word)
    pairs = {
        (one, other)
        for group in shared.values()
        for one, other in combinations(group[:_MOST_ALIKE], 2)
        if min(len(one), len(other)) >= _LETTERS and _is_one_off(one, other)
    }
    return [pair for pair in sorted(pairs) if _key(pair[0]) != _key(pair[1])]


def _is_one_off(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    same = 0
    while same < len(short) and short[same] == long[same]:
        same += 1
    if len(short) == len(long):
        return short[same + 1 :] == long[same + 1 :]
    return short[same:] == long[same + 1 :]
