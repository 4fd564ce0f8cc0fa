"""Class names that may not mean what they say: near-equal ones, and words for "no label"."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from numbers import Real
from typing import TypeGuard

import numpy as np

from fewlabels._callers import callers_level
from fewlabels._typing import Cells
from fewlabels._unsaid import is_unsaid
from fewlabels.exceptions import LabelWarning

# Casefolded. What spreadsheets, databases and statistics packages write where nothing is known.
WORDS_FOR_MISSING = frozenset(
    [
        *("-", "--", "---", "\u2212", "\u2013", "\u2014", "?", "??", "???", "#", "\\n"),
        *(".", "..", "...", "\u2026", "<na>", "<nan>", "#nan", "nan", "-nan", "nat"),
        *("na", "#na", "n/a", "#n/a", "n.a.", "nil", "nul", "null", "(null)", "#null!"),
        *("none", "nothing", "missing", "(missing)", "unknown", "unlabeled", "unlabelled"),
        *("no label", "not available", "#div/0!", "#value!", "#ref!", "#name?", "#num!"),
        *("tbd", "tba", "tbc", "k.a.", "k. a.", "keine angabe", "unbekannt"),
        *("0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00/00/0000"),  # of databases
    ]
)

# Cyrillic and Greek letters that look like Latin ones, casefolded.
_LOOKALIKES = str.maketrans(
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0455\u0458\u043a\u043c\u0442\u03bf\u03b1\u03bd\u03c1",
    "aceopxyisjkmtoavp",
)
# Where all classes are among these, those of a row are one.
_YES_AND_NO = {
    word: said
    for said, words in {
        "yes": ("yes", "y", "true", "t", "1"),
        "no": ("no", "n", "false", "f", "0"),
    }.items()
    for word in words
}

# Signs that are written in several ways.
_SIGNS = str.maketrans("\u2018\u2019\u02bc\u2010\u2011\u2012\u2013\u2014\u2212", "'''------")
_BETWEEN_WORDS = re.compile(r"(?<=\w)[\s_\-]+(?=\w)")
_NUMBER = re.compile(r"([+-]?)0*([0-9]+)(?:\.0*)?")

# So many different letters as classes are an alphabet, in which "P" and "p" are two.
_ALPHABET = 10
# Misspelt is at most a class of so few labels, in words of so many letters.
_FEW_LABELS = 2
_LEAST_LETTERS = 5
# A letter replaced makes one word of another more often than a letter left out does: "horse" and
# "house". There, the other class must have so many times as many labels.
_MORE_LABELS = 3
# Names beyond these are codes, which nobody misspells, or too many of one pattern.
_MOST_CLASSES = 1000
_LONGEST = 60
_MOST_ALIKE = 30
_ROMAN = frozenset("ivxlcdm")
_UNLABELLED = "Mark unlabelled points with None, NaN or pandas.NA."
# Groups that a message names.
_MOST_NAMED = 5
# So many classes may have hardly more than a label each; more look like amounts.
_MANY_CLASSES = 20


def says_missing(name: str) -> bool:
    """Tell whether a text usually means that there is no value: "NA", "?", "unlabelled", blanks."""
    text = _visible(name).strip()
    return not text or (text.casefold() in WORDS_FOR_MISSING and text != "Na")  # which is sodium


def words_for_missing(classes: Iterable[object]) -> list[str]:
    """Return the classes that :func:`says_missing` holds of, in their order.

    Not single signs where others are classes, too, as "-" beside "+": there, signs are classes.
    """
    names = [name for name in _as_list(classes) if isinstance(name, str)]
    found = [name for name in names if says_missing(name)]
    signs = {name for name in names if len(name) == 1 and not name.isalnum() and name.strip()}
    if signs.issubset(found):
        return found
    return [name for name in found if name not in signs]


def near_equal_classes(
    classes: Iterable[object], counts: Sequence[int] | None = None
) -> list[tuple[object, ...]]:
    """Find classes that are probably one, written in different ways.

    - The same but for case, blanks, hyphens, trailing full stops, invisible characters, letters of
      another script that look alike or the way in which Unicode composes them; the same number:
      "7", "007" and "7.0"; the text of another class: 1 and "1".
    - "yes", "y", "true", "t" and "1", and the same for "no", where there are no other classes.
    - Words of five letters or more that are one letter off, if one of them has one or two labels:
      "loyal", "loyl". A letter replaced counts only within a word, and beside three times as many
      labels.

    Digits, single letters, last letters and short words tell classes apart: "A1" and "A2", "cat"
    and "car", "group a" and "group b" are fine.

    Parameters
    ----------
    classes : iterable of labels
        All different. Only text and numbers are looked at.
    counts : sequence of int, default=None
        Labels of each class. None: 1 each.

    Returns
    -------
    list of tuple
        Each of two classes or more, in their order; a class may be in two of them.

    Notes
    -----
    Cost: O(length of the names); none where all classes are numbers in an array.
    """
    if isinstance(classes, np.ndarray) and classes.dtype.kind not in "OSU":
        return []
    everything = _as_list(classes)
    names = [name for name in everything if isinstance(name, (str, Real, np.bool_))]
    if not any(isinstance(name, str) for name in names):
        return []
    n_labels = [1] * len(everything) if counts is None else counts
    labels = dict(zip(everything, n_labels, strict=True))
    letters = {name.casefold() for name in names if _is_letter(name)}
    alphabet = len(letters) >= _ALPHABET
    groups: dict[str, Cells] = defaultdict(list)
    for name in names:
        groups[name if alphabet and _is_letter(name) else _key(str(name))].append(name)
    if groups.keys() <= _YES_AND_NO.keys() and len(groups) > 2:
        said: dict[str, list[object]] = defaultdict(list)
        for key, group in groups.items():
            said[_YES_AND_NO[key]] += group
        groups = said
    found = [tuple(group) for group in groups.values() if len(group) > 1]
    totals = {key: int(sum(labels[name] for name in group)) for key, group in groups.items()}
    if len(groups) <= _MOST_CLASSES:
        for one, other in _candidates(groups):
            if _is_misspelt(one, other, totals[one], totals[other]):
                found.append((groups[one][0], groups[other][0]))
    return found


def remarks_on_classes(
    classes: Iterable[object],
    counts: Sequence[int] | None = None,
    new: Iterable[object] | None = None,
    *,
    unlabelled: str = _UNLABELLED,
) -> list[str]:
    """Say which classes have names that may not mean what they say.

    Parameters
    ----------
    classes, counts
        As :func:`near_equal_classes` takes them.
    new : iterable of labels, default=None
        Only what concerns these. None: all.
    unlabelled : str
        The sentence that says how a point without a label is marked.

    Returns
    -------
    list of str
        At most two sentences or so.
    """
    if isinstance(classes, np.ndarray) and classes.dtype.kind not in "OSU":
        return []
    everything = _as_list(classes)
    fresh = set(everything if new is None else _as_list(new))
    remarks = []
    words = [word for word in words_for_missing(everything) if word in fresh]
    if words:
        shown = [repr(word) for word in words]
        what = "is read as a class" if len(words) == 1 else "are read as classes"
        remarks.append(
            f"{listed(shown)} {what}, though this often says that a label is missing. "
            f"{unlabelled} If it is a class, give it another name."
        )
    groups = near_equal_classes(everything, counts)
    groups = [group for group in groups if not fresh.isdisjoint(group)]
    if groups:
        remarks.append(
            f"some classes have nearly the same name, and are read as different ones: "
            f"{named_groups(groups)}. If they are one class, give it one name."
        )
    return remarks


def named_groups(groups: Sequence[tuple[object, ...]]) -> str:
    """Name the classes of the first groups so that they can be told apart."""
    named = "; ".join(listed(_told_apart(group)) for group in groups[:_MOST_NAMED])
    return named + (f"; and {len(groups) - _MOST_NAMED} more" if len(groups) > _MOST_NAMED else "")


def warn_of_classes(
    classes: Iterable[object],
    counts: Sequence[int] | None = None,
    new: Iterable[object] | None = None,
    *,
    unlabelled: str = _UNLABELLED,
) -> None:
    """Warn of what :func:`remarks_on_classes` finds, where the package was called."""
    if is_unsaid(LabelWarning):
        return
    for remark in remarks_on_classes(classes, counts, new, unlabelled=unlabelled):
        warnings.warn(remark, LabelWarning, stacklevel=callers_level())


def warn_of_counts(classes: Sequence[object] | np.ndarray, n_labels: int) -> None:
    """Warn if labels can tell nothing: all are alike, or hardly one comes twice."""
    n_classes = len(classes)
    if is_unsaid(LabelWarning):
        return
    if n_classes == 1:
        shown = repr(_as_list(classes)[0])
        remark = (
            f"all labels are {shown}: with one class there is nothing to tell apart, and every "
            "point is answered with it. Label at least one point of another class."
        )
    elif n_classes > _MANY_CLASSES and 2 * n_classes > n_labels:
        remark = (
            f"{n_labels:,} labels are of {n_classes:,} classes, so that hardly one comes "
            "twice and probabilities say little. If the labels are amounts, take "
            "FewLabelsRegressor; else label more points of each class, or make the classes coarser."
        )
    else:
        return
    warnings.warn(remark, LabelWarning, stacklevel=callers_level())


def listed(shown: Sequence[str]) -> str:
    """Join words with commas, and the last with "and"."""
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _as_list(classes: Iterable[object]) -> Cells:
    return classes.tolist() if isinstance(classes, np.ndarray) else list(classes)


def _told_apart(group: tuple[object, ...]) -> list[str]:
    """Show names so that the difference can be seen."""
    shown = [repr(name) for name in group]
    looks = {unicodedata.normalize("NFKC", text).translate(_LOOKALIKES) for text in shown}
    return shown if len(looks) == len(shown) else [ascii(name) for name in group]


def _is_letter(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and len(name) == 1 and name.isalpha()


def _visible(text: str) -> str:
    """Drop characters that nobody sees, as zero-width spaces; keep white space."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf"))


