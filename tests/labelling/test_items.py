"""Data as a person sees it, and the words and columns that are pointed out."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.graph import knn_graph
from fewlabels.io import read_table
from fewlabels.labelling._differing import differing
from fewlabels.labelling._items import open_items
from fewlabels.labelling._near import nearest
from fewlabels.labelling._opening import label_file_of
from fewlabels.labelling._pictures import Thumbnails
from fewlabels.labelling._search import Search
from fewlabels.labelling._words import SpeakingWords

TEXTS = [
    "the printer is out of paper again",
    "invoice 4711 was paid twice by mistake",
    "paper jam in the printer on floor two",
    "please send the invoice to accounting again",
]


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    lines = [f"{i},{text},{'x' if i == 1 else ''}" for i, text in enumerate(TEXTS)]
    path.write_text("\n".join(["id,message,done", *lines]), encoding="utf-8")
    return path


def test_a_column_of_texts_is_found_where_nothing_else_tells_anything(tickets: Path) -> None:
    items = open_items(tickets, label="done")
    assert (items.kind, items.text_column) == ("texts", "message")
    assert items.text(1) == TEXTS[1]
    assert items.title(1) == TEXTS[1]
    assert items.cells(1) == [("id", "1")]
    assert items.given() == {"x": [1]}
    assert items.data() == TEXTS
    assert open_items(tickets, text="message").kind == "texts"


def test_rows_are_columns_and_their_values(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,red\n2.5,\n3,blue\n", encoding="utf-8")
    items = open_items(path)
    assert (items.kind, items.n_points) == ("table", 3)
    assert items.cells(1) == [("a", "2.5"), ("b", "")]
    assert items.title(0) == "1 · red"


def test_texts_come_before_other_columns_and_what_never_changes_comes_last(tmp_path: Path) -> None:
    path = tmp_path / "mails.csv"
    rows = [f"{i},high,{i % 3},2026-01-0{1 + i % 3},{TEXTS[i]}" for i in range(4)]
    path.write_text("\n".join(["id,priority,size,sent,body", *rows]), encoding="utf-8")
    items = open_items(path)
    assert items.kind == "table"
    assert [name for name, _ in items.cells(0)] == ["body", "id", "size", "sent", "priority"]
    assert items.title(1).startswith(TEXTS[1])


def test_columns_that_are_not_there_are_named(tickets: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"has no column 'massage'.*did you mean 'message'"):
        open_items(tickets, text="massage")
    with pytest.raises(InvalidInputError, match="same column"):
        open_items(tickets, text="message", label="message")


def test_a_fingerprint_changes_with_the_data_and_not_with_the_place(
    tickets: Path, tmp_path: Path
) -> None:
    before = open_items(tickets).fingerprint()
    copy = tmp_path / "copy.csv"
    copy.write_bytes(tickets.read_bytes())
    assert open_items(copy).fingerprint() == before
    copy.write_text(copy.read_text(encoding="utf-8").replace("twice", "thrice"), encoding="utf-8")
    assert open_items(copy).fingerprint() != before


@pytest.mark.parametrize("shape", [(3,), (0, 2), (2, 2, 2, 2, 2)])
def test_an_array_of_another_shape_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "x.npy", np.zeros(shape))
    with pytest.raises(DataFileError, match="holds"):
        open_items(tmp_path / "x.npy")


def test_a_picture_is_encoded_anew_and_small_ones_are_made_larger(tmp_path: Path) -> None:
    array = np.zeros((2, 8, 8))
    array[1, 2:4] = 16
    np.save(tmp_path / "x.npy", array)
    pictures = Thumbnails(open_items(tmp_path / "x.npy"))
    data, kind = pictures.of(1, 64)
    picture = Image.open(io.BytesIO(data))
    assert (kind, picture.size) == ("image/png", (64, 64))
    assert picture.convert("L").getpixel((0, 20)) == 255
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (900, 300), "red").save(folder / "large.png")
    (folder / "bad.png").write_bytes(b"<svg onload=alert(1)>")
    items = open_items(folder)
    data, kind = Thumbnails(items).of(1, 300)
    assert (kind, Image.open(io.BytesIO(data)).size) == ("image/jpeg", (300, 100))
    with pytest.raises(DataFileError, match=r"bad\.png can't be shown: SVG"):
        Thumbnails(items).of(0, 300)


def test_words_that_speak_for_a_class_are_found(tickets: Path) -> None:
    items = open_items(tickets, text="message")
    words = SpeakingWords(items)
    labels = {0: 0, 1: 1, 3: 1}
    found = words.for_class(2, 0, labels)
    spoken = {TEXTS[2][each["start"] : each["end"]] for each in found}
    assert spoken == {"printer", "paper"}
    assert all(each["weight"] > 0 for each in found)
    assert words.for_class(2, 0, {0: 0}) == []  # nothing to compare with
    labels = {0: 1, 1: 1, 3: 0}
    assert "printer" not in {
        TEXTS[2][each["start"] : each["end"]] for each in words.for_class(2, 0, labels)
    }


def test_columns_that_differ_from_the_rows_around_are_found() -> None:
    near = [[("a", str(v)), ("b", "red"), ("c", str(i))] for i, v in enumerate([1, 1.1, 0.9, 1, 1])]
    assert differing([("a", "7"), ("b", "blue"), ("c", "2")], near) == {"a", "b"}
    assert differing([("a", "1"), ("b", "red"), ("c", "3")], near) == set()
    assert differing([("a", "7"), ("b", "blue"), ("c", "2")], near[:2]) == set()


@pytest.mark.parametrize("indexed", [True, False])
def test_search_finds_all_words_and_the_beginning_of_the_last(
    tickets: Path, monkeypatch: pytest.MonkeyPatch, indexed: bool
) -> None:
    if not indexed:
        monkeypatch.setattr(
            "fewlabels.labelling._search._make_table",
            lambda connection: (
                bool(connection.execute("CREATE TABLE items (words TEXT)")) and False
            ),
        )
    search = Search(open_items(tickets, text="message"))
    search.find("printer", 5)
    assert search._thread is not None
    search._thread.join()
    points, total, ready = search.find("PRINTER pap", 5)
    assert (sorted(points), total, ready) == ([0, 2], 2, True)
    assert search.find('"; DROP TABLE items --', 5)[1] == 0
    assert search.find("invoice", 1)[1] == 2
    assert search.find("100%", 5)[0] == []
    search.close()


def test_the_nearest_points_come_first() -> None:
    X = np.arange(30, dtype=float)[:, None] ** 1.3
    graph = knn_graph(X, n_neighbors=4)
    found = nearest(graph, 10, 4, lambda point: point != 11)
    assert len(set(found)) == 4
    assert max(abs(point - 10) for point in found) <= 5
    assert found[0] in (9, 12)
    assert len(nearest(graph, 10, 40, lambda _: True)) == 29


@pytest.mark.parametrize(
    ("data", "file"),
    [
        ("photos", "photos.fewlabels"),
        ("photos/", "photos.fewlabels"),
        ("a/t.csv.gz", "a/t.fewlabels"),
        ("b.xlsx::May", "b.fewlabels"),
        ("x.npy", "x.fewlabels"),
    ],
)
def test_the_label_file_lies_beside_the_data(data: str, file: str) -> None:
    assert label_file_of(data) == Path(file)


def test_cells_of_a_parquet_file_are_read_one_by_one_as_all_at_once(tmp_path: Path) -> None:
    table = pa.table(
        {
            "number": pa.array([1.5, None, 2.25], pa.float32()),
            "word": ["a", None, "c"],
            "tags": [["x"], [], None],
            "bytes": pa.array([b"one", b"two", None]),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=2)
    whole = read_table(tmp_path / "rows.parquet")
    for name in whole.names:
        assert [whole.cell(name, row) for row in range(3)] == whole.values(name)
        assert whole.head(2).values(name) == whole.values(name)[:2]
    items = open_items(tmp_path / "rows.parquet")
    assert items.cells(0) == [("number", "1.5"), ("word", "a"), ("tags", '["x"]'), ("bytes", "one")]
    assert items.cells(1)[1] == ("word", "")


def test_what_a_long_table_holds_is_told_by_its_first_rows(tmp_path: Path) -> None:
    n = 30_000
    texts = [f"row number {row} of many others" for row in range(n)]
    late = [*range(n - 1), None]
    pq.write_table(pa.table({"note": texts, "n": late}), tmp_path / "rows.parquet")
    items = open_items(tmp_path / "rows.parquet")
    assert (items.kind, items.text_column, items.n_points) == ("texts", "note", n)
    assert items.text(n - 1) == texts[-1]
