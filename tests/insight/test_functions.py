"""Calibration, conformal sets, doubt, attribution and suspects, on arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.insight import (
    Calibration,
    Influence,
    conformal_threshold,
    doubt_reasons,
    expected_calibration_error,
    explain_scores,
    fit_calibration,
    has_companion,
    left_out_distributions,
    log_loss_of,
    made_up_for,
    prediction_sets,
    rank_suspects,
    spread_of,
)
from fewlabels.systems import LeftOut


@st.composite
def shares(draw: st.DrawFn, max_points: int = 8) -> np.ndarray:
    n, c = draw(st.integers(1, max_points)), draw(st.integers(1, 4))
    flat = draw(st.lists(st.integers(0, 20), min_size=n * c, max_size=n * c))
    rows = np.array(flat, dtype=float).reshape(n, c) + 0.5
    return rows / rows.sum(axis=1, keepdims=True)


@given(shares(), st.floats(0.01, 50), st.floats(1e-4, 50), st.floats(0, 10))
@settings(max_examples=60, deadline=None)
def test_calibration_keeps_sums_and_the_order_of_the_classes(
    rows: np.ndarray, sharpness: float, caution: float, amount: float
) -> None:
    calibration = Calibration(sharpness, caution, reference=2.0)
    found = calibration.apply(rows, np.full(len(rows), amount))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    for before, after in zip(rows, found, strict=True):
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= -1e-12).all()


def test_calibration_is_its_formula() -> None:
    calibration = Calibration(1.7, 0.3, reference=4.0)
    p, evidence = np.array([[0.2, 0.7, 0.1]]), 3.0
    z = (p * evidence / 4.0 + 0.3 / 3) ** 1.7
    np.testing.assert_allclose(calibration.apply(p, [evidence]), z / z.sum(), rtol=1e-12)


def test_no_evidence_leaves_all_classes_equally_probable() -> None:
    found = Calibration(5.0, 0.1, reference=1.0).apply([[1.0, 0.0]], [0.0])
    np.testing.assert_allclose(found, 0.5)


def test_the_fit_finds_the_sharpness_that_the_labels_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(4), size=4000)
    true = rows**3 / (rows**3).sum(axis=1, keepdims=True)
    codes = (true.cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)
    fitted = fit_calibration(rows, np.ones(4000), codes, reference=1.0)
    found = fitted.apply(rows, np.ones(4000))
    assert np.abs(found - true).mean() < 0.01
    assert expected_calibration_error(codes, found) < 0.5 * expected_calibration_error(codes, rows)
    assert fitted.n_points == 4000


def test_without_points_the_fit_is_what_is_believed_beforehand() -> None:
    fitted = fit_calibration(np.empty((0, 3)), [], [], reference=1.0, spread=2.0)
    np.testing.assert_allclose(fitted.sharpness, np.exp(2.1) / 2)
    np.testing.assert_allclose(fitted.caution, np.exp(1.8 - 2))


@given(shares(), st.data())
@settings(max_examples=30, deadline=None)
def test_the_fit_is_never_worse_than_its_prior_in_what_it_minimises(
    rows: np.ndarray, data: st.DataObject
) -> None:
    n, c = rows.shape
    codes = np.array(data.draw(st.lists(st.integers(0, c - 1), min_size=n, max_size=n)))
    fitted = fit_calibration(rows, np.ones(n), codes, reference=1.0)

    def objective(calibration: Calibration) -> float:
        logs = np.log([calibration.sharpness, calibration.caution])
        prior = ((logs - [2.1 - np.log(3), 1.8 - 3]) / [0.5, 1.5]) ** 2
        return float(
            log_loss_of(calibration.apply(rows, np.ones(n)), codes).sum() + prior.sum() / 2
        )

    for sharpness in (0.3, 1.0, 2.0, 4.0):
        for caution in (0.01, 0.08, 0.5):
            assert objective(fitted) <= objective(Calibration(sharpness, caution, 1.0)) + 1e-4


def test_soft_targets_of_one_class_are_that_class() -> None:
    rows, codes = np.array([[0.7, 0.3], [0.4, 0.6]]), [0, 0]
    hard = fit_calibration(rows, [1.0, 2.0], codes, reference=1.0)
    soft = fit_calibration(rows, [1.0, 2.0], np.eye(2)[codes], reference=1.0)
    assert hard == soft


def test_an_excluded_class_is_as_one_that_has_no_column() -> None:
    rng = np.random.default_rng(0)
    rows, codes = rng.dirichlet(np.ones(3), 50), rng.integers(0, 3, 50)
    amounts = rng.random(50) + 0.5
    plain = fit_calibration(rows, amounts, codes, reference=1.0)
    wide, at = np.insert(rows, 1, 0.0, axis=1), np.array([0, 2, 3])[codes]
    found = fit_calibration(wide, amounts, at, reference=1.0, excluded=[False, True, False, False])
    np.testing.assert_allclose(
        [found.sharpness, found.caution], [plain.sharpness, plain.caution], rtol=1e-4
    )
    np.testing.assert_array_equal(found.apply(wide, amounts)[:, 1], 0)
    expected = np.insert(plain.apply(rows, amounts), 1, 0.0, axis=1)
    np.testing.assert_allclose(found.apply(wide, amounts), expected, atol=1e-5)


def test_the_calibration_error_is_the_gap_in_each_bin() -> None:
    proba = [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]]
    # 0.9: half are right; 0.6: both are
    found = expected_calibration_error([0, 1, 0, 1], proba, n_bins=10)
    assert found == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)


@given(st.integers(0, 60), st.floats(0.05, 0.98), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_threshold_leaves_out_the_share_that_the_rank_argument_allows(
    n: int, coverage: float, random: object
) -> None:
    p = np.random.default_rng(n).random(n)
    rows = np.column_stack([p, 1 - p])
    threshold = conformal_threshold(rows, np.zeros(n, dtype=int), coverage=coverage)
    # of n + 1 exchangeable values, so many are below the threshold
    below = (p < threshold).sum()
    assert below <= (1 - coverage) * (n + 1) + 1e-6
    if threshold == -np.inf:
        assert n < coverage / (1 - coverage) + 1e-6
    else:
        assert below + 1 > (1 - coverage) * (n + 1) - 1 - 1e-6


def test_conformal_sets_cover_as_often_as_asked_for() -> None:
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(400):
        rows = rng.dirichlet(np.ones(3), size=60)
        codes = (rows.cumsum(axis=1) < rng.random((60, 1))).sum(axis=1)
        threshold = conformal_threshold(rows[:40], codes[:40], coverage=0.9)
        sets = prediction_sets(rows[40:], threshold)
        hits.append(sets[np.arange(20), codes[40:]].mean())
    # 8,000 points; the thresholds of 400 draws: standard error about 0.003
    assert 0.89 < np.mean(hits) < 0.925


def test_a_set_that_would_be_empty_may_keep_the_most_probable_class() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(4), size=200)
    as_is = prediction_sets(rows, 0.6)
    kept = prediction_sets(rows, 0.6, allow_empty=False)
    empty = ~as_is.any(axis=1)
    assert 0 < empty.sum() < 200
    np.testing.assert_array_equal(kept[~empty], as_is[~empty])
    np.testing.assert_array_equal(kept[empty], np.eye(4, dtype=bool)[rows[empty].argmax(axis=1)])
    assert prediction_sets([[0.5, 0.5]], 0.9, allow_empty=False).tolist() == [[True, False]]
    with pytest.raises(InvalidTypeError, match="allow_empty must be True or False, got 'no'"):
        prediction_sets(rows, 0.6, allow_empty="no")


def test_each_reason_for_doubt_is_told_from_the_others() -> None:
    calibration = Calibration(3.0, 0.2, reference=1.0)
    rows = [[0.95, 0.05], [0.95, 0.05], [0.55, 0.45], [0.55, 0.45], [0.95, 0.05]]
    found = doubt_reasons(
        rows, [2.0, 0.02, 5.0, 0.02, 0.0], [True] * 4 + [False], calibration, abstain_below=0.9
    )
    assert found.tolist() == [
        "sure",
        "little evidence",
        "classes disagree",
        "classes disagree",
        "unreached",
    ]


def test_shares_that_hang_on_the_evidence_are_judged_as_they_would_be_with_more_of_it() -> None:
    calibration = Calibration(1.0, 1e-6, reference=1.0)
    found = doubt_reasons(
        [[0.95, 0.05], [0.6, 0.4], [0.6, 0.4]],
        np.ones(3),
        np.ones(3, dtype=bool),
        calibration,
        abstain_below=0.8,
        heard=[[0.95, 0.05], [0.9, 0.1], [0.6, 0.4]],
    )
    assert found.tolist() == ["sure", "little evidence", "classes disagree"]


def test_left_out_rows_without_evidence_are_the_prior() -> None:
    weights = np.array([[0, 2.0, 2.0], [1.0, 0, 0], [0, 0, 0]])
    Y = np.array([[1.0, 0], [0, 1.0], [1.0, 0]])
    found = left_out_distributions(LeftOut(weights, np.zeros(3)), Y, np.array([0.25, 0.75]))
    np.testing.assert_allclose(found.values, [[0.5, 0.5], [1, 0], [0.25, 0.75]])
    np.testing.assert_allclose(found.evidence, [4, 1, 0])
    assert found.answered.tolist() == [True, True, False]
    np.testing.assert_array_equal(has_companion(Y), [True, False, True])


def test_left_out_evidence_below_the_floats_range_still_has_a_distribution() -> None:
    left_out = LeftOut(np.array([[0, 0.5, 0.5], [0, 0, 0], [0, 0, 0]]), np.array([-3000.0, 0, 0]))
    found = left_out_distributions(left_out, np.eye(3), np.full(3, 1 / 3))
    np.testing.assert_allclose(found.values[0], [0, 0.5, 0.5])
    assert found.evidence[0] == 0
    assert found.answered[0]


def test_a_left_out_point_is_given_half_of_the_label_that_it_misses() -> None:
    Y = np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
    weights = np.array([[0, 1.0, 1.0], [1.0, 0, 3.0], [1.0, 1.0, 0]])
    found = left_out_distributions(LeftOut(weights, np.zeros(3)), Y, np.full(2, 0.5))
    more = made_up_for(found, Y)
    scores = more.values * more.evidence[:, None]
    # class 0 has one other label of two; class 1 no other, and stays
    np.testing.assert_allclose(scores, [[np.sqrt(2), 1], [np.sqrt(2), 3], [2, 0]])


def test_the_spread_is_that_of_a_typical_point() -> None:
    rows = np.array([[1.0, 0.0], [0.5, 0.5], [0.8, 0.2]])
    np.testing.assert_allclose(spread_of(rows), np.log(0.8 / 0.2) / 2)
    assert spread_of(np.empty((0, 2))) == 3.0


def test_shares_sum_to_the_scores_whatever_the_scale_and_sign() -> None:
    row, Y = np.array([3.0, -1.0, 2.0]), np.array([[1.0, 0], [0, 1.0], [0.5, 0.5]])
    found = explain_scores(7, row, Y, np.array([1, 4, 6]), np.array([0, 1, 0]), np.array([0, 1]))
    scores = row @ Y
    np.testing.assert_allclose(found.scores, scores / np.abs(scores).sum())
    np.testing.assert_allclose(found.shares.sum(axis=0), found.scores)
    assert [node for node, _, _ in found.top(2)] == [1, 4]


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [
        ([[0, 0], [0, 0]], "point 3: no class has any of the evidence"),
        (
            [[0, 0], [0, 1]],
            "point 3: no class has more than half of the evidence; 'b' comes nearest, with 25.0%",
        ),
        ([[1, 1], [0, 1]], "point 3: 'a' has 75.0%, 'b' has 100.0% of the evidence"),
    ],
)
def test_of_several_classes_a_point_those_that_hold_are_named(labels, verdict) -> None:
    Y = np.column_stack([labels, np.ones(2)])
    found = explain_scores(
        3,
        np.array([0.6, 0.2]),
        Y,
        np.array([5, 8]),
        np.array(labels),
        np.array(["a", "b"]),
        marginal=True,
    )
    assert str(found).splitlines()[0] == verdict


def test_shares_are_of_the_evidence_that_is_given() -> None:
    row, Y = np.array([1.0, -2.0, 1.0]), np.eye(2)[[0, 1, 0]]
    found = explain_scores(
        3, row, Y, np.arange(3), np.array([0, 1, 0]), np.array([0, 1]), evidence=2.0
    )
    np.testing.assert_allclose(found.shares, [[0.5, 0], [0, -1], [0.5, 0]])
    nothing = explain_scores(
        3, row, Y, np.arange(3), np.array([0, 1, 0]), np.array([0, 1]), evidence=0.0
    )
    assert not nothing.shares.any()
    assert nothing.message


def test_an_unreached_point_is_explained_by_a_message() -> None:
    found = explain_scores(
        2, np.zeros(1), np.eye(1), np.array([0]), np.array(["a"]), np.array(["a"])
    )
    assert "no label reaches" in str(found)
    assert found.top() == []


def heard_in_groups(sizes: list[int], within: float, across: float) -> LeftOut:
    groups = np.repeat(np.arange(len(sizes)), sizes)
    weights = np.where(groups[:, None] == groups, within, across)
    np.fill_diagonal(weights, 0)
    return LeftOut(weights, np.zeros(len(groups)))


def test_a_wrong_label_is_first_and_is_named_with_a_rival_of_its_group() -> None:
    left_out = heard_in_groups([5, 5], 1.0, 0.05)
    codes = [0, 0, 1, 0, 0, 1, 1, 1, 1, 1]
    found = rank_suspects(left_out, range(10, 20), codes, np.array(["cat", "dog"]))
    assert found.n_suspects == 1
    assert len(found) == 10
    node, label, suggested, margin, rival = next(iter(found))
    assert (node, label, suggested) == (12, "dog", "cat")
    assert margin < 0
    assert rival in (10, 11, 13, 14)
    assert found.trust[0] < 0.5 * found.trust[found.nodes == 15][0]
    assert "point 12: labelled 'dog', the others say 'cat'" in str(found)


def test_trust_clears_the_labels_that_a_wrong_one_pollutes() -> None:
    # Point 2 is wrong, and all that points 0 and 1 hear well besides each other.
    weights = np.array(
        [
            [0, 0.4, 0.5, 0.1, 0.0],
            [0.4, 0, 0.5, 0.1, 0.0],
            [0.5, 0.5, 0, 0.3, 0.0],
            [0.1, 0.1, 0.3, 0, 0.1],
            [0.0, 0.0, 0.0, 0.1, 0],
        ]
    )
    found = rank_suspects(LeftOut(weights, np.zeros(5)), range(5), [0, 0, 1, 0, 1], np.arange(2))
    assert found.nodes[0] in (2, 4)
    margins = dict(zip(found.nodes.tolist(), found.margins.tolist(), strict=True))
    assert margins[2] < 0 < min(margins[0], margins[1])


def test_the_ranking_does_not_hang_on_the_order_of_the_labels() -> None:
    rng = np.random.default_rng(5)
    weights = rng.random((12, 12))
    np.fill_diagonal(weights, 0)
    codes = rng.integers(0, 3, 12)
    order = rng.permutation(12)
    one = rank_suspects(LeftOut(weights, np.zeros(12)), np.arange(12), codes, np.arange(3))
    moved = LeftOut(weights[np.ix_(order, order)], np.zeros(12))
    other = rank_suspects(moved, order, codes[order], np.arange(3))
    np.testing.assert_array_equal(one.nodes, other.nodes)
    np.testing.assert_allclose(one.margins, other.margins, rtol=1e-9)


def test_shares_may_be_read_off_labels_in_another_way() -> None:
    # Signed weights, of which the softmax is taken: as those of its exponentials.
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((8, 8))
    np.fill_diagonal(weights, 0)
    heard = LeftOut(weights, np.zeros(8))
    codes, classes = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array(["a", "b"])
    seen = []

    def shares_of(Y: np.ndarray) -> np.ndarray:
        seen.append(Y)
        p = np.exp(heard.scores(Y))
        return p / p.sum(axis=1, keepdims=True)

    found = rank_suspects(heard, np.arange(8), codes, classes, shares_of=shares_of)
    last = shares_of(seen[-1])
    places = np.arange(8), codes
    ratios = np.log((last[places] + 0.03) / (last[np.arange(8), 1 - codes] + 0.03))
    np.testing.assert_allclose(np.sort(found.margins), np.sort(ratios))
    assert (seen[0].sum(axis=1) == 1).all()
    assert (seen[-1].sum(axis=1) != 1).any()  # wrong labels lost trust


def test_labels_that_hear_nothing_are_not_suspect() -> None:
    left_out = LeftOut(np.zeros((4, 4)), np.zeros(4))
    found = rank_suspects(left_out, range(4), [0, 1, 0, 1], np.arange(2))
    assert found.n_judged == 4
    assert found.n_suspects == 0
    assert found.rivals.tolist() == [-1] * 4


def test_the_only_label_of_a_class_is_not_judged_and_stands_last() -> None:
    left_out = heard_in_groups([4, 4], 1.0, 0.05)
    # point 12 is wrong; 15 is the only one of its class, among dogs
    codes = [0, 0, 1, 0, 1, 2, 1, 1]
    found = rank_suspects(left_out, range(10, 18), codes, np.array(["cat", "dog", "eel"]))
    assert found.nodes[0] == 12
    assert found.nodes[-1] == 15
    assert found.margins[-1] < 0
    assert found.judged.tolist() == [True] * 7 + [False]
    assert (found.n_judged, found.n_suspects, len(found)) == (7, 1, 8)
    lines = str(found).splitlines()
    assert lines[0] == "1 of 7 labels is contradicted by the others"
    assert lines[1].startswith("point 12: labelled 'dog', the others say 'cat'")
    assert lines[2:] == ["not judged, as the only labels of their classes: 'eel' (point 15)"]
    assert found.table(n_rows=0).splitlines()[1] == "and 1 more"
    # a label of weight 0 is no companion
    codes[4] = 2
    weights = np.ones(8)
    weights[4] = 0
    weighted = rank_suspects(left_out, range(8), codes, np.arange(3), weights)
    assert weighted.nodes[~weighted.judged].tolist() == [5]


def test_where_each_class_has_one_label_none_is_judged() -> None:
    found = rank_suspects(heard_in_groups([7], 1.0, 0.0), range(7), range(7), np.arange(7))
    assert not found.judged.any()
    assert found.n_suspects == 0
    assert str(found) == "no label can be judged, for none has another of its class"


def test_of_many_only_labels_a_few_are_named() -> None:
    codes = [0, 0, 1, 2, 3, 4, 5, 6, 7]
    found = rank_suspects(heard_in_groups([9], 1.0, 0.0), range(9), codes, np.arange(8))
    assert str(found).endswith("5 (point 6) and 2 more")


def test_a_notebook_shows_what_is_printed() -> None:
    suspects = rank_suspects(heard_in_groups([4], 1.0, 0.0), range(4), [0, 0, 1, 1], np.arange(2))
    row = np.array([3.0, 1.0])
    explained = explain_scores(7, row, np.eye(2), np.array([1, 4]), np.arange(2), np.arange(2))
    moved = np.full(3, 0.5)
    influence = Influence(4, 1, moved, moved > 0, moved > 1, np.ones((3, 2)))
    for found in (suspects, explained, influence):
        assert repr(found) == str(found)
        assert "array(" not in repr(found)
    assert repr(influence).startswith("the label 1 of point 4 changed the answer of 3 of 3 points")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expected_calibration_error([0], [[0.5, float("nan")]]), "finite"),
        (lambda: expected_calibration_error([2], [[0.5, 0.5]]), "0 to 1"),
        (lambda: expected_calibration_error([], np.empty((0, 2))), "at least one"),
        (lambda: conformal_threshold([[1.0]], [0], coverage=1.0), "coverage"),
        (lambda: fit_calibration([[1.0]], [-1.0], [0], reference=1.0), "evidence"),
        (lambda: fit_calibration([[1.0]], [1.0], [0], reference=0.0), "reference"),
        (
            lambda: fit_calibration([[1.0]], [1.0], [0], reference=1.0, excluded=[True]),
            "False for one at least",
        ),
        (
            lambda: fit_calibration([[1.0]], [1.0], [0], reference=1.0, excluded=[False, True]),
            "each of the 1 classes",
        ),
        (lambda: log_loss_of([[0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]), "shape"),
        (lambda: log_loss_of([0.5, 0.5], [0, 1]), "n_points, n_classes"),
        (lambda: log_loss_of([[0.5, 0.5]], [0.5]), "number of a class"),
    ],
)
def test_bad_input_is_refused(call: object, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        call()  # type: ignore[operator]


def test_an_explanation_is_a_table_of_as_many_labels_as_are_asked_for():
    found = explain_scores(
        4,
        np.array([0.3, 0.1]),
        np.eye(2),
        np.array([0, 9]),
        np.array(["a", "b"]),
        np.array(["a", "b"]),
    )
    assert found.table() == repr(found)
    assert found.table(n_rows=1).splitlines() == repr(found).splitlines()[:2]
    assert found.table(n_rows=0).splitlines() == repr(found).splitlines()[:1]
    with pytest.raises(InvalidInputError, match="n_rows must be at least 0, got -1"):
        found.table(n_rows=-1)


def test_a_class_with_just_as_much_as_is_asked_for_is_sure() -> None:
    calibration = Calibration(sharpness=2.0, caution=0.1, reference=1.0)
    shares, evidence = np.array([[0.7, 0.3]]), np.array([0.5])
    has = float(calibration.apply(shares, evidence).max())
    for asked, word in ((has, "sure"), (np.nextafter(has, 1), "little evidence")):
        found = doubt_reasons(shares, evidence, [True], calibration, abstain_below=float(asked))
        assert found.tolist() == [word]


def test_the_lowest_confidences_have_a_bin_of_their_own() -> None:
    low, next_low = np.full(20, 0.05), np.full(20, 0.85 / 19)
    next_low[0] = 0.15
    off = expected_calibration_error([0, 1], [low, next_low], n_bins=10)
    np.testing.assert_allclose(off, (0.95 + 0.15) / 2)
