"""Work shared among cores gives what one core gives, to the last bit."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from fewlabels.solvers import Accuracy, ConjugateGradients, GroundedLaplacian, Sweeps, _threads


def large_system() -> tuple[GroundedLaplacian, np.ndarray]:
    """A ring of 25,001 nodes with chords, and ten columns: enough to be shared."""
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


def test_shared_iterations_solve_the_system() -> None:
    matrix, B = large_system()
    found = ConjugateGradients(matrix).solve(B, Accuracy(1e-6, 1000))
    swept = Sweeps(matrix).solve(B, Accuracy(1e-6, 5000))
    assert found.converged.all()
    totals = swept.values.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.values / totals, swept.values / totals, atol=2e-6)


def test_the_number_of_cores_changes_no_bit(monkeypatch) -> None:
    matrix, B = large_system()
    answers = []
    for n_cores in (1, 2, 5):
        with ThreadPoolExecutor(n_cores) as pool:
            monkeypatch.setattr(_threads, "_pool", lambda pool=pool: pool)
            answers.append(ConjugateGradients(matrix).solve(B, Accuracy(1e-3, 1000)).values)
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@pytest.mark.parametrize(
    ("shape", "n_blocks"),
    [((0, 10, 0), 1), ((5, 2, 20), 1), ((100_000, 1, 10**6), 8), ((100_000, 10, 10**6), 16)],
)
def test_blocks_cover_all_rows_once(shape, n_blocks) -> None:
    blocks = _threads.row_blocks(*shape)
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
    child.join(timeout=60)
    assert child.exitcode == 0
    assert results.get() == [0, 1, 4, 9]
