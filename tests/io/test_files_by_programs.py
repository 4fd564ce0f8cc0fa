"""Files by LibreOffice, sqlite3 and zip mean what they mean in the program; see by_programs."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner

from fewlabels import FeatureWarning, make_points
from fewlabels.cli import main
from fewlabels.io import read_table
from fewlabels.io._sheet_hidden import n_hidden_rows
from fewlabels.io._table import Numbers

HERE = Path(__file__).parent / "by_programs"
DATES = [datetime.date(2026, 1 + i % 12, 1 + 2 * i) for i in range(12)]
STAND = [20 + 100 * (i % 2) + i for i in range(12)]
HOURS = [20 * (i % 2) + 2 * i + i / 60 for i in range(12)]
KINDS = ["Strom", "Wasser"] * 3


@pytest.mark.parametrize("name", ["meters.xlsx", "meters.ods"])
def test_a_report_of_libreoffice_is_read_as_it_looks(name: str) -> None:
    table = read_table(HERE / name)
    assert table.names == (
        *("Ort", "Datum", "Stand", "Anteil", "Preis", "Dauer", "Aktiv", "PLZ", "Summe", "Rate"),
        "Art",
    )
    assert table.values("Ort") == [f"Süd {i // 4}" for i in range(12)]  # merged
    assert table.values("Datum") == DATES
    assert table.values("Stand") == STAND
    assert table.values("Anteil")[:2] == [0.1, 0.51]
    assert table.values("Preis")[:2] == [1000.5, 1901.5]
    assert table.values("Aktiv") == [False, True] * 6
    assert table.values("PLZ")[:3] == ["0009", "0019", "0029"]
    assert table.values("Summe") == [value + 1 for value in STAND]  # a formula
    rates = [None if i % 4 == 0 else STAND[i] / (i % 4) for i in range(12)]  # None: #DIV/0!
    assert table.values("Rate") == pytest.approx(rates)
    assert table.values("Art")[:7] == [*KINDS, None]
    hours = [cell / datetime.timedelta(hours=1) for cell in table.values("Dauer")]
    assert hours == pytest.approx(HOURS)
    assert "'Preise'" in table.notes[0]
    assert "Alt" not in table.notes[0]  # hidden
    assert "3 cells over several rows, whose value is taken for each of them" in table.notes
    assert "2 hidden rows, read as the others are" in table.notes


def test_a_sheet_that_is_hidden_is_not_the_first(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "old"
    book.active.append(["a"])
    book.active.append([1])
    new = book.create_sheet("new")
    new.append(["b"])
    new.append([2])
    book.active.sheet_state = "hidden"
    book.active = 1
    book.save(tmp_path / "t.xlsx")
    assert read_table(tmp_path / "t.xlsx").values("b") == [2]
    assert read_table(f"{tmp_path / 't.xlsx'}::old").values("a") == [1]  # by its name


def test_no_row_is_hidden_in_what_is_no_workbook() -> None:
    with (HERE / "meters.csv").open("rb") as file:
        assert n_hidden_rows(file, "meters") == 0


def test_csv_files_of_a_german_system_are_typed_by_the_program_or_by_us() -> None:
    typed = read_table(HERE / "imported.xlsx")
    assert typed.values("Datum") == DATES
    assert typed.values("Anteil")[:2] == [0.105, 0.515]
    assert typed.values("Preis")[:2] == [1100.5, 2101.5]
    assert typed.values("Aktiv") == [False, True] * 6
    for name in ("meters.csv", "meters.zip"):
        table = read_table(HERE / name)
        assert table.names[1:4] == ("Ort", "Datum", "Stand")
        durations, rates = table.view("Dauer"), table.view("Rate")
        assert isinstance(durations, Numbers)
        assert isinstance(rates, Numbers)
        np.testing.assert_allclose(durations.values, np.array(HOURS) / 24)
        assert np.isnan(rates.values).sum() == 3
        assert "'Zählerstände 2026'" in table.notes[-1]


def test_tables_and_views_of_sqlite_are_read_as_declared() -> None:
    table = read_table(f"{HERE / 'meters.db'}::meters")
    assert table.values("stand")[:2] == [20.5, 121.5]
    assert table.values("art")[:7] == [*KINDS, None]
    assert table.values("tag")[0] == "2026-01-01"
    assert read_table(f"{HERE / 'meters.db'}::lit").n_rows == 7


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("meters.ods", "Art"),
        ("meters.zip", "Art"),
        ("meters.db::meters", "art"),
    ],
)
def test_each_is_answered_by_one_command(name: str, label: str, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    asked = ["spread", str(HERE / name), "--label", label, "-o", str(output), "--features"]
    column = "stand" if label == "art" else "Stand"
    result = CliRunner().invoke(main, [*asked, column])
    assert result.exit_code == 0, result.output
    assert read_table(output).values("label") == KINDS * 2


def test_a_last_row_of_totals_is_said() -> None:
    values = [float(i % 5 + 1) for i in range(20)]
    table = {"kwh": [*values, sum(values)], "cost": [*values, sum(values)]}
    with pytest.warns(FeatureWarning, match="row 21, the last, holds the sums .* columns 'kwh'"):
        make_points(table)
    make_points({"kwh": [*values, 7.0]})  # no warning
    make_points({"kwh": [*values, math.nan], "cost": [*values, 7.0]})
