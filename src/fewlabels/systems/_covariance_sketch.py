"""The covariance of large graphs, in sketches that each label updates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from fewlabels._memory import require_memory
from fewlabels.graph import Graph
from fewlabels.solvers import row_blocks, run_all
from fewlabels.systems._field import GaussianField

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Two sketches, their signs, and the three vectors of the iteration on some columns.
_ARRAYS_OF_COLUMNS = 4
_WORK_COLUMNS = 160
# Columns of duplicates are the same; so much of the mean variance keeps them apart.
_JITTER = 1e-6
# Labels whose columns are solved for together.
_LABELS_AT_ONCE = 64


class SketchedCovariance:
    """What query rules ask of C = A^-1, A = L + c D, from a few dozen columns.

    With random signs Omega of shape (n, k), and S = s (I - N)^-1/2 such that C = S S'::

        R = C Omega / sqrt(k):  |C e_v|^2  is about  |e_v' R|^2,
        T = S Omega / sqrt(k):  C_vv       is about  |e_v' T|^2,

    each within a relative standard deviation of at most sqrt(2 / k) (Johnson, Lindenstrauss).
    C 1 is solved for as it is. Labels at nodes v take away what their columns tell, from all
    three in the same way::

        X <- X - C_v (C_vv + noise)^-1 X_v,    X = R, T or C 1,

    with C_v the exact columns, so that sketches stay what they would be if they were drawn
    anew. Columns that were solved for to look ahead serve again when the labels come.

    Parameters
    ----------
    graph : Graph
    alpha : float in (0, 1)
        c = (1 - alpha) / alpha.
    noise : float, default=0.0
        Variance of a label, in the unit of C.
    labelled : ndarray of intp
        Distinct nodes, ascending.
    norms : bool, default=True
        Whether R is wanted. It is half of the cost.
    n_columns : int, default=64
        k.
    seed : int, default=0
        Of the signs.

    Raises
    ------
    NotEnoughMemoryError
        If the sketches do not fit.

    Notes
    -----
    Cost: 2 k + 1 columns to prepare; a column a label, one after the other in a batch that is
    chosen, all at once where labels come unasked. Memory 8 n k bytes, twice that to prepare.

    References
    ----------
    W. B. Johnson and J. Lindenstrauss, "Extensions of Lipschitz mappings into a Hilbert space",
    1984. For effective resistances: D. A. Spielman and N. Srivastava, "Graph sparsification by
    effective resistances", STOC 2008. A sample that a difference makes one of the posterior:
    Y. Hoffman and E. Ribak, "Constrained realizations of Gaussian fields", 1991.
    """

    def __init__(
        self,
        graph: Graph,
        alpha: float,
        noise: float = 0.0,
        *,
        labelled: IntArray | None = None,
        norms: bool = True,
        n_columns: int = 64,
        seed: int = 0,
    ) -> None:
        n = graph.n_nodes
        require_memory(
            4 * n * (_ARRAYS_OF_COLUMNS * n_columns + _WORK_COLUMNS),
            f"the covariance sketch of {n:,} points in {n_columns} columns",
            'Use fewer columns, or a rule that needs the predictions only, such as "margin".',
        )
        self._field = GaussianField(graph, alpha, noise)
        self.noise = noise
        self._k = n_columns
        self._norms = norms
        self._seed = seed
        self._slices = row_blocks(n, n_columns, n)
        self._prepare()
        if labelled is not None:
            self.observe(labelled)

    def _prepare(self) -> None:
        """Sketch the covariance that no label has touched."""
        self.labelled: IntArray = np.empty(0, dtype=np.intp)
        rng = np.random.default_rng(self._seed)
        signs = rng.integers(0, 2, size=(self._field.n, self._k), dtype=np.int8)
        signs *= 2
        signs -= 1
        sketches = [self._field.samples(signs, self.labelled)]
        if self._norms:
            sketches.append(self._field.apply(signs, self.labelled))
        for X in sketches:
            X /= np.float32(np.sqrt(self._k))
        self.sketches = sketches  # T, and R where it was asked for
        ones = np.ones((self._field.n, 1), dtype=np.float32)
        self.row_sums = self._field.apply(ones, self.labelled)[:, 0].astype(np.float64)
        self._known: dict[int, Float32Array] = {}  # columns that were looked at ahead

    def observe(self, labelled: IntArray) -> None:
        """Condition on `labelled`, all labelled nodes: by downdates where some were added.

        Up to the solver's error, what comes out does not depend on the order of the labels.
        """
        added = np.setdiff1d(labelled, self.labelled)
        if len(labelled) - len(added) != len(self.labelled):
            self._prepare()
            added = labelled
        for start in range(0, len(added), _LABELS_AT_ONCE):
            self._take_in(added[start : start + _LABELS_AT_ONCE])

    def _take_in(self, added: IntArray) -> None:
        columns = self.columns(added)
        total = columns[added].astype(np.float64)
        total = (total + total.T) / 2
        total[np.diag_indices(len(added))] += self.noise + _JITTER * np.trace(total) / len(added)
        factor = linalg.cho_factor(total)
        answers = np.array([self.noise_of(int(node)) for node in added])
        self.row_sums -= columns @ linalg.cho_solve(factor, self.row_sums[added])
        for X, noise in zip(self.sketches, (answers, np.zeros_like(answers)), strict=False):
            shares = linalg.cho_solve(factor, X[added] + noise).astype(np.float32)

            def block(i: int, X: Float32Array = X, shares: Float32Array = shares) -> None:
                rows = self._slices[i]
                X[rows] -= columns[rows] @ shares

            run_all(block, len(self._slices))
        self.labelled = np.union1d(self.labelled, added)
        self._known = {}

    def noise_of(self, node: int) -> FloatArray:
        """Return a sample of the noise of each column's label at `node`, whenever it comes."""
        signs = np.random.default_rng((self._seed, node)).choice((-1.0, 1.0), size=self._k)
        return np.asarray(np.sqrt(self.noise / self._k) * signs)

    def columns(self, nodes: IntArray) -> Float32Array:
        """Return C at `nodes`, shape (n, len(nodes)); solves for those not looked at before."""
        missing = [int(v) for v in nodes if int(v) not in self._known]
        if missing:
            solved = self._field.columns(np.array(missing), self.labelled)
            if len(missing) == len(nodes):
                return solved
        result = np.empty((self._field.n, len(nodes)), dtype=np.float32)
        for j, v in enumerate(nodes):
            place = missing.index(int(v)) if int(v) in missing else None
            result[:, j] = self._known[int(v)] if place is None else solved[:, place]
        return result

    def lookahead(self, weights: FloatArray | None = None) -> SketchedLookahead:
        """Return a view that may be conditioned on further nodes; it is used up by `observe`."""
        if weights is None:
            return SketchedLookahead(self, self.row_sums.copy())
        sums = self._field.apply(weights[:, None], self.labelled)[:, 0]
        return SketchedLookahead(self, sums.astype(np.float64))

    def column_given(self, node: int, supposed: Sequence[int]) -> Float32Array:
        """Return the column of C at `node` as it is with labels at `supposed` too, shape (n,)."""
        if not supposed and node in self._known:
            return self._known[node]
        labelled = np.concatenate([self.labelled, np.array(supposed, dtype=np.intp)])
        return self._field.columns(np.array([node]), labelled)[:, 0]

    def remember(self, node: int, column: Float32Array) -> None:
        """Keep the column of `node`, which looking ahead has solved for."""
        self._known[node] = column


