"""Models fitted on a graph on disk: the answers of the same graph in memory."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from fewlabels import LabelPropagation, LabelSpreading, UnreachedWarning
from fewlabels.exceptions import (
    GraphFileError,
    InvalidInputError,
    InvalidTypeError,
    NotEnoughMemoryError,
)
from fewlabels.graph import DiskGraph, Graph, open_graph, write_graph
from fewlabels.graph.disk import _graph_files
from tests.gallery import path_graph
from tests.strategies import affinities, partial_labels

N = 300
ONE_CLASS, SOME, ALL = 1, 3 * 24 * N, 10**9  # working memory: classes at a time


def connected_graph(dtype: Any = np.float32) -> Graph:
    rng = np.random.default_rng(0)
    weights = sparse.random_array((N, N), density=3 / N, rng=rng)
    weights = weights + sparse.diags_array([np.full(N - 1, 0.05)], offsets=[1], shape=(N, N))
    return Graph.from_affinity(weights + weights.T, dtype=dtype)


def graph_in_pieces() -> Graph:
    rng = np.random.default_rng(1)
    weights = sparse.random_array((N, N), density=1.2 / N, rng=rng)
    return Graph.from_affinity(weights + weights.T)


def labels(n_classes: int, n_labels: int = 40) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(2)
    y = np.full(N, -1)
    y[rng.choice(N, max(n_labels, n_classes), replace=False)] = np.resize(
        np.arange(n_classes), max(n_labels, n_classes)
    )
    return y


def on_disk(path: Path, graph: Graph, memory: int = ALL) -> DiskGraph:
    return open_graph(
        write_graph(path / "graph", graph, overwrite=True).path, working_memory=memory
    )


def test_no_more_steps_are_made_than_allowed_and_answers_so_far_are_right(tmp_path: Path) -> None:
    graph = path_graph(np.ones(1_499))
    y = np.full(1_500, -1)
    y[:2] = 0, 1
    with pytest.warns(ConvergenceWarning, match="max_iter=400 was reached") as caught:
        model = LabelSpreading(max_iter=400).fit(on_disk(tmp_path, graph), y)
    assert model.n_iter_ == 400
    answered = model.transduction_ != -1
    assert 200 < answered.sum() < 500
    assert f"{1_500 - answered.sum()} points that labels" in str(caught[0].message)
    exact = LabelSpreading(solver="direct").fit(graph, y).label_distributions_
    np.testing.assert_allclose(model.label_distributions_[answered], exact[answered], atol=1e-3)


def fitted(graph: Graph, y: Any, **settings: Any) -> LabelSpreading:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreachedWarning)
        return LabelSpreading(max_iter=10_000, **settings).fit(graph, y)


def assert_same_answers(found: LabelSpreading, expected: LabelSpreading, tol: float) -> None:
    np.testing.assert_allclose(
        found.label_distributions_, expected.label_distributions_, atol=2 * tol + 1e-6
    )
    assert found.label_distributions_.dtype == np.float32
    np.testing.assert_allclose(found.label_distributions_.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found.evidence_, expected.evidence_, rtol=2 * tol + 1e-6)
    np.testing.assert_array_equal(found.reached_, expected.reached_)
    np.testing.assert_array_equal(found.classes_, expected.classes_)
    best = np.sort(expected.label_distributions_, axis=1)
    clear = np.ones(N, dtype=bool)
    if best.shape[1] > 1:
        clear = (best[:, -1] - best[:, -2] > 10 * tol + 1e-5) | ~found.reached_
    np.testing.assert_array_equal(found.transduction_[clear], expected.transduction_[clear])
    assert found.residual_.shape == expected.residual_.shape


@pytest.mark.parametrize("memory", [ONE_CLASS, SOME, ALL])
@pytest.mark.parametrize("alpha", [1e-12, 0.2, 0.9, 0.99])
@pytest.mark.parametrize("make", [connected_graph, graph_in_pieces])
def test_the_answers_are_those_of_the_graph_in_memory(
    tmp_path: Path, make: Any, alpha: float, memory: int
) -> None:
    graph, y = make(), labels(7)
    disk = on_disk(tmp_path, graph, memory)
    found = fitted(disk, y, alpha=alpha, tol=1e-7)
    assert_same_answers(found, fitted(graph, y, alpha=alpha, tol=1e-7), 1e-7)


@pytest.mark.parametrize("memory", [ONE_CLASS, ALL])
@pytest.mark.parametrize("n_classes", [1, 30])
def test_one_class_and_many(tmp_path: Path, n_classes: int, memory: int) -> None:
    graph, y = connected_graph(), labels(n_classes)
    found = fitted(on_disk(tmp_path, graph, memory), y, alpha=0.9)
    assert_same_answers(found, fitted(graph, y, alpha=0.9, tol=1e-9), 1e-3)


def test_float64_weights_and_wide_node_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fewlabels.graph.disk._writer._LARGEST_INT32", 10)
    graph, y = connected_graph(np.float64), labels(4)
    found = fitted(on_disk(tmp_path, graph), y, alpha=0.9, tol=1e-8)
    assert_same_answers(found, fitted(graph, y, alpha=0.9, tol=1e-8), 1e-8)


@pytest.mark.parametrize("size", [1, 10**9])
def test_the_size_of_the_blocks_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    graph, y = connected_graph(), labels(4)
    expected = fitted(on_disk(tmp_path, graph), y, alpha=0.9)
    monkeypatch.setattr(_graph_files, "_BLOCK_BYTES", size)
    found = fitted(on_disk(tmp_path, graph), y, alpha=0.9)
    np.testing.assert_array_equal(found.label_distributions_, expected.label_distributions_)
    np.testing.assert_array_equal(found.evidence_, expected.evidence_)


@given(weights=affinities(min_nodes=2), data=st.data())
def test_on_any_graph_the_tolerance_holds(
    tmp_path_factory: pytest.TempPathFactory, weights: Any, data: st.DataObject
) -> None:
    y = data.draw(partial_labels(len(weights)))
    memory = data.draw(st.sampled_from((1, 10**9)))
    alpha = data.draw(st.sampled_from((0.01, 0.5, 0.99)))
    graph = Graph.from_affinity(weights)
    disk = on_disk(tmp_path_factory.mktemp("any"), graph, memory)
    found = fitted(disk, y, alpha=alpha, tol=1e-3)
    expected = fitted(graph, y, alpha=alpha, tol=1e-10)
    np.testing.assert_array_equal(found.reached_, expected.reached_)
    off = np.abs(found.label_distributions_ - expected.label_distributions_).sum(axis=1)
    assert off.max() <= 2e-3  # the total is off by as much, too


@pytest.mark.parametrize("memory", [ONE_CLASS, SOME, ALL])
@pytest.mark.parametrize("make", [connected_graph, graph_in_pieces])
def test_labels_are_added_and_removed_as_by_a_refit(tmp_path: Path, make: Any, memory: int) -> None:
    graph, y = make(), labels(5)
    disk = on_disk(tmp_path, graph, memory)
    model = fitted(disk, y, alpha=0.9, tol=1e-7)
    old = model.label_distributions_.copy()
    held = model.label_distributions_
    bare = np.flatnonzero(y < 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreachedWarning)
        for change in (
            lambda: model.add_labels(bare[:1], [2]),  # a known class
            lambda: model.add_labels(bare[1:3], [9, 0]),  # a new one, and two at once
            lambda: model.add_labels(bare[1:2], [3]),  # corrected: class 9 is gone
            lambda: model.remove_labels(bare[:2]),
            lambda: model.add_labels([], []),
        ):
            change()
            expected = fitted(graph, model._labels.decode(model._labels.codes), alpha=0.9, tol=1e-9)
            assert_same_answers(model, expected, 1e-6)
    np.testing.assert_array_equal(held, old)  # what was handed out stays as it was


def test_one_label_solves_for_one_class_from_where_it_was(tmp_path: Path) -> None:
    y = labels(5)
    model = fitted(on_disk(tmp_path, connected_graph(), ONE_CLASS), y, alpha=0.9)
    before = model.n_iter_
    told: list[int] = []
    multiply = DiskGraph.weighted_sums
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            DiskGraph, "weighted_sums", lambda *args: (told.append(1), multiply(*args))[1]
        )
        model.add_labels([int(np.flatnonzero(y < 0)[0])], [0])
    assert len(told) == model.n_iter_ + 1  # a single block; the residual is one product
    assert model.n_iter_ <= before + 2


def test_other_settings_since_the_fit_are_minded(tmp_path: Path) -> None:
    graph, y = connected_graph(), labels(3)
    model = fitted(on_disk(tmp_path, graph), y, alpha=0.9)
    bare = int(np.flatnonzero(y < 0)[0])
    model.set_params(alpha=0.5).add_labels([bare], [1])
    y[bare] = 1
    assert_same_answers(model, fitted(graph, y, alpha=0.5), 1e-3)


def test_far_rows_get_their_answer_or_a_warning(tmp_path: Path) -> None:
    graph = path_graph(np.ones(N - 1))
    y = np.full(N, -1)
    y[[0, 8]] = 0, 1
    expected = fitted(graph, y, alpha=0.01, solver="sweeps")
    for memory in (ONE_CLASS, ALL):
        disk = on_disk(tmp_path, graph, memory)
        found = fitted(disk, y, alpha=0.01)
        assert_same_answers(found, expected, 1e-3)
        y2 = y.copy()
        y2[-1] = 0
        found.add_labels([N - 1], [0])
        assert_same_answers(found, fitted(graph, y2, alpha=0.01, solver="sweeps"), 1e-3)
        with pytest.warns(ConvergenceWarning, match=r"no answer yet\. Raise max_iter\.$"):
            short = LabelSpreading(alpha=0.01, max_iter=30).fit(disk, y)
        open_rows = short.transduction_ == -1
        assert open_rows.any()
        assert short.reached_.all()
        np.testing.assert_allclose(short.label_distributions_[open_rows], 0.5)
        np.testing.assert_allclose(
            short.label_distributions_[:8], expected.label_distributions_[:8], atol=2e-3
        )


def test_rounding_that_ends_a_solve_is_said(tmp_path: Path) -> None:
    disk = on_disk(tmp_path, connected_graph(), ONE_CLASS)
    with pytest.warns(ConvergenceWarning, match="Raise alpha, or label points nearer by"):
        LabelSpreading(alpha=0.9, max_iter=10_000, tol=0).fit(disk, labels(3))


@pytest.mark.parametrize("solver", ["sweeps", "cg", "direct"])
def test_solvers_that_need_the_graph_in_memory_are_refused(tmp_path: Path, solver: str) -> None:
    disk = on_disk(tmp_path, connected_graph())
    with pytest.raises(InvalidInputError, match=r"needs the graph in memory.*to_memory"):
        LabelSpreading(solver=solver).fit(disk, labels(3))
    assert fitted(disk, labels(3), solver="chebyshev").reached_.all()


def test_label_propagation_says_what_to_take_instead(tmp_path: Path) -> None:
    with pytest.raises(InvalidTypeError, match=r"to_memory\(\).*LabelSpreading"):
        LabelPropagation().fit(on_disk(tmp_path, connected_graph()), labels(3))


def test_what_would_not_fit_is_refused_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = on_disk(tmp_path, connected_graph())
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 1000)
    with pytest.raises(NotEnoughMemoryError, match="7 classes over 300 nodes, 7 at a time"):
        LabelSpreading().fit(disk, labels(7))


def test_a_graph_cut_short_while_it_is_read_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    disk = on_disk(tmp_path, connected_graph())
    model = fitted(disk, labels(3), alpha=0.9)
    before = model.__dict__.copy()
    multiply, count = DiskGraph.weighted_sums, [0]

    def cutting(*args: Any) -> Any:
        count[0] += 1
        if count[0] == 5:
            path = disk.path / "data.npy"
            path.write_bytes(path.read_bytes()[:-8])
        return multiply(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DiskGraph, "weighted_sums", cutting)
        with pytest.raises(GraphFileError, match="changed or cut short"):
            model.fit(disk, labels(2))
    assert count[0] >= 5
    assert model.__dict__ == before


def test_an_interrupt_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    disk = on_disk(tmp_path, connected_graph(), ONE_CLASS)
    model = fitted(disk, labels(3), alpha=0.9)
    before, shares = model.__dict__.copy(), model.label_distributions_.copy()
    multiply, count = DiskGraph.weighted_sums, [0]

    def interrupted(*args: Any) -> Any:
        count[0] += 1
        if count[0] == 30:
            raise KeyboardInterrupt
        return multiply(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DiskGraph, "weighted_sums", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.remove_labels([int(np.flatnonzero(labels(3) >= 0)[0])])
    assert model.__dict__ == before
    np.testing.assert_array_equal(model.label_distributions_, shares)


def test_a_bar_shows_every_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LabelSpreading(alpha=0.9, max_iter=1000, verbose=True).fit(
        on_disk(tmp_path, connected_graph()), labels(3)
    )
    assert "solving" in capsys.readouterr().err


def test_a_fitted_model_is_pickled_with_the_path_of_its_graph(tmp_path: Path) -> None:
    model = fitted(on_disk(tmp_path, connected_graph()), labels(3), alpha=0.9)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.label_distributions_, model.label_distributions_)
    bare = int(np.flatnonzero(labels(3) < 0)[0])
    np.testing.assert_array_equal(
        again.add_labels([bare], [1]).label_distributions_,
        model.add_labels([bare], [1]).label_distributions_,
    )


def test_strings_are_classes_here_too(tmp_path: Path) -> None:
    y = np.array(["a", "b", None], dtype=object)[np.minimum(labels(2) % 3, 2)]
    model = fitted(on_disk(tmp_path, connected_graph()), y, alpha=0.9)
    assert set(model.transduction_) == {"a", "b"}
