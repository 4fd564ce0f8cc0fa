"""One function says which models are recommended, and everything that has a default takes it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris

from fewlabels import FewLabelsClassifier, Graph, LabelPropagation, LabelSpreading, knn_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import shared_neighbor_graph
from fewlabels.models import recommended_models

X, TRUTH = load_iris(return_X_y=True)
Y = np.where(np.arange(150) % 25 == 3, TRUTH, -1)


def test_the_full_model_answers_at_any_size_that_memory_holds() -> None:
    for n_points in (1, 5_000, 5_001, 1_000_000):
        assert isinstance(recommended_models(n_points).answers, FewLabelsClassifier)


def test_harmonic_functions_ask_of_few_points_and_label_spreading_of_many() -> None:
    assert isinstance(recommended_models(5_000).asks, LabelPropagation)
    assert isinstance(recommended_models(5_001).asks, LabelSpreading)
    for n_points in (5_000, 5_001):
        assert recommended_models(n_points).asks.class_prior == "uniform"


def test_of_a_graph_on_disk_one_model_that_takes_it_does_both() -> None:
    pair = recommended_models(300, on_disk=True)
    assert isinstance(pair.asks, LabelSpreading)
    assert pair.answers is pair.asks


def test_a_graph_beside_the_features_is_used_as_it_is() -> None:
    own = FewLabelsClassifier().fit(X, Y)
    beside = FewLabelsClassifier().fit(X, Y, graph=shared_neighbor_graph(X))
    np.testing.assert_array_equal(own.label_distributions_, beside.label_distributions_)
    np.testing.assert_array_equal(
        own.predict_proba(X[:9] + 0.01), beside.predict_proba(X[:9] + 0.01)
    )
    graph = knn_graph(X, 7)
    model = FewLabelsClassifier().fit(X, Y, graph=graph)
    assert model.graph_ is graph
    assert "features" in model.choices_["members"].value
    assert model.choices_["graph"].value == "given"
    assert model.predict(X).shape == (150,)
    model.fit(X, Y)  # the next fit makes its own
    assert model.graph_ is not graph


def test_a_graph_without_scales_serves_too() -> None:
    affinity = np.exp(-np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2)))
    np.fill_diagonal(affinity, 0)
    model = FewLabelsClassifier().fit(X, Y, graph=Graph.from_affinity(affinity))
    assert model.graph_.local_scales is None
    assert (model.predict(X) == TRUTH).mean() > 0.85


def test_a_graph_that_does_not_belong_to_the_features_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="it has 100, and X 150 rows"):
        FewLabelsClassifier().fit(X, Y, graph=knn_graph(X[:100]))
    with pytest.raises(InvalidInputError, match="graph is for features"):
        FewLabelsClassifier().fit(knn_graph(X), Y, graph=knn_graph(X))
    with pytest.raises(InvalidTypeError, match="graph must be a Graph"):
        FewLabelsClassifier().fit(X, Y, graph=X)


def test_answered_says_where_some_member_has_an_answer() -> None:
    far = np.vstack([X, X[:12] + 1_000])
    y = np.append(Y, np.full(12, -1))
    with pytest.warns(UserWarning, match="reach"):
        model = FewLabelsClassifier(n_neighbors=5).fit(far, y)
    assert model.answered_.all()
    assert not model.reached_[150:].any()
    with pytest.warns(UserWarning, match="reach"):
        alone = FewLabelsClassifier().fit(model.graph_, y)
    np.testing.assert_array_equal(alone.answered_, alone.reached_)
