"""The pieces of a graph that is built by workers, each beside a plain version."""

import numpy as np
import pytest
from scipy import sparse

from fewlabels.dask._cells import cell_order, k_means, region_centres, shard_starts
from fewlabels.dask._edges import joined
from fewlabels.dask._partition import _nearest, nearest_regions
from fewlabels.dask._search import NONE, best_of_all
from fewlabels.graph._symmetric import symmetric_csr


@pytest.mark.parametrize("how", ["mean", "union", "mutual"])
def test_directions_are_joined_as_in_memory(how):
    directed = sparse.random_array(
        (40, 40), density=0.1, dtype=np.float32, rng=np.random.default_rng(0), format="csr"
    )
    directed.setdiag(0)
    directed.eliminate_zeros()
    heard = sparse.csr_array(directed.T)
    heard.sort_indices()
    due, _ = symmetric_csr(directed.copy(), how)
    found = joined(directed, heard, how)
    assert (found != due).nnz == 0


def test_duplicates_are_joined_whatever_joins_the_others():
    said = sparse.csr_array(np.array([[0, -1, 0.5], [0, 0, 0], [0, 0, 0]], dtype=np.float32))
    heard = sparse.csr_array(said.T)
    found = joined(said, heard, "mutual").toarray()
    assert found.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_the_best_of_several_searches_are_the_nearest_different_ones():
    rng = np.random.default_rng(0)
    found = rng.integers(30, size=(200, 12)).astype(np.uint32)
    distances = (found * np.float32(7.3) % 5).astype(np.float32)
    distances *= 1 + 1e-6 * rng.random(distances.shape).astype(np.float32)
    found[3, 1:], distances[3, 1:] = NONE, np.inf
    best, near = best_of_all(found, distances, 4)
    for row in range(200):
        least = {}
        for number, distance in zip(found[row].tolist(), distances[row].tolist(), strict=True):
            if np.isfinite(distance):
                least[number] = min(distance, least.get(number, np.inf))
        due = sorted((distance, number) for number, distance in least.items())[:4]
        known = np.isfinite(near[row])
        pairs = zip(near[row][known].tolist(), best[row][known].tolist(), strict=True)
        assert list(pairs) == due
        assert (best[row][~known] == NONE).all()


def test_true_neighbours_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(20_000, 5)).astype(np.float32) + 100
    own = np.array([3, 77, 19_999, -5])
    queries = points[own]
    queries[3] = 100
    query, row, squared = _nearest(queries, points, own, 6)
    for number in range(4):
        all_pairs = ((points - queries[number]) ** 2).sum(axis=1)
        if own[number] >= 0:
            all_pairs[own[number]] = np.inf
        due = np.argsort(all_pairs)[:6]
        assert row[query == number].tolist() == due.tolist()
        assert np.allclose(squared[query == number], all_pairs[due])


def test_neighbouring_cells_come_near_each_other():
    # a ring of 16 cells, under shuffled names
    names = np.random.default_rng(0).permutation(16)
    pairs = np.stack([names, np.roll(names, 1)], axis=1)
    order = cell_order(pairs, np.full(16, 10), np.full(16, 100))
    assert sorted(order.tolist()) == list(range(16))
    position = np.argsort(np.argsort(names)[order])
    halves = position < 8  # of the ring, by the place in the order
    assert (halves != np.roll(halves, 1)).sum() == 2


def test_shards_end_where_a_cell_ends_near_by():
    ends = np.cumsum([100, 150, 260, 240, 250])
    assert shard_starts(ends, 2).tolist() == [0, 510, 1000]
    assert shard_starts(np.array([1000]), 4).tolist() == [0, 250, 500, 750, 1000]


def test_regions_are_parted_again_where_they_are_crowded():
    rng = np.random.default_rng(0)
    crowd = rng.normal(size=(1_800, 2)).astype(np.float32)
    far = 50 + 50 * rng.normal(size=(200, 2)).astype(np.float32)
    sample = np.concatenate([crowd, far])
    centres = region_centres(sample, 4, largest=0.4, least=0.01)
    share = np.bincount(nearest_regions(sample, centres, 1)[1].ravel()) / len(sample)
    assert share.max() <= 0.5
    assert len(k_means(np.ones((50, 2), np.float32), 8)) == 1
