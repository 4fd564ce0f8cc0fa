"""Points near each other, by the graph: alike ones, and groups that are confirmed at a glance."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from fewlabels.labelling._snapshot import Predicted

if TYPE_CHECKING:
    from fewlabels.graph import Graph

# Points that are looked at for each one that is wanted.
_LOOKED_AT = 40
# What a grid holds at least, and how sure the model is of each point in it.
_SMALLEST = 6
_SURE = 0.75
_SEEDS = 4
# A point that was in a grid, and is still open, is not shown again as the same class before so
# many more labels have been given.
_LEARNED = 50


def nearest(graph: Graph, point: int, n: int, wanted: Callable[[int], bool]) -> list[int]:
    """Return the `n` points nearest to one that are wanted, the nearest first.

    Near is what strong edges lead to: by the product of the weights along the best path, relative
    to the heaviest edge of each point on it. At most 40 points a wanted one are looked at.
    """
    weights = graph.affinity
    found: list[int] = []
    heap: list[tuple[float, int]] = [(0.0, point)]
    done: set[int] = set()
    while heap and len(found) < n and len(done) < _LOOKED_AT * max(n, 1):
        cost, here = heapq.heappop(heap)
        if here in done:
            continue
        done.add(here)
        if here != point and wanted(here):
            found.append(here)
        if isinstance(weights, np.ndarray):
            there = np.flatnonzero(weights[here])
            strength = weights[here, there]
        else:
            start, end = weights.indptr[here], weights.indptr[here + 1]
            there, strength = weights.indices[start:end], weights.data[start:end]
        if not len(there):
            continue
        steps = 1e-3 - np.log(strength.astype(np.float64) / strength.max())
        for other, step in zip(there.tolist(), steps.tolist(), strict=True):
            if other not in done:
                heapq.heappush(heap, (cost + step, other))
    return found


class Shown:
    """What was in grids. Whoever looked did not confirm what is still open.

    There the model is sure, and is not to be believed; the same points would come again and again.
    """

    def __init__(self) -> None:
        self._shown: dict[int, tuple[int, int]] = {}

    def note(self, points: Iterable[int], class_id: int, n_labels: int) -> None:
        """Remember a grid, and how many labels there were."""
        self._shown.update(dict.fromkeys(points, (class_id, n_labels)))

    def is_new(self, point: int, class_id: int, n_labels: int) -> bool:
        """Return whether a point may be shown as this class (again)."""
        before = self._shown.get(point)
        return before is None or before[0] != class_id or n_labels >= before[1] + _LEARNED


def neighbourhood(
    graph: Graph,
    snapshot: Predicted,
    is_open: Callable[[int], bool],
    *,
    near: int | None,
    size: Callable[[int], int],
    n_labels: Callable[[int], int],
    random_state: int,
) -> tuple[int, list[int]] | None:
    """Return near points that the model takes for one class, and that class; or None.

    Classes take turns: first comes the one that has the fewest labels beside the points that the
    model takes for it, so that labels come in the shares of the classes. Were it the one of which
    the model is surest, it would be the same one till nothing is left of it, the others would have
    few labels meanwhile, and the answers to their points would go wrong.

    Parameters
    ----------
    graph : Graph
    snapshot : Predicted
    is_open : callable
        Whether a point may be in it: it has no label, and nobody is asked about it.
    near : int or None
        The point around which to look. None: a few points of a class of which the model is sure
        are tried, and the largest group is taken, of these the surest.
    size : callable
        The most points in a grid of a class; 0 for none.
    n_labels : callable
        How many labels a class has.
    random_state : int
    """

    def around(seeds: Iterable[int], class_id: int, least: int) -> tuple[int, list[int]] | None:
        n = size(class_id) if class_id >= 0 else 0
        best: tuple[int, float, list[int]] | None = None

        def fits(point: int) -> bool:
            same = snapshot.codes[point] == class_id and snapshot.confidence[point] >= _SURE
            return bool(same) and is_open(point)

        for seed in seeds if n else ():
            group = nearest(graph, seed, n - 1 if fits(seed) else n, fits)
            if fits(seed):
                group.insert(0, seed)
            sure = float(snapshot.confidence[group].mean()) if group else 0.0
            if len(group) >= least and (best is None or (len(group), sure) > best[:2]):
                best = (len(group), sure, group)
        return None if best is None else (class_id, best[2])

    if near is not None:
        return around([near], int(snapshot.codes[near]), 1)
    rng = np.random.default_rng(random_state)
    for class_id in _in_turn(snapshot, n_labels):
        seeds = _seeds(snapshot, class_id, is_open, rng) if size(class_id) else ()
        found = around(seeds, class_id, _SMALLEST)
        if found is not None:
            return found
    return None


def _in_turn(snapshot: Predicted, n_labels: Callable[[int], int]) -> list[int]:
    """Return the classes, first the one that has the fewest labels for its points."""
    n_points = np.bincount(snapshot.codes[snapshot.codes >= 0])
    classes = np.flatnonzero(n_points).tolist()
    return sorted(classes, key=lambda class_id: n_labels(class_id) / n_points[class_id])


def _seeds(
    snapshot: Predicted, class_id: int, is_open: Callable[[int], bool], rng: np.random.Generator
) -> list[int]:
    sure = np.flatnonzero((snapshot.codes == class_id) & (snapshot.confidence >= _SURE))
    tried = rng.permutation(sure)[: 50 * _SEEDS].tolist()
    return [point for point in tried if is_open(point)][:_SEEDS]
