"""Many classes: refused before anything is built where memory would not do, by what a fit takes."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest

from fewlabels import (
    FewLabelsClassifier,
    LabelPropagation,
    LabelSpreading,
    PLaplacianClassifier,
    PoissonClassifier,
    PoissonMBOClassifier,
    ReweightedLaplaceClassifier,
    knn_graph,
)
from fewlabels.exceptions import NotEnoughMemoryError
from fewlabels.graph import Graph
from fewlabels.solvers import _threads

CLASSIFIERS = [
    LabelSpreading(),
    LabelSpreading(solver="cg"),
    LabelSpreading(class_prior="uniform", calibration="loo"),
    LabelPropagation(max_iter=20),
    PoissonClassifier(max_iter=20),
    PoissonClassifier(iterations="converged", max_iter=20),
    PoissonMBOClassifier(max_iter=20),
    ReweightedLaplaceClassifier(max_iter=20),
    PLaplacianClassifier(max_iter=20),
    FewLabelsClassifier(),
]
N_POINTS, N_CLASSES = 3_200, 100  # more points than are eliminated
every_classifier = pytest.mark.parametrize("model", CLASSIFIERS, ids=repr)


@pytest.fixture(scope="module")
def graph() -> Graph:
    rng = np.random.default_rng(0)
    return knn_graph(rng.normal(size=(N_POINTS, 3)) + 3 * rng.integers(0, 5, (N_POINTS, 1)), 5)


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    y = np.full(N_POINTS, -1)
    labelled = np.random.default_rng(1).permutation(N_POINTS)[: 2 * N_CLASSES]
    y[labelled] = np.arange(2 * N_CLASSES) % N_CLASSES
    return y


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 3 * 10**6)


@every_classifier
@pytest.mark.filterwarnings("ignore")  # 20 iterations do not converge
def test_a_fit_takes_no_more_memory_than_it_asks_for(monkeypatch, model: Any, graph, y) -> None:
    monkeypatch.setattr(_threads, "_SHARED_OPERATIONS", 0)  # in blocks of rows, as large systems
    model.fit(graph, np.where(y < 2, y, -1))  # what is imported then does not count
    tracemalloc.start()
    try:
        model.fit(graph, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    a_system = 20 * graph.affinity.nnz * 12  # the graph and its copies on the way
    arrays = (peak - a_system) / (8 * N_POINTS * N_CLASSES)
    assert model._n_arrays() - 5 < arrays <= model._n_arrays()  # what would fit is not refused


@every_classifier
@pytest.mark.usefixtures("little_memory")
def test_what_does_not_fit_is_refused_before_the_graph_is_built(model: Any, y) -> None:
    model = type(model)(**model.get_params())
    scores = 27 * 10**5 // (8 * model._n_arrays())
    with pytest.raises(NotEnoughMemoryError) as caught:
        model.fit(np.zeros((N_POINTS, 2)), y)
    message = str(caught.value)
    assert message.startswith(f"{type(model).__name__} for 3,200 points and 100 classes needs ")
    assert f"About {scores // N_CLASSES:,} points with as many classes would fit" in message
    assert f"or {scores // N_POINTS:,} classes with as many points" in message
    assert not hasattr(model, "graph_")


def test_what_is_said_to_fit_does(monkeypatch, graph, y) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 3 * 10**6)
    with pytest.raises(NotEnoughMemoryError) as caught:
        LabelSpreading().fit(graph, y)
    n_classes = int(re.search(r"or ([\d,]+) classes", str(caught.value))[1].replace(",", ""))
    fewer = np.where(y < n_classes, y, -1)
    assert len(LabelSpreading().fit(graph, fewer).classes_) == n_classes
    with pytest.raises(NotEnoughMemoryError):
        LabelSpreading().fit(graph, np.where(y <= n_classes, y, -1))


def test_new_classes_that_do_not_fit_leave_the_model_as_it_was(monkeypatch, graph, y) -> None:
    model = LabelSpreading().fit(graph, np.where(y < 2, y, -1))
    before = model.label_distributions_.copy()
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 10**6)
    new = np.flatnonzero(y >= 2)
    with pytest.raises(NotEnoughMemoryError, match="3,200 points and 100 classes"):
        model.add_labels(new, y[new])
    np.testing.assert_array_equal(model.label_distributions_, before)
    assert model.classes_.tolist() == [0, 1]
