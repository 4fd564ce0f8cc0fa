"""What came goes out unchanged, in every format and between them."""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewlabels.exceptions import DataFileError
from fewlabels.io import AddedColumns, read_table, write_table
from fewlabels.io._write import typed_cells

NAMES = ("label", "confidence", "evidence", "reached")


def added_to(n_rows: int, label: list[Any] | None = None) -> AddedColumns:
    return AddedColumns(
        names=NAMES,
        label=label or ["cat"] * n_rows,
        confidence=np.linspace(0.5, 1, n_rows),
        evidence=np.linspace(1e-9, 2, n_rows),
        reached=np.ones(n_rows, dtype=bool),
    )


def through(source: Path, target: Path, label: list[Any] | None = None) -> None:
    table = read_table(source)
    write_table(table, added_to(table.n_rows, label), target)


def read_csv(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_csv_cells_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [
        ["code", "when", "big", "text", "empty", "price"],
        ["007", "2026-01-31", "123456789012345678901234567890", 'say "hi", twice', "", "5.10"],
        ["-0", "31/1/26", "1e400", "two\nlines", " ", "+1"],
        ["NaN", "", "1_000", "ünï\r\n", "", "1."],
    ]
    source = tmp_path / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    through(source, tmp_path / "out.csv")
    out = read_csv(tmp_path / "out.csv")
    assert [row[:6] for row in out] == rows
    assert out[0][6:] == list(NAMES)
    assert out[1][6:] == ["cat", "0.5", "1e-09", "true"]


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_any_text_survives(tmp_path: Path, ending: str, rows: list[list[str]]) -> None:
    delimiter = "," if ending == "csv" else "\t"
    source, target, again = (tmp_path / f"{name}.{ending}" for name in ("in", "out", "again"))
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([["a", "b", "c"], *rows])
    through(source, target)
    assert [row[:3] for row in read_csv(target, delimiter)[1:]] == rows
    table = read_table(target)
    assert [list(row) for row in zip(*map(table.values, "abc"), strict=True)] == rows
    write_table(table, AddedColumns(tuple("wxyz"), *columns_of(len(rows))), again)
    assert [row[:3] for row in read_csv(again, delimiter)[1:]] == rows


def columns_of(n_rows: int) -> tuple[Any, Any, Any, Any]:
    added = added_to(n_rows)
    return added.label, added.confidence, added.evidence, added.reached


def test_byte_order_mark_and_crlf_are_understood(tmp_path: Path) -> None:
    source = tmp_path / "excel.csv"
    source.write_bytes(b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n2,\r\n')
    table = read_table(source)
    assert table.names == ("a", "b")
    assert table.values("b") == ["x\r\ny", ""]


def test_blank_lines_are_no_rows_but_empty_cells_of_a_single_column(tmp_path: Path) -> None:
    wide, narrow = tmp_path / "wide.csv", tmp_path / "narrow.csv"
    wide.write_text("\na,b\n1,2\n\n3,4\n\n")
    narrow.write_text("a\nx\n\ny\n")
    assert read_table(wide).values("a") == ["1", "3"]
    assert read_table(narrow).values("a") == ["x", "", "y"]


def test_cells_longer_than_the_csv_module_allows_are_read(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    source = tmp_path / "long.csv"
    source.write_text(f"a,b\n{'x' * 200_000},1\n")
    assert len(read_table(source).values("a")[0]) == 200_000
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_gzip_is_read_and_written(tmp_path: Path, ending: str) -> None:
    text = {"csv": "a,b\n1,2\n", "tsv": "a\tb\n1\t2\n", "jsonl": '{"a": 1, "b": 2}\n'}[ending]
    source, target = tmp_path / f"in.{ending}.gz", tmp_path / f"out.{ending}.gz"
    source.write_bytes(gzip.compress(text.encode()))
    through(source, target)
    first = target.read_bytes()
    assert gzip.decompress(first).decode().startswith(text[:3])
    assert read_table(target).names == ("a", "b", *NAMES)
    through(source, target)
    assert target.read_bytes() == first, "the same table gives the same bytes"


def test_json_lines_keep_the_text_of_every_value(tmp_path: Path) -> None:
    lines = [
        '{"a": 1.10, "b": 123456789012345678901234567890, "c": [1, {"d": null}]}',
        '{"b":1E5,   "new": "caf\\u00e9 é"}',
        "{ }",
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    through(source, target, [True, None, "cat"])
    out = target.read_text(encoding="utf-8").splitlines()
    for came, went in zip(lines[:2], out[:2], strict=True):
        assert went.startswith(came.removesuffix("}") + ", ")
    assert json.loads(out[0])["label"] is True
    assert json.loads(out[1])["label"] is None
    assert json.loads(out[2]) == {
        "label": "cat",
        "confidence": 1.0,
        "evidence": 2.0,
        "reached": True,
    }


def test_json_lines_columns_are_the_keys_of_all_rows(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"a": 1}\n{"b": 2, "a": 3}\n')
    table = read_table(source)
    assert table.names == ("a", "b")
    assert table.values("b") == [None, 2]


def test_parquet_keeps_types_nulls_and_metadata(tmp_path: Path) -> None:
    import datetime
    import decimal

    came = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "kind": pa.array(["x", "y"]).dictionary_encode(),
            "when": pa.array([datetime.datetime(2026, 1, 31, 12), None], pa.timestamp("us", "UTC")),
            "money": pa.array([decimal.Decimal("5.10"), None]),
            "list": pa.array([[1.0], [2.0, 3.0]]),
            "raw": pa.array([b"\x00", None]),
        }
    ).replace_schema_metadata({"made by": "a test"})
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(came, source)
    through(source, target, ["x", None])
    went = pq.read_table(target)
    assert went.select(came.column_names).equals(came)
    assert went.schema.metadata[b"made by"] == b"a test"
    assert went.column("label").to_pylist() == ["x", None]
    assert went.schema.field("reached").type == pa.bool_()


def test_parquet_ignores_what_folder_names_say(tmp_path: Path) -> None:
    folder = tmp_path / "year=2026"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1]}), folder / "in.parquet")
    assert read_table(folder / "in.parquet").names == ("a",)


