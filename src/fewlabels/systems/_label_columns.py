"""What labels took away from a covariance, kept so that it can be taken away and put back again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from fewlabels.solvers import run_all

FloatArray = npt.NDArray[np.floating]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Columns of an array: few are without use, and a product with one array is worth its call.
_COLUMNS = 32


class LabelColumns:
    """Columns Z, one a label, such that the labels downdate C to C - Z Z'.

    They are those of a Cholesky factorisation in the order of the labels, Z = C_v U^-1 with the
    columns C_v of the labels: the first ones are what the first labels take away. Row i of Z at
    label j is U_ij, except on the diagonal, where the noise has a part, too.

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
    diagonal : ndarray of shape (n_labels,), float64
        Of U.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._arrays: list[Float32Array] = []
        self.nodes: IntArray = np.empty(0, dtype=np.intp)
        self.shares: list[FloatArray] = []
        self.diagonal: FloatArray = np.empty(0)

    def append(
        self, nodes: IntArray, Z: Float32Array, shares: list[FloatArray], diagonal: FloatArray
    ) -> None:
        """Add the columns Z of shape (n, len(nodes)), what they took away, and U's diagonal."""
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
        self.diagonal = np.concatenate([self.diagonal, diagonal])

    def parts(self, first: int = 0) -> Iterator[tuple[slice, Float32Array]]:
        """Yield the columns from `first` on, some at once: which they are, and Z."""
        for i, array in enumerate(self._arrays):
            start = max(first, i * _COLUMNS)
            stop = min(len(self.nodes), (i + 1) * _COLUMNS)
            if start < stop:
                yield slice(start, stop), array[:, start - i * _COLUMNS : stop - i * _COLUMNS]

    def turned_without(self, lost: npt.NDArray[np.bool_]) -> Turn:
        """Return the rotation after which the columns are those of the other labels alone.

        From the first lost label on, C_v = Z U. Without the lost columns of U, U = Q R, so that
        Z Q are the columns that the others would have had alone, with the factor R.

        Parameters
        ----------
        lost : ndarray of shape (n_labels,), bool
            Some of the labels.
        """
        first = int(lost.argmax())
        kept = ~lost[first:]
        nodes = self.nodes[first:]
        U = np.diag(self.diagonal[first:])
        for which, Z in self.parts(first):
            rows = slice(which.start - first, which.stop - first)
            U[rows] += np.triu(Z[nodes].T.astype(np.float64), 1 + rows.start)
        if not kept.any():
            return Turn(first, kept, np.empty((len(kept), 0)), np.empty(0))
        Q, R = linalg.qr(U[:, kept], mode="economic")
        signs = np.where(R.diagonal() < 0, -1.0, 1.0)
        return Turn(first, kept, Q * signs, np.abs(R.diagonal()))

    def turn(self, turn: Turn, slices: list[slice]) -> None:
        """Drop the lost labels' columns, and put what the others would be alone in their place.

        Parameters
        ----------
        turn : Turn
        slices : list of slice
            The rows, in blocks that are worked on at once.
        """
        first, Q = turn.first, turn.Q.astype(np.float32)
        parts = list(self.parts(first))

        def block(i: int) -> None:
            rows = slices[i]
            new = np.hstack([Z[rows] for _, Z in parts]) @ Q
            for which, Z in parts:
                piece = new[:, which.start - first : which.stop - first]
                Z[rows, : piece.shape[1]] = piece

        if Q.shape[1]:
            run_all(block, len(slices))
        self.nodes = np.concatenate([self.nodes[:first], self.nodes[first:][turn.kept]])
        self.diagonal = np.concatenate([self.diagonal[:first], turn.diagonal])
        self.shares = [
            np.concatenate([share[:first], (turn.Q.T @ share[first:]).astype(share.dtype)])
            for share in self.shares
        ]
        del self._arrays[-(-len(self.nodes) // _COLUMNS) :]


@dataclass(frozen=True, eq=False)
class Turn:
    """How to take some labels out of the middle of the others; see :class:`LabelColumns`.

    Attributes
    ----------
    first : int
        The first lost label; those before it stay as they are.
    kept : ndarray of shape (m,), bool
        Which labels stay, of the m from there on.
    Q : ndarray of shape (m, n_kept), float64
        What their columns are multiplied by.
    diagonal : ndarray of shape (n_kept,), float64
        Of the factor that the columns then have.
    """

    first: int
    kept: npt.NDArray[np.bool_]
    Q: npt.NDArray[np.float64]
    diagonal: npt.NDArray[np.float64]
