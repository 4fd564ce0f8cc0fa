"""Agreement in closed form, and Dawid and Skene's method against its plain version."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling import dawid_skene, krippendorff_alpha


def test_alpha_of_krippendorffs_example() -> None:
    # Krippendorff 2011, part C: four observers, twelve units, nominal data: 0.743
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    answers = [[a for a in unit if a is not None] for unit in zip(*table, strict=True)]
    found = krippendorff_alpha(answers)
    assert found is not None
    assert round(found, 3) == 0.743


def test_alpha_is_1_where_all_agree_and_none_where_nothing_is_known() -> None:
    assert krippendorff_alpha([["a", "a"], ["b", "b", "b"]]) == 1
    assert krippendorff_alpha([["a"], ["b"]]) is None
    assert krippendorff_alpha([["a", "a"], ["a", "a"]]) is None
    assert krippendorff_alpha([]) is None


def test_alpha_of_two_people_who_always_differ_is_its_least() -> None:
    # D_o = 1, D_e = 2 n_a n_b / (n (n - 1)) = 8 / 12
    assert krippendorff_alpha([["a", "b"], ["b", "a"]]) == pytest.approx(1 - 1 / (8 / 12))


def plain_dawid_skene(answers, n_items, n_people, n_classes, rounds):  # type: ignore[no-untyped-def]
    """The method as the paper has it, in loops."""
    T = np.zeros((n_items, n_classes))
    for i, _, c in answers:
        T[i, c] += 1
    T /= T.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        shares = T.mean(axis=0)
        confusion = np.zeros((n_people, n_classes, n_classes))
        for k in range(n_people):
            for j in range(n_classes):
                for i, who, c in answers:
                    if who == k:
                        confusion[k, j, c] += T[i, j]
                total = confusion[k, j].sum()
                confusion[k, j] = confusion[k, j] / total if total else 1 / n_classes
        for i in range(n_items):
            for j in range(n_classes):
                T[i, j] = shares[j] * math.prod(
                    confusion[who, j, c] for item, who, c in answers if item == i
                )
            T[i] /= T[i].sum()
    return T, confusion, shares


def answers_of(n_items: int, right: list[float], n_classes: int, seed: int):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_classes, size=n_items)
    answers = []
    for i in range(n_items):
        for k, p in enumerate(right):
            c = truth[i] if rng.random() < p else (truth[i] + 1) % n_classes
            answers.append((i, k, int(c)))
    return truth, answers


def test_it_equals_the_plain_version_without_smoothing() -> None:
    _, answers = answers_of(40, [0.9, 0.8, 0.6], 3, 0)
    T, confusion, shares = plain_dawid_skene(answers, 40, 3, 3, 12)
    items, people, classes = zip(*answers, strict=True)
    found = dawid_skene(items, people, classes, smoothing=0, max_iter=12, tol=0)
    np.testing.assert_allclose(found.probabilities, T, atol=1e-9)
    np.testing.assert_allclose(found.confusion, confusion, atol=1e-9)
    np.testing.assert_allclose(found.shares, shares, atol=1e-9)


def test_two_good_people_outweigh_three_bad_ones() -> None:
    truth, answers = answers_of(400, [0.95, 0.95, 0.4, 0.4, 0.4], 2, 1)
    items, people, classes = zip(*answers, strict=True)
    found = dawid_skene(items, people, classes)
    right = (found.probabilities.argmax(axis=1) == truth).mean()
    votes = np.array(
        [np.bincount([c for i, _, c in answers if i == item]).argmax() for item in range(400)]
    )
    assert right > 0.95
    assert (votes == truth).mean() < 0.9
    np.testing.assert_allclose(found.reliability, [0.95, 0.95, 0.4, 0.4, 0.4], atol=0.08)


def test_one_answer_an_item_stays_as_it_is() -> None:
    found = dawid_skene([0, 1, 2], [0, 0, 1], [0, 1, 1])
    assert found.probabilities.argmax(axis=1).tolist() == [0, 1, 1]
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)


@pytest.mark.parametrize(
    "given", [([], [], []), ([0], [0, 1], [0]), ([0], [-1], [0]), ([[0]], [[0]], [[0]])]
)
def test_what_is_no_list_of_answers_is_refused(given) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInputError, match="items, people and classes"):
        dawid_skene(*given)
