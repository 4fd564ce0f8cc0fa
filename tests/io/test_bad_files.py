"""A file that can't be read says which line is wrong, and what to do."""

from __future__ import annotations

import gzip
import itertools
import os
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fewlabels.exceptions import DataFileError, InvalidInputError, NotEnoughMemoryError
from fewlabels.io import AddedColumns, check_output, open_features, read_table, write_table

TABLES: dict[str, tuple[str, bytes, str]] = {
    "empty csv": ("t.csv", b"", "is empty"),
    "blank csv": ("t.csv", b"\n\n", "is empty"),
    "empty jsonl": ("t.jsonl", b"", "is empty"),
    "blank jsonl": ("t.jsonl", b"\n\n", "is empty"),
    "empty parquet": ("t.parquet", b"", "is empty"),
    "header only": ("t.csv", b"a,b\n", r"columns \('a', 'b'\) but no rows"),
    "too few": ("t.csv", b"a,b\n1,2\n3\n", "line 3: too few cells, 1 where the header has 2"),
    "too many": ("t.csv", b"a,b\n1,2,3\n", "line 2: too many cells, 3 where the header has 2"),
    "ragged after a long cell": ("t.csv", b'a,b\n"1\n\n",2\n3,4\n5\n', "line 6: too few"),
    "no name twice": ("t.csv", b"a;;\n1;;2\n2;3;\n", "2 columns without a name.*ends of the lines"),
    "open quote": ("t.csv", b'a,b\n1,"2\n', "near line 2: .*quotes"),
    "stray quote": ("t.csv", b'a,b\n"1" x,2\n', "near line 2: .*quotes"),
    "damaged UTF-8": (
        "t.csv",
        "a,b\ncafé,2\n".encode() + b"caf\xe9,3\n",
        r"line 3: byte 0xe9 is not UTF-8.*encoding='cp1252'",
    ),
    "commas or semicolons": ("t.csv", b"a,b;c\n1,2;3\n", "commas or semicolons.*separator=','"),
    "no gzip": ("t.csv.gz", b"a,b\n", "can't be unpacked"),
    "cut gzip": ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:-12], "can't be unpacked"),
    "no json": ("t.jsonl", b'{"a": 1}\n{"a": 1,}\n', "line 2: not JSON"),
    "a list": ("t.jsonl", b"[1]\n", "line 1: a JSON list, not an object"),
    "key twice": ("t.jsonl", b'{"a": 1, "a": 2}\n', "line 1: the key 'a' comes twice"),
    "half a pair": ("t.jsonl", b'{"a": "\\ud800"}\n', "line 1: half of a surrogate pair"),
    "empty objects": ("t.jsonl", b"{}\n", "no columns"),
    "no parquet": ("t.parquet", b"a,b\n1,2\n", r"can't be read as Parquet: .*\w\. Give"),
    "no npz": ("t.npz", b"a,b\n1,2\n", "can't be read"),
    "cut npz": ("t.npz", b"PK\x03\x04 and no more", "can't be read"),
    "ending": ("t.doc", b"x", "can't tell from the name"),
    "no workbook": ("t.xlsx", b"x", "is no workbook, but text"),
    "cut workbook": ("t.xlsx", b"PK\x03\x04" + b"\0" * 999, "is cut off: it begins as a workbook"),
    "cut .ods": ("t.ods", b"PK\x03\x04" + b"\0" * 999, "is cut off"),
    "cut .xls": ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "can't be read as a workbook"),
    "no sheets": ("t.xlsx", b"PK\x05\x06" + b"\0" * 18, "no workbook, or a damaged one|can't be"),
    "no arrow": ("t.arrow", b"x", "can't be read as an Arrow file"),
    "no database": ("t.db", b"x" * 99, "neither an SQLite nor a DuckDB file"),
    "damaged sqlite": ("t.db", b"SQLite format 3\0" + b"x" * 99, "can't be read as an SQLite"),
    "no zip": ("t.zip", b"x", "can't be read as a ZIP archive"),
    "no array": ("t.json", b"3", "holds no JSON array"),
    "open array": ("t.json", b'[{"a": 1}', "entry 1: not JSON, a comma or the end"),
    "array of numbers": ("t.json", b"[1, 2]", "entry 1: a JSON int, not an object"),
    "two arrays": ("t.json", b'[{"a": 1}] [1]', "more than one JSON array"),
    "empty array": ("t.json", b"[]", "is empty"),
    "two objects in a line": ("t.jsonl", b'{"a": 1} {"a": 2}\n', "line 1: not JSON .more text"),
    "no ending": ("t", b"x", "can't tell from the name"),
    "gzipped parquet": ("t.parquet.gz", b"x", "can't tell from the name"),
}


@pytest.mark.parametrize(("name", "content", "message"), TABLES.values(), ids=TABLES.keys())
def test_unreadable_table(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=message) as raised:
        read_table(path)
    assert str(path) in str(raised.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"format of standard input.*file_format='csv'"):
        read_table("-")
    with pytest.raises(DataFileError, match="does not exist"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataFileError, match="is not a file"):
        read_table(tmp_path / "folder.csv")


