"""What labels took away from a covariance, kept so that it can be taken away and put back again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Columns of an array: few are without use, and a product with one array is worth its call.
_COLUMNS = 32


class LabelColumns:
    """Columns Z, one a label, such that the labels downdate C to C - Z Z'.

    They are those of a Cholesky factorisation in the order of the labels: the first ones are what
    the first labels take away, wherever they are cut.

    Parameters
    ----------
    n : int
        Number of nodes.

    Attributes
    ----------
    nodes : ndarray of shape (n_labels,), intp
        In the order of the columns.
    shares : list of ndarray of shape (n_labels, n_columns of X)
        For each array X that was downdated, X <- X - Z shares.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._arrays: list[Float32Array] = []
        self.nodes: IntArray = np.empty(0, dtype=np.intp)
        self.shares: list[FloatArray] = []

    def append(self, nodes: IntArray, Z: Float32Array, shares: list[FloatArray]) -> None:
        """Add the columns Z of shape (n, len(nodes)), and what they took away."""
        done = 0
        while done < len(nodes):
            place = (len(self.nodes) + done) % _COLUMNS
            if place == 0:
                self._arrays.append(np.empty((self._n, _COLUMNS), dtype=np.float32))
            size = min(_COLUMNS - place, len(nodes) - done)
            self._arrays[-1][:, place : place + size] = Z[:, done : done + size]
            done += size
        self.nodes = np.concatenate([self.nodes, nodes])
        if self.shares:
            shares = [np.concatenate(pair) for pair in zip(self.shares, shares, strict=True)]
        self.shares = shares

    def parts(self, first: int = 0) -> Iterator[tuple[slice, Float32Array]]:
        """Yield the columns from `first` on, some at once: which they are, and Z."""
        for i, array in enumerate(self._arrays):
            start = max(first, i * _COLUMNS)
            stop = min(len(self.nodes), (i + 1) * _COLUMNS)
            if start < stop:
                yield slice(start, stop), array[:, start - i * _COLUMNS : stop - i * _COLUMNS]

    def cut(self, n_labels: int) -> None:
        """Forget all but the first labels."""
        self.nodes = self.nodes[:n_labels]
        self.shares = [share[:n_labels] for share in self.shares]
        del self._arrays[-(-n_labels // _COLUMNS) :]
