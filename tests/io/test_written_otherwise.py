"""Durations, angles, fractions and several numbers in a cell are numbers, or a word is said."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fewlabels import FeatureWarning, Tables, make_points
from fewlabels.cli import main
from fewlabels.exceptions import InvalidInputError
from fewlabels.io._durations import days_of_duration
from fewlabels.io._several_numbers import angle_of, fraction_of, numbers_of
from fewlabels.io._sheets import _durations_alike
from fewlabels.io._table import Block, Categories, Dates, Numbers
from fewlabels.io._views import object_view, text_view

HOUR = 1 / 24


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        ("26:30", 26.5),
        ("26:30:36", 26.51),
        ("3:45.6", 225.6 / 3600),
        ("3 days", 72),
        ("2 h 15 min", 2.25),
        ("1h30m", 1.5),
        ("-1h30m", -1.5),
        ("1,5 Std.", 1.5),
        ("2 Stunden und 6 Minuten", 2.1),
        ("1 day, 2:30:00", 26.5),
        ("1 day, 12:00:00", datetime.timedelta(hours=36) / datetime.timedelta(hours=1)),
        ("-1 day, 23:30:00", -0.5),  # Python's -30 minutes
        ("0 days 00:30:00.000000", 0.5),
        ("-1 days +23:30:00", -0.5),
        ("1.02:00:00", 26),
        ("PT2H15M", 2.25),
        ("-P1DT6H", -30),
        ("P2W", 336),
        ("1 year", 365.2425 * 24),
    ],
)
def test_durations_are_read_in_days(cell: str, hours: float) -> None:
    assert days_of_duration(cell) == pytest.approx(hours * HOUR)


@pytest.mark.parametrize("cell", ["12", "5 km", "h", "P", "PT", "1:75", "2 h 3 h", "5 min 2 h"])
def test_other_text_is_no_duration(cell: str) -> None:
    assert days_of_duration(cell) is None


@pytest.mark.parametrize(
    "cell",
    ["48.2, 16.37", "48,2; 16,37", "48,2 16,37", "(48.2, 16.37)", "POINT(48.2 16.37)",
     "N48.2 E16.37", "48.2°N 16.37°E", "48°12'N, 16°22'12\"E", "16°22'12\"E 48°12'N"],
)  # fmt: skip
def test_places_are_two_numbers(cell: str) -> None:
    assert numbers_of(cell) == pytest.approx((48.2, 16.37))


def test_angles_and_fractions_have_their_signs() -> None:
    assert angle_of("33°52'12\"S") == pytest.approx(-33.87)
    assert angle_of("-33° 52′ 12″") == pytest.approx(-33.87)
    assert [angle_of(text) for text in ("48.2", "48°", "N12", "48°N 16°E", "400°N")] == [None] * 5
    assert [fraction_of(text) for text in ("3/8", "1 1/2", "-1-1/4", '3/4"')] == [
        0.375, 1.5, -1.25, 0.75,
    ]  # fmt: skip
    others = ("120/80", "12/3", "4/4", "1/0", "5/2026", "2024-1/2", "1/" + "2" * 5000)
    assert [fraction_of(text) for text in others] == [None] * len(others)


def numbers(cells: list[str]) -> tuple[list[float], tuple[str, ...]]:
    view = text_view(cells)
    assert isinstance(view, Numbers)
    values: list[float] = view.values.tolist()
    return values, view.said


def test_columns_are_recognised_as_a_whole() -> None:
    assert numbers(["90 min", "2 h", "", "n/a"])[1] == (
        "durations, in days",
        "missing: 'n/a' (1 cell)",
    )
    assert numbers(["3/8", "1/2", "1"]) == ([0.375, 0.5, 1], ("fractions, such as 3/8",))
    assert numbers(["1.5D+03", "2.5d-1", "3.0"]) == ([1500, 0.25, 3], ("1.5D+03 is 1500",))
    assert numbers(["48°30'N", "47°15'N"])[0] == [48.5, 47.25]
    places = text_view(["48.2, 16.37", "", "47.1, 15.4"])
    assert isinstance(places, Block)
    np.testing.assert_array_equal(places.values[::2], [[48.2, 16.37], [47.1, 15.4]])
    assert np.isnan(places.values[1]).all()
    assert isinstance(text_view(["12:30", "1:45:10"]), Dates)  # times of day
    for codes in (["12D34", "15D36"], ["N12", "S7"], ["1, 2", "2, 3"], ["170 1234", "171 4567"]):
        assert isinstance(text_view(codes * 2), Categories)


@pytest.mark.parametrize(
    "cells",
    [
        ["4:13", "59:59", "1:02:33"],  # minutes or hours
        ["4:13", "3:45.2", "26:10"],
        ["3M", "6M", "1Y", "10D"],
        ["4m", "2y", "10d"],
        ["2 S", "4 M", "3 L"],
        ["1,200 ms", "2 s"],
        ["08:00", "17:30", "24:00"],
        ["3/4", "6/8", "4/4"],
        ["3/4", "6/8", "1/2"],
        ["1/12", "3/11", "12/5"],
        ["10.5 W", "9.5 N", "11.5 E"],
        ["1,200 3,400", "1,300 2,500", "9,100 7,250"],
        ["1,200; 3,400", "1,300; 2,500", "9,100; 7,250"],
        ["(0.1, 0.5]", "(0.5, 0.9]", "(0.9, 1.3]"],
        ["1.5D3", "2.5D4", "3.5D1"],
    ],
)
def test_columns_that_may_be_something_else_are_names(cells: list[str]) -> None:
    assert isinstance(text_view(cells * 2), Categories)


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["4:13", "59:59", "1:02:33"], "durations (such as '4:13')"),
        (["120/80", "135/85", "110/70"], "pairs of numbers (such as '120/80')"),
        (["1:30:00", "26:00:00", "2 days", "long"], "durations in 3 of 4 filled cells"),
        (["1.5, 2.5", "3.5, 4.5", "1.5, 3", "?!"], "several numbers in a cell in 3 of 4"),
    ],
)
def test_columns_that_are_so_in_part_are_doubted(cells: list[str], what: str) -> None:
    view = text_view(cells)
    assert isinstance(view, Categories)
    assert what in view.doubt


def test_new_durations_are_read_by_their_units() -> None:
    fitted = Tables(scale=False).fit({"took": ["90 min", "2 h", "26:00:00"] * 4})
    hours = fitted.transform({"took": ["30 min", "1:30:00", "PT3H"]})[:, 0] * 24
    np.testing.assert_allclose(hours, [0.5, 1.5, 3], rtol=1e-6)
    same = Tables._from_state(fitted._state()).transform({"took": ["30 min"]})
    np.testing.assert_allclose(same[:, 0] * 24, 0.5)
    with pytest.raises(InvalidInputError, match=r"held durations .* row 1 \(the first: '5 km'\)"):
        fitted.transform({"took": ["5 km"]})
    for unclear in ("4:13", "3m"):  # hours or minutes, minutes or months
        with pytest.raises(InvalidInputError, match=f"the first: '{unclear}'"):
            fitted.transform({"took": [unclear]})
    hours = Tables(scale=False).fit({"took": ["26:30", "4:15", "1:00"]})
    np.testing.assert_allclose(hours.transform({"took": ["1:30"]}) * 24, [[1.5]])
    with pytest.raises(InvalidInputError, match=r"the first: '3:45\.2'"):
        hours.transform({"took": ["1:30", "3:45.2"]})
    with pytest.raises(InvalidInputError, match="held durations"):
        fitted.transform({"took": [5.0]})


def test_new_numbers_have_the_unit_of_those_that_were_fitted() -> None:
    fitted = Tables(scale=False).fit(
        {"weight": ["5 kg", "7 kg", "9 kg"], "share": ["5%", "7 %", "n/a"], "plain": [1, 2, 4]}
    )
    new = {"weight": ["6 kg", None], "share": ["6 %", "8%"], "plain": ["3", "4"]}
    np.testing.assert_array_equal(fitted.transform(new)[:, 0], [6, 7])
    fitted.transform(new | {"weight": [6.0, 7.0]})  # no other unit
    for name, cells, what in (
        ("weight", ["6 g", "7 g"], "with 'kg' .* others with 'g'"),
        ("weight", ["6 h 5 min", "7 h"], "with 'kg' .* others with 'durations'"),
        ("share", [0.06, 0.08], "with '%' .* others without"),
        ("plain", ["12 %"] * 2, "without a unit .* others with '%'"),
        ("plain", ["12 kg"] * 2, "without a unit .* others with 'kg'"),
        ("plain", ["1 h"] * 2, "without a unit .* others with 'h'"),
        ("plain", ["1 h", "5 min"], "without a unit .* others with 'durations'"),
        ("plain", ["3/4"] * 2, "without a unit .* others with 'fractions'"),
    ):
        with pytest.raises(InvalidInputError, match=what):
            fitted.transform(new | {name: cells})


@pytest.mark.parametrize("nothing", [None, "", "n/a", math.nan])
@pytest.mark.parametrize(
    "cells",
    [["5 %", "7 %", "9 %"], ["48.2, 16.4", "47.1, 15.4", "48.3, 14.3"], ["3/8", "1/2", "1"],
     ["90 min", "2 h", "26:00:00"], ["1", "2", "4"]],
)  # fmt: skip
def test_a_new_row_may_hold_nothing_in_any_column_of_numbers(
    cells: list[str], nothing: object
) -> None:
    fitted = Tables(scale=False).fit({"x": [1.0, 2.0, 3.0], "c": cells})
    found = fitted.transform({"x": [1.0], "c": [nothing]})
    assert np.isfinite(found).all()
    both = fitted.transform({"x": [1.0, 1.0], "c": [nothing, cells[0]]})
    np.testing.assert_array_equal(both[0], found[0])


def test_new_fractions_may_be_few_among_numbers() -> None:
    fitted = Tables(scale=False).fit({"inches": ["3/8", "1/2", "1"]})
    new = fitted.transform({"inches": ["1", "2", "1 1/2", "0.5"]})
    np.testing.assert_array_equal(new[:, 0], [1, 2, 1.5, 0.5])


@pytest.mark.parametrize(
    "names", [("(0.1, 0.5]", "(0.5, 0.9]"), ("48.2, 16.3", "48.3, 16.4"), ("3/4", "6/8")]
)
def test_a_copy_of_the_labels_is_no_feature_however_it_is_written(names: tuple[str, str]) -> None:
    y = np.array([i % 2 if i < 20 else -1 for i in range(40)])
    copied = [names[code] if code >= 0 else None for code in y]
    tables = Tables().fit({"x": np.arange(40) / 7, "copied": copied}, y)
    assert tables.columns_[1].note == "it is the labels"


def test_house_numbers_with_a_slash_among_numbers_are_an_error() -> None:
    cells = [str(i) for i in range(1, 121)]
    for strange in ("12/3", "3/4"):
        with pytest.raises(InvalidInputError, match=strange):
            make_points({"house": [*cells, strange]})


def test_durations_of_ods_files_are_typed_only_if_all_are() -> None:
    day, gap, text = "PT24H0M0S", "n/a", "long"
    durations = [datetime.timedelta(1), datetime.timedelta(hours=6), None, None]
    assert _durations_alike([day, datetime.time(6), gap, None]) == durations
    assert _durations_alike([day, gap, text]) == [day, gap, text]


def test_typed_durations_beside_times_are_durations() -> None:
    view = object_view([datetime.time(6), None, datetime.timedelta(hours=36)])
    assert isinstance(view, Numbers)
    np.testing.assert_array_equal(view.values, [0.25, math.nan, 1.5])
    fitted = Tables(scale=False).fit({"took": np.array([1, 2, 3], dtype="timedelta64[D]")})
    np.testing.assert_allclose(fitted.transform({"took": ["36 h"]}), [[1.5]])


def test_times_before_noon_may_be_durations_and_can_be_said_to_be() -> None:
    table = {"took": [f"{i % 3}:{i:02d}:07" for i in range(30)]}
    with pytest.warns(FeatureWarning, match="before noon .* columns={'took': 'number'}"):
        make_points(table)
    points = make_points(table, columns={"took": "number"})
    assert points.values.shape == (30, 1)


def test_places_of_new_rows_may_be_whole_numbers() -> None:
    fitted = Tables(scale=False).fit({"at": [f"{48 + i / 7:.3f}, {i / 3:.3f}" for i in range(9)]})
    assert fitted.get_feature_names_out().tolist() == ["at_0", "at_1"]
    np.testing.assert_array_equal(fitted.transform({"at": ["48, 16"]}), [[48, 16]])
    with pytest.raises(InvalidInputError, match="as many numbers in each row"):
        fitted.transform({"at": ["48, 16", "48"]})


def test_nested_values_are_said_and_others_are_named() -> None:
    with pytest.warns(FeatureWarning, match="column 'o' holds values within values"):
        points = make_points({"x": [1.0, 2.0], "o": [[{"a": 1}], [{"a": 2}]]})
    assert "nested values" in points.choices[-1]


def test_all_columns_that_cant_be_read_are_told_at_once() -> None:
    table = {"a": [1.0, math.inf], "c": [-math.inf, 2.0]}
    with pytest.raises(InvalidInputError, match=r"'a' has infinity.* Also: .*'c' has infinity"):
        make_points(table)


def test_the_command_tells_labels_and_columns_that_are_wrong_at_once(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a,b,kind\n1,inf,\n2,3,\n3,x,\n4,5,\n")
    asked = ["spread", str(table), "--label", "kind", "-o", str(tmp_path / "out.csv")]
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 2
    message = " ".join(result.output.split())
    assert "'kind'" in message
    assert "Also: column 'b' holds numbers, but other text in row 3" in message