class SketchedLookahead:
    """Sketches to look ahead with; see :class:`Lookahead`.

    What a supposed label at v takes away has rank one: row u of X loses C_uv a, with
    a = X_v / (C_vv + noise), where a sample X_v has its noise added. The sketches stay as they
    are, and only the norms of their rows are brought up to date:

        |X_u - C_uv a|^2 = |X_u|^2 - 2 C_uv X_u a + C_uv^2 |a|^2.

    Cost of a label: one column, and two products of a sketch with a vector.
    """

    def __init__(self, base: SketchedCovariance, row_sums: FloatArray) -> None:
        self._base = base
        self._picks: list[_Pick] = []
        self.row_sums = row_sums
        self._norms = [squared_row_norms(X) for X in base.sketches]

    @property
    def variances(self) -> FloatArray:
        """Diagonal of C, shape (n,)."""
        return self._norms[0]

    @property
    def squared_norms(self) -> FloatArray:
        """|C e_v|^2 for every node v, shape (n,)."""
        return self._norms[1]

    def condition_on(self, node: int) -> None:
        """Suppose that `node` has a label."""
        base = self._base
        column = base.column_given(node, [pick.node for pick in self._picks])
        total = float(column[node]) + base.noise
        if total <= 0:  # known already, up to rounding
            return
        whole = column.copy()  # as it is without the labels that are supposed
        for pick in self._picks:
            whole += pick.column * (pick.column[node] / np.float32(pick.total))
        base.remember(node, whole)
        pick = _Pick(node, column, total, [])
        for i, (X, norms) in enumerate(zip(base.sketches, self._norms, strict=True)):
            a = X[node] if i else X[node] + base.noise_of(node).astype(np.float32)
            for before in self._picks:
                a = a - before.column[node] * before.shares[i]
            a = a / np.float32(total)
            along = X @ a
            for before in self._picks:
                along -= before.column * np.float32(before.shares[i] @ a)
            norms -= (2 * column) * along
            norms += column**2 * np.float32(a @ a)
            np.maximum(norms, 0, out=norms)  # rounding may go below
            pick.shares.append(a)
        self.row_sums -= column * (self.row_sums[node] / total)
        self._picks.append(pick)


@dataclass(frozen=True, eq=False)
class _Pick:
    """A supposed label: its column then, C_vv + noise, and a of each sketch."""

    node: int
    column: Float32Array
    total: float
    shares: list[Float32Array]


def squared_row_norms(X: Float32Array) -> FloatArray:
    """|X_u|^2 of every row u."""
    return np.asarray(np.einsum("ij,ij->i", X, X), dtype=np.float64)