def test_parquet_without_rows_and_with_a_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), path)
    with pytest.raises(DataFileError, match="no rows"):
        read_table(path)
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(DataFileError, match="more than one column named 'a'"):
        read_table(path)


def test_npz_of_unequal_lengths_of_objects_or_of_one_array(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, X=np.zeros((3, 2)), y=np.zeros(2))
    with pytest.raises(DataFileError, match=r"'X' \(3, 2\), 'y' \(2,\)"):
        read_table(path)
    np.savez(path, X=np.zeros(3), y=np.array([None, 1, 2], dtype=object))
    with pytest.raises(DataFileError, match="Python objects"):
        read_table(path)
    np.savez(path)
    with pytest.raises(DataFileError, match="no columns"):
        read_table(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataFileError, match="one array without a name"):
        read_table(path)


def test_a_hundred_thousand_names_are_compared_at_once(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(100_000)] + ["c99999"]
    path = tmp_path / "t.csv"
    path.write_text(",".join(names) + "\n" + "1," * 100_000 + "1\n")
    assert read_table(path).names[-1] == "c99999 (2)"
    path = tmp_path / "t.jsonl"
    path.write_text("{" + ", ".join(f'"{each}": 1' for each in names) + "}\n")
    with pytest.raises(DataFileError, match="'c99999'"):
        read_table(path)


def test_unknown_column_is_answered_with_close_names_or_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Species,height\nx,1\n")
    table = read_table(path)
    with pytest.raises(InvalidInputError, match=r"\(label='specis'\): did you mean 'Species'\?"):
        table.require("specis", "label")
    with pytest.raises(InvalidInputError, match="its columns are 'Species', 'height'"):
        table.require("zzz", "label")


def test_output_is_checked_before_the_work(tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("a\n1\n")
    link = tmp_path / "link.csv"
    link.symlink_to(there)
    for path, sources, message in [
        (tmp_path / "out.xyz", [], "can't tell from the name"),
        (tmp_path / "none" / "out.csv", [], "no folder .*mkdir -p"),
        (there / "out.csv", [], "no folder"),
        (
            tmp_path / ("x" * 300 + ".csv"),
            [],
            "can't be written: the name is too long; choose a shorter one",
        ),
        (there, [], "exists.*replace=True"),
        (there, [there], "is the input"),
        (link, [there], "is the input"),
    ]:
        with pytest.raises(DataFileError, match=message):
            check_output(path, sources=sources)
    with pytest.raises(DataFileError, match="is the input"):
        check_output(there, sources=[there], replace=True)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataFileError, match="is a folder"):
        check_output(tmp_path / "folder.csv", replace=True)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataFileError, match="not a file"):
        check_output(tmp_path / "pipe.csv", replace=True)
    check_output(there, replace=True)
    check_output(tmp_path / "new.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "folder.csv",
        "link.csv",
        "pipe.csv",
        "there.csv",
    ]


def test_a_name_as_long_as_names_can_be_is_no_error_and_a_longer_one_is(tmp_path: Path) -> None:
    longest = "n" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 4)
    check_output(tmp_path / f"{longest}.csv")
    with pytest.raises(DataFileError, match="the name is too long; choose a shorter one"):
        check_output(tmp_path / f"{longest}n.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.jsonl", "out.npz", "out.parquet"])
