"""The papers' equations, solved densely and as plainly as they are written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def dense(weights: Any) -> FloatArray:
    return np.asarray(weights.toarray() if sparse.issparse(weights) else weights, dtype=np.float64)


def reached(W: FloatArray, labelled: BoolArray) -> BoolArray:
    """Nodes that a walk from a labelled node can come to."""
    found = labelled.copy()
    while True:
        more = found | (W[:, found] > 0).any(axis=1)
        if (more == found).all():
            return found
        found = more


def spreading(W: FloatArray, Y: FloatArray, alpha: float) -> FloatArray:
    """F = (1 - alpha) (I - alpha S)^-1 Y (Zhou et al., NIPS 2003, equation 4)."""
    degrees = W.sum(axis=1)
    root = np.sqrt(np.where(degrees > 0, degrees, 1))
    S = W / root[:, None] / root
    F = np.linalg.solve(np.eye(len(W)) - alpha * S, (1 - alpha) * Y)
    F[~reached(W, Y.any(axis=1))] = 0
    return F


def harmonic(W: FloatArray, Y: FloatArray) -> FloatArray:
    """F_u = (D_uu - W_uu)^-1 W_ul Y_l, F_l = Y_l (Zhu et al., ICML 2003, equation 5)."""
    labelled = Y.any(axis=1)
    unknown = reached(W, labelled) & ~labelled
    laplacian = np.diag(W.sum(axis=1)) - W
    F = Y.copy()
    F[unknown] = np.linalg.solve(
        laplacian[np.ix_(unknown, unknown)], W[np.ix_(unknown, labelled)] @ Y[labelled]
    )
    return F


def distributions(F: FloatArray, prior: FloatArray) -> FloatArray:
    """Rows divided by their sums; the prior where a row holds nothing."""
    return np.array([row / row.sum() if row.any() else prior for row in F])


def components_of(W: FloatArray) -> list[npt.NDArray[np.intp]]:
    """Nodes of each connected component, ascending."""
    left, found = set(range(len(W))), []
    while left:
        reached, front = set(), {min(left)}
        while front:
            reached |= front
            front = {j for i in front for j in np.flatnonzero(W[i])} - reached
        found.append(np.array(sorted(reached)))
        left -= reached
    return found


def poisson_sources(W: FloatArray, Y: FloatArray) -> FloatArray:
    """sum_j t_j (y_j - ybar) delta_j in each component, Y holding t_j y_j."""
    B = np.zeros_like(Y)
    for nodes in components_of(W):
        totals = Y[nodes].sum(axis=1, keepdims=True)
        if totals.any():
            B[nodes] = Y[nodes] - totals * Y[nodes].sum(axis=0) / totals.sum()
    return B


def poisson(W: FloatArray, Y: FloatArray) -> FloatArray:
    """u = L^+ B, its mean by degree taken out (Calder et al., ICML 2020, equation 2.1)."""
    u, B = np.zeros_like(Y), poisson_sources(W, Y)
    for nodes in components_of(W):
        w = W[np.ix_(nodes, nodes)]
        d = w.sum(axis=1)
        if d.any():
            x = np.linalg.pinv(np.diag(d) - w, rcond=1e-12) @ B[nodes]
            u[nodes] = x - d @ x / d.sum()
    return u


def poisson_walk(W: FloatArray, Y: FloatArray, n_steps: int) -> FloatArray:
    """u <- u + D^-1 (B - L u) from 0, centred by degree (Calder et al., ICML 2020, algorithm 1)."""
    B, d = poisson_sources(W, Y), W.sum(axis=1, keepdims=True)
    u = np.zeros_like(B)
    inverse = np.divide(1, d, out=np.zeros_like(d), where=d > 0)
    for _ in range(n_steps):
        u = u + inverse * (B - (d * u - W @ u))
    return u


def poisson_unit(W: FloatArray, u: FloatArray) -> FloatArray:
    """The mean of sum_c |u_ic| / 2 over each node's component, by degree."""
    unit, d = np.zeros(len(W)), W.sum(axis=1)
    for nodes in components_of(W):
        if d[nodes].any():
            unit[nodes] = d[nodes] @ np.abs(u[nodes]).sum(axis=1) / 2 / d[nodes].sum()
    return unit


def grounded(W: FloatArray, ground: FloatArray) -> FloatArray:
    """A = diag(W 1 + g) - W."""
    return np.diag(W.sum(axis=1) + ground) - W


def exact_inverse(W: FloatArray, ground: FloatArray) -> list[list[Fraction]]:
    """Invert A = diag(W 1 + g) - W in rational numbers, by Gauss and Jordan."""
    n = len(W)
    A = [[-Fraction(float(w)) for w in row] for row in W]
    for i in range(n):
        A[i][i] = sum((Fraction(float(w)) for w in W[i]), Fraction(float(ground[i])))
    rows = [A[i] + [Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    for k in range(n):
        pivot = rows[k][k]
        rows[k] = [entry / pivot for entry in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[n:] for row in rows]


def relative_errors(found: FloatArray, exact: list[list[Fraction]]) -> FloatArray:
    """|found - exact| / exact of each entry; 0 where both are 0."""
    return np.array(
        [
            [
                float(abs(Fraction(float(value)) - true) / true) if true else float(value != 0)
                for value, true in zip(values, trues, strict=True)
            ]
            for values, trues in zip(found, exact, strict=True)
        ]
    )