def _key(name: str) -> str:
    """What near-equal names have in common."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name).translate(_SIGNS)
    text = " ".join(_visible(name).casefold().split())
    text = unicodedata.normalize("NFKC", _BETWEEN_WORDS.sub(" ", text))
    if any("a" <= letter <= "z" for letter in text):  # else it may be a word of the other script
        text = text.translate(_LOOKALIKES)
    text = text.rstrip(".,;:") or text
    number = _NUMBER.fullmatch(text)
    return text if number is None else number[1].replace("+", "") + number[2]


def _candidates(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of names that are the same once a letter at most is left out of each."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if _LEAST_LETTERS - 1 <= len(name) <= _LONGEST:
            for part in {name, *(name[:i] + name[i + 1 :] for i in range(len(name)))}:
                alike[part].append(name)
    found: dict[tuple[str, str], None] = {}
    for same in alike.values():
        if 1 < len(same) <= _MOST_ALIKE:
            found.update(dict.fromkeys(combinations(same, 2)))
    yield from found


def _is_misspelt(one: str, other: str, n_one: int, n_other: int) -> bool:
    """Tell whether two names are a letter off within a word, and one of them has few labels."""
    fewer, more = sorted((n_one, n_other))
    if fewer > _FEW_LABELS:
        return False
    start, shortest = 0, min(len(one), len(other))
    while start < shortest and one[start] == other[start]:
        start += 1
    end = 0
    while end < shortest - start and one[-1 - end] == other[-1 - end]:
        end += 1
    parts = one[start : len(one) - end], other[start : len(other) - end]
    before = re.search(r"[^\W\d_]*\Z", one[:start])
    after = re.match(r"[^\W\d_]*", one[len(one) - end :])
    head, tail = (before[0] if before else ""), (after[0] if after else "")
    longest = max(parts, key=len)
    word = head + longest + tail
    if not head or not "".join(parts).isalpha() or len(word) < _LEAST_LETTERS:
        return False
    if _ROMAN.issuperset(word):
        return False
    if len(parts[0]) == len(parts[1]) == 1:
        return bool(tail) and more >= _MORE_LABELS * fewer
    swapped = len(longest) == 2 and parts[0] == parts[1][::-1]
    return swapped or sorted(map(len, parts)) == [0, 1]
