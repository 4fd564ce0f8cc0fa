"""The tables of accuracy.md, features.md, texts.md and active-learning.md: means over draws.

Two layouts. Down: a line a contender, a column a measure. Across: a line a measure, a column a
contender, where there are few of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cases.kinds import (
    BALANCED,
    CALIBRATION,
    ERROR,
    LEAST_RIGHT,
    LOSS,
    PRECISION,
    REGRET,
    RIGHT,
    WITHIN,
    WORST,
)
from benchmarks.kind_tables import beside_worst, each_set, only
from benchmarks.rules import beside_random
from benchmarks.table import head, largest_size, line, marks_of, sources, with_error

ACCURACY_GOALS = "goals, of few labels"
QUESTION_GOALS = "goals, of questions"
KIND_GOALS = "goals, on data of many kinds"
FEATURE_GOALS = "goals, of texts, pictures and tables"
_NOTHING = "Not measured yet: `make bench SIZE=full` writes this table."

Row = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A block of a page.

    Attributes
    ----------
    page : str
        In docs/.
    cases : tuple of str
    layout : callable
        Takes rows and what marks their runs; returns the lines of a table.
    pictures : tuple of str
        Shown below the table, as Markdown, once there is something to show.
    """

    page: str
    cases: tuple[str, ...]
    layout: Callable[[list[Row], dict[str, str]], list[str]]
    pictures: tuple[str, ...] = ()


def down(rows: list[Row], marks: dict[str, str]) -> list[str]:
    """Return a line a contender, the works one below the other, a column a measure."""
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    lines = head("on", "who", *measures)
    for work in dict.fromkeys(row["work"] for row in rows):
        of_work = {row["measure"]: row for row in rows if row["work"] == work}
        first = f"{work}{marks[next(iter(of_work.values()))['run']]}"
        for name, is_first in _names(of_work):
            cells = [_cell(of_work.get(measure), name) for measure in measures]
            lines.append(line(first, f"**{name}**" if is_first else name, *cells))
            first = ""
        for name in dict.fromkeys(g["name"] for row in of_work.values() for g in _gaps(row)):
            cells = [_gap_cell(of_work.get(measure), name) for measure in measures]
            lines.append(line("", f"*{name}*", *cells))
    return lines


def across(rows: list[Row], marks: dict[str, str]) -> list[str]:
    """Return a line a measure of each work, a column a contender and a difference."""
    names = list(dict.fromkeys(entry["name"] for row in rows for entry in _entries(row)))
    gaps = list(dict.fromkeys(found["name"] for row in rows for found in _gaps(row)))
    lines = head("on", "measure", *names, *gaps)
    work = ""
    for row in rows:
        first = "" if row["work"] == work else f"{row['work']}{marks[row['run']]}"
        work = row["work"]
        cells = [*(_cell(row, name) for name in names), *(_gap_cell(row, name) for name in gaps)]
        lines.append(line(first, row["measure"], *cells))
    return lines


