"""An approximate search for nearest neighbours that measures how good it is.

The neighbours of a point are looked for in the cells near it (`_cells.py`), in a projection to
the leading principal components where there are many features, and then among the neighbours of
those found (`_nearest.py`), until a sample of the points, whose true neighbours are computed, has
found as many of them as asked for. How many cells that takes is read off the sample: for each of
its true neighbours it is known how many cells have to be looked into.

Dense features in memory are compared in all features from the first candidates on. Sparse ones, and
those in a file, are searched in the projection alone; some times k candidates are then ranked by
their distances in all features (`_rank.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._memory import available_memory, require_memory
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search._codes import bytes_of_codes
from fewlabels.graph.search._lists import Lists
from fewlabels.graph.search._nearest import LOOKED_AT
from fewlabels.graph.search._points import DensePoints, Points

IntArray = npt.NDArray[np.int64]

# Beyond this many features, cells are made and looked through in a projection to as many.
_PROJECTED = 128
# Operations to spend on the sample's true neighbours, and the sizes that the sample may have.
_SAMPLE_COST, _SMALLEST_SAMPLE, _LARGEST_SAMPLE = 4e10, 300, 1_000
# The recall on the sample has to be this much better than asked for: it is an estimate.
_MARGIN = 0.003
# The first look into cells shall find this share of what has to be found in the end: looking
# among neighbours' neighbours is then cheaper than into more cells.
_FIRST_LOOK = 0.85
# Lists are this many times as long as asked for: the neighbours' neighbours are then enough.
_SPARE = 1.6
# Where LOOKED_AT neighbours of as many bring no more: so many of so many. Of 60,000 texts in 50
# features that found 98 % of 30 neighbours, where a quarter of all cells did not hold them.
_WIDE_LOOK = 32
# Rounds among them go on while each brings this share of what is missing.
_LEAST_GAIN = 0.1
# Looking into more cells than hold this share of the points is no quicker than an exact search.
_MOST_VISITED = 0.25
_MOST_ROUNDS = 12


@dataclass(frozen=True)
class Found:
    """Neighbours from an approximate search.

    Attributes
    ----------
    indices : ndarray of shape (n_samples, k), dtype int64
        Nearest first, ties in the order of the index; a point itself is never among them.
    squared : ndarray of shape (n_samples, k), float32 or float64
        Squared distances, summed from the differences of all features.
    recall : float
        Share of the sample's true neighbours that were found.
    """

    indices: IntArray
    squared: npt.NDArray[np.floating]
    recall: float


def search(
    points: Points,
    k: int,
    *,
    min_recall: float,
    seed: int,
    workers: Workers,
    report: Callable[[float], object],
    most_sampled: int = _LARGEST_SAMPLE,
) -> Found | None:
    """Find the `k` nearest others of each point; None if `min_recall` takes an exact search.

    Parameters
    ----------
    points : Points
    k : int
        Less than the number of points.
    min_recall : float in (0, 1]
    seed : int
    workers : Workers
        The number of its threads changes nothing.
    report : callable
        Told the share that is done.
    most_sampled : int
        Size of the sample whose true neighbours are computed, at most.
    """
    if min_recall == 1:
        return None
    rng = np.random.default_rng(seed)
    n, d = points.n_points, points.n_features
    n_sampled = int(np.clip(_SAMPLE_COST / (n * min(d, 1000)), _SMALLEST_SAMPLE, _LARGEST_SAMPLE))
    sample = np.sort(rng.choice(n, min(n_sampled, most_sampled, n), replace=False))
    wanted = min(1.0, min_recall + _MARGIN)
    scattered: int | None = 0
    true = None
    for n_components, width in _trials(points, k):
        if n_components == scattered:
            continue  # longer lists don't help where neighbours lie in too many cells
        lists = Lists(points, k, n_components, width, sample, true, workers, rng)
        true = lists.true
        if _fill(lists, wanted, report):
            indices, squared = lists.result(report)
            reach = squared[sample] <= lists.reach[:, None]
            return Found(indices, squared, float(reach.mean()))
        if lists.empty:
            scattered = n_components
    return None


def _fill(lists: Lists, wanted: float, report: Callable[[float], object]) -> bool:
    """Fill the lists until `wanted` is reached; tell whether it was."""
    most = max(8, int(_MOST_VISITED * lists.n_cells))
    share, start, recall, done = _FIRST_LOOK * wanted, 0, 0.0, 0.0

    def tell(part: float) -> None:
        report(_further(done, part))

    for _ in range(_MOST_ROUNDS):
        stop = lists.cells_to_find(share, most)
        while stop is not None and start and stop < 1.5 * start and share < 1:
            share = _next_share(share, wanted)
            stop = lists.cells_to_find(share, most)
        if stop is None or stop <= start:
            return False
        found_before = recall
        lists.look(range(start, stop), tell)
        recall, done = lists.recall(), _further(done, 1)
        for looked_at in _looks(lists.width):
            while recall < wanted:
                before = recall
                lists.refine(tell, looked_at)
                recall, done = lists.recall(), _further(done, 1)
                if recall - before < _LEAST_GAIN * (wanted - recall):
                    break
        if recall >= wanted:
            return True
        if recall - found_before < 0.1 * (wanted - recall):
            return False  # what is missing is not in more cells, but lost in the projection
        start, share = stop, _next_share(share, wanted)
    return False


def _looks(width: int) -> list[int]:
    """List how many neighbours of how many to look at: more where rounds with few bring little."""
    wide = min(_WIDE_LOOK, width)
    return [LOOKED_AT, wide] if wide > LOOKED_AT else [LOOKED_AT]


def _next_share(share: float, wanted: float) -> float:
    """Come half the way to the share that is wanted, and then to all."""
    share = (share + wanted) / 2 if share < wanted - 0.002 else (share + 1) / 2
    return share if share < 0.9995 else 1.0


def _further(done: float, part: float) -> float:
    """Return how far all is after `part` of a round; nobody knows how many there will be."""
    return done + part * 0.4 * (0.9 - done)


def _trials(points: Points, k: int) -> list[tuple[int | None, int]]:
    """List numbers of components to try (None is all), each with the length of the lists."""
    n, d = points.n_points, points.n_features
    if isinstance(points, DensePoints) and not points.in_file:
        require_memory(
            n * (4 * d + bytes_of_codes(d) + 4 * min(d, _PROJECTED) + 48 * k),
            f"an approximate search of {n:,} points with {d:,} features",
            "Save the features to a file and pass fewlabels.io.open_features(path), which holds "
            "a projection of them only.",
        )
        projections = [c for c in (_PROJECTED, 2 * _PROJECTED, 4 * _PROJECTED) if 1.5 * c < d]
        width = min(n - 1, math.ceil(_SPARE * k))
        return [*((c, width) for c in projections), (None, width)]
    # The projection is all that is held of a file: it has to be smaller than the file.
    in_file = isinstance(points, DensePoints)
    first = min(_PROJECTED, -(-d // 2) if in_file else d)
    steps = ((1, 2), (2, 4), (2, 8), (4, 8))  # components, candidates
    tried = [(min(d, c * first), min(n - 1, f * k)) for c, f in steps]
    needed = {(c, width): n * (6 * c + 22 * width + 24 * k + 90) for c, width in tried}
    room = 0.8 * available_memory()
    require_memory(
        int(needed[tried[0]] / 0.8),
        f"an approximate search of {n:,} points",
        "Ask for fewer neighbours, or search a sample of the rows.",
    )
    return [*(trial for trial, n_bytes in needed.items() if n_bytes <= room)] or [*tried[:1]]
