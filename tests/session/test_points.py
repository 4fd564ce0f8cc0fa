"""Sessions and simulations join pictures as estimators do."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from fewlabels import FeatureWarning, LabelSpreading, Session, knn_graph, make_points, simulate
from fewlabels.graph import shared_neighbor_graph


@pytest.fixture(scope="module")
def digits():
    return load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def points(digits):
    return make_points(digits[0][:200].reshape(-1, 8, 8))


def same(graph, other):
    np.testing.assert_array_equal(graph.affinity.toarray(), other.affinity.toarray())


def test_neighbours_are_put_into_order_by_the_distance_of_the_points(points):
    assert points.distance is not None
    same(Session(points).graph, shared_neighbor_graph(points))
    same(Session(points, model=LabelSpreading()).graph, knn_graph(points))


def test_so_they_are_in_a_simulation(digits, points):
    truth = digits[1][:200]
    settings = {"budget": 20, "batch_size": 10, "random_state": 0}
    by_points = simulate(points, truth, **settings)
    by_graph = simulate(points, truth, graph=shared_neighbor_graph(points), **settings)
    np.testing.assert_array_equal(by_points.accuracy["auto"], by_graph.accuracy["auto"])


def test_what_could_not_be_read_has_no_neighbours(digits, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(100)]
    for path, pixels in zip(paths, digits[0], strict=False):
        Image.fromarray((pixels.reshape(8, 8) * 15).astype(np.uint8)).save(path)
    paths[7].write_bytes(b"no picture")
    with pytest.warns(FeatureWarning, match=r"7\.png"):
        session = Session(paths)
    degrees = np.asarray((session.graph.affinity > 0).sum(axis=1)).ravel()
    assert degrees[7] == 0
    assert np.delete(degrees, 7).min() > 0
