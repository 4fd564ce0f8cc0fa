"""A graph made smaller and smaller: nodes join a neighbour, and stand for it from then on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

# Nodes that are neither chosen nor beside one that is are looked at again so many times; those
# that are left then stand for themselves.
_PASSES = 12


@dataclass(frozen=True)
class Level:
    """One of the graphs, from the finest to the coarsest.

    Attributes
    ----------
    weights : csr_array of shape (n, n), float32
        Summed over the nodes that were joined.
    masses : ndarray of shape (n,), float32
        How many points each node stands for.
    parents : ndarray of shape (n,), int32 or None
        Which node of the next level stands for each; None at the coarsest.
    """

    weights: sparse.csr_array
    masses: npt.NDArray[np.float32]
    parents: npt.NDArray[np.int32] | None


def levels(weights: sparse.csr_array, n_most: int, rng: np.random.Generator) -> list[Level]:
    """Return the graph, and what becomes of it until `n_most` nodes or fewer are left.

    Each level holds about a tenth of the nodes of the one before. It ends earlier where nodes
    have hardly any neighbours left to join.
    """
    masses = np.ones(weights.shape[0], dtype=np.float32)
    found = []
    while len(masses) > n_most:
        parents = _parents(weights, rng)
        n_parents = int(parents.max()) + 1
        if n_parents > 0.8 * len(masses):
            break
        found.append(Level(weights, masses, parents))
        joined = sparse.csr_array(
            (np.ones(len(parents), dtype=np.float32), (parents, np.arange(len(parents)))),
            shape=(n_parents, len(parents)),
        )
        weights = sparse.csr_array(joined @ weights @ joined.T)
        weights.setdiag(0)
        weights.eliminate_zeros()
        weights.indices = weights.indices.astype(np.int32, copy=False)
        weights.indptr = weights.indptr.astype(np.int32, copy=False)
        masses = joined @ masses
    found.append(Level(weights, masses, None))
    return found


def _parents(weights: sparse.csr_array, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Choose nodes, no two of them neighbours (Luby 1986); the others join the nearest chosen."""
    n = weights.shape[0]
    joins = np.full(n, -1, dtype=np.int64)
    # Those with many neighbours rather come first: in a star, the centre and not its rays. 0 is
    # said of the nodes that are settled.
    drawn = np.sqrt(np.diff(weights.indptr)) * rng.random(n)
    rank = np.empty(n, dtype=np.int32)
    rank[np.argsort(drawn, kind="stable")] = np.arange(1, n + 1, dtype=np.int32)
    rows = np.flatnonzero(np.diff(weights.indptr))
    counts, indices, data = np.diff(weights.indptr)[rows], weights.indices, weights.data
    for _ in range(_PASSES):
        open_ = joins < 0
        left = open_[rows]
        if not left.any():
            break
        if not left.all():  # only their edges are looked at again
            entries = np.repeat(left, counts)
            rows, counts, indices, data = rows[left], counts[left], indices[entries], data[entries]
        starts = np.cumsum(counts) - counts
        among = np.where(open_, rank, np.int32(0))
        best = np.zeros(n, dtype=np.int32)
        best[rows] = np.maximum.reduceat(among[indices], starts)
        chosen = open_ & (among > best)
        nearest = np.where(chosen[indices], data, np.float32(0))
        largest = np.maximum.reduceat(nearest, starts)
        place = np.flatnonzero((nearest > 0) & (nearest == np.repeat(largest, counts)))
        owner = np.searchsorted(starts, place, side="right") - 1
        first = np.r_[True, owner[1:] != owner[:-1]] if len(owner) else np.zeros(0, dtype=bool)
        joining, place = rows[owner[first]], place[first]
        free = ~chosen[joining]
        joins[np.flatnonzero(chosen)] = np.flatnonzero(chosen)
        joins[joining[free]] = indices[place[free]]
    alone = np.flatnonzero(joins < 0)
    joins[alone] = alone
    return np.unique(joins, return_inverse=True)[1].astype(np.int32)
