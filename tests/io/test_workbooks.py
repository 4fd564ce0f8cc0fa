"""Workbooks as programs write them: formulas, titles, covers, merged cells; and written ones."""

from __future__ import annotations

import datetime
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import xlsxwriter

from fewlabels.exceptions import DataFileError, InvalidInputError, MissingDependencyError
from fewlabels.io import AddedColumns, check_output, check_writable, read_table, write_table
from fewlabels.io._formats import named_format
from fewlabels.io._objects import ObjectTable
from fewlabels.io._sheet_formulas import formulas_of
from fewlabels.io._sheet_spans import spans_of


def saved(path: Path, *rows: list[object], cover: bool = False) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    if cover:
        sheet.title = "Cover"
        sheet.append(["Report"])
        sheet.append(["of May"])
        sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_formulas_without_a_value_are_refused_where_they_stand(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [1, "=A2*2"], [2, "=A3*2"], [3, 4]]
    path = saved(tmp_path / "t.xlsx", *rows)
    with pytest.raises(DataFileError, match=r"2 cells with a formula.*first in B2.*save it"):
        read_table(path)
    book = openpyxl.load_workbook(path)
    book.create_sheet("plain").append(["c", "d"])
    book["plain"].append([1, 2])
    book.save(path)
    assert read_table(f"{path}::plain").values("d") == [2]  # formulas of another sheet


def test_formulas_that_await_their_values_are_said(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, [1])
        sheet.write_formula(1, 1, "=A2*2")
    (warning,) = read_table(path).warnings
    assert "1 formula, and was written by a program that leaves it to others" in warning


SHEET = """<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1">
<x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1" t="str"><x:f>"" &amp; A1</x:f><x:v></x:v></x:c>
<x:c r="C1" s="1"><x:f t="shared" ref="C1:C2" si="0">A1</x:f></x:c></x:row><x:row r="2">
<x:c r="C2"><x:f t="shared" si="0"/><x:v/></x:c><x:c r="D2"><x:f>1</x:f><x:v>1</x:v></x:c>
</x:row></x:sheetData></x:worksheet>"""
BOOK = """<x:workbook xmlns:x="m" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/\
relationships"><x:sheets><x:sheet name="S" sheetId="1" r:id="rId9"/></x:sheets></x:workbook>"""
RELATIONS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId9" Target="/xl/worksheets/odd.xml"/></Relationships>"""