SECTIONS: dict[str, Section] = {
    "accuracy from few labels": Section(
        "accuracy.md", ("accuracy_fashion", "accuracy_digits"), down
    ),
    "accuracy where the sizes of the classes are known": Section(
        "accuracy.md", ("sizes_known_fashion", "sizes_known_digits"), down
    ),
    "accuracy from uneven labels": Section("accuracy.md", ("skewed_draws",), down),
    "what choosing nothing costs": Section("accuracy.md", ("hindsight",), across),
    "what choosing takes": Section("accuracy.md", ("choice_time",), across),
    "calibration of probabilities": Section("accuracy.md", ("calibration",), down),
    "coverage of sets": Section("accuracy.md", ("coverage",), down),
    "suspect labels": Section("accuracy.md", ("suspects_digits", "suspects_fashion"), down),
    "how far behind the best, over sets of many kinds": Section(
        "accuracy.md", ("regret",), beside_worst(REGRET, WORST)
    ),
    "how far behind in balanced accuracy": Section(
        "accuracy.md", ("regret",), only(down, BALANCED)
    ),
    "how far behind, set by set": Section("accuracy.md", ("regret",), each_set),
    "calibration over sets of many kinds": Section(
        "accuracy.md", ("regret",), only(down, CALIBRATION, LOSS)
    ),
    "words of doubt over sets of many kinds": Section(
        "accuracy.md", ("regret",), beside_worst(RIGHT, LEAST_RIGHT)
    ),
    "suspect labels over sets of many kinds": Section(
        "accuracy.md", ("regret",), only(down, PRECISION)
    ),
    "numbers over sets of many kinds": Section(
        "accuracy.md",
        ("numbers",),
        only(down, ERROR, f"{WITHIN} one deviation", f"{WITHIN} two deviations"),
    ),
    "numbers, set by set": Section("accuracy.md", ("numbers",), each_set),
    "what a table takes": Section("accuracy.md", ("table_time",), across),
    "features of images beside pixels": Section(
        "features.md", ("digits_features", "fashion_features"), across
    ),
    "images ranked by small shifts": Section("features.md", ("digits_shifts",), across),
    "texts from few labels": Section("texts.md", ("texts_of_packages", "texts_of_debian"), down),
    "what texts take": Section("texts.md", ("text_time",), across),
    "pictures from few labels": Section("features.md", ("pictures",), across),
    "drawings from few labels": Section("features.md", ("stamps",), across),
    "what files of pictures take": Section("features.md", ("picture_time",), across),
    "tables with texts from few labels": Section("accuracy.md", ("mixed_tables",), down),
    "questions on digits, ten given": Section("active-learning.md", ("published_questions",), down),
    "questions on digits, none given": Section("active-learning.md", ("chosen_digits",), down),
    "questions on Fashion-MNIST": Section("active-learning.md", ("questions_fashion",), down),
    "every rule beside random questions": Section(
        "active-learning.md",
        ("every_rule",),
        beside_random,
        (
            "![For each rule the area under its learning curve less that of random questions, with "
            "intervals, on digits and on Fashion-MNIST.](images/active_rules.png)",
            "![Accuracy against the number of labels for some rules and for random questions, on "
            "digits and on Fashion-MNIST.](images/active_curves.png)",
        ),
    ),
    "what a batch costs": Section(
        "active-learning.md",
        ("batches",),
        down,
        (
            "![Accuracy after the same number of labels, asked one by one and in batches of 5, 10 "
            "and 25, for four rules.](images/active_batches.png)",
        ),
    ),
    "seconds of a round": Section("active-learning.md", ("rounds",), across),
    "looks at the interval": Section("active-learning.md", ("peeking",), down),
    "pages on which people label": Section(
        "labelling.md", ("labelling_texts", "labelling_more_texts", "labelling_pictures"), across
    ),
    "the page on many points": Section("labelling.md", ("labelling_many",), across),
    "what a proof takes": Section("active-learning.md", ("proofs",), down),
}
# Shown there, and not once more among the times.
CASES = frozenset(case for section in SECTIONS.values() for case in section.cases)


def block(document: dict[str, Any], name: str) -> str:
    """Return a section's table, each case at its largest measured size, and where it is from."""
    section = SECTIONS[name]
    rows = []
    for case in section.cases:
        of_case = [row for row in document["rows"] if row["case"] == case]
        size = largest_size(row["size"] for row in of_case) if of_case else ""
        rows += [row for row in of_case if row["size"] == size]
    if not rows:
        return _NOTHING
    marks = marks_of(rows)
    pictures = [text for picture in section.pictures for text in ("", picture)]
    return "\n".join([*section.layout(rows, marks), *pictures, "", *sources(document, rows, marks)])


def _entries(row: Row) -> list[dict[str, Any]]:
    return [row["ours"], *row.get("also", []), *row["peers"]]


def _gaps(row: Row) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = row.get("gaps", [])
    return found


def _names(rows: dict[str, Row]) -> list[tuple[str, bool]]:
    """Return the contenders of some rows, and whether each is the first of ours."""
    firsts = {row["ours"]["name"] for row in rows.values()}
    names = dict.fromkeys(entry["name"] for row in rows.values() for entry in _entries(row))
    return [(name, name in firsts) for name in names]


def _cell(row: Row | None, name: str) -> str:
    for entry in _entries(row) if row else []:
        if entry["name"] == name:
            note = f" ({entry['note']})" if "note" in entry else ""
            return with_error(entry["value"], entry.get("error"), row["unit"]) + note
    return ""


def _gap_cell(row: Row | None, name: str) -> str:
    for found in _gaps(row) if row else []:
        if found["name"] == name:
            who = f" ({found['against']})" if found["against"] else ""
            return with_error(found["value"], found["error"], row["unit"], signed=True) + who
    return ""
