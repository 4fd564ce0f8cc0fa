"""A graph from a matrix of weights: what is taken, what is refused, how it is made symmetric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels import LabelPropagation, LabelSpreading
from fewlabels.exceptions import (
    AsymmetryWarning,
    InvalidInputError,
    InvalidTypeError,
    NotEnoughMemoryError,
)
from fewlabels.graph import Graph
from tests.strategies import affinities, directed_weights

PATH = np.array([[0.0, 1, 0], [1, 0, 2], [0, 2, 0]])
LAYOUTS = ("csr", "dense")

CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "list": lambda a: a.tolist(),
    "array": np.array,
    "array in columns": np.asfortranarray,
    "matrix": lambda a: sparse.csr_matrix(a).todense(),
    "frame": pd.DataFrame,
    "csr_array": sparse.csr_array,
    "csr_matrix": sparse.csr_matrix,
    "csc_array": sparse.csc_array,
    "csc_matrix": sparse.csc_matrix,
    "coo_array": sparse.coo_array,
    "coo_matrix": sparse.coo_matrix,
    "lil_array": sparse.lil_array,
    "dok_array": sparse.dok_array,
    "dia_array": sparse.dia_array,
    "bsr_array": sparse.bsr_array,
}


def _dense(graph: Graph) -> np.ndarray:
    held = graph.affinity
    return held if isinstance(held, np.ndarray) else held.toarray()


def _snapshot(matrix: Any) -> list[np.ndarray]:
    if isinstance(matrix, np.ndarray):
        return [matrix.copy()]
    names = ("data", "indices", "indptr", "row", "col", "offsets")
    return [np.array(getattr(matrix, name)) for name in names if hasattr(matrix, name)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_every_kind_of_matrix_gives_the_same_graph(container: str, layout: str) -> None:
    graph = Graph.from_affinity(CONTAINERS[container](PATH), layout=layout)
    np.testing.assert_array_equal(_dense(graph), PATH)
    assert graph.is_dense == (layout == "dense")


@pytest.mark.parametrize(
    "dtype", [bool, np.int8, np.uint8, np.int64, np.uint64, np.float16, np.float32, np.float64]
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_kind_of_number_is_held_as_float32(dtype: type, layout: str) -> None:
    weights = PATH.astype(dtype)
    matrices = [weights] if dtype is np.float16 else [weights, sparse.csr_array(weights)]
    for matrix in matrices:  # SciPy has no sparse float16
        graph = Graph.from_affinity(matrix, layout=layout)
        assert graph.dtype == np.float32
        np.testing.assert_array_equal(_dense(graph), weights.astype(np.float32))


@given(
    weights=directed_weights(),
    container=st.sampled_from(["array", "csr_array", "csc_matrix", "coo_array"]),
    symmetrize=st.sampled_from(["mean", "union", "mutual"]),
    layout=st.sampled_from(LAYOUTS),
)
def test_the_matrix_given_is_not_modified(
    weights: np.ndarray, container: str, symmetrize: str, layout: str
) -> None:
    matrix = CONTAINERS[container](weights)
    before = _snapshot(matrix)
    graph = Graph.from_affinity(matrix, symmetrize=symmetrize, layout=layout)
    after = _snapshot(matrix)
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))
    for array in before if isinstance(matrix, np.ndarray) else [matrix.data]:
        assert not np.shares_memory(array, _dense(graph))
        assert array.flags.writeable


def test_a_csr_matrix_out_of_order_is_not_modified() -> None:
    unsorted = sparse.csr_array((np.ones(4), [2, 1, 0, 0], [0, 2, 3, 4]), shape=(3, 3))
    unsorted_before = _snapshot(unsorted)
    Graph.from_affinity(unsorted)
    for x, y in zip(unsorted_before, _snapshot(unsorted), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8, np.uint8])
def test_duplicate_entries_are_added_up_without_overflow(dtype: type) -> None:
    entries = (np.full(6, 100, dtype=dtype), ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]))
    graph = Graph.from_affinity(sparse.coo_array(entries, shape=(2, 2)))
    np.testing.assert_array_equal(_dense(graph), [[0, 300], [300, 0]])


def test_duplicate_entries_that_cancel_are_not_refused() -> None:
    entries = (np.array([-1.0, 3.0, 2.0]), ([0, 0, 1], [1, 1, 0]))
    graph = Graph.from_affinity(sparse.coo_array(entries, shape=(2, 2)))
    np.testing.assert_array_equal(_dense(graph), [[0, 2], [2, 0]])


@given(weights=directed_weights(), layout=st.sampled_from(LAYOUTS))
def test_each_way_of_symmetrizing_follows_its_formula(weights: np.ndarray, layout: str) -> None:
    off_diagonal = weights.copy()
    np.fill_diagonal(off_diagonal, 0)
    largest = off_diagonal.max()
    asymmetry = np.abs(off_diagonal - off_diagonal.T).max() / largest if largest else 0.0
    expected = {
        "mean": (off_diagonal + off_diagonal.T) / 2,
        "union": np.maximum(off_diagonal, off_diagonal.T),
        "mutual": np.minimum(off_diagonal, off_diagonal.T),
    }
    for how, symmetric in expected.items():
        graph = Graph.from_affinity(weights, symmetrize=how, layout=layout)
        np.testing.assert_array_equal(_dense(graph), symmetric)
        assert graph.n_edges == np.count_nonzero(symmetric) // 2
        # the weights are exact in float32; their ratio is rounded there once
        assert graph.build_info["asymmetry"] == pytest.approx(asymmetry, rel=1e-6)
        if layout == "csr":
            assert graph.affinity.nnz == np.count_nonzero(symmetric)
            assert graph.affinity.has_canonical_format


@given(weights=affinities())
def test_both_layouts_hold_the_same_graph(weights: np.ndarray) -> None:
    csr, dense = (Graph.from_affinity(weights, layout=layout) for layout in LAYOUTS)
    np.testing.assert_array_equal(_dense(csr), _dense(dense))
    np.testing.assert_array_equal(csr.degrees, dense.degrees)
    np.testing.assert_array_equal(csr.component_labels, dense.component_labels)


def test_the_diagonal_is_dropped_and_no_asymmetry() -> None:
    graph = Graph.from_affinity(np.eye(3) * 5 + PATH)
    np.testing.assert_array_equal(_dense(graph), PATH)
    assert graph.build_info["asymmetry"] == 0


def test_stored_zeros_are_no_edges() -> None:
    stored = sparse.csr_array(([1.0, 0.0, 1.0, 0.0], [1, 2, 0, 0], [0, 2, 3, 4]), shape=(3, 3))
    graph = Graph.from_affinity(stored)
    assert (graph.n_edges, graph.affinity.nnz) == (1, 2)


@pytest.mark.parametrize("weight", [1e-60, 1e60, 1e-40])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_outside_the_range_of_float32_are_held_as_float64(
    weight: float, layout: str
) -> None:
    graph = Graph.from_affinity(PATH * weight, layout=layout)
    assert graph.dtype == np.float64
    np.testing.assert_array_equal(_dense(graph), PATH * weight)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, "float64"])
def test_the_dtype_asked_for_is_the_dtype_held(layout: str, dtype: Any) -> None:
    graph = Graph.from_affinity(PATH, layout=layout, dtype=dtype)
    assert graph.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(_dense(graph), PATH)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("largest", [3e38, 1.6e308])
def test_the_mean_of_the_largest_weights_is_finite(layout: str, largest: float) -> None:
    matrix = np.array([[0, largest], [largest / 2, 0]])
    graph = Graph.from_affinity(matrix, symmetrize="mean", layout=layout)
    assert _dense(graph)[0, 1] == pytest.approx(0.75 * largest, rel=1e-6)


@pytest.mark.parametrize("container", ["array", "csr_array"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_is_said_when_a_matrix_was_made_symmetric_unless_a_way_was_named(
    container: str, layout: str
) -> None:
    directed = CONTAINERS[container](np.array([[0, 4.0, 0], [1, 0, 2], [0, 2, 0]]))
    with pytest.warns(AsymmetryWarning, match=r"up to 0\.75 of the largest weight") as caught:
        graph = Graph.from_affinity(directed, layout=layout)
    assert caught[0].filename == __file__
    for how in ("mean", "union", "mutual"):
        assert how in str(caught[0].message)
        Graph.from_affinity(directed, symmetrize=how, layout=layout)
    assert _dense(graph)[0, 1] == _dense(graph)[1, 0] == 2.5


def test_rounding_is_no_asymmetry() -> None:
    matrix = np.array([[0, 1.0], [1 + 1e-12, 0]])
    np.testing.assert_allclose(_dense(Graph.from_affinity(matrix)), [[0, 1], [1, 0]])


def test_estimators_say_that_affinities_were_made_symmetric() -> None:
    directed = np.array([[0, 1, 0], [0.5, 0, 1], [0, 1, 0.0]])
    for model, X in (
        (LabelSpreading("precomputed"), directed),
        (LabelPropagation(lambda A, B: directed), PATH),
    ):
        with pytest.warns(AsymmetryWarning, match=r"symmetrize=") as caught:
            model.fit(X, [0, -1, 1])
        assert caught[0].filename == __file__


@pytest.mark.parametrize("container", ["array", "csr_array", "coo_matrix", "list"])
def test_the_constructor_takes_what_is_a_graph_and_copies_it(container: str) -> None:
    given = CONTAINERS[container](PATH)
    before = [] if container == "list" else _snapshot(given)
    scales = np.array([1.0, 2, 3])
    graph = Graph(given, local_scales=scales, build_info={"kind": "mine"})
    np.testing.assert_array_equal(_dense(graph), PATH)
    assert graph.dtype == np.float64
    assert graph.build_info == {"kind": "mine"}
    assert graph.is_dense == (container in ("array", "list"))
    scales[:] = 0
    np.testing.assert_array_equal(graph.local_scales, [1, 2, 3])
    if container == "list":
        return
    after = _snapshot(given)
    assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))
    for array in [given] if isinstance(given, np.ndarray) else [given.data]:
        assert array.flags.writeable
        array[...] = 7  # which the graph does not see
    np.testing.assert_array_equal(_dense(graph), PATH)


def test_the_constructor_leaves_no_zeros_and_sorts() -> None:
    loose = sparse.csr_array(
        (np.float32([2, 1, 0, 1, 2]), [2, 0, 0, 1, 1], [0, 0, 2, 5]), shape=(3, 3)
    )
    loose = loose + loose.T
    given = sparse.csr_array((loose.data, loose.indices, loose.indptr), shape=(3, 3))
    held = Graph(given).affinity
    assert held.has_canonical_format
    assert held.data.all()
    assert held.dtype == np.float32
    np.testing.assert_array_equal(held.toarray(), given.toarray())


@pytest.mark.parametrize("container", ["array", "csr_array", "coo_array"])
@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (PATH - np.tril(PATH), r"entry \(0, 1\) is 1\.0, and \(1, 0\) is 0.*from_affinity"),
        (PATH + np.eye(3), r"no self-loops; entry \(0, 0\) is 1\.0.*from_affinity.*drops"),
        (-PATH, r"non-negative; entry \(0, 1\) is -1\.0"),
        (np.where(PATH > 0, np.inf, 0), "finite and non-negative"),
        (PATH[:2], r"square.*\(2, 3\)"),
        (PATH * 0.8e308, "sum to more than float64 holds"),
    ],
)
def test_the_constructor_refuses_what_is_no_graph(container: str, matrix: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        Graph(CONTAINERS[container](matrix))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"local_scales": [1.0, 2.0]}, r"shape \(3,\); got \(2,\)"),
        ({"local_scales": [1.0, 2.0, -1.0]}, "finite and at least 0"),
        ({"local_scales": ["a", "b", "c"]}, "must hold numbers"),
        ({"local_scales": np.ma.array([1.0, 2, 3], mask=[0, 1, 0])}, "masked"),
        ({"build_info": "knn"}, "build_info must be a mapping"),
    ],
)
def test_the_constructor_refuses_what_fits_no_graph(settings: Any, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        Graph(PATH, **settings)


@pytest.mark.parametrize("make", [Graph, Graph.from_affinity])
def test_masked_affinities_are_refused(make: Any) -> None:
    masked = np.ma.array(PATH, mask=PATH == 2)
    with pytest.raises(InvalidInputError, match=r"2 rows \(counted from 0: 1, 2\).*\.filled\(0\)"):
        make(masked)
    np.testing.assert_array_equal(_dense(make(masked.filled(0))), PATH * (PATH != 2))


def test_weights_that_overflow_the_dtype_asked_for_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"2e\+60.* overflows float32.*dtype=None"):
        Graph.from_affinity(PATH * 1e60, dtype=np.float32)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("container", ["array", "array in columns", "csr_array", "coo_matrix"])
def test_a_wrong_weight_is_named_with_its_entry(wrong: float, container: str) -> None:
    weights = PATH.copy()
    weights[2, 1] = wrong
    with pytest.raises(InvalidInputError, match=rf"entry \(2, 1\) is {wrong}.* 1 entries"):
        Graph.from_affinity(CONTAINERS[container](weights))


def test_all_wrong_weights_are_counted() -> None:
    with pytest.raises(InvalidInputError, match=r"entry \(0, 1\) is -1.* 4 entries in all"):
        Graph.from_affinity(-(PATH > 0).astype(int))


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (np.ones((2, 3)), InvalidInputError, r"square.*shape \(2, 3\)"),
        (sparse.csr_array((2, 3)), InvalidInputError, r"square.*shape \(2, 3\)"),
        (np.ones(4), InvalidInputError, r"square.*shape \(4,\)"),
        (1.0, InvalidInputError, r"square.*shape \(\)"),
        ([[0, 1], [1]], InvalidInputError, "square"),
        (PATH.astype(complex), InvalidTypeError, "complex128"),
        (PATH.astype(object), InvalidTypeError, "object"),
        (PATH.astype(str), InvalidTypeError, "<U"),
        (None, InvalidTypeError, "object"),
        (Graph.from_affinity(PATH), InvalidTypeError, "Graph already"),
    ],
)
def test_what_is_no_matrix_of_weights_is_refused(
    matrix: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Graph.from_affinity(matrix)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"symmetrize": "max"}, InvalidInputError, "'mean', 'union', 'mutual', got 'max'"),
        ({"symmetrize": 3}, InvalidTypeError, "symmetrize"),
        ({"layout": "coo"}, InvalidInputError, "'csr', 'dense', got 'coo'"),
        ({"dtype": np.int32}, InvalidInputError, "float32, float64 or None, got int32"),
        ({"dtype": "no dtype"}, InvalidTypeError, "float32, float64 or None"),
    ],
)
def test_settings_that_do_not_exist_are_refused(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Graph.from_affinity(PATH, **settings)


def test_a_dense_layout_is_refused_before_it_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 10**12)
    empty = sparse.csr_array((10**6, 10**6))
    with pytest.raises(NotEnoughMemoryError, match=r"1,000,000 points needs 12 TB.*layout=\"csr\""):
        Graph.from_affinity(empty, layout="dense")
    assert Graph.from_affinity(empty).n_edges == 0


@pytest.mark.parametrize("layout", ["csr", "dense"])
def test_weights_whose_sums_overflow_are_refused(layout) -> None:
    with pytest.raises(InvalidInputError, match="divide the matrix by its largest entry"):
        Graph.from_affinity(np.full((4, 4), 1e308), layout=layout)
