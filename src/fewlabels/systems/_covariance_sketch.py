"""The covariance of large graphs, in sketches that each label updates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from fewlabels._memory import require_memory
from fewlabels.graph import Graph
from fewlabels.solvers import run_all, shared_blocks
from fewlabels.systems._field import GaussianField
from fewlabels.systems._label_columns import LabelColumns

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# Two sketches; to prepare them, their signs and vectors of the iteration.
_SKETCHES, _ARRAYS_TO_PREPARE = 2, 4
# Columns that are worked on meanwhile: blocks of them, or a batch of labels in some copies.
_WORK_TO_PREPARE, _WORK_COLUMNS = 160, 320
# Columns of duplicates are the same; so much of the mean variance keeps them apart.
JITTER = 1e-6
# Labels whose columns are solved for together, and columns kept for labels that may come.
_LABELS_AT_ONCE = 64
# Columns that are solved for early, for callers that want to know what the labels do.
_FEW_UNKNOWN = 8
# What the labels' columns and those looked at ahead may take; 204 labels of a million points.
_MOST_KEPT_BYTES = 2**30


class SketchedCovariance:
    """What query rules need of C = A^-1, A = L + c D, estimated from a few dozen columns.

    With random signs Omega of shape (n, k), and S = s (I - N)^-1/2 such that C = S S'::

        R = C Omega / sqrt(k):  |C e_v|^2  is about  |e_v' R|^2,
        T = S Omega / sqrt(k):  C_vv       is about  |e_v' T|^2,

    each within a relative standard deviation of at most sqrt(2 / k) (Johnson, Lindenstrauss).
    C 1 is computed directly. Labels at nodes v change all three in the same way::

        X <- X - C_v (C_vv + noise)^-1 X_v,    X = R, T or C 1,

    with the columns C_v themselves, so the sketches remain what they would be if computed
    anew. With U' U = C_vv + noise that is X - Z (U^-T X_v), Z = C_v U^-1, and C is downdated to
    C - Z Z'. The Z are kept. A new column is first computed without any label, which is how
    its label changes the scores of label spreading (:meth:`responses`), and then downdated. So it
    is computed once, for looking ahead, and used again when its label comes, for the sketches and
    for the scores.

    Removed labels are undone in the same way. The Z of later labels become what they would be
    without the removed ones: if U without their columns is Q R, Z Q replaces Z, and nothing has to
    be solved. Up to rounding, nothing depends on the order in which labels come or go. If the Z and
    64 columns ahead would take more than 1 GiB, the Z are not kept: columns are then computed given
    the labels, and the sketches drawn anew when a label is removed.

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
        Whether R is needed. It is half of the cost.
    n_columns : int, default=64
        k.
    seed : int, default=0
        Seed of the random signs.
    tol : float, default=1e-2
        Approximate error of a label's column and of C w, relative to the norm. For the sketches
        themselves it is 1e-3.

    Raises
    ------
    NotEnoughMemoryError
        If the sketches do not fit.

    Notes
    -----
    Cost: 2 k + 1 columns to prepare; one column per label, one after another while a batch is
    chosen, and all at once for labels that were not asked for. Labels that are removed together
    take O(n m (m + k)), where m counts the labels from the first of them on, and no solve.
    Memory: 8 n k bytes, twice that to prepare, and 4 n for each label and for each of the last 64
    columns that were computed ahead, which are kept while labels come.

    References
    ----------
    W. B. Johnson and J. Lindenstrauss, "Extensions of Lipschitz mappings into a Hilbert space",
    1984. For effective resistances: D. A. Spielman and N. Srivastava, "Graph sparsification by
    effective resistances", STOC 2008. Samples of the posterior by differences:
    Y. Hoffman and E. Ribak, "Constrained realizations of Gaussian fields", 1991.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import rbf_graph
    >>> from fewlabels.systems import SketchedCovariance
    >>> graph = rbf_graph([[0.0], [1.0], [2.0]], gamma=1.0)
    >>> C = SketchedCovariance(graph, alpha=0.9, labelled=np.array([0]))
    >>> int(C.lookahead().variances.argmax())  # the node farthest from the label
    2
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
        tol: float = 1e-2,
    ) -> None:
        n = graph.n_nodes
        n_labels = 0 if labelled is None else len(labelled)
        kept = _LABELS_AT_ONCE + min(n_labels, _MOST_KEPT_BYTES // (4 * n))
        columns = max(
            _ARRAYS_TO_PREPARE * n_columns + _WORK_TO_PREPARE,
            _SKETCHES * n_columns + kept + _WORK_COLUMNS,
        )
        require_memory(
            4 * n * columns,
            f"the covariance sketch of {n:,} points in {n_columns} columns",
            'Use fewer columns, or a rule that needs the predictions only, such as "margin".',
        )
        self._field = GaussianField(graph, alpha, noise)
        self.noise = noise
        self._k = n_columns
        self._norms = norms
        self._seed = seed
        self._tol = tol
        self._slices = shared_blocks(n, n_columns, n)
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
        self._taken: LabelColumns | None = LabelColumns(self._field.n)
        self._ahead: dict[int, Float32Array] = {}  # what was solved for to look ahead

    def observe(self, labelled: IntArray) -> None:
        """Condition on `labelled`, all labelled nodes, by what was added or removed since."""
        lost = np.setdiff1d(self.labelled, labelled)
        if len(lost) and self._taken is None:
            self._prepare()
        elif len(lost) and self._taken is not None:
            self._put_back(self._taken, lost)
        added = np.setdiff1d(labelled, self.labelled)
        for start in range(0, len(added), _LABELS_AT_ONCE):
            self._take_in(added[start : start + _LABELS_AT_ONCE])

    def _take_in(self, added: IntArray) -> None:
        Z = self.columns(added)
        total = Z[added].astype(np.float64)
        total = (total + total.T) / 2
        total[np.diag_indices(len(added))] += self.noise + JITTER * np.trace(total) / len(added)
        U = linalg.cholesky(total)
        Z = _columns_times(Z, linalg.solve_triangular(U, np.eye(len(U))), self._slices)
        answers = np.array([self.noise_of(int(node)) for node in added])
        sums = linalg.solve_triangular(U, self.row_sums[added], trans="T")
        self.row_sums -= Z @ sums
        shares: list[npt.NDArray[np.floating]] = [sums]
        for X, noise in zip(self.sketches, (answers, np.zeros_like(answers)), strict=False):
            share = linalg.solve_triangular(U, X[added] + noise, trans="T").astype(np.float32)
            self._subtract(X, Z, share)
            shares.append(share)
        self.labelled = np.union1d(self.labelled, added)
        for node in added.tolist():
            self._ahead.pop(node, None)
        if self._taken is not None and _may_keep(self._field.n, len(self.labelled)):
            self._taken.append(added, Z, shares, U.diagonal())
        else:
            self._taken = None
            self._ahead = {}  # given other labels than these

    def _put_back(self, taken: LabelColumns, lost: IntArray) -> None:
        """Put back what some labels took away.

        That is what all labels from the first of them on did, less what the others of these do
        without them.
        """
        turn = taken.turned_without(np.isin(taken.nodes, lost))
        Q, first = turn.Q, turn.first
        sums, *shares = [share[first:] - Q @ (Q.T @ share[first:]) for share in taken.shares]
        for which, Z in taken.parts(first):
            rows = slice(which.start - first, which.stop - first)
            self.row_sums += Z @ sums[rows]
            for X, share in zip(self.sketches, shares, strict=True):
                self._subtract(X, Z, -share[rows].astype(np.float32))
        taken.turn(turn, self._slices)
        self.labelled = np.sort(taken.nodes)

    def _subtract(self, X: Float32Array, Z: Float32Array, shares: npt.NDArray[np.floating]) -> None:
        """X <- X - Z `shares`."""

        def block(i: int) -> None:
            rows = self._slices[i]
            X[rows] -= Z[rows] @ shares

        run_all(block, len(self._slices))

    def noise_of(self, node: int) -> FloatArray:
        """Return a sample of the noise of each column's label at `node`, whenever it comes."""
        signs = np.random.default_rng((self._seed, node)).choice((-1.0, 1.0), size=self._k)
        return np.asarray(np.sqrt(self.noise / self._k) * signs)

    def columns(self, nodes: IntArray) -> Float32Array:
        """Return C at `nodes`, shape (n, len(nodes)); solves for those not computed before."""
        result = self._solved(nodes)
        for _, Z in self._taken.parts() if self._taken is not None else ():
            self._subtract(result, Z, Z[nodes].T)
        return result

    def responses(self, nodes: IntArray) -> FloatArray | None:
        """Return how a label at each of `nodes` changes the scores of label spreading.

        Column v of (1 - alpha) (I - alpha S)^-1, S = D^-1/2 W D^-1/2, is s_u A^-1_uv s_v with
        s^2 = c D, as far as columns are known: it is that without any label.

        Returns
        -------
        ndarray of shape (n, len(nodes)), or None
            None if more than 8 columns, and more than half, were not computed ahead; otherwise the
            missing ones are computed, and kept for when the labels are observed.
        """
        n_known = sum(node in self._ahead for node in nodes.tolist())
        if self._taken is None or len(nodes) - n_known > max(n_known, _FEW_UNKNOWN):
            return None
        solved = self._solved(nodes)
        for j, node in enumerate(nodes.tolist()):
            self.remember(node, solved[:, j])
        scale = self._field.response_scale
        values = scale[:, None] * solved
        values *= scale[nodes]
        return values

    def lookahead(self, weights: FloatArray | None = None) -> SketchedLookahead:
        """Return a view that may be conditioned on further nodes; `observe` ends its use."""
        if weights is None:
            return SketchedLookahead(self, self.row_sums.copy())
        sums = self._field.apply(weights[:, None], self.labelled, tol=self._tol)[:, 0]
        return SketchedLookahead(self, sums.astype(np.float64))

    def column_ahead(self, node: int) -> Float32Array:
        """Return the column of C at `node`, shape (n,), and keep what was computed."""
        if node not in self._ahead:
            self.remember(node, self._solved(np.array([node]))[:, 0])
        return self.columns(np.array([node]))[:, 0]

    def remember(self, node: int, column: Float32Array) -> None:
        """Keep a computed column; of many, the last ones."""
        self._ahead.pop(node, None)
        self._ahead[node] = np.ascontiguousarray(column)
        if len(self._ahead) > _LABELS_AT_ONCE:
            del self._ahead[next(iter(self._ahead))]

    def _solved(self, nodes: IntArray) -> Float32Array:
        """Columns of A^-1; or of C, where the labels' columns were given up."""
        result = np.empty((self._field.n, len(nodes)), dtype=np.float32)
        missing = []
        for j, node in enumerate(nodes.tolist()):
            if node in self._ahead:
                result[:, j] = self._ahead[node]
            else:
                missing.append(j)
        if missing:
            given = self.labelled if self._taken is None else self.labelled[:0]
            result[:, missing] = self._field.columns(nodes[missing], given, tol=self._tol)
        return result


class SketchedLookahead:
    """Sketches for looking ahead; see :class:`Lookahead`.

    The effect of a hypothetical label at v has rank one: row u of X loses C_uv a, with
    a = X_v / (C_vv + noise), where a sample X_v has its noise added. The sketches stay as they
    are, and only the norms of their rows are updated:

        |X_u - C_uv a|^2 = |X_u|^2 - 2 C_uv X_u a + C_uv^2 |a|^2.

    Cost per label: one column, and two products of a sketch with a vector.
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
        column = base.column_ahead(node)  # as it is without the labels that are supposed
        least = JITTER * float(column[node])
        for pick in self._picks:
            column -= pick.column * (pick.column[node] / np.float32(pick.total))
        total = float(column[node]) + base.noise
        if total <= least:  # known already, up to rounding
            return
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


def _may_keep(n_nodes: int, n_labels: int) -> bool:
    """Tell whether the columns of so many labels may be kept, beside those looked at ahead."""
    return 4 * n_nodes * (n_labels + _LABELS_AT_ONCE) <= _MOST_KEPT_BYTES


def _columns_times(X: Float32Array, factor: FloatArray, slices: list[slice]) -> Float32Array:
    """X `factor`, in the place of X."""
    small = factor.astype(np.float32)

    def block(i: int) -> None:
        X[slices[i]] = X[slices[i]] @ small

    run_all(block, len(slices))
    return X


def squared_row_norms(X: Float32Array) -> FloatArray:
    """|X_u|^2 of every row u."""
    return np.asarray(np.einsum("ij,ij->i", X, X), dtype=np.float64)
