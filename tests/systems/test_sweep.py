"""The general sweep F <- carry * (S F) + source."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph
from fewlabels.systems import normalized_affinity, sweep
from tests import textbook
from tests.gallery import complete, one_hot
from tests.strategies import affinities, partial_labels


@pytest.mark.parametrize("layout", ["csr", "dense"])
@given(W=affinities(), data=st.data())
def test_it_comes_to_label_spreading(layout, W, data) -> None:
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    S = normalized_affinity(Graph.from_affinity(W, layout=layout, dtype=np.float64))
    found = sweep(S, Y, carry=0.6, source=0.4 * Y, max_sweeps=200)
    np.testing.assert_allclose(found.values, textbook.spreading(W, Y, 0.6), atol=1e-12)


@given(W=affinities(), data=st.data())
def test_it_comes_to_label_propagation(W, data) -> None:
    labels = data.draw(partial_labels(len(W)))
    Y = one_hot(labels, 3)
    degrees = W.sum(axis=1, keepdims=True)
    S = np.divide(W, degrees, out=np.zeros_like(W), where=degrees > 0)
    carry = np.where(labels >= 0, 0.0, 1.0)
    found = sweep(S, Y, carry=carry, source=Y, max_sweeps=100_000, tol=1e-13)
    np.testing.assert_allclose(found.values, textbook.harmonic(W, Y), atol=1e-8)
    assert found.converged


def test_each_node_takes_its_own_share() -> None:
    S = complete(3)
    F0 = np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    carry = np.array([1.0, 0.5, 0.0])
    found = sweep(S, F0, carry=carry, source=np.ones((3, 2)), max_sweeps=1)
    np.testing.assert_array_equal(found.values, [[1.0, 3.0], [1.5, 1.0], [1.0, 1.0]])
    assert (found.n_sweeps, found.converged) == (1, False)


def test_it_stops_after_the_sweep_whose_summed_change_is_small_enough() -> None:
    # The change halves in each sweep, from 1 over the two entries.
    S = np.eye(2)
    F0 = np.ones((2, 1))
    exact = sweep(S, F0, carry=0.5, source=0.0, max_sweeps=50, tol=0.25)
    assert (exact.n_sweeps, exact.converged) == (3, True)
    below = sweep(S, F0, carry=0.5, source=0.0, max_sweeps=50, tol=0.24)
    assert below.n_sweeps == 4
    ended = sweep(S, F0, carry=0.5, source=0.0, max_sweeps=2, tol=0.25)
    assert (ended.n_sweeps, ended.converged) == (2, False)


def test_no_sweep_returns_a_copy_of_the_start() -> None:
    F0 = np.ones((2, 1))
    found = sweep(sparse.csr_array(np.eye(2)), F0, carry=0.5, source=0.0, max_sweeps=0)
    assert (found.n_sweeps, found.converged) == (0, False)
    np.testing.assert_array_equal(found.values, F0)
    assert found.values is not F0


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"F0": [1.0, 2.0]}, InvalidInputError, r"got shapes \(2, 2\) and \(2,\)"),
        ({"F0": np.ones((3, 1))}, InvalidInputError, r"got shapes \(2, 2\) and \(3, 1\)"),
        ({"S": np.ones((2, 3))}, InvalidInputError, r"got shapes \(2, 3\) and \(2, 1\)"),
        ({"carry": [1.0, 2.0, 3.0]}, InvalidInputError, r"got shapes \(3,\) and \(2, 1\)"),
        ({"source": np.ones(2)}, InvalidInputError, r"got shapes \(\) and \(2,\)"),
        ({"max_sweeps": -1}, InvalidInputError, "max_sweeps must be at least 0, got -1"),
        ({"max_sweeps": 1.5}, InvalidTypeError, "max_sweeps must be an integer, got 1.5"),
        ({"tol": -1e-3}, InvalidInputError, "tol must be"),
    ],
)
def test_what_does_not_fit_is_refused(changed, error, words) -> None:
    given_ = {
        "S": np.eye(2),
        "F0": np.ones((2, 1)),
        "carry": 0.5,
        "source": np.ones((2, 1)),
        "max_sweeps": 3,
        **changed,
    }
    S, F0 = given_.pop("S"), given_.pop("F0")
    with pytest.raises(error, match=words):
        sweep(S, F0, **given_)
