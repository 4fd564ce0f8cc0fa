"""Numbers as people write them are numbers for the whole column, or a clear word is said."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError
from fewlabels.io import Table, read_table
from fewlabels.io._spelled import decimal_mark, spelled_numbers
from fewlabels.io._table import Categories, Dates, Mixed, Numbers
from fewlabels.io._views import text_view
from tests.built import built


def table_of(folder: Path, columns: dict[str, list[str]]) -> Table:
    path = folder / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return read_table(path)


def numbers_in(table: Table, name: str) -> list[float]:
    view = table.view(name)
    assert isinstance(view, Numbers)
    values: list[float] = view.values.tolist()
    return values


COLUMNS: dict[str, tuple[list[str], list[float], tuple[str, ...]]] = {
    "decimal comma": (["3,10", "-0,5", "7"], [3.1, -0.5, 7], ("decimal comma",)),
    "signs of full width": (["１２．５％", "－３％", "4 %"], [12.5, -3, 4], ("unit '%'",)),
    "percent": (["36.6%", "5 %", "-1%"], [36.6, 5, -1], ("unit '%'",)),
    "dollars": (["$36.6", "-$5", "$-1"], [36.6, -5, -1], ("written with '$'",)),
    "euros": (["3.10 EUR", "5 EUR", ".5 EUR"], [3.1, 5, 0.5], ("unit 'EUR'",)),
    "currency in front": (["CHF 1'200.50", "CHF 3.00"], [1200.5, 3], ()),
    "unit": (["36.6 cm", "5cm", "7 cm."], [36.6, 5, 7], ("unit 'cm'",)),
    "one and many": (["1 day", "2 days", "3 Days"], [1, 2, 3], ("unit 'day'",)),
    "ordinals": (["1st", "2nd", "3rd", "21st", "4th"], [1, 2, 3, 21, 4], ()),
    "formula": (['="36.6"', '="5"'], [36.6, 5], ("marked as text",)),
    "apostrophe": (["'36.6", "'5"], [36.6, 5], ("marked as text",)),
    "Unicode minus": (["\u22120.5", "1.5", "\u20132"], [-0.5, 1.5, -2], ()),
    "thousands": (["1,234.5", "12", "1,000,000.25"], [1234.5, 12, 1000000.25], ()),
    "German thousands": (["1.234,5", "12", "1.000.000,25"], [1234.5, 12, 1000000.25], ()),
    "blanks": (["1 234,5", "12\u00a0000", "7"], [1234.5, 12000, 7], ()),
    "Swiss": (["1'234.5", "12\u2019000"], [1234.5, 12000], ('thousands separated by "\'"',)),
    "lines": (["1_000", "2_000_000"], [1000, 2000000], ("thousands separated by '_'",)),
    "Indian": (["12,34,567", "1,00,000"], [1234567, 100000], ("thousands separated by ','",)),
    "accounts": (["(1,200.50)", "3.00", "7-"], [-1200.5, 3, -7], ()),
    "hexadecimal": (["0x1F", "0xff", "0x10"], [31, 255, 16], ("hexadecimal",)),
    "exponents": (["1,5e3", "2,5E-1"], [1500, 0.25], ("decimal comma",)),
    "full width": (["\uff11\uff12", "3"], [12, 3], ()),
}


@pytest.mark.parametrize(("cells", "numbers", "said"), COLUMNS.values(), ids=COLUMNS.keys())
def test_a_column_written_alike_is_one_of_numbers(
    cells: list[str], numbers: list[float], said: tuple[str, ...]
) -> None:
    view = text_view([*cells, "", *cells])
    assert isinstance(view, Numbers)
    assert np.array_equal(view.values, [*numbers, math.nan, *numbers], equal_nan=True)
    assert set(said) <= set(view.said)


@pytest.mark.parametrize(
    "cells",
    [
        ["A12", "B7", "C3"],
        ["12a", "b12", "c"],
        ["007", "012", "5"],
        ['="007"', '="12"', '="9"'],
        ["1.2.3", "1.10.0", "2.0.1"],
        ["192.168.0.1", "10.0.0.1", "8.8.8.8"],
        ["red", "blue", "3 of 4"],
        ["18-25", "26-35", "36+"],
        [f"10{n} {a}{b}" for n, a, b in zip("12345678", "ABCDEFGH", "XYZXYZXY", strict=True)],
        ["M", "L", "XL"],
    ],
)
def test_codes_and_names_are_no_numbers(cells: list[str]) -> None:
    view = text_view(cells * 4)
    assert isinstance(view, Categories)
    assert view.doubt == ""


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["31.1.2026", "1.2.2026"], [20484, 20485]),
        (["12:30", "6:00 pm"], [0.520833, 0.75]),
        (["2026-01-31", "NA", ""], [20484, np.nan, np.nan]),
        (["2026-01-31T12:00:00Z", "2026/2/1 06:00"], [20484.5, 20485.25]),
        (["1/31/26", "2/1/26"], [20484, 20485]),
        (["31/12/69", "1/1/1970"], [-1, 0]),
    ],
)
def test_dates_and_times_are_days(cells: list[str], days: list[float]) -> None:
    view = text_view(cells)
    assert isinstance(view, Dates)
    np.testing.assert_allclose(view.days, days, rtol=1e-5)


def test_what_only_looks_like_dates_is_names() -> None:
    for cells in (["12.1.2026", "31.2.2026"], ["10.1.99", "10.20.300"], ["24-10", "1-05"]):
        assert isinstance(text_view(cells), Categories)


def test_the_order_of_day_and_month_is_told_from_the_column_or_doubted() -> None:
    unsure = text_view(["3/4/2026", "5/6/2026"])
    assert isinstance(unsure, Dates)
    assert unsure.other_form == "%m/%d/%Y"
    sure = text_view(["3/4/2026", "5/16/2026"])
    assert isinstance(sure, Dates)
    assert sure.other_form == ""
    assert sure.days[0] == unsure.days[0] - 31 + 1


def test_a_column_of_numbers_that_is_mostly_missing_in_words_is_one_of_numbers() -> None:
    words = ["NA", "#N/A", "n/a", "<NA>", r"\N", ".", "-", "?", "None", "null", "unlabelled"]
    words += ["\u2212", "\u2013"]
    view = text_view([*words, "3.5", *words, "7"])
    assert isinstance(view, Numbers)
    assert np.isnan(view.values).sum() == 2 * len(words)
    assert view.values[[len(words), -1]].tolist() == [3.5, 7]
    assert view.said[-1].endswith("(26 cells)")


def test_the_same_words_with_units() -> None:
    view = text_view(["5 cm", "n/a", "-", "7 cm"])
    assert isinstance(view, Numbers)
    assert np.array_equal(view.values, [5, np.nan, np.nan, 7], equal_nan=True)


def test_what_most_cells_are_makes_the_others_strangers() -> None:
    for cells in (
        ["5 cm", "6 cm", "7 cm", "3 in"],
        ["5 cm", "6 cm", "7 cm", "tall"],
        ["3,5", "4,5", "5,5", "many"],
        ["1", "2", "3", "4 EUR"],
    ):
        view = text_view(cells)
        assert isinstance(view, Mixed)
        assert view.rows.tolist() == [3]


def test_numbers_written_in_two_ways_are_refused_by_that_name(tmp_path: Path) -> None:
    columns = {"y": ["a", "b", "", ""], "x": ["1,5", "2,5", "3.5", "4,5"]}
    table = table_of(tmp_path, columns)
    with pytest.raises(InvalidInputError, match=r"written in another way in row 3 .*'3\.5'"):
        built(table, label="y")


def test_numbers_that_are_not_the_whole_truth_leave_a_doubt() -> None:
    view = text_view(["<5", "~7", "> 9", "<12"])
    assert isinstance(view, Categories)
    assert view.doubt.startswith("holds numbers, not all written alike")


def test_numbers_among_more_words_leave_a_doubt(tmp_path: Path) -> None:
    view = text_view(["S", "M", "38", "40", "L", "S", "M"])
    assert isinstance(view, Categories)
    assert view.doubt.startswith("holds numbers in 2 of 7 filled cells")
    view = text_view(["5 cm", "3 in", "2 ft", "7 m"])
    assert isinstance(view, Categories)
    assert view.doubt.startswith("holds numbers, not all written alike (such as '5 cm', '3 in')")
    columns = {"y": ["a", "b", *[""] * 5], "x": list("1234567"), "size": ["S", "M", "38"] * 2}
    columns["size"].append("40")
    table = table_of(tmp_path, columns)
    (warning,) = built(
        table,
        label="y",
    ).warnings
    assert "column 'size' holds numbers in 3 of 7 filled cells" in warning
    chosen = built(table, label="y", size="category")
    assert chosen.warnings == ()


def test_words_for_missing_among_words_are_warned_of(tmp_path: Path) -> None:
    columns = {"y": ["a", "b", "", ""], "x": list("1243"), "job": ["cook", "?", "cook", "smith"]}
    table = table_of(tmp_path, columns)
    (warning,) = built(table, label="y").warnings
    assert "column 'job' holds words, among which '?' counts" in warning
    assert "missing=['?']" in warning
    told = read_table(table.path, missing=["?"])
    features = built(told, label="y", scale=False)
    assert features.warnings == ()
    assert features.values[:, 1:].tolist() == [[1, 0], [0, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("other", "numbers"),
    [("0,5", [1.234, 2.5]), ("0.5", [1234, 2.5]), ("7", [1234, 2.5])],
)
def test_an_ambiguous_comma_is_what_the_other_columns_say(
    tmp_path: Path, other: str, numbers: list[float]
) -> None:
    table = table_of(tmp_path, {"a": ["1,234"], "b": [other]})
    view = table.view("a")
    assert isinstance(view, Numbers)
    assert view.values.tolist() == numbers[:1]
    assert ("decimal=','" in view.doubt) == (other == "7")


def test_an_ambiguous_point_is_what_the_other_columns_say(tmp_path: Path) -> None:
    german = table_of(tmp_path, {"a": ["1.234", "12.000"], "b": ["0,5", "7,25"]})
    assert numbers_in(german, "a") == [1234, 12000]
    alone = table_of(tmp_path, {"a": ["1.234", "12.000"], "b": ["x", "y"]})
    assert numbers_in(alone, "a") == [1.234, 12]


def test_points_between_semicolons_may_separate_thousands(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for rows, doubts in (
        ("1.234;x\n12.000;y\n", True),
        ("1.234;0.5\n12.000;7.25\n", False),
        ("1.23;x\n12.000;y\n", False),
    ):
        path.write_text("a;b\n" + rows)
        view = read_table(path).view("a")
        assert isinstance(view, Numbers)
        assert view.values[1] == 12
        assert ("decimal=','" in view.doubt) == doubts
        said = read_table(path, decimal=".").view("a")
        assert isinstance(said, Numbers)
        assert said.doubt == ""


def test_the_decimal_mark_can_be_said(tmp_path: Path) -> None:
    path = table_of(tmp_path, {"a": ["1,234", "2,500"], "b": ["1.234", "2.500"]}).path
    comma, point = read_table(path, decimal=","), read_table(path, decimal=".")
    found = [[numbers_in(table, name) for name in "ab"] for table in (comma, point)]
    assert found == [[[1.234, 2.5], [1234, 2500]], [[1234, 2500], [1.234, 2.5]]]
    with pytest.raises(InvalidInputError, match=r"decimal must be ',' or '\.', got ';'"):
        read_table(path, decimal=";")


def test_text_in_typed_columns_is_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    cells = ["3,10", "n/a", "4,5", 7]
    path.write_text("".join(json.dumps({"x": cell}) + "\n" for cell in cells))
    view = read_table(path).view("x")
    assert isinstance(view, Numbers)
    assert np.array_equal(view.values, [3.1, np.nan, 4.5, 7], equal_nan=True)


def test_blank_text_among_numbers_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"x": 1}\n{"x": ""}\n{"x": " "}\n{"x": 2.5}\n')
    view = read_table(path).view("x")
    assert isinstance(view, Numbers)
    assert np.array_equal(view.values, [1, np.nan, np.nan, 2.5], equal_nan=True)


def test_decimal_mark_of_a_table() -> None:
    assert decimal_mark([["1,5", "2"], ["x,y", "z"]]) == ","
    assert decimal_mark([["1,5"], ["1.5"]]) is None
    assert decimal_mark([["1,234"], ["text, with 1,5 in it"]]) is None


@given(
    numbers=st.lists(st.integers(-(10**8), 10**8).map(lambda n: n / 100), min_size=2, max_size=8),
    mark=st.sampled_from([",", "."]),
    group=st.sampled_from(["", " ", "'", "other"]),
    unit=st.sampled_from(["", " EUR", "%", " cm"]),
)
def test_any_numbers_written_alike_come_back(
    numbers: list[float], mark: str, group: str, unit: str
) -> None:
    between = {",": ".", ".": ","}[mark] if group == "other" else group
    cells = [
        f"{number:,.2f}".translate({ord(","): between, ord("."): mark}) + unit for number in numbers
    ]
    found = spelled_numbers(dict.fromkeys(cells, 1), None, lambda: None)
    assert found is not None
    assert not found.strangers
    assert [found.numbers[cell] for cell in cells] == numbers


def test_points_beside_a_currency_may_separate_thousands_too() -> None:
    cells = [f"€ {number // 1000}.{number % 1000:03d}" for number in range(1200, 3600, 37)]
    doubtful = text_view(cells, in_semicolons=True)
    assert isinstance(doubtful, Numbers)
    assert "may separate thousands" in doubtful.doubt
    plain = text_view([cell.replace(".", ".0") for cell in cells], in_semicolons=True)
    assert isinstance(plain, Numbers)
    assert plain.doubt == ""
