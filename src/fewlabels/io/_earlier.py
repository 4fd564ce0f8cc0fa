"""The columns that ``fewlabels spread``, ``predict`` or ``export`` added to a table."""

from __future__ import annotations

import re
from collections.abc import Iterable

# As features, its answers would be fed back to it.
_EARLIER = re.compile(
    r"(?:predicted_|fewlabels_)?"
    r"(label|confidence|evidence|reached|given|second|doubt|possible)(?:_\d+)?"
)
# What comes together: of the answers to rows, and of an export of the labelling page.
_TOGETHER = ({"confidence", "evidence", "reached"}, {"confidence", "evidence", "given", "doubt"})


def from_earlier_run(names: Iterable[str]) -> set[str]:
    """Return the columns that fewlabels added, if the table is one that it wrote."""
    found = {name: match[1] for name in names if (match := _EARLIER.fullmatch(name))}
    bare = set(found.values())
    return set(found) if any(together <= bare for together in _TOGETHER) else set()
