"""Correct and Smooth: the paper's equations, the estimator inside, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import (
    CorrectAndSmooth,
    Graph,
    LabelledKFold,
    LabelSpreading,
    knn_graph,
    normalize_class_mass,
    open_graph,
    transductive_cross_val_score,
    write_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.systems import volume_offsets
from tests import textbook
from tests.gallery import one_hot, path_graph
from tests.models.checks import expected_failed_checks
from tests.strategies import affinities, partial_labels

FloatArray = npt.NDArray[np.float64]
EXACT: dict[str, Any] = {"tol": 1e-12, "max_iter": 100_000, "solver": "direct"}

X, TRUTH = make_moons(60, noise=0.1, random_state=0)
Y = np.where(np.arange(60) % 6 == 0, TRUTH, -1)
NAMED = np.array(["left", "right", None], dtype=object)[Y]


class Says(ClassifierMixin, BaseEstimator):
    """Says row X[i, 0] of a table, whatever it is taught."""

    def __init__(self, table: Any, classes: Any) -> None:
        self.table = table
        self.classes = classes

    def fit(self, X: Any, y: Any) -> Says:
        self.classes_ = np.asarray(self.classes)
        self.seen_ = X, y
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        return np.asarray(self.table, dtype=float)[np.asarray(X)[:, 0].astype(int)]


def _saying(table: Any, classes: Any) -> FrozenEstimator:
    return FrozenEstimator(Says(table, classes).fit(None, None))


def _response(W: FloatArray, alpha: float) -> FloatArray:
    """(1 - alpha) (I - alpha S)^-1."""
    degrees = W.sum(axis=1)
    root = np.sqrt(np.where(degrees > 0, degrees, 1))
    S = W / root[:, None] / root
    return (1 - alpha) * np.linalg.inv(np.eye(len(W)) - alpha * S)


def _as_published(
    W: FloatArray, Z: FloatArray, y: Any, correction: str, alphas: tuple[float, float], s: float
) -> tuple[FloatArray, FloatArray]:
    """C and the answer, by dense inverses."""
    labelled = y >= 0
    target = one_hot(y, Z.shape[1])
    E = np.where(labelled[:, None], target - Z, 0)
    if correction == "autoscale":
        R = _response(W, alphas[0])
        R[:, labelled] *= textbook.reached(W, labelled)[:, None]  # noise of the inverse
        errors = R @ E
        sizes, arrived = np.abs(errors).sum(axis=1), R @ np.abs(E).sum(axis=1)
        cancels = sizes <= 1e-12 * arrived
        sigma = np.abs(E[labelled]).sum(axis=1).mean()
        C = np.where(cancels[:, None], 0, sigma * errors / np.where(cancels, 1, sizes)[:, None])
    else:
        unknown = textbook.reached(W, labelled) & ~labelled
        C = E.copy()
        laplacian = np.diag(W.sum(axis=1)) - W
        C[unknown] = np.linalg.solve(
            laplacian[np.ix_(unknown, unknown)], W[np.ix_(unknown, labelled)] @ E[labelled]
        )
        C *= s
    G = np.where(labelled[:, None], target, Z + C)
    F = np.maximum(_response(W, alphas[1]) @ G, 0)
    return C, F / F.sum(axis=1, keepdims=True)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    W = draw(affinities(min_nodes=2, max_nodes=9))
    y = draw(partial_labels(len(W)))
    entries = st.integers(0, 8)
    table = np.array([[draw(entries) for _ in range(3)] for _ in range(len(W))], dtype=float) + 0.25
    alpha = st.sampled_from((0.2, 0.5, 0.9))
    return {
        "W": W,
        "Z": table / table.sum(axis=1, keepdims=True),
        "y": y,
        "correction": draw(st.sampled_from(("autoscale", "fdiff"))),
        "alphas": (draw(alpha), draw(alpha)),
        "s": draw(st.sampled_from((0.0, 0.5, 1.0, 2.0))),
    }


def _all_but_cancel(W: FloatArray, Z: FloatArray, y: Any, alpha: float) -> bool:
    """Whether errors cancel somewhere so far that a direction is known to few digits."""
    E = np.where((y >= 0)[:, None], one_hot(y, Z.shape[1]) - Z, 0)
    R = _response(W, alpha)
    share = np.abs(R @ E).sum(axis=1) / np.maximum(R @ np.abs(E).sum(axis=1), 1e-300)
    return bool(((share > 1e-14) & (share < 1e-4)).any())


@given(cases())
def test_the_answer_is_that_of_the_papers_equations(case) -> None:
    W, Z, y = case["W"], case["Z"], case["y"]
    assume(not _all_but_cancel(W, Z, y, case["alphas"][0]))
    C, answer = _as_published(**case)
    model = CorrectAndSmooth(
        _saying(Z, [0, 1, 2]),
        correction=case["correction"],
        correction_alpha=case["alphas"][0],
        smoothing_alpha=case["alphas"][1],
        correction_scale=case["s"],
        **EXACT,
    )
    rows = np.arange(len(W))[:, None]
    model.fit(rows, y, graph=Graph.from_affinity(W, dtype=np.float64))
    np.testing.assert_allclose(model.corrections_, C, atol=1e-9)
    np.testing.assert_allclose(model.label_distributions_, answer, atol=1e-9)
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1)
    np.testing.assert_allclose(model.corrections_.sum(axis=1), 0, atol=1e-9)
    np.testing.assert_array_equal(model.reached_, textbook.reached(W, y >= 0))
    assert (model.transduction_ >= 0).all()


@pytest.mark.parametrize("correction", ["autoscale", "fdiff"])
@pytest.mark.parametrize("solver", ["auto", "sweeps", "cg"])
def test_every_solver_comes_as_near_as_tol_says(correction, solver) -> None:
    graph = knn_graph(X, 6)
    W = textbook.dense(graph.affinity)
    base = LogisticRegression().fit(X[Y >= 0], Y[Y >= 0])
    C, answer = _as_published(W, base.predict_proba(X), Y, correction, (0.8, 0.9), 1.0)
    model = CorrectAndSmooth(
        base, correction=correction, correction_alpha=0.8, solver=solver, tol=1e-7, max_iter=5000
    ).fit(X, Y, graph=graph)
    np.testing.assert_allclose(model.corrections_, C, atol=1e-5)
    np.testing.assert_allclose(model.label_distributions_, answer, atol=1e-5)
    assert (model.residual_ < 1e-5).all()


@pytest.mark.parametrize("correction", ["autoscale", "fdiff", None])
def test_two_points_are_known_in_closed_form(correction) -> None:
    Z = np.array([[0.6, 0.4], [0.5, 0.5]])
    model = CorrectAndSmooth(
        _saying(Z, ["a", "b"]), correction=correction, smoothing_alpha=0.25, **EXACT
    )
    model.fit([[0], [1]], ["a", None], graph=path_graph([3.0]))
    # S = [[0, 1], [1, 0]]; the error (0.4, -0.4) arrives at the second point as it is
    G = np.array([0.5, 0.5]) + (0 if correction is None else np.array([0.4, -0.4]))
    expected = (0.25 * np.array([1.0, 0.0]) + G) / 1.25
    np.testing.assert_allclose(model.label_distributions_[1], expected, rtol=1e-6)
    assert model.transduction_.tolist() == ["a", "a"]


@pytest.mark.parametrize("solver", ["auto", "sweeps"])
def test_autoscaled_errors_keep_their_size_however_far_away(solver) -> None:
    n = 300  # at 0.05 a step, less than float64 can hold arrives from about the 240th on
    Z = np.full((n, 3), [0.5, 0.25, 0.25])
    model = CorrectAndSmooth(
        _saying(Z, [0, 1, 2]), correction_alpha=0.1, solver=solver, max_iter=5000, tol=1e-6
    )
    y = np.where(np.arange(n) == 0, 1, -1)
    model.fit(np.arange(n)[:, None], y, graph=path_graph(np.ones(n - 1)))
    np.testing.assert_allclose(model.corrections_, np.tile([-0.5, 0.75, -0.25], (n, 1)), atol=1e-4)


def test_the_labels_correct_an_estimator_that_is_wrong_everywhere() -> None:
    blobs, truth = make_blobs(80, centers=[[0, 0], [9, 9]], random_state=0)
    y = np.where(np.arange(80) < 6, truth, -1)
    stubborn = DummyClassifier(strategy="constant", constant=1)
    model = CorrectAndSmooth(stubborn, correction="fdiff").fit(blobs, y)
    np.testing.assert_array_equal(model.transduction_, truth)
    np.testing.assert_array_equal(model.predict(blobs + 0.01), truth)


def test_the_estimator_learns_from_labelled_points_only_and_stays_unfitted_itself() -> None:
    base = Says(np.full((60, 2), 0.5), ["left", "right"])
    rows = np.arange(60)[:, None]
    model = CorrectAndSmooth(base, kernel="knn").fit(rows, NAMED)
    points, labels = model.estimator_.seen_
    np.testing.assert_array_equal(points[:, 0], np.flatnonzero(Y >= 0))
    np.testing.assert_array_equal(labels, NAMED[Y >= 0])
    assert not hasattr(base, "classes_")


def test_a_frozen_estimator_is_taken_as_it_is_with_more_classes_in_any_order() -> None:
    rng = np.random.default_rng(0)
    table = rng.dirichlet([1, 1, 1], size=60)
    known, rows = ["up", "right", "left"], np.arange(60)[:, None]
    model = CorrectAndSmooth(_saying(table, known), correction=None, smoothing_alpha=1e-12)
    model.fit(rows, NAMED, graph=knn_graph(X, 6))
    assert model.classes_.tolist() == ["left", "right", "up"]
    unlabelled = Y < 0
    np.testing.assert_allclose(
        model.label_distributions_[unlabelled], table[unlabelled][:, [2, 1, 0]], rtol=1e-6
    )
    model.remove_labels(np.flatnonzero(Y == 0)).add_labels([1], ["up"])
    assert model.classes_.tolist() == ["left", "right", "up"]


def test_of_one_class_everybody_is() -> None:
    model = CorrectAndSmooth(LogisticRegression()).fit(X, np.where(Y == 0, 7, -1))
    assert set(model.transduction_) == {7}
    assert isinstance(model.estimator_, DummyClassifier)
    assert set(model.predict(X)) == {7}


def test_where_no_label_reaches_the_smoothed_estimator_answers_without_a_warning() -> None:
    Z = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]])
    graph = Graph.from_affinity(np.kron(np.eye(2), [[0, 1], [1, 0]]))
    model = CorrectAndSmooth(_saying(Z, [0, 1])).fit(
        [[0], [1], [2], [3]], [0, -1, -1, -1], graph=graph
    )
    assert model.reached_.tolist() == [True, True, False, False]
    assert model.transduction_.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(model.label_distributions_[2:], Z[2:], rtol=1e-3)
    assert not model.corrections_[2:].any()


def test_evidence_is_what_label_spreading_gives_the_labels_together() -> None:
    graph = knn_graph(X, 6)
    model = CorrectAndSmooth(LogisticRegression(), smoothing_alpha=0.7, **EXACT)
    spreading = LabelSpreading(alpha=0.7, **EXACT).fit(graph, Y)
    found = model.fit(X, Y, graph=graph).evidence_
    np.testing.assert_allclose(found, spreading.evidence_, rtol=1e-9)


@pytest.mark.parametrize("frozen", [False, True])
def test_labels_added_and_removed_give_what_a_refit_gives(frozen) -> None:
    base: Any = LogisticRegression()
    if frozen:
        base = FrozenEstimator(base.fit(X[:30], TRUTH[:30]))
    model = CorrectAndSmooth(base, **EXACT).fit(X, Y)
    graph = model.graph_
    model.add_labels([1, 2], TRUTH[[1, 2]]).remove_labels([0])
    assert model.graph_ is graph
    y = Y.copy()
    y[[1, 2]], y[0] = TRUTH[[1, 2]], -1
    refit = CorrectAndSmooth(base, **EXACT).fit(X, y)
    np.testing.assert_array_equal(model.label_distributions_, refit.label_distributions_)
    np.testing.assert_array_equal(model.predict_proba(X), refit.predict_proba(X))


def test_new_points_mix_the_corrected_estimator_with_the_answers_nearby() -> None:
    model = CorrectAndSmooth(GaussianNB(), kernel="rbf", gamma=2, smoothing_alpha=0.6, **EXACT)
    model.fit(X[:50], Y[:50])
    K = rbf_kernel(X[50:], X[:50], gamma=2)
    K /= K.sum(axis=1, keepdims=True)
    own = model.estimator_.predict_proba(X[50:]) + K @ model.corrections_
    mixed = np.maximum(0.4 * own + 0.6 * K @ model.label_distributions_, 0)
    expected = mixed / mixed.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X[50:]), expected, rtol=1e-9)


def test_a_new_point_near_nobody_gets_what_the_estimator_says() -> None:
    def touching(A: Any, B: Any) -> Any:
        return (np.abs(A[:, :1] - B[:, :1].T) < 0.5).astype(float)

    model = CorrectAndSmooth(GaussianNB(), kernel=touching).fit(X, Y)
    far = np.array([[50.0, 0.0]])
    np.testing.assert_array_equal(model.predict_proba(far), model.estimator_.predict_proba(far))


def test_with_a_graph_the_estimator_may_take_what_is_no_features() -> None:
    texts = ["red apple", "green apple", "red pear", "fast car", "slow car", "fast bike"]
    W = np.kron(np.eye(2), np.ones((3, 3)) - np.eye(3)) + 0.01
    model = CorrectAndSmooth(make_pipeline(CountVectorizer(), MultinomialNB()))
    y = ["fruit", None, None, "traffic", None, None]
    found = model.fit(texts, y, graph=Graph.from_affinity(W)).transduction_
    assert found.tolist() == ["fruit"] * 3 + ["traffic"] * 3
    with pytest.raises(InvalidInputError, match="fitted on a Graph"):
        model.predict(texts)


def test_tables_keep_their_names_for_the_estimator_too() -> None:
    frame = pd.DataFrame(X, columns=["width", "height"])
    for graph in (None, knn_graph(X, 10)):
        model = CorrectAndSmooth(LogisticRegression()).fit(frame, Y, graph=graph)
        assert model.feature_names_in_.tolist() == ["width", "height"]
        assert model.estimator_.feature_names_in_.tolist() == ["width", "height"]
        assert model.n_features_in_ == 2


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_matrix])
def test_sparse_features_are_features(form) -> None:
    model = CorrectAndSmooth(LogisticRegression()).fit(form(X), Y)
    dense = CorrectAndSmooth(LogisticRegression()).fit(X, Y)
    np.testing.assert_allclose(model.label_distributions_, dense.label_distributions_, atol=1e-5)
    assert model.__sklearn_tags__().input_tags.sparse
    assert not CorrectAndSmooth(GaussianNB()).__sklearn_tags__().input_tags.sparse


def test_answers_are_float32_where_features_are() -> None:
    model = CorrectAndSmooth(LogisticRegression()).fit(X.astype(np.float32), Y)
    found = (model.label_distributions_, model.corrections_, model.predict_proba(X[:3].astype("f")))
    assert {array.dtype for array in found} == {np.dtype(np.float32)}


def test_equal_shares_are_class_mass_normalisation_and_given_ones_go_on_halfway() -> None:
    plain = CorrectAndSmooth(LogisticRegression()).fit(X, Y)
    model = CorrectAndSmooth(LogisticRegression(), class_prior="uniform").fit(X, Y)
    expected = normalize_class_mass(plain.label_distributions_, Y < 0)
    np.testing.assert_allclose(model.label_distributions_, expected, rtol=1e-9)
    given = CorrectAndSmooth(LogisticRegression(), class_prior=[0.6, 0.4]).fit(X, Y)
    before, shares = plain.label_distributions_[Y < 0], np.array([0.6, 0.4])
    step = shares / before.sum(axis=0)
    with np.errstate(divide="ignore"):  # corrections may leave a class nothing
        counts = np.exp(volume_offsets(np.log(before), shares))
    sizes = np.bincount((before * counts).argmax(axis=1))
    assert np.abs(sizes - shares * len(before)).max() <= 1
    expected = before * np.sqrt(step * counts)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(given.label_distributions_[Y < 0], expected, rtol=1e-6)
    frozen = CorrectAndSmooth(_saying(np.full((60, 3), 1 / 3), [0, 1, 2]), class_prior="uniform")
    frozen.fit(np.arange(60)[:, None], Y)
    np.testing.assert_allclose(frozen.class_prior_, 1 / 3)


def test_weights_of_labels_reach_the_estimator_and_zero_is_no_label() -> None:
    weights = np.where(np.arange(60) < 30, 1.0, 0.0)
    y = np.where(np.arange(60) < 30, Y, -1)
    found = CorrectAndSmooth(LogisticRegression()).fit(X, Y, sample_weight=weights)
    expected = CorrectAndSmooth(LogisticRegression()).fit(X, y)
    np.testing.assert_array_equal(found.label_distributions_, expected.label_distributions_)
    uneven = np.linspace(0.5, 4, 60)
    model = CorrectAndSmooth(LogisticRegression()).fit(X, Y, sample_weight=uneven)
    known = Y >= 0
    by_hand = LogisticRegression().fit(X[known], Y[known], sample_weight=uneven[known])
    np.testing.assert_array_equal(model.estimator_.coef_, by_hand.coef_)
    with pytest.raises(InvalidTypeError, match="fit of KNeighborsClassifier takes none"):
        CorrectAndSmooth(KNeighborsClassifier(2)).fit(X, Y, sample_weight=uneven)


def test_a_heavier_label_has_its_error_counted_more_often() -> None:
    Z = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    model = CorrectAndSmooth(_saying(Z, [0, 1]), **EXACT)
    graph = path_graph([1.0, 1.0])
    rows, y = [[0], [1], [2]], [0, -1, 1]
    assert not model.fit(rows, y, graph=graph).corrections_[1].any()  # they cancel
    model.fit(rows, y, sample_weight=[1, 1, 3], graph=graph)
    np.testing.assert_allclose(model.corrections_[1], [-0.5, 0.5], rtol=1e-6)


def test_too_few_iterations_are_warned_of() -> None:
    model = CorrectAndSmooth(LogisticRegression(), max_iter=1, solver="sweeps")
    with pytest.warns(ConvergenceWarning, match="max_iter=1 was reached") as seen:
        model.fit(X, Y)
    assert seen[0].filename == __file__


def test_settings_of_the_estimator_inside_can_be_searched_for() -> None:
    grid = {"estimator__C": [0.1, 10.0], "smoothing_alpha": [0.5, 0.9]}
    model = CorrectAndSmooth(LogisticRegression())
    search = GridSearchCV(model, grid, cv=LabelledKFold(2), error_score="raise").fit(X, NAMED)
    assert search.best_score_ > 0.8
    assert set(search.predict(X)) == {"left", "right"}


def test_transductive_scores_reuse_its_graph_or_take_one() -> None:
    model = CorrectAndSmooth(LogisticRegression())
    found = transductive_cross_val_score(model, X, Y, cv=2, scoring="neg_log_loss")
    params = {"graph": knn_graph(X, 10)}
    given = transductive_cross_val_score(model, X, Y, cv=2, scoring="neg_log_loss", params=params)
    np.testing.assert_allclose(found, given, rtol=1e-5)
    assert list(params) == ["graph"]


def test_copies_answer_alike_and_clones_forget() -> None:
    model = CorrectAndSmooth(LogisticRegression()).fit(X, Y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))
    copied.add_labels([1], [0])
    cloned = clone(model)
    assert not hasattr(cloned, "estimator_")
    assert not hasattr(cloned.estimator, "coef_")


def test_a_refit_that_fails_leaves_it_as_it_was() -> None:
    model = CorrectAndSmooth(LogisticRegression()).fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(InvalidInputError, match="holds no label"):
        model.fit(X[:10], np.full(10, -1))
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.add_labels([1], [0])


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"estimator": Perceptron()}, InvalidTypeError, "with predict_proba, got Perceptron"),
        ({"estimator": None}, InvalidTypeError, "with predict_proba, got None"),
        ({"kernel": "precomputed"}, InvalidInputError, "Pass both: fit.X, y, graph=Graph.from_aff"),
        ({"correction": "auto"}, InvalidInputError, "'autoscale', 'fdiff', or None, got 'auto'"),
        ({"correction_alpha": 1}, InvalidInputError, "correction_alpha must be"),
        ({"correction_scale": -1.0}, InvalidInputError, "correction_scale must be"),
        ({"smoothing_alpha": 0}, InvalidInputError, "smoothing_alpha must be"),
        ({"solver": "chebyshev"}, InvalidInputError, "'direct', got 'chebyshev'"),
        ({"class_prior": [0.5, 0.6]}, InvalidInputError, "sums to 1.1"),
        ({"estimator": _saying([[1.0]], ["x"])}, InvalidTypeError, "of the type of the fitted"),
        ({"estimator": _saying([[1.0]], [5])}, InvalidInputError, "knows none of the classes"),
        ({"estimator": _saying([[1.0]], [-1, 0])}, InvalidInputError, "marker for a class"),
        ({"estimator": FrozenEstimator(GaussianNB())}, NotFittedError, "not fitted"),
        ({"estimator": Says([[0.5, -0.5]] * 60, [0, 1])}, InvalidInputError, "row 0 is"),
        ({"estimator": Says([[1.0]] * 60, [0, 1])}, InvalidInputError, "a column for each"),
        ({"estimator": Says([[0.5, 0.5]] * 60, [0, 3])}, InvalidInputError, "a column for each"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_fit(settings, error, words) -> None:
    model = CorrectAndSmooth(**{"estimator": LogisticRegression(), **settings})
    rows = np.arange(60.0)[:, None]
    with pytest.raises(error, match=words):
        model.fit(rows, Y)


@pytest.mark.parametrize(
    ("fit", "error", "words"),
    [
        ({"X": knn_graph(X, 5)}, InvalidTypeError, "got a Graph as X. Pass both"),
        ({"graph": np.eye(60)}, InvalidTypeError, "must be a fewlabels.Graph or None, got ndarray"),
        ({"graph": knn_graph(X[:59], 5)}, InvalidInputError, "inconsistent numbers of samples"),
        ({"y": Y[:59]}, InvalidInputError, r"inconsistent numbers of samples: \[60, 59\]"),
        ({"y": np.full(60, -1)}, InvalidInputError, "holds no label"),
        ({"y": np.tile([0.5, 0.5], (60, 1))}, InvalidInputError, "y holds distributions over 2"),
        ({"y": np.tile([0, 1], (60, 1))}, InvalidInputError, "takes one class per point"),
        ({"X": np.where(X > 1, np.nan, X)}, InvalidInputError, "contains NaN"),
    ],
)
def test_what_cannot_be_fitted_on_is_refused(fit, error, words) -> None:
    model = CorrectAndSmooth(LogisticRegression())
    with pytest.raises(error, match=words):
        model.fit(**{"X": X, "y": Y, **fit})


def test_a_graph_on_disk_is_refused(tmp_path) -> None:
    write_graph(tmp_path / "graph", knn_graph(X, 5))
    with pytest.raises(InvalidInputError, match=r"in memory.*graph.to_memory\(\)"):
        CorrectAndSmooth(LogisticRegression()).fit(X, Y, graph=open_graph(tmp_path / "graph"))


@parametrize_with_checks(
    [CorrectAndSmooth(LogisticRegression(max_iter=1000))],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learns_own_checks(estimator, check) -> None:
    if check.func.__name__ == "check_array_api_input":
        # Needs an environment variable before SciPy is imported; it doesn't claim to take them.
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


def test_booleans_beside_missing_labels_are_classes() -> None:
    y = np.array([None if value < 0 else bool(value % 2) for value in Y], dtype=object)
    model = CorrectAndSmooth(LogisticRegression(max_iter=1000)).fit(X, y)
    assert model.classes_.tolist() == [False, True]
    assert set(model.predict(X).tolist()) == {False, True}
