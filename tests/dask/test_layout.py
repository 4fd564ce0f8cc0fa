"""A graph in regions: written, opened, checked, refused."""

import json
import pickle

import numpy as np
import pytest
from scipy import sparse

from fewlabels import Graph, knn_graph
from fewlabels.dask import open_graph, regions_of
from fewlabels.dask._finish import finish_graph
from fewlabels.dask._regions import write_region
from fewlabels.exceptions import GraphFileError, InvalidInputError, InvalidTypeError


@pytest.fixture(scope="module")
def in_memory():
    rng = np.random.default_rng(0)
    return knn_graph(rng.normal(size=(700, 4)), n_neighbors=5)


@pytest.fixture
def in_regions(in_memory, tmp_path):
    return regions_of(in_memory, tmp_path / "graph", n_regions=4)


def test_the_graph_comes_back_as_it_was(in_memory, in_regions):
    back = in_regions.to_memory()
    assert (back.affinity != in_memory.affinity).nnz == 0
    assert back.n_components == in_regions.n_components == in_memory.n_components
    assert in_regions.n_edges == in_memory.n_edges
    assert in_regions.recall_ == in_memory.recall_


def test_rows_are_found_by_the_callers_numbers_and_back(in_regions):
    n = in_regions.n_nodes
    order, places = in_regions.order(0, n), in_regions.places(0, n)
    assert np.array_equal(order[places], np.arange(n))
    some = np.array([650, 3, 3, 17])
    assert np.array_equal(in_regions.places_of(some), places[some])


def test_regions_hold_their_rows_with_ascending_columns_and_their_degrees(in_memory, in_regions):
    order = in_regions.order(0, in_regions.n_nodes)
    seen = 0
    for number in range(in_regions.n_regions):
        region = in_regions.region(number)
        assert region.first == in_regions.starts[number] == seen
        degrees = region.degrees()
        assert np.allclose(degrees, in_memory.degrees[order[region.first : region.stop]])
        for first, rows in region.blocks():
            assert first == seen
            assert rows.has_sorted_indices
            seen += rows.shape[0]
    assert seen == in_regions.n_nodes


def test_a_graph_travels_as_its_path(in_regions):
    again = pickle.loads(pickle.dumps(in_regions))
    assert again.checksum == in_regions.checksum
    again.check()


def test_components_are_those_of_the_whole_graph(tmp_path):
    chain = sparse.diags_array([np.ones(5), np.ones(5)], offsets=[-1, 1]).tolil()
    chain[2, 3] = chain[3, 2] = 0
    graph = regions_of(Graph.from_affinity(chain.tocsr()), tmp_path / "graph", n_regions=3)
    assert graph.n_components == 2
    by_caller = graph.components(0, 6)[graph.places(0, 6)]
    assert len(set(by_caller[:3])) == len(set(by_caller[3:])) == 1


def _pair(path, weights):
    """Two regions of one row each, joined by an edge of these weights."""
    path.mkdir()
    starts = [0, 1, 2]
    for number, weight in enumerate(weights):
        row = np.zeros((1, 2), dtype=np.float32)
        row[0, 1 - number] = weight
        write_region(path, number, starts, [sparse.csr_array(row)])
    return finish_graph(path, starts, [1, 0])


def test_edges_that_differ_between_regions_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="not symmetric between regions 0 and 1"):
        _pair(tmp_path / "graph", [1.0, np.nextafter(np.float32(1), np.float32(2))])
    with pytest.raises(GraphFileError, match=r"regions\.json is missing"):
        open_graph(tmp_path / "graph")


def test_edges_that_differ_within_a_region_are_refused(tmp_path):
    rows = sparse.csr_array(np.array([[0, 1], [2, 0]], dtype=np.float32))
    write_region(tmp_path, 0, [0, 2], [rows])
    with pytest.raises(InvalidInputError, match="not symmetric within region 0"):
        finish_graph(tmp_path, [0, 2], [0, 1])


def test_a_region_that_stands_there_is_kept(tmp_path):
    graph = _pair(tmp_path / "graph", [1.0, 1.0])
    kept = write_region(graph.path, 0, graph.starts, [])
    assert kept.checksum == graph.region(0).checksum


def test_rows_that_are_missing_are_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(InvalidInputError, match="has 2, from 0 to 2"):
        write_region(tmp_path, 0, [0, 2], [sparse.csr_array((1, 2))])
    assert list((tmp_path / "regions").iterdir()) == []


@pytest.mark.parametrize("order", [[0, 0], [0, 2], [0.0, 1.0], [0]])
def test_an_order_that_is_none_is_refused(tmp_path, order):
    write_region(tmp_path, 0, [0, 2], [sparse.csr_array((2, 2))])
    with pytest.raises(InvalidInputError, match="order must"):
        finish_graph(tmp_path, [0, 2], order)


def test_a_region_of_another_graph_is_refused(in_regions):
    header = in_regions.path / "regions" / "00001" / "header.json"
    other = in_regions.path / "regions" / "00002" / "header.json"
    header.write_text(other.read_text())
    with pytest.raises(GraphFileError):
        in_regions.region(1)


@pytest.mark.parametrize("name", ["indptr", "indices", "data", "degrees"])
def test_a_flipped_byte_is_found(in_regions, name):
    file = in_regions.path / "regions" / "00001" / f"{name}.npy"
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    with pytest.raises(GraphFileError, match="damaged"):
        in_regions.check()


def test_a_file_that_was_cut_short_is_found_on_opening(in_regions):
    file = in_regions.path / "order.npy"
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(GraphFileError, match="bytes"):
        open_graph(in_regions.path)


def test_a_later_version_is_refused(in_regions):
    header = in_regions.path / "regions.json"
    header.write_text(json.dumps(json.loads(header.read_text()) | {"version": 9}))
    with pytest.raises(GraphFileError, match="layout version 9"):
        open_graph(in_regions.path)


def test_paths_that_hold_no_graph_are_refused(tmp_path, in_memory):
    with pytest.raises(FileNotFoundError, match="no such graph"):
        open_graph(tmp_path / "nothing")
    with pytest.raises(FileExistsError, match="stands there already"):
        regions_of(in_memory, tmp_path, n_regions=2)


def test_graphs_that_cannot_be_cut_are_refused(tmp_path, in_memory):
    dense = Graph.from_affinity(np.ones((3, 3)), layout="dense")
    with pytest.raises(InvalidTypeError, match="sparse Graph in memory"):
        regions_of(dense, tmp_path / "graph", n_regions=2)
    with pytest.raises(InvalidInputError, match="n_regions is 701"):
        regions_of(in_memory, tmp_path / "graph", n_regions=701)
