"""Where scikit-learn's own estimators have converged, changing the import changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import semi_supervised
from sklearn.datasets import load_digits, load_iris, make_blobs, make_moons
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import StandardScaler, normalize
from sklearn.utils.estimator_checks import parametrize_with_checks

import fewlabels
from fewlabels import LabelPropagation, LabelSpreading
from tests.models.checks import expected_failed_checks

NAMES = ("LabelSpreading", "LabelPropagation")
EXACT = {"tol": 1e-12, "max_iter": 100_000}


@parametrize_with_checks(
    [LabelSpreading(), LabelPropagation()], expected_failed_checks=expected_failed_checks
)
def test_scikit_learns_own_checks(estimator, check, monkeypatch) -> None:
    if check.func.__name__ == "check_array_api_input":
        # Needs an environment variable before SciPy is imported, and arrays that are not NumPy's;
        # neither estimator says that it takes them.
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


def dataset(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "iris":
        X, y = load_iris(return_X_y=True)
        return StandardScaler().fit_transform(X), y
    if name == "moons":
        return make_moons(80, noise=0.05, random_state=0)
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X[:150] / 16.0, y[:150]
    return make_blobs(90, centers=4, n_features=3, random_state=1)


def split(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two thirds to fit, of which every seventh point has its label; one third to predict."""
    X, y = dataset(name)
    order = np.random.default_rng(3).permutation(len(X))
    X, y = X[order], y[order]
    n_fitted = 2 * len(X) // 3
    labels = np.full(n_fitted, -1)
    labels[::7] = y[:n_fitted:7]
    return X[:n_fitted], labels, X[n_fitted:]


@pytest.mark.parametrize("name", ["iris", "moons", "digits", "blobs"])
@pytest.mark.parametrize("gamma", [0.25, 2.0])
@pytest.mark.parametrize("alpha", [0.2, 0.8])
def test_label_spreading_on_an_rbf_kernel(name: str, gamma: float, alpha: float) -> None:
    X, y, queries = split(name)
    theirs = semi_supervised.LabelSpreading(gamma=gamma, alpha=alpha, **EXACT).fit(X, y)
    ours = LabelSpreading(gamma=gamma, alpha=alpha, tol=1e-9, max_iter=1000).fit(X, y)
    assert_agree(ours, theirs, queries)


@pytest.mark.parametrize("name", ["iris", "digits", "blobs"])
@pytest.mark.parametrize("gamma", [0.1, 0.5])
def test_label_propagation_on_an_rbf_kernel(name: str, gamma: float) -> None:
    X, y, queries = split(name)
    theirs = semi_supervised.LabelPropagation(gamma=gamma, **EXACT).fit(X, y)
    ours = LabelPropagation(gamma=gamma, tol=1e-9).fit(X, y)
    assert_agree(ours, theirs, queries)


@pytest.mark.parametrize("name", NAMES)
def test_a_callable_kernel(name: str) -> None:
    X, y, queries = split("iris")

    def kernel(A: np.ndarray, B: np.ndarray) -> np.ndarray:
        return 1 / (1 + ((A[:, None] - B) ** 2).sum(axis=2))

    theirs = getattr(semi_supervised, name)(kernel=kernel, **EXACT).fit(X, y)
    ours = getattr(fewlabels, name)(kernel=kernel, tol=1e-9, max_iter=1000).fit(X, y)
    assert_agree(ours, theirs, queries)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_their_defaults_are_theirs_and_more(name: str) -> None:
    theirs = getattr(semi_supervised, name)().get_params()
    ours = getattr(fewlabels, name)().get_params()
    assert {key: ours.get(key) for key in theirs} == theirs
    assert ours.keys() - theirs.keys() == {"solver", "verbose", "class_prior", "calibration"}


@pytest.mark.parametrize("name", NAMES)
def test_fitted_attributes_are_theirs_and_more(name: str) -> None:
    X, y, _ = split("iris")
    theirs = vars(getattr(semi_supervised, name)().fit(X, y))
    ours = vars(getattr(fewlabels, name)().fit(X, y))
    public = {key for key in theirs if key.endswith("_") and not key.startswith("_")}
    assert public <= ours.keys()
    for key in ("classes_", "label_distributions_", "transduction_", "X_"):
        assert ours[key].shape == theirs[key].shape
        assert ours[key].dtype == theirs[key].dtype


@pytest.mark.parametrize("name", NAMES)
def test_the_matrix_that_their_variants_override_is_theirs(name: str) -> None:
    X, y, _ = split("iris")
    theirs = getattr(semi_supervised, name)().fit(X, y)
    ours = getattr(fewlabels, name)().fit(X, y)
    np.testing.assert_allclose(ours._build_graph(), theirs._build_graph(), atol=1e-12)


def test_the_transition_matrix_of_other_kernels_is_stochastic() -> None:
    X, y, _ = split("iris")
    for kernel in ("knn", rbf_kernel):
        transitions = LabelPropagation(kernel, n_neighbors=20).fit(X, y)._build_graph()
        np.testing.assert_allclose(transitions.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(transitions, normalize(rbf_kernel(X), norm="l1"))


def assert_agree(ours, theirs, queries: np.ndarray) -> None:
    close = {"rtol": 1e-6, "atol": 1e-8}
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_allclose(ours.label_distributions_, theirs.label_distributions_, **close)
    np.testing.assert_array_equal(ours.transduction_, theirs.transduction_)
    np.testing.assert_allclose(ours.predict_proba(queries), theirs.predict_proba(queries), **close)
    np.testing.assert_array_equal(ours.predict(queries), theirs.predict(queries))
