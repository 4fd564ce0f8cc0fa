"""Columns that are nearly all of one kind: what does not fit is said, and nothing guessed."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from fewlabels.features import Tables
from fewlabels.io._table import Categories, Dates, Numbers, Reading, Unusable
from fewlabels.io._views import object_view, text_view

DAYS = [f"2024-01-{day:02d}" for day in range(1, 11)]


@pytest.mark.parametrize("stranger", ["2024-02-31", "13/13/2024", "soon"])
def test_dates_beside_what_is_none_leave_a_doubt(stranger: str) -> None:
    view = text_view([*DAYS, stranger])
    assert isinstance(view, Categories)
    assert view.doubt.startswith(
        "holds dates in 10 of 11 filled cells, and others that can't be read so "
        f"(such as {stranger!r})"
    )


def test_dates_in_both_orders_leave_a_doubt() -> None:
    view = text_view(["31/01/2024", "30/01/2024", "29/01/2024", "01/30/2024", "01/02/2024"])
    assert isinstance(view, Categories)
    assert view.doubt.startswith("holds dates in 4 of 5 filled cells with the day first, and")
    assert "'01/30/2024'" in view.doubt


@pytest.mark.parametrize("cells", [["2024-01-01", "2024-01-02", *"abcdefgh"], ["red", "blue"] * 5])
def test_words_among_which_few_are_dates_are_words(cells: list[str]) -> None:
    view = text_view(cells)
    assert isinstance(view, Categories)
    assert view.doubt == ""


@pytest.mark.parametrize("nothing", ["0000-00-00", "00/00/0000", "n/a", ""])
def test_dates_that_databases_write_for_none_are_missing(nothing: str) -> None:
    view = text_view([*DAYS, nothing])
    assert isinstance(view, Dates)
    assert np.isnan(view.days).tolist() == [False] * 10 + [True]


def test_dates_of_which_some_are_text_are_read_and_said() -> None:
    cells = [datetime.datetime(2024, 1, day) for day in range(1, 9)]
    view = object_view([*cells, "25/01/2024", None, "n/a"])
    assert isinstance(view, Dates)
    assert view.days[8] - view.days[0] == 24
    assert np.isnan(view.days[9:]).all()
    assert view.doubt.startswith(
        "holds 9 dates, 1 of them as text (such as '25/01/2024', read with the day first)"
    )


def test_dates_beside_words_for_missing_are_dates() -> None:
    view = object_view([datetime.date(2024, 1, 1), "n/a", datetime.date(2024, 1, 3)])
    assert isinstance(view, Dates)
    assert (view.days[2] - view.days[0], view.doubt) == (2, "")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            [datetime.date(2024, 1, 1), datetime.date(2024, 1, 2), 45_302],
            "date in 2, int in 1 of 3",
        ),
        ([datetime.date(2024, 1, 1), "soon", "later"], "str in 2, date in 1 of 3"),
    ],
)
def test_values_of_several_types_are_not_left_out_in_silence(
    cells: list[object], said: str
) -> None:
    view = object_view(cells)
    assert isinstance(view, Unusable)
    assert view.doubt.startswith(f"holds values of several types ({said} cells)")


@pytest.mark.parametrize("mark", [".", ","])
def test_whole_numbers_that_end_where_thousands_begin_are_grouped(mark: str) -> None:
    cells = ["987", f"1{mark}234", "12", f"3{mark}456", f"10{mark}000"]
    view = text_view(cells)
    assert isinstance(view, Numbers)
    assert view.values.tolist() == [987, 1234, 12, 3456, 10_000]
    assert view.said == (f"thousands separated by {mark!r}",)
    assert f"say so (decimal={mark!r})" in view.doubt
    other = {".": ",", ",": "."}[mark]
    for sure in (text_view(cells, Reading(), lambda: other), text_view(cells, Reading(other))):
        assert isinstance(sure, Numbers)
        assert (sure.values.tolist(), sure.doubt) == (view.values.tolist(), "")


@pytest.mark.parametrize("marker", ["999", "888", "-999"])
def test_numbers_that_stand_for_missing_ones_do_not_make_points_thousands(marker: str) -> None:
    voltages = [f"{number / 1000:.3f}" for number in range(1234, 8990, 204)]
    table = {"v": [*voltages, marker, marker]}
    tables = Tables().fit(table)
    assert tables.warnings_[0].startswith(f"column 'v' has {marker} in 2 rows, far from all other")
    view = text_view(table["v"])
    assert isinstance(view, Numbers)
    assert view.values.tolist() == [float(cell) for cell in table["v"]]
    view = text_view([*table["v"], "950"])  # which is proof enough, but leaves a doubt
    assert isinstance(view, Numbers)
    assert view.values[0] == 1234
    assert "points that were read as if they separated thousands" in view.doubt


def test_points_that_the_rest_of_the_table_contradicts_leave_a_doubt() -> None:
    view = text_view(["987", "1.234", "12", "3.456"], Reading(), lambda: ".")
    assert isinstance(view, Numbers)
    assert view.values.tolist() == [987, 1.234, 12, 3.456]
    assert "may separate thousands" in view.doubt


@pytest.mark.parametrize("cells", [["1.234", "2.345"], ["3", "1.234", "2.345"], ["987", "1.5"]])
def test_points_are_decimal_points_elsewhere(cells: list[str]) -> None:
    view = text_view(cells)
    assert isinstance(view, Numbers)
    assert view.values.tolist() == [float(cell) for cell in cells]


def test_text_that_is_smaller_than_all_numbers_leaves_a_doubt() -> None:
    view = object_view([987.5, 1023, "3.313", 1200.25])
    assert isinstance(view, Numbers)
    assert view.doubt.startswith("holds numbers as text (such as '3.313'), smaller than all others")
    view = object_view([1.5, 2.25, "3.313"])
    assert isinstance(view, Numbers)
    assert view.doubt == ""
