"""The tables of sets of many kinds: means beside the worst set, and set by set, worst first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.cases.kinds import EACH, TUNED
from benchmarks.sets import NUMBERS, PACKAGES, SETS
from benchmarks.table import head, line, spoken, with_error

DESCRIBED = "sets of many kinds"

Row = dict[str, Any]
Layout = Callable[[list[Row], dict[str, str]], list[str]]


def only(layout: Layout, *measures: str) -> Layout:
    """Return a layout of those rows whose measure begins with one of some words."""
    starts = tuple(f"{measure}," for measure in measures)

    def lay_out(rows: list[Row], marks: dict[str, str]) -> list[str]:
        fitting = [r for r in rows if r["measure"] in measures or r["measure"].startswith(starts)]
        return layout(fitting, marks)

    return lay_out


def beside_worst(mean: str, worst: str) -> Layout:
    """Return a layout with a line a contender, a column a number of labels: mean; worst and where.

    Parameters
    ----------
    mean, worst : str
        How the measures of the two kinds of rows begin.
    """

    def lay_out(rows: list[Row], marks: dict[str, str]) -> list[str]:
        means = [row for row in rows if row["measure"].startswith(f"{mean}, ")]
        worsts = {(row["work"], row["measure"]): row for row in rows}
        columns = list(dict.fromkeys(_labels(row) for row in means))
        lines = head("on", "who", *(f"{mean}, {labels}; {worst}" for labels in columns))
        for work in dict.fromkeys(row["work"] for row in means):
            of_work = {_labels(row): row for row in means if row["work"] == work}
            first = f"{work}{marks[next(iter(of_work.values()))['run']]}"
            for name in dict.fromkeys(e["name"] for row in of_work.values() for e in _all(row)):
                cells = [
                    _pair(of_work.get(c), worsts.get((work, f"{worst}, {c}")), name)
                    for c in columns
                ]
                ours = name == next(iter(of_work.values()))["ours"]["name"]
                lines.append(line(first, f"**{name}**" if ours else name, *cells))
                first = ""
        return lines

    return lay_out


def each_set(rows: list[Row], marks: dict[str, str]) -> list[str]:
    """Return a line a set, those first on which ours is farthest behind: ours, the best, and gap.

    The best is that of all others, in hindsight.
    """
    del marks
    of_sets = [row for row in rows if EACH in row["measure"]]
    columns = list(dict.fromkeys(_labels(row) for row in of_sets))
    lines = head("set", *columns)
    works: dict[str, dict[str, Row]] = {}
    for row in of_sets:
        works.setdefault(row["work"], {})[_labels(row)] = row
    for work, by_labels in sorted(works.items(), key=lambda item: -_mean_lost(item[1])):
        cells = [_beside_best(by_labels[c]) if c in by_labels else "" for c in columns]
        lines.append(line(work, *cells))
    return lines


def described() -> str:
    """Return what the sets are and where they are from, as Markdown."""
    lines = head("set", "kind", "package", "prepared", "looked at")
    for about in (*SETS, *NUMBERS):
        done = [
            about.how,
            "standardised" if about.scale else "",
            "TF-IDF, 100 dimensions" if about.words else "",
        ]
        cells = (
            about.name if about in SETS else f"{about.name} (numbers)",
            about.kind,
            about.package,
            "; ".join(filter(None, done)),
            TUNED if about.tuned_on else "",
        )
        lines.append(line(*cells))
    lines += ["", *head("package", "licence")]
    lines += [line(package, licence) for package, licence in PACKAGES.items()]
    return "\n".join(lines)


def _labels(row: Row) -> str:
    return str(row["measure"].split(", ", maxsplit=1)[1])


def _all(row: Row) -> list[dict[str, Any]]:
    return [row["ours"], *row.get("also", []), *row["peers"]]


def _others(row: Row) -> list[dict[str, Any]]:
    return [*row.get("also", []), *row["peers"]]


def _named(row: Row | None, name: str) -> dict[str, Any] | None:
    return next((entry for entry in _all(row) if entry["name"] == name), None) if row else None


def _pair(row: Row | None, worst: Row | None, name: str) -> str:
    entry, least = _named(row, name), _named(worst, name)
    if row is None or entry is None:
        return ""
    note = f" ({entry['note']})" if "note" in entry else ""
    end = "" if least is None else f"; {spoken(least['value'], row['unit'])} ({least['note']})"
    return spoken(entry["value"], row["unit"]) + note + end


def _lost(row: Row) -> float:
    """Return how far ours is behind the best of the others; accuracies are better where higher."""
    values = [entry["value"] for entry in _others(row)]
    ours = row["ours"]["value"]
    return max(values) - ours if row["unit"] == "share" else ours - min(values)


def _mean_lost(by_labels: dict[str, Row]) -> float:
    lost = [_lost(row) for row in by_labels.values()]
    return sum(lost) / len(lost)


def _beside_best(row: Row) -> str:
    best = (max if row["unit"] == "share" else min)(_others(row), key=lambda e: e["value"])
    gap = row["ours"]["value"] - best["value"]
    return (
        f"{spoken(row['ours']['value'], row['unit'])}, {best['name']} "
        f"{spoken(best['value'], row['unit'])}: {with_error(gap, None, row['unit'], signed=True)}"
    )
