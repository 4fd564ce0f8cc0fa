"""Texts with classes: from a package, and Debian's descriptions of packages where apt has them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import MissingDataError
from benchmarks.sets import files
from benchmarks.sets.preparing import part

LISTS_VARIABLE = "FEWLABELS_APT_LISTS"
LISTS = Path("/var/lib/apt/lists")
_READER = "/usr/lib/apt/apt-helper"  # unpacks whatever apt keeps them in
FEWEST = 22  # texts of a class, for 20 labels and some to be answered
# Sections of what belongs to packages of all the others, and of what fits none.
_GENERAL = frozenset(("libs", "libdevel", "oldlibs", "doc", "debug", "devel", "utils", "misc"))

PACKAGES, TRANSLATIONS = "*_main_binary-*_Packages*", "*_main_i18n_Translation-en*"

# Texts, and the class of each.
Raw = tuple[list[str], list[str]]


@dataclass(frozen=True)
class TextSet:
    """A set of texts.

    Attributes
    ----------
    name, kind : str
    read : callable
    tuned_on : bool
        Whether it was looked at while the features were made.
    most_classes : int
        So many of the most frequent.
    """

    name: str
    kind: str
    read: Callable[[], Raw]
    tuned_on: bool = False
    most_classes: int = 20


def load(about: TextSet, largest: int) -> tuple[list[str], Any, Any]:
    """Return texts, the class of each as a number from 0 on, and the names of the classes.

    Classes of too few texts to be answered are left out.

    Raises
    ------
    MissingDataError
        If its package, or its list, is not there.
    """
    texts, of_texts = about.read()
    names, counts = np.unique(of_texts, return_counts=True)
    frequent = names[np.argsort(-counts, kind="stable")[: about.most_classes]]
    rows = np.flatnonzero(np.isin(of_texts, frequent))
    rows = rows[part(np.array(of_texts)[rows], largest)]
    classes, codes, counts = np.unique(
        np.array(of_texts)[rows], return_inverse=True, return_counts=True
    )
    rows = rows[counts[codes] >= FEWEST]
    classes, codes = np.unique(np.array(of_texts)[rows], return_inverse=True)
    return [texts[row] for row in rows], codes, classes


def descriptions() -> list[tuple[str, str, str]]:
    """Return synopsis, description and section of Debian's packages, no description twice.

    Raises
    ------
    MissingDataError
        If there are no lists, or no descriptions in them.
    """
    sections = {entry["Package"]: section_of(entry) for entry in entries(PACKAGES)}
    found, seen = [], set()
    for entry in entries(TRANSLATIONS):
        synopsis, _, rest = entry.get("Description-en", "").partition("\n")
        if entry["Package"] in sections and rest not in seen:
            seen.add(rest)
            lines = ("" if line.strip() == "." else line for line in rest.split("\n"))
            found.append((synopsis.strip(), "\n".join(lines), sections[entry["Package"]]))
    return found


def section_of(entry: dict[str, str]) -> str:
    """Return the section of a package, without the part of the archive that it is in."""
    return entry.get("Section", "").split("/")[-1]


def entries(pattern: str) -> Iterator[dict[str, str]]:
    """Yield the entries of apt's lists of that name; raise MissingDataError if there are none."""
    folder = Path(os.environ.get(LISTS_VARIABLE, LISTS))
    paths = sorted(folder.glob(pattern)) if Path(_READER).is_file() else []
    if not paths:
        raise MissingDataError(
            f"Debian's descriptions are not in {folder}. On Debian, `apt-get update -o "
            f"Acquire::Languages=en` brings them; {LISTS_VARIABLE} names another folder."
        )
    for path in paths:
        read = subprocess.run([_READER, "cat-file", str(path)], capture_output=True, check=True)
        for paragraph in read.stdout.decode(errors="replace").split("\n\n"):
            entry: dict[str, str] = {}
            key = ""
            for line in paragraph.split("\n"):
                if line.startswith((" ", "\t")):
                    entry[key] = f"{entry.get(key, '')}\n{line[1:]}"
                elif line:
                    key, _, value = line.partition(":")
                    entry[key] = value.strip()
            if "Package" in entry:
                yield entry


def _of_package(file: str, label: str = "Category", text: str = "Text") -> Callable[[], Raw]:
    return lambda: files.texts(file, label, text)


def _of_debian(*, whole: bool) -> Callable[[], Raw]:
    def read() -> Raw:
        kept = [found for found in descriptions() if found[2] not in _GENERAL]
        texts = [f"{synopsis}\n{rest}" if whole else synopsis for synopsis, rest, _ in kept]
        return texts, [section for _, _, section in kept]

    return read


SETS = (
    TextSet("Debian's descriptions", "20 sections", _of_debian(whole=True), tuned_on=True),
    TextSet("Debian's synopses", "20 sections", _of_debian(whole=False), tuned_on=True),
    TextSet("newsgroups", "20 groups", _of_package("20newsgroups-train")),
    TextSet("Reuters", "subjects", _of_package("reuters-r8-train")),
    TextSet("tweets", "2 authors", _of_package("election-tweets-2016", "Author", "Content")),
)
