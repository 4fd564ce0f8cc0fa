"""Features in files: the same neighbours as from memory, without the whole in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fewlabels.exceptions import DataFileError, InvalidInputError, NotEnoughMemoryError
from fewlabels.graph import find_neighbors, knn_graph
from fewlabels.io import FeatureFile, open_features

K = 8


@pytest.fixture
def searched_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search files of any size where they are, in small blocks."""
    monkeypatch.setattr("fewlabels.graph._checked._READ_WHOLE", 0)
    monkeypatch.setattr("fewlabels.graph.search._rank._LEAST_BYTES", 100_000)
    monkeypatch.setattr("fewlabels.io._large._BLOCK_BYTES", 50_000)


def _sheets(n: int = 3000, d: int = 40) -> np.ndarray:
    rng = np.random.default_rng(0)
    inner, bend = rng.normal(size=(n, 3)), rng.normal(size=(3, d))
    sheet = rng.integers(4, size=n)[:, None]
    return (np.sin(inner @ bend) + 2 * sheet + 0.01 * rng.normal(size=(n, d))).astype(np.float32)


def _saved(folder: Path, X: np.ndarray, name: str = "X.npy") -> Path:
    np.save(folder / name, X)
    return folder / name


def _as_parquet(folder: Path, X: np.ndarray, **settings: Any) -> Path:
    path = folder / "X.parquet"
    table = pa.table({f"x{j}": X[:, j] for j in range(X.shape[1])})
    pq.write_table(table, path, **settings)
    return path


def _share_found(found: Any, X: np.ndarray, metric: str) -> float:
    exact = find_neighbors(X, K, metric=metric, exact=True)
    return float(np.mean(found.distances <= exact.distances[:, -1:] * (1 + 1e-5) + 1e-6))


@pytest.mark.usefixtures("searched_in_place")
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "inner_product"])
def test_a_map_is_searched_in_its_file_as_well_as_claimed(tmp_path: Path, metric: str) -> None:
    X = _sheets()
    X[[5, 17]] = 0
    mapped = np.load(_saved(tmp_path, X), mmap_mode="r")
    graph = knn_graph(mapped, K, metric=metric, min_recall=0.95)
    assert 0.95 <= graph.recall_ <= 1
    found = find_neighbors(open_features(tmp_path / "X.npy"), K, metric=metric, min_recall=0.95)
    assert found.recall == pytest.approx(_share_found(found, X, metric), abs=0.03)
    np.testing.assert_array_equal(graph.local_scales, found.distances[:, -1])
    assert (found.indices != np.arange(len(X))[:, None]).all()
    assert (np.diff(found.distances, axis=1) >= 0).all()


@pytest.mark.usefixtures("searched_in_place")
@pytest.mark.parametrize("row_group_size", [400, 10_000])
def test_parquet_gives_the_graph_of_the_array(tmp_path: Path, row_group_size: int) -> None:
    X = _sheets()
    from_npy = knn_graph(open_features(_saved(tmp_path, X)), K)
    path = _as_parquet(tmp_path, X, row_group_size=row_group_size)
    from_parquet = knn_graph(open_features(path), K)
    assert (from_npy.affinity != from_parquet.affinity).nnz == 0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64, bool])
def test_small_files_are_read_and_searched_exactly(tmp_path: Path, dtype: Any) -> None:
    X = (10 * _sheets(60, 5)).astype(dtype)
    expected = knn_graph(X, 4)
    for source in (
        open_features(_saved(tmp_path, X)),
        np.load(tmp_path / "X.npy", mmap_mode="r"),
        *([open_features(_as_parquet(tmp_path, X))] if dtype != np.float16 else []),
    ):
        graph = knn_graph(source, 4)
        assert graph.recall_ == 1
        np.testing.assert_allclose(graph.affinity.toarray(), expected.affinity.toarray(), rtol=1e-6)


