"""Elimination, Cholesky and the sparse factorisation, against rational arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels import _memory
from fewlabels.exceptions import NotEnoughMemoryError
from fewlabels.graph import component_labels
from fewlabels.solvers import Cholesky, Elimination, GroundedLaplacian, SparseFactorization
from tests import textbook
from tests.gallery import complete, star, two_cliques
from tests.strategies import affinities

# n machine epsilons, n <= 12, with room for the scaling
EXACT = 1e-13


def inverse(factorization: type, W, ground) -> np.ndarray:
    matrix = GroundedLaplacian(sparse.csr_array(W), np.asarray(ground, dtype=float))
    return factorization(matrix).solve(np.eye(len(W)))


@given(W=affinities(max_nodes=9, extreme=True), data=st.data())
def test_elimination_has_every_entry_right_whatever_the_weights(W, data) -> None:
    exponents = st.integers(-60, 3)
    ground = 10.0 ** np.array(data.draw(st.lists(exponents, min_size=len(W), max_size=len(W))))
    found = inverse(Elimination, W, ground)
    assert textbook.relative_errors(found, textbook.exact_inverse(W, ground)).max() < EXACT


@given(W=affinities(max_nodes=9), data=st.data())
def test_elimination_needs_one_grounded_node_a_component(W, data) -> None:
    parts = component_labels(W)
    ground = np.zeros(len(W))
    for part in range(parts.max() + 1):
        ground[data.draw(st.sampled_from(np.flatnonzero(parts == part).tolist()))] = 0.5
    found = inverse(Elimination, W, ground)
    assert textbook.relative_errors(found, textbook.exact_inverse(W, ground)).max() < EXACT


@pytest.mark.parametrize("link", [1e-30, 1e-100, 1e-200])
@pytest.mark.parametrize("grounded", [0, 2, 5])
def test_elimination_keeps_all_digits_of_clusters_that_are_all_but_disconnected(
    link: float, grounded: int
) -> None:
    W = two_cliques(4, link)
    W[2, 7] = W[7, 2] = link / 3
    ground = np.zeros(8)
    ground[grounded] = 1.0
    found = inverse(Elimination, W, ground)
    assert textbook.relative_errors(found, textbook.exact_inverse(W, ground)).max() < EXACT


def test_elimination_does_not_overflow_where_the_weights_are_tiny() -> None:
    W = 1e-250 * star([1.0, 2.0, 3.0])
    found = inverse(Elimination, W, 1e-250 * np.ones(4))
    np.testing.assert_allclose(
        found, 1e250 * np.linalg.inv(textbook.grounded(W * 1e250, np.ones(4))), rtol=1e-13
    )


@pytest.mark.parametrize("n", [63, 64, 65, 128, 130])
def test_elimination_joins_its_blocks_rightly(n: int) -> None:
    rng = np.random.default_rng(n)
    W = rng.random((n, n)) * (rng.random((n, n)) < 0.1)
    W = np.triu(W, 1) + np.triu(W, 1).T
    ground = rng.random(n)
    found = inverse(Elimination, W, ground)
    np.testing.assert_allclose(
        found, np.linalg.inv(textbook.grounded(W, ground)), rtol=1e-10, atol=1e-14
    )


@given(W=affinities(max_nodes=9), data=st.data())
def test_cholesky_has_every_entry_right_where_each_node_has_its_share_of_ground(W, data) -> None:
    shares = np.array(data.draw(st.lists(st.floats(1e-3, 5), min_size=len(W), max_size=len(W))))
    ground = np.maximum(shares * W.sum(axis=1), 1e-3)
    found = inverse(Cholesky, W, ground)
    # the subtractions on the diagonal cost the inverse of the least share, about 1e3 epsilons
    assert textbook.relative_errors(found, textbook.exact_inverse(W, ground)).max() < 1e-11


@pytest.mark.parametrize("factorization", [Cholesky, Elimination])
def test_entries_far_down_a_path_are_as_accurate_as_the_near_ones(factorization: type) -> None:
    n = 36
    W = np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    ground = 300 * W.sum(axis=1)
    found = inverse(factorization, W, ground)
    errors = textbook.relative_errors(found[-1:], textbook.exact_inverse(W, ground)[-1:])
    assert found[-1, 0] < 1e-90
    assert errors.max() < 1e-12


@given(W=affinities(max_nodes=9), data=st.data())
def test_the_sparse_factorisation_inverts(W, data) -> None:
    ground = np.array(data.draw(st.lists(st.floats(0.01, 5), min_size=len(W), max_size=len(W))))
    found = inverse(SparseFactorization, W, ground)
    np.testing.assert_allclose(
        found, np.linalg.inv(textbook.grounded(W, ground)), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("factorization", [Cholesky, Elimination, SparseFactorization])
def test_dense_and_sparse_weights_give_the_same_answer(factorization: type) -> None:
    W = complete(5)
    B = np.arange(10.0).reshape(5, 2)
    answers = [
        factorization(GroundedLaplacian(weights, np.ones(5))).solve(B)
        for weights in (W, sparse.csr_array(W))
    ]
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-14)


@pytest.mark.parametrize("factorization", [Cholesky, Elimination, SparseFactorization])
@pytest.mark.parametrize("n", [0, 1])
def test_no_unknown_and_one_unknown_are_systems_too(factorization: type, n: int) -> None:
    matrix = GroundedLaplacian(sparse.csr_array((n, n)), np.full(n, 2.0))
    np.testing.assert_allclose(factorization(matrix).solve(np.ones((n, 3))), np.full((n, 3), 0.5))


@pytest.mark.parametrize("factorization", [Cholesky, Elimination])
def test_dense_factorisations_are_refused_where_memory_is_short(
    factorization: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_memory, "available_memory", lambda: 1000)
    matrix = GroundedLaplacian(complete(20), np.ones(20))
    with pytest.raises(NotEnoughMemoryError, match=r"20 unknowns needs 6.4 kB.*solver='cg'"):
        factorization(matrix)
