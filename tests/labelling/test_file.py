"""The label file: durable, all or nothing, and clear about what is wrong."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from fewlabels.exceptions import LabellingError
from fewlabels.labelling import _file
from fewlabels.labelling._file import LabelFile, New
from fewlabels.labelling._rows import sum_of
from tests.labelling.conftest import change_knowingly

ABOUT = {"n_points": 3, "name": "é"}


def new(key: str, **body: Any) -> New:
    return New(key, "ann", "answered", body or {"point": 0, "class": 0}, 1.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.fewlabels"
    LabelFile.create(path, ABOUT, [new("a")]).close()
    return path


def test_what_was_stored_is_read_back(path: Path) -> None:
    file = LabelFile.open(path)
    stored = file.append([new("b", point=1, **{"class": 2}), new("c")], 1)
    file.close()
    again = LabelFile.open(path)
    assert again.about() == ABOUT
    rows = again.rows()
    assert [(row.seq, row.key) for row in rows] == [(1, "a"), (2, "b"), (3, "c")]
    assert rows[1:] == stored
    assert (rows[1].who, rows[1].seconds, rows[1].body) == ("ann", 1.5, {"point": 1, "class": 2})
    assert again.rows(after=2) == rows[2:]
    again.close()


def test_commits_wait_for_the_disk(path: Path) -> None:
    file = LabelFile.open(path)
    assert file._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert file._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    file.close()


def test_a_key_that_is_there_stores_nothing_at_all(path: Path) -> None:
    file = LabelFile.open(path)
    with pytest.raises(LabellingError, match="another process has written"):
        file.append([new("b"), new("a")], 1)
    assert [row.key for row in file.rows()] == ["a"]
    assert [row.seq for row in file.append([new("b")], 1)] == [2]
    file.close()


def test_a_second_writer_is_noticed_and_stores_nothing(path: Path) -> None:
    first, second = LabelFile.open(path), LabelFile.open(path)
    first.append([new("b")], 1)
    with pytest.raises(LabellingError, match="another process has written"):
        second.append([new("c")], 1)
    assert [row.key for row in first.rows()] == ["a", "b"]
    first.close()
    second.close()


def test_a_reader_sees_what_is_committed_while_another_writes(path: Path) -> None:
    writer = LabelFile.open(path)
    reader = LabelFile.open(path, to_read=True)
    writer.append([new("b")], 1)
    assert [row.key for row in reader.rows()] == ["a", "b"]
    with pytest.raises(LabellingError, match="may only be read"):
        reader.append([new("c")], 2)
    writer.close()
    reader.close()


def test_a_full_disk_is_an_error_and_stores_nothing(path: Path) -> None:
    file = LabelFile.open(path)
    file._connection.execute("PRAGMA wal_autocheckpoint = 0")
    full = Path("/proc/self/fd")  # only to have the same skip on systems without limits
    limit = path.with_name(path.name + "-wal").stat().st_size if full.exists() else 0
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit + 1000, before[1]))
    try:
        with pytest.raises(LabellingError, match=r"the disk failed or is full|the disk is full"):
            file.append([New("b", "ann", "settings", {"x": "y" * 100_000})], 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [row.key for row in file.rows()] == ["a"]
    assert file.append([new("b")], 1)[0].seq == 2
    file.close()
    again = LabelFile.open(path)
    assert [row.key for row in again.rows()] == ["a", "b"]
    again.close()


def test_a_missing_file_a_folder_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabellingError, match=r"none.fewlabels can't be used: there is no such"):
        LabelFile.open(tmp_path / "none.fewlabels")
    text = tmp_path / "text.fewlabels"
    text.write_text("no database, but long enough to be looked at as one" * 40)
    with pytest.raises(LabellingError, match="no label file of fewlabels"):
        LabelFile.open(text)
    other = tmp_path / "other.fewlabels"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(LabellingError, match="no label file of fewlabels"):
        LabelFile.open(other)


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LabellingError, match=r"version 99.*update"):
        LabelFile.open(path)


def test_an_older_version_is_migrated_in_one_transaction(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_file, "VERSION", 4)
    steps = {2: "CREATE TABLE one (x)", 3: "CREATE TABLE two (x); SELECT nonsense"}
    monkeypatch.setattr(_file, "MIGRATIONS", steps)
    with pytest.raises(LabellingError, match="nonsense"):
        LabelFile.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    connection.close()
    assert "one" not in tables
    steps[3] = "CREATE TABLE two (x)"
    file = LabelFile.open(path)
    assert file._connection.execute("PRAGMA user_version").fetchone() == (4,)
    assert [row.key for row in file.rows()] == ["a"]
    file.close()


def test_damage_in_the_log_is_named(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        change_knowingly(connection, "UPDATE log SET kind = 'eaten'")
    connection.close()
    file = LabelFile.open(path)
    with pytest.raises(LabellingError, match=r"damaged.*act 1.*eaten"):
        file.rows()
    file.close()


# When the act is written decides its sum, and SQLite stores the sum in 3, 4 or 6 bytes.
@pytest.mark.parametrize(("at", "n_bytes"), [(104.0, 3), (1.0, 4), (0.0, 6)])
def test_every_flipped_byte_of_an_act_is_noticed(
    path: Path, at: float, n_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: at)
    with contextlib.closing(LabelFile.open(path)) as file:
        file.append([new("b", point=2, **{"class": 12})], 1)
        (_, row) = file.rows()
    whole = path.read_bytes()
    body = b'{"point": 2, "class": 12}'
    total = sum_of((row.seq, row.key, row.who, at, row.seconds, row.kind, body.decode()))
    stored = total.to_bytes(n_bytes, "big")  # the sum is the last column
    end = whole.index(body + stored) + len(body) + n_bytes
    start = whole.index(b"bann", end - 80)
    assert end - start > len(body) + 20
    for place in range(start, end):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        for to_read in (True, False):
            with (
                contextlib.closing(LabelFile.open(path, to_read=to_read)) as file,
                pytest.raises(LabellingError, match=r"damaged: act 2 is not.*copy.*seq >= 2'"),
            ):
                file.rows()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM log WHERE seq >= 2")  # as the message says
    with contextlib.closing(LabelFile.open(path)) as file:
        assert [each.key for each in file.rows()] == ["a"]
        assert file.append([new("b", **row.body)], 1)[0].body == row.body


def test_a_file_of_version_1_is_read_as_it_is_and_gets_sums_when_it_is_opened(path: Path) -> None:
    who = "Zoë \U0001fae9"  # newer than some versions of Python
    with contextlib.closing(LabelFile.open(path)) as file:
        file.append([New("b", who, "skipped", {"point": 1}), New("c", "ann", "skipped", {}, 2)], 1)
        rows = file.rows()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        sums = connection.execute("SELECT sum FROM log").fetchall()
        connection.execute("ALTER TABLE log DROP COLUMN sum")
        connection.execute("PRAGMA user_version = 1")
    with contextlib.closing(LabelFile.open(path, to_read=True)) as file:
        assert file.rows() == rows
    with contextlib.closing(LabelFile.open(path)) as file:
        assert file.rows() == rows
        assert file._connection.execute("SELECT sum FROM log").fetchall() == sums
        assert file._connection.execute("PRAGMA user_version").fetchone() == (2,)
        file.append([new("d")], 3)
        assert len(file.rows()) == 4


def test_creating_leaves_nothing_where_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "x.fewlabels"
    with pytest.raises(ValueError, match="not JSON compliant"):
        LabelFile.create(path, {}, [new("a", point=float("nan"))])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_not_replaced(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(LabellingError, match="another process has just created it"):
        LabelFile.create(path, {"n_points": 9})
    assert path.read_bytes() == before


def test_nobody_else_needs_to_be_able_to_write(path: Path) -> None:
    assert path.stat().st_mode & stat.S_IWOTH == 0


def test_what_a_deleted_file_left_behind_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "x.fewlabels"
    first = LabelFile.create(path, {}, [new("old")])
    first.append([new("older")], 1)
    left = path.with_name(path.name + "-wal").read_bytes()
    first.close()
    path.unlink()
    path.with_name(path.name + "-wal").write_bytes(left)  # as after kill -9
    again = LabelFile.create(path, {}, [new("fresh")])
    assert [row.key for row in again.rows()] == ["fresh"]
    again.close()


def test_a_file_that_is_refused_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def connect(*given: Any, **settings: Any) -> sqlite3.Connection:
        opened.append(sqlite3.Connection(*given, **settings))
        return opened[-1]

    text = tmp_path / "text.fewlabels"
    text.write_text("no database, but long enough to be looked at as one" * 40)
    monkeypatch.setattr(_file.sqlite3, "connect", connect)
    with pytest.raises(LabellingError, match="no label file of fewlabels"):
        LabelFile.open(text)
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert opened
