"""Values of every kind are written exactly, or refused before any work is done for them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fewlabels.exceptions import DataFileError, NotEnoughMemoryError
from fewlabels.io import AddedColumns, Table, check_writable, read_table, write_table

OUTPUTS = ("out.csv", "out.tsv.gz", "out.jsonl", "out.npz", "out.parquet")


def through(table: Table, path: Path) -> Table:
    n = table.n_rows
    names = ("label", "confidence", "evidence", "reached")
    check_writable(table, path)
    added = AddedColumns(names, ["x"] * n, np.ones(n), np.ones(n), np.ones(n, dtype=bool))
    write_table(table, added, path)
    return read_table(path)


def from_arrays(folder: Path, **arrays: Any) -> Table:
    np.savez(folder / "in.npz", **arrays)
    return read_table(folder / "in.npz")


def from_json(folder: Path, *rows: str) -> Table:
    (folder / "in.jsonl").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return read_table(folder / "in.jsonl")


def texts(table: Table, name: str) -> list[str]:
    return ["" if value is None else str(value) for value in table.values(name)]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    ("array", "written"),
    [
        (
            np.array(["2026-01-31T12:00:00.123456789", "NaT"], dtype="M8[ns]"),
            ["2026-01-31T12:00:00.123456789", ""],
        ),
        (np.array([1, 10**15], dtype="m8[ns]"), ["1 nanoseconds", "1000000000000000 nanoseconds"]),
        (np.array([1 + 2j, 0.1 - 1e300j]), ["(1+2j)", "(0.1-1e+300j)"]),
        (np.array([np.longdouble(1) / 3, np.longdouble(2)]), ["0.33333333333333333334", "2.0"]),
        (np.array([0.5, 2.0], dtype=np.longdouble), ["0.5", "2.0"]),
        (np.array([2**64 - 1, 0], dtype=np.uint64), ["18446744073709551615", "0"]),
    ],
    ids=["nanoseconds", "durations", "complex", "long double", "short long double", "uint64"],
)
def test_numbers_of_rare_kinds_keep_every_digit(
    tmp_path: Path, array: Any, written: list[str], output: str
) -> None:
    if array.dtype == np.longdouble and np.finfo(np.longdouble).nmant < 60:
        written = [str(value) for value in array.tolist()]  # no longer than others here
    source = from_arrays(tmp_path, a=array)
    again = through(source, tmp_path / output)
    found = texts(again, "a")
    if output == "out.parquet" and array.dtype.kind in "Mm":  # it has such types
        stored = again.arrow.column("a").combine_chunks().cast(pa.int64())
        kept = [None if np.isnat(value) else int(value.astype("i8")) for value in array]
        assert stored.to_pylist() == kept
    else:
        assert found == written


@pytest.mark.parametrize("output", OUTPUTS)
def test_arrays_of_rare_kinds_with_more_dimensions_are_written(tmp_path: Path, output: str) -> None:
    arrays = {
        "wave": np.array([[1j, 2], [3, 4]]),
        "long": np.array([[1, 2], [3, 4]], dtype=np.longdouble) / 3,
        "text": np.array([["a", "b"], ["c", "d"]]),
        "empty": np.zeros((2, 0)),
        "time": np.array([["2026", "2027"]] * 2, dtype="M8[Y]"),
        "pair": np.array([(1, 2.5), (3, 4.5)], dtype=[("i", "i4"), ("x", "f8")]),
    }
    again = through(from_arrays(tmp_path, **arrays), tmp_path / output)
    assert set(arrays) < set(again.names)
    if output == "out.csv":
        assert again.values("wave") == ['["1j", "(2+0j)"]', '["(3+0j)", "(4+0j)"]']


def test_infinity_is_refused_where_json_is_written_and_kept_elsewhere(tmp_path: Path) -> None:
    pq.write_table(
        pa.table(
            {
                "a": [1.0, -math.inf],
                "b": [[0.5], [math.inf]],
                "c": [{"d": [0.0]}, {"d": [math.inf]}],
            }
        ),
        tmp_path / "in.parquet",
    )
    for table in (
        from_arrays(tmp_path, a=np.array([1.0, -np.inf]), b=np.array([[0.5], [np.inf]])),
        read_table(tmp_path / "in.parquet"),
    ):
        with pytest.raises(DataFileError, match=r"'a' of .* an infinite number \(row 2\)"):
            check_writable(table, tmp_path / "out.jsonl")
        for output in ("out.csv", "out.npz", "out.parquet"):
            again = through(table, tmp_path / output)
            assert float(again.values("a")[1]) == -math.inf


@pytest.mark.parametrize("value", [[math.inf], {"d": [math.inf]}])
def test_infinity_within_is_refused_where_json_is_written(tmp_path: Path, value: Any) -> None:
    pq.write_table(pa.table({"a": [value]}), tmp_path / "in.parquet")
    with pytest.raises(DataFileError, match="an infinite number"):
        check_writable(read_table(tmp_path / "in.parquet"), tmp_path / "out.jsonl.gz")


def test_nan_within_is_null_in_json(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [{"d": [math.nan, 1.0]}]}), tmp_path / "in.parquet")
    through(read_table(tmp_path / "in.parquet"), tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text())["a"] == {"d": [None, 1.0]}


def nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(
    "cell", [nested(40), nested(100), '{"a": ' * 60 + "1" + "}" * 60, "{}", "[{}]"]
)
def test_what_parquet_has_no_type_for_is_the_text_of_it(
    tmp_path: Path, cell: str, output: str
) -> None:
    table = from_json(tmp_path, f'{{"a": {cell}}}')
    again = through(table, tmp_path / output)
    found = again.values("a")[0]
    if isinstance(found, np.ndarray):
        found = found.tolist()
    assert (json.loads(found) if isinstance(found, str) else found) == json.loads(cell)


@pytest.mark.parametrize("depth", [101, 500, 5_000, 100_000])
def test_json_nested_too_deep_to_be_written_is_refused_when_it_is_read(
    tmp_path: Path, depth: int
) -> None:
    with pytest.raises(DataFileError, match=r"in\.jsonl, line 2: .*(in one another|recursion)"):
        from_json(tmp_path, '{"a": 1}', f'{{"a": {nested(depth)}}}')


def test_brackets_in_texts_are_no_nesting(tmp_path: Path) -> None:
    table = from_json(tmp_path, json.dumps({"a": "[" * 500}), json.dumps({"a": [[]] * 500}))
    assert table.values("a") == ["[" * 500, [[]] * 500]


def test_what_npz_would_cut_off_is_refused(tmp_path: Path) -> None:
    for rows, message in (
        (['{"a": "x\\u0000"}'], r"text that ends with a zero character \(row 1\)"),
        (['{"a": "x"}', '{"a\\u0000b": "y"}'], "a zero character in its name"),
    ):
        table = from_json(tmp_path, *rows)
        with pytest.raises(DataFileError, match=message):
            check_writable(table, tmp_path / "out.npz")
        for output in ("out.csv", "out.jsonl", "out.parquet"):
            assert set(table.names) < set(through(table, tmp_path / output).names)


def test_a_long_text_in_many_rows_is_refused_where_each_row_takes_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = from_json(tmp_path, json.dumps({"a": "x" * 10_000}), *['{"a": "y"}'] * 99)
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 1_000_000)
    with pytest.raises(NotEnoughMemoryError, match=r"'a' of .* needs 4 MB"):
        check_writable(table, tmp_path / "out.npz")
    check_writable(table, tmp_path / "out.csv")
