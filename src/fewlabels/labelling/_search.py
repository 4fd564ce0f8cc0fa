"""Search in texts, columns and names, by SQLite's full-text index."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading

from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling._items import Items

_BATCH = 2_000
# What a search waits for, where the index is just being made.
_SOON_SECONDS = 0.2
_WORD = re.compile(r"\w+", re.UNICODE)
_MOST_WORDS = 20


class Search:
    """A full-text index of the items, made in a thread of its own when it is first asked for.

    In memory. Where SQLite was built without FTS5, the texts are looked through one by one.

    Parameters
    ----------
    items : Items
    """

    def __init__(self, items: Items) -> None:
        self._items = items
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._has_index = _make_table(self._connection)
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._stopped = False

    def find(self, text: str, n: int) -> tuple[list[int], int, bool]:
        """Return the points that hold all words, how many there are, and whether all were read.

        The last word may be the beginning of one. The best match comes first.
        """
        words = _WORD.findall(text)[:_MOST_WORDS]
        if not words:
            raise InvalidInputError(f"a search needs a word, got {text!r:.80}.")
        self._begin()
        self._ready.wait(_SOON_SECONDS)
        with self._lock:
            if self._has_index:
                wanted = " ".join([*(f'"{word}"' for word in words[:-1]), f'"{words[-1]}"*'])
                where, order, given = "items MATCH ?", "rank", [wanted]
            else:
                where = " AND ".join(["words LIKE ? ESCAPE '\\'"] * len(words))
                order, given = "rowid", [f"%{_escaped(word)}%" for word in words]
            (total,) = self._connection.execute(
                f"SELECT count(*) FROM items WHERE {where}", given
            ).fetchone()
            found = self._connection.execute(
                f"SELECT rowid FROM items WHERE {where} ORDER BY {order} LIMIT ?", [*given, n]
            ).fetchall()
        return [point for (point,) in found], total, self._ready.is_set()

    def close(self) -> None:
        """End the thread, and let go of the index."""
        self._stopped = True
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._connection.close()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(
                    target=self._fill, name="fewlabels-search", daemon=True
                )
                self._thread.start()

    def _fill(self) -> None:
        n = self._items.n_points
        for start in range(0, n, _BATCH):
            if self._stopped:
                return
            rows = [(p, _words_of(self._items, p)) for p in range(start, min(start + _BATCH, n))]
            with self._lock:
                self._connection.executemany("INSERT INTO items(rowid, words) VALUES (?, ?)", rows)
        self._ready.set()


def _make_table(connection: sqlite3.Connection) -> bool:
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute(
            "CREATE VIRTUAL TABLE items USING fts5(words, tokenize='unicode61 remove_diacritics 2')"
        )
        return True
    connection.execute("CREATE TABLE items (words TEXT)")
    return False


def _words_of(items: Items, point: int) -> str:
    parts = [items.text(point) or items.title(point)]
    parts += [value for _, value in items.cells(point)] if items.kind != "array" else []
    return "\n".join(parts)


def _escaped(word: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", word)