def test_parts_of_a_map_are_those_rows(tmp_path: Path) -> None:
    X = _sheets(200, 6)
    mapped = np.load(_saved(tmp_path, X), mmap_mode="r")
    for part in (np.s_[50:150], np.s_[50:], np.s_[::2], np.s_[:, 1:4], np.s_[::-1]):
        expected = knn_graph(X[part].copy(), 4).affinity.toarray()
        np.testing.assert_array_equal(knn_graph(mapped[part], 4).affinity.toarray(), expected)
    np.testing.assert_array_equal(
        knn_graph(mapped[50:150][10:90], 4).affinity.toarray(),
        knn_graph(X[60:140], 4).affinity.toarray(),
    )


def test_changes_to_a_map_that_stay_in_memory_count(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(60, 4)))
    X = np.load(tmp_path / "X.npy", mmap_mode="c")
    X[:30] += 100
    assert knn_graph(X, 3).n_components == knn_graph(np.array(X), 3).n_components == 2


def test_rows_come_in_the_order_that_was_asked_for(tmp_path: Path) -> None:
    X = _sheets(500, 7)
    for path in (_saved(tmp_path, X), _as_parquet(tmp_path, X, row_group_size=64)):
        features = open_features(path)
        rows = np.random.default_rng(0).integers(500, size=300)
        np.testing.assert_array_equal(features.take(rows), X[rows])
        np.testing.assert_array_equal(features.read(130, 390), X[130:390])
        np.testing.assert_array_equal(np.concatenate([block for _, block in features.blocks()]), X)
        assert features.shape == X.shape
        assert len(features) == 500
        assert features.dtype == np.float32
        assert path.name in repr(features)


def test_columns_and_lists_of_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "X.parquet"
    X = _sheets(30, 4)
    lists = pa.array([row.tolist() for row in X], type=pa.list_(pa.float32()))
    pq.write_table(pa.table({"name": ["a"] * 30, "v": lists, "w": X[:, 0]}), path)
    features = open_features(path, columns=["w", "v"])
    assert features.shape == (30, 5)
    np.testing.assert_array_equal(features.read(0, 30), np.hstack([X[:, :1], X]))
    with pytest.raises(DataFileError, match=r"column 'name' .* holds string.*columns=\["):
        open_features(path)
    with pytest.raises(DataFileError, match=r"has 0 columns 'u'\. It has: name, v, w"):
        open_features(path, columns=["u"])
    ragged = pa.array([[1.0, 2.0], [3.0]] * 15, type=pa.list_(pa.float32()))
    pq.write_table(pa.table({"v": ragged}), path)
    with pytest.raises(DataFileError, match="differ in length, first at row 1 counted from 0"):
        open_features(path)


@pytest.mark.usefixtures("searched_in_place")
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_rows_that_are_not_finite_are_named(tmp_path: Path, wrong: float, kind: str) -> None:
    X = _sheets()
    X[[7, 2999], [0, 39]] = wrong
    path = _saved(tmp_path, X) if kind == "npy" else _as_parquet(tmp_path, X, row_group_size=999)
    with pytest.raises(InvalidInputError, match=r"counted from 0: 7, 2999 \(2 in all\)"):
        knn_graph(open_features(path), K)


def test_whole_numbers_and_booleans_of_a_parquet_file_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "X.parquet"
    columns = {"a": [2**60 + 1, -1], "b": [True, False], "c": pa.array([1, 2], pa.uint8())}
    pq.write_table(pa.table(columns), path)
    np.testing.assert_array_equal(open_features(path).read(0, 2), [[2**60, 1, 1], [-1, 0, 2]])


@pytest.mark.usefixtures("searched_in_place")
def test_empty_cells_of_a_table_are_named_by_row(tmp_path: Path) -> None:
    path = tmp_path / "X.parquet"
    pq.write_table(pa.table({"a": [1.0, None, 2.0], "b": [1, 2, None]}), path)
    with pytest.raises(InvalidInputError, match=r"counted from 0: 1, 2 \(2 in all\)"):
        knn_graph(open_features(path), 1)


