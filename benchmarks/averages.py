"""Means over draws of labels, their standard errors, and differences draw by draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.results import Entry, Gap


def mean_entry(name: str, values: Any, note: str = "") -> Entry:
    """Return the mean over draws with its standard error."""
    return Entry(name, float(np.mean(values)), error=standard_error(values), note=note)


def gap(name: str, against: str, ours: Any, theirs: Any) -> Gap:
    """Return what ours has more than theirs on the same draws."""
    added = np.subtract(ours, theirs)
    return Gap(name, against, float(added.mean()), standard_error(added))


def gap_to_best(name: str, ours: Any, others: Mapping[str, Any]) -> Gap:
    """Return what ours has more than the other with the highest mean, chosen in hindsight."""
    best = max(others, key=lambda who: float(np.mean(others[who])))
    return gap(name, best, ours, others[best])


def of_best_setting(found: Mapping[tuple[str, Any], Any]) -> dict[str, Any]:
    """Return of each name the values of the setting with the highest mean, chosen in hindsight.

    Parameters
    ----------
    found : mapping of (name, setting) to values
    """
    names = dict.fromkeys(name for name, _ in found)
    return {
        name: max((of for (who, _), of in found.items() if who == name), key=np.mean)
        for name in names
    }


def standard_error(values: Any) -> float:
    """Return the standard error of a mean; the values must be two at least."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))
