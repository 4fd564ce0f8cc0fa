"""Rows of which nothing is known: said, and without an answer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from fewlabels import FeatureWarning, FewLabelsClassifier, Tables, Texts, make_points
from fewlabels.features._date_encoder import DateEncoder
from fewlabels.features._encoders import (
    BlockEncoder,
    CategoryEncoder,
    ItemsEncoder,
    NumberEncoder,
)
from fewlabels.io._table import Block, Categories, Dates, Items, Numbers

NAN = float("nan")


def table(n: int = 40) -> dict[str, list[object]]:
    return {
        "city": ["Rome" if row % 2 else "Oslo" for row in range(n)],
        "size": [float(row % 2) + row / 1000 for row in range(n)],
        "note": ["warm sunny south" if row % 2 else "cold snowy north" for row in range(n)],
    }


def test_new_rows_with_unknown_values_alone_are_said_and_unread() -> None:
    tables = Tables({"note": "text"}).fit(table())
    new = {
        "city": ["Rome", "Lima", None, "Lima"],
        "size": [1.0, None, None, 0.5],
        "note": ["sunny", "qqq zzz", "", "qqq"],
    }
    found = tables._of_new(new)
    assert found.unread.tolist() == [1, 2]
    with pytest.warns(FeatureWarning, match=r"2 of 4 rows hold nothing .* they get no answer"):
        tables.transform(new)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tables.transform({name: column[:1] for name, column in new.items()})


def test_models_give_such_rows_no_answer() -> None:
    y = [None] * 40
    y[0], y[1], y[2], y[3] = "north", "south", "north", "south"
    model = FewLabelsClassifier().fit({name: table()[name] for name in ("city", "size")}, y)
    new = {"city": ["Rome", "Lima"], "size": [1.0, None]}
    with pytest.warns(FeatureWarning, match="1 of 2 rows holds nothing"):
        answers = model.predict(new)
    assert answers.tolist() == ["south", None]
    with pytest.warns(FeatureWarning):
        assert model.answers(new).reached.tolist() == [True, False]


def test_fitted_rows_in_which_all_is_missing_are_said_and_unread() -> None:
    data = {"city": [*table()["city"], None], "size": [*table()["size"], None]}
    with pytest.warns(FeatureWarning, match="1 of 41 rows holds nothing that is used"):
        points = make_points(data)
    assert points.unread.tolist() == [40]


def test_texts_without_a_known_word_are_said() -> None:
    texts = Texts().fit([*table()["note"], "warm wind", "cold wind"])
    with pytest.warns(FeatureWarning, match=r"1 of 2 texts hold no word that the points"):
        values = texts.transform(["sunny wind", "qqq"])
    assert not np.asarray(values[[1]].sum())
    assert texts._of_new(["sunny", "", "qqq"]).unread.tolist() == [1, 2]


def test_where_empty_texts_were_fitted_new_ones_are_like_them_and_strange_ones_are_not() -> None:
    texts = Texts(recipe="words").fit([*table()["note"], "", ""])
    found = texts._of_new(["sunny", "", "qqq"])
    assert found.unread.tolist() == [2]
    assert found.values.toarray()[:, -1].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("encoder", "known", "new", "unknown"),
    [
        (NumberEncoder, Numbers(np.array([1.0, 2])), Numbers(np.array([NAN, 5])), [True, False]),
        (
            CategoryEncoder,
            Categories(np.array([0, 1, -1]), ("a", "b")),
            Categories(np.array([0, 1, -1]), ("c", "b")),
            [True, False, True],
        ),
        (
            ItemsEncoder,
            Items([("a", "b"), ("b",), ("a",)]),
            Items([("c",), ("c", "a"), None, ()]),
            [True, False, True, True],
        ),
        (DateEncoder, Dates(np.array([1.0, 2])), Dates(np.array([NAN, 0])), [True, False]),
        (
            BlockEncoder,
            Block(np.array([[1.0, 2], [3, 5]])),
            Block(np.array([[NAN, NAN], [NAN, 1]])),
            [True, False],
        ),
    ],
)  # fmt: skip
def test_what_each_kind_of_column_knows(
    encoder: Any, known: object, new: object, unknown: list[bool]
) -> None:
    assert encoder.fitted(known, scale=True).unknown(new).tolist() == unknown
