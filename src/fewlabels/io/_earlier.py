"""The columns that an earlier run of ``fewlabels spread`` added to a table."""

from __future__ import annotations

import re
from collections.abc import Iterable

# As features, its answers would be fed back to it.
_EARLIER = re.compile(
    r"(predicted_)?(label|confidence|evidence|reached|second|doubt|possible)(_\d+)?"
)


def from_earlier_run(names: Iterable[str]) -> set[str]:
    """Return the columns that ``fewlabels spread`` added, if the table is one that it wrote."""
    found = {name for name in names if _EARLIER.fullmatch(name)}
    return found if {"confidence", "evidence", "reached"} <= found else set()
