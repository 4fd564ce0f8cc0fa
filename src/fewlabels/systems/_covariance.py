"""The covariance of the unknown scores, and how one more label changes it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import linalg

from fewlabels._memory import require_memory
from fewlabels.graph import Graph

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Added to the diagonal, as a share of the mean degree, so that a component without any label
# has a large but finite variance, rather than none at all.
_RIDGE = 1e-9
# The precision, its inverse, and a copy to look ahead with exist at once.
_DENSE_COPIES = 3
# More downdates in a row than this, and rounding is shed by a new inversion.
_MOST_DOWNDATES = 64


class Lookahead(Protocol):
    """A covariance under hypothetical labels, for choosing the points of a batch.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import ExactCovariance
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> ahead = ExactCovariance(path, labelled=np.array([0])).lookahead()
    >>> ahead.condition_on(1)
    >>> ahead.variances.round(3)  # of node 2, given nodes 0 and 1
    array([0., 0., 1.])
    """

    @property
    def variances(self) -> FloatArray:
        """Diagonal of C, shape (n,)."""

    @property
    def row_sums(self) -> FloatArray:
        """C w for the requested weights w, shape (n,)."""

    @property
    def squared_norms(self) -> FloatArray:
        """|C e_v|^2 for every node v, shape (n,)."""

    def condition_on(self, node: int) -> None:
        """Suppose that `node` has a label: C <- C - C_v C_v' / (C_vv + noise)."""


class Covariance(Protocol):
    """C, the covariance of a field's scores, given the nodes that are labelled.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import Covariance, ExactCovariance
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> C: Covariance = ExactCovariance(path, labelled=np.array([0]))
    >>> C.columns(np.array([2])).ravel().round(3)
    array([0., 1., 2.])
    """

    @property
    def labelled(self) -> IntArray:
        """The nodes on which C is conditioned, ascending."""

    def observe(self, labelled: IntArray) -> None:
        """Condition on `labelled`: all labelled nodes, ascending."""

    def lookahead(self, weights: FloatArray | None = None) -> Lookahead:
        """Return a view of C that may be conditioned on further nodes; C itself stays.

        `weights`, shape (n,), are those of the row sums; None: all 1.
        """

    def columns(self, nodes: IntArray) -> npt.NDArray[np.floating]:
        """Return C at `nodes`, shape (n, len(nodes))."""


