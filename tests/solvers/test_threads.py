"""Work shared among cores gives what one core gives, to the last bit."""

from __future__ import annotations

import multiprocessing
import threading
import weakref
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from fewlabels._way import giving_way, unless
from fewlabels.solvers import (
    Accuracy,
    ChebyshevIteration,
    ConjugateGradients,
    GroundedLaplacian,
    Sweeps,
    _threads,
    run_giving_way,
)


def large_system() -> tuple[GroundedLaplacian, np.ndarray]:
    """A ring of 25,001 nodes with chords, and ten columns."""
    n = 25_001
    ends = np.arange(n)
    rng = np.random.default_rng(0)
    rows = np.concatenate([ends, ends])
    columns = np.concatenate([(ends + 1) % n, (ends + 157) % n])
    half = sparse.csr_array((rng.random(2 * n) + 0.1, (rows, columns)), shape=(n, n))
    W = sparse.csr_array(half + half.T)
    B = np.zeros((n, 10))
    B[rng.choice(n, 200, replace=False), np.arange(200) % 10] = 1
    return GroundedLaplacian(W, 0.2 * np.asarray(W.sum(axis=1)).ravel()), B


@pytest.mark.usefixtures("all_work_shared")
def test_shared_iterations_solve_the_system() -> None:
    matrix, B = large_system()
    found = ConjugateGradients(matrix).solve(B, Accuracy(1e-6, 1000))
    swept = Sweeps(matrix).solve(B, Accuracy(1e-6, 5000))
    assert found.converged.all()
    totals = swept.values.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.values / totals, swept.values / totals, atol=2e-6)


@pytest.mark.usefixtures("all_work_shared")
@pytest.mark.parametrize("method", [ChebyshevIteration, ConjugateGradients])
@pytest.mark.parametrize("n_columns", [5, 10])
def test_the_number_of_cores_changes_no_bit(monkeypatch, method, n_columns) -> None:
    matrix, B = large_system()
    assert len(matrix.products(n_columns, recurrence=method is ChebyshevIteration)) > 1
    answers = []
    for n_cores in (1, 2, 5):
        with ThreadPoolExecutor(n_cores) as pool:
            monkeypatch.setattr(_threads, "_n_cores", lambda n=n_cores: n)
            monkeypatch.setattr(_threads, "_pool", lambda pool=pool: pool)
            found = method(matrix).solve(B[:, :n_columns].copy(), Accuracy(1e-3, 1000))
            assert found.converged.all()
            answers.append(found.values)
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@pytest.fixture
def three_cores(monkeypatch):
    with ThreadPoolExecutor(2) as pool:
        monkeypatch.setattr(_threads, "_n_cores", lambda: 3)
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        yield pool


def test_the_results_come_in_the_order_of_their_tasks(three_cores) -> None:
    for n_tasks in range(30):
        assert _threads.run_all(lambda k: k * k, n_tasks) == [k * k for k in range(n_tasks)]


def test_threads_that_are_busy_elsewhere_are_not_waited_for(three_cores) -> None:
    release = threading.Event()
    busy = [three_cores.submit(release.wait, 60) for _ in range(2)]
    try:
        assert _threads.run_all(lambda k: k, 20) == list(range(20))
        assert not any(each.done() for each in busy)
    finally:
        release.set()


def test_threads_that_have_not_begun_hold_nothing(three_cores) -> None:
    release = threading.Event()
    for _ in range(2):
        three_cores.submit(release.wait, 60)
    given, made = np.zeros(3), []

    def task(k: int, array: np.ndarray = given) -> np.ndarray:
        answer = array + k
        made.append(weakref.ref(answer))
        return answer

    held = weakref.ref(given)
    try:
        assert len(_threads.run_all(task, 20)) == 20
        del task, given
        assert held() is None
        assert [each() for each in made] == [None] * 20
    finally:
        release.set()


