"""The system of a graph on disk: the same numbers as in memory, whatever the blocks and cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from fewlabels.exceptions import GraphFileError
from fewlabels.graph import DiskGraph, Graph, open_graph, write_graph
from fewlabels.graph.disk import _graph_files
from fewlabels.solvers import (
    GroundedLaplacian,
    PreparedSolver,
    StreamedIteration,
    StreamedLaplacian,
    _threads,
    solve_in_levels,
    solve_on_levels,
)
from tests.gallery import path_graph

ALPHA = 0.9
N = 120


def random_graph() -> Graph:
    weights = sparse.random_array((N, N), density=4 / N, rng=np.random.default_rng(1))
    return Graph.from_affinity(weights + weights.T)


@pytest.fixture
def disk(tmp_path: Path) -> DiskGraph:
    return write_graph(tmp_path / "graph", random_graph())


def dense_system(graph: Graph) -> np.ndarray[Any, Any]:
    degrees = np.where(graph.degrees == 0, 1, graph.degrees)
    affinity: Any = graph.affinity
    weights = affinity.toarray().astype(np.float64)
    return np.asarray(np.eye(graph.n_nodes) - ALPHA * weights / degrees[:, None])


def test_a_product_is_that_of_the_dense_matrix(disk: DiskGraph) -> None:
    y = np.random.default_rng(0).normal(size=(N, 3))
    expected = y - dense_system(random_graph()) @ y
    np.testing.assert_allclose(StreamedLaplacian(disk, ALPHA).apply(y), expected, atol=1e-14)


def test_rows_that_are_not_active_are_zero_and_give_nothing(disk: DiskGraph) -> None:
    active = np.arange(N) % 3 > 0
    y = np.where(active, 1.0, 0.0)[:, None]
    found = StreamedLaplacian(disk, ALPHA, active).apply(y)
    assert not found[~active].any()
    np.testing.assert_array_equal(found[active], StreamedLaplacian(disk, ALPHA).apply(y)[active])


@pytest.mark.parametrize("n_columns", [1, 4])
def test_the_answer_is_the_same_to_the_last_bit_in_any_blocks_on_any_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_columns: int
) -> None:
    path = write_graph(tmp_path / "graph", random_graph()).path
    b = np.random.default_rng(2).random((N, n_columns))
    answers = []
    for size, n_cores in ((1, 1), (1, 2), (300, 2), (10**9, 1)):
        monkeypatch.setattr(_graph_files, "_BLOCK_BYTES", size)
        with ThreadPoolExecutor(n_cores) as pool:
            monkeypatch.setattr(_threads, "_n_cores", lambda n=n_cores: n)
            monkeypatch.setattr(_threads, "_pool", lambda pool=pool: pool)
            iteration = StreamedIteration(open_graph(path), ALPHA)
            answers.append(iteration.solve(b, tol=1e-4, max_iter=1000))
    assert answers[0].converged.all()
    np.testing.assert_allclose(
        answers[0].values, np.linalg.solve(dense_system(random_graph()), b), rtol=1e-3
    )
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer.values, answers[0].values)
        assert answer.n_iter == answers[0].n_iter


def test_the_residual_is_that_of_the_grounded_laplacian(disk: DiskGraph) -> None:
    graph = random_graph()
    degrees = np.where(graph.degrees == 0, 1, graph.degrees)
    rng = np.random.default_rng(3)
    b, x = rng.random((N, 2)), rng.random((N, 2))
    b[:, 1] = x[:, 1] = 0
    A = degrees[:, None] / ALPHA * dense_system(graph)
    B = degrees[:, None] / ALPHA * b
    expected = np.linalg.norm((B - A @ x)[:, 0]) / np.linalg.norm(B[:, 0])
    found = StreamedLaplacian(disk, ALPHA).residual_ratios(b, x)
    np.testing.assert_allclose(found, [expected, 0], rtol=1e-12)


def test_every_step_is_told(disk: DiskGraph) -> None:
    told: list[tuple[int, float]] = []
    iteration = StreamedIteration(disk, ALPHA, lambda *step: told.append(step))
    found = iteration.solve(np.ones((N, 1)), tol=1e-6, max_iter=1000)
    assert [number for number, _ in told] == list(range(1, found.n_iter + 1))
    assert told[0][1] == np.inf


@pytest.mark.parametrize("one_column", [False, True])
def test_rows_beyond_the_range_of_float64_are_solved_for_in_levels(
    tmp_path: Path, one_column: bool
) -> None:
    graph = path_graph(np.ones(399))
    iteration = StreamedIteration(write_graph(tmp_path / "path", graph), 0.01)
    b = np.zeros((400, 2))
    b[0, 0] = b[7, 1] = 1.0
    settings: dict[str, Any] = {"tol": 1e-6, "max_iter": 10_000}
    if one_column:
        whole = solve_in_levels(iteration, b.sum(axis=1, keepdims=True), None, **settings)
        totals = whole.values[:, 0]
        found = solve_on_levels(iteration, b, whole, totals=totals, **settings)
    else:
        found = solve_in_levels(iteration, b, None, **settings)
        totals = found.values.sum(axis=1)
    assert found.converged
    assert len(found.levels) > 1
    degrees = graph.degrees
    exact = PreparedSolver(GroundedLaplacian(graph.affinity, 99 * degrees), "sweeps").solve(
        b * degrees[:, None], tol=1e-9, max_iter=10_000
    )
    shares = exact.values / exact.values.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.values / totals[:, None], shares, atol=3e-6)
    logs = np.log(totals) + found.log_scales()
    expected = np.log(exact.values.sum(axis=1)) + exact.log_scale
    np.testing.assert_allclose(logs - logs[0], expected - expected[0], atol=1e-5)
    assert logs[-1] < np.log(np.finfo(float).tiny)  # no float64 holds it


def test_no_level_is_begun_after_max_iter_steps(tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "path", path_graph(np.ones(399)))
    b = np.zeros((400, 1))
    b[0] = 1.0
    found = solve_in_levels(StreamedIteration(graph, 0.2), b, None, tol=1e-3, max_iter=50)
    assert not found.converged
    assert 50 <= found.n_iter < 100


def test_evidence_below_the_smallest_float_is_no_answer(tmp_path: Path) -> None:
    graph = write_graph(tmp_path / "path", path_graph(np.ones(9)))
    b = np.zeros((10, 1))
    b[0] = 1e-320
    found = solve_in_levels(StreamedIteration(graph, 1e-12), b, None, tol=1e-3, max_iter=100)
    assert not found.converged
    assert not found.values[1:].any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_an_error(disk: DiskGraph, value: float) -> None:
    weights = np.load(disk.path / "data.npy")
    weights[5] = value
    np.save(disk.path / "data.npy", weights)
    with pytest.raises(GraphFileError, match="give no numbers"):
        StreamedLaplacian(open_graph(disk.path), ALPHA).apply(np.ones((N, 1)))
