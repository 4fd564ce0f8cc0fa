"""A table gives the same points however it is stored, and new rows pass through what was fitted."""

from __future__ import annotations

import csv
import datetime
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from fewlabels import FeatureWarning, Tables, make_points
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.io import read_table

N = 60
RNG = np.random.default_rng(0)
START = datetime.datetime(2024, 1, 1, 6)
WORDS = ["printer", "broken", "paper", "login", "password", "network", "slow", "invoice"]
TABLE: dict[str, list[Any]] = {
    "price": [None if i % 9 == 4 else round(float(v), 2) for i, v in enumerate(RNG.normal(size=N))],
    "count": RNG.integers(0, 50, N).tolist(),
    "colour": [["red", "blue", None][i % 3] for i in range(N)],
    "flag": [i % 4 == 0 for i in range(N)],
    "when": [
        None if i == 7 else START + datetime.timedelta(days=13 * i, hours=i % 11) for i in range(N)
    ],
    "note": [" ".join(RNG.choice(WORDS, 5)) + f" {i}" for i in range(N)],
    "vector": [[float(i % 5), i / N] for i in range(N)],
    "tags": [["x", "y"][: i % 3] + ["z"] * (i % 2) for i in range(N)],
    "number": list(range(100, 100 + N)),
}
NEW = {name: column[:3] for name, column in TABLE.items()}


def as_csv(folder: Path) -> Path:
    path = folder / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TABLE)
        writer.writerows(zip(*TABLE.values(), strict=True))
    return path


def without(table: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: column for name, column in table.items() if name not in names}


@pytest.mark.parametrize(
    "made",
    [
        pd.DataFrame,
        pl.DataFrame,
        pa.table,
        lambda table: pd.DataFrame(table).convert_dtypes(),
        lambda table: pd.DataFrame(table).astype({"colour": "category"}),
        lambda table: {name: pd.Series(column) for name, column in table.items()},
    ],
    ids=["pandas", "polars", "pyarrow", "nullable", "categorical", "series"],
)
def test_a_table_gives_the_same_points_however_it_is_stored(made: Any) -> None:
    expected = Tables().fit(TABLE)
    tables = Tables().fit(made(TABLE))
    assert tables.choices_ == expected.choices_
    assert_same(tables.transform(made(TABLE)), expected.transform(TABLE))
    assert_same(tables.transform(NEW), expected.transform(made(NEW)))


