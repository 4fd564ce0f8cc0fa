"""The columns that ``fewlabels spread``, ``predict`` or ``export`` added to a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

# As features, its answers would be fed back to it. A number only tells a taken name from another.
_EARLIER = re.compile(
    r"(label|confidence|evidence|reached|given|second|doubt|possible)"
    r"|(?:predicted_|fewlabels_)"
    r"(label|confidence|evidence|reached|given|second|doubt|possible)(_\d+)?"
)
# What comes together: of the answers to rows, and of an export of the labelling page.
_TOGETHER = ({"confidence", "evidence", "reached"}, {"confidence", "evidence", "given", "doubt"})
_ALWAYS = ("confidence", "evidence", "doubt")
# Each run adds one of these, right after the evidence.
_EITHER = ("reached", "given")

EARLIER = "added by an earlier run"  # why a column is left out


def from_earlier_run(names: Iterable[str]) -> set[str]:
    """Return the columns that fewlabels added, if the table is one that it wrote.

    A run puts its name before that of a column which was there already. Each run adds each of
    `_ALWAYS` once, and one of `_EITHER`: what has more such names than these was in the table
    before any run, and is the user's, unless it is the labels.
    """
    names = list(names)
    found = [match for name in names if (match := _EARLIER.fullmatch(name))]
    first = {match[1] or match[2] for match in found if not match[3]}
    if not any(together <= first for together in _TOGETHER):
        return set()
    renamed = Counter(match[2] for match in found if match[2])
    least = min(renamed[name] for name in _ALWAYS if name in first)
    renamed["label"] = 0
    added = [match for match in found if match[2] or renamed[match[1]] <= least]
    return {match[0] for match in added} - _in_excess(names, added, n_runs=least + 1)


def _in_excess(names: list[str], added: list[re.Match[str]], n_runs: int) -> set[str]:
    """Return the columns of `added` that no run can have added, beside those that runs did."""
    times = Counter(match[1] or match[2] for match in added)
    first = {match[1] for match in added}
    evidence = {match[0] for match in added if "evidence" in match.groups()}
    after_it = {name for before, name in pairwise(names) if before in evidence}
    own = {name for name in _EITHER if name in first and name not in after_it}
    # the columns may have been put into another order since: then nobody can tell
    if sum(times[name] for name in _EITHER) - len(own) != n_runs:
        own = set()
    times.subtract(own)
    if times["possible"] > times["reached"] and "possible" in first:
        own.add("possible")  # only runs that add the one add the other
    return own
