"""Layouts: their forces are those of the formula, and their pictures show what hangs together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, knn_graph, layout
from fewlabels.graph.layouts import _forces, _layout, _rounds
from fewlabels.graph.layouts._apart import isolated_places, new_places
from fewlabels.graph.layouts._forces import Push, pull
from fewlabels.graph.layouts._levels import levels

needs_compiled = pytest.mark.skipif(_forces.compiled is None, reason="installed without a compiler")


def random_weights(n: int, share: float, seed: int) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    upper = np.triu(np.where(rng.random((n, n)) < share, rng.random((n, n)), 0), 1)
    weights = sparse.csr_array((upper + upper.T).astype(np.float32))
    weights.indices, weights.indptr = (
        a.astype(np.int32) for a in (weights.indices, weights.indptr)
    )
    return weights


def random_places(n: int, seed: int, spread: float = 5.0) -> np.ndarray:
    places = np.random.default_rng(seed).normal(scale=spread, size=(n, 2))
    return places.astype(np.float32)


def grid_graph(side: int) -> Graph:
    path = sparse.diags_array([1.0, 1.0], offsets=[-1, 1], shape=(side, side))
    return Graph.from_affinity(sparse.kronsum(path, path).tocsr())


def graph_of(*sizes: int) -> Graph:
    """Rings of so many points, that share no edge; a ring of one is a point alone."""
    n = sum(sizes)
    dense, first = np.zeros((n, n)), 0
    for size in sizes:
        for i in range(size if size > 1 else 0):
            a, b = first + i, first + (i + 1) % size
            dense[a, b] = dense[b, a] = 1
        first += size
    return Graph.from_affinity(dense)


# The formula, point by point.


def textbook_pull(weights: np.ndarray, places: np.ndarray) -> np.ndarray:
    pulls = np.zeros_like(places)
    for i in range(len(places)):
        for j in range(len(places)):
            between = places[j] - places[i]
            pulls[i] += weights[i, j] * between / (1 + between @ between)
    return pulls


def textbook_push(masses: np.ndarray, places: np.ndarray) -> np.ndarray:
    pushes, z = np.zeros_like(places), 0.0
    for i in range(len(places)):
        for j in range(len(places)):
            between = places[i] - places[j]
            q = 1 / (1 + between @ between)
            pushes[i] += masses[j] * q**2 * between
            z += masses[i] * masses[j] * q
    return masses.sum() / z * pushes


@given(n=st.integers(1, 25), share=st.sampled_from([0.0, 0.2, 1.0]), seed=st.integers(0, 99))
def test_the_pull_is_the_formula(n, share, seed) -> None:
    weights, places = random_weights(n, share, seed), random_places(n, seed)
    found = np.empty_like(places)
    pull(weights, places, 0, n // 2, found)
    pull(weights, places, n // 2, n, found)
    expected = textbook_pull(weights.toarray().astype(float), places.astype(float))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@needs_compiled
@given(n=st.integers(1, 40), share=st.sampled_from([0.0, 0.2, 1.0]), seed=st.integers(0, 99))
def test_the_compiled_pull_is_numpys_to_the_last_bit(n, share, seed) -> None:
    weights, places = random_weights(n, share, seed), random_places(n, seed)
    found, plain = np.full_like(places, np.nan), np.full_like(places, np.nan)
    with pytest.MonkeyPatch.context() as patch:
        for first, last in ((0, n // 3), (n // 3, n)):
            pull(weights, places, first, last, found)
            patch.setattr(_forces, "compiled", None)
            pull(weights, places, first, last, plain)
            patch.undo()
    np.testing.assert_array_equal(found, plain)


@needs_compiled
def test_the_compiled_pull_refuses_what_would_read_foreign_memory() -> None:
    weights, places = random_weights(6, 0.5, 0), random_places(6, 0)
    arrays = [weights.indptr, weights.indices, weights.data, places, np.empty_like(places)]
    wrong = [
        (0, weights.indptr[:-1].copy(), "indptr must have one entry more"),
        (0, weights.indptr.astype(np.int64), "indptr must have 1 dimension, and be int32"),
        (0, weights.indptr + np.int32(50), "indptr must ascend"),
        (1, weights.indices + np.int32(6), "indices lie within"),
        (1, weights.indices - np.int32(6), "indices lie within"),
        (2, weights.data.astype(np.float64), "data must have 1 dimension, and be float32"),
        (2, weights.data[1:].copy(), "as long as indices"),
        (4, np.empty((5, 2), dtype=np.float32), "one entry more than places"),
    ]
    for place, array, message in wrong:
        with pytest.raises(ValueError, match=message):
            _forces.compiled(*arrays[:place], array, *arrays[place + 1 :], 0, 6)
    for first, last in ((-1, 6), (4, 3), (0, 7)):
        with pytest.raises(ValueError, match="first and last"):
            _forces.compiled(*arrays, first, last)


@pytest.mark.parametrize("spread", [0.5, 5.0, 40.0])
def test_the_push_is_the_formula_but_for_the_grid(spread) -> None:
    masses = np.random.default_rng(1).integers(1, 9, size=120).astype(np.float32)
    places = random_places(120, 2, spread)
    found = Push(masses)(places)
    expected = textbook_push(masses.astype(float), places.astype(float))
    error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert error < 0.15


# Levels.


@given(n=st.integers(1, 60), share=st.sampled_from([0.0, 0.05, 0.3]), seed=st.integers(0, 50))
def test_levels_keep_the_points_and_the_weights_between_them(n, share, seed) -> None:
    weights = random_weights(n, share, seed)
    found = levels(weights, 5, np.random.default_rng(seed))
    assert found[-1].parents is None
    for level, coarser in pairwise(found):
        joined = np.eye(len(coarser.masses))[level.parents]
        np.testing.assert_allclose(joined.T @ level.masses, coarser.masses)
        dense = joined.T @ level.weights.toarray() @ joined
        np.fill_diagonal(dense, 0)
        np.testing.assert_allclose(coarser.weights.toarray(), dense, rtol=1e-5)
        assert len(coarser.masses) < len(level.masses)


def test_the_rays_of_a_star_join_its_centre() -> None:
    star = np.zeros((30, 30), dtype=np.float32)
    star[0, 1:] = star[1:, 0] = 1
    found = levels(sparse.csr_array(star), 5, np.random.default_rng(0))
    assert [len(level.masses) for level in found] == [30, 1]


# Pictures.


def purity(places: np.ndarray, classes: np.ndarray) -> float:
    near = NearestNeighbors(n_neighbors=10).fit(places).kneighbors(return_distance=False)
    return float((classes[near] == classes[:, None]).mean())


def test_digits_lie_among_their_own_and_beside_their_neighbours() -> None:
    X, classes = load_digits(return_X_y=True)
    places = layout(knn_graph(X, 15))
    assert places.shape == (len(X), 2)
    assert places.dtype == np.float32
    components = PCA(2, random_state=0).fit_transform(X)
    assert purity(places, classes) > 0.97
    assert purity(components, classes) < 0.6
    assert trustworthiness(X, places, n_neighbors=10) > 0.985


def test_the_far_ends_of_a_chain_lie_far_apart() -> None:
    t = np.linspace(0, 1, 1800)
    places = layout(knn_graph(np.c_[t, t], 6))
    length = np.linalg.norm(places[0] - places[-1])
    assert length > 0.3 * np.ptp(places, axis=0).max()
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert np.median(steps) < 0.01 * np.ptp(places, axis=0).max()


def test_any_number_of_threads_gives_the_same_to_the_last_bit(monkeypatch) -> None:
    graph = grid_graph(60)
    monkeypatch.setattr(_rounds, "_WORTH_SHARING", 1000)
    monkeypatch.setattr(_rounds, "_ROWS_AT_ONCE", 700)
    np.testing.assert_array_equal(layout(graph, n_jobs=1), layout(graph, n_jobs=2))


def test_large_graphs_are_laid_out_in_an_order_of_memory_and_as_well(monkeypatch) -> None:
    X, classes = load_digits(return_X_y=True)
    graph = knn_graph(X[::2], 15)
    monkeypatch.setattr(_layout, "_WORTH_ORDERING", 500)
    places = layout(graph)
    assert purity(places, classes[::2]) > 0.95
    middle = np.array([places[classes[::2] == each].mean(axis=0) for each in range(10)])
    assert np.linalg.norm(middle[:, None] - middle, axis=2)[np.triu_indices(10, 1)].min() > 3
    monkeypatch.setattr(_rounds, "_WORTH_SHARING", 100)
    np.testing.assert_array_equal(layout(graph, n_jobs=3), places)


def test_the_seed_decides() -> None:
    graph = graph_of(30, 20)
    places = layout(graph)
    np.testing.assert_array_equal(places, layout(graph, random_state=0))
    assert not np.array_equal(places, layout(graph, random_state=1))
    one, other = (layout(graph, random_state=np.random.RandomState(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_small_components_and_single_points_lie_apart_below_on_the_right() -> None:
    sizes = (400, 300, 5, 4, 1, 1, 1)
    places = layout(graph_of(*sizes))
    part = np.repeat(np.arange(len(sizes)), sizes)
    large, small, alone = places[part < 2], places[(part == 2) | (part == 3)], places[part > 3]
    assert small[:, 0].min() > large[:, 0].max()
    assert alone[:, 0].min() > small[:, 0].max()
    assert small[:, 1].min() >= large[:, 1].min() - 1e-3
    # and components do not lie on one another
    assert purity_of_nearest(places, part) > 0.99


def purity_of_nearest(places: np.ndarray, part: np.ndarray) -> float:
    held = np.isin(part, np.flatnonzero(np.bincount(part) > 1))
    near = NearestNeighbors(n_neighbors=1).fit(places).kneighbors(return_distance=False)[:, 0]
    return float((part[near] == part)[held].mean())


def test_many_equal_components_fill_a_disc() -> None:
    places = layout(graph_of(*[4] * 120))
    part = np.repeat(np.arange(120), 4)
    assert purity_of_nearest(places, part) > 0.97
    radius = np.linalg.norm(places, axis=1)
    inner = (radius < radius.max() / 2).mean()
    assert 0.12 < inner < 0.5  # a quarter of a disc's area; of a ring's, nothing


@pytest.mark.parametrize("sizes", [(1,), (2,), (3,), (1, 1), (2, 2), (1, 2, 3)])
def test_the_smallest_graphs_have_places(sizes) -> None:
    places = layout(graph_of(*sizes))
    assert places.shape == (sum(sizes), 2)
    assert np.isfinite(places).all()
    assert len(np.unique(places, axis=0)) == len(places)


def test_no_nodes_have_no_places() -> None:
    assert layout(Graph(np.zeros((0, 0)))).shape == (0, 2)


def test_a_dense_graph_is_laid_out_as_the_sparse_one() -> None:
    weights = random_weights(50, 1.0, 0)
    dense = Graph.from_affinity(weights.toarray(), layout="dense")
    np.testing.assert_array_equal(layout(dense), layout(Graph.from_affinity(weights)))


def test_a_start_keeps_the_picture_when_points_come() -> None:
    X, _ = load_digits(return_X_y=True)
    n_old = 1600
    before = layout(knn_graph(X[:n_old], 10))
    start = np.full((len(X), 2), np.nan)
    start[:n_old] = before
    after = layout(knn_graph(X, 10), start=start)
    moved = np.linalg.norm(after[:n_old] - before, axis=1)
    assert np.median(moved) < 0.05 * np.ptp(before, axis=0).max()
    assert np.isfinite(after).all()
    assert np.isnan(start[n_old:]).all()  # what was passed in is as it was


def test_new_points_begin_among_their_neighbours_or_beside_all() -> None:
    graph = graph_of(3, 1)
    start = np.array([[0, 0], [4, 2], [np.nan] * 2, [np.nan] * 2], dtype=np.float32)
    places = new_places(graph.affinity, start)
    np.testing.assert_allclose(places[:3], [[0, 0], [4, 2], [2, 1]])
    assert places[3, 0] > 4


def test_points_alone_stand_in_a_square() -> None:
    np.testing.assert_array_equal(isolated_places(3), [[0, 0], [1, 0], [0, 1]])


def test_progress_is_told_to_the_end() -> None:
    shares: list[float] = []
    layout(graph_of(30, 1), progress=shares.append)
    assert shares[-1] == 1
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    ("start", "error", "message"),
    [
        (np.zeros((3, 2)), InvalidInputError, r"start has shape \(3, 2\).*must be \(4, 2\)"),
        ([[0, 0], [0, np.inf], [0, 0], [0, 0]], InvalidInputError, r"places of at most 1e\+15"),
        ([[-3e38, 0], [3e38, 0], [0, 0], [0, 0]], InvalidInputError, r"places of at most 1e\+15"),
        ([[1e300, 0], [0, 0], [0, 0], [0, 0]], InvalidInputError, r"places of at most 1e\+15"),
        ([[0, 0], [0, np.nan], [0, 0], [0, 0]], InvalidInputError, "NaN twice"),
        (np.full((4, 2), np.nan), InvalidInputError, "holds no place"),
        ([["a", "b"]] * 4, InvalidTypeError, "start must hold numbers"),
    ],
)
def test_a_start_that_is_none_is_refused(start, error, message) -> None:
    with pytest.raises(error, match=message):
        layout(graph_of(4), start=start)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(InvalidTypeError, match=r"graph must be a Graph, got ndarray"):
        layout(np.eye(3))
    with pytest.raises(InvalidInputError, match="random_state"):
        layout(graph_of(3), random_state="one")
