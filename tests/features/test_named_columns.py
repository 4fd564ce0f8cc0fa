"""Columns that a person named stay, rows of embeddings belong to one, and codes are no texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fewlabels import FeatureWarning, FewLabelsClassifier, Tables, make_points
from fewlabels.exceptions import InvalidInputError

N = 60
RNG = np.random.default_rng(0)
WORDS = np.array(
    ["oak", "elm", "ash", "fir", "yew", "bay", "fig", "hop", "ivy", "nut", "pea", "rye"]
)
TEXTS = [" ".join(RNG.choice(WORDS, 7)) for _ in range(N)]
ROWS = RNG.normal(size=(N, 5)).astype(np.float32)


def kinds(tables: Any) -> dict[str, str]:
    return {column.name: column.kind for column in tables.columns_}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [None, "use", "text"])
def test_the_only_column_of_text_is_used_whatever_labels_say(kind: str | None, seed: int) -> None:
    y = np.where(np.arange(N) < 40, np.random.default_rng(seed).integers(0, 2, N), -1)
    columns = None if kind is None else {"d": kind}
    for embeddings in (None, ROWS):
        tables = Tables(columns, embeddings=embeddings).fit({"d": TEXTS}, y)
        assert kinds(tables) == {"d": "text"}
        assert tables.columns_[0].weight >= 1


def test_a_named_column_of_text_stays_beside_others() -> None:
    y = np.where(np.arange(N) < 40, np.arange(N) % 2, -1)
    table = {"told": y + RNG.normal(size=N) * 0.01 + np.arange(N) % 2 * 9.0, "d": TEXTS}
    assert kinds(Tables().fit(table, y))["d"] == "left out"
    assert kinds(Tables({"d": "use"}).fit(table, y))["d"] == "text"


def test_rows_of_embeddings_belong_to_one_column() -> None:
    table = {"a": TEXTS, "b": TEXTS[::-1]}
    with pytest.raises(InvalidInputError, match=r"belong to one column, and 'a', 'b' could be"):
        Tables(embeddings=ROWS).fit(table)
    tables = Tables({"b": "text"}, embeddings=ROWS).fit(table)
    assert tables.embedded_columns_ == ("b",)
    assert kinds(tables) == {"a": "text", "b": "text"}
    with pytest.raises(InvalidInputError, match="belong to one column"):
        Tables({"a": "text", "b": "text"}, embeddings=ROWS).fit(table)


def test_new_rows_bring_their_embeddings() -> None:
    table = {"x": np.arange(N) * 0.5, "d": TEXTS}
    points = make_points(table, embeddings=ROWS)
    again = points.transform({"x": table["x"][:9]}, embeddings=ROWS[:9])
    np.testing.assert_allclose(again, points.values[:9], rtol=1e-5, atol=1e-6)
    with pytest.raises(InvalidInputError, match="column 'd' came as rows of embeddings"):
        points.transform(table)
    with pytest.raises(InvalidInputError, match="8 rows, and there are 9 items"):
        points.transform({"x": table["x"][:9]}, embeddings=ROWS[:8])
    with pytest.raises(InvalidInputError, match="Leave embeddings out"):
        make_points({"x": table["x"]}).transform({"x": table["x"]}, embeddings=ROWS)
    texts = make_points(TEXTS, embeddings=ROWS)
    np.testing.assert_allclose(texts.transform(TEXTS[:4], embeddings=ROWS[:4]), texts.values[:4])


@pytest.mark.parametrize(
    "code",
    [
        lambda i: f"TK-{10_000 + i}",
        lambda i: f"SKU {i:03d}-{i * 7 % 90}",
        lambda i: f"{i:08x}-4f1e-11ee-be56-{i * 977:012x}",
        lambda i: f"+49 170 {1_234_567 + i * 31}",
        lambda i: f"DE{i % 90 + 10} 3704 0044 {i * 1_111 % 10_000:04d} 01 {i:02d}",
    ],
)
def test_codes_that_name_things_are_used_only_where_they_are_named(
    code: Callable[[int], str],
) -> None:
    codes = [code(i) for i in range(N)]
    y = np.where(np.arange(N) < 40, np.arange(N) % 2, -1)
    table = {"x": np.sin(np.arange(N)), "code": codes}
    points = make_points(table, y)
    assert kinds(points.transformer) == {"x": "number", "code": "left out"}
    assert points.transform({"x": [0.5]}).shape == (1, 1)  # nobody asks for the codes
    assert kinds(Tables({"code": "use"}).fit(table, y))["code"] == "text"


def test_names_of_pictures_that_are_not_there_are_said(tmp_path: Path) -> None:
    lines = [f"{i * 0.5},p{i}.png" for i in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["x,photo", *lines]) + "\n")
    with pytest.warns(FeatureWarning, match=r"'photo' names 20 pictures .* none of them is there"):
        points = make_points(tmp_path / "t.csv")
    assert str(tmp_path) in points.warnings[0]
    assert kinds(points.transformer)["photo"] == "left out"


def test_the_report_says_how_columns_count_in_plain_words() -> None:
    said = "\n".join(Tables().fit({"x": np.exp(np.arange(N)), "d": TEXTS, "e": [1] * N}).choices_)
    assert "counts twice): d" in said
    assert "extreme values brought nearer" in said
    assert "not used: e" in said


def test_one_class_is_warned_of_and_nothing_is_sure() -> None:
    X = RNG.normal(size=(40, 2))
    y = np.where(np.arange(40) < 20, 7, -1)
    with pytest.warns(UserWarning, match="all labels are 7"):
        model = FewLabelsClassifier().fit(X, y)
    assert set(model.doubt_) == {"too few labels"}


def test_labels_that_hardly_come_twice_are_warned_of() -> None:
    X = RNG.normal(size=(60, 2))
    y = [f"{i},50 EUR" if i < 30 else None for i in range(60)]
    with pytest.warns(UserWarning, match=r"30 labels are of 30 classes.*FewLabelsRegressor"):
        FewLabelsClassifier().fit(X, y)


def test_columns_of_one_name_are_refused_in_our_words() -> None:
    frame = pd.DataFrame([[1.0, 2.0]] * 9, columns=["a", "a"])
    with pytest.raises(InvalidInputError, match="more than one column named 'a'"):
        make_points(frame)


def test_a_column_of_nearly_the_name_is_asked_about() -> None:
    points = make_points({"Message": np.arange(9) ** 2.0})
    with pytest.raises(InvalidInputError, match="Is it 'message ', named otherwise"):
        points.transform({"message ": [1.0]})
