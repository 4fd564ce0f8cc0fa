"""Small graphs of which the answers are known, as dense weights or as a Graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels import LabelPropagation, LabelSpreading
from fewlabels.graph import Graph
from fewlabels.solvers import METHODS, METHODS_WITH_GROUND

FloatArray = npt.NDArray[np.float64]


def path_graph(weights: Sequence[float] | FloatArray) -> Graph:
    """Nodes 0, 1, ..., n in a row; `weights[i]` joins i and i + 1. float64 CSR."""
    n_nodes = len(weights) + 1
    affinity = sparse.diags_array(
        [weights, weights], offsets=[1, -1], shape=(n_nodes, n_nodes), format="csr"
    )
    return Graph.from_affinity(affinity, dtype=np.float64)


def complete(n_nodes: int) -> FloatArray:
    """Every node joined to every other with weight 1."""
    return np.ones((n_nodes, n_nodes)) - np.eye(n_nodes)


def star(weights: Sequence[float]) -> FloatArray:
    """Node 0 joined to the leaf i + 1 with `weights[i]`."""
    n_nodes = len(weights) + 1
    W = np.zeros((n_nodes, n_nodes))
    W[0, 1:] = W[1:, 0] = weights
    return W


def two_cliques(size: int, bridge: float) -> FloatArray:
    """Two complete graphs of `size` nodes; the last of one is joined to the first of the other."""
    W = np.zeros((2 * size, 2 * size))
    W[:size, :size] = W[size:, size:] = complete(size)
    W[size - 1, size] = W[size, size - 1] = bridge
    return W


def clustered(size: int, link: float, *, seed: int = 0) -> Graph:
    """Two random sparse graphs of `size` nodes, each connected, with one edge of weight `link`."""
    rng = np.random.default_rng(seed)
    backbone = sparse.diags_array([np.full(size - 1, 0.1)], offsets=[1], shape=(size, size))
    halves = [
        sparse.random_array((size, size), density=6 / size, rng=rng) + backbone for _ in range(2)
    ]
    weights = sparse.block_diag(halves, format="lil")
    weights[0, size] = link
    weights = sparse.csr_array(weights)
    return Graph.from_affinity(weights + weights.T, dtype=np.float64)


def one_hot(labels: Sequence[int] | npt.NDArray[np.intp], n_classes: int) -> FloatArray:
    """Y: a 1 in the class of each labelled row; -1 is unlabelled."""
    given = np.asarray(labels)
    Y = np.zeros((len(given), n_classes))
    rows = np.flatnonzero(given >= 0)
    Y[rows, given[rows]] = 1
    return Y


# Every estimator with each of its solvers.
ESTIMATORS_AND_SOLVERS = [
    *((LabelSpreading, solver) for solver in METHODS_WITH_GROUND),
    *((LabelPropagation, solver) for solver in METHODS),
]
