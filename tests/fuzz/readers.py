"""Every reader of files, with files that it reads, and what a person then does with them."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import io
import random
import shutil
import sqlite3
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from PIL import Image

from fewlabels.exceptions import DataFileError, FewLabelsError, InvalidInputError
from fewlabels.features import Tables
from fewlabels.graph import Graph, knn_graph, open_graph, write_graph
from fewlabels.io import (
    AddedColumns,
    Table,
    check_writable,
    load_features,
    open_features,
    read_labels,
    read_table,
    write_table,
)
from fewlabels.io._pictures import read_pictures
from fewlabels.labelling import Labelling, _opening, export_labels
from fewlabels.labelling._file import LabelFile
from fewlabels.models import FewLabelsClassifier
from fewlabels.session import Session, simulate
from fewlabels.session.simulation import rounds
from tests.fuzz.mutations import mutated

N_ROWS = 12
POINTS = np.random.default_rng(3).normal(size=(N_ROWS, 3))
TRUTH = np.array(["a", "b", "c"])[np.arange(N_ROWS) % 3]
LABELS = [label if row < 6 else None for row, label in enumerate(TRUTH.tolist())]


@dataclass(frozen=True)
class Reader:
    """A reader and files for it.

    Attributes
    ----------
    name : str
    make : callable
        Writes a valid file or folder; called with a folder and a number from 0; returns the path.
    n_files : int
        How many different files it makes.
    read : callable
        Reads a file and does all that follows from that; returns what has to be the same as with
        the whole file, or None where damage can't be told from another file.
    """

    name: str
    make: Callable[[Path, int], Path]
    n_files: int
    read: Callable[[Path, random.Random], Any]

    def made_in(self, folder: Path, number: int) -> Path:
        """Make a file whose bytes are the same in every run, so that the damage is the same."""
        with _same_bytes():
            return self.make(folder, number)


@contextlib.contextmanager
def _same_bytes() -> Iterator[None]:
    """Stop the clocks that files tell, and give label files the same id and seed."""
    then = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)

    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Stopped:
            return cls.fromtimestamp(then.timestamp(), tz)

    drawn = SimpleNamespace(token_hex=lambda n: "ab" * n, randbits=lambda n: 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", then.timestamp)
        patch.setattr(time, "localtime", lambda seconds=None: then.timetuple())
        stopped = SimpleNamespace(datetime=Stopped, timezone=datetime.timezone)
        for module in (openpyxl.packaging.core, openpyxl.writer.excel):
            patch.setattr(module, "datetime", stopped)
        patch.setattr(rounds, "perf_counter", lambda: 1.5)
        patch.setattr(_opening, "secrets", drawn)
        yield


# Tables: read, made into labels and features, and written in one of the formats.

_NEST: dict[str, Any] = {"d": {"e": [1, [2, "\u00e9"]]}}
_OUTPUTS = ("csv", "tsv", "csv.gz", "jsonl", "jsonl.gz", "npz", "parquet")


def _columns() -> dict[str, list[Any]]:
    return {
        "label": LABELS,
        "x": POINTS[:, 0].tolist(),
        "count": [*range(N_ROWS)],
        "code": [f"{row:03d}" for row in range(N_ROWS)],
        "city, town": ["K\u00f6ln", 'a "b"', "", "x\ny", "1", "2"] * 2,
        "on": [True, False, None] * 4,
        "nested": [None, _NEST, [1, 2], "t"] * 3,
    }


def _text(folder: Path, number: int, ending: str) -> Path:
    import csv

    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t" if "tsv" in ending else ",", lineterminator="\r\n")
    columns = _columns()
    if number:
        columns = {name: columns[name] for name in ("label", "x")}
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return _packed(folder / f"t.{ending}", out.getvalue().encode())


def _json_lines(folder: Path, number: int, ending: str) -> Path:
    import json

    columns = _columns()
    if number:
        columns = {"label": LABELS, "v": POINTS.tolist()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    lines = "".join(json.dumps(row, ensure_ascii=bool(number)) + "\n" for row in rows)
    return _packed(folder / f"t.{ending}", lines.encode())


def _packed(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def _arrays() -> dict[str, Any]:
    return {
        "label": np.array([label or "" for label in LABELS]),
        "X": POINTS.astype(np.float32),
        "n": np.arange(N_ROWS) - 3,
        "time": np.datetime64("2026-01-31T12:00:00.123456789") + np.arange(N_ROWS),
        "wave": POINTS[:, 0] + 1j,
        "long": POINTS[:, 1].astype(np.longdouble) / 3,
        "raw": np.array([b"kat", b"hund"] * 6),
        "on": np.arange(N_ROWS) % 2 == 0,
    }


def _npz(folder: Path, number: int) -> Path:
    arrays = _arrays()
    if number == 1:
        np.savez_compressed(folder / "t.npz", **arrays)
    else:
        names = ("label", "X", "n", "on") if number else arrays
        np.savez(folder / "t.npz", **{name: arrays[name] for name in names})
    return folder / "t.npz"


def _parquet(folder: Path, number: int) -> Path:
    columns = {
        "label": pa.array(LABELS),
        "x": pa.array(POINTS[:, 0]),
        "kind": pa.array(["a", "b", None] * 4).dictionary_encode(),
        "list": pa.array(POINTS.tolist()),
        "struct": pa.array([{"a": 1, "b": ["x"]}, None] * 6),
        "bytes": pa.array([b"kat", b"\xff"] * 6),
        "time": pa.array(np.datetime64("2026-01-31") + np.arange(N_ROWS)),
        "half": pa.array(POINTS[:, 1].astype(np.float16)),
    }
    if number == 2:
        columns = {name: columns[name] for name in ("label", "x", "list")}
    pq.write_table(
        pa.table(columns),
        folder / "t.parquet",
        compression=("snappy", "none", "zstd")[number],
        row_group_size=5,
        write_page_checksum=number == 2,
    )
    return folder / "t.parquet"


def _json(folder: Path, number: int) -> Path:
    import json

    columns = _columns()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    (folder / "t.json").write_text(json.dumps(rows))
    return folder / "t.json"


def _export(folder: Path, number: int) -> Path:
    """As Label Studio, or Argilla, exports what was labelled there."""
    import json

    tasks = [
        {"id": row, "data": {"text": f"text {row}"}, "annotations": [_annotation(label)]}
        for row, label in enumerate(LABELS)
    ]
    records = [
        {"id": row, "fields": {"text": f"text {row}"}, "responses": {"label": [{"value": label}]}}
        for row, label in enumerate(LABELS)
    ]
    (folder / "t.json").write_text(json.dumps(records if number else tasks))
    return folder / "t.json"


def _annotation(label: str | None) -> dict[str, Any]:
    choice = {"type": "choices", "from_name": "label", "value": {"choices": [label]}}
    return {"result": [choice] if label else []}


def _exported(path: Path, rng: random.Random) -> Any:
    # not written again: JSON Lines of an export stay one, and what is put beside is not read back
    table = read_table(path)
    with contextlib.suppress(InvalidInputError):
        read_labels(table, "label")
        Tables().fit(table.only(name for name in table.names if name != "label"))
    return None


def _arrow(folder: Path, number: int) -> Path:
    table = pq.read_table(_parquet(folder, 1))
    feather.write_feather(table, folder / "t.arrow", compression=("lz4", "uncompressed")[number])
    return folder / "t.arrow"


def _workbook(folder: Path, number: int) -> Path:
    book = openpyxl.Workbook()
    names = ["label", "x", "count", "code", "on"]
    rows = zip(*(_columns()[name] for name in names), strict=True)
    for row in (names, *rows):
        book.active.append(list(row))
    if number:
        book.active.merge_cells("A4:A5")
        book.create_sheet("other").append(["nothing"])
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def _open_document(folder: Path, number: int) -> Path:
    def cell(value: object) -> str:
        if value is None:
            return "<table:table-cell/>"
        kind = f'"float" office:value="{value}"' if isinstance(value, float) else '"string"'
        shown = f"<text:p>{value}</text:p>"
        return f"<table:table-cell office:value-type={kind}>{shown}</table:table-cell>"

    names = ("label", "x", "code")
    rows = [names, *zip(*(_columns()[name] for name in names), strict=True)]
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{it}="{urn}:{it}:1.0"' for it in ("office", "table", "text"))
    content = "".join(
        [
            f"<office:document-content {spaces}><office:body><office:spreadsheet>",
            '<table:table table:name="A">',
            *(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows),
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        ]
    )
    with zipfile.ZipFile(folder / "t.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{urn}:manifest:1.0"/>')
        archive.writestr("content.xml", content)
    return folder / "t.ods"


def _database(folder: Path, number: int) -> Path:
    path = folder / "t.db"
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (label, x REAL, code TEXT, raw BLOB)")
        rows = zip(LABELS, POINTS[:, 0], map(str, range(N_ROWS)), [b"kat"] * N_ROWS, strict=True)
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
    return path


def _zip(folder: Path, number: int) -> Path:
    packed = _text(folder, number, "csv")
    with zipfile.ZipFile(folder / "t.zip", "w", (zipfile.ZIP_DEFLATED, 0)[number]) as archive:
        archive.writestr("t.csv", packed.read_bytes())  # without the time of the file
    packed.unlink()
    return folder / "t.zip"


def _table(path: Path, rng: random.Random) -> Any:
    _use(read_table(path), path, rng)
    return None


def _table_with_checksums(path: Path, rng: random.Random) -> Any:
    table = read_table(path)
    _use(table, path, rng)
    return {name: repr(table.values(name)) for name in table.names}


def _use(table: Table, path: Path, rng: random.Random) -> None:
    """Write the table as a prediction would be; what is refused is refused before."""
    try:
        label = read_labels(table, "label")
        Tables().fit(table.only(name for name in table.names if name != "label"))
        labels = [label.classes[code] if code >= 0 else None for code in label.codes]
    except InvalidInputError:  # of what is in the table, which goes on being one
        labels = [None] * table.n_rows
    numbers = np.linspace(0, 1, table.n_rows)
    names = ("predicted", "confidence", "evidence", "reached")
    added = AddedColumns(names, labels, numbers, numbers, numbers > 0.5)
    out = path.with_name(f"out.{rng.choice(_OUTPUTS)}")
    out.unlink(missing_ok=True)
    try:
        check_writable(table, out)
    except FewLabelsError:
        return
    try:
        write_table(table, added, out)
    except FewLabelsError as error:
        raise AssertionError("refused after the work") from error
    again = read_table(out)
    # JSON Lines are kept as they came, so that a key that comes late stands after those added
    # and objects of which all rows have one are read as a column a key
    assert _roots(again.names) == _roots([*table.names, *names])
    assert again.n_rows == table.n_rows


def _roots(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


# Features that stay in their file, or come from one.


def _npy(folder: Path, number: int) -> Path:
    np.save(folder / "t.npy", POINTS.astype((float, ">i2", np.float16)[number]))
    return folder / "t.npy"


def _features(path: Path, rng: random.Random) -> Any:
    if path.suffix == ".npy":
        load_features(path, N_ROWS)
    features = open_features(path)
    assert features.read(0, len(features)).shape == features.shape


def _number_parquet(folder: Path, number: int) -> Path:
    columns = {"x": POINTS[:, 0], "v": POINTS.tolist()} if number else {"x": POINTS[:, 0]}
    pq.write_table(pa.table(columns), folder / "t.parquet", row_group_size=5)
    return folder / "t.parquet"


# Pictures: what is damaged may well be another picture, but of the same size as asked for.

_PICTURES = ("png", "jpg", "gif", "tif", "webp", "bmp")


def _picture(folder: Path, number: int) -> Path:
    ending = _PICTURES[number]
    path = folder / f"p.{ending}"
    pixels = np.random.default_rng(0).integers(0, 256, (24, 16, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    settings = {} if ending in ("gif", "bmp") else {"exif": exif}
    (picture.quantize(64) if ending in ("gif", "tif") else picture).save(path, **settings)
    return path


def _read_picture(path: Path, rng: random.Random) -> Any:
    read = read_pictures([path], (8, 8))
    for why in read.unread.values():
        raise DataFileError(f"{path}: {why}")
    assert read.pixels.shape == (1, 8, 8, 3)
    assert read.sizes.min() > 0
    return None


# Graphs and sessions: with checksums, so that what is read is what was written.

GRAPH = knn_graph(POINTS, 3)


def _graph_file(folder: Path, number: int) -> Path:
    (GRAPH if number else Graph.from_affinity(np.ones((4, 4)), layout="dense")).save(
        folder / "g.npz"
    )
    return folder / "g.npz"


def _same_graph(graph: Graph) -> Any:
    weights = graph.affinity
    weights = weights if graph.is_dense else weights.toarray()
    scales = None if graph.local_scales is None else graph.local_scales.tolist()
    return weights.tolist(), scales, graph.build_info


def _graph_folder(folder: Path, number: int) -> Path:
    path = folder / "graph"
    shutil.rmtree(path, ignore_errors=True)
    source: Any = GRAPH if number else [GRAPH.affinity.astype(np.float64)]
    return write_graph(path, source, N_ROWS).path


def _opened_graph(path: Path, rng: random.Random) -> Any:
    graph = open_graph(path)
    for use in (
        lambda: graph.rows(slice(0, N_ROWS)),
        lambda: graph.weighted_sums(slice(0, N_ROWS), np.ones((N_ROWS, 2))),
        lambda: (graph.neighbor_counts, graph.degrees, graph.reached_from([0])),
        graph.row_blocks,
    ):
        if rng.random() < 0.5:
            use()
    graph.check()
    return _same_graph(graph.to_memory())


def _session(folder: Path, number: int) -> Path:
    session = Session(GRAPH, ["a", "b", "c"] if number else None, audit_share=0.3)
    for _ in range(3):
        asked = session.ask(2)
        session.tell(asked, TRUTH[asked])
    session.undo()
    session.skip(session.ask(1)[0])
    session.save(folder / "session.json")
    return folder / "session.json"


def _loaded_session(path: Path, rng: random.Random) -> Any:
    return Session.load(path, GRAPH).history


def _runs(folder: Path, number: int) -> Path:
    path = folder / "runs.jsonl"
    path.unlink(missing_ok=True)
    _simulated(path, number + 1)
    return path


def _simulated(path: Path, repeats: int = 1) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few iterations, say
        return simulate(
            *(GRAPH, TRUTH),
            query="random",
            initial=2,
            batch_size=3,
            budget=6,
            repeats=repeats,
            random_state=0,
            save_to=path,
        )


def _loaded_runs(path: Path, rng: random.Random) -> Any:
    return {name: share.tolist() for name, share in _simulated(path).accuracy.items()}


def _model(folder: Path, number: int) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data: Any = (GRAPH, POINTS, _columns())[number]
        model = FewLabelsClassifier().fit(data, LABELS)
    model.save(folder / "m.model")
    return folder / "m.model"


def _loaded_model(path: Path, rng: random.Random) -> Any:
    model = FewLabelsClassifier.load(path)
    if hasattr(model, "X_"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.predict_proba(POINTS if model.points_.kind == "array" else _columns())
    return model.label_distributions_.tolist()


def _label_file(folder: Path, number: int) -> Path:
    data = _text(folder, 1, "csv")
    path = folder / "t.fewlabels"
    settings: Any = {"label": "label"} if number else {"classes": ["a", "b", "c"]}
    labelling = Labelling.open(data, file=path, cache=folder / "cache", **settings)
    with contextlib.closing(labelling):
        for step, label in enumerate("abcab"):
            assert labelling.settle()  # what is asked is in the file, too
            (asked,) = labelling.questions("me", 1)
            labelling.answer("me", f"key {step}", asked["point"], "abc".index(label))
        labelling.undo("me", "undone")
    with contextlib.closing(LabelFile.open(path)) as file:  # as if it came from another machine
        file.set_about({"at": "/there/t.fewlabels", "data": "/there/t.csv"})
        file._connection.execute("VACUUM")  # of the paths that were there
    return path


def _labels_given(path: Path, rng: random.Random) -> Any:
    cache = path.parent / "cache"
    for left in ("-wal", "-shm"):  # of the file before
        path.with_name(path.name + left).unlink(missing_ok=True)
    export_labels(path, path.with_name("out.csv"), predictions=False, cache=cache)
    with contextlib.closing(Labelling.open(path, cache=cache)) as labelling:
        labelling.state("me")
    return None


READERS = {
    reader.name: reader
    for reader in (
        Reader("csv", lambda folder, n: _text(folder, n, "csv"), 2, _table),
        Reader("tsv", lambda folder, n: _text(folder, n, "tsv"), 2, _table),
        Reader("csv.gz", lambda folder, n: _text(folder, n, "csv.gz"), 2, _table),
        Reader("jsonl", lambda folder, n: _json_lines(folder, n, "jsonl"), 2, _table),
        Reader("jsonl.gz", lambda folder, n: _json_lines(folder, n, "jsonl.gz"), 2, _table),
        Reader("npz", _npz, 3, _table_with_checksums),
        Reader("parquet", _parquet, 3, _table),
        Reader("json", _json, 1, _table),
        Reader("export", _export, 2, _exported),
        Reader("arrow", _arrow, 2, _table),
        Reader("xlsx", _workbook, 2, _table),
        Reader("ods", _open_document, 1, _table),
        Reader("db", _database, 1, _table),
        Reader("zip", _zip, 2, _table),
        Reader("label file", _label_file, 2, _labels_given),
        Reader("npy", _npy, 3, _features),
        Reader("picture", _picture, len(_PICTURES), _read_picture),
        Reader("features.parquet", _number_parquet, 2, _features),
        Reader("graph.npz", _graph_file, 2, lambda path, _: _same_graph(Graph.load(path))),
        Reader("graph folder", _graph_folder, 2, _opened_graph),
        Reader("session.json", _session, 2, _loaded_session),
        Reader("model", _model, 3, _loaded_model),
        Reader("runs.jsonl", _runs, 2, _loaded_runs),
    )
}


def damaged(whole: dict[Path, bytes], rng: random.Random) -> bool:
    """Write the parts of a file again, one of them damaged; tell if a checksum can find that."""
    for part, content in whole.items():
        part.write_bytes(content)
    part = rng.choice(list(whole))
    if part.suffix == ".gz" and rng.random() < 0.7:  # damaged before it was packed
        part.write_bytes(gzip.compress(mutated(gzip.decompress(whole[part]), rng), 1))
    elif part.suffix == ".npz" and rng.random() < 0.5:  # as if its writer had been wrong
        part.write_bytes(_repacked(whole[part], rng))
        return False
    else:
        part.write_bytes(mutated(whole[part], rng))
    return True


def _repacked(content: bytes, rng: random.Random) -> bytes:
    """Return an archive in which one member is damaged and has a checksum that fits."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w") as after:
        chosen = rng.choice(before.namelist())
        for name in before.namelist():
            member = before.read(name)
            if name == chosen:
                member = mutated(member[:128], rng) + member[128:]
            after.writestr(name, member)
    return out.getvalue()
