"""Separators, encodings, line ends, archives, workbooks and databases, as programs write them."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import sqlite3
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fewlabels.exceptions import (
    DataFileError,
    InvalidInputError,
    MissingDependencyError,
    NotEnoughMemoryError,
)
from fewlabels.io import AddedColumns, read_table, write_table
from tests.built import built

ROWS = [["Größe", "kind"], ["1,5", "a"], ["2,5", ""]]


def written(path: Path, data: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return path


def text(separator: str, end: str = "\n") -> str:
    return "".join(separator.join(row) + end for row in ROWS)


def cells_of(path: Path | str, **settings: Any) -> list[list[str]]:
    table = read_table(path, **settings)
    return [list(table.names), *map(list, zip(*map(table.values, table.names), strict=True))]


@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "pipes")]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_are_found_out_and_said(
    tmp_path: Path, separator: str, name: str, end: str
) -> None:
    path = written(tmp_path / "t.csv", text(separator, end))
    assert cells_of(path) == ROWS
    assert read_table(path).notes == (f"cells separated by {name}",)
    assert read_table(path, separator=separator).notes == ()


def test_a_separator_that_is_said_is_the_one(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "a,b;c\n1,2;3\n")
    assert cells_of(path, separator=";") == [["a,b", "c"], ["1,2", "3"]]
    assert cells_of(path, separator=",") == [["a", "b;c"], ["1", "2;3"]]
    caret = written(tmp_path / "u.csv", "a^b\n1^2\n")
    assert cells_of(caret, separator="^") == [["a", "b"], ["1", "2"]]
    for wrong in ("", ";;", '"', "\n"):
        with pytest.raises(InvalidInputError, match="separator must be one character"):
            read_table(path, separator=wrong)
    np.savez(tmp_path / "t.npz", a=np.arange(3))
    with pytest.raises(InvalidInputError, match="separator belongs to tables of text"):
        read_table(tmp_path / "t.npz", separator=";")


def test_separators_in_quotes_and_in_text_separate_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", 'name;"a;b"\n"x;y";"1;2"\n')
    assert cells_of(path) == [["name", "a;b"], ["x;y", "1;2"]]
    commas = written(tmp_path / "u.csv", "text,n\none; two | three,1\nfour,2\n")
    assert cells_of(commas)[0] == ["text", "n"]
    one = written(tmp_path / "v.csv", "text\nsome; words\nand more\n")
    assert cells_of(one) == [["text"], ["some; words"], ["and more"]]
    tabs = written(tmp_path / "w.txt", "a\tb\n1\t2\n")
    assert cells_of(tabs) == [["a", "b"], ["1", "2"]]


def test_a_long_table_is_judged_by_its_first_rows(tmp_path: Path) -> None:
    rows = "".join(f'{i};"a\nb, {i}"\n' for i in range(1000))
    table = read_table(written(tmp_path / "t.csv", "n;text\n" + rows))
    assert table.n_rows == 1000
    assert table.values("text")[-1] == "a\nb, 999"


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_by_which_excel_is_told_the_separator_is_no_row(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "t.csv", f"{line}\r\n" + text(";", "\r\n"))
    assert cells_of(path) == ROWS
    ragged = written(tmp_path / "u.csv", "sep=;\na;b\n1;2\n3\n")
    with pytest.raises(DataFileError, match="line 4: too few cells"):
        read_table(ragged)


def test_mixed_line_ends_are_line_ends(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "a,b\r1,2\n3,4\r\n5,6")
    assert cells_of(path) == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"]]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "text in UTF-16"),
        ("utf-16-le", "text in UTF-16-LE"),
        ("utf-16-be", "text in UTF-16-BE"),
        ("utf-32", "text in UTF-32"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "json"])
def test_unicode_encodings_are_found_out(
    tmp_path: Path, encoding: str, note: str | None, ending: str
) -> None:
    rows = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    content = {
        "csv": text(","),
        "json": json.dumps(rows, ensure_ascii=False),
        "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
    }[ending.split(".")[0]]
    content = content.replace("1,5", "1.5").replace("2,5", "2.5")
    data = content.encode(encoding)
    path = written(tmp_path / f"t.{ending}", gzip.compress(data) if "gz" in ending else data)
    table = read_table(path)
    assert table.names == ("Größe", "kind")
    assert table.values("Größe") == ["1.5", "2.5"]
    assert table.notes == (() if note is None else (note,))
    assert table.warnings == ()


def test_what_is_not_utf_8_is_guessed_with_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", text(";"), "cp1252")
    table = read_table(path)
    assert table.names == ("Größe", "kind")
    (warning,) = table.warnings
    assert "read as cp1252, which is a guess" in warning
    assert "encoding='cp1250'" in warning
    old = written(tmp_path / "u.csv", "a,b\n\u0159,1\n", "cp1250")
    assert read_table(old).values("a") == ["ø"]
    assert read_table(old, encoding="cp1250").values("a") == ["\u0159"]
    assert read_table(old, encoding="cp1250").warnings == ()
    rare = written(tmp_path / "v.csv", b"a,b\n\x81\xe9,1\n")
    assert read_table(rare).values("a") == ["\x81é"]
    assert "read as latin-1" in read_table(rare).warnings[0]


def test_an_encoding_that_is_wrong_or_unknown_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", text(";"), "cp1252")
    with pytest.raises(DataFileError, match="line 1: byte 0xf6 is not UTF-8"):
        read_table(path, encoding="utf-8")
    with pytest.raises(DataFileError, match="can't be read as ascii text"):
        read_table(path, encoding="ascii")
    for unknown in ("utf-9", "rot13", "base64"):
        with pytest.raises(InvalidInputError, match=f"encoding='{unknown}' is not known"):
            read_table(path, encoding=unknown)


def test_zeros_in_a_text_do_not_make_it_utf_16(tmp_path: Path) -> None:
    for row in ("\0,,0\0", "0\0,x,\0", "\0\0\0\0\0\0,\0\0\0\0\0\0,\0\0\0\0"):
        path = written(tmp_path / "t.csv", f"a,b,c\n{row}\n")
        assert cells_of(path) == [["a", "b", "c"], row.split(",")]
    greek = "\u03b1,\u03b2\n\u03b3\u03b4\u03b5\u03b6\u03b7,\u03b8\u03b9\u03ba\n"
    for encoding in ("utf-16-le", "utf-16-be"):
        path = written(tmp_path / "t.csv", greek, encoding)
        assert cells_of(path)[0] == ["\u03b1", "\u03b2"]


def test_the_first_byte_that_is_not_utf_8_may_come_late(tmp_path: Path) -> None:
    rows = b"".join(b"%07d,word\n" % i for i in range(200_000))
    table = read_table(written(tmp_path / "t.csv", b"n,w\n" + rows + b"1,caf\xe9\n"))
    assert table.values("w")[-1] == "café"
    assert "cp1252" in table.warnings[0]


def test_a_zip_archive_with_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/t.csv", text(";"))
        archive.writestr("readme.md", "no table")
        archive.writestr("__MACOSX/folder/._t.csv", "no table either")
    assert cells_of(path) == ROWS
    assert read_table(path).notes[0] == "folder/t.csv in t.zip"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("u.jsonl", '{"a": 1}\n')
    with pytest.raises(DataFileError, match=r"several tables: .*t.zip::folder/t.csv"):
        read_table(path)
    assert read_table(f"{path}::u.jsonl").names == ("a",)
    with pytest.raises(DataFileError, match=r"holds no table 'v\.csv'"):
        read_table(f"{path}::v.csv")


@pytest.mark.parametrize("ending", ["parquet", "npz", "arrow", "xlsx"])
def test_binary_tables_in_archives_and_on_standard_input(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5], "kind": ["a", "b"]})
    inner = tmp_path / f"t.{ending}"
    if ending == "parquet":
        frame.to_parquet(inner)
    elif ending == "npz":
        np.savez(inner, x=frame["x"], kind=np.array(["a", "b"]))
    elif ending == "arrow":
        pl.from_pandas(frame).write_ipc(inner)
    else:
        frame.to_excel(inner, index=False)
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(inner, inner.name)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(inner.read_bytes())))
    for table in (read_table(tmp_path / "t.zip"), read_table("-", file_format=ending)):
        assert table.values("x") == [1.5, 2.5]
        assert table.values("kind") == ["a", "b"]


def test_standard_input_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text(";").encode())))
    assert cells_of("-", file_format="csv") == ROWS
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(DataFileError, match="standard input is empty"):
        read_table("-", file_format="csv")
    with pytest.raises(DataFileError, match="no format 'doc'; choose one of csv, tsv"):
        read_table("-", file_format="doc")


def test_a_format_that_is_said_goes_before_the_ending(tmp_path: Path) -> None:
    path = written(tmp_path / "export.dat", text(";"))
    assert cells_of(path, file_format="csv") == ROWS


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "May"
    sheet.append(["code", "n", "share", "when", "flag", "kind", None])
    sheet.append(["007", 1, 0.05, datetime.datetime(2026, 1, 31), True, "a "])
    sheet.append([8, 2.5, None, None, False, "#N/A"])
    sheet.append([])
    sheet.append([None, 3, 12345678901234, None, None, "#DIV/0!"])
    book.create_sheet("June").append(["only", 5])
    book.save(path)
    return path


def test_the_first_sheet_of_a_workbook_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx")
    table = read_table(path)
    assert table.names == ("code", "n", "share", "when", "flag", "kind")
    assert table.values("code") == ["007", 8, None]
    assert [repr(value) for value in table.values("n")] == ["1", "2.5", "3"]
    assert table.values("share") == [0.05, None, 12345678901234]
    assert table.values("when")[0] == datetime.date(2026, 1, 31)
    assert table.values("flag") == [True, False, None]
    assert table.values("kind") == ["a ", None, None]
    assert "sheet 'May', the first" in table.notes[0]
    with pytest.raises(DataFileError, match=r"columns .'only', '5'. but no rows"):
        read_table(f"{path}::June")
    with pytest.raises(DataFileError, match=r"no sheet 'July'\. Its sheets are 'May', 'June'"):
        read_table(f"{path}::July")


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="Mai">
<table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>kind</text:p></table:table-cell>
</table:table-row>
<table:table-row><table:table-cell office:value-type="float" office:value="1.5"><text:p>1,5</text:p>
</table:table-cell><table:table-cell office:value-type="string"><text:p>007</text:p>
</table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_an_open_document_sheet(tmp_path: Path) -> None:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", ODS.replace("\n", ""))
    table = read_table(tmp_path / "t.ods")
    assert (table.values("x"), table.values("kind")) == ([1.5], ["007"])
    assert table.notes == ("sheet 'Mai'",)


def test_a_cell_far_from_the_table_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook(tmp_path / "t.xlsx"))
    book["June"]["XFD1048576"] = 1
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(NotEnoughMemoryError, match=r"1,048,576 rows and 16,384 columns.*687\.2 GB"):
        read_table(tmp_path / "t.xlsx")
    far = ODS.replace("\n", "").replace(
        '<table:table-row><table:table-cell office:value-type="float"',
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16383"/><table:table-cell office:value-type="float"',
    )
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
        archive.writestr("content.xml", far)
    with pytest.raises(NotEnoughMemoryError, match="1,048,577 rows and 16,385 columns"):
        read_table(tmp_path / "t.ods")


def test_workbooks_without_their_reader_name_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path / "t.xlsx")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'fewlabels\[cli\]'"):
        read_table(path)


@pytest.mark.parametrize("program", ["sqlite", "duckdb"])
def test_tables_and_views_of_databases(tmp_path: Path, program: str) -> None:
    path = tmp_path / "shop.db"
    connect: Any = sqlite3.connect if program == "sqlite" else duckdb.connect
    connection = connect(str(path))
    connection.execute('CREATE TABLE "my orders" (x DOUBLE, n INTEGER, kind VARCHAR)')
    for row in ((1.5, 7, "a"), (None, -(2**31), None)):
        connection.execute('INSERT INTO "my orders" VALUES (?, ?, ?)', row)
    connection.commit()
    connection.close()
    table = read_table(path)
    assert table.notes == ("table 'my orders'",)
    assert [table.values(name) for name in table.names] == [
        [1.5, None],
        [7, -(2**31)],
        ["a", None],
    ]
    connection = connect(str(path))
    connection.execute('CREATE VIEW few AS SELECT x FROM "my orders" WHERE x > 1')
    connection.commit()
    connection.close()
    with pytest.raises(DataFileError, match=r"several tables: 'few', 'my orders'. Name one"):
        read_table(path)
    assert read_table(f"{path}::few").values("x") == [1.5]
    assert read_table(f"{path}::my orders").n_rows == 2
    with pytest.raises(DataFileError, match=r"no table 'none'\. Its tables are"):
        read_table(f"{path}::none")


def test_bytes_of_a_database_are_text(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t.sqlite") as connection:
        connection.execute("CREATE TABLE t (kind BLOB)")
        connection.executemany("INSERT INTO t VALUES (?)", [(b"kat",), (b"",)])
    connection.close()
    assert read_table(tmp_path / "t.sqlite").values("kind") == ["kat", ""]


def test_a_path_with_colons_is_a_path_where_there_is_such_a_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a::b.csv", text(";"))
    assert cells_of(path) == ROWS


@pytest.mark.parametrize("kind", ["file", "stream", "feather"])
def test_arrow_files_streams_and_feather(tmp_path: Path, kind: str) -> None:
    arrow = pa.table({"x": [1.5, 2.5], "kind": ["a", None]})
    path = tmp_path / ("t.feather" if kind == "feather" else "t.arrow")
    if kind == "feather":
        pl.DataFrame(arrow.to_pydict()).write_ipc(path, compression="zstd")
    else:
        new = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with new(str(path), arrow.schema) as writer:
            writer.write_table(arrow)
    table = read_table(path)
    assert table.values("x") == [1.5, 2.5]
    assert table.values("kind") == ["a", None]


def added(n_rows: int) -> AddedColumns:
    one = np.ones(n_rows)
    return AddedColumns(("L", "C", "E", "R"), ["a"] * n_rows, one, one, one.astype(bool))


def test_a_json_array_keeps_the_text_of_each_value(tmp_path: Path) -> None:
    source = '[\n  {"n": 1.10, "big": 12345678901234567890.5,\n   "t": "a\\nb"},\n  {"n": 1e2}\n]'
    path = written(tmp_path / "t.json", source)
    table = read_table(path)
    assert table.values("n") == [1.1, 100.0]
    write_table(table, added(2), tmp_path / "out.json")
    out = (tmp_path / "out.json").read_text()
    assert '"n": 1.10, "big": 12345678901234567890.5, "t": "a\\nb", "L": "a"' in out
    assert [row["n"] for row in json.loads(out)] == [1.1, 100.0]
    write_table(table, added(2), tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 2
    lines = written(tmp_path / "lines.json", '{"a": 1}\n{"a": 2}\n')
    assert read_table(lines).values("a") == [1, 2]
    array = written(tmp_path / "array.jsonl", '[{"a": 1}]')
    with pytest.raises(DataFileError, match=r"ends in \.json"):
        read_table(array)


def test_any_table_is_written_as_arrow_and_to_an_open_file(tmp_path: Path) -> None:
    table = read_table(written(tmp_path / "t.csv", text(";")))
    write_table(table, added(2), tmp_path / "out.arrow")
    assert read_table(tmp_path / "out.arrow").values("Größe") == ["1,5", "2,5"]
    whole = io.BytesIO()
    write_table(table, added(2), whole, file_format="tsv")
    assert whole.getvalue().decode().splitlines()[1] == "1,5\ta\ta\t1\t1\ttrue"
    pq.write_table(pa.table({"b": [b"kat", b""]}), tmp_path / "t.parquet")
    write_table(read_table(tmp_path / "t.parquet"), added(2), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "kat,a,1,1,true"


def test_decimals_of_a_database_are_numbers_and_stay_decimals(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TABLE t (price DECIMAL(9, 2), n HUGEINT, kind VARCHAR)")
        connection.execute("INSERT INTO t VALUES (1.50, 7, 'a'), (NULL, 8, 'b'), (2.25, 8, NULL)")
    table = read_table(tmp_path / "t.duckdb")
    features = built(table, label="kind", scale=False)
    assert [column.kind for column in features.columns] == ["number", "number"]
    assert features.values[:, 0].tolist() == [1.5, 1.875, 2.25]
    write_table(table, added(3), tmp_path / "out.csv")
    assert read_table(tmp_path / "out.csv").values("price") == ["1.50", "", "2.25"]
    write_table(table, added(3), tmp_path / "out.parquet")
    assert pa.types.is_decimal(pq.read_schema(tmp_path / "out.parquet").field("price").type)


def test_bytes_are_categories_by_their_text(tmp_path: Path) -> None:
    words = [b"kat", b"hond", b"", b"kat"]
    kind = np.array(["a", "b", "", ""])
    np.savez(tmp_path / "t.npz", kind=kind, pet=np.array(words), x=np.arange(4.0))
    pq.write_table(pa.table({"kind": kind, "pet": words, "x": range(4)}), tmp_path / "t.parquet")
    for name in ("t.npz", "t.parquet"):
        features = built(read_table(tmp_path / name), label="kind", scale=False)
        assert features.values[:, :2].tolist() == [[0, 1], [1, 0], [0, 0], [0, 1]]
