"""Generated inputs that several tests share: weights of graphs, features, partial labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from scipy import sparse

FloatArray = npt.NDArray[np.float64]

SHAPES = ("random", "path", "cycle", "star", "complete", "edgeless")

# Powers of two times small integers, so that sums and halves are exact and a failure reads well.
MODERATE_WEIGHTS = st.sampled_from((0.125, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 8.0))
# float32 holds them, their sums and their halves.
EXTREME_WEIGHTS = st.sampled_from((1e-36, 1e-20, 1e-6, 1.0, 1e6, 1e20, 1e36))


def _edges(draw: st.DrawFn, shape: str, n_nodes: int) -> list[tuple[int, int]]:
    if shape == "edgeless":
        return []
    if shape == "path":
        return [(i, i + 1) for i in range(n_nodes - 1)]
    if shape == "cycle":
        closing = [(0, n_nodes - 1)] if n_nodes > 2 else []
        return [(i, i + 1) for i in range(n_nodes - 1)] + closing
    if shape == "star":
        return [(0, i) for i in range(1, n_nodes)]
    pairs = [(i, j) for i in range(n_nodes) for j in range(i + 1, n_nodes)]
    if shape == "complete" or not pairs:
        return pairs
    return draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3 * n_nodes))


@st.composite
def affinities(
    draw: st.DrawFn,
    *,
    min_nodes: int = 1,
    max_nodes: int = 12,
    shapes: tuple[str, ...] = SHAPES,
    extreme: bool = False,
    layout: str = "dense",
    dtype: npt.DTypeLike = np.float64,
) -> Any:
    """Symmetric, non-negative weights with a zero diagonal.

    One to three pieces (random sparse graphs, paths, cycles, stars, complete graphs, isolated
    nodes) that no edge joins, with equal or differing weights, the nodes in any order.
    `layout` is "dense" (ndarray) or "csr" (csr_array); `extreme` adds weights from 1e-36 to 1e36.
    """
    n_nodes = draw(st.integers(min_nodes, max_nodes))
    n_pieces = draw(st.integers(1, min(3, n_nodes)))
    cuts = sorted(
        draw(st.sets(st.integers(1, n_nodes - 1), min_size=n_pieces - 1, max_size=n_pieces - 1))
        if n_pieces > 1
        else []
    )
    values = EXTREME_WEIGHTS if extreme else MODERATE_WEIGHTS
    one_weight = draw(st.one_of(st.none(), values))
    weights = np.zeros((n_nodes, n_nodes), dtype=dtype)
    for start, stop in zip([0, *cuts], [*cuts, n_nodes], strict=True):
        shape = draw(st.sampled_from(shapes))
        for i, j in _edges(draw, shape, stop - start):
            weight = draw(values) if one_weight is None else one_weight
            weights[start + i, start + j] = weights[start + j, start + i] = weight
    order = draw(st.permutations(range(n_nodes)))
    weights = weights[np.ix_(order, order)]
    return sparse.csr_array(weights) if layout == "csr" else weights


@st.composite
def directed_weights(draw: st.DrawFn, *, max_nodes: int = 8) -> FloatArray:
    """Square, non-negative weights with any diagonal, in general not symmetric; mostly zeros."""
    n_nodes = draw(st.integers(1, max_nodes))
    entries = st.one_of(st.just(0.0), st.just(0.0), MODERATE_WEIGHTS)
    flat = draw(st.lists(entries, min_size=n_nodes**2, max_size=n_nodes**2))
    return np.array(flat).reshape(n_nodes, n_nodes)


@st.composite
def features(
    draw: st.DrawFn,
    *,
    min_samples: int = 1,
    max_samples: int = 14,
    max_features: int = 3,
    integers: bool = False,
) -> FloatArray:
    """Finite points, with duplicates and ties; `integers` makes every distance's square exact."""
    n_samples = draw(st.integers(min_samples, max_samples))
    n_features = draw(st.integers(1, max_features))
    coordinate: st.SearchStrategy[float] = st.integers(-4, 4).map(float)
    if not integers:
        coordinate = st.one_of(coordinate, st.floats(-100, 100, width=32))
    flat = draw(
        st.lists(coordinate, min_size=n_samples * n_features, max_size=n_samples * n_features)
    )
    return np.array(flat).reshape(n_samples, n_features)


@st.composite
def partial_labels(
    draw: st.DrawFn, n_nodes: int, *, n_classes: int = 3, min_labelled: int = 1
) -> npt.NDArray[np.intp]:
    """Integer labels of shape (n_nodes,); -1 is unlabelled; at least `min_labelled` are not."""
    labels = np.array(
        draw(st.lists(st.integers(-1, n_classes - 1), min_size=n_nodes, max_size=n_nodes)),
        dtype=np.intp,
    )
    missing = min(min_labelled, n_nodes) - int((labels >= 0).sum())
    for node in np.flatnonzero(labels < 0)[: max(missing, 0)]:
        labels[node] = draw(st.integers(0, n_classes - 1))
    return labels
