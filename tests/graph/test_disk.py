"""Graphs on disk: written in blocks of rows, opened without being read."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels.graph import (
    DiskGraph,
    Graph,
    knn_graph,
    open_graph,
    write_graph,
)
from fewlabels.graph.disk import _graph_files, _writer
from tests.strategies import affinities


def random_graph(n_nodes: int = 200, seed: int = 0, dtype: Any = np.float32) -> Graph:
    weights = sparse.random_array(
        (n_nodes, n_nodes), density=1 / n_nodes, rng=np.random.default_rng(seed)
    )
    return Graph.from_affinity(weights + weights.T, dtype=dtype)


def in_blocks(matrix: Any, sizes: list[int]) -> Iterator[Any]:
    start = 0
    for size in sizes:
        yield matrix[start : start + size]
        start += size


def assert_same_graph(found: DiskGraph, expected: Graph) -> None:
    memory = found.to_memory()
    assert (memory.affinity != expected.affinity).nnz == 0
    assert memory.affinity.indices.dtype == np.int32
    assert found.n_edges == expected.n_edges
    assert found.n_components == expected.n_components
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.degrees, expected.degrees)
    np.testing.assert_array_equal(found.component_labels, expected.component_labels)
    np.testing.assert_array_equal(found.neighbor_counts, expected.neighbor_counts)
    assert str(found.diagnose()) == str(expected.diagnose())
    found.check()


@pytest.mark.parametrize("sizes", [[200], [1] * 200, [0, 3, 150, 47]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_graph_does_not_depend_on_the_blocks_it_came_in(
    tmp_path: Path, sizes: list[int], dtype: Any
) -> None:
    graph = random_graph(dtype=dtype)
    blocks = in_blocks(graph.affinity, sizes)
    found = write_graph(tmp_path / "graph", blocks, 200, dtype=dtype)
    assert_same_graph(found, graph)


@given(weights=affinities(max_nodes=10), data=st.data())
def test_any_graph_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, weights: Any, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(weights)), max_size=3)))
    sizes = np.diff([0, *cuts, len(weights)]).tolist()
    path = tmp_path_factory.mktemp("any") / "graph"
    found = write_graph(path, in_blocks(weights, sizes), len(weights))
    assert_same_graph(found, Graph.from_affinity(weights))


@pytest.mark.parametrize("layout", ["csr", "dense"])
def test_a_graph_in_memory_is_written_with_what_is_known_of_it(tmp_path: Path, layout: Any) -> None:
    graph = Graph.from_affinity(random_graph(60).affinity, layout=layout)
    found = write_graph(tmp_path / "graph", graph)
    assert_same_graph(found, Graph.from_affinity(graph.affinity))
    assert found.build_info == graph.build_info
    assert found.local_scales is None
    assert not found.is_dense


def test_a_graph_of_neighbours_keeps_its_scales_and_recall(tmp_path: Path) -> None:
    graph = knn_graph(np.random.default_rng(0).normal(size=(80, 3)), 4)
    found = write_graph(tmp_path / "graph", graph)
    np.testing.assert_array_equal(found.local_scales, graph.local_scales)
    assert found.recall_ == 1.0
    assert found.build_info == graph.build_info
    np.testing.assert_array_equal(found.to_memory().local_scales, graph.local_scales)


def test_a_graph_on_disk_can_be_written_again_elsewhere(tmp_path: Path) -> None:
    graph = random_graph()
    first = write_graph(tmp_path / "first", graph)
    assert_same_graph(write_graph(tmp_path / "second", first), graph)


def test_the_diagonal_zeros_and_disorder_are_put_right(tmp_path: Path) -> None:
    data, rows = [1.0, 2.0, 9.0, 0.0, 1.0, 2.0, 0.0], [0, 0, 0, 1, 1, 2, 2]
    columns = [1, 2, 0, 2, 0, 0, 1]
    matrix = sparse.csr_array((data, (rows, columns)), shape=(3, 3))
    unsorted = sparse.csr_array(
        (matrix.data[[2, 1, 0, 3, 4, 5, 6]], matrix.indices[[2, 1, 0, 3, 4, 5, 6]], matrix.indptr),
        shape=(3, 3),
    )
    found = write_graph(tmp_path / "graph", [unsorted], 3)
    expected = Graph.from_affinity([[0, 1, 2], [1, 0, 0], [2, 0, 0]])
    assert_same_graph(found, expected)
    assert not unsorted.has_sorted_indices  # the caller's own


@pytest.mark.parametrize("size", [1, 40, 10**9])
@pytest.mark.parametrize("at_once", [1, 7, 10**6])
def test_blocks_cover_all_rows_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, at_once: int
) -> None:
    monkeypatch.setattr(_graph_files, "_BLOCK_BYTES", 8 * size)
    monkeypatch.setattr(_graph_files, "_NODES_AT_ONCE", at_once)
    graph = random_graph()
    found = write_graph(tmp_path / "graph", graph)
    edges = [0, *(rows.stop for rows in found.row_blocks())]
    assert edges[-1] == 200
    assert [rows.start for rows in found.row_blocks()] == edges[:-1]
    assert all(np.diff(edges) > 0)
    for rows in found.row_blocks():
        entries = found.rows(rows)
        assert (entries != graph.affinity[rows]).nnz == 0
        assert entries.nnz + entries.shape[0] <= max(size, 1) or entries.shape[0] == 1
    assert len(edges) - 1 == {1: 200, 10**9: 1}.get(size, len(edges) - 1)


def test_wide_node_numbers_are_used_where_narrow_ones_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writer, "_LARGEST_INT32", 100)
    graph = random_graph()
    found = write_graph(tmp_path / "graph", graph)
    assert np.load(tmp_path / "graph" / "indices.npy").dtype == np.int64
    assert_same_graph(found, graph)
    y = np.random.default_rng(0).normal(size=(200, 2))
    np.testing.assert_allclose(
        found.weighted_sums(slice(0, 200), y), graph.affinity.astype(np.float64) @ y, rtol=1e-12
    )


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_components_are_found_across_many_blocks(tmp_path: Path, order: str) -> None:
    n = 300  # two interleaved paths, and the numbers of one of them run the other way
    nodes = np.arange(0, n, 2)
    path = nodes if order == "forward" else nodes[::-1]
    far = np.concatenate([path[::2], path[1::2]])  # neighbours far apart
    weights = sparse.coo_array((np.ones(len(far) - 1), (far[:-1], far[1:])), shape=(n, n))
    graph = Graph.from_affinity(weights + weights.T)
    found = write_graph(tmp_path / "graph", in_blocks(graph.affinity, [1] * n), n)
    assert found.n_components == 151
    np.testing.assert_array_equal(found.component_labels, graph.component_labels)


def test_long_chains_of_merged_components_are_followed(tmp_path: Path) -> None:
    # Each of nodes 21 to 30 brings a component with a smaller first node to the hub, node 40.
    edges = [(i, 30 - i) for i in range(10)] + [(leaf, 40) for leaf in range(21, 31)]
    rows, columns = np.transpose(edges)
    weights = sparse.coo_array((np.ones(20), (rows, columns)), shape=(50, 50))
    graph = Graph.from_affinity(weights + weights.T)
    found = write_graph(tmp_path / "graph", in_blocks(graph.affinity, [1] * 50), 50)
    np.testing.assert_array_equal(found.component_labels, graph.component_labels)


def test_reached_is_what_shares_a_component(tmp_path: Path) -> None:
    graph = random_graph()
    found = write_graph(tmp_path / "graph", graph)
    assert graph.n_components > 1
    for nodes in ([], [3], [3, 77], np.arange(200) == 5):
        np.testing.assert_array_equal(found.reached_from(nodes), graph.reached_from(nodes))
    whole = write_graph(tmp_path / "whole", [sparse.csr_array([[0.0, 1.0], [1.0, 0.0]])], 2)
    assert whole.reached_from([1]).all()
    assert whole.reached_from([True, False]).all()
    assert not whole.reached_from([]).any()
    assert not whole.reached_from([False, False]).any()


def test_the_files_are_plain_arrays_and_a_header(tmp_path: Path) -> None:
    graph = random_graph()
    write_graph(tmp_path / "graph", graph)
    folder = tmp_path / "graph"
    parts = [
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("data", "indices", "indptr")
    ]
    affinity = sparse.csr_array(tuple(parts), shape=(200, 200))
    assert (affinity != graph.affinity).nnz == 0
    header = json.loads((folder / "header.json").read_text())
    assert (header["n_nodes"], header["n_entries"]) == (200, 2 * graph.n_edges)


def test_a_pickle_holds_the_path_only(tmp_path: Path) -> None:
    found = open_graph(write_graph(tmp_path / "graph", random_graph()).path, working_memory=12345)
    pickled = pickle.dumps(found)
    assert len(pickled) < 1000
    again = pickle.loads(pickled)
    assert again.working_memory == 12345
    text = "DiskGraph(n_nodes=200, n_edges={}, n_components={}, dtype=float32)"
    assert repr(again) == text.format(found.n_edges, found.n_components)


def test_a_graph_is_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    write_graph(path, random_graph())
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_graph(path, random_graph(50))
    assert open_graph(path).n_nodes == 200
    assert write_graph(path, random_graph(50), overwrite=True).n_nodes == 50
    assert [file.name for file in tmp_path.iterdir()] == ["graph"]
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(FileExistsError, match="no graph"):
        write_graph(other, random_graph(50), overwrite=True)


def test_progress_is_told_as_a_share(tmp_path: Path) -> None:
    shares: list[float] = []
    blocks = in_blocks(random_graph().affinity, [50, 50, 100])
    write_graph(tmp_path / "graph", blocks, 200, progress=shares.append)
    assert shares == [0.25, 0.5, 1.0]


def test_a_bar_is_shown_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_graph(tmp_path / "graph", random_graph(), progress=True)
    assert "writing" in capsys.readouterr().err


def test_large_blocks_are_checked_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writer, "_ENTRIES_AT_ONCE", 10)
    graph = random_graph()
    assert_same_graph(write_graph(tmp_path / "sparse", [graph.affinity], 200), graph)
    assert_same_graph(write_graph(tmp_path / "dense", [graph.affinity.toarray()], 200), graph)
    assert_same_graph(write_graph(tmp_path / "graph", graph), graph)
