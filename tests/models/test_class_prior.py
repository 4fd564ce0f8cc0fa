"""class_prior: the expected shares of the classes, in every form and where they can't be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs

from fewlabels import (
    DiskGraph,
    FewLabelsClassifier,
    Graph,
    LabelPropagation,
    UnreachedWarning,
    normalize_class_mass,
    write_graph,
)
from fewlabels import LabelSpreading as Spreading
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models import PoissonClassifier, ReweightedLaplaceClassifier, class_mass
from fewlabels.models.class_mass import approach_shares
from fewlabels.systems import volume_offsets
from tests.gallery import clustered

X, TRUTH = make_blobs([60, 20, 10], n_features=2, cluster_std=2.5, shuffle=False, random_state=3)
Y = np.full(90, -1)
Y[[0, 1, 60, 61, 62, 63, 80]] = TRUTH[[0, 1, 60, 61, 62, 63, 80]]
FREE = Y < 0
SETTINGS = {"kernel": "self-tuning", "n_neighbors": 8, "tol": 1e-6, "max_iter": 5000}


def test_none_leaves_the_scores_as_they_are(estimator) -> None:
    model = estimator(**SETTINGS).fit(X, Y)
    assert model.class_prior_ is None
    again = estimator(**SETTINGS, class_prior=None).fit(X, Y)
    np.testing.assert_array_equal(model.label_distributions_, again.label_distributions_)


@pytest.mark.parametrize(
    ("class_prior", "shares"),
    [
        ("uniform", [1 / 3, 1 / 3, 1 / 3]),
        ("labels", [2 / 7, 4 / 7, 1 / 7]),
    ],
)
def test_a_word_is_class_mass_normalisation_with_its_shares(estimator, class_prior, shares) -> None:
    plain = estimator(**SETTINGS).fit(X, Y)
    model = estimator(**SETTINGS, class_prior=class_prior).fit(X, Y)
    np.testing.assert_allclose(model.class_prior_, shares, atol=1e-7)
    expected = normalize_class_mass(plain.label_distributions_, FREE, prior=shares)
    np.testing.assert_allclose(model.label_distributions_, expected, atol=1e-6)
    np.testing.assert_array_equal(
        model.transduction_, model.classes_[model.label_distributions_.argmax(axis=1)]
    )
    np.testing.assert_array_equal(model.evidence_, plain.evidence_)


@pytest.mark.parametrize(
    ("class_prior", "shares"),
    [
        ([0.6, 0.3, 0.1], [0.6, 0.3, 0.1]),
        ({2: 0.1, 0: 0.6, 1: 0.3}, [0.6, 0.3, 0.1]),
        (np.array([0.6, 0.3, 0.1], dtype=np.float32), [0.6, 0.3, 0.1]),
        ([0.5, 0.5, 0], [0.5, 0.5, 0]),
        ([1, 0, 0], [1, 0, 0]),
    ],
)
def test_shares_that_are_given_weigh_the_classes_between_the_step_and_the_counts(
    estimator, class_prior, shares
) -> None:
    plain = estimator(**SETTINGS).fit(X, Y).label_distributions_[FREE]
    model = estimator(**SETTINGS, class_prior=class_prior).fit(X, Y)
    np.testing.assert_allclose(model.class_prior_, shares, atol=1e-7)
    np.testing.assert_array_equal(model.transduction_[~FREE], Y[~FREE])
    wanted, shares = np.flatnonzero(shares), np.array(shares)
    possible = plain[:, wanted] / plain[:, wanted].sum(axis=1, keepdims=True)
    step = shares[wanted] / possible.sum(axis=0)
    counts = np.exp(volume_offsets(np.log(possible), shares[wanted]))
    sizes = np.bincount((possible * counts).argmax(axis=1), minlength=len(wanted))
    assert np.abs(sizes - FREE.sum() * shares[wanted]).max() <= 1
    expected = possible * np.sqrt(step * counts)
    expected /= expected.sum(axis=1, keepdims=True)
    found = model.label_distributions_[FREE]
    np.testing.assert_allclose(found[:, wanted], expected, atol=1e-5)
    assert not found[:, shares == 0].any()


@pytest.mark.parametrize(
    ("model", "kept"),
    [(FewLabelsClassifier(), 0.9), (Spreading("self-tuning", alpha=0.99), 0.5)],
    ids=["FewLabelsClassifier", "LabelSpreading"],
)
def test_true_shares_that_are_uneven_help_and_nearly_true_ones_do_not_harm(model, kept) -> None:
    gains = []
    for seed in range(6):
        points, truth = make_blobs(
            [350, 50, 50, 50], n_features=5, cluster_std=3.5, random_state=seed
        )
        y = np.full(500, -1)
        for c in range(4):
            y[np.flatnonzero(truth == c)[:5]] = c
        free = y < 0
        shares = np.bincount(truth[free]) / free.sum()
        priors = (None, "uniform", shares, kept * shares + (1 - kept) * 0.25)
        accuracies = []
        for prior in priors:
            fitted = clone(model).set_params(class_prior=prior).fit(points, y)
            accuracies.append(np.mean(fitted.transduction_[free] == truth[free]))
        gains.append(accuracies)
    none, uniform, true, nearly = np.mean(gains, axis=0)
    assert true > none > uniform
    assert nearly > none


@pytest.mark.parametrize("make", [FewLabelsClassifier, Spreading, PoissonClassifier])
@pytest.mark.parametrize("prior", [[0.6, 0.4, 0], [1, 0, 0]])
def test_a_class_with_share_0_has_no_answer_and_no_probability(make, prior) -> None:
    settings = {"kernel": "self-tuning", "calibration": "loo"}
    if make is FewLabelsClassifier:
        settings = {}  # always calibrated, on a graph of its own
    model = make(class_prior=prior, n_neighbors=8, **settings).fit(X, Y)
    absent = np.equal(prior, 0)
    assert not model.label_distributions_[FREE][:, absent].any()
    assert not absent[model.transduction_[FREE]].any()
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1)
    new = model.predict_proba(X + 0.01)
    assert not new[:, absent].any()
    np.testing.assert_allclose(new.sum(axis=1), 1)
    np.testing.assert_array_equal(model.transduction_[~FREE], Y[~FREE])
    assert (model.label_distributions_[80] > 0)[2]  # its own label


# The same points, and two groups far from them: one all of a class that is expected nowhere, one
# without a label. Each is a component of its own, so that its labels tell the others nothing.
GROUPS = np.vstack([X, X[:10] + 1e3, X[:10] - 1e3])
N_KNOWN = 15
Y_GROUPS = np.full(110, -1)
Y_GROUPS[[*range(6), *range(60, 65), *range(80, 84)]] = [0] * 6 + [1] * 5 + [2] * 4
MODELS = [
    (Spreading, {"kernel": "self-tuning", "alpha": 0.9}),
    (LabelPropagation, {"kernel": "self-tuning"}),
    (ReweightedLaplaceClassifier, {"kernel": "self-tuning"}),
]


def with_and_without_labels_of_a_class_with_share_0(make, settings):
    model = make(class_prior=[0.6, 0.25, 0.15, 0], n_neighbors=8, tol=1e-6, **settings)
    y = Y_GROUPS.copy()
    y[90:100] = 3
    without = make(class_prior=[0.6, 0.25, 0.15], n_neighbors=8, tol=1e-6, **settings)
    with pytest.warns(UnreachedWarning):
        model.set_params(max_iter=5000).fit(GROUPS, y)
    with pytest.warns(UnreachedWarning):
        without.set_params(max_iter=5000).fit(GROUPS, Y_GROUPS)
    return model, without


@pytest.mark.parametrize(("make", "settings"), MODELS)
def test_labels_of_a_class_with_share_0_do_not_move_the_calibration(make, settings) -> None:
    model, without = with_and_without_labels_of_a_class_with_share_0(make, settings)
    found, expected = model.loo_calibration_, without.loo_calibration_
    assert found.n_points == expected.n_points == N_KNOWN
    np.testing.assert_allclose(
        [found.sharpness, found.caution], [expected.sharpness, expected.caution], rtol=1e-3
    )
    np.testing.assert_allclose(
        model.calibrated_proba()[:90],
        np.pad(without.calibrated_proba()[:90], ((0, 0), (0, 1))),
        atol=1e-4,
    )
    np.testing.assert_array_equal(model.doubt_[:90], without.doubt_[:90])
    np.testing.assert_array_equal(model.doubt(X + 0.01), without.doubt(X + 0.01))


@pytest.mark.parametrize(("make", "settings"), MODELS)
def test_labels_of_a_class_with_share_0_do_not_count_in_the_score(make, settings) -> None:
    model, without = with_and_without_labels_of_a_class_with_share_0(make, settings)
    assert model.loo_score_ == pytest.approx(without.loo_score_, abs=1e-4)


def test_without_a_label_of_a_class_with_a_share_there_is_no_score() -> None:
    y = np.full((90, 2), np.nan)
    y[[0, 60]] = [1.0, 0.0]
    assert np.isnan(Spreading(**SETTINGS, class_prior=[0, 1]).fit(X, y).loo_score_)


@pytest.mark.parametrize(("make", "settings"), MODELS)
def test_a_class_with_share_0_is_in_no_set_and_its_labels_do_not_widen_them(make, settings) -> None:
    model, without = with_and_without_labels_of_a_class_with_share_0(make, settings)
    for coverage in (0.8, 0.99):  # the latter asks for more labels than there are
        for points, same in ((None, np.r_[:90, 100:110]), (X + 0.01, np.arange(90))):
            sets = model.predict_set(points, coverage=coverage)
            expected = without.predict_set(points, coverage=coverage)
            np.testing.assert_array_equal(sets[same, :3], expected[same])
            assert not sets[:, 3].any()
        assert expected.all() == (coverage == 0.99)
    assert model.predict_set()[100:, :3].all()  # out of reach
    filled = model.predict_set(coverage=0.2, allow_empty=False)
    assert filled.any(axis=1).all()
    assert not filled[:, 3].any()


@pytest.mark.parametrize("make", [Spreading, PoissonClassifier])
def test_a_component_with_labels_of_an_excluded_class_alone_is_given_the_shares(make) -> None:
    W = np.kron(np.eye(2), np.ones((5, 5)))
    y = np.array([0, -1, -1, -1, 1, 2, -1, -1, -1, 2])
    model = make("precomputed", class_prior=[0.6, 0.4, 0]).fit(W, y)
    np.testing.assert_allclose(model.label_distributions_[6:9], [[0.6, 0.4, 0]] * 3, atol=1e-9)
    assert model.transduction_.tolist()[5:] == [2, 0, 0, 0, 2]
    new = np.zeros((1, 10))
    new[0, 6:9] = 1
    np.testing.assert_allclose(model.predict_proba(new), [[0.6, 0.4, 0]], atol=1e-9)
    np.testing.assert_allclose(model.loo_label_distributions_[2:], [[0.6, 0.4, 0]] * 2, atol=1e-9)


def test_points_that_hold_only_of_excluded_classes_are_given_the_prior() -> None:
    distributions = np.array([[0.0, 0.0, 1.0], [0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])
    approach_shares(distributions, np.arange(3), np.array([0.5, 0.5, 0.0]))
    np.testing.assert_allclose(distributions[0], [0.5, 0.5, 0])
    assert distributions[1:].argmax(axis=1).tolist() == [1, 0]


def test_shares_out_of_reach_are_met_as_nearly_as_can_be() -> None:
    distributions = np.array([[0.9, 0.1], [0.2, 0.8], [0.0, 1.0], [0.0, 1.0]])
    approach_shares(distributions, np.arange(4), np.array([0.9, 0.1]))
    assert np.isfinite(distributions).all()
    assert distributions.argmax(axis=1).tolist() == [0, 0, 1, 1]


def test_many_points_are_weighed_by_a_sample_of_them(monkeypatch) -> None:
    distributions = np.random.default_rng(0).dirichlet(np.ones(3), 20_000)
    all_counted = distributions.copy()
    shares = np.array([0.7, 0.2, 0.1])
    approach_shares(all_counted, np.arange(20_000), shares)
    monkeypatch.setattr(class_mass, "_MOST_COUNTED", 4_000)
    monkeypatch.setattr(class_mass, "_ROWS_AT_ONCE", 3_000)
    approach_shares(distributions, np.arange(20_000), shares)
    np.testing.assert_allclose(distributions, all_counted, atol=0.03)
    assert not np.array_equal(distributions, all_counted)


def test_labels_count_by_their_weight(estimator) -> None:
    weights = np.ones(90)
    weights[80] = 4
    model = estimator(**SETTINGS, class_prior="labels").fit(X, Y, sample_weight=weights)
    np.testing.assert_allclose(model.class_prior_, [0.2, 0.4, 0.4])


def test_classes_by_name_are_found_whatever_their_order(estimator) -> None:
    names = np.array(["cat", "ant", "bee"], dtype=object)
    y = np.where(FREE, None, names[Y])
    prior = {"cat": 0.6, "ant": 0.3, "bee": 0.1}
    model = estimator(**SETTINGS, class_prior=prior).fit(X, y)
    assert model.classes_.tolist() == ["ant", "bee", "cat"]
    np.testing.assert_allclose(model.class_prior_, [0.3, 0.1, 0.6])


def test_a_series_of_pandas_goes_by_its_index_and_not_by_its_order(estimator) -> None:
    pandas = pytest.importorskip("pandas")
    names = np.array(["cat", "ant", "bee"])
    y = np.where(FREE, None, names.astype(object)[Y])
    counted = pandas.Series(names[TRUTH]).value_counts(normalize=True)
    assert counted.index.tolist() == ["cat", "ant", "bee"]  # by falling share
    model = estimator(**SETTINGS, class_prior=counted).fit(X, y)
    np.testing.assert_allclose(model.class_prior_, [20 / 90, 10 / 90, 60 / 90])
    by_place = pandas.Series([0.6, 0.3, 0.1])
    with pytest.raises(InvalidInputError, match="names 0, which no label has"):
        estimator(**SETTINGS, class_prior=by_place).fit(X, y)
    model = estimator(**SETTINGS, class_prior=by_place).fit(X, Y)
    np.testing.assert_allclose(model.class_prior_, [0.6, 0.3, 0.1])


def test_points_without_evidence_are_given_the_prior(estimator) -> None:
    graph = Graph.from_affinity(np.kron(np.eye(2), np.ones((3, 3))))
    with pytest.warns(UnreachedWarning):
        model = estimator(class_prior=[0.9, 0.1]).fit(graph, [0, 1, -1, -1, -1, -1])
    np.testing.assert_allclose(model.label_distributions_[3:], np.tile([0.9, 0.1], (3, 1)))
    assert model.transduction_[3:].tolist() == [-1, -1, -1]
    far = estimator("rbf", gamma=1e300, class_prior=[0.9, 0.1])
    with pytest.warns(UnreachedWarning):
        far.fit(X, np.where(TRUTH == 2, -1, np.where(np.arange(90) % 2, TRUTH, -1)))
    np.testing.assert_allclose(far.label_distributions_[TRUTH == 2], [[0.9, 0.1]] * 10)


@pytest.mark.parametrize(
    ("class_prior", "error", "words"),
    [
        ("even", InvalidInputError, "None, \"uniform\".*got 'even'"),
        ([0.5, 0.3, 0.1], InvalidInputError, "sums to 0.9"),
        ([60, 20, 10], InvalidInputError, "sums to 90.*counts"),
        ([0.5, 0.5], InvalidInputError, r"each of the 3 classes 0, 1, 2.*got shape \(2,\)"),
        ([[0.5, 0.3, 0.2]], InvalidInputError, r"got shape \(1, 3\)"),
        ([1.2, -0.2, 0.0], InvalidInputError, "class 1 is -0.2"),
        ([0.5, np.nan, 0.5], InvalidInputError, "class 1 is nan"),
        ([np.inf, 0, 0], InvalidInputError, "class 0 is inf"),
        ({0: 0.5, 1: 0.5}, InvalidInputError, "no share for class 2"),
        ({0: 0.5, 1: 0.3, 2: 0.1, 7: 0.1}, InvalidInputError, "names 7, which no label has"),
        ({0: 0.5, 1: 0.3, 2: "rest"}, InvalidTypeError, "2 has 'rest'"),
        ({0: 0.5, True: 0.3, 2: 0.2}, InvalidInputError, "names True, which no label has"),
        ({False: 0.5, 1: 0.3, 2: 0.2}, InvalidInputError, "names False, which no label has"),
        ({0: True, 1: 0, 2: 0}, InvalidTypeError, "0 has True"),
        ({0: np.bool_(True), 1: 0, 2: 0}, InvalidTypeError, "0 has np.True_"),
        ([True, False, False], InvalidTypeError, r"got \[True, False, False\]"),
        (np.array([True, False, False]), InvalidTypeError, "class_prior must be"),
        (["a", "b", "c"], InvalidTypeError, "got \\['a', 'b', 'c'\\]"),
        (object(), InvalidTypeError, "class_prior must be"),
        (0.5, InvalidInputError, r"got shape \(\)"),
    ],
)
def test_priors_that_cannot_be_used_are_refused_at_fit(class_prior, error, words) -> None:
    model = Spreading(class_prior=class_prior)
    with pytest.raises(error, match=words):
        model.fit(X, Y)
    assert not hasattr(model, "classes_")


def test_booleans_are_names_of_classes_that_are_booleans() -> None:
    y = np.where(FREE, None, Y.astype(bool))
    model = Spreading(**SETTINGS, class_prior={True: 0.7, np.bool_(False): 0.3}).fit(X, y)
    np.testing.assert_allclose(model.class_prior_, [0.3, 0.7])
    with pytest.raises(InvalidInputError, match="names 1, which no label has"):
        Spreading(class_prior={1: 0.7, 0: 0.3}).fit(X, y)


def test_a_prior_that_sums_to_one_within_rounding_is_made_to() -> None:
    model = Spreading(**SETTINGS, class_prior=[0.6, 0.3, 0.1000005]).fit(X, Y)
    assert model.class_prior_.sum() == pytest.approx(1, abs=1e-15)
    with pytest.raises(InvalidInputError, match=r"sums to 1\.00001"):
        Spreading(class_prior=[0.6, 0.3, 0.10001]).fit(X, Y)


def test_changes_of_the_labels_keep_to_the_prior(estimator) -> None:
    y = Y.copy()
    model = estimator(**SETTINGS, class_prior=[0.6, 0.3, 0.1]).fit(X, y)
    y[[5, 70]] = 0, 1
    model.add_labels([5, 70], [0, 1])
    y[61] = -1
    model.remove_labels([61])
    refit = estimator(**SETTINGS, class_prior=[0.6, 0.3, 0.1]).fit(X, y)
    np.testing.assert_allclose(model.label_distributions_, refit.label_distributions_, atol=1e-4)


def test_a_new_class_that_the_prior_does_not_know_changes_nothing(estimator) -> None:
    model = estimator(**SETTINGS, class_prior=[0.6, 0.3, 0.1]).fit(X, Y)
    before = model.label_distributions_.copy()
    with pytest.raises(InvalidInputError, match=r"each of the 4 classes 0, 1, 2, 9"):
        model.add_labels([5], [9])
    with pytest.raises(InvalidInputError, match="each of the 2 classes 0, 1"):
        model.remove_labels([80])
    np.testing.assert_array_equal(model.label_distributions_, before)
    np.testing.assert_allclose(model.class_prior_, [0.6, 0.3, 0.1])
    y = Y.copy()
    y[5] = 0
    refit = estimator(**SETTINGS, class_prior=[0.6, 0.3, 0.1]).fit(X, y)
    found = model.add_labels([5], [0]).label_distributions_
    np.testing.assert_allclose(found, refit.label_distributions_, atol=1e-4)


def test_a_graph_on_disk_answers_as_one_in_memory(tmp_path) -> None:
    graph = clustered(50, 0.5)
    y = np.where(np.arange(100) % 20 == 0, np.arange(100) // 50, -1)
    y[60] = 0
    on_disk = write_graph(tmp_path / "graph", graph)
    assert isinstance(on_disk, DiskGraph)
    settings = {"class_prior": [0.8, 0.2], "alpha": 0.9, "max_iter": 500}
    found = Spreading(**settings).fit(on_disk, y)
    expected = Spreading(**settings).fit(graph, y)
    np.testing.assert_allclose(found.label_distributions_, expected.label_distributions_, atol=1e-3)
    unlabelled = Spreading(alpha=0.9, max_iter=500).fit(on_disk, y)
    found.set_params(class_prior=None).add_labels([0], [0])
    np.testing.assert_allclose(
        found.label_distributions_, unlabelled.label_distributions_, atol=1e-6
    )
