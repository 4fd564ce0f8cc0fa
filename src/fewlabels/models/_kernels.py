"""Kernels: how features become a graph, and how a new point is placed beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from fewlabels._arrays import FILL_AFFINITIES, checked_array
from fewlabels._rows import row_blocks
from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph, edge_weights, knn_graph, rbf_graph
from fewlabels.graph._checked import ValidatedFeatures

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]
KernelFunction: TypeAlias = Callable[[Matrix, Matrix], Matrix]

KERNELS = ("rbf", "knn", "self-tuning", "precomputed")

# Dense blocks of weights between new and known points are held to about this size.
_BLOCK_BYTES = 64_000_000
# Above this share of non-zeros a dense matrix is smaller than CSR.
_DENSE_SHARE = 0.5
# Infinite closeness is held to this, so that differences and multiples stay numbers.
_LARGEST = 1e300


@dataclass(frozen=True)
class Placed:
    """New points beside the known ones.

    Attributes
    ----------
    votes : callable
        Given scores of shape (n_samples, n_columns), 0 where a known point has nothing to say, it
        returns their sums over the known points, weighted by the kernel, of shape
        (n_queries, n_columns): up to a factor a row, and rows of zeros where no known point that
        says something is near.
    nearest : tuple of ndarrays of shape (n_queries, n_neighbors), or None
        The distances to the nearest known points, ascending, and which those are; None of kernels
        that look for none.
    """

    votes: Callable[[FloatArray], FloatArray]
    nearest: tuple[FloatArray, IntArray] | None = None


@dataclass(frozen=True)
class Beside:
    """The known points nearest to new ones, and their weights.

    Attributes
    ----------
    weights : ndarray of shape (n_queries, n_neighbors)
    indices : ndarray of int of the same shape
        Which points these are the weights of.
    nearest : as of :class:`Placed`
    """

    weights: FloatArray
    indices: IntArray
    nearest: tuple[FloatArray, IntArray]


def averages(placed: Placed, values: FloatArray) -> FloatArray:
    """Weighted means of `values` over the known points near new ones; 0 where none is near.

    Parameters
    ----------
    placed : Placed
    values : ndarray of shape (n_samples, n_columns)

    Returns
    -------
    ndarray of shape (n_queries, n_columns)
    """
    votes = placed.votes(np.column_stack([values, np.ones(len(values))]).astype(np.float64))
    near = votes[:, -1:]
    return np.divide(votes[:, :-1], near, out=np.zeros_like(votes[:, :-1]), where=near > 0)


class Kernel(Protocol):
    """Builds a graph of known points, then weighs new points against them."""

    def build(self, X: Matrix, names: Sequence[object] | None = None) -> Graph:
        """Return the graph of the rows of `X`.

        Parameters
        ----------
        X : {ndarray, csr_matrix} of shape (n_samples, n_features)
        names : sequence of length n_features, default=None
            What warnings call the features.
        """

    def place(self, X: Matrix, X_new: Matrix) -> Placed:
        """Place new points beside the known ones.

        Parameters
        ----------
        X : {ndarray, csr_matrix} of shape (n_samples, n_features)
            The known points.
        X_new : {ndarray, csr_matrix} of shape (n_queries, n_features)
        """

    def weigh(self, X: Matrix, X_new: Matrix, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
        """Return, up to a factor a row, the weights of the known points that are `speaking`.

        Parameters
        ----------
        X : {ndarray, csr_matrix} of shape (n_samples, n_features)
        X_new : {ndarray, csr_matrix} of shape (n_queries, n_features)
            Few at a time: the weights may be dense.
        speaking : ndarray of shape (n_samples,), bool

        Returns
        -------
        csr_array of shape (n_queries, n_samples)
            What :attr:`Placed.votes` multiplies the scores by.
        """


class RbfKernel:
    """exp(-gamma |x - x'|^2), dense."""

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma

    def build(self, X: Matrix, names: Sequence[object] | None = None) -> Graph:
        return rbf_graph(ValidatedFeatures(X, names), self.gamma)

    def place(self, X: Matrix, X_new: Matrix) -> Placed:
        return Placed(partial(self._votes, X, X_new))

    def _votes(self, X: Matrix, X_new: Matrix, scores: FloatArray) -> FloatArray:
        speaking = scores.any(axis=1)
        scores = scores[speaking]
        return np.vstack([block @ scores for block in self._blocks(X[speaking], X_new)])

    def weigh(self, X: Matrix, X_new: Matrix, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
        weights = np.zeros((X_new.shape[0], X.shape[0]))
        weights[:, speaking] = np.vstack(list(self._blocks(X[speaking], X_new)))
        return sparse.csr_array(weights)

    def _blocks(self, X: Matrix, X_new: Matrix) -> Iterator[FloatArray]:
        """Weights of the rows of `X`, some new points at a time."""
        known = X.astype(np.float64)
        centre = np.zeros(known.shape[1])
        if not (sparse.issparse(known) or sparse.issparse(X_new)):
            centre = known.mean(axis=0)
            known -= centre
        squared_norms = row_norms(known, squared=True)
        for rows in _row_blocks(X_new.shape[0], known.shape[0]):
            queries = X_new[rows].astype(np.float64)
            queries = queries if sparse.issparse(queries) else queries - centre
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                # |x|^2 - |x - k|^2: of far queries |x|^2 would drown all differences. A factor a
                # row cancels; that of the nearest point keeps its weight from vanishing.
                closeness = 2 * safe_sparse_dot(queries, known.T, dense_output=True)
                closeness = np.nan_to_num(
                    closeness - squared_norms, posinf=_LARGEST, neginf=-_LARGEST
                )
                closeness -= closeness.max(axis=1, keepdims=True)
                weights = np.exp(self.gamma * closeness)
            yield weights


class NeighborKernel:
    """Nearest neighbours, binary or self-tuned.

    Parameters
    ----------
    n_neighbors : int
        Neighbours of a new point among the known ones.
    n_others : int
        Neighbours of a known point among the other known ones.
    weights : {"binary", "self-tuning"}
    """

    def __init__(
        self,
        n_neighbors: int,
        n_others: int,
        weights: str,
        n_jobs: int | None,
        progress: bool,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.n_others = n_others
        self.weights = weights
        self.n_jobs = n_jobs
        self.progress = progress
        self._index: NearestNeighbors | None = None
        self._scales: FloatArray | None = None

    def build(self, X: Matrix, names: Sequence[object] | None = None) -> Graph:
        if self.n_others == 0:  # scikit-learn's n_neighbors=1: each point has itself only
            n_samples = X.shape[0]
            return Graph.from_affinity(sparse.csr_array((n_samples, n_samples)), dtype=np.float32)
        binary = self.weights == "binary"
        graph = knn_graph(
            ValidatedFeatures(X, names),
            self.n_others,
            weights="binary" if binary else "self-tuning",
            symmetrize="union" if binary else "mean",
            n_jobs=self.n_jobs,
            progress=self.progress,
        )
        self._scales = graph.local_scales
        return graph

    def place(self, X: Matrix, X_new: Matrix) -> Placed:
        return self._placed(self._beside(X, X_new))

    def weigh(self, X: Matrix, X_new: Matrix, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
        return self._weighed(self._beside(X, X_new), X.shape[0], speaking)

    def _beside(self, X: Matrix, X_new: Matrix) -> Beside:
        lengths, indices = self._nearest(X, X_new, self.n_neighbors)
        scales = self._scales
        return Beside(self._weights(lengths, indices, scales), indices, (lengths, indices))

    @staticmethod
    def _placed(beside: Beside) -> Placed:
        def votes(scores: FloatArray) -> FloatArray:
            return np.asarray(np.einsum("qk,qkc->qc", beside.weights, scores[beside.indices]))

        return Placed(votes, beside.nearest)

    @staticmethod
    def _weighed(beside: Beside, n_known: int, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
        weights, indices = beside.weights, beside.indices
        starts = np.arange(len(weights) + 1) * weights.shape[1]
        values = np.where(speaking[indices], weights, 0).ravel()
        return sparse.csr_array((values, indices.ravel(), starts), shape=(len(weights), n_known))

    def _weights(
        self, lengths: FloatArray, indices: IntArray, scales: FloatArray | None
    ) -> FloatArray:
        """Return the weights of the nearest known points, of which `scales` are known."""
        distances = lengths.astype(np.float64)
        weights = np.ones(distances.shape)
        if self.weights == "self-tuning" and scales is not None:
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                tuned = edge_weights(
                    distances,
                    distances[:, -1],
                    scales[indices].astype(np.float64),
                    "self-tuning",
                )
            # From where float64 can't tell distances, all neighbours are equally far.
            np.copyto(weights, tuned, where=np.isfinite(tuned))
        return weights

    def _nearest(self, X: Matrix, X_new: Matrix, n_nearest: int) -> tuple[FloatArray, IntArray]:
        """Return the distances to the nearest known points, ascending, and which those are."""
        if self._index is None:
            self._index = NearestNeighbors(n_jobs=self.n_jobs).fit(X)
        if sparse.issparse(X_new) and not sparse.issparse(X):  # a search tree takes no sparse rows
            X_new = X_new.toarray()
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            distances, indices = self._index.kneighbors(X_new, min(n_nearest, X.shape[0]))
        return distances, indices


class FunctionKernel:
    """A function of two arrays of points, as scikit-learn takes it."""

    def __init__(self, function: KernelFunction) -> None:
        self.function = function

    def matrix(self, X: Matrix) -> Matrix:
        """Return what the function says of the known points, with diagonal and direction."""
        return checked_array(self.function(X, X), "affinities", fill=FILL_AFFINITIES)

    def build(self, X: Matrix, names: Sequence[object] | None = None) -> Graph:
        return graph_of_affinity(self.matrix(X), X.shape[0], "the kernel must return")

    def place(self, X: Matrix, X_new: Matrix) -> Placed:
        weights = self._matrix(X, X_new)
        return Placed(lambda scores: np.asarray(weights @ scores))

    def weigh(self, X: Matrix, X_new: Matrix, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
        return _speaking_only(self._matrix(X, X_new), speaking)

    def _matrix(
        self, X: Matrix, X_new: Matrix
    ) -> np.ndarray | sparse.csc_array | sparse.csc_matrix:
        shape = (X.shape[0], X_new.shape[0])
        return _checked_weights(self.function(X, X_new), shape, "the kernel must return").T


class PrecomputedKernel:
    """The affinities themselves in place of features."""

    def build(self, X: Matrix, names: Sequence[object] | None = None) -> Graph:
        return graph_of_affinity(X, X.shape[0], 'with kernel="precomputed", X must be')

    def place(self, X: object, X_new: Matrix) -> Placed:
        weights = self._matrix(X_new)
        return Placed(lambda scores: np.asarray(weights @ scores))

    def weigh(self, X: Matrix, X_new: Matrix, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
        return _speaking_only(self._matrix(X_new), speaking)

    def _matrix(self, X_new: Matrix) -> Matrix:
        who = 'with kernel="precomputed", new points must be given by'
        return _checked_weights(X_new, X_new.shape, who)


def graph_of_affinity(matrix: Matrix, n_samples: int, who: str) -> Graph:
    """Make a graph of a user's affinities, in their own precision, dense where that is smaller."""
    if matrix.shape != (n_samples, n_samples):
        raise InvalidInputError(
            f"{who} affinities of shape (n_samples, n_samples) = ({n_samples}, {n_samples}); "
            f"got shape {matrix.shape}."
        )
    dtype = np.float32 if matrix.dtype == np.float32 else np.float64
    dense = not sparse.issparse(matrix) and (np.count_nonzero(matrix) > _DENSE_SHARE * n_samples**2)
    return Graph.from_affinity(matrix, layout="dense" if dense else "csr", dtype=dtype)


def _checked_weights(weights: Matrix, shape: tuple[int, int], who: str) -> Matrix:
    """Return the affinities of new points if they can be used as weights."""
    weights = checked_array(weights, "affinities", fill=FILL_AFFINITIES)
    if weights.shape != shape:
        raise InvalidInputError(f"{who} affinities of shape {shape}; got shape {weights.shape}.")
    values = weights.data if sparse.issparse(weights) else weights
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise InvalidInputError(
            f"{who} finite, non-negative affinities; got {values[wrong][0]!s}, and "
            f"{int(wrong.sum())} in all that are not."
        )
    return weights


def _speaking_only(weights: object, speaking: npt.NDArray[np.bool_]) -> sparse.csr_array:
    """Return the weights as a csr_array, with 0 for what does not speak."""
    return sparse.csr_array(weights) @ sparse.diags_array(speaking.astype(np.float64))


def _row_blocks(n_rows: int, row_length: int) -> list[slice]:
    return row_blocks(n_rows, max(1, _BLOCK_BYTES // (8 * row_length)))
