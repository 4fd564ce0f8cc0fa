"""The graph: points joined by non-negative, symmetric weights."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from fewlabels._callers import callers_level
from fewlabels._memory import require_memory
from fewlabels._typing import Fields, Loaded, State
from fewlabels._validation import check_choice
from fewlabels.exceptions import AsymmetryWarning, InvalidInputError, InvalidTypeError
from fewlabels.graph._affinities import (
    ROUNDING,
    Affinity,
    FloatArray,
    checked_scales,
    checked_weights,
    chosen_dtype,
    held_dtype,
    refuse_directed,
)
from fewlabels.graph._components import component_labels
from fewlabels.graph._diagnosis import GraphDiagnosis, diagnose
from fewlabels.graph._storage import checked_state, load_arrays, save_arrays
from fewlabels.graph._symmetric import (
    SYMMETRIZATIONS,
    Symmetrize,
    symmetric_csr,
    symmetric_dense,
)

# Nodes in the order of locality that are sorted among themselves: few enough to stay near.
_SORTED_TOGETHER = 128


class Graph:
    """An immutable undirected graph with non-negative weights and no self-loops.

    Build one with :func:`knn_graph`, :func:`rbf_graph` or :meth:`Graph.from_affinity`. The
    constructor accepts only weights that already form such a graph.

    Parameters
    ----------
    affinity : {array-like, sparse matrix} of shape (n_nodes, n_nodes)
        Weights: symmetric, non-negative, finite, with a zero diagonal. Copied. Repeated entries
        of a sparse matrix are summed. float32 is kept; other numbers are converted to float64.
    local_scales : array-like of shape (n_nodes,), default=None
        Finite and at least 0. Copied.
    build_info : mapping, default=None
        How the graph was built; plain numbers and strings.

    Attributes
    ----------
    affinity : csr_array or ndarray of shape (n_nodes, n_nodes)
        The weights W: symmetric, non-negative, zero diagonal; float32 or float64. CSR has
        sorted indices, no stored zeros, and int32 indices while they fit. The arrays are
        read-only. An ndarray is held for dense kernels only.
    degrees : ndarray of shape (n_nodes,), float64
        d_i = sum_j w_ij.
    n_nodes, n_edges, n_components : int
    component_labels : ndarray of shape (n_nodes,), int32
        Number of the connected component of each node, from 0.
    local_scales : ndarray of shape (n_nodes,) or None
        s_i, the distance of each point to its k-th neighbour, in the features' unit;
        known for graphs of nearest neighbours only.
    recall_ : float or None
        Share of the true nearest neighbours that the search found: 1 if it was exact, otherwise
        measured on a sample; None for graphs that were not built by a search.
    build_info : dict
        How the graph was built (``kind``, ``n_neighbors``, ``metric``, ...) and what was noticed
        (``asymmetry``, ``n_duplicates``); plain numbers and strings.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the weights do not form such a graph; the message says where.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> path = Graph.from_affinity(np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]]))
    >>> path
    Graph(n_nodes=3, n_edges=2, n_components=1, dtype=float32)
    >>> path.degrees
    array([1., 3., 2.])
    """

    def __init__(
        self,
        affinity: object,
        *,
        local_scales: npt.ArrayLike | None = None,
        build_info: Fields | None = None,
    ) -> None:
        _refuse_graph(affinity)
        weights = checked_weights(affinity, "affinity")
        refuse_directed(weights)
        dtype = held_dtype(weights)
        if sparse.issparse(weights):
            own = sparse.csr_array(weights).astype(dtype, copy=True)
            weights, _ = symmetric_csr(own, "mean")  # which it is; without zeros
        else:
            weights = np.array(weights, dtype=dtype, order="C")
        n_nodes = weights.shape[0]
        scales = None if local_scales is None else checked_scales(local_scales, n_nodes)
        if build_info is not None and not isinstance(build_info, Mapping):
            raise InvalidTypeError(
                f"build_info must be a mapping of names to plain values, got {build_info!r}."
            )
        self._hold(weights, scales, build_info)
        self._refuse_infinite_degrees()

    @classmethod
    def _of_checked(
        cls,
        affinity: Affinity,
        *,
        local_scales: FloatArray | None = None,
        build_info: Mapping[str, object] | None = None,
    ) -> Self:
        """Take arrays that are in order, and nobody else's; they are made read-only."""
        graph = object.__new__(cls)
        if not isinstance(affinity, np.ndarray):
            affinity.sum_duplicates()  # finds none, and lets every copy know
        graph._hold(affinity, local_scales, build_info)
        return graph

    def _hold(
        self,
        affinity: Affinity,
        local_scales: FloatArray | None,
        build_info: Mapping[str, object] | None,
    ) -> None:
        self._affinity = affinity
        self._local_scales = local_scales
        self._build_info: Loaded = dict(build_info or {})
        for array in self._arrays():
            array.flags.writeable = False

    @classmethod
    def from_affinity(
        cls,
        matrix: object,
        *,
        symmetrize: Symmetrize | None = None,
        layout: Literal["csr", "dense"] = "csr",
        dtype: npt.DTypeLike | None = None,
    ) -> Graph:
        """Build a graph from a matrix of weights.

        The diagonal is dropped, and repeated entries of a sparse matrix are summed. A matrix that
        is not symmetric is made symmetric; its asymmetry is stored in
        ``build_info["asymmetry"]``, max |w_ij - w_ji| / max w_ij, from 0 to 1.

        Parameters
        ----------
        matrix : {array-like, sparse matrix} of shape (n_nodes, n_nodes)
            Non-negative finite weights; 0 where there is no edge. Not modified.
        symmetrize : {"mean", "union", "mutual"}, default=None
            (w_ij + w_ji) / 2, max(w_ij, w_ji) or min(w_ij, w_ji). None is ``"mean"``, with a
            warning if the differences exceed rounding errors.
        layout : {"csr", "dense"}, default="csr"
            How the weights are stored. Dense is for kernels without zeros.
        dtype : {float32, float64}, default=None
            None is float32, or float64 where a weight would overflow or vanish in float32.

        Raises
        ------
        InvalidInputError
            If the matrix is not square, is a damaged sparse matrix, or contains weights that are
            negative, not finite, masked, or too large for `dtype`.
        InvalidTypeError
            If the weights are not real numbers.
        NotEnoughMemoryError
            If a dense layout would not fit in the free memory; nothing is allocated then.

        Warns
        -----
        AsymmetryWarning
            If `symmetrize` is None and the two directions of an edge differ by more than 1e-5 of
            the largest weight.
        """
        if symmetrize is not None:
            check_choice("symmetrize", symmetrize, SYMMETRIZATIONS)
        how = symmetrize or "mean"
        check_choice("layout", layout, ("csr", "dense"))
        _refuse_graph(matrix)
        weights = checked_weights(matrix, "matrix")
        chosen = chosen_dtype(weights, dtype)
        affinity: Affinity
        if layout == "dense":
            n_nodes = weights.shape[0]
            require_memory(
                3 * n_nodes**2 * chosen.itemsize,  # the weights, and what symmetrizing takes
                f"a dense affinity of {n_nodes:,} points",
                'Pass a sparse matrix with layout="csr".',
            )
            dense = weights.toarray() if sparse.issparse(weights) else weights
            affinity, asymmetry = symmetric_dense(dense.astype(chosen, copy=True), how)
        else:
            csr = sparse.csr_array(weights).astype(chosen, copy=True)
            affinity, asymmetry = symmetric_csr(csr, how)
        graph = cls._of_checked(affinity, build_info={"kind": "affinity", "asymmetry": asymmetry})
        graph._refuse_infinite_degrees()
        if symmetrize is None and asymmetry > ROUNDING:
            warnings.warn(
                "the affinities are not symmetric: the weights of an edge in its two directions "
                f"differ by up to {asymmetry:.3g} of the largest weight. Their mean was taken. "
                "Say how to combine them: Graph.from_affinity(matrix, symmetrize=...), with "
                '"mean", "union" (the larger) or "mutual" (the smaller).',
                AsymmetryWarning,
                stacklevel=callers_level(),
            )
        return graph

    def _refuse_infinite_degrees(self) -> None:
        with np.errstate(over="ignore"):
            overflow = not np.isfinite(self.degrees).all()
        if overflow:
            raise InvalidInputError(
                "the affinities of a node sum to more than float64 holds; divide the matrix by its "
                "largest entry, which changes no answer."
            )

    @property
    def affinity(self) -> Affinity:
        # Another matrix around the same arrays: the arrays are read-only, but SciPy lets anyone
        # put other arrays in their place, as `affinity.resize` does.
        return copy.copy(self._affinity) if sparse.issparse(self._affinity) else self._affinity

    @property
    def local_scales(self) -> FloatArray | None:
        return self._local_scales

    @property
    def build_info(self) -> Loaded:
        return dict(self._build_info)

    @property
    def recall_(self) -> float | None:
        recall: float | None = self._build_info.get("recall")
        return recall

    @property
    def is_dense(self) -> bool:
        """Whether the weights are held as an ndarray."""
        return not sparse.issparse(self._affinity)

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the weights: float32 or float64."""
        return np.dtype(self._affinity.dtype)

    @property
    def n_nodes(self) -> int:
        return int(self._affinity.shape[0])

    @cached_property
    def n_edges(self) -> int:
        return int(self.neighbor_counts.sum()) // 2

    @cached_property
    def neighbor_counts(self) -> npt.NDArray[np.intp]:
        """Number of neighbours of each node, shape (n_nodes,)."""
        if isinstance(self._affinity, np.ndarray):
            return _frozen(np.count_nonzero(self._affinity, axis=1))
        return _frozen(np.diff(self._affinity.indptr).astype(np.intp))

    @cached_property
    def degrees(self) -> npt.NDArray[np.float64]:
        weights = self._affinity
        if isinstance(weights, np.ndarray):
            return _frozen(weights.sum(axis=1, dtype=np.float64))
        # A sparse sum is taken in the weights' own precision, whatever dtype it is asked for.
        exact = (weights.data.astype(np.float64, copy=False), weights.indices, weights.indptr)
        return _frozen(sparse.csr_array(exact, shape=weights.shape) @ np.ones(self.n_nodes))

    @cached_property
    def component_labels(self) -> npt.NDArray[np.int32]:
        return _frozen(component_labels(self._affinity))

    @cached_property
    def n_components(self) -> int:
        return int(self.component_labels.max(initial=-1)) + 1

    @cached_property
    def locality_order(self) -> npt.NDArray[np.int32]:
        """The nodes in an order in which neighbours stand near one another, shape (n_nodes,).

        The reverse Cuthill-McKee order of a sparse affinity, in which each hundred or so nodes are
        sorted by their number of neighbours. A product with the affinity in this order finds most
        of what it reads in the processor's cache, and its loops over the entries of a row end
        where the processor expects it.
        """
        if isinstance(self._affinity, np.ndarray):
            return _frozen(np.arange(self.n_nodes, dtype=np.int32))
        near = reverse_cuthill_mckee(self._affinity, symmetric_mode=True)
        n_neighbors = np.diff(self._affinity.indptr)[near]
        runs = np.arange(self.n_nodes) // _SORTED_TOGETHER
        return _frozen(near[np.lexsort((n_neighbors, runs))])

    def reached_from(self, nodes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which nodes share a component with any of `nodes` (indices or a mask)."""
        chosen = np.asarray(nodes)
        if chosen.size == 0:  # an empty list comes as floats
            chosen = chosen.astype(np.intp)
        holds = np.zeros(self.n_components, dtype=bool)
        holds[self.component_labels[chosen]] = True
        return holds[self.component_labels]

    def diagnose(self, labels: object = None) -> GraphDiagnosis:
        """Describe what may go wrong on this graph; see :class:`GraphDiagnosis`.

        Parameters
        ----------
        labels : array-like of shape (n_nodes,), default=None
            As an estimator's ``y``. If given, the diagnosis lists the components without a label.
        """
        return diagnose(self, labels)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to one NPZ file, completely or not at all, and without pickle.

        Raises
        ------
        FileNotFoundError
            If there is no such folder.
        OSError
            If the file can't be written; an existing file at `path` is then unchanged.
        """
        save_arrays(path, self._affinity, self._local_scales, self._build_info)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Graph:
        """Read a graph that :meth:`save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        GraphFileError
            If the file can't be read, contains no graph or a damaged one, or was written by a later
            version.
        """
        affinity, local_scales, build_info = load_arrays(path)
        return cls._of_checked(affinity, local_scales=local_scales, build_info=build_info)

    def _state(self) -> State:
        """Return what a model file holds of the graph."""
        return {
            "affinity": self._affinity,
            "local_scales": self._local_scales,
            "build": self._build_info,
        }

    @classmethod
    def _from_state(cls, state: object) -> Self:
        affinity, local_scales, build_info = checked_state(state)
        return cls._of_checked(affinity, local_scales=local_scales, build_info=build_info)

    def __repr__(self) -> str:
        return (
            f"Graph(n_nodes={self.n_nodes}, n_edges={self.n_edges}, "
            f"n_components={self.n_components}, dtype={self.dtype})"
        )

    def _arrays(self) -> list[np.ndarray]:
        weights = self._affinity
        held = (
            [weights]
            if isinstance(weights, np.ndarray)
            else [weights.data, weights.indices, weights.indptr]
        )
        return held if self._local_scales is None else [*held, self._local_scales]


def _refuse_graph(matrix: object) -> None:
    if isinstance(matrix, Graph):
        raise InvalidTypeError("a Graph is made of a matrix of weights; this is a Graph already.")


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