def test_a_file_gives_the_same_points_as_a_table_in_memory(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    pd.DataFrame(TABLE).to_parquet(tmp_path / "t.parquet")
    expected = Tables().fit(TABLE)
    for table in (read_table(path), read_table(tmp_path / "t.parquet")):
        tables = Tables().fit(table)
        assert tables.choices_ == expected.choices_
        assert_same(tables.transform(table), expected.transform(TABLE))
        assert_same(expected.transform(table), expected.transform(TABLE))
    points = make_points(path)
    assert points.kind == "table"
    assert_same(points.values, expected.transform(TABLE))


def assert_same(found: Any, expected: Any) -> None:
    found = found.toarray() if sparse.issparse(found) else found
    expected = expected.toarray() if sparse.issparse(expected) else expected
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_what_each_column_was_taken_for() -> None:
    tables = Tables().fit(TABLE)
    assert {column.name: column.kind for column in tables.columns_} == {
        "price": "number",
        "count": "number",
        "colour": "category",
        "flag": "category",
        "when": "date",
        "note": "text",
        "vector": "array",
        "tags": "list",
        "number": "left out",
    }
    assert tables.n_features_in_ == len(TABLE)
    names = tables.get_feature_names_out().tolist()
    assert names[:4] == ["price", "price=missing", "count", "colour=blue"]
    assert {"when_day", "when_clock_sin", "when_weekday_cos", "when_season_sin"} <= set(names)
    assert {"when=missing", "tags=x", "tags=z", "vector_1"} <= set(names)
    points = tables.transform(TABLE)
    assert points.shape == (N, len(names))
    assert points.dtype == np.float32


def test_each_column_has_a_total_variance_of_one_and_texts_of_four() -> None:
    tables = Tables().fit(TABLE)
    points = tables.transform(TABLE)
    points = points.toarray() if sparse.issparse(points) else points
    ends = np.cumsum([column.width for column in tables.columns_ if column.width])
    used = [column for column in tables.columns_ if column.width]
    for column, part in zip(used, np.split(points, ends[:-1], axis=1), strict=True):
        expected = 4 if column.kind == "text" else 1
        assert np.isclose(part.var(axis=0).sum(), expected, rtol=1e-3), column.name


def test_new_names_are_none_of_the_known_ones_and_blanks_don_t_count() -> None:
    tables = Tables(scale=False).fit({"where": ["West", "West ", "East", " East"]})
    assert tables.get_feature_names_out().tolist() == ["where=East", "where=West"]
    with pytest.warns(FeatureWarning, match="2 of 3 rows hold nothing"):
        found = tables.transform({"where": ["West  ", "North", None]})
    assert found.tolist() == [[0, 1], [0, 0], [0, 0]]


def test_rare_names_and_those_beyond_the_most_frequent_share_a_feature() -> None:
    names = [f"n{i}" for i in range(300) for _ in range(3)]
    tables = Tables(scale=False).fit({"a": [*names, "once", "also once"]})
    with pytest.warns(FeatureWarning, match="1 of 3 rows holds nothing"):
        found = tables.transform({"a": ["once", "also once", "never"]})
    assert found[:, -1].tolist() == [1, 1, 0]
    assert len(tables.get_feature_names_out()) == 201


def test_a_heavy_tail_is_drawn_in_and_stays_in_order() -> None:
    sizes = np.exp(RNG.normal(scale=3, size=500))
    points = Tables().fit_transform({"size": sizes})[:, 0]
    assert np.array_equal(np.argsort(points), np.argsort(sizes))
    assert points.max() < 6
    assert ((sizes - sizes.mean()) / sizes.std()).max() > 10
    normal = RNG.normal(size=500)
    expected = (normal - normal.mean()) / normal.std()
    np.testing.assert_allclose(Tables().fit_transform({"x": normal})[:, 0], expected, atol=1e-6)


def test_what_comes_again_is_near_on_a_circle() -> None:
    days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=i) for i in range(28)]
    tables = Tables().fit({"day": days})
    points = tables.transform({"day": days})[:, 1:]  # without the days
    monday, sunday, tuesday, thursday = (points[i] for i in (0, 6, 1, 3))
    assert np.linalg.norm(monday - sunday) == pytest.approx(np.linalg.norm(monday - tuesday), 1e-4)
    assert np.linalg.norm(monday - thursday) > np.linalg.norm(monday - sunday)
    np.testing.assert_allclose(points[0], points[7], atol=1e-5)


def test_missing_columns_are_named_and_others_ignored_with_a_note() -> None:
    points = make_points(TABLE)
    with pytest.raises(InvalidInputError, match="lacks 'colour', 'flag'"):
        points.transform(without(NEW, "colour", "flag"))
    with pytest.raises(InvalidInputError, match="Is it 'Colour', named otherwise"):
        points.transform(without(NEW, "colour") | {"Colour": ["red"] * 3})
    with pytest.warns(FeatureWarning, match="'more' is ignored"):
        found = points.transform(NEW | {"more": [1, 2, 3]})
    assert_same(found, points.values[:3])
    order = dict(reversed(NEW.items()))
    assert_same(points.transform(order), points.values[:3])
    assert_same(points.transform(without(NEW, "number")), points.values[:3])


def test_new_cells_that_can_t_be_read_are_named() -> None:
    tables = Tables().fit(TABLE)
    with pytest.raises(InvalidInputError, match=r"'price' holds numbers, but other text in row 2"):
        tables.transform(NEW | {"price": ["1", "soon", "3"]})
    with pytest.raises(InvalidInputError, match=r"'price' has infinity in row 3"):
        tables.transform(NEW | {"price": [1, 2, np.inf]})
    with pytest.raises(InvalidInputError, match=r"'when' is to hold dates, .*'soon'"):
        tables.transform(NEW | {"when": ["soon", None, "2026-01-01"]})
    gaps = tables.transform(NEW | {"price": [None] * 3, "colour": [None] * 3})
    assert np.isfinite(gaps.toarray() if sparse.issparse(gaps) else gaps).all()


