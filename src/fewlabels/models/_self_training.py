"""Rounds of self-training: distributions spread once more, from all points at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.solvers import Callback
from fewlabels.systems import SpreadingSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Clamp:
    """Labelled points, and how firmly they are held to their labels.

    Attributes
    ----------
    nodes : ndarray of shape (n_labelled,), dtype intp
    rows : ndarray of shape (n_labelled, n_classes)
        Distributions of the labels.
    firmness : ndarray of shape (n_labelled,)
        In (0, 1].
    """

    nodes: IntArray
    rows: FloatArray
    firmness: FloatArray

    @classmethod
    def of(cls, nodes: IntArray, Y: FloatArray) -> Clamp:
        """Hold points to their rows of Y, in full from the median weight on."""
        weights = Y.sum(axis=1)
        firmness = np.minimum(1.0, weights / np.median(weights))
        return cls(nodes, Y / weights[:, None], firmness[:, None])

    def apply(self, Q: FloatArray) -> None:
        """Put the labels in place."""
        Q[self.nodes] = self.firmness * self.rows + (1 - self.firmness) * Q[self.nodes]


def self_trained(
    system: SpreadingSystem,
    root: FloatArray,
    Q: FloatArray,
    clamp: Clamp,
    answered: npt.NDArray[np.bool_],
    balance: Callable[[FloatArray], FloatArray],
    *,
    n_rounds: int,
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
) -> tuple[FloatArray, bool]:
    """Spread distributions, labels clamped, and balance the classes; some rounds of it.

        Q <- balance(M clamp(Q)),    M = D^-1/2 (1 - beta) (I - beta S)^-1 D^1/2.

    Rows of M sum to 1: row i says where a walk from i is when it ends, 1 / (1 - beta) steps on
    average from its start.

    Parameters
    ----------
    system : SpreadingSystem
        Of beta.
    root : ndarray of shape (n_nodes,)
        D^1/2; positive.
    Q : ndarray of shape (n_nodes, n_classes)
        Distributions; changed.
    clamp : Clamp
    answered : ndarray of shape (n_nodes,), bool
        Points whose distribution says something. The others keep theirs, and tell nobody.
    balance : callable
        Brings the classes to their shares.
    n_rounds, tol, max_iter, callback
        `tol` is of each round.

    Returns
    -------
    Q : ndarray of shape (n_nodes, n_classes)
        Clamped.
    converged : bool
    """
    converged = True
    for _ in range(n_rounds):
        clamp.apply(Q)
        B = np.where(answered[:, None], Q, 0) * root[:, None]
        answer = system.solve(B, tol=tol, max_iter=max_iter, start=B, callback=callback)
        converged &= bool(answer.converged.all())
        totals = answer.values.sum(axis=1)
        met = answered & (totals > 0)
        Q[met] = answer.values[met] / totals[met, None]
        Q = balance(Q)
    clamp.apply(Q)
    return Q, converged