def test_formulas_are_found_under_other_prefixes_and_as_shared_ones(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        archive.writestr("xl/worksheets/odd.xml", SHEET)
    with (tmp_path / "t.xlsx").open("rb") as file:
        found = formulas_of(file, "S")
    assert (found.n_formulas, found.n_without, found.first_without) == (4, 2, "C1")


def test_formulas_of_a_long_sheet_are_all_counted(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        sheet = book.add_worksheet()
        for row in range(30_000):
            sheet.write_formula(row, 0, f"=SUM(B{row + 1}:B{row + 2})")
    with (tmp_path / "t.xlsx").open("rb") as file:
        assert formulas_of(file, "Sheet1").n_formulas == 30_000


OPEN = """<d xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">
<table:table table:name="A"><table:table-row><table:table-cell table:formula="of:=1"/>
</table:table-row></table:table><table:table table:name="B"><table:table-row>
<table:table-cell table:formula="of:=2" office:value-type="float" office:value="2"/>
<table:table-cell table:formula="of:=&quot;&quot;"><text:p xmlns:text="t"/></table:table-cell>
</table:table-row></table:table></d>"""


def test_formulas_of_open_documents(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
        archive.writestr("content.xml", OPEN)
    with (tmp_path / "t.ods").open("rb") as file:
        assert (formulas_of(file, "A").n_without, formulas_of(file, "B").n_without) == (1, 0)
        assert formulas_of(file, "B").n_formulas == 2  # that of LibreOffice is empty text


def test_a_title_above_the_names_is_left_out_and_said(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Sales of May"],
        ["as of", "2026-05-31"],
        ["name", "n", "kind", "x", "y"],
        ["p", 1, "a", 2, 3],
        ["q", 2, None, 4, 5],
    ]
    table = read_table(saved(tmp_path / "t.xlsx", *rows))
    assert table.names == ("name", "n", "kind", "x", "y")
    assert table.values("n") == [1, 2]
    assert "2 lines above the names" in table.notes[-1]


@pytest.mark.parametrize(
    "rows",
    [
        [["Sales"], ["p", 1, 2], ["q", 2, 3]],  # numbers are no names
        [["Sales"], ["n", "p", "n"], ["q", 2, 3]],  # a name twice
        [["Sales"], ["a", "b", None], ["q", 2, 3]],  # a row is longer
    ],
)
def test_a_title_that_is_not_plain_is_refused(tmp_path: Path, rows: list[list[object]]) -> None:
    with pytest.raises(DataFileError, match="looks like a title"):
        read_table(saved(tmp_path / "t.xlsx", *rows))


def test_a_cover_sheet_names_the_other_sheets(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.xlsx", ["a", "kind"], [1, "x"], cover=True)
    table = read_table(path)
    with pytest.raises(InvalidInputError, match=r"'Cover' is the first.*t\.xlsx::Data"):
        table.require("kind", "label")
    assert read_table(f"{path}::Data").values("kind") == ["x"]
    book = openpyxl.load_workbook(path)
    book["Cover"].delete_rows(1, 2)
    book.save(path)
    with pytest.raises(DataFileError, match=r"is empty\. 'Cover' is the first.*::Data"):
        read_table(path)


def test_a_cell_merged_over_rows_is_in_each_of_them(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.xlsx", *[["place", "n"], ["north", 1], [None, 2], ["south", 3]])
    book = openpyxl.load_workbook(path)
    book.active.insert_cols(1)  # an empty column before
    book.active.merge_cells("B2:B3")
    book.save(path)
    table = read_table(path)
    assert table.values("place") == ["north", "north", "south"]
    assert "1 cell over several rows" in table.notes[-1]


SPANNED = """<d xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">
<table:table table:name="A"><table:table-row table:number-rows-repeated="3"/><table:table-row>
<table:table-cell table:number-columns-repeated="2"/>
<table:table-cell table:number-rows-spanned="4" table:number-columns-spanned="1"/>
</table:table-row></table:table><table:table table:name="B"><table:table-row>
<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="1"/>
</table:table-row></table:table></d>"""


def test_cells_of_open_documents_that_go_over_several_rows(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
        archive.writestr("content.xml", SPANNED)
    with (tmp_path / "t.ods").open("rb") as file:
        assert spans_of(file, "A") == [((3, 2), (6, 2))]
        assert spans_of(file, "B") == []


def test_a_title_above_the_names_of_a_text_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Sales of May, all\n\nname;n;kind\np;1,5;a\nq;2,5;\n")
    table = read_table(path)
    assert (table.names, table.values("n")) == (("name", "n", "kind"), ["1,5", "2,5"])
    assert any("above the names of the columns" in note for note in table.notes)
    path.write_text("Sales,,\n,,\nname,n,kind\np,1,a\n")
    assert read_table(path).values("kind") == ["a"]
    path.write_text("a,b,c\n1,2,3\n1,2,3,4\n")
    with pytest.raises(DataFileError, match="line 3: too many cells"):
        read_table(path)


def added(n_rows: int) -> AddedColumns:
    values = np.full(n_rows, 0.5)
    names = ("label", "confidence", "evidence", "reached")
    return AddedColumns(names, ["=1+1"] * n_rows, values, values, np.ones(n_rows, dtype=bool))


def test_a_written_workbook_holds_what_the_table_held(tmp_path: Path) -> None:
    when = datetime.datetime(2026, 1, 31, 12, 30)
    zoned = when.replace(tzinfo=datetime.UTC)
    held = {
        "text": ["=SUM(A1)", "http://a.b", "007", "{=1}", None],
        "n": [1, 2**53 + 1, -3, None, True],
        "x": [0.1, float("inf"), float("nan"), Decimal("2.5"), 1e300],
        "when": [when, zoned, datetime.date(2026, 2, 1), datetime.date(1850, 1, 1), "x"],
        "list": [["a", "b"], [], None, {"k": 1}, "\x1b[0m"],
    }
    write_table(ObjectTable("t", held), added(5), tmp_path / "o.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "o.xlsx").active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:6] == ("text", "n", "x", "when", "list", "label")
    columns = list(zip(*rows[1:], strict=True))
    assert columns[0] == ("=SUM(A1)", "http://a.b", "007", "{=1}", None)
    assert {cell.data_type for cell in sheet["A"]} <= {"s", "inlineStr", "n"}  # "f" is a formula
    assert columns[1] == (1, "9007199254740993", -3, None, True)
    assert columns[2] == (0.1, "inf", None, 2.5, 1e300)
    assert columns[3][0] == when
    of_date = datetime.datetime(2026, 2, 1)
    assert columns[3][1:] == ("2026-01-31 12:30:00+00:00", of_date, "1850-01-01", "x")
    assert columns[4][:2] == ('["a", "b"]', "[]")
    assert columns[5] == ("=1+1",) * 5
    again = read_table(tmp_path / "o.xlsx")
    assert again.values("text")[:3] == ["=SUM(A1)", "http://a.b", "007"]
    assert again.values("list")[4] == "\x1b[0m"


def test_the_same_table_makes_the_same_workbook(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_table(ObjectTable("t", {"n": [1, 2]}), added(2), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_what_a_sheet_cannot_hold_is_refused_before_any_work(tmp_path: Path) -> None:
    long = ObjectTable("t", {"text": ["a", "b" * 32_768]})
    with pytest.raises(DataFileError, match=r"text of 32,768 characters \(row 2\)"):
        check_writable(long, tmp_path / "o.xlsx")
    rows = ObjectTable("t", {"n": range(1_048_576)})
    with pytest.raises(DataFileError, match=r"a sheet holds 1,048,575"):
        check_writable(rows, tmp_path / "o.xlsx")
    with pytest.raises(DataFileError, match=r"\.ods files are read, but not written.*\.xlsx"):
        check_output(tmp_path / "o.ods")
    with pytest.raises(DataFileError, match="no format 'ods'"):
        named_format("ods", writing=True)
    check_output(tmp_path / "o.xlsx")


def test_workbooks_without_their_writer_name_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "fewlabels.io._workbooks", raising=False)
    monkeypatch.delattr("fewlabels.io._workbooks", raising=False)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'fewlabels\[cli\]'"):
        check_output(tmp_path / "o.xlsx")


def test_columns_of_one_name_are_numbered_and_empty_ones_without_a_name_left_out(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Key,Labels,Labels,Labels (2),,\n1,a,b,c,,\n2,d,e,f, ,\n")
    table = read_table(path)
    assert table.names == ("Key", "Labels", "Labels (3)", "Labels (2)")
    assert table.values("Labels (3)") == ["b", "e"]
    assert "columns of one name were numbered" in table.notes[0]
    assert table.notes[1] == "2 columns without a name and without a value left out"
    path.write_text("Key,,\n1,a,b\n")
    with pytest.raises(DataFileError, match="2 columns without a name"):
        read_table(path)
    sheet = saved(tmp_path / "t.xlsx", ["Labels", "n", "Labels"], ["a", 1, "b"])
    assert read_table(sheet).names == ("Labels", "n", "Labels (2)")


def test_cells_with_an_error_are_empty_and_said(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [1, "#N/A"], ["#DIV/0!", "x"], [3, "#N/A as text"]]
    table = read_table(saved(tmp_path / "t.xlsx", *rows))
    assert table.values("b") == [None, "x", "#N/A as text"]
    assert "2 cells with an error (such as #N/A), read as empty" in table.notes


def test_cells_with_an_error_in_open_documents_are_said_too() -> None:
    table = read_table(Path(__file__).parent / "by_programs" / "meters.ods")
    assert any("with an error (such as #N/A), read as empty" in note for note in table.notes)
    xlsx = read_table(Path(__file__).parent / "by_programs" / "meters.xlsx")
    assert [note for note in table.notes if "an error" in note] == [
        note for note in xlsx.notes if "an error" in note
    ]


def test_whole_numbers_that_a_workbook_does_not_keep_are_said(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["beyond", "cut", "micro", "short", "text"],
        [9007199254740993, 1234567890123450, 1_767_225_600_000_000, 123456789012345, "9" * 19],
        [1, 1234567890123460, 1_767_225_601_000_000, 123456789012346, "8" * 19],
    ]
    table = read_table(saved(tmp_path / "t.xlsx", *rows))
    assert [warning.split("'")[1] for warning in table.warnings] == ["beyond", "cut"]
    assert "more than 15 digits (1 cell)" in table.warnings[0]
    assert table.values("text") == ["9" * 19, "8" * 19]
