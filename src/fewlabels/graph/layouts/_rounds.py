"""The rounds of a layout: every point moves by what pulls and pushes it, all at the same time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import numpy.typing as npt

from fewlabels.graph._parallel import Workers
from fewlabels.graph.layouts._forces import Places, Push, pull
from fewlabels.graph.layouts._levels import Level

# The share of its last step that a point keeps, and the longest step, in widths of the kernel.
_MOMENTUM, _LONGEST = 0.8, 5.0
# Pull towards the middle, times the root of the number of points: far too little to shape
# a cluster, but clusters that share no edge would otherwise drift apart without end.
_GRAVITY = 5e-3
# Rows that a thread takes at once, and the size from which threads are worth it.
_ROWS_AT_ONCE, _WORTH_SHARING = 1 << 16, 20_000

Report = Callable[[int], object]


def move(
    level: Level,
    places: Places,
    attractions: npt.NDArray[np.float64],
    *,
    n_threads: int,
    report: Report,
    centred: bool = True,
) -> Places:
    """Return where the points are after as many rounds as there are `attractions`.

    Parameters
    ----------
    level : Level
    places : ndarray of shape (n, 2), float32
        Where they begin. Not modified.
    attractions : ndarray of shape (n_rounds,)
        How much stronger than in t-SNE the neighbours pull, in each round (its "exaggeration").
    n_threads : int
        Changes no bit of the result.
    report : callable
        Called with the number of points after each round.
    centred : bool, default=True
        Whether the middle stays at 0.
    """
    n = len(places)
    places = np.array(places, dtype=np.float32, order="C")
    momentum, pulls = np.zeros_like(places), np.empty_like(places)
    push = Push(level.masses)
    per_point = (1 / level.masses)[:, None]
    gravity = np.float32(_GRAVITY / np.sqrt(level.masses.sum(dtype=np.float64)))
    middle = places.mean(axis=0, dtype=np.float64).astype(np.float32)

    def rows_from(first: int) -> slice:
        return slice(first, min(first + _ROWS_AT_ONCE, n))

    def force(first: int) -> Places:
        if first < 0:
            return push(places)
        rows = rows_from(first)
        pull(level.weights, places, rows.start, rows.stop, pulls)
        return pulls

    def step(first: int) -> None:
        rows = rows_from(first)
        here, faster, pulled, pushed = places[rows], momentum[rows], pulls[rows], pushes[rows]
        faster *= np.float32(_MOMENTUM)
        pulled *= per_point[rows]
        faster += pulled
        pushed *= shrunk
        faster += pushed
        faster -= gravity * (here - middle)
        length = np.sqrt(np.einsum("ij,ij->i", faster, faster))
        far = np.flatnonzero(length > _LONGEST)
        faster[far] *= (_LONGEST / length[far])[:, None]
        here += faster

    firsts = range(0, n, _ROWS_AT_ONCE)
    shared = n_threads > 1 and n >= _WORTH_SHARING
    workers = Workers(n_threads) if shared else nullcontext()
    with workers as pool:
        each = map if pool is None else pool.map
        for attraction in attractions:
            shrunk = np.float32(1 / attraction)
            results = list(each(force, [-1, *firsts]))  # the longest first
            pushes = results[0]
            list(each(step, firsts))
            if centred:
                places -= places.mean(axis=0, dtype=np.float64).astype(np.float32)
                middle = np.zeros(2, dtype=np.float32)
            report(n)
    return places
