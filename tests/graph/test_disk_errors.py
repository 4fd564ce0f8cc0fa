"""Graphs on disk: what can't be written leaves nothing; what is damaged is said to be."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from fewlabels._memory import available_memory
from fewlabels.exceptions import (
    GraphFileError,
    InvalidInputError,
    InvalidTypeError,
    NotEnoughMemoryError,
)
from fewlabels.graph import (
    DiskGraph,
    Graph,
    knn_graph,
    open_graph,
    write_graph,
)
from fewlabels.graph.disk import _arrays, _header
from tests.gallery import path_graph


def path_weights(n_nodes: int = 6) -> np.ndarray[Any, Any]:
    return np.asarray(path_graph(np.arange(1.0, n_nodes)).affinity.toarray())


def changed(row: int, column: int, value: float) -> np.ndarray[Any, Any]:
    weights = path_weights()
    weights[row, column] = value
    return weights


@pytest.fixture
def graph(tmp_path: Path) -> DiskGraph:
    return write_graph(tmp_path / "graph", [path_weights()], 6)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([changed(2, 3, -1.0)], r"entry \(2, 3\) is -1.0"),
        ([path_weights()[:2], changed(4, 3, np.nan)[2:]], r"entry \(4, 3\) is nan"),
        ([changed(0, 1, np.inf)], r"entry \(0, 1\) is inf"),
        ([changed(0, 1, 1e39)], r"entry \(0, 1\), 1e\+39, is out of the range of float32"),
        ([changed(0, 1, 1e-39)], r"entry \(0, 1\), 1e-39, is out of the range"),
        ([changed(3, 2, 5.0)], "not symmetric: 2 rows .*: 2, 3"),
        ([changed(0, 5, 5.0)], "not symmetric: 2 rows .*: 0, 5"),
        ([path_weights()[[1, 0, 2, 3, 4, 5]]], "not symmetric"),
        ([path_weights()[:5]], "5 rows together; n_nodes is 6"),
        ([path_weights(), path_weights()[:1]], r"begins with row 6 has shape \(1, 6\).*at most 0"),
        ([path_weights(5)], r"row 0 has shape \(5, 5\).*6 columns"),
        ([path_weights()[0]], r"rows of weights; got shape \(6,\)"),
        ([[1, 2, 3]], "sparse matrix or an array, got list"),
        ([path_weights().astype(complex)], "real numbers, got dtype complex128"),
        ([sparse.csr_array((6, 5))], "6 columns"),
    ],
)
def test_wrong_weights_are_refused_by_name_and_leave_nothing(
    tmp_path: Path, blocks: list[Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        write_graph(tmp_path / "graph", blocks, 6)
    assert list(tmp_path.iterdir()) == []


def test_indices_out_of_range_are_refused(tmp_path: Path) -> None:
    block = sparse.csr_array(path_weights())
    block.indices[3] = 60
    with pytest.raises(InvalidInputError, match="row 0 is not a valid CSR matrix"):
        write_graph(tmp_path / "graph", [block], 6)


def test_degrees_beyond_float64_are_refused(tmp_path: Path) -> None:
    weights = np.full((3, 3), 1.5e308)
    with pytest.raises(InvalidInputError, match="node 0 sum to more"):
        write_graph(tmp_path / "graph", [weights], 3, dtype=np.float64)


@pytest.mark.parametrize(
    ("source", "n_nodes", "message"),
    [
        ([path_weights()], None, "n_nodes is needed"),
        ([path_weights()], 0, "n_nodes must be at least 1"),
        (path_weights(), 6, "Pass \\[matrix\\]"),
        (5, 6, "got int"),
        (path_graph([1.0]), 6, "n_nodes is 6, but the graph has 2"),
    ],
)
def test_a_source_that_is_none_is_refused(
    tmp_path: Path, source: Any, n_nodes: int | None, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        write_graph(tmp_path / "graph", source, n_nodes)


def test_a_graph_without_nodes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="the graph has no nodes"):
        write_graph(tmp_path / "graph", Graph.from_affinity(np.zeros((0, 0))))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["indptr", "indices", "data", "degrees"])
def test_numbers_in_another_byte_order_are_refused(tmp_path: Path, name: str) -> None:
    path = write_graph(tmp_path / "graph", [path_weights()], 6).path / f"{name}.npy"
    values = np.load(path)
    np.save(path, values.astype(values.dtype.newbyteorder()))
    with pytest.raises(GraphFileError, match=rf"{name}.npy holds numbers in the byte order of"):
        open_graph(tmp_path / "graph")


def test_build_info_that_json_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTypeError, match="build_info must hold plain"):
        write_graph(tmp_path / "graph", [path_weights()], 6, build_info={"x": object()})


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_graph(tmp_path / "nowhere" / "graph", [path_weights()], 6)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_nothing_and_what_stood_there(
    tmp_path: Path, graph: DiskGraph, error: type[BaseException]
) -> None:
    def blocks() -> Iterator[Any]:
        yield path_weights()[:3]
        raise error

    for path, overwrite in ((tmp_path / "other", False), (graph.path, True)):
        with pytest.raises(error):
            write_graph(path, blocks(), 6, overwrite=overwrite)
    assert [file.name for file in tmp_path.iterdir()] == ["graph"]
    open_graph(graph.path).check()


def test_a_full_disk_leaves_nothing_and_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Any, values: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_arrays.ArrayWriter, "append", full)
    with pytest.raises(OSError, match="8 bytes an entry") as caught:
        write_graph(tmp_path / "graph", [path_weights()], 6)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(tmp_path / "graph")
    assert list(tmp_path.iterdir()) == []


def test_any_other_error_of_the_disk_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(_arrays.ArrayWriter, "finish", failing)
    with pytest.raises(OSError, match="Input/output"):
        write_graph(tmp_path / "graph", [path_weights()], 6)
    assert list(tmp_path.iterdir()) == []


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _remove(path: Path) -> None:
    path.unlink()


def _garble(path: Path) -> None:
    path.write_bytes(b"no array at all")


def _two_rows(path: Path) -> None:
    np.save(path, np.zeros((2, 3)))


def _shorter(path: Path) -> None:
    np.save(path, np.load(path)[:-1])


def _of_other_kind(path: Path) -> None:
    values = np.load(path)
    np.save(path, values.astype(np.float64 if values.dtype.kind == "i" else np.int64))


@pytest.mark.parametrize("name", ["indptr", "indices", "data", "degrees", "components"])
@pytest.mark.parametrize("damage", [_cut, _remove, _garble, _two_rows, _shorter, _of_other_kind])
def test_a_damaged_file_is_named_when_the_graph_is_opened(
    graph: DiskGraph, name: str, damage: Callable[[Path], None]
) -> None:
    path = graph.path / f"{name}.npy"
    damage(path)
    with pytest.raises(GraphFileError, match=name):
        open_graph(graph.path)


def test_row_pointers_that_do_not_span_the_entries_are_refused(graph: DiskGraph) -> None:
    np.save(graph.path / "indptr.npy", np.arange(7))
    with pytest.raises(GraphFileError, match="runs from 0 to 6, not from 0 to 10"):
        open_graph(graph.path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "holds no graph"),
        ("[]", "holds no graph"),
        ({"format": "other"}, "its format is 'other'"),
        ({"version": 3}, "layout version 3; this fewlabels reads up to 2"),
        ({"n_nodes": -1}, "its counts are"),
        ({"n_nodes": 7}, "its checksum does not match"),
        ({"n_nodes": 7, "version": 1}, "due"),
        ({"build": 3}, "wrong kind"),
        ({"local_scales": True}, "its checksums are not those of its files"),
        ({"local_scales": True, "version": 1}, "local_scales.npy is missing"),
    ],
)
def test_a_damaged_header_is_refused(graph: DiskGraph, header: Any, message: str) -> None:
    file = graph.path / "header.json"
    entries = json.loads(file.read_text())
    file.write_text(header if isinstance(header, str) else json.dumps(entries | header))
    with pytest.raises(GraphFileError, match=message):
        open_graph(graph.path)


def test_what_is_no_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such graph"):
        open_graph(tmp_path / "nowhere")
    with pytest.raises(GraphFileError, match="holds no graph"):
        open_graph(tmp_path)
    path_graph([1.0]).save(tmp_path / "graph.npz")
    with pytest.raises(GraphFileError, match=r"Graph\.load"):
        open_graph(tmp_path / "graph.npz")
    with pytest.raises(InvalidInputError, match="working_memory"):
        open_graph(tmp_path, working_memory=0)


@pytest.mark.parametrize("name", ["indptr", "indices", "data", "degrees"])
def test_a_file_that_changes_while_the_graph_is_open_is_an_error(
    graph: DiskGraph, name: str
) -> None:
    path = graph.path / f"{name}.npy"
    _cut(path)
    with pytest.raises(GraphFileError, match="changed or cut short"):
        graph.rows(slice(0, 6)) if name != "degrees" else graph.degrees
    shutil.rmtree(graph.path)
    with pytest.raises(GraphFileError, match="can't be read any more"):
        graph.rows(slice(0, 6))


@pytest.mark.parametrize(
    ("name", "at", "value", "message"),
    [
        ("indices", 0, 6, "indices"),
        ("indices", 0, -1, "indices"),
        ("indptr", 1, 9, "indptr"),
        ("indptr", 1, -2, "indptr"),
        ("indptr", 1, 2, "differ|indices|degrees|no CSR"),
        ("data", 0, -1.0, r"entry \(0, 1\)"),
        ("data", 0, np.nan, r"entry \(0, 1\)"),
        ("data", 0, 0.0, "indices"),
        ("degrees", 0, 3.0, "degrees"),
        ("components", 0, 1, "components"),
    ],
)
def test_the_full_check_finds_what_is_wrong_inside(
    graph: DiskGraph, name: str, at: int, value: float, message: str
) -> None:
    path = graph.path / f"{name}.npy"
    values = np.load(path)
    values[at] = value
    np.save(path, values)
    with pytest.raises(GraphFileError, match=message):
        open_graph(graph.path).check()


def test_the_full_check_finds_one_direction_of_an_edge_changed(graph: DiskGraph) -> None:
    path = graph.path / "data.npy"
    values = np.load(path)
    values[0] *= 2
    np.save(path, values)
    degrees = np.load(graph.path / "degrees.npy")
    degrees[0] *= 2
    np.save(graph.path / "degrees.npy", degrees)
    with pytest.raises(GraphFileError, match=r"2 rows differ .* the first is row 0"):
        open_graph(graph.path).check()


def test_what_needs_the_affinity_in_memory_says_so(graph: DiskGraph, tmp_path: Path) -> None:
    for ask in (
        lambda: graph.affinity,
        lambda: graph.locality_order,
        lambda: graph.save(tmp_path / "graph.npz"),
    ):
        with pytest.raises(InvalidTypeError, match=r"to_memory\(\)"):
            ask()
    with pytest.raises(InvalidTypeError, match="write_graph"):
        DiskGraph.from_affinity(path_weights())
    assert isinstance(DiskGraph.load(graph.path), DiskGraph)
    assert isinstance(graph.to_memory(), Graph)


def test_a_graph_larger_than_memory_is_not_taken_into_it(
    graph: DiskGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert available_memory() > 0
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 100)
    with pytest.raises(NotEnoughMemoryError, match="LabelSpreading takes it as it is"):
        graph.to_memory()


@pytest.fixture
def scaled(tmp_path: Path) -> DiskGraph:
    points = np.random.default_rng(0).normal(size=(20, 2))
    return write_graph(tmp_path / "scaled", knn_graph(points, 3))


@pytest.mark.parametrize(
    "name", ["indptr", "indices", "data", "degrees", "components", "local_scales"]
)
@pytest.mark.parametrize("at", [0, 7, -1])
def test_a_wrong_bit_in_any_array_is_found_when_all_is_read(
    scaled: DiskGraph, name: str, at: int
) -> None:
    path = scaled.path / f"{name}.npy"
    content = bytearray(path.read_bytes())
    content[128 + at if at >= 0 else at] ^= 1
    path.write_bytes(content)
    for read in (DiskGraph.check, DiskGraph.to_memory):
        with pytest.raises(GraphFileError, match=rf"{name}|damaged"):
            read(open_graph(scaled.path))


def test_a_changed_digit_in_the_header_is_found(scaled: DiskGraph) -> None:
    file = scaled.path / "header.json"
    text = file.read_text()
    assert '"n_neighbors": 3' in text
    file.write_text(text.replace('"n_neighbors": 3', '"n_neighbors": 4'))
    with pytest.raises(GraphFileError, match="its checksum does not match"):
        open_graph(scaled.path)


def _without_checksums(path: Path) -> None:
    """Make a graph one of version 1."""
    entries = json.loads((path / "header.json").read_text())
    del entries["checksum"], entries["crc32"]
    (path / "header.json").write_text(json.dumps(entries | {"version": 1}))


def test_a_graph_of_version_1_has_no_checksums_and_is_read(scaled: DiskGraph) -> None:
    weights = scaled.to_memory().affinity
    _without_checksums(scaled.path)
    again = open_graph(scaled.path)
    again.check()
    assert (again.to_memory().affinity != weights).nnz == 0


@pytest.mark.parametrize(
    ("name", "value"), [("indices", 2**31 - 1), ("indices", -1), ("indptr", 1)]
)
@pytest.mark.parametrize("version", [1, 2])
def test_indices_out_of_range_are_not_followed_into_memory(
    scaled: DiskGraph, name: str, value: int, version: int
) -> None:
    values = np.load(scaled.path / f"{name}.npy")
    values[5] = value
    np.save(scaled.path / f"{name}.npy", values)
    if version == 1:
        _without_checksums(scaled.path)
    damaged = open_graph(scaled.path)
    with pytest.raises(GraphFileError, match="damaged"):
        damaged.to_memory()
    with pytest.raises(GraphFileError, match="damaged"):
        damaged.rows(slice(0, 20))
    if name == "indptr":
        with pytest.raises(GraphFileError, match="damaged"):
            _ = damaged.neighbor_counts


def test_numbers_of_nodes_that_make_no_sense_are_refused_where_they_are_read(
    tmp_path: Path,
) -> None:
    two = np.kron(np.eye(2), 1 - np.eye(3))
    graph = write_graph(tmp_path / "two", [two], 6)
    for name, value, ask in (
        ("components", 2, lambda graph: graph.reached_from([0])),
        ("components", -1, lambda graph: graph.component_labels),
        ("degrees", -1.0, lambda graph: graph.degrees),
        ("degrees", np.nan, lambda graph: graph.degrees),
    ):
        path = graph.path / f"{name}.npy"
        before = np.load(path)
        np.save(path, np.where(np.arange(6) == 3, value, before).astype(before.dtype))
        with pytest.raises(GraphFileError, match=f"{name}.npy is damaged"):
            ask(open_graph(graph.path))
        np.save(path, before)


@pytest.fixture(params=[True, False], ids=["at once", "in turns"])
def exchanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if not request.param:
        monkeypatch.setattr("fewlabels.graph.disk._writer.exchange", lambda *_: False)
    return bool(request.param)


@pytest.mark.usefixtures("exchanging")
def test_a_graph_takes_the_place_of_another_and_nothing_else_is_left(
    tmp_path: Path, graph: DiskGraph
) -> None:
    for n_nodes in (8, 9):
        write_graph(graph.path, [path_weights(n_nodes)], n_nodes, overwrite=True)
        assert open_graph(graph.path).n_nodes == n_nodes
    assert [file.name for file in tmp_path.iterdir()] == ["graph"]


@pytest.mark.usefixtures("exchanging")
def test_a_graph_that_appears_while_one_is_written_stays(tmp_path: Path) -> None:
    def blocks() -> Iterator[Any]:
        yield path_weights()
        write_graph(tmp_path / "graph", [path_weights(8)], 8)

    with pytest.raises(FileExistsError, match="something stands there already"):
        write_graph(tmp_path / "graph", blocks(), 6)
    assert open_graph(tmp_path / "graph").n_nodes == 8
    assert [file.name for file in tmp_path.iterdir()] == ["graph"]


def test_a_graph_is_there_at_every_moment_or_put_back_when_it_is_opened(
    tmp_path: Path, graph: DiskGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    monkeypatch.setattr("fewlabels.graph.disk._writer.exchange", lambda *_: False)
    rename = Path.rename
    for n_renames in range(3):
        left = n_renames

        def stop(source: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return rename(source, target)

        monkeypatch.setattr(Path, "rename", stop)
        # as if the process had ended: nothing of what comes after that is done
        monkeypatch.setattr("fewlabels.graph.disk._writer.recover", lambda path: None)
        with pytest.raises(Killed):
            write_graph(graph.path, [path_weights(8)], 8, overwrite=True)
        monkeypatch.setattr(Path, "rename", rename)
        monkeypatch.setattr("fewlabels.graph.disk._writer.recover", _header.recover)
        assert open_graph(graph.path).n_nodes == (8 if n_renames == 2 else 6)
        write_graph(graph.path, [path_weights()], 6, overwrite=True)
        assert [file.name for file in tmp_path.iterdir()] == ["graph"]