def test_a_column_that_is_the_labels_is_left_out() -> None:
    y = np.array([i % 2 if i < 20 else -1 for i in range(N)])
    kind = [["a", "b"][code] if code >= 0 else None for code in y]
    tables = Tables().fit({"x": TABLE["price"], "kind": kind}, y)
    assert tables.columns_[1].note == "it is the labels"
    assert Tables({"kind": "use"}).fit({"kind": kind}, y).columns_[0].kind == "category"


def test_labels_left_out_say_how_much_texts_count() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(200) % 2
    known = np.where(np.arange(200) < 60, truth, -1)
    topics = [["sun", "rain", "wind", "snow"], ["goal", "team", "match", "score"]]
    telling = [" ".join(rng.choice(topics[code], 6)) + f" {i // 2}" for i, code in enumerate(truth)]
    noise = [" ".join(rng.choice(WORDS, 6)) + f" {i // 2}" for i in range(200)]
    number = truth + rng.normal(scale=0.3, size=200)
    tables = Tables().fit({"x": number, "text": noise}, known)
    assert tables.columns_[1].weight < 2
    worded = Tables().fit({"x": rng.normal(size=200), "text": telling}, known)
    assert worded.columns_[1].weight >= 1
    name = [f"{['oak', 'fir'][code]}{i}" for i, code in enumerate(truth)]
    assert Tables().fit({"x": number, "name": name}).columns_[1].kind == "left out"


def test_columns_are_what_they_are_said_to_be() -> None:
    said = {"count": "category", "price": "drop", "note": "category", "number": "use"}
    kinds = {c.name: c.kind for c in Tables(said).fit(TABLE).columns_}
    assert (kinds["count"], kinds["number"]) == ("category", "number")
    assert kinds["price"] == kinds["note"] == "left out"
    dates = {"when": ["02/01/2026", "03/01/2026", "11/01/2026"]}
    day_first = Tables().fit(dates)
    (warning,) = day_first.warnings_
    assert "columns={'when': 'date:%m/%d/%Y'}" in warning
    month_first = Tables({"when": "date:%m/%d/%Y"}, scale=False).fit(dates)
    assert month_first.warnings_ == ()
    as_days = Tables(scale=False).fit_transform(dates)[:, 0]
    assert np.ptp(month_first.transform(dates)[:, 0]) != np.ptp(as_days)
    words = {"tags": ["a, b", "b", "a,b , c"]}
    names = Tables({"tags": "list"}).fit(words).get_feature_names_out()
    assert names.tolist() == ["tags=a", "tags=b", "tags=c"]


def test_sentences_with_a_comma_are_texts_and_what_a_form_offers_is_a_list() -> None:
    rng = np.random.default_rng(3)
    greetings = ["Hello", "Dear team", "Good morning", "Hi"]
    troubles = ["the price went up without notice", "it is slow again and again", "nobody answers"]
    said = [
        f"{rng.choice(greetings)}, {rng.choice(troubles)} since {rng.choice(['May', 'June'])} {day}"
        for day in rng.integers(1, 28, 400)
    ]
    offered = ["I use it every single day", "I would tell my friends", "It costs too much for me"]
    chosen = [
        ", ".join(answer for answer in offered if rng.random() < 0.6) or offered[0]
        for _ in range(400)
    ]
    cities = [
        "New York, San Francisco",
        "Rome, New York",
        "Rome, San Francisco, Oslo",
        "Oslo, Rome",
    ]
    columns = Tables().fit({"said": said, "chosen": chosen, "cities": 100 * cities}).columns_
    assert [column.kind for column in columns] == ["text", "list", "list"]