def test_an_output_that_appeared_meanwhile_is_not_replaced(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    (tmp_path / "in.csv").write_text("a\n1\n")
    path.write_bytes(b"theirs")
    names = ("label", "confidence", "evidence", "reached")
    added = AddedColumns(names, ["x"], np.ones(1), np.ones(1), np.ones(1, dtype=bool))
    with pytest.raises(DataFileError, match="another file has appeared there, which was not repl"):
        write_table(read_table(tmp_path / "in.csv"), added, path, replace=False)
    assert path.read_bytes() == b"theirs"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv", name]


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say that a megabyte is free, and look at what a text file takes from its beginning on.

    A text file takes 3 MB for each megabyte that is read: what a process has grown by depends on
    what it held before.
    """
    taken = itertools.count(50_000_000, 3_000_000)
    monkeypatch.setattr("fewlabels.io._watched.resident_memory", lambda: next(taken))
    for module in ("_memory", "io._parquet_size"):
        monkeypatch.setattr(f"fewlabels.{module}.available_memory", lambda: 1_000_000)
    monkeypatch.setattr("fewlabels.io._watched._LOOK_EVERY", 1_000_000)


def _unpacks_to_much(path: Path) -> None:
    if path.name.startswith("strings"):
        cells = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), ["x" * 10_000])
        pq.write_table(pa.table({"a": cells}), path, store_schema=False, compression="zstd")
    elif path.name.startswith("lists"):
        pq.write_table(pa.table({"a": [[0.0] * 10_000] * 50}), path)
    elif path.name.startswith("numbers"):
        pq.write_table(pa.table({"a": np.zeros(1_000_000)}), path)
    else:
        line = b'{"a": 1.25}\n' if "jsonl" in path.name else b"1.25\n"
        lines = b"".join(line.replace(b"25", b"%d" % i) for i in range(400_000))
        path.write_bytes(gzip.compress(b"a\n" * ("csv" in path.name) + lines, 1))


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "name", ["strings.parquet", "lists.parquet", "numbers.parquet", "t.csv.gz", "t.jsonl.gz"]
)
def test_what_unpacks_to_more_than_is_free_is_refused_with_the_estimate(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    _unpacks_to_much(path)
    estimate = r"needs [\d.]+ [kMG]B, but only 1 MB of memory are available"
    with pytest.raises(NotEnoughMemoryError, match=rf"what .*{name}.* {estimate}"):
        read_table(path)
    if name == "numbers.parquet":
        features = open_features(path)
        with pytest.raises(NotEnoughMemoryError, match=estimate):
            features.read(0, len(features))


def test_parquet_in_small_batches_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "text": pa.array([f"{i % 7} words" if i % 5 else None for i in range(1000)]),
        "kind": pa.array(["a", "b"] * 500).dictionary_encode(),
        "raw": pa.array([b"\0" * (i % 9) for i in range(1000)]),
        "number": pa.array(range(1000), pa.int16()),
    }
    nested = {
        "list": [[i] * (i % 4) for i in range(1000)],
        "struct": [{"a": str(i)} for i in range(1000)],
    }
    for table in (pa.table(columns), pa.table(columns | nested)):
        table = table.replace_schema_metadata({"kept": "too"})
        pq.write_table(table, path, row_group_size=300)
        table = pq.read_table(path)  # lists name their entries otherwise
        whole = read_table(path).arrow
        monkeypatch.setattr("fewlabels.io._parquet_size.available_memory", lambda: 5_000)
        small = read_table(path).arrow
        monkeypatch.undo()
        assert small.column(0).num_chunks > whole.column(0).num_chunks == 4
        for found in (whole, small):
            assert found.equals(table)
            assert found.schema.equals(table.schema, check_metadata=True)


def test_a_page_of_parquet_with_a_wrong_bit_is_found_by_its_checksum(tmp_path: Path) -> None:
    source, path = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("a\n" + "".join(f"{i}.5\n" for i in range(99)))
    names = ("label", "confidence", "evidence", "reached")
    added = AddedColumns(names, ["x"] * 99, np.ones(99), np.ones(99), np.ones(99, dtype=bool))
    write_table(read_table(source), added, path)
    content = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    content[column.dictionary_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=r"can't be read as Parquet: .*CRC"):
        read_table(path)


def test_dates_that_python_has_none_of_are_named(tmp_path: Path) -> None:
    far = pa.array([10**7, 1], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"x": [1.0, 2.0], "when": far}), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    for read in (lambda: table.values("when"), lambda: table.cell("when", 0)):
        with pytest.raises(DataFileError, match=r"t\.parquet: column 'when'.*years 1 to 9999"):
            read()


@pytest.mark.parametrize("separator", "^ ~")
def test_names_in_one_column_say_how_to_part_them(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a b kind\n1 2 x\n".replace(" ", separator))
    with pytest.raises(InvalidInputError, match=re.escape(f"separator={separator!r}")):
        read_table(path).require("kind", "label")
    path.write_text('"a" "b" "kind"\n1 2 "x"\n'.replace(" ", separator))
    with pytest.raises(DataFileError, match=re.escape(f"separator={separator!r}")):
        read_table(path)
    table = read_table(path, separator=separator)
    assert table.names == ("a", "b", "kind")


def test_a_name_within_the_only_name_is_no_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mankind\n1\n")
    with pytest.raises(InvalidInputError, match="did you mean 'mankind'"):
        read_table(path).require("kind", "label")


def test_names_of_rows_without_a_name_say_what_r_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"x","kind"\n"1",2,"a"\n"2",3,"b"\n')
    with pytest.raises(DataFileError, match=r"as R's write\.table leaves it, put one in front"):
        read_table(path)
    path.write_text('"x","kind"\n2,"a"\n"2",3,"b"\n')
    with pytest.raises(DataFileError, match="line 3: too many cells") as raised:
        read_table(path)
    assert "write.table" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"count": 1, "rows": [{"a": 1}]}', "Its 'rows' is one"),
        ('{"a": {"0": 1}, "b": {"0": 2}}', "as pandas writes one"),
        ('{"columns": ["a"], "index": [0], "data": [[1]]}', "as pandas writes one"),
        ('{"a": 1, "b": 2}', "but an object of 'a', 'b'"),
        ("7", "holds no JSON array. Give"),
    ],
)
def test_json_that_is_no_array_says_what_it_is(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataFileError, match=re.escape(said)):
        read_table(path)
