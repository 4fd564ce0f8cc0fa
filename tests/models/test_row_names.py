"""Rows of a pandas table, asked for by their names in its index."""

from __future__ import annotations

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import make_blobs

from fewlabels import FewLabelsClassifier, FewLabelsRegressor, LabelSpreading, PoissonClassifier
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

X, TRUTH = make_blobs(40, centers=2, random_state=0)
Y = np.where(np.arange(40) % 5 == 0, TRUTH, -1)
NAMES = [f"C-{100 + i}" for i in range(40)]
METHODS = [LabelSpreading("self-tuning", max_iter=1000), PoissonClassifier(), FewLabelsClassifier()]


def table(index) -> pd.DataFrame:
    return pd.DataFrame(X, columns=["width", "height"], index=index)


@pytest.mark.parametrize("model", [*METHODS, FewLabelsRegressor()])
def test_explain_takes_a_row_by_its_name_or_by_its_position(model) -> None:
    model.fit(table(NAMES), np.where(Y < 0, np.nan, Y))
    by_name, by_position = model.explain("C-107"), model.explain(7)
    assert by_name.node == by_position.node == 7
    np.testing.assert_array_equal(by_name.shares, by_position.shares)
    assert model.influence("C-110").node == 10
    assert model.position_of("C-110") == 10


def test_an_integer_is_a_position_whatever_the_index() -> None:
    model = METHODS[0].fit(table(np.arange(40)[::-1] + 1000), Y)
    assert model.explain(7).node == 7
    assert model.position_of(1007) == 32
    assert model.explain(model.position_of(1007)).node == 32
    with pytest.raises(InvalidInputError, match=r"from 0 to 39, got 1007.*position_of\(1007\)"):
        model.explain(1007)


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (pd.date_range("2024-01-01", periods=40), datetime.date(2024, 1, 8)),
        (pd.date_range("2024-01-01", periods=40), pd.Timestamp("2024-01-08")),
        (pd.date_range("2024-01-01", periods=40), "2024-01-08"),
        (pd.MultiIndex.from_tuples([("a", i) for i in range(40)]), ("a", 7)),
        (np.arange(40) / 2, 3.5),
        (pd.Index(NAMES, dtype="category"), "C-107"),
    ],
)
def test_names_of_every_kind(index, name) -> None:
    assert METHODS[0].fit(table(index), Y).explain(name).node == 7


def test_names_that_are_not_there_or_not_one_row_are_refused() -> None:
    model = METHODS[0].fit(table([*NAMES[:39], "C-100"]), Y)
    with pytest.raises(InvalidInputError, match=r"no row 'C-99'.*begins with 'C-100', 'C-101'"):
        model.explain("C-99")
    with pytest.raises(InvalidInputError, match=r"occurs 2 times.*positions \[0, 39\]"):
        model.explain("C-100")
    model.fit(table(pd.date_range("2024-01-01", periods=40)), Y)
    with pytest.raises(InvalidInputError, match="no row 'Monday'"):
        model.explain("Monday")


@pytest.mark.parametrize("given", [X, X.tolist(), pl.DataFrame(X)])
def test_rows_without_names_are_positions(given) -> None:
    model = METHODS[0].fit(table(NAMES), Y).fit(given, Y)
    with pytest.raises(InvalidTypeError, match="node must be an integer"):
        model.explain("C-107")
    with pytest.raises(InvalidInputError, match="X was no pandas table"):
        model.position_of("C-107")
    with pytest.raises(InvalidInputError, match="from 0 to 39, got 40"):
        model.explain(40)


def test_names_are_kept_in_a_pickle_without_pandas_objects() -> None:
    data = pickle.dumps(METHODS[0].fit(table(NAMES), Y))
    assert pickle.loads(data).explain("C-107").node == 7
    assert b"pandas" not in data
