"""Columns become features by rules that a person can foresee."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from fewlabels import Tables
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import Table, load_features, read_table
from fewlabels.io._frames import ColumnTable
from tests.built import built

N = 12


def table_of(folder: Path, columns: dict[str, list[Any]]) -> Table:
    """Write columns of text as CSV; the first comes to be the label."""
    path = folder / "t.csv"
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return read_table(path)


def json_table(folder: Path, columns: dict[str, list[Any]]) -> Table:
    path = folder / "t.jsonl"
    rows = zip(*columns.values(), strict=True)
    path.write_text(
        "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)
    )
    return read_table(path)


LABEL = ["a", "b"] + [""] * (N - 2)
NUMBER = [0.5 * i * i for i in range(N)]


def test_numbers_are_standardised(tmp_path: Path) -> None:
    features = built(
        table_of(tmp_path, {"y": LABEL, "x": NUMBER, "z": [1e300 * v for v in NUMBER]})
    )
    assert features.kinds() == {"x": "number", "z": "number"}
    assert np.allclose(features.values.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(features.values.std(axis=0), 1, atol=1e-5)
    x = np.array(NUMBER)
    assert np.allclose(features.values[:, 0], (x - x.mean()) / x.std())


def test_the_label_is_never_a_feature(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"y": [1, 2] * 6, "x": NUMBER})
    assert built(table).kinds() == {"x": "number"}


def test_text_booleans_and_codes_become_columns_of_zero_and_one(tmp_path: Path) -> None:
    columns = {
        "y": LABEL,
        "colour": ["red", "blue", "", "red"] * 3,
        "flag": ["true", "false"] * 6,
        "zip": ["007", "12", "99"] * 4,
    }
    features = built(table_of(tmp_path, columns))
    assert features.kinds() == dict.fromkeys(("colour", "flag", "zip"), "category")
    assert features.values.shape == (N, 2 + 2 + 3)
    as_they_are = built(table_of(tmp_path, columns), scale=False)
    assert as_they_are.values[:4, :2].tolist() == [[0, 1], [1, 0], [0, 0], [0, 1]]


def test_each_column_of_the_table_has_a_total_variance_of_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "y": LABEL,
        "income": [1e5 * v for v in NUMBER],
        "gaps": [*map(str, NUMBER[:-3]), "", "", ""],
        "colour": ["red", "blue", "", "green"] * 3,
        "vector": rng.random((N, 5)).tolist(),
    }
    features = built(json_table(tmp_path, columns))
    assert [column.name for column in features.used] == ["income", "gaps", "colour", "vector"]
    ends = np.cumsum([column.width for column in features.used])
    assert ends.tolist() == [1, 3, 6, 11]
    for part in np.split(features.values, ends[:-1], axis=1):
        assert np.isclose(part.var(axis=0).sum(), 1)
        assert np.allclose(part.mean(axis=0), 0, atol=1e-6)


def test_what_says_nothing_is_left_out_with_the_reason(tmp_path: Path) -> None:
    columns = {
        "y": LABEL,
        "x": NUMBER,
        "same": [7] * N,
        "word": ["w"] * N,
        "nothing": [""] * N,
        "row": list(range(100, 100 + N)),
        "user_id": [i * i * 7 for i in range(N)],
        "order id": [*range(N - 1), "X9"],
        "rownames": [3 * i for i in range(N)],
        "name": [f"name {i}" for i in range(N)],
    }
    features = built(table_of(tmp_path, columns))
    assert [column.name for column in features.used] == ["x"]
    assert features.note("same") == features.note("word") == "one value only"
    assert features.note("nothing") == "empty"
    assert features.note("row") == "row numbers"
    assert "identifier" in features.note("user_id")
    assert "identifier" in features.note("order id")
    assert "identifier" in features.note("rownames")
    assert features.note("name").startswith("codes, 12 different values in 12 rows; if")


def test_a_named_column_is_used_even_if_it_looks_like_an_identifier(tmp_path: Path) -> None:
    columns = {"y": LABEL, "row": list(range(N)), "name": [f"n{i}" for i in range(N)], "x": NUMBER}
    features = built(table_of(tmp_path, columns), name="use", row="use", x="drop")
    assert features.kinds() == {"row": "number", "name": "text", "x": "left out"}


def test_columns_are_dropped_or_taken_for_names(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"y": LABEL, "x": NUMBER, "code": [1, 2, 3] * 4})
    features = built(table, x="drop", code="category")
    assert features.kinds() == {"x": "left out", "code": "category"}
    assert features.note("x") == "excluded"
    assert features.values.shape == (N, 3)


def test_what_an_earlier_run_added_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        {"y": LABEL, "x": NUMBER, "confidence": NUMBER, "evidence": NUMBER, "reached": NUMBER},
    )
    assert [column.name for column in built(table).used] == ["x"]
    assert built(table).note("evidence") == "added by an earlier run"
    assert [column.name for column in built(table, evidence="use").used] == ["x", "evidence"]


def test_unknown_columns_and_kinds_are_named_together(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"y": LABEL, "height": NUMBER})
    message = "did you mean 'height'.* Also: columns={'height': 'nothing'}: a column is one of use"
    with pytest.raises(InvalidInputError, match=message):
        built(table, heigth="drop", height="nothing")


@pytest.mark.parametrize("cell", ["", "NaN", " ", "n/a", "#N/A", "-"])
def test_missing_numbers_become_the_median_with_a_flag_of_half_the_weight(
    tmp_path: Path, cell: str
) -> None:
    column: list[Any] = list(NUMBER)
    column[3] = column[7] = cell
    features = built(table_of(tmp_path, {"y": LABEL, "my x": column}), scale=False)
    present = np.delete(NUMBER, [3, 7])
    values, flag = features.values.T
    assert values[[3, 7]].tolist() == [np.median(present)] * 2
    assert np.allclose(np.delete(values, [3, 7]), present)
    assert np.allclose(flag[[3, 7]], present.std() / 2)
    assert np.count_nonzero(flag) == 2
    (said,) = features.columns
    assert said.said[-1] == "2 numbers missing"


def test_a_column_that_is_missing_but_for_one_number_says_where_that_is(tmp_path: Path) -> None:
    features = built(table_of(tmp_path, {"y": LABEL, "x": [7, *["NA"] * (N - 1)]}))
    assert features.values.shape == (N, 2)
    assert len(np.unique(features.values.round(9), axis=0)) == 2


def test_infinity_is_named_by_row_and_long_lists_are_cut(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'x' has infinity in row 2"):
        built(table_of(tmp_path, {"y": LABEL, "x": [1, "-inf", *NUMBER[2:]]}))
    with pytest.raises(InvalidInputError, match="rows 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"):
        built(table_of(tmp_path, {"y": LABEL, "x": [1.5, *["inf"] * (N - 1)]}))


def test_text_among_numbers_is_named_by_row(tmp_path: Path) -> None:
    column: list[Any] = [*NUMBER[:-1], "soon"]
    message = (
        r"'x' holds numbers, but other text in row 12 .*'soon'.*missing=\['soon'\].*"
        r"columns=\{'x': 'drop'\}.*columns=\{'x': 'category'\}"
    )
    with pytest.raises(InvalidInputError, match=message):
        built(table_of(tmp_path, {"y": LABEL, "x": column}))
    with pytest.raises(InvalidInputError, match=message):
        built(json_table(tmp_path, {"y": LABEL, "x": column}))
    features = built(table_of(tmp_path, {"y": LABEL, "x": column}), x="category")
    assert features.kinds() == {"x": "category"}


def test_text_with_a_few_numbers_in_it_is_text(tmp_path: Path) -> None:
    columns = {"y": LABEL, "size": ["S", "M", "38", "1_000"] * 3}
    assert built(table_of(tmp_path, columns)).kinds() == {"size": "category"}
    assert built(json_table(tmp_path, columns)).kinds() == {"size": "category"}


def test_no_feature_at_all_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'same': one value only"):
        built(table_of(tmp_path, {"y": LABEL, "same": [7] * N}))
    with pytest.raises(InvalidInputError, match="has no column to make points of"):
        built(table_of(tmp_path, {"y": LABEL}))


def test_typed_columns_of_json_lines(tmp_path: Path) -> None:
    columns = {
        "y": LABEL,
        "number": [1, 2.5, *range(N - 2)],
        "flag": [True, False, None] * 4,
        "embedding": [[i, 1.0] for i in range(N)],
        "ragged": [[1.0] * (1 + i % 2) for i in range(N)],
        "words": [["a", "b"]] * N,
        "object": [{"a": 1}] * N,
        "text": ["1", "2"] * 6,
    }
    features = built(json_table(tmp_path, columns))
    assert features.kinds() == {
        "number": "number",
        "flag": "category",
        "embedding": "array",
        "ragged": "left out",
        "words": "left out",
        "object.a": "left out",  # one value only
        "text": "number",
    }


def test_numbers_beyond_floats_are_called_too_large(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"too large for a number .* in row 1") as raised:
        built(json_table(tmp_path, {"y": LABEL, "x": [10**400, *range(N - 1)]}))
    assert "infinity" not in str(raised.value)
    with pytest.raises(InvalidInputError, match=r"too large .* in row 1\. Fix them, leave"):
        built(table_of(tmp_path, {"y": LABEL, "x": ["1e400", *range(N - 1)]}))
    both = "infinity or a value too large .* in rows 1 and 2"
    with pytest.raises(InvalidInputError, match=both):
        built(table_of(tmp_path, {"y": LABEL, "x": ["1e400", "-inf", *range(N - 2)]}))


def test_rows_are_counted_without_a_header_only_where_there_is_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"Rows are counted from 1\.$"):
        built(json_table(tmp_path, {"y": LABEL, "x": [10**400, *range(N - 1)]}))
    with pytest.raises(InvalidInputError, match=r"counted from 1, without the header\.$"):
        built(table_of(tmp_path, {"y": LABEL, "x": ["inf", *range(N - 1)]}))


def test_lists_of_unequal_length_are_lists_of_items(tmp_path: Path) -> None:
    ragged = [["a", "b"], ["b"], []] * 4
    absent = [[1.0], None] * 6
    columns = {"y": LABEL, "x": NUMBER, "ragged": ragged, "absent": absent}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    for table in (json_table(tmp_path, columns), read_table(tmp_path / "t.parquet")):
        features = built(table, scale=False)
        assert features.kinds() == {"x": "number", "ragged": "list", "absent": "array"}
        assert features.values[:3, 1:3].tolist() == [[1, 1], [0, 1], [0, 0]]


def test_columns_that_may_be_identifiers_are_marked(tmp_path: Path) -> None:
    columns = {
        "y": LABEL,
        "phone": [7 * i * i for i in range(N)],
        "rank": [i // 2 for i in range(N)],
        "x": [0.5 + i for i in range(N)],
    }
    table = table_of(tmp_path, columns)
    marked = [column.name for column in built(table).columns if column.all_different]
    assert marked == ["phone"]
    assert not any(column.all_different for column in built(table, phone="use").columns)


def test_typed_columns_of_parquet(tmp_path: Path) -> None:
    import datetime
    import decimal

    day = datetime.date(2026, 1, 31)
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2.0 * N, dtype="f4")), 2)
    columns = {
        "y": pa.array([*LABEL[:2], *[None] * (N - 2)]),
        "int": pa.array([i * i for i in range(N)], pa.int8()),
        "money": pa.array([decimal.Decimal(i * i) for i in range(N)]),
        "kind": pa.array(["x", "z"] * 6).dictionary_encode(),
        "flag": [True, False] * 6,
        "day": [day] * N,
        "vector": fixed,
        "list": [[1.0 * i, 2.0] for i in range(N)],
        "ragged": [[1.0], None] * 6,
        "raw": [b"x"] * N,
        "null": pa.nulls(N),
    }
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    features = built(read_table(path))
    assert features.kinds() == {
        "int": "number",
        "money": "number",
        "kind": "category",
        "flag": "category",
        "day": "left out",
        "vector": "array",
        "list": "array",
        "ragged": "array",
        "raw": "left out",
        "null": "left out",
    }
    columns["int"] = pa.array([None, *range(N - 1)], pa.int8())
    pq.write_table(pa.table(columns), path)
    assert built(read_table(path).only(["y", "int"])).values.shape == (N, 2)


def test_typed_arrays_of_npz(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.random((N, 2, 3), dtype=np.float32)
    path = tmp_path / "t.npz"
    np.savez(
        path,
        y=np.array([0, 1] + [-1] * (N - 2)),
        image=image,
        x=np.array(NUMBER),
        flag=np.array([True, False] * 6),
        word=np.array(["u", "v"] * 6),
        day=np.array(["2026-01-31"] * N, dtype="M8[D]"),
        z=np.zeros(N, dtype=complex),
        words=np.full((N, 2), "w"),
        none=np.zeros((N, 0)),
    )
    table = read_table(path)
    assert built(table).kinds() == {
        "image": "array",
        "x": "number",
        "flag": "category",
        "word": "category",
        "day": "left out",
        "z": "left out",
        "words": "left out",
        "none": "left out",
    }
    alone = built(table.only(["y", "image"])).values
    assert alone.dtype == np.float32
    assert alone.shape == (N, 6)
    flat = image.reshape(N, 6)
    ratio = (alone[1:] - alone[0]) / (flat[1:] - flat[0])
    assert np.allclose(ratio, ratio[0, 0], rtol=1e-3), "one scale for the whole block"
    assert np.isclose(alone.var(axis=0).sum(), 1, rtol=1e-4)


def test_arrays_with_gaps_are_filled_and_flagged_but_infinity_is_refused(tmp_path: Path) -> None:
    image = np.arange(2.0 * N).reshape(N, 2)
    image[4, 1] = np.nan
    features = built(ColumnTable({"y": LABEL, "image": image}), scale=False)
    assert features.values.shape == (N, 3)
    assert features.values[4, 1] == np.nanmedian(image[:, 1])
    assert np.flatnonzero(features.values[:, 2]).tolist() == [4]
    image[7, 0] = np.inf
    with pytest.raises(InvalidInputError, match=r"'image' has infinity in row 8"):
        built(ColumnTable({"y": LABEL, "image": image}))


def test_features_of_a_file_are_used_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    values = np.arange(2.0 * N, dtype=np.float32).reshape(N, 2)
    np.save(path, values)
    assert np.array_equal(load_features(path, N), values)
    np.save(path, np.arange(N))
    assert load_features(path, N).shape == (N, 1)
    with pytest.raises(InvalidInputError, match=r"shape \(12,\); the table has 3 rows"):
        load_features(path, 3)
    np.save(path, np.array(["a"] * N))
    with pytest.raises(InvalidInputError, match="array of numbers"):
        load_features(path, N)
    np.save(path, np.array([1.0, np.inf, np.nan]))
    with pytest.raises(InvalidInputError, match="or infinity in rows 2 and 3"):
        load_features(path, 3)
    np.save(path, np.array([None]), allow_pickle=True)
    with pytest.raises(DataFileError, match="Python objects"):
        load_features(path, 1)
    with pytest.raises(DataFileError, match="does not exist"):
        load_features(tmp_path / "none.npy", 1)


def _centred(values):
    return values - values.mean(axis=0)


def test_columns_beside_texts_are_joined_the_same_in_blocks_of_any_size(monkeypatch):
    rng = np.random.default_rng(0)
    words = np.array(["ferry", "harbour", "sail", "barn", "cow", "hay", "field", "tide"])
    table = {
        "price": rng.normal(size=60),
        "kind": rng.choice(["a", "b", "c"], size=60),
        "said": [" ".join(rng.choice(words, size=5)) for _ in range(60)],
    }
    columns = {"said": "text"}
    whole = Tables(columns=columns).fit_transform(table)
    monkeypatch.setattr("fewlabels.features._joining._ROWS_AT_ONCE", 7)
    in_blocks = Tables(columns=columns).fit_transform(table)
    assert sparse.issparse(whole)
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(in_blocks, part), getattr(whole, part))
        assert getattr(in_blocks, part).dtype == getattr(whole, part).dtype
    each = [
        Tables(columns=columns if name == "said" else None).fit_transform({name: values})
        for name, values in table.items()
    ]
    beside = sparse.hstack([sparse.csr_matrix(made) for made in each]).toarray()
    # categories beside texts are not centred, so that they stay sparse
    np.testing.assert_allclose(_centred(whole.toarray()), _centred(beside), rtol=1e-5, atol=1e-6)
    assert whole[:, 1:4].nnz == 60
