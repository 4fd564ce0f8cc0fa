"""Where the parts of a graph go in a layout that share no edge, and points that are new in it."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph.layouts._forces import Places

Nodes: TypeAlias = npt.NDArray[np.intp]

# A component with less than this share of the largest one's points is laid out apart.
_SMALL = 0.02
# Empty space between two parts, as a share of the whole, and between points that lie alone.
_GAP, _ALONE = 0.05, 1.0
# How far the places of new points spread over the graph before they are laid beside it.
_STEPS = 20


def groups(component_labels: npt.NDArray[np.int32]) -> tuple[list[Nodes], Nodes]:
    """Return the nodes that are laid out together, and those without a neighbour.

    The first group holds the large components, the second, if any, the small ones: among the
    large ones they would end up in a ring around them.
    """
    sizes = np.bincount(component_labels)
    size = sizes[component_labels]
    large = size >= max(2.0, _SMALL * sizes.max(initial=0))
    parts = [np.flatnonzero(large), np.flatnonzero(~large & (size > 1))]
    return [nodes for nodes in parts if len(nodes)], np.flatnonzero(size == 1)


def upright(places: Places) -> Places:
    """Turn the longest direction to the horizontal, as screens are, and its tail to the right."""
    spread = np.cov(places.T.astype(np.float64), bias=True)
    turned = places.astype(np.float64) @ np.linalg.eigh(spread)[1][:, ::-1]
    turned -= (turned.max(axis=0) + turned.min(axis=0)) / 2
    turned *= np.where((turned**3).sum(axis=0) < 0, -1.0, 1.0)
    return np.asarray(turned, dtype=np.float32)


def beside(blocks: list[Places]) -> list[Places]:
    """Move blocks, the largest first, so that each stands below on the right of those before."""
    placed: list[Places] = []
    low, high = np.zeros(2), np.zeros(2)
    for block in blocks:
        least, most = block.min(axis=0), block.max(axis=0)
        if placed:
            gap = _GAP * float((high - low).max())
            shift = np.array([high[0] + gap, low[1]]) - np.array([least[0], least[1]])
        else:
            shift = np.zeros(2)
            low, high = least.astype(float), most.astype(float)
        placed.append((block + shift).astype(np.float32))
        low = np.minimum(low, least + shift)
        high = np.maximum(high, most + shift)
    return placed


def isolated_places(n: int) -> Places:
    """Return the places of points that have no neighbours: rows of a square."""
    side = int(np.ceil(np.sqrt(n)))
    at = np.arange(n)
    return _ALONE * np.stack([at % side, at // side], axis=1).astype(np.float32)


def spread_out(masses: npt.NDArray[np.float32]) -> Places:
    """Return places on a disc, so that every one has room for its mass (Vogel 1979)."""
    within = (np.cumsum(masses, dtype=np.float64) - masses / 2) / masses.mean()
    angle = np.arange(len(masses)) * (np.pi * (3 - np.sqrt(5)))
    radius = np.sqrt(within / np.pi)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def new_places(weights: sparse.csr_array, start: Places) -> Places:
    """Fill the rows of NaN: each is the mean of its neighbours that have a place.

    Those that no place reaches along edges are laid below on the right.
    """
    places = start.copy()
    for _ in range(_STEPS):
        known = ~np.isnan(places[:, 0])
        open_ = np.flatnonzero(~known)
        if len(open_) == 0:
            return places
        ones = np.concatenate([np.where(known[:, None], places, 0), known[:, None]], axis=1)
        sums = weights[open_] @ ones.astype(np.float32)
        reached = sums[:, 2] > 0
        if not reached.any():
            break
        places[open_[reached]] = sums[reached, :2] / sums[reached, 2:]
    known = ~np.isnan(places[:, 0])
    left = np.flatnonzero(~known)
    if len(left):
        places[left] = beside([places[known], isolated_places(len(left))])[1]
    return places
