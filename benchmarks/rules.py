"""Rules beside random questions: which win, which lose, and which can't be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.table import head, line, with_error

Row = dict[str, Any]
_CONFIDENCE = 0.95


def beside_random(rows: list[Row], marks: dict[str, str]) -> list[str]:
    """Return a line a rule, a column a set, the best rules first; and which rules lose.

    A rule wins or loses where Student's interval of the differences, start by start, is on one
    side of 0.
    """
    ranked = ranks(rows)
    lines = head("rule", *(f"{row['work']}{marks[row['run']]}" for row in rows))
    for name in ranked:
        first = name == rows[0]["ours"]["name"]
        lines.append(line(f"**{name}**" if first else name, *(_cell(row, name) for row in rows)))
    lines += [
        "",
        "Each cell: the area, and what it has more than that of random questions, in points.",
    ]
    for word, text in (("loses", "Lose to random questions"), ("open", "Not told apart from them")):
        lines += ["", f"{text}:", ""]
        for row in rows:
            names = [name for name in ranked if verdict(row, name) == word]
            lines.append(f"- on {row['work']}: {', '.join(names) if names else 'none'}.")
    return lines


def verdict(row: Row, name: str) -> str:
    """Return "wins", "loses", or "open"; "" of a rule that was not run, and of random questions."""
    found = gap_named(row, name)
    if found is None:
        return ""
    off = half_width(row, found["error"])
    return "wins" if found["value"] > off else "loses" if found["value"] < -off else "open"


def half_width(row: Row, error: float) -> float:
    """Return half of Student's interval of a mean over the starts of a row."""
    from scipy.stats import t

    n_starts = row["ours"]["runs"]
    return float(t.ppf((1 + _CONFIDENCE) / 2, n_starts - 1) * error)


def gap_named(row: Row, name: str) -> Row | None:
    """Return the difference of a rule from random questions."""
    return next((found for found in row.get("gaps", []) if found["name"] == name), None)


def ranks(rows: Sequence[Row]) -> list[str]:
    """Return all rules, by the mean of their differences over the sets on which all were run."""
    most = max(len(row["gaps"]) for row in rows)
    whole = [row for row in rows if len(row["gaps"]) == most]
    gains = {
        found["name"]: float(np.mean([gap_named(row, found["name"])["value"] for row in whole]))
        for found in whole[0]["gaps"]
    }
    (random,) = {found["against"] for row in rows for found in row["gaps"]}
    return sorted(gains | {random: 0.0}, key=lambda name: -(gains | {random: 0.0})[name])


def _cell(row: Row, name: str) -> str:
    for entry in (row["ours"], *row.get("also", [])):
        if entry["name"] == name:
            text = with_error(entry["value"], None, row["unit"])
            found = gap_named(row, name)
            if found is None:
                return text
            gain = with_error(found["value"], found["error"], row["unit"], signed=True)
            lost = " **loses**" if verdict(row, name) == "loses" else ""
            return f"{text}, {gain.removesuffix(' points')}{lost}"
    return ""
