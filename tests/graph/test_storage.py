"""Graphs in files: they come back as they were, or an error says what is wrong with the file."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.exceptions import GraphFileError
from fewlabels.graph import Graph, knn_graph, rbf_graph
from tests.strategies import affinities

POINTS = np.array([[0.0, 1], [1, 1], [1, 2], [8, 8], [8, 9]])


def _assert_same(one: Graph, other: Graph) -> None:
    a, b = one.affinity, other.affinity
    assert type(a) is type(b)
    assert a.dtype == b.dtype
    if isinstance(a, np.ndarray):
        np.testing.assert_array_equal(a, b)
    else:
        for name in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
            assert getattr(a, name).dtype == getattr(b, name).dtype
    assert (one.local_scales is None) == (other.local_scales is None)
    if one.local_scales is not None:
        np.testing.assert_array_equal(one.local_scales, other.local_scales)
    assert one.build_info == other.build_info


def _some_graphs() -> dict[str, Graph]:
    return {
        "knn": knn_graph(POINTS, 2),
        "one point": knn_graph(POINTS[:1]),
        "rbf": rbf_graph(POINTS, 0.5),
        "rbf float32": rbf_graph(POINTS.astype(np.float32), 0.5),
        "affinity": Graph.from_affinity(np.array([[0, 1.0], [1.0, 0]]), dtype=np.float64),
        "no edges": Graph.from_affinity(np.zeros((3, 3))),
        "no nodes": Graph.from_affinity(np.zeros((0, 0))),
    }


@pytest.mark.parametrize("name", _some_graphs())
def test_a_graph_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    graph = _some_graphs()[name]
    path = tmp_path / "graph.npz"
    graph.save(path)
    loaded = Graph.load(path)
    _assert_same(graph, loaded)
    np.testing.assert_array_equal(graph.component_labels, loaded.component_labels)
    assert [file.name for file in tmp_path.iterdir()] == ["graph.npz"]


@given(weights=affinities(extreme=True), layout=st.sampled_from(["csr", "dense"]))
def test_any_weights_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, weights: np.ndarray, layout: str
) -> None:
    graph = Graph.from_affinity(weights, layout=layout)
    path = tmp_path_factory.mktemp("graphs") / "graph.npz"
    graph.save(path)
    _assert_same(graph, Graph.load(path))


def test_a_loaded_graph_is_immutable(tmp_path: Path) -> None:
    knn_graph(POINTS, 2).save(tmp_path / "graph.npz")
    loaded = Graph.load(tmp_path / "graph.npz")
    with pytest.raises(ValueError, match="read-only"):
        loaded.affinity.data[0] = 1


@pytest.mark.parametrize("name", ["graph", "graph.bin", "ein Graph ü.npz"])
def test_the_file_has_the_name_that_was_asked_for(tmp_path: Path, name: str) -> None:
    graph = knn_graph(POINTS, 2)
    graph.save(os.fspath(tmp_path / name))
    assert [file.name for file in tmp_path.iterdir()] == [name]
    _assert_same(graph, Graph.load(os.fspath(tmp_path / name)))


def test_files_are_read_without_pickle(tmp_path: Path) -> None:
    path = tmp_path / "graph.npz"
    knn_graph(POINTS, 2).save(path)
    with np.load(path, allow_pickle=False) as archive:
        assert all(archive[name].dtype.kind in "iufU" for name in archive.files)
    np.savez(path, header=np.array({"format": "fewlabels-graph"}, dtype=object))
    with pytest.raises(GraphFileError, match=r"graph file .*: it holds Python objects"):
        Graph.load(path)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"graph\.npz"):
        Graph.load(tmp_path / "graph.npz")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"x,y\n1,2\n",
        b"neither an archive nor an array",
        b"\x93NUMPY\x01\x00",
        b"PK\x03\x04",
    ],
)
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.npz"
    path.write_bytes(content)
    with pytest.raises(
        GraphFileError, match=r"foreign\.npz is not a graph file saved by fewlabels"
    ) as raised:
        Graph.load(path)
    assert "pickle" not in str(raised.value)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphFileError, match="can't be read: it is a folder; name the file in it"):
        Graph.load(tmp_path)


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "array.npy"
    np.save(path, np.eye(3))
    with pytest.raises(
        GraphFileError, match=r"array\.npy is not a graph file saved by fewlabels\.$"
    ):
        Graph.load(path)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "no JSON",
        json.dumps([1]),
        json.dumps({"format": "fewlabels-graph"}),
        json.dumps({"format": "another", "version": 1, "build": {}}),
        json.dumps({"format": "fewlabels-graph", "version": None, "build": {}}),
        json.dumps({"format": "fewlabels-graph", "version": 1, "build": 3}),
    ],
)
def test_arrays_of_others_are_refused(tmp_path: Path, header: str | None) -> None:
    path = tmp_path / "arrays.npz"
    arrays = {"data": np.ones(3)} if header is None else {"header": np.array(header)}
    np.savez(path, **arrays)
    with pytest.raises(GraphFileError, match="not a graph saved by fewlabels"):
        Graph.load(path)


def _forge(path: Path, version: int = 1, **arrays: Any) -> None:
    header = json.dumps({"format": "fewlabels-graph", "version": version, "build": {}})
    np.savez(path, header=np.array(header), **arrays)


def test_a_newer_version_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "newer.npz"
    _forge(path, version=2, dense=np.zeros((2, 2)))
    with pytest.raises(GraphFileError, match=r"version 2.*reads up to 1.*newer fewlabels"):
        Graph.load(path)


GOOD = {
    "data": np.ones(2, dtype=np.float32),
    "indices": np.array([1, 0], dtype=np.int32),
    "indptr": np.array([0, 1, 2], dtype=np.int32),
}


def test_the_parts_of_a_graph_are_a_graph(tmp_path: Path) -> None:
    _forge(tmp_path / "good.npz", **GOOD)
    assert Graph.load(tmp_path / "good.npz").n_edges == 1


@pytest.mark.parametrize(
    "change",
    [
        {"data": None},
        {"indptr": None},
        {"data": np.ones(1, dtype=np.float32)},
        {"data": np.ones(2, dtype=np.int32)},
        {"data": np.ones(2, dtype=np.float16)},
        {"data": np.array([1, 2], dtype=np.float32)},  # not symmetric
        {"data": np.array([0, 0], dtype=np.float32)},  # zeros as edges
        {"data": np.array([-1, -1], dtype=np.float32)},
        {"data": np.array([np.nan, np.nan], dtype=np.float32)},
        {"data": np.array([np.inf, np.inf], dtype=np.float32)},
        {"indices": np.array([0, 1], dtype=np.int32)},  # self-loops
        {"indices": np.array([1, 7], dtype=np.int32)},
        {"indices": np.array([1, -1], dtype=np.int32)},
        {"indices": np.array([1.0, 0.0])},
        {"indptr": np.array([0, 2, 1], dtype=np.int32)},
        {"indptr": np.array([0, 1, 9], dtype=np.int32)},
        {"indptr": np.array([], dtype=np.int32)},
        {"indptr": np.array(2, dtype=np.int32)},
        {"local_scales": np.ones(3)},
        {"local_scales": np.ones((2, 1))},
        {"dense": np.ones((2, 3))},
        {"dense": np.ones(4)},
        {"dense": np.ones((2, 2), dtype=np.int64)},
        {"dense": np.array([[0.0, 1], [2, 0]])},
        {"dense": np.array([[1.0, 1], [1, 0]])},
        {"dense": np.array([[0.0, -1], [-1, 0]])},
    ],
    ids=str,
)
def test_arrays_that_make_no_graph_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    arrays = {name: array for name, array in (GOOD | change).items() if array is not None}
    _forge(tmp_path / "bad.npz", **arrays)
    with pytest.raises(GraphFileError, match=r"bad\.npz is damaged"):
        Graph.load(tmp_path / "bad.npz")


def test_indices_out_of_order_are_refused(tmp_path: Path) -> None:
    triangle = Graph.from_affinity(1 - np.eye(3)).affinity
    indices = triangle.indices.copy()
    indices[:2] = indices[1::-1]
    _forge(tmp_path / "bad.npz", data=triangle.data, indices=indices, indptr=triangle.indptr)
    with pytest.raises(GraphFileError, match="not sorted"):
        Graph.load(tmp_path / "bad.npz")


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.npz"
    knn_graph(POINTS, 2).save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(GraphFileError):
            Graph.load(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_wrong_byte_anywhere_is_refused_or_changes_nothing(
    tmp_path: Path, compressed: bool
) -> None:
    graph = knn_graph(POINTS, 2)
    path = tmp_path / "graph.npz"
    graph.save(path)
    if compressed:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        np.savez_compressed(path, **arrays)
    whole = path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            loaded = Graph.load(path)
        except GraphFileError:
            refused += 1
        else:
            np.testing.assert_array_equal(loaded.affinity.toarray(), graph.affinity.toarray())
    assert refused > len(whole) / 9  # most of the others hit dates and padding


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no arrays here")
    with pytest.raises(GraphFileError, match=r"graph file .*: 'readme\.txt' in it is not an array"):
        Graph.load(path)


def test_a_missing_folder_is_named_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "none" / "graph.npz"
    with pytest.raises(FileNotFoundError) as raised:
        knn_graph(POINTS, 2).save(path)
    assert raised.value.filename == str(path)


def test_what_stood_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.npz"
    graph = knn_graph(POINTS, 2)
    graph.save(path)

    def fail(file: Any, **arrays: Any) -> None:
        file.write(b"half a graph")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="no space left"):
        rbf_graph(POINTS).save(path)
    _assert_same(graph, Graph.load(path))
    assert [file.name for file in tmp_path.iterdir()] == ["graph.npz"]
