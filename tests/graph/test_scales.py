"""A warning where a few columns decide all distances, and none where scales are meant."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, OneHotEncoder, StandardScaler

from fewlabels import (
    FewLabelsClassifier,
    HarmonicRegressor,
    LabelPropagation,
    LabelSpreading,
    OrientedGradients,
    ScaleWarning,
    Session,
    knn_graph,
    rbf_graph,
    simulate,
)
from fewlabels.graph import shared_neighbor_graph
from fewlabels.graph._scales import warn_of_scales
from fewlabels.io import open_features

RNG = np.random.default_rng(0)
N = 300
INCOME = RNG.lognormal(10.5, 0.6, N)
SHARES = RNG.uniform(size=(N, 3))
TABLE = pd.DataFrame(np.column_stack([SHARES[:, :2], INCOME, SHARES[:, 2]]), columns=list("abcd"))
WINE, WINE_TRUTH = datasets.load_wine(return_X_y=True)


def said(X: Any, metric: str = "euclidean", names: Any = None) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_scales(X, metric, names)
    assert all(each.category is ScaleWarning for each in caught)
    return [str(each.message) for each in caught]


def scaled(X: Any) -> Any:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def counts(n_words: int, frequency: Any) -> Any:
    return RNG.poisson(frequency / np.arange(1, n_words + 1), (N, n_words)).astype(float)


MIXED: dict[str, Any] = {
    "income beside shares": np.column_stack([INCOME, SHARES]),
    "income beside one share": np.column_stack([INCOME, SHARES[:, 0]]),
    "in float32": np.column_stack([INCOME, SHARES]).astype(np.float32),
    "income beside categories": np.column_stack([INCOME, np.eye(20)[RNG.integers(0, 20, N)]]),
    "a timestamp beside places": np.column_stack([RNG.uniform(1.6e9, 1.7e9, N), SHARES]),
    "row numbers beside scaled columns": np.column_stack([np.arange(N), RNG.normal(size=(N, 10))]),
    "constant columns don't count": np.column_stack([INCOME, SHARES, np.ones((N, 50))]),
    "colours beside pixels": np.column_stack([SHARES, RNG.uniform(0, 640, (N, 2))]),
    "wine": WINE,
    "breast cancer": datasets.load_breast_cancer().data,
    "diabetes in its units": datasets.load_diabetes(scaled=False).data,
}
MEANT: dict[str, Any] = {
    "iris": datasets.load_iris().data,
    "digits": datasets.load_digits().data,
    "gradients of digits": OrientedGradients().fit_transform(datasets.load_digits().data[:200]),
    "diabetes scaled": datasets.load_diabetes().data,
    "wine standardised": scaled(WINE),
    "wine to [0, 1]": MinMaxScaler().fit_transform(WINE),
    "swiss roll": datasets.make_swiss_roll(N, random_state=0)[0],
    "moons": datasets.make_moons(N, random_state=0)[0],
    "one-hot": np.eye(20)[RNG.integers(0, 20, N)],
    "rare one-hot": np.eye(50)[np.minimum(RNG.geometric(0.2, N) - 1, 49)],
    "binary": (RNG.random((N, 10)) < [0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.02, 0.01, 0.01]) * 1.0,
    "rare binary standardised": scaled(
        np.column_stack([np.arange(N) == 7, np.arange(N) % 150 == 9, RNG.normal(size=(N, 3))])
    ),
    "counts of 20 words": counts(20, 100),
    "counts of 500 words": counts(500, 200),
    "counts in long and short texts": counts(300, RNG.lognormal(3, 1.5, (N, 1))),
    "tf-idf": sparse.csr_array(counts(500, 20) / np.arange(1, 501) ** -0.3),
    "an embedding with loud directions": RNG.normal(size=(N, 384)) * np.r_[100, 20, np.ones(382)],
    "principal components": RNG.normal(size=(N, 30)) / np.arange(1, 31),
    "components of a smaller rank": RNG.normal(size=(N, 10)) * np.r_[3, 1, np.full(8, 1e-15)],
    "softmax": (lambda Z: np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True))(
        3 * RNG.normal(size=(N, 10))
    ),
    "a random walk a row": np.cumsum(RNG.normal(size=(N, 200)), axis=1),
    "an outlier": np.where((np.arange(N) == 3)[:, None], [1e6, 0, 0], RNG.normal(size=(N, 3))),
    "an outlier in all": np.where((np.arange(N) == 3)[:, None], 1e6, RNG.normal(size=(N, 3))),
    "an amount that is mostly 0": np.column_stack(
        [np.where(RNG.random(N) < 0.08, 1e4, 0), RNG.normal(size=(N, 4))]
    ),
    "one column": INCOME[:, None],
    "all alike": np.ones((N, 3)),
    "few rows": np.column_stack([INCOME, SHARES])[:19],
}


@pytest.mark.parametrize("name", MIXED)
def test_columns_on_different_scales_are_named(name) -> None:
    X = MIXED[name]
    (message,) = said(X)
    assert "on different scales" in message
    assert "StandardScaler" in message
    assert said(sparse.csr_array(X)) == [message]
    assert said(StandardScaler().fit_transform(X)) == []
    assert said(X[:, ::-1][::-1]) != []  # whatever the order


@pytest.mark.parametrize("name", MEANT)
def test_scales_that_are_meant_raise_no_warning(name) -> None:
    X = MEANT[name]
    assert said(X) == []
    assert said(X.toarray() if sparse.issparse(X) else sparse.csr_array(X)) == []


def test_pictures_with_dark_borders_raise_no_warning() -> None:
    pictures = np.zeros((N, 28, 28))
    pictures[:, 8:20, 8:20] = RNG.uniform(0, 255, (N, 12, 12))
    pictures += RNG.integers(0, 2, pictures.shape)
    assert said(pictures.reshape(N, -1)) == []


def test_the_message_says_which_columns_by_how_much_and_what_to_do() -> None:
    (message,) = said(WINE, names=datasets.load_wine().feature_names)
    assert message.startswith(
        "the features are on different scales: 1 of 13 columns decides which rows are near. Values "
        "range over 1,402 in column 'proline'; the 12 others, over 92 at most, make up 0."
    )
    assert "fewlabels.ScaleWarning" in message
    (message,) = said(MIXED["colours beside pixels"])
    assert "2 of 5 columns decide which rows are near" in message
    assert "in columns (counted from 0) 3, 4; the 3 others" in message


def test_the_remedy_raises_the_accuracy() -> None:
    y = np.where(np.arange(178) % 9 == 0, WINE_TRUTH, -1)
    with pytest.warns(ScaleWarning):
        raw = LabelSpreading("self-tuning", alpha=0.9, max_iter=1000).fit(WINE, y)
    cured = LabelSpreading("self-tuning", alpha=0.9, max_iter=1000).fit(scaled(WINE), y)
    rest = y == -1
    assert np.mean(raw.transduction_[rest] == WINE_TRUTH[rest]) < 0.8
    assert np.mean(cured.transduction_[rest] == WINE_TRUTH[rest]) > 0.93


Y = np.where(np.arange(N) < 6, np.arange(N) % 2, -1)
NUMBERS = np.where(Y < 0, np.nan, Y)
BUILDERS = {
    "knn_graph": knn_graph,
    "manhattan": lambda X: knn_graph(X, metric="manhattan"),
    "rbf_graph": rbf_graph,
    "shared_neighbor_graph": shared_neighbor_graph,
    "Session": Session,
    "LabelSpreading": lambda X: LabelSpreading("self-tuning").fit(X, Y),
    "LabelPropagation": lambda X: LabelPropagation("rbf", gamma=1e-9).fit(X, Y),
    "FewLabelsClassifier": lambda X: FewLabelsClassifier().fit(X, Y),
    "HarmonicRegressor": lambda X: HarmonicRegressor("knn").fit(X, NUMBERS),
    "simulate": lambda X: simulate(X, np.arange(N) % 2, query="random", budget=6),
}


# They make points of a table, its columns on one scale.
OF_DATA = {"Session", "FewLabelsClassifier", "simulate"}


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("name", sorted(OF_DATA))
def test_columns_of_a_table_are_scaled_where_points_are_made_of_it(name, table) -> None:
    BUILDERS[name](table(TABLE))


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("name", sorted(BUILDERS.keys() - OF_DATA))
def test_whatever_builds_a_graph_warns_once_by_name_where_it_was_called(name, table) -> None:
    with pytest.warns(ScaleWarning, match="in column 'c'; the 3 others") as caught:
        BUILDERS[name](table(TABLE))
    (warning,) = [each for each in caught if each.category is ScaleWarning]
    assert warning.filename == __file__


@pytest.mark.parametrize("name", BUILDERS)
def test_nothing_is_said_of_scaled_columns(name) -> None:
    BUILDERS[name](scaled(TABLE))


def test_nothing_is_said_where_no_distance_counts(recwarn) -> None:
    X = TABLE.to_numpy()
    knn_graph(X, metric="cosine")
    knn_graph(X, metric="canberra")
    knn_graph(X, metric=lambda a, b: abs(a[0] - b[0]))
    rbf_graph(X, 0.0)
    LabelSpreading(lambda A, B: np.ones((len(A), len(B)))).fit(X, Y)
    LabelSpreading("precomputed").fit(np.ones((N, N)) + np.diag(np.arange(N)), Y)
    LabelSpreading().fit(knn_graph(scaled(X)), Y)
    assert not [each for each in recwarn if each.category is ScaleWarning]


def test_a_pipeline_with_a_scaler_says_nothing() -> None:
    make_pipeline(StandardScaler(), FewLabelsClassifier()).fit(TABLE, Y)


def test_sparse_tables_of_mixed_columns_are_looked_at_too() -> None:
    colours = pd.DataFrame({"income": INCOME, "colour": RNG.integers(0, 30, N)})
    made = ColumnTransformer([("c", OneHotEncoder(), ["colour"])], remainder="passthrough")
    X = made.fit_transform(colours)
    assert sparse.issparse(X)
    with pytest.warns(ScaleWarning, match=r"1 of 31 columns decides.* 30; the 30 others"):
        knn_graph(X)
    knn_graph(MaxAbsScaler().fit_transform(X))


def test_features_in_a_file_are_looked_at_without_being_read_as_a_whole(
    tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "X.npy"
    np.save(path, np.tile(TABLE.to_numpy(), (4, 4)) + RNG.normal(0, 1e-3, (4 * N, 16)))
    monkeypatch.setattr("fewlabels.graph._checked._READ_WHOLE", 1)
    with pytest.warns(ScaleWarning, match=r"4 of 16 columns decide"):
        knn_graph(open_features(path), exact=False)


def test_made_an_error_it_leaves_an_estimator_as_it_was() -> None:
    model = LabelSpreading("self-tuning").fit(scaled(TABLE), Y)
    with pytest.raises(ScaleWarning):  # warnings are errors here
        model.fit(TABLE, Y)
    assert model.predict(scaled(TABLE)).shape == (N,)
