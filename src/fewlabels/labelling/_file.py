"""The label file: one SQLite database, whose log says all that ever happened."""

from __future__ import annotations

import contextlib
import errno
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from fewlabels._damage import refusing_damage
from fewlabels._parts import part_folder
from fewlabels._rename import rename_without_replacing
from fewlabels._typing import Fields, Loaded
from fewlabels.exceptions import LabellingError
from fewlabels.labelling._rows import GO_BACK, Kind, Row, check_sums, row_of, sum_of

# "fwlb", by which programs such as `file` tell it from other databases.
APPLICATION_ID = 0x66776C62
VERSION = 2

_SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE log (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    who TEXT NOT NULL,
    at REAL NOT NULL,
    seconds REAL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    sum INTEGER
);
"""

# From each version to the next: statements that run in the transaction that also notes the version.
MIGRATIONS: dict[int, str] = {
    1: "ALTER TABLE log ADD COLUMN sum INTEGER;"
    "UPDATE log SET sum = sum_of(seq, key, who, at, seconds, kind, body)"
}

_COLUMNS = "seq, key, who, at, seconds, kind, body"
_N_COLUMNS = 7
_SUMS_SINCE = 2
_BUSY_SECONDS = 10.0


class New(NamedTuple):
    """A row that is to be stored."""

    key: str
    who: str
    kind: Kind
    body: Fields
    seconds: float | None = None


class LabelFile:
    """A label file that is open.

    Threads may share it. What :meth:`append` returns is on the disk: the database is in WAL mode
    with ``synchronous=FULL``, so that a commit that was reported outlives the process and the
    power.

    Parameters
    ----------
    connection : sqlite3.Connection
    path : Path
    version : int
        Of its schema: an older one is only read.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, version: int) -> None:
        self.path = path
        self._connection = connection
        self._has_sums = version >= _SUMS_SINCE
        self._turn = threading.Lock()

    @classmethod
    def create(cls, path: Path, about: Mapping[str, object], rows: Sequence[New] = ()) -> Self:
        """Create the file, whole or not at all, and open it.

        Parameters
        ----------
        path : Path
            Must not exist.
        about : mapping
            What :meth:`about` returns: names to values that JSON holds.
        rows : sequence of New
            The first rows of the log.
        """
        with explaining(path), part_folder(path.parent) as folder:
            unfinished = folder / "unfinished"
            with contextlib.closing(_connected(unfinished, "rwc")) as connection:
                with connection:
                    connection.execute("BEGIN")
                    for statement in _SCHEMA.split(";"):
                        connection.execute(statement)
                    _set_about(connection, about)
                    _insert(connection, rows, 1)
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # what a file of this name left behind that was deleted would be taken for this one's
            for left in ("-wal", "-shm"):
                path.with_name(path.name + left).unlink(missing_ok=True)
            rename_without_replacing(unfinished, path)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, to_read: bool = False) -> Self:
        """Open a file that exists, and bring it to this version's schema.

        Parameters
        ----------
        path : Path
        to_read : bool, default=False
            Whether only to read, which works while another process writes.
        """
        with explaining(path):
            if not path.is_file():
                raise FileNotFoundError(errno.ENOENT, "")
            connection = _connected(path, "ro" if to_read else "rw")
            try:
                version = _check_and_migrate(connection, path, to_read=to_read)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path, version)

    def close(self) -> None:
        """Close the file; what was written ahead goes into it."""
        with self._turn:
            self._connection.close()

    def about(self) -> Loaded:
        """Return what the file says of itself and its data."""
        with self._turn, explaining(self.path):
            found = self._connection.execute("SELECT name, value FROM about").fetchall()
        with refusing_damage(self.path, LabellingError, f"{GO_BACK}."):
            return {name: json.loads(value) for name, value in found}

    def set_about(self, values: Mapping[str, object]) -> None:
        """Change some of what :meth:`about` returns."""
        with self._turn, explaining(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            _set_about(self._connection, values)

    def rows(self, after: int = 0) -> list[Row]:
        """Return the rows of the log that follow row `after`, in order.

        Raises
        ------
        LabellingError
            If one is not as it was written.
        """
        columns = f"{_COLUMNS}, sum" if self._has_sums else _COLUMNS
        with self._turn, explaining(self.path):
            found = self._connection.execute(
                f"SELECT {columns} FROM log WHERE seq > ? ORDER BY seq", (after,)
            ).fetchall()
        if self._has_sums:
            check_sums(found, self.path)
        return [row_of(values[:_N_COLUMNS], self.path) for values in found]

    def append(self, new: Sequence[New], after: int) -> list[Row]:
        """Store rows, all or none, and return them once they are on the disk.

        Parameters
        ----------
        new : sequence of New
            Keys that are not in the log.
        after : int
            The last row's number.

        Raises
        ------
        LabellingError
            If nothing was stored: the disk is full or may only be read, or another process wrote.
        """
        with self._turn, explaining(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return _insert(self._connection, new, after + 1)


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        address,
        uri=True,
        timeout=_BUSY_SECONDS,
        check_same_thread=False,
        isolation_level=None,  # transactions begin where it is written
    )
    try:
        if mode != "ro":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")  # of macOS
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:  # such as that it is no database
        connection.close()
        raise
    return connection


def _check_and_migrate(connection: sqlite3.Connection, path: Path, *, to_read: bool) -> int:
    """Return the version of the schema that the file has now."""
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if kind != APPLICATION_ID:
        raise LabellingError(f"{path} is no label file of fewlabels. Look at the name.")
    if not 1 <= version <= VERSION:
        raise LabellingError(
            f"{path} is a label file of version {version}, and this version of fewlabels reads "
            f"versions 1 to {VERSION}. Open it with the version that wrote it, or update."
        )
    if version == VERSION or to_read:
        return int(version)
    connection.create_function("sum_of", _N_COLUMNS, lambda *values: sum_of(values))
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for step in range(version, VERSION):
            for statement in MIGRATIONS[step].split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    return VERSION


def _set_about(connection: sqlite3.Connection, values: Mapping[str, object]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO about VALUES (?, ?)",
        [(name, json.dumps(value)) for name, value in values.items()],
    )


def _insert(connection: sqlite3.Connection, new: Sequence[New], seq: int) -> list[Row]:
    now = time.time()
    rows = [
        Row(number, each.key, each.who, now, _real(each.seconds), each.kind, dict(each.body))
        for number, each in enumerate(new, seq)
    ]
    written = [
        (r.seq, r.key, r.who, r.at, r.seconds, r.kind, json.dumps(r.body, allow_nan=False))
        for r in rows
    ]
    connection.executemany(
        "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(*values, sum_of(values)) for values in written],
    )
    return rows


def _real(seconds: float | None) -> float | None:
    """Return a number as the column gives it back."""
    return None if seconds is None else float(seconds)


_OF_SYSTEM = {
    errno.ENOENT: "there is no such file; look at the name and the folder",
    errno.EEXIST: "another process has just created it; start again",
    errno.EACCES: "you may not write there; choose another place (file=...)",
    errno.EROFS: "its disk can only be read; choose another place (file=...)",
    errno.ENOSPC: "the disk is full; free some of it",
    errno.EISDIR: "it is a folder; choose another name (file=...)",
    errno.ENOTDIR: "a part of its path is no folder; look at the path",
}
# By the names of SQLite's result codes, the beginning of which says enough.
_OF_SQLITE = {
    "SQLITE_FULL": "the disk is full; free some of it. Nothing of this was stored",
    "SQLITE_READONLY": "it may only be read; allow writing, or copy it elsewhere",
    "SQLITE_BUSY": "another process is writing in it; end that one",
    "SQLITE_IOERR": "the disk failed or is full. Nothing of this was stored",
    "SQLITE_NOTADB": "it is no label file of fewlabels; look at the name",
    "SQLITE_CORRUPT": "it is damaged; go back to a copy of it",
    "SQLITE_CANTOPEN": "it, or its folder, can't be opened to write; look at the permissions",
    "SQLITE_CONSTRAINT": "another process has written in it; start again",
}


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Raise what goes wrong with the file as a LabellingError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        known = [why for start, why in _OF_SQLITE.items() if name.startswith(start)]
        why = known[0] if known else " ".join(str(error).split())
        if why.startswith("Could not decode"):  # bytes that are no text, which have no name
            why = _OF_SQLITE["SQLITE_CORRUPT"]
        raise LabellingError(f"{path} can't be used: {why}.") from error
    except OSError as error:
        why = _OF_SYSTEM.get(error.errno or 0) or error.strerror or str(error)
        raise LabellingError(f"{path} can't be used: {why}.") from error
