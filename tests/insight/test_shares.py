from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.insight import class_shares


def textbook(rows: list[list[float]], believed: list[float], n_rounds: int) -> list[float]:
    """Saerens, Latinne and Decaestecker's (2002) equation 9, entry by entry."""
    found = believed
    for _ in range(n_rounds):
        factors = [q / b for q, b in zip(found, believed, strict=True)]
        weighed = [[p * f for p, f in zip(row, factors, strict=True)] for row in rows]
        weighed = [[p / sum(row) for p in row] for row in weighed]
        found = [sum(column) / len(rows) for column in zip(*weighed, strict=True)]
    return found


def test_follows_the_published_rounds() -> None:
    rows = np.random.default_rng(0).dirichlet([1, 2, 3], 30).tolist()
    for n_rounds in (0, 1, 5):
        found = class_shares(rows, [0.5, 0.3, 0.2], n_rounds=n_rounds)
        assert_allclose(found, textbook(rows, [0.5, 0.3, 0.2], n_rounds))


def test_finds_the_shares_of_uneven_classes_from_answers_learned_of_even_labels() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(5000) < 0.1
    x = rng.normal(np.where(truth, 1.0, -1.0))
    rare = 1 / (1 + np.exp(-2 * x))  # what is right where both classes are as frequent
    found = class_shares(np.column_stack([1 - rare, rare]), [1, 1], n_rounds=100)
    assert_allclose(found, [0.9, 0.1], atol=0.02)


def test_labelled_points_count_as_their_class() -> None:
    rows = np.random.default_rng(0).dirichlet([1, 2, 3], 30)
    found = class_shares(rows, [5, 3, 2], labelled=[7, 0, 4])
    known = np.repeat(np.eye(3), [7, 0, 4], axis=0)  # as rows, no factor changes them
    assert_allclose(found, class_shares(np.vstack([rows, known]), [5, 3, 2]))


def test_the_fewer_points_have_no_label_the_less_they_say() -> None:
    assert_allclose(class_shares([[1.0, 0.0]], [1, 1], labelled=[59, 60]), [0.5, 0.5])
    assert_allclose(class_shares(np.empty((0, 2)), [1, 1], labelled=[1, 3]), [0.25, 0.75])
    # labels of a class that is known to be absent do not bring it back
    assert class_shares([[1.0, 0.0]], [1, 0], labelled=[1, 3]).tolist() == [1, 0]


def test_a_class_that_nothing_is_said_of_keeps_a_little_and_one_excluded_nothing() -> None:
    found = class_shares([[1.0, 0.0, 0.0]] * 4, [1, 1, 0])
    assert 0 < found[1] < 1e-3
    assert found[2] == 0


def test_without_points_shares_are_what_was_believed() -> None:
    assert class_shares(np.empty((0, 2)), [3, 1]).tolist() == [0.75, 0.25]
    assert class_shares([[0.0, 0.0]], [3, 1]).tolist() == [0.75, 0.25]


def test_what_cannot_be_shares_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="above 0"):
        class_shares([[0.5, 0.5]], [0, 0])
    with pytest.raises(InvalidInputError, match="believed"):
        class_shares([[0.5, 0.5]], [1, 1, 1])
    with pytest.raises(InvalidInputError, match="labelled"):
        class_shares([[0.5, 0.5]], [1, 1], labelled=[-1, 1])
    with pytest.raises(InvalidTypeError, match="n_rounds"):
        class_shares([[0.5, 0.5]], [1, 1], n_rounds=1.5)  # type: ignore[arg-type]
