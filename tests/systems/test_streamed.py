"""Label spreading on a graph on disk, as a system: what it returns, and how much it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewlabels.graph import DiskGraph, Graph, open_graph, write_graph
from fewlabels.systems import SpreadingSystem, StreamedSpreadingSystem, _streamed
from tests.gallery import clustered, one_hot, path_graph

ALPHA = 0.8


def graph_and_codes() -> tuple[Graph, np.ndarray[Any, Any]]:
    graph = clustered(60, 0.3)
    codes = np.full(120, -1)
    codes[[3, 20, 70, 100]] = 0, 1, 2, 1
    return graph, codes


def test_shares_and_totals_are_those_of_the_scores_in_memory(tmp_path: Path) -> None:
    graph, codes = graph_and_codes()
    exact = SpreadingSystem(graph, ALPHA).solve(one_hot(codes, 3), tol=1e-12, max_iter=10_000)
    F = exact.scores
    disk = write_graph(tmp_path / "graph", graph)
    for memory in (1, 10**9):
        system = StreamedSpreadingSystem(open_graph(disk.path, working_memory=memory), ALPHA)
        found = system.solve(codes, 3, tol=1e-9, max_iter=1000)
        assert found.converged.all()
        assert found.answered.all()
        np.testing.assert_allclose(found.totals, F.sum(axis=1), rtol=1e-6)
        np.testing.assert_allclose(found.shares, F / F.sum(axis=1, keepdims=True), atol=1e-6)
        np.testing.assert_allclose(found.column(1, slice(5, 9)), F[5:9, 1], rtol=1e-6)


def test_a_class_is_not_taken_for_solved_where_its_evidence_has_yet_to_arrive(
    tmp_path: Path,
) -> None:
    # The middle is far from both ends: little arrives of either, and late.
    graph = path_graph(np.ones(100))
    codes = np.full(101, -1)
    codes[[0, 100]] = 0, 1
    write_graph(tmp_path / "graph", graph)
    disk = open_graph(tmp_path / "graph", working_memory=1)
    system = StreamedSpreadingSystem(disk, 0.5)
    found = system.solve(codes, 2, tol=1e-3, max_iter=1000)
    np.testing.assert_allclose(found.shares[50], [0.5, 0.5], atol=1e-3)
    added = codes.copy()
    added[60] = 2
    places = np.array([0, 1, -1])
    settings: dict[str, Any] = {"tol": 1e-3, "max_iter": 1000}
    changed = system.solve_change(found, added, places, np.array([2]), **settings)
    again = system.solve(added, 3, **settings)
    np.testing.assert_allclose(changed.shares, again.shares, atol=2e-3)


@pytest.mark.parametrize(
    ("memory", "groups"), [(1, [1, 1, 1]), (2 * 24 * 120, [2, 1]), (10**9, [3])]
)
def test_as_many_classes_are_solved_for_at_a_time_as_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int, groups: list[int]
) -> None:
    graph, codes = graph_and_codes()
    disk = open_graph(write_graph(tmp_path / "graph", graph).path, working_memory=memory)
    widths: list[int] = []
    multiply = DiskGraph.weighted_sums

    def counting(self: DiskGraph, rows: slice, y: Any) -> Any:
        if rows.start == 0 and (not widths or widths[-1] != y.shape[1] or y[codes == 1].any()):
            widths.append(y.shape[1])
        return multiply(self, rows, y)

    monkeypatch.setattr(DiskGraph, "weighted_sums", counting)
    StreamedSpreadingSystem(disk, ALPHA).solve(codes, 3, tol=1e-3, max_iter=1000)
    assert max(widths) == max(groups)
    assert set(widths) == set(groups) | ({1} if len(groups) > 1 else set())


def test_an_unlabelled_piece_gets_the_prior_and_no_evidence(tmp_path: Path) -> None:
    graph = Graph.from_affinity([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])
    disk = write_graph(tmp_path / "graph", graph)
    found = StreamedSpreadingSystem(disk, ALPHA).solve(
        np.array([0, 1, -1, -1]), 2, tol=1e-3, max_iter=100
    )
    assert found.answered.tolist() == [True, True, False, False]
    assert found.totals[2:].tolist() == [0, 0]
    shares = found.distributions(np.array([0.25, 0.75]))
    assert shares[2].tolist() == shares[3].tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match="read-only"):
        shares[0] = 0
    assert found.distributions(np.array([1.0, 0.0])) is shares


def test_groups_of_classes_share_the_tolerance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, codes = graph_and_codes()
    disk = open_graph(write_graph(tmp_path / "graph", graph).path, working_memory=1)
    asked: list[float] = []

    def noting(solve: Any) -> Any:
        def noted(*given: Any, tol: float, **settings: Any) -> Any:
            asked.append(tol)
            return solve(*given, tol=tol, **settings)

        return noted

    for name in ("solve_in_levels", "solve_on_levels"):
        monkeypatch.setattr(_streamed, name, noting(getattr(_streamed, name)))
    StreamedSpreadingSystem(disk, ALPHA).solve(codes, 3, tol=1e-3, max_iter=1000)
    assert len(asked) == 1 + 3  # their sum, and each class by itself
    assert sum(asked) == pytest.approx(1e-3)


def test_the_first_label_of_a_piece_is_worth_what_a_new_solve_says(tmp_path: Path) -> None:
    graph = Graph.from_affinity(np.kron(np.eye(2), np.ones((4, 4)) - np.eye(4)))
    first, second = np.full(8, -1), np.full(8, -1)
    first[[0, 1]] = second[[0, 1]] = 0, 1
    second[6] = 1
    for memory in (1, 10**9):
        disk = open_graph(write_graph(tmp_path / f"{memory}", graph).path, working_memory=memory)
        system = StreamedSpreadingSystem(disk, ALPHA)
        before = system.solve(first, 2, tol=1e-9, max_iter=1000)
        assert not before.answered[4:].any()
        changed = system.solve(
            *(second, 2), tol=1e-9, max_iter=1000, before=before, old_columns=np.arange(2)
        )
        anew = system.solve(second, 2, tol=1e-9, max_iter=1000)
        np.testing.assert_allclose(changed.shares, anew.shares, atol=1e-6)
        np.testing.assert_allclose(changed.totals, anew.totals, rtol=1e-6)
