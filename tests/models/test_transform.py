"""Class distributions as features: transform, its column names, and set_output."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from fewlabels import LabelPropagation, LabelSpreading

NAMES = np.array(["setosa", "versicolor", "virginica"], dtype=object)


@pytest.fixture
def iris():
    X, codes = load_iris(return_X_y=True)
    y = NAMES[codes]
    y[np.arange(len(y)) % 10 != 0] = None
    return X, y


@pytest.mark.parametrize("Estimator", [LabelSpreading, LabelPropagation])
def test_transform_is_predict_proba(Estimator, iris):
    X, y = iris
    model = Estimator(kernel="self-tuning").fit(X, y)
    np.testing.assert_array_equal(model.transform(X), model.predict_proba(X))
    np.testing.assert_array_equal(model.fit_transform(X, y), model.predict_proba(X))


def test_columns_are_named_by_class_and_label(iris):
    model = LabelSpreading(kernel="self-tuning").fit(*iris)
    expected = [f"labelspreading_{name}" for name in NAMES]
    assert model.get_feature_names_out().tolist() == expected


@pytest.mark.parametrize(
    ("kind", "make", "table"),
    [("pandas", pd.DataFrame, pd.DataFrame), ("polars", pl.DataFrame, pl.DataFrame)],
)
def test_tables_come_in_and_go_out(kind, make, table, iris):
    X, y = iris
    columns = {f"feature {j}": X[:, j] for j in range(X.shape[1])}
    model = LabelSpreading(kernel="self-tuning").set_output(transform=kind)
    out = model.fit_transform(make(columns), y)
    assert isinstance(out, table)
    assert list(out.columns) == [f"labelspreading_{name}" for name in NAMES]
    assert list(model.feature_names_in_) == list(columns)
    np.testing.assert_allclose(out.to_numpy(), model.predict_proba(make(columns)))


def test_a_pandas_table_keeps_its_index(iris):
    X, y = iris
    frame = pd.DataFrame(X, columns=list("abcd"), index=[f"flower {i}" for i in range(len(X))])
    model = LabelSpreading(kernel="self-tuning").set_output(transform="pandas").fit(frame, y)
    assert model.transform(frame).index.equals(frame.index)


def test_distributions_feed_another_classifier(iris):
    X, y = iris
    truth = NAMES[load_iris().target]
    spread = LabelSpreading(kernel="self-tuning").fit(X, y)
    pipeline = make_pipeline(spread, LogisticRegression())
    assert pipeline.fit(X, truth).score(X, truth) > 0.9
