"""Dates with time zones: one clock for a column, and said where that is not plain."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fewlabels import FeatureWarning, Tables, make_points
from fewlabels.io._dates import doubt_of_dates, formatted_dates, object_dates, text_dates

NOON = 20484.5  # 2026-01-31 12:00
HOUR = 1 / 24


def test_times_of_one_zone_are_as_the_clock_on_the_wall_shows_them() -> None:
    read = text_dates(["2026-01-31T12:00:00+01:00", "2026-01-31 13:00+0100"])
    assert read is not None
    assert list(read.days.values()) == pytest.approx([NOON, NOON + HOUR])
    assert (read.zone, read.said, read.doubt) == ("+01:00", (), "")


def test_times_of_several_zones_are_of_utc_and_that_is_said() -> None:
    read = text_dates(["2026-01-31T12:00:00+01:00", "2026-01-31 12:00Z", "31.1.2026 12:00-05:30"])
    assert read is not None
    assert list(read.days.values()) == pytest.approx([NOON - HOUR, NOON, NOON + 5.5 * HOUR])
    assert (read.zone, read.said) == ("+00:00", ("time zones differ: as UTC",))


def test_times_of_which_only_some_have_a_zone_are_doubtful() -> None:
    read = text_dates(["2026-01-31 12:00+01:00", "2026-01-31 12:00", "2026-01-31"])
    assert read is not None
    assert list(read.days.values()) == [NOON, NOON, NOON - 0.5]
    assert "1 of 3 different ones" in read.doubt
    plain = text_dates(["2026-01-31", "2026-02-01"])
    assert plain is not None
    assert plain.doubt == ""


def test_a_point_or_a_dash_in_a_date_is_no_zone() -> None:
    read = text_dates(["2026-01-31 12:00", "31-01-2026 12:00"])
    assert read is not None
    assert (read.zone, read.doubt) == ("", "")


def test_datetimes_of_several_zones_are_of_utc() -> None:
    berlin, utc = ZoneInfo("Europe/Berlin"), datetime.UTC
    noon = datetime.datetime(2026, 1, 31, 12)
    summer = datetime.datetime(2026, 7, 1, 12, tzinfo=berlin)
    assert object_dates([noon.replace(tzinfo=berlin), summer]).days[0] == NOON
    both = object_dates([noon.replace(tzinfo=berlin), noon.replace(tzinfo=utc), None])
    np.testing.assert_allclose(both.days, [NOON - HOUR, NOON, np.nan])
    assert both.said == ("time zones differ: as UTC",)
    assert "without" in object_dates([noon, noon.replace(tzinfo=berlin)]).doubt


def test_a_form_with_an_offset_makes_utc() -> None:
    read = formatted_dates(["01/31/2026 12:00 +0100"], "%m/%d/%Y %H:%M %z")
    assert list(read.values()) == pytest.approx([NOON - HOUR])


def test_new_rows_are_of_the_zone_that_was_fitted() -> None:
    cells = [f"2026-01-{day:02d} {day % 24:02d}:00+02:00" for day in range(1, 29)]
    tables = Tables(scale=False).fit({"when": cells})
    one = tables.transform({"when": ["2026-01-05 05:00+02:00"]})
    np.testing.assert_allclose(tables.transform({"when": ["2026-01-05 03:00Z"]}), one, atol=1e-6)
    mixed = ["2026-01-05 04:00+01:00", "2026-01-05 05:00"]
    np.testing.assert_allclose(tables.transform({"when": mixed}), np.vstack([one, one]), atol=1e-6)
    saved = Tables._from_state(tables._state())
    np.testing.assert_array_equal(saved.transform({"when": ["2026-01-05 05:00+02:00"]}), one)


def test_what_was_made_of_zones_is_said_of_the_column() -> None:
    differ = {"when": [f"2026-01-{day:02d} 12:00+0{day % 3}:00" for day in range(1, 29)]}
    assert "read as dates: when (time zones differ: as UTC)" in make_points(differ).choices
    some = {"when": [f"2026-01-{day:02d} 12:00{'Z' if day % 2 else ''}" for day in range(1, 29)]}
    with pytest.warns(FeatureWarning, match="column 'when' holds times with a time zone"):
        make_points(some)


@pytest.mark.parametrize(
    ("cell", "month", "day"),
    [
        ("05 Jan 2026", 1, 5),
        ("Jan 5, 2026", 1, 5),
        ("January 5th, 2026", 1, 5),
        ("Mon, 5 Jan 2026", 1, 5),
        ("05/Jan/26", 1, 5),
        ("5-MAR-2026", 3, 5),
        ("5. März 2026", 3, 5),
        ("1er mai 2026", 5, 1),
        ("5 de febrero de 2026", 2, 5),
        ("3 Sept 2026", 9, 3),
        ("12 Dez. 2026", 12, 12),
        ("31 juillet 2026", 7, 31),
    ],
)
def test_dates_whose_month_is_a_word(cell: str, month: int, day: int) -> None:
    read = text_dates([cell, "2026-01-01"])
    assert read is not None
    expected = (datetime.date(2026, month, day) - datetime.date(1970, 1, 1)).days
    assert read.days[cell] == expected


def test_dates_with_a_word_have_times_too_and_words_alone_are_no_dates() -> None:
    read = text_dates(["05/Jan/26 1:05 PM", "Jan 6, 2026 13:00"])
    assert read is not None
    assert read.days["05/Jan/26 1:05 PM"] % 1 == pytest.approx((13 * 60 + 5) / 1440)
    for cell in ("5 ma 2026", "5 ju 2026", "Model 5 2026", "5 Foo 2026", "May", "32 Jan 2026"):
        assert text_dates([cell, "2026-01-01"]) is None


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("CET", 1),
        ("cest", 2),
        ("MESZ", 2),
        ("UTC", 0),
        ("GMT", 0),
        ("PST", -8),
        ("EDT", -4),
        ("+01", 1),
        ("-0530", -5.5),
        ("UTC+2", 2),
        ("GMT-05:00", -5),
        ("GMT+0100 (Central European Standard Time)", 1),
        ("+0100 (CET)", 1),
        ("+01:00[Europe/Vienna]", 1),
        ("Europe/Vienna", 1),
        ("America/New_York", -5),
    ],
)
def test_zones_behind_a_clock_are_read(zone: str, hours: float) -> None:
    read = text_dates([f"2026-01-31 12:00 {zone}", "2026-01-31T12:00:00Z"])
    assert read is not None
    assert list(read.days.values()) == pytest.approx([NOON - hours * HOUR, NOON])
    assert read.zone == "+00:00"
    assert read.said == (("time zones differ: as UTC",) if hours else ())
    assert text_dates([f"12:00 {zone}", "13:00 UTC"]) is not None


def test_a_place_has_another_offset_in_summer() -> None:
    read = text_dates(["2026-07-01 12:00 Europe/Vienna", "2026-01-01 12:00 Europe/London"])
    assert read is not None
    assert [day % 1 for day in read.days.values()] == pytest.approx([10 / 24, 12 / 24])


def test_one_place_all_year_is_as_the_clock_on_the_wall_shows_it() -> None:
    for zone in ("Europe/Vienna", "IST", "CST"):
        read = text_dates([f"2026-07-01 12:00 {zone}", f"2026-01-01 12:00 {zone}"])
        assert read is not None
        assert [day % 1 for day in read.days.values()] == [0.5, 0.5]
        assert (read.zone, read.said, read.doubt) == ("", (), "")


def test_names_of_several_zones_are_doubtful_unless_the_others_tell() -> None:
    read = text_dates(["2026-01-31 12:00 CST", "2026-01-31 12:00 UTC"])
    assert read is not None
    assert "CST as -6 h" in read.doubt
    american = text_dates(["2026-01-31 12:00 CST", "2026-01-31 12:00 EST"])
    assert american is not None
    assert american.doubt == ""
    assert list(american.days.values()) == pytest.approx([NOON + 6 * HOUR, NOON + 5 * HOUR])


def test_times_of_day_with_zones_are_of_one_clock_too() -> None:
    read = text_dates(["05:00:00 CET", "23:30 UTC", "04:00Z"])
    assert read is not None
    assert read.clock_only
    assert list(read.days.values()) == pytest.approx([4 / 24, 23.5 / 24, 4 / 24])
    assert read.said == ("time zones differ: as UTC",)
    some = text_dates(["05:00 CET", "06:00"])
    assert some is not None
    assert "1 of 2 different ones" in some.doubt
    places = text_dates(["05:00 Europe/Vienna", "06:00 Europe/London"])
    assert places is not None
    assert "without the day" in places.doubt


def test_hours_from_and_to_are_no_time_with_a_zone() -> None:
    assert text_dates(["09:00-12:00", "09:00-17:00"]) is None
    assert text_dates(["09:00 +15:00"]) is None  # no zone is so far ahead
    assert text_dates(["09:00 Nowhere/Else"]) is None


@pytest.mark.parametrize(
    "cell",
    [
        "Sat Jan 31 12:00:00 2026",
        "Sat Jan 31 12:00:00 UTC 2026",
        "Sat Jan 31 12:00:00 2026 +0000",
        "Sat Jan 31 12:00:00 +0000 2026",
        "Sat, 31 Jan 2026 12:00:00 GMT",
        "Sat Jan 31 2026 12:00:00 GMT+0000 (Greenwich Mean Time)",
        "31.1.2026 12:00 Uhr",
    ],
)
def test_dates_as_programs_print_them(cell: str) -> None:
    read = text_dates([cell])
    assert read is not None
    assert list(read.days.values()) == [NOON]


def test_words_that_are_no_zone_are_said() -> None:
    strange = {f"2026-01-{day:02d} 12:00 XYZ": 1 for day in range(1, 29)}
    assert "no time zone known here ('XYZ')" in doubt_of_dates(strange)
    verses = {f"{day}:16 {name}": 1 for day, name in enumerate("abcdefgh", 1)}
    assert doubt_of_dates(verses) == ""
    rooms = {f"12:{minute:02d} is when {minute} of us met": 1 for minute in range(60)}
    assert doubt_of_dates(rooms) == ""


def test_the_month_first_can_be_said_of_dates_with_a_zone() -> None:
    cells = [f"{month}/{day}/2026 5:00 PM EST" for month in range(1, 7) for day in range(1, 8)]
    read = text_dates(cells)
    assert read is not None
    assert read.other_form == "%m/%d/%Y %I:%M %p %Z"
    formatted = formatted_dates(["1/31/2026 7:00 AM EST"], read.other_form)
    assert list(formatted.values()) == pytest.approx([NOON])


def test_new_rows_with_a_named_zone_are_of_the_zone_that_was_fitted() -> None:
    cells = [f"2026-01-{day:02d} {day % 24:02d}:00 CET" for day in range(1, 29)]
    tables = Tables(scale=False).fit({"when": cells})
    one = tables.transform({"when": ["2026-01-05 05:00 CET"]})
    np.testing.assert_allclose(tables.transform({"when": ["2026-01-05 04:00Z"]}), one, atol=1e-6)
