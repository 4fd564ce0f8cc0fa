"""Sets of classes: the coverage of each class, and classes that no label names."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.insight import (
    class_thresholds,
    conformal_threshold,
    prediction_sets,
    unseen_class_share,
)


def draw(rng: np.random.Generator, n: int, codes: np.ndarray | None = None):
    """Points of a common, easy class and of a rare one that the model takes for the other."""
    true = (rng.random(n) < 0.1).astype(int) if codes is None else codes
    p_rare = np.where(true == 1, rng.beta(2, 4, size=len(true)), rng.beta(1, 9, size=len(true)))
    return np.column_stack([1 - p_rare, p_rare]), true


def test_each_class_is_covered_where_one_threshold_neglects_the_rare_one() -> None:
    rng = np.random.default_rng(40)
    held = {"each": [], "all": []}
    for _ in range(300):
        # equally many of each class are labelled; the new ones come as they are
        rows, codes = draw(rng, 40, np.repeat([0, 1], 20))
        new, true = draw(rng, 400)
        mixed, mixed_codes = draw(rng, 200)
        for name, threshold in [
            ("each", class_thresholds(rows, codes, coverage=0.8)),
            ("all", conformal_threshold(mixed, mixed_codes, coverage=0.8)),
        ]:
            covered = prediction_sets(new, threshold)[np.arange(len(true)), true]
            held[name].append([covered[true == 0].mean(), covered[true == 1].mean()])
    each, together = np.mean(held["each"], axis=0), np.mean(held["all"], axis=0)
    # k / (n + 1) of the new ones are below the k-th of 20: 4 / 21
    assert each == pytest.approx(1 - 4 / 21, abs=0.015)
    assert together[1] < 0.5
    assert together @ [0.9, 0.1] == pytest.approx(0.8, abs=0.015)


def test_the_thresholds_of_classes_are_those_of_their_points_alone() -> None:
    rng = np.random.default_rng(41)
    rows = rng.dirichlet(np.ones(4), size=70)
    codes = rng.choice(3, p=[0.6, 0.3, 0.1], size=70)  # the last class has no label
    found = class_thresholds(rows, codes, coverage=0.75)
    expected = [
        conformal_threshold(rows[codes == c], codes[codes == c], coverage=0.75) for c in range(4)
    ]
    assert found.tolist() == expected
    assert found[3] == -np.inf


@pytest.mark.parametrize(("n", "finite"), [(8, False), (9, True)])
def test_a_class_of_too_few_labels_is_in_every_set(n: int, finite: bool) -> None:
    found = class_thresholds(np.full((n, 1), 0.5), np.zeros(n, dtype=int), coverage=0.9)
    assert np.isfinite(found[0]) == finite
    assert prediction_sets([[0.0]], found)[0, 0] == (not finite)
    assert class_thresholds(np.empty((0, 2)), [], coverage=0.9).tolist() == [-np.inf] * 2


def labels_of_many_classes(rng: np.random.Generator, n: int):
    """Draws of 40 classes, the first the most frequent, and how sure a good model is of each."""
    frequency = 1 / np.arange(1, 41) ** 1.2
    codes = rng.choice(40, p=frequency / frequency.sum(), size=n)
    return codes, rng.beta(4, 1, size=n)


def test_points_of_classes_unseen_are_counted_where_it_is_asked_for() -> None:
    """Among 120 labels some classes are named once: about as many new points are of none."""
    rng = np.random.default_rng(42)
    covered, counted, unseen, said = [], [], [], []
    for _ in range(400):
        codes, sure = labels_of_many_classes(rng, 120)
        rows = np.zeros((120, 40))
        rows[np.arange(120), codes] = sure
        new, new_sure = labels_of_many_classes(rng, 300)
        is_seen = np.isin(new, codes)
        for found, count_unseen in [(covered, False), (counted, True)]:
            threshold = conformal_threshold(rows, codes, coverage=0.8, count_unseen=count_unseen)
            found.append((is_seen & (new_sure >= threshold)).mean())
        unseen.append(1 - is_seen.mean())
        said.append(unseen_class_share(codes))
    assert np.mean(said) == pytest.approx(np.mean(unseen), abs=0.012)
    assert np.mean(unseen) > 0.05
    assert np.mean(counted) == pytest.approx(0.8, abs=0.012)
    assert np.mean(covered) < 0.8 - 0.7 * np.mean(unseen)


def test_where_most_labels_are_alone_in_their_class_no_threshold_will_do() -> None:
    codes = np.arange(10)
    assert conformal_threshold(np.eye(10), codes, coverage=0.9) == 1.0
    assert conformal_threshold(np.eye(10), codes, coverage=0.9, count_unseen=True) == -np.inf
    assert unseen_class_share(codes) == 1.0
    assert unseen_class_share([]) == 1.0
    assert unseen_class_share([2, 2, 2]) == 0.0


def test_what_is_no_code_threshold_or_flag_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="codes must hold the number of a class"):
        unseen_class_share([0.5, 1.0])
    with pytest.raises(InvalidInputError, match="codes must hold the number of a class"):
        unseen_class_share([-1, 1])
    with pytest.raises(InvalidInputError, match="threshold must be a number, or one for each of"):
        prediction_sets([[0.5, 0.5]], [0.1, 0.2, 0.3])
    with pytest.raises(InvalidTypeError, match="count_unseen must be True or False, got 'yes'"):
        conformal_threshold([[1.0]], [0], coverage=0.5, count_unseen="yes")
    with pytest.raises(InvalidInputError, match="coverage"):
        class_thresholds([[1.0]], [0], coverage=1.0)
    with pytest.raises(InvalidInputError, match="codes must be from 0 to 0"):
        class_thresholds([[1.0]], [1], coverage=0.9)
