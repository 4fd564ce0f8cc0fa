"""Whatever `np.seterr` says, that weights and scores fade away to 0 is no error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from fewlabels import (
    CorrectAndSmooth,
    FewLabelsClassifier,
    FewLabelsRegressor,
    Graph,
    HarmonicRegressor,
    LabelPropagation,
    LabelSpreading,
    PLaplacianClassifier,
    PoissonClassifier,
    PoissonMBOClassifier,
    ReweightedLaplaceClassifier,
    Session,
    SpreadingRegressor,
    UnreachedWarning,
    knn_graph,
    make_points,
    rbf_graph,
    simulate,
)
from fewlabels.features import Images, OrientedGradients
from fewlabels.graph import shared_neighbor_graph
from fewlabels.queries import RULES


def far_apart() -> Any:
    """Two clusters, one of them narrow, and a third group far from both."""
    rng = np.random.default_rng(0)
    return np.concatenate(
        [
            rng.normal(0, 1, (40, 3)),
            rng.normal(60, 1e-3, (40, 3)),
            [[2000, 0, 0], [2001, 0, 0], [2000, 1, 0]],
        ]
    )


X = far_apart()
Y = np.full(83, -1)
Y[[0, 1, 2, 40, 41]] = [0, 0, 1, 1, 1]
NUMBERS = np.where(Y < 0, np.nan, 1.5 * Y + X[:, 0] / 10)
NEW = np.concatenate([X[::7] + 0.01, [[1e5, 0, 0], [1e14, 1, 1]]])
KERNELS: list[tuple[str, dict[str, Any]]] = [
    ("rbf", {"gamma": 20}),
    ("rbf", {"gamma": 1e-3}),
    ("knn", {"n_neighbors": 5}),
    ("self-tuning", {"n_neighbors": 5}),
]


@pytest.fixture(autouse=True)
def every_float_error_is_raised() -> Iterator[None]:
    with np.errstate(all="raise"), warnings.catch_warnings():
        for usual in (UnreachedWarning, ConvergenceWarning):
            warnings.simplefilter("ignore", usual)
        yield


def use(model: Any, points: Any, targets: Any, new: Any) -> None:
    """Call everything that a fitted model can be asked."""
    model.fit(points, targets)
    for name in ("predict", "predict_proba", "transform", "doubt", "predict_set"):
        method = getattr(model, name, None)
        if method is None:
            continue
        if new is not None:
            method(new)
        if name in ("doubt", "predict_set"):
            method()
    for name in ("loo_label_distributions_", "loo_score_", "loo_values_", "choices_"):
        getattr(model, name, None)
    for name, arguments in (
        ("calibrated_proba", ()),
        ("posterior_std", ([3, 50],)),
        ("explain", (5,)),
        ("influence", (0,)),
        ("suspect_labels", ()),
        ("add_labels", ([5, 45], targets[[0, 40]])),
        ("remove_labels", ([5],)),
    ):
        method = getattr(model, name, None)
        if method is not None:
            method(*arguments)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_graphs(dtype, layout) -> None:
    points = layout(X.astype(dtype))
    for weights in ("self-tuning", "gaussian", "binary", "distance"):
        for metric in ("euclidean", "cosine", "inner_product"):
            knn_graph(points, 5, weights=weights, metric=metric)
    shared_neighbor_graph(points)
    for gamma in (0, 1e-3, 20, 1e300):
        for held in (None, np.float32):
            affinity = rbf_graph(points, gamma, dtype=held).affinity
    assert Graph.from_affinity(affinity).n_nodes == Graph(affinity).n_nodes == 83


def test_an_approximate_search() -> None:
    points = np.random.default_rng(0).normal(size=(1500, 40))
    assert knn_graph(points * 1e-3, exact=False).recall_ > 0.9


CLASSIFIERS: list[Callable[..., Any]] = [
    LabelSpreading,
    LabelPropagation,
    PoissonClassifier,
    PoissonMBOClassifier,
    ReweightedLaplaceClassifier,
    PLaplacianClassifier,
    lambda kernel, **settings: CorrectAndSmooth(LogisticRegression(), kernel=kernel, **settings),
    lambda kernel, **settings: LabelSpreading(
        kernel, alpha=0.99, max_iter=1000, calibration="loo", class_prior="uniform", **settings
    ),
]


@pytest.mark.parametrize("make", CLASSIFIERS)
@pytest.mark.parametrize(("kernel", "settings"), KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_classifiers(make, kernel, settings, dtype) -> None:
    use(make(kernel, **settings), X.astype(dtype), Y, NEW.astype(dtype))


@pytest.mark.parametrize("make", [HarmonicRegressor, SpreadingRegressor])
@pytest.mark.parametrize(("kernel", "settings"), KERNELS)
def test_regressors(make, kernel, settings) -> None:
    use(make(kernel, **settings), X, NUMBERS, NEW)


def test_the_recommended_models() -> None:
    use(FewLabelsClassifier(), X, Y, NEW)
    use(FewLabelsRegressor(), X, NUMBERS, NEW)


@pytest.mark.parametrize(
    "make",
    [
        *(LabelSpreading, LabelPropagation, FewLabelsClassifier, PoissonClassifier),
        *(PoissonMBOClassifier, ReweightedLaplaceClassifier, PLaplacianClassifier),
    ],
)
def test_a_chain_along_which_scores_vanish(make) -> None:
    weights = sparse.diags_array([np.ones(399)] * 2, offsets=[1, -1]).tocsr()
    y = np.full(400, -1)
    y[:2], y[40] = [0, 1], 1
    use(make(), Graph.from_affinity(weights), y, None)


def test_sessions_and_simulations() -> None:
    truth = np.arange(83) // 40 % 2
    session = Session(X)
    for _ in range(3):
        asked = session.ask(5)
        session.tell(asked, truth[asked])
    assert session.advice().action
    assert len(session.predictions().labels) == 83
    curve = simulate(X, truth, query=list(RULES), budget=8, batch_size=3, random_state=0)
    assert set(curve.queries) == set(RULES)


def test_pictures_tables_and_texts_become_points() -> None:
    pictures = (255 * np.random.default_rng(0).random((12, 24, 24))).astype(np.uint8)
    rows = pictures.reshape(12, -1)
    table = {"x": X[:, 0], "name": list("ab") * 41 + ["c"], "text": ["a b", "b c d"] * 41 + ["e"]}
    with np.errstate(all="raise"):
        assert np.isfinite(Images("shapes and colours").fit_transform(pictures)).all()
        assert np.isfinite(OrientedGradients((24, 24)).fit_transform(rows)).all()
        points = make_points(table)
        assert points.transform(table).shape == points.values.shape