def test_embeddings_stand_for_the_texts_and_need_some() -> None:
    rows = np.arange(2.0 * N).reshape(N, 2) + 1
    tables = Tables(embeddings=rows).fit(TABLE)
    note = next(column for column in tables.columns_ if column.name == "note")
    assert (note.kind, note.width) == ("text", 2)
    with pytest.raises(InvalidInputError, match=r"embeddings are for texts, .* no column of"):
        Tables(embeddings=rows).fit(without(TABLE, "note"))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("text", InvalidTypeError, "got a str"),
        ([1, 2], InvalidInputError, "rows and columns"),
        ({"a": [1, 2], "b": [1]}, InvalidInputError, "one length, got 'a' 2, 'b' 1"),
        ({"a": []}, InvalidInputError, "no rows"),
        ({}, InvalidInputError, "no columns"),
        ({"a": "abc"}, InvalidTypeError, "got a str"),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            InvalidInputError,
            "more than one column named 'a'",
        ),
        ({"a": [1, 1, 1]}, InvalidInputError, "'a': one value only"),
    ],
)
def test_what_is_no_table_is_refused(data: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Tables().fit(data)


def test_it_works_as_scikit_learn_s_transformers_do() -> None:
    frame = pd.DataFrame(without(TABLE, "note"), index=range(1000, 1000 + N))
    tables = Tables().set_output(transform="pandas")
    found = tables.fit_transform(frame)
    assert found.index.tolist() == frame.index.tolist()
    assert found.columns.tolist() == tables.get_feature_names_out().tolist()
    assert clone(Tables({"price": "drop"})).columns == {"price": "drop"}
    piped = make_pipeline(Tables(), MaxAbsScaler()).fit_transform(frame)
    assert piped.shape == found.shape
    again = pickle.loads(pickle.dumps(Tables().fit(TABLE)))
    assert_same(again.transform(NEW), Tables().fit(TABLE).transform(NEW))
    arrays = Tables().fit(np.array([[1.0, np.nan], [2.0, 5.0]]))
    assert arrays.get_feature_names_out().tolist() == ["x0", "x1", "x1=missing"]


def test_what_was_fitted_comes_back_from_its_state() -> None:
    tables = Tables().fit(TABLE)
    again = Tables._from_state(tables._state())
    assert_same(again.transform(NEW), tables.transform(NEW))
    assert again.get_feature_names_out().tolist() == tables.get_feature_names_out().tolist()
    assert again.choices_ == tables.choices_


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state.pop("names"),
        lambda state: state["columns"].pop("0"),
        lambda state: state["columns"].clear(),
        lambda state: state["columns"]["0"].update(kind="pickle"),
        lambda state: state["columns"]["0"].update(means=np.array([np.nan, 0])),
        lambda state: state["columns"]["0"].update(means=np.zeros(5)),
        lambda state: state["columns"]["0"].update(factor="1"),
        lambda state: state["columns"]["0"]["encoder"].pop("median"),
        lambda state: state["columns"]["2"]["encoder"].update(levels=[1, 2]),
        lambda state: state["columns"]["5"]["encoder"].update(transformer="os.system"),
        lambda state: state["columns"]["0"].update(name="stranger"),
    ],
)
def test_a_damaged_state_is_refused(damage: Any) -> None:
    state = Tables().fit(TABLE)._state()
    damage(state)
    with pytest.raises(DataFileError, match="saved features"):
        Tables._from_state(state)


@pytest.mark.parametrize("form", ["%Y%m%d", "%d%m%Y"])
@pytest.mark.parametrize("as_text", [False, True])
def test_dates_written_as_numbers_are_asked_about_and_read_if_said(
    form: str, as_text: bool
) -> None:
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(days=37 * row) for row in range(40)]
    written = [day.strftime(form) for day in days]
    cells: list[Any] = written if as_text else [int(cell) for cell in written]
    table = {"when": [*cells, None], "x": [row % 7 for row in range(41)]}
    with pytest.warns(FeatureWarning, match=f"also dates.*'date:{form}'"):
        make_points(table)
    points = make_points(table, columns={"when": f"date:{form}"})
    expected = make_points({"when": [*days, None], "x": table["x"]})
    np.testing.assert_array_equal(points.values, expected.values)


def test_numbers_that_are_no_dates_are_not_asked_about() -> None:
    rng = np.random.default_rng(0)
    table = {"amount": rng.integers(10**7, 10**8, 60), "months": np.tile([202001, 202002], 30)}
    assert make_points(table).warnings == ()