def test_npz_keeps_dtypes_blocks_and_odd_names(tmp_path: Path) -> None:
    came = {
        "X": np.arange(12, dtype=np.float32).reshape(2, 2, 3),
        "y": np.array([3, -1], dtype=np.int8),
        "file": np.array(["a", "é"]),
    }
    source, target = tmp_path / "in.npz", tmp_path / "out.npz"
    np.savez(source, X=came["X"], y=came["y"], other=came["file"])
    through(source, target, [3, None])
    with np.load(target, allow_pickle=False) as went:
        assert went["X"].dtype == np.float32
        assert np.array_equal(went["X"], came["X"])
        assert went["y"].dtype == np.int8
        assert np.array_equal(went["other"], came["file"])
        assert went["label"].tolist() == [3, -1], "integers mark the unreached with -1"
        assert went["reached"].dtype == bool

    lines = tmp_path / "named.jsonl"
    lines.write_text('{"file": "x"}\n{"file": "y"}\n')
    through(lines, target, ["x", None])
    with np.load(target, allow_pickle=False) as went:
        assert went["file"].tolist() == ["x", "y"]
        assert went["label"].tolist() == ["x", ""]


@pytest.fixture
def csv_source(tmp_path: Path) -> Path:
    source = tmp_path / "in.csv"
    source.write_text("code,count,size,name\n007,1,5.10,x\n008,,0.5,\n")
    return source


def test_csv_to_parquet_makes_numbers_only_where_nothing_is_lost(
    tmp_path: Path, csv_source: Path
) -> None:
    through(csv_source, tmp_path / "out.parquet", ["x", None])
    assert pq.read_table(tmp_path / "out.parquet").select([0, 1, 2, 3, 4]).to_pydict() == {
        "code": ["007", "008"],
        "count": [1, None],
        "size": [5.1, 0.5],
        "name": ["x", None],
        "label": ["x", None],
    }


def test_csv_to_json_lines_and_npz(tmp_path: Path, csv_source: Path) -> None:
    through(csv_source, tmp_path / "out.jsonl", ["1", "2"])
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows[1] == {
        "code": "008",
        "count": None,
        "size": 0.5,
        "name": None,
        "label": 2,
        "confidence": 1.0,
        "evidence": 2.0,
        "reached": True,
    }
    through(csv_source, tmp_path / "out.npz", ["1", None])
    with np.load(tmp_path / "out.npz", allow_pickle=False) as went:
        assert went["code"].tolist() == ["007", "008"]
        assert np.array_equal(went["count"], [1.0, np.nan], equal_nan=True)
        assert went["label"].tolist() == [1, -1]