@pytest.mark.usefixtures("searched_in_place")
def test_features_too_large_to_square_are_refused(tmp_path: Path) -> None:
    X = _sheets().astype(np.float64)
    X[3, 3] = 1e200
    with pytest.raises(InvalidInputError, match="at most 1e\\+150"):
        knn_graph(open_features(_saved(tmp_path, X)), K)


@pytest.mark.usefixtures("searched_in_place")
@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_file_that_shrinks_is_an_error_and_not_the_end(tmp_path: Path, moment: str) -> None:
    path = _saved(tmp_path, _sheets())
    mapped = np.load(path, mmap_mode="r")

    def cut(share: float = 1.0) -> None:
        os.truncate(path, 100_000)

    if moment == "before":
        cut()
    with pytest.raises(DataFileError, match=r"cut short: 3,000 rows .* and 6\d\d are"):
        knn_graph(mapped, K, progress=cut)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((0, 3)), r"holds no row of features: its shape is \(0, 3\)"),
        (np.ones((3, 0)), "holds no column"),
        (np.ones(3), r"array of shape \(3,\)"),
        (np.ones((3, 2, 2)), "two dimensions"),
        (np.asfortranarray(np.ones((3, 2))), "ascontiguousarray"),
        (np.array([["a"]]), "dtype <U1"),
        (np.ones((2, 2), dtype=complex), "complex128"),
        (np.array([[1, None]], dtype=object), "can't be read|dtype object"),
    ],
)
def test_arrays_that_are_no_features_are_refused(tmp_path: Path, X: Any, message: str) -> None:
    np.save(tmp_path / "X.npy", X, allow_pickle=True)
    with pytest.raises(DataFileError, match=message):
        open_features(tmp_path / "X.npy")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"none\.npy does not exist"):
        open_features(tmp_path / "none.npy")
    for name in ("a.npy", "a.parquet", "a.csv"):
        (tmp_path / name).write_bytes(b"neither of the two")
        with pytest.raises(DataFileError, match=r"can't be read|are read from \.npy and"):
            open_features(tmp_path / name)
    cut = _saved(tmp_path, _sheets(50, 4))
    os.truncate(cut, 300)
    with pytest.raises(DataFileError, match="50 rows of features should be there, and 10 are"):
        open_features(cut)
    whole = open_features(_saved(tmp_path, _sheets(50, 4)))
    cut.unlink()
    with pytest.raises(DataFileError, match="can't be read: there is no such file; look"):
        whole.read(0, 5)
    with pytest.raises(DataFileError, match="no names of columns"):
        open_features(_saved(tmp_path, _sheets(50, 4)), columns=["a"])


@pytest.mark.usefixtures("searched_in_place")
def test_what_does_not_fit_is_refused_before_it_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = open_features(_saved(tmp_path, _sheets()))
    for module in ("_memory", "graph.search._approximate", "graph.search._rank"):
        monkeypatch.setattr(f"fewlabels.{module}.available_memory", lambda: 100_000)
    with pytest.raises(NotEnoughMemoryError, match=r"search of 3,000 points needs .*fewer neigh"):
        knn_graph(features, K)
    with pytest.raises(NotEnoughMemoryError, match=r"exact search among the 3,000 rows"):
        knn_graph(features, K, exact=True)
    with pytest.raises(NotEnoughMemoryError, match="open_features"):
        knn_graph(_sheets(), K, exact=False)


def test_a_feature_file_holds_no_rows(tmp_path: Path) -> None:
    features = open_features(_saved(tmp_path, _sheets()))
    assert isinstance(features, FeatureFile)
    held = [value for value in vars(features).values() if isinstance(value, np.ndarray)]
    assert held == []


def test_a_parquet_file_that_changes_is_an_error(tmp_path: Path) -> None:
    X = _sheets(300, 4)
    path = _as_parquet(tmp_path, X, row_group_size=100)
    features = open_features(path)
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(DataFileError, match="has changed while it was read"):
        features.read(0, 300)
