"""Objects in cells: a column for each of their keys, whatever kind of table they are in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from fewlabels import make_points
from fewlabels.cli import main
from fewlabels.io import read_table
from fewlabels.io._frames import table_of
from fewlabels.io._table import Table

ROWS: list[dict[str, Any]] = [
    {"id": 1, "place": {"lat": 50.1, "at": {"city": "Bonn"}}, "kind": "a"},
    {"id": 2, "place": None, "kind": "b"},
    {"id": 3, "place": {"lat": 51.0, "at": {"city": "Trier"}}, "kind": "b"},
    {"id": 4, "place": {"lat": None, "at": None}, "kind": None},
]


def in_parquet(folder: Path, rows: list[dict[str, Any]]) -> Table:
    pq.write_table(pa.Table.from_pylist(rows), folder / "in.parquet")
    return read_table(folder / "in.parquet")


def in_arrow(folder: Path, rows: list[dict[str, Any]]) -> Table:
    polars.DataFrame(rows).write_ipc(folder / "in.arrow", compression="uncompressed")
    return read_table(folder / "in.arrow")


def in_duckdb(folder: Path, rows: list[dict[str, Any]]) -> Table:
    duckdb = pytest.importorskip("duckdb")
    given = pa.Table.from_pylist(rows)  # noqa: F841 - by its name in the query
    with duckdb.connect(str(folder / "in.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT * FROM given")
    return read_table(folder / "in.duckdb")


KINDS: dict[str, Callable[[Path, list[dict[str, Any]]], Table]] = {
    "parquet": in_parquet,
    "arrow": in_arrow,
    "duckdb": in_duckdb,
    "pandas": lambda _, rows: table_of(pandas.DataFrame(rows)),
    "polars": lambda _, rows: table_of(polars.DataFrame(rows)),
    "pyarrow": lambda _, rows: table_of(pa.Table.from_pylist(rows)),
    "records": lambda _, rows: table_of(rows),
    "columns": lambda _, rows: table_of({name: [row[name] for row in rows] for name in rows[0]}),
    "objects": lambda _, rows: table_of(
        {name: np.array([row[name] for row in rows], dtype=object) for name in rows[0]}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_key_of_objects_in_cells_is_a_column(kind: str, tmp_path: Path) -> None:
    table = KINDS[kind](tmp_path, ROWS)
    assert table.names == ("id", "place.lat", "place.at.city", "kind")
    assert table.values("place.lat") == [50.1, None, 51.0, None]
    assert table.values("place.at.city") == ["Bonn", None, "Trier", None]
    assert table.head(2).values("place.lat")[:2] == [50.1, None]
    assert table.cell("place.at.city", 2) == "Trier"


@pytest.mark.parametrize("kind", ["parquet", "arrow", "duckdb"])
def test_a_file_with_objects_in_cells_says_so(kind: str, tmp_path: Path) -> None:
    table = KINDS[kind](tmp_path, ROWS)
    assert table.notes[-1] == "objects in cells, a column for each key: 'place', 'place.at'"
    assert "place" in table.taken or kind == "duckdb"


@pytest.mark.parametrize("kind", KINDS)
def test_objects_that_are_no_records_stay_as_they_are(kind: str, tmp_path: Path) -> None:
    many = {f"k{number}": number for number in range(101)}
    deep = {"a": {"b": {"c": {"d": 1}}}}
    rows = [{"many": many, "deep": deep, "x": {"y": 1}, "x.y": 2} for _ in range(2)]
    table = KINDS[kind](tmp_path, rows)
    assert table.names == ("many", "deep", "x", "x.y")
    assert table.values("x") == [{"y": 1}] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_points_are_the_same_wherever_objects_came_from(kind: str, tmp_path: Path) -> None:
    rows = [
        row | {"place": row["place"] and row["place"] | {"high": 3 * row["id"]}} for row in ROWS
    ]
    points = make_points(KINDS[kind](tmp_path, rows), columns={"id": "drop"})
    expected = make_points(
        {
            "lat": [50.1, None, 51.0, None],
            "city": ["Bonn", None, "Trier", None],
            "high": [3, None, 9, 12],
            "kind": ["a", "b", "b", None],
        }
    )
    np.testing.assert_array_equal(points.values, expected.values)


def test_a_parquet_file_keeps_its_objects_and_gets_answers_beside_them(tmp_path: Path) -> None:
    rows = [
        {"at": {"x": float(i % 2), "y": float(i)}, "kind": "ab"[i % 2] if i < 4 else None}
        for i in range(12)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    for ending in ("parquet", "jsonl", "csv"):
        out = tmp_path / f"out.{ending}"
        asked = ["spread", str(tmp_path / "in.parquet"), "--label", "kind", "-o", str(out)]
        result = CliRunner().invoke(main, asked)
        assert result.exit_code == 0, result.output
        assert "objects in cells, a column for each key: 'at'" in result.output
    kept = pq.read_table(tmp_path / "out.parquet")
    assert kept.column("at").to_pylist() == [row["at"] for row in rows]
    assert "label" in kept.column_names
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["at"] for line in lines] == [row["at"] for row in rows]
    assert (tmp_path / "out.csv").read_text().startswith("at.x,at.y,kind,label,")