def test_typed_to_csv_writes_the_shortest_exact_text(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.tsv"
    columns = {
        "f32": pa.array([0.1, None], pa.float32()),
        "f64": [0.1 + 0.2, None],
        "flag": [True, None],
        "list": [[1, 2], None],
    }
    pq.write_table(pa.table(columns), source)
    through(source, target)
    assert [row[:4] for row in read_csv(target, "\t")[1:]] == [
        ["0.1", "0.30000000000000004", "true", "[1, 2]"],
        ["", "", "", ""],
    ]


def test_npz_to_parquet_and_json_lines_keeps_blocks(tmp_path: Path) -> None:
    source = tmp_path / "in.npz"
    np.savez(source, X=np.array([[1.0, np.nan], [3.0, 4.0]]), y=np.array([1.0, np.nan]))
    through(source, tmp_path / "out.parquet")
    went = pq.read_table(tmp_path / "out.parquet").column("X").to_pylist()
    assert went[1] == [3.0, 4.0]
    through(source, tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["X"] for row in rows] == [[1.0, None], [3.0, 4.0]]
    assert rows[1]["y"] is None
    again = read_table(tmp_path / "out.parquet")
    assert again.values("X")[1] == [3.0, 4.0]


@pytest.mark.parametrize(
    ("came", "went"),
    [
        (["1", "", "-2"], [1, None, -2]),
        (["1", "2.5"], [1.0, 2.5]),
        (["1.50", "1e3"], [1.5, 1000.0]),
        (["1e-05", ".5", "2.", "1E5", "+0.5"], [1e-05, 0.5, 2.0, 1e5, 0.5]),
        (["1e", ".", "1"], ["1e", ".", "1"]),
        (["00.5"], ["00.5"]),
        (["0.30000000000000004", "5e-324"], [0.1 + 0.2, 5e-324]),
        (["1e99999999999999999999"], ["1e99999999999999999999"]),
        (["0e99999999999999999999"], [0.0]),
        (["1.50", "1.0e3"], [1.5, 1000.0]),
        (["007", "1"], ["007", "1"]),
        (["+1", "1"], [1, 1]),
        (["-0", "1"], ["-0", "1"]),
        (["9223372036854775807"], [2**63 - 1]),
        (["9223372036854775808"], ["9223372036854775808"]),
        (["9007199254740993", "0.5"], ["9007199254740993", "0.5"]),
        (["0.1234567890123456789"], ["0.1234567890123456789"]),
        (["1.0e999"], ["1.0e999"]),
        (["1.0e-999"], ["1.0e-999"]),
        (["0.0"], [0.0]),
        (["nan", "1"], ["nan", "1"]),
        (["", ""], [None, None]),
    ],
)
def test_text_becomes_numbers_only_without_loss(came: list[str], went: list[Any]) -> None:
    assert typed_cells(came) == went
    assert [type(value) for value in typed_cells(came)] == [type(value) for value in went]


def test_nought_keeps_its_sign() -> None:
    assert [str(number) for number in typed_cells(["-0.0", "0.0"])] == ["-0.0", "0.0"]


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "npz"])
def test_floats_that_pandas_wrote_are_the_same_floats(tmp_path: Path, ending: str) -> None:
    x = np.random.default_rng(0).normal(size=200) * np.logspace(-300, 300, 200)
    pd.DataFrame({"x": x}).to_csv(tmp_path / "in.csv", index=False)
    through(tmp_path / "in.csv", tmp_path / f"out.{ending}")
    assert read_table(tmp_path / f"out.{ending}").values("x") == x.tolist()


