"""Linear algebra is held to one thread while anyone asks for it, and given back after."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from fewlabels import FewLabelsClassifier, LabelPropagation, knn_graph
from fewlabels._threads import one_blas_thread
from fewlabels.features import OrientedGradients


def counts(*, of_this_thread: bool = False) -> set[int]:
    """Threads of each BLAS, which counts for the process; or of OpenMP and what is built on it."""
    return {
        each["num_threads"]
        for each in threadpool_info()
        if (each["internal_api"] == "openmp" or each.get("threading_layer") == "openmp")
        is of_this_thread
    }


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """More than one, whatever the machine and its settings."""
    knn_graph(np.random.default_rng(0).normal(size=(50, 3)), 3)  # loads FAISS with its BLAS
    with threadpool_limits(3):
        yield


def test_a_block_has_one_thread_and_gives_the_others_back() -> None:
    with one_blas_thread():
        with one_blas_thread():
            assert counts() == {1}
        assert counts() == {1}
    assert counts() == {3}
    assert counts(of_this_thread=True) == {3}


def test_openmp_is_held_where_that_is_asked_for() -> None:
    with one_blas_thread(and_of_openmp=True):
        assert counts(of_this_thread=True) == {1}
    assert counts(of_this_thread=True) == {3}


def test_an_error_gives_the_threads_back() -> None:
    with pytest.raises(ValueError, match="stop"), one_blas_thread():
        raise ValueError("stop")
    assert counts() == {3}


@pytest.mark.parametrize("first_out", ["first", "second"])
def test_blocks_of_two_threads_may_end_in_any_order(first_out) -> None:
    steps = {name: threading.Event() for name in ("first", "second")}
    inside = threading.Barrier(3, timeout=180)
    own = {}

    def hold(name: str) -> None:
        faiss.omp_set_num_threads(3)
        with one_blas_thread():
            inside.wait()
            assert steps[name].wait(180)
        own[name] = counts(of_this_thread=True)

    with ThreadPoolExecutor(2) as pool:
        held = {name: pool.submit(hold, name) for name in steps}
        inside.wait()
        (second_out,) = steps.keys() - {first_out}
        left = [counts()]
        for name in (first_out, second_out):
            steps[name].set()
            held[name].result(180)
            left.append(counts())
    assert left == [{1}, {1}, {3}]
    assert own == {"first": {3}, "second": {3}}


def fit_small() -> object:
    X = np.repeat(np.eye(4), 20, axis=0) + np.linspace(0, 0.1, 80)[:, None]
    y = np.where(np.arange(80) % 20 == 0, np.arange(80) // 20, -1)
    return FewLabelsClassifier().fit(X, y), LabelPropagation("knn").fit(X, y)


def search() -> object:
    points = np.random.default_rng(0).normal(size=(3_000, 12)).astype(np.float32)
    return knn_graph(points, 5, exact=False)


def describe() -> object:
    return OrientedGradients((8, 8)).fit_transform(np.ones((50, 64)))


@pytest.mark.parametrize("work", [fit_small, search, describe])
@pytest.mark.filterwarnings("ignore")  # of graphs and answers; the threads are what is tested
def test_work_in_several_threads_leaves_as_many_as_there_were(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(work) for _ in range(8)]:
            each.result(300)
    assert counts() == {3}
    assert counts(of_this_thread=True) == {3}


def _count_in_a_child(results) -> None:
    results.put(counts())


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that is what is tested
def test_a_child_that_is_forked_inside_a_block_has_as_many_as_before_it() -> None:
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    with one_blas_thread():
        child = context.Process(target=_count_in_a_child, args=(results,))
        child.start()
        child.join(timeout=180)
    assert child.exitcode == 0
    assert results.get() == {3}