def test_a_task_may_share_out_tasks_of_its_own(three_cores) -> None:
    found = _threads.run_all(lambda k: sum(_threads.run_all(lambda j: j * k, 5)), 6)
    assert found == [10 * k for k in range(6)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["caller", "helper"])
def test_nothing_runs_any_more_when_an_error_comes_out(
    monkeypatch, three_cores, error, where
) -> None:
    monkeypatch.setattr(_threads, "_n_cores", lambda: 2)
    caller, running, begun = threading.get_ident(), [], []
    both, stopped = threading.Barrier(2, timeout=180), threading.Event()

    class Tasks(deque):
        def clear(self) -> None:
            super().clear()
            stopped.set()

    monkeypatch.setattr(_threads, "deque", Tasks)

    def task(k: int) -> None:
        begun.append(k)
        running.append(k)
        try:
            if k in (0, 99):  # the caller's first, the helper's first
                both.wait()
            if (threading.get_ident() == caller) == (where == "caller"):
                raise error("stop")
            assert stopped.wait(180)  # the other's error has come: no task is left
        finally:
            running.remove(k)

    with pytest.raises(error, match="stop"):
        _threads.run_all(task, 100)
    assert running == []
    assert sorted(begun) == [0, 99]
    assert _threads.run_all(lambda k: k, 3) == [0, 1, 2]
    assert sorted(begun) == [0, 99]


@pytest.mark.parametrize(
    ("shape", "n_blocks"),
    [((0, 10, 0), 1), ((5, 2, 20), 1), ((100_000, 1, 10**6), 8), ((100_000, 10, 10**6), 16)],
)
def test_blocks_cover_all_rows_once(shape, n_blocks) -> None:
    blocks = _threads.shared_blocks(*shape)
    assert len(blocks) == n_blocks
    covered = np.concatenate([np.arange(*block.indices(shape[0])) for block in blocks])
    np.testing.assert_array_equal(covered, np.arange(shape[0]))


def test_a_task_that_fails_says_so() -> None:
    def task(k: int) -> int:
        if k == 2:
            raise ValueError("the third task")
        return k

    with pytest.raises(ValueError, match="the third task"):
        _threads.run_all(task, 4)


def _squares_in_a_child(results) -> None:
    results.put(_threads.run_all(lambda k: k * k, 4))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that is what is tested
def test_a_forked_process_has_threads_of_its_own() -> None:
    assert _threads.run_all(lambda k: k, 4) == [0, 1, 2, 3]
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=_squares_in_a_child, args=(results,))
    child.start()
    child.join(timeout=180)
    assert child.exitcode == 0
    assert results.get() == [0, 1, 4, 9]


@pytest.mark.parametrize("n_cores", [1, 2, 5])
def test_while_the_caller_gives_way_no_helper_is_at_work(monkeypatch, n_cores) -> None:
    begun, ended, at_rest = [], [], []

    def task(k: int) -> None:
        begun.append(k)
        ended.append(k)

    def wait() -> None:
        at_rest.append((sorted(begun), sorted(ended)))

    with ThreadPoolExecutor(n_cores) as pool:
        monkeypatch.setattr(_threads, "_n_cores", lambda: n_cores)
        monkeypatch.setattr(_threads, "_pool", lambda: pool)
        with giving_way(wait):
            run_giving_way(task, 12)
    # each time all that were begun have ended, and there was no more than one a core since
    assert at_rest == [(list(range(k)),) * 2 for k in range(0, 12, n_cores)]
    assert sorted(ended) == list(range(12))


def test_where_something_else_is_due_no_other_group_is_begun(monkeypatch) -> None:
    monkeypatch.setattr(_threads, "_n_cores", lambda: 2)
    done: list[int] = []
    assert unless(lambda: len(done) >= 4, lambda: run_giving_way(done.append, 12)) is None
    assert sorted(done) == [0, 1, 2, 3]
