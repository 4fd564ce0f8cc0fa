"""The pieces of work that are timed: ours and the peers', each by a name.

A work takes its inputs, its settings and a clock, times its parts by ``with clock(name):``, and
returns arrays for the case to judge. It runs in a process of its own (`benchmarks.child`).
"""

from __future__ import annotations

from benchmarks.works import (
    accuracy,
    confidence,
    disk,
    features,
    fits,
    kinds,
    neighbors,
    proofs,
    queries,
    suspects,
    whole,
)
from benchmarks.works.work import Work

WORKS: dict[str, Work] = {
    **neighbors.WORKS,
    **fits.WORKS,
    **whole.WORKS,
    **disk.WORKS,
    **features.WORKS,
    **accuracy.WORKS,
    **confidence.WORKS,
    **suspects.WORKS,
    **kinds.WORKS,
    **queries.WORKS,
    **proofs.WORKS,
}

__all__ = ["WORKS", "Work"]