def test_json_lines_to_npz_and_parquet_have_a_type_for_every_column(tmp_path: Path) -> None:
    lines = [
        {
            "flag": True,
            "maybe": True,
            "vector": [1, 2],
            "ragged": [1],
            "mixed": 1,
            "big": 2**70,
            "n": 1,
        },
        {
            "flag": False,
            "maybe": None,
            "vector": [3, 4],
            "ragged": [],
            "mixed": "x",
            "big": 0.5,
            "n": 2**64,
        },
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    through(source, tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz", allow_pickle=False) as went:
        assert went["flag"].tolist() == [True, False]
        assert went["maybe"].tolist() == ["true", ""]
        assert went["vector"].tolist() == [[1, 2], [3, 4]]
        assert went["ragged"].tolist() == ["[1]", "[]"]
        assert went["mixed"].tolist() == ["1", "x"]
        assert went["big"].tolist() == [str(2**70), "0.5"]
        assert went["n"].tolist() == ["1", str(2**64)]
    through(source, tmp_path / "out.parquet")
    went = pq.read_table(tmp_path / "out.parquet")
    assert went.column("maybe").to_pylist() == [True, None]
    assert went.column("mixed").to_pylist() == ["1", "x"]
    assert went.column("big").to_pylist() == [str(2**70), "0.5"]
    assert went.column("n").to_pylist() == ["1", str(2**64)]


@pytest.mark.parametrize("code", [0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF])
def test_what_is_no_character_is_refused_when_it_is_read(tmp_path: Path, code: int) -> None:
    source = tmp_path / "in.npz"
    np.savez(source, a=np.array([0x41, code], dtype=np.uint32).view("U1"))
    with pytest.raises(DataFileError, match=f"'a' of .* holds {code:#x} in a text"):
        read_table(source)


def test_a_label_that_utf8_cannot_hold_leaves_no_file(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a\n1\n")
    names = ("label", "confidence", "evidence", "reached")
    added = AddedColumns(names, ["\ud800"], np.ones(1), np.ones(1), np.ones(1, dtype=bool))
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        with pytest.raises(DataFileError, match="can't be written: surrogates not allowed"):
            write_table(read_table(source), added, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_progress_goes_from_nought_to_one(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a,b\n" + "1,2\n" * 20_000)
    read: list[float] = []
    written: list[float] = []
    table = read_table(source, progress=read.append)
    write_table(table, added_to(20_000), tmp_path / "out.csv", progress=written.append)
    for shares in (read, written):
        assert len(shares) > 2
        assert shares == sorted(shares)
        assert 0 <= shares[0] <= shares[-1] <= 1


def nested_rows() -> list[str]:
    return [
        '{"id": 1, "place": {"lat": 50.1, "at": {"city": "Bonn"}}, "odd": {"a": 1}, "x.y": 0}',
        '{"id": 2, "place": null, "odd": 7, "x": {"y": 2}}',
        '{"id": 3, "place": {"lat": 51.0, "tags": ["a"]}, "empty": {}}',
    ]


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_each_key_of_an_object_in_json_is_a_column(tmp_path: Path, ending: str) -> None:
    rows = nested_rows()
    text = "\n".join(rows) if ending == "jsonl" else f"[{', '.join(rows)}]"
    (tmp_path / f"in.{ending}").write_text(text)
    table = read_table(tmp_path / f"in.{ending}")
    names = ("id", "place.lat", "place.at.city", "odd", "x.y", "x", "place.tags", "empty")
    assert set(table.names) == set(names)
    assert table.values("place.lat") == [50.1, None, 51.0]
    assert table.values("place.at.city") == ["Bonn", None, None]
    assert table.values("odd") == [{"a": 1}, 7, None]  # an object beside a number
    assert table.values("x") == [None, {"y": 2}, None]  # its column is there already
    assert table.notes == ("objects in cells, a column for each key: 'place', 'place.at'",)


def test_objects_that_are_no_records_stay_as_they_are(tmp_path: Path) -> None:
    many = {f"k{number}": number for number in range(101)}
    deep = {"a": {"b": {"c": {"d": 1}}}}
    (tmp_path / "in.jsonl").write_text(json.dumps({"many": many, "deep": deep, "x": 1}))
    table = read_table(tmp_path / "in.jsonl")
    assert (table.names, table.notes) == (("many", "deep", "x"), ())


@pytest.mark.parametrize("source", ["csv", "json", "parquet", "db"])
@pytest.mark.parametrize("target", ["csv", "json", "parquet", "arrow", "xlsx", "npz"])
def test_whole_numbers_beyond_floats_come_back_exactly(
    tmp_path: Path, source: str, target: str
) -> None:
    ids = [9007199254740993, 1234567890123456789, 7]
    frame = pd.DataFrame({"id": ids, "kind": ["a", "b", "a"]})
    place = tmp_path / f"in.{source}"
    if source == "csv":
        frame.to_csv(place, index=False)
    elif source == "json":
        frame.to_json(place, orient="records")
    elif source == "parquet":
        frame.to_parquet(place)
    else:
        with contextlib.closing(sqlite3.connect(place)) as connection:
            frame.to_sql("t", connection, index=False)
    through(place, tmp_path / f"out.{target}")
    written = read_table(tmp_path / f"out.{target}").values("id")
    assert [int(value) for value in written] == ids
