"""Values that may stand for something else are used as they are, and said."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels.features import Tables
from fewlabels.features._stand_ins import about_alike, about_stand_ins
from fewlabels.io._table import Dates, Numbers

RNG = np.random.default_rng(0)
AGES = RNG.integers(18, 90, 60).astype(float)


def numbers(usual: np.ndarray, *others: float) -> Numbers:
    return Numbers(np.array([*usual, *others, np.nan]))


@pytest.mark.parametrize("marker", [-1, -9, -99, -999, 999, 9999, -32768])
def test_a_usual_marker_far_from_all_others_is_said(marker: float) -> None:
    doubt = about_stand_ins(numbers(AGES, marker, marker))
    how = "the only negative value" if -71 < marker < 0 else "far from all other values"
    assert doubt.startswith(f"has {marker} in 2 rows, {how}. It counts as a number like any other.")


@pytest.mark.parametrize(
    "view",
    [
        numbers(AGES, 999),  # once only
        numbers(AGES, 95, 95),  # no usual one
        numbers(np.linspace(-2000, 2000, 50), -999, -999),  # amidst the others
        numbers(np.linspace(-20, 30, 50), -1, -1),  # a temperature
        numbers(np.linspace(10, 990, 50), 999, 999),  # near the others
        numbers(np.array([0.0, 1.0, 0.0, 1.0]), -1, -1),  # of few values
        Numbers(np.full(5, np.nan)),
    ],
)
def test_other_numbers_are_not(view: Numbers) -> None:
    assert about_stand_ins(view) == ""


@pytest.mark.parametrize(("day", "n"), [("9999-12-31", 1), ("1900-01-01", 3)])
def test_a_date_that_stands_for_none_is_said(day: str, n: int) -> None:
    days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]").astype(float)
    last = np.full(n, np.datetime64(day).astype(float))
    doubt = about_stand_ins(Dates(np.concatenate([days, last, [np.nan]])))
    assert doubt.startswith(f"has the date {day} in {n} row")
    assert about_stand_ins(Dates(days)) == ""


def test_names_that_differ_in_case_or_blanks_are_said() -> None:
    doubt = about_alike(["Red", "blue", "light  red", "light red", "red"])
    assert doubt.startswith("has names that differ only in case or blanks (such as 'Red', 'red')")
    assert "). These count as different categories. If they are one, write" in doubt
    assert about_alike(["A", "a", "red", "reds"]) == ""


def test_tables_say_what_may_stand_for_something_else() -> None:
    colours = ["red", "Red", "blue"] * 20
    zips = [10115, 80331, 50667, 20095] * 15
    table = {"age": [*AGES[:57], -1, -1, -1], "colour": colours, "zip": zips}
    tables = Tables().fit(table)
    age, colour = tables.warnings_
    assert age.startswith("column 'age' has -1 in 3 rows")
    assert colour.startswith("column 'colour' has names that differ only in case")
    (note,) = [line for line in tables.choices_ if "postcodes" in line]
    assert note.startswith("note: used as numbers: zip; if their values are names")
    assert "columns={'zip': 'category'}" in note
    asked = Tables({"zip": "category", "age": "drop", "colour": "drop"}).fit(table)
    assert (asked.warnings_, len(asked.choices_)) == ((), 2)
    assert not any("-1" in line for line in Tables({"age": "number"}).fit(table).warnings_)


@pytest.mark.parametrize("called", ["Total", "Grand total:", "Summe", "Average"])
def test_a_last_row_that_is_called_a_total_is_said(called: str) -> None:
    table = {
        "name": [f"n{place}" for place in range(59)] + [called],
        "age": AGES,
        "shift": ["a", "b", "c"] * 20,
    }
    (warning,) = Tables().fit(table).warnings_
    assert warning.startswith(f"row 60, the last, is called {called!r} in column 'name'")


def test_the_last_label_is_no_name_of_a_total() -> None:
    labels = ["kind", *["kind", "fair"] * 29, "mean"]
    table = {"age": AGES, "shift": ["a", "b", "c"] * 20, "label": labels}
    codes = np.unique(labels, return_inverse=True)[1]
    unlabelled = np.where(np.arange(60) % 7 == 2, -1, codes)
    table["some"] = [
        name if code >= 0 else "" for name, code in zip(labels, unlabelled, strict=True)
    ]
    for y, left in ((codes, "label"), (unlabelled, "some")):
        kept = {name: table[name] for name in ("age", "shift", left)}
        assert Tables({left: "drop"}).fit(kept, y).warnings_ == ()
    kept = {name: table[name] for name in ("age", "shift", "some")}
    assert Tables().fit(kept, unlabelled).warnings_ == ()
    (warning,) = Tables().fit(kept).warnings_
    assert "is called 'mean' in column 'some'" in warning


def test_names_that_come_again_are_no_totals() -> None:
    table = {"name": ["mean", "kind"] * 30, "age": AGES}
    assert Tables().fit({"name": table["name"][::-1], "age": AGES}).warnings_ == ()
    assert Tables().fit(table).warnings_ == ()


def test_empty_rows_are_said_with_what_helps() -> None:
    table = {"age": [*AGES, None], "shift": [*(["a", "b", "c"] * 20), ""]}
    tables = Tables().fit(table)
    (warning,) = tables.warnings_
    assert warning.endswith("it gets no answer. Fill in cells, or delete empty rows.")


@pytest.mark.parametrize("name", ["Weight", "Score", "the order number"])
def test_numbered_names_are_a_text_where_nothing_else_is(name: str) -> None:
    table = {"said": [f"{name} {place}" for place in range(60)]}
    for y in (np.arange(60) // 30, np.arange(60) % 2, None):
        assert Tables().fit(table, y).columns_[0].kind == "text"
    tables = Tables().fit(table)
    (warning,) = tables.warnings_
    assert warning.endswith("If the number is an amount, make a column of it.")
    tables = Tables().fit(table | {"age": AGES}, np.arange(60) // 30)
    assert tables.columns_[0].note.endswith("if the number is an amount, make a column of it")


def test_embeddings_as_rows_belong_to_numbered_names_where_no_other_text_is() -> None:
    table = {"said": [f"Weight {place}" for place in range(60)], "age": AGES}
    rows = RNG.normal(size=(60, 4))
    for columns in (table, {"said": table["said"]}):
        tables = Tables(embeddings=rows).fit(columns, np.arange(60) % 2)
        assert (tables.embedded_columns_, tables.warnings_) == (("said",), ())


def test_names_that_differ_in_their_number_only_are_left_out() -> None:
    table = {"name": [f"Customer number {place}" for place in range(60)], "age": AGES}
    tables = Tables().fit(table)
    assert tables.columns_[0].note.startswith("codes, 60 different values")
    told = ["a refund for order", "the late parcel"]  # which of them it is tells something
    table["name"] = [f"{told[place % 2]} {place}" for place in range(60)]
    assert Tables().fit(table).columns_[0].kind == "text"