class ExactCovariance:
    """C as a dense matrix: ``C = A_UU^-1`` over the unlabelled nodes U, and 0 elsewhere.

    The precision of the field is ``A = L + c D`` with L = D - W and c = (1 - alpha) / alpha. For
    alpha = 1 it is that of harmonic functions (Zhu, Ghahramani, Lafferty 2003), with 1e-9 of the
    mean degree added to the diagonal, so that a component without a label has a finite variance.
    With noise, labelled nodes l keep a variance: they are not removed, but have 1 / noise
    added to A_ll.

    Parameters
    ----------
    graph : Graph
    alpha : float in (0, 1], default=1.0
    noise : float, default=0.0
        Variance of a label, in the unit of C.
    labelled : ndarray of intp, default=None
        Distinct nodes, ascending. None: no node.

    Raises
    ------
    NotEnoughMemoryError
        If three n x n matrices do not fit.

    Notes
    -----
    Cost: an inversion, n^3 operations, at the start, after every 64 labels, and when a component
    gets its first one; otherwise a rank-one downdate per label, O(n^2). Memory: 8 n^2 bytes, and
    three times as much during an inversion.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import ExactCovariance
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> C = ExactCovariance(path, labelled=np.array([0]))
    >>> C.columns(np.array([2])).ravel().round(4)  # grows with the distance to the label
    array([0., 1., 2.])
    """

    def __init__(
        self,
        graph: Graph,
        alpha: float = 1.0,
        noise: float = 0.0,
        *,
        labelled: IntArray | None = None,
    ) -> None:
        require_memory(
            8 * _DENSE_COPIES * graph.n_nodes**2,
            f"the covariance of {graph.n_nodes:,} points",
            'Use covariance="sketch", or a rule that needs the predictions only, such as "margin".',
        )
        self._graph = graph
        self._noise = noise
        self._c = (1 - alpha) / alpha
        self._downdates = 0
        self.labelled: IntArray = np.empty(0, dtype=np.intp) if labelled is None else labelled
        self._matrix = self._inverted()

    def observe(self, labelled: IntArray) -> None:
        """Condition on `labelled`, all labelled nodes; added ones take a downdate each."""
        added = np.setdiff1d(labelled, self.labelled)
        lost = len(labelled) - len(added) != len(self.labelled)
        many = self._downdates + len(added) > _MOST_DOWNDATES
        # the first label of a component takes away nearly all of its variance, and with it all
        # the digits that a difference could have
        known = self._graph.reached_from(self.labelled)
        first = self._c == 0 and not known[added].all()
        self.labelled = labelled
        if lost or many or first:
            self._downdates = 0
            self._matrix = self._inverted()
            return
        for node in added:
            _downdate(self._matrix, int(node), self._noise)
        self._downdates += len(added)

    def lookahead(self, weights: FloatArray | None = None) -> DenseLookahead:
        """Return a copy to condition on further nodes."""
        return DenseLookahead(self._matrix.copy(), self._noise, weights)

    def columns(self, nodes: IntArray) -> FloatArray:
        """Return C at `nodes`, shape (n, len(nodes))."""
        return self._matrix[:, nodes]

    def _inverted(self) -> FloatArray:
        n, known = self._graph.n_nodes, self.labelled
        A = _precision(self._graph, self._c)
        if self._noise > 0:
            A[known, known] += 1 / self._noise
            return _inverse(A)
        unknown = np.setdiff1d(np.arange(n), known)
        C = np.zeros((n, n))
        if len(unknown):
            C[np.ix_(unknown, unknown)] = _inverse(A[np.ix_(unknown, unknown)])
        return C


class DenseLookahead:
    """A dense covariance for looking ahead; see :class:`Lookahead`."""

    def __init__(self, matrix: FloatArray, noise: float, weights: FloatArray | None = None) -> None:
        self._matrix = matrix
        self._noise = noise
        self._weights = np.ones(len(matrix)) if weights is None else weights

    @property
    def variances(self) -> FloatArray:
        """Diagonal of C, shape (n,)."""
        return self._matrix.diagonal()

    @property
    def row_sums(self) -> FloatArray:
        """C w, shape (n,)."""
        return np.asarray(self._matrix @ self._weights)

    @property
    def squared_norms(self) -> FloatArray:
        """|C e_v|^2, shape (n,)."""
        return np.asarray(np.einsum("ij,ij->i", self._matrix, self._matrix))

    def condition_on(self, node: int) -> None:
        """Suppose that `node` has a label."""
        _downdate(self._matrix, node, self._noise)


def _downdate(C: FloatArray, node: int, noise: float) -> None:
    column = C[:, node].copy()
    total = column[node] + noise
    if total <= 0:  # known already, up to rounding
        return
    C -= np.outer(column, column / total)
    diagonal = np.einsum("ii->i", C)
    np.maximum(diagonal, 0, out=diagonal)  # rounding may go below
    if noise == 0:
        C[node] = C[:, node] = 0


def _precision(graph: Graph, c: float) -> FloatArray:
    weights = graph.affinity
    dense = weights if isinstance(weights, np.ndarray) else weights.toarray()
    A: FloatArray = -dense.astype(np.float64)
    # where there is no edge at all, any positive ridge will do
    mean = float(graph.degrees.mean()) or 1.0
    ground = c * np.where(graph.degrees > 0, graph.degrees, mean) if c > 0 else _RIDGE * mean
    A[np.diag_indices(len(A))] += graph.degrees + ground
    return A


def _inverse(A: FloatArray) -> FloatArray:
    factor = linalg.cholesky(A, overwrite_a=True, check_finite=False)
    inverse, _ = linalg.lapack.dpotri(factor, overwrite_c=True)
    upper = np.triu(inverse)
    upper += np.triu(inverse, 1).T
    return np.asarray(upper)
