"""A graph of any size, made in blocks of rows: neighbours on rings, and chance acquaintances.

The nodes of class c are a stretch of consecutive numbers. Node i is joined

- to i - 1, ..., i - 3 and i + 1, ..., i + 3, around the whole ring, by weights 1, 1/2, 1/3;
- in each of `n_matchings` random matchings of its class, to its partner there, by weight 1;
- for a share of the nodes, to a partner anywhere, by weight 1/10: noise.

Which node is whose partner is computed, not stored, so that a block of rows needs memory for that
block only, and rows made in any order are the same: a keyed permutation E (a Feistel network; Luby
and Rackoff, 1988) gives every node a place, and places 2m and 2m + 1 are partners.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

_REACH = 3
_NOISE_WEIGHT = 0.1
_ROUNDS = 4
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Lattice:
    """The graph; its rows are made when asked for."""

    n_nodes: int
    n_classes: int = 10
    n_matchings: int = 2
    noise: float = 0.2
    seed: int = 0

    @property
    def class_starts(self) -> Any:
        """First node of each class, and `n_nodes`; the classes' sizes are uneven."""
        shares = 1 / (1 + np.arange(self.n_classes)) ** 0.55
        bounds = np.cumsum(shares / shares.sum())
        return np.concatenate([[0], np.rint(bounds * self.n_nodes)]).astype(np.int64)

    def truth(self) -> Any:
        """Return the class of every node, shape (n_nodes,), int32."""
        return np.repeat(np.arange(self.n_classes, dtype=np.int32), np.diff(self.class_starts))

    def rows(self, start: int, stop: int) -> sparse.csr_array:
        """Return rows `start` to `stop` of the affinity, shape (stop - start, n_nodes), float32.

        Symmetric over all blocks, zero diagonal, sorted indices without doubles.
        """
        nodes = np.arange(start, stop, dtype=np.int64)
        columns, weights = [], []
        for step in range(1, _REACH + 1):
            for sign in (-1, 1):
                columns.append((nodes + sign * step) % self.n_nodes)
                weights.append(np.full(len(nodes), 1 / step, dtype=np.float32))
        for number in range(self.n_matchings):
            columns.append(self._partners_in_class(nodes, number))
            weights.append(np.ones(len(nodes), dtype=np.float32))
        partners = _partners(nodes, self.n_nodes, self._key(self.n_matchings))
        chosen = _chance(np.minimum(nodes, partners), self._key(-1)) < self.noise
        columns.append(np.where(chosen, partners, nodes))
        weights.append(np.full(len(nodes), _NOISE_WEIGHT, dtype=np.float32))
        return self._block(nodes, np.stack(columns, axis=1), np.stack(weights, axis=1))

    def blocks(self, n_rows: int = 250_000) -> Iterator[sparse.csr_array]:
        """Yield all rows, `n_rows` at a time (about 100 bytes a row and edge while made)."""
        for start in range(0, self.n_nodes, n_rows):
            yield self.rows(start, min(start + n_rows, self.n_nodes))

    def _block(self, nodes: Any, columns: Any, weights: Any) -> sparse.csr_array:
        """Join the lists; no self-loops, and of an edge that stands twice the sum."""
        keep = columns != nodes[:, None]
        starts = np.concatenate([[0], np.cumsum(keep.sum(axis=1))])
        indices = columns[keep].astype(np.int32 if self.n_nodes < 2**31 else np.int64)
        shape = (len(nodes), self.n_nodes)
        block = sparse.csr_array((weights[keep], indices, starts), shape=shape)
        block.sum_duplicates()
        return block

    def _partners_in_class(self, nodes: Any, number: int) -> Any:
        starts = self.class_starts
        found = nodes.copy()
        first, last = np.searchsorted(starts, [nodes[0], nodes[-1]], side="right") - 1
        for c in range(first, last + 1):
            here = (nodes >= starts[c]) & (nodes < starts[c + 1])
            size = int(starts[c + 1] - starts[c])
            inside = nodes[here] - starts[c]
            found[here] = starts[c] + _partners(inside, size, self._key(number, c))
        return found

    def _key(self, *what: int) -> int:
        entropy = [self.seed, *(number + 1 for number in what)]
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])


def _partners(nodes: Any, size: int, key: int) -> Any:
    """Return each node's partner in a random matching of `size` nodes; itself for an odd one."""
    places = _permuted(nodes, size, key, inverse=False)
    other = places ^ 1
    lonely = other >= size
    other[lonely] = places[lonely]
    return _permuted(other, size, key, inverse=True)


def _permuted(values: Any, size: int, key: int, *, inverse: bool) -> Any:
    """Permute 0, ..., size - 1. Values outside are permuted again until they are inside."""
    half = max(1, (max(size - 1, 1).bit_length() + 1) // 2)
    result = _feistel(values.astype(np.uint64), half, key, inverse)
    outside = np.flatnonzero(result >= size)
    while len(outside):
        result[outside] = _feistel(result[outside], half, key, inverse)
        outside = outside[result[outside] >= size]
    return result.astype(np.int64)


def _feistel(values: Any, half: int, key: int, inverse: bool) -> Any:
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = values >> bits, values & mask
    rounds = range(_ROUNDS)
    for number in reversed(rounds) if inverse else rounds:
        if inverse:
            left, right = right ^ (_mixed(left, key + number) & mask), left
        else:
            left, right = right, left ^ (_mixed(right, key + number) & mask)
    return (left << bits) | right


def _mixed(values: Any, key: int) -> Any:
    """Scramble 64 bits (the finaliser of SplitMix64: Steele, Lea, Flood 2014)."""
    z = values + np.uint64(key * _GOLDEN % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _chance(values: Any, key: int) -> Any:
    """Return a number in [0, 1) for each value, the same whenever asked."""
    return _mixed(values.astype(np.uint64), key) / 2.0**64
