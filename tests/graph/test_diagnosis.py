"""What is said of a graph before a model is fitted on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph, GraphDiagnosis, knn_graph
from tests.strategies import affinities, partial_labels


def _star(n_leaves: int) -> np.ndarray:
    star = np.zeros((n_leaves + 1, n_leaves + 1))
    star[0, 1:] = star[1:, 0] = 1
    return star


def _two_pairs_and_one() -> Graph:
    weights = np.zeros((5, 5))
    weights[0, 3] = weights[3, 0] = 2
    weights[1, 2] = weights[2, 1] = 1
    return Graph.from_affinity(weights)


def test_components_and_isolated_nodes_are_found() -> None:
    diagnosis = _two_pairs_and_one().diagnose()
    assert isinstance(diagnosis, GraphDiagnosis)
    assert (diagnosis.n_nodes, diagnosis.n_edges, diagnosis.n_components) == (5, 2, 3)
    np.testing.assert_array_equal(diagnosis.component_sizes, [2, 2, 1])
    np.testing.assert_array_equal(diagnosis.isolated, [4])
    assert diagnosis.n_isolated == 1
    assert diagnosis.unlabelled_components is None
    assert diagnosis.n_unreached is None


def test_quantiles_are_those_of_the_degrees_and_of_the_numbers_of_neighbours() -> None:
    diagnosis = _two_pairs_and_one().diagnose()
    assert diagnosis.degree_quantiles == {0.0: 0, 0.25: 1, 0.5: 1, 0.75: 2, 1.0: 2}
    assert diagnosis.neighbor_quantiles == {0.0: 0, 0.25: 1, 0.5: 1, 0.75: 1, 1.0: 1}


@pytest.mark.parametrize(
    "labels",
    [
        [7, -1, -1, -1, -1],
        ["a", None, None, None, None],
        [float("nan"), float("nan"), float("nan"), 1.5, float("nan")],
    ],
)
def test_components_without_a_label_are_found(labels: list[object]) -> None:
    diagnosis = _two_pairs_and_one().diagnose(labels)
    assert diagnosis.unlabelled_components is not None
    np.testing.assert_array_equal(diagnosis.unlabelled_components, [1, 2])
    assert diagnosis.n_unreached == 3


@given(data=st.data(), weights=affinities())
def test_unreached_are_the_nodes_that_no_label_shares_a_component_with(
    data: st.DataObject, weights: np.ndarray
) -> None:
    graph = Graph.from_affinity(weights)
    labels = data.draw(partial_labels(len(weights), min_labelled=0))
    diagnosis = graph.diagnose(labels)
    reached = graph.reached_from(labels >= 0)
    assert diagnosis.n_unreached == int((~reached).sum())
    unlabelled = np.unique(graph.component_labels[~reached])
    np.testing.assert_array_equal(diagnosis.unlabelled_components, unlabelled)
    assert diagnosis.component_sizes.sum() == diagnosis.n_nodes


def test_hubs_have_more_than_ten_times_the_median_number_of_neighbours() -> None:
    np.testing.assert_array_equal(Graph.from_affinity(_star(11)).diagnose().hubs, [0])
    assert len(Graph.from_affinity(_star(10)).diagnose().hubs) == 0


def test_hubs_come_with_the_largest_first() -> None:
    weights = np.zeros((34, 34))
    weights[:13, :13], weights[13:, 13:] = _star(12), _star(20)
    np.testing.assert_array_equal(Graph.from_affinity(weights).diagnose().hubs, [13, 0])


def test_duplicates_and_asymmetry_come_from_the_building_of_the_graph() -> None:
    graph = knn_graph([[0.0], [0.0], [1.0], [5.0]], n_neighbors=1, weights="binary")
    diagnosis = graph.diagnose()
    assert diagnosis.n_duplicates == 2
    assert diagnosis.asymmetry == graph.build_info["asymmetry"] == 1.0
    directed = np.array([[0, 4.0], [1.0, 0]])
    given_weights = Graph.from_affinity(directed, symmetrize="mean").diagnose()
    assert given_weights.n_duplicates is None
    assert given_weights.asymmetry == 0.75


@pytest.mark.parametrize("n_labels", [0, 4, 6])
def test_labels_of_another_length_are_refused(n_labels: int) -> None:
    with pytest.raises(InvalidInputError, match=rf"got {n_labels} labels for 5 nodes"):
        _two_pairs_and_one().diagnose([1] * n_labels)


def test_the_report_reads_well() -> None:
    assert str(_two_pairs_and_one().diagnose([1, -1, -1, -1, -1])) == (
        "5 nodes, 2 edges, 0 / 1 / 1 neighbours a node (least, median, most)\n"
        "3 components, the largest of 2 nodes\n"
        "1 isolated node: 4\n"
        "2 components without a label: 3 nodes can't be reached. "
        "Label a point in each, or raise n_neighbors."
    )


def test_the_report_says_that_every_component_holds_a_label() -> None:
    report = str(_two_pairs_and_one().diagnose([1, 2, -1, -1, 1]))
    assert report.endswith("every component holds a label")


def test_the_report_names_hubs_and_duplicates() -> None:
    assert "1 hub: 0" in str(Graph.from_affinity(_star(11)).diagnose())
    report = str(knn_graph([[0.0], [0.0], [1.0]], n_neighbors=1).diagnose())
    assert "2 points with an exact duplicate" in report


def test_the_report_names_the_first_few_of_many_isolated_nodes() -> None:
    report = str(Graph.from_affinity(np.zeros((1200, 1200))).diagnose())
    assert report.startswith("1,200 nodes, 0 edges")
    assert "1,200 isolated nodes: 0, 1, 2, 3, 4, ... (1,195 more)" in report


def test_a_graph_without_nodes_has_a_diagnosis() -> None:
    diagnosis = Graph.from_affinity(np.zeros((0, 0))).diagnose([])
    assert (diagnosis.n_components, diagnosis.n_unreached) == (0, 0)
    assert set(diagnosis.degree_quantiles.values()) == {0.0}
    assert str(diagnosis).startswith("0 nodes, 0 edges")
