"""What is known of points: for the page, and without waiting for a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fewlabels._typing import Json, Loaded
from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling._cache import Cache
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._differing import differing
from fewlabels.labelling._grids import record_of
from fewlabels.labelling._items import Items
from fewlabels.labelling._keeper import Keeper
from fewlabels.labelling._ledger import SKIPPED, Word
from fewlabels.labelling._map import Mapper, packed_map
from fewlabels.labelling._near import Shown, nearest, neighbourhood
from fewlabels.labelling._people import disagreements, people_json, said_by, seconds_by
from fewlabels.labelling._pictures import Thumbnails
from fewlabels.labelling._progress import progress_json
from fewlabels.labelling._search import Search
from fewlabels.labelling._snapshot import DOUBTS
from fewlabels.labelling._words import SpeakingWords

if TYPE_CHECKING:
    from fewlabels.graph import Graph

_NEIGHBOURS = 12
_MOST_LISTED, _MOST_IN_GRID = 1_000, 400
# Points that are looked at while answers wait: some milliseconds.
_AT_ONCE = 1_000
# Points of which it is kept in which columns they differ.
_KEPT = 1_000


class Known:
    """What desk, keeper and items know together.

    Parameters
    ----------
    items : Items
    desk : Desk
    keeper : Keeper
    cache : Cache
    """

    def __init__(self, items: Items, desk: Desk, keeper: Keeper, cache: Cache) -> None:
        self._items = items
        self._desk = desk
        self._ledger = desk.ledger
        self._keeper = keeper
        self._thumbnails = Thumbnails(items)
        self._search = Search(items)
        self._words = SpeakingWords(items)
        self._mapper = Mapper(cache, desk.change)
        self._shown = Shown()
        # a page asks about the same questions again after each answer
        self._differing_in = lru_cache(maxsize=_KEPT)(self._found_differing)
        # by person, the class and the points of the last grid: what is not confirmed was taken out
        self._grids: dict[str, tuple[int | None, list[int]]] = {}

    def close(self) -> None:
        """End what works in the background."""
        self._mapper.stop()
        self._search.close()

    def suggestion(self, point: int) -> Loaded | None:
        """Return the class that the model gives a point; None for an open check.

        While only one class has labels, there is none: it would be suggested for every point, and
        one key too many would make it the label.
        """
        snapshot = self._keeper.snapshot
        if snapshot is None or snapshot.codes[point] < 0:
            return None
        with self._desk.lock:
            n_classes = sum(self._ledger.count(each.id) > 0 for each in self._ledger.classes)
            if n_classes < 2 or self._desk.is_open_check(point):
                return None
        return {
            "class_id": int(snapshot.codes[point]),
            "confidence": float(snapshot.confidence[point]),
        }

    def item(self, point: int) -> Loaded:
        items, snapshot = self._items, self._keeper.snapshot
        suggestion = self.suggestion(point)
        labels: dict[int, int] | None = None
        with self._desk.lock:
            words = self._ledger.words(point)
            answer = self._ledger.labels.get(point)
            if suggestion is not None and items.text_column is not None:
                labels = dict(self._ledger.labels)
        speaking = []
        if suggestion is not None and labels is not None:
            speaking = self._words.for_class(point, suggestion["class_id"], labels)
        doubt = None
        if suggestion is not None and snapshot is not None:
            doubt = DOUBTS[snapshot.doubt[point]]
        cells = items.cells(point)
        far = self._differing(point) if items.kind in ("table", "array") else set()
        return {
            "point": point,
            "kind": items.kind,
            "title": items.title(point),
            "text": items.text(point),
            "columns": [{"name": n, "value": v, "differs": n in far} for n, v in cells],
            "image": items.picture(point) is not None,
            "answer": answer,
            "answers": [word_json(word) for word in words.values()],
            "suggestion": suggestion,
            "doubt": doubt,
            "words": speaking,
        }

    def picture(self, point: int, size: int) -> tuple[bytes, str]:
        return self._thumbnails.of(point, size)

    def why(self, point: int) -> Json:
        with self._desk.lock:
            hidden = self._desk.is_open_check(point)
        if hidden:
            return {"ready": True, "class_id": None, "labels": []}
        found = self._keeper.reasons(point)
        if found is None:
            return {"ready": self._keeper.snapshot is None, "class_id": None, "labels": []}
        return {
            "ready": True,
            "class_id": found.class_id,
            "labels": [
                {"point": p, "share": share, "class_id": c, "title": self._items.title(p)}
                for p, share, c in found.shares
            ],
        }

    def neighbourhood(self, who: str, near: int | None, n: object) -> Json | None:
        count = _checked_count(n, 2, _MOST_IN_GRID)
        prepared, snapshot = self._keeper.prepared, self._keeper.snapshot
        if prepared is None or snapshot is None:
            return None
        is_open, n_labels = self._is_open(), len(self._ledger.labels)
        with self._desk.lock:
            record = record_of(self._ledger, self._desk.pending)

        def fits(point: int) -> bool:
            if not is_open(point) or near is not None:
                return is_open(point)
            class_id = int(snapshot.codes[point])
            is_new = self._shown.is_new(point, class_id, n_labels)
            return is_new and record.may_show(point, class_id)

        def size(class_id: int) -> int:
            return count if near is not None else record.size(class_id, count)

        found = neighbourhood(
            prepared.graph,
            snapshot,
            fits,
            near=near,
            size=size,
            n_labels=self._ledger.count,
            random_state=snapshot.seq,
        )
        if found is None:
            return None
        class_id, points = found
        if near is None:
            self._shown.note(points, class_id, n_labels)
        self._grids[who] = found
        confidence = float(snapshot.confidence[points].mean())
        return {"class_id": class_id, "points": points, "confidence": confidence}

    def taken_out(self, who: str, points: Sequence[int]) -> tuple[int, list[int]] | None:
        """Return the class of a person's last grid, and what is taken out if the rest is confirmed.

        None where these points are others.
        """
        suggested, shown = self._grids.get(who, (None, []))
        if suggested is None or not set(shown).issuperset(points):
            return None
        return suggested, [point for point in shown if point not in points]

    def suspects(self, n: object) -> list[Loaded]:
        count = _checked_count(n)
        snapshot = self._keeper.snapshot
        with self._desk.lock:
            listed = [] if snapshot is None else snapshot.suspects
            labels = {each.point: self._ledger.labels.get(each.point) for each in listed}
            decided = {each.point for each in listed if self._ledger.decided(each.point)}
        return [
            {
                "point": each.point,
                "class_id": each.class_id,
                "suggested": each.suggested,
                "margin": each.margin,
                "against": each.against,
                "title": self._items.title(each.point),
            }
            for each in listed
            if labels[each.point] == each.class_id and each.point not in decided
        ][:count]

    def doubtful(self, n: object) -> list[Json]:
        count = _checked_count(n)
        snapshot = self._keeper.snapshot
        if snapshot is None:
            return []
        is_open = self._is_open()
        few = min(len(snapshot.confidence), 20 * count + len(self._ledger.labels))
        candidates = np.argpartition(snapshot.confidence, few - 1)[:few]
        order = candidates[np.argsort(snapshot.confidence[candidates], kind="stable")].tolist()
        return [
            {
                "point": point,
                "class_id": int(snapshot.codes[point]) if snapshot.codes[point] >= 0 else None,
                "confidence": float(snapshot.confidence[point]),
                "doubt": DOUBTS[snapshot.doubt[point]],
                "title": self._items.title(point),
            }
            for point in filter(is_open, order)
        ][:count]

    def answers(
        self, query: object, class_id: int | None, who: str | None, offset: object, n: object
    ) -> Json:
        count, start = _checked_count(n), _checked_count(offset, 0, 10**9)
        wanted = str(query).strip().casefold()
        words = [
            (word, point)
            for word, point in self._heard()
            if (class_id is None or word.class_id == class_id) and (who is None or word.who == who)
        ]
        words.sort(key=lambda pair: -pair[0].row.seq)
        if wanted:
            words = [pair for pair in words if wanted in self._searched(pair[1])]
        rows = [
            {**word_json(word), "point": point, "title": self._items.title(point)}
            for word, point in words[start : start + count]
        ]
        return {"total": len(words), "rows": rows}

    def search(self, text: object, n: object) -> Json:
        points, total, ready = self._search.find(str(text), _checked_count(n))
        return {"total": total, "points": self._titled(points), "ready": ready}

    def similar(self, point: int, n: object) -> list[Json]:
        count = _checked_count(n)
        prepared = self._keeper.prepared
        if prepared is None:
            return []
        return self._titled(nearest(prepared.graph, point, count, lambda _: True))

    def progress(self) -> Loaded:
        with self._desk.lock:
            return progress_json(
                self._ledger, self._keeper.snapshot, self._items.n_points, self._items.nouns
            )

    def map(self) -> Json | None:
        prepared, snapshot = self._keeper.prepared, self._keeper.snapshot
        places = None if prepared is None else self._mapper.places(prepared.graph)
        if places is None:
            return None
        with self._desk.lock:
            labels, version = dict(self._ledger.labels), self._desk.version
            hidden = [point for point in self._desk.pending if self._desk.is_open_check(point)]
        return packed_map(places, version, labels, snapshot, hidden)

    def people(self) -> Json:
        with self._desk.lock:
            said, seconds = said_by(self._ledger), seconds_by(self._ledger)
            class_ids = [each.id for each in self._ledger.classes]
        return people_json(said, seconds, class_ids)

    def disagreements(self, n: object) -> list[Loaded]:
        count = _checked_count(n)
        with self._desk.lock:
            found = disagreements(self._ledger)
        return [{**each, "title": self._items.title(each["point"])} for each in found[:count]]

    def _heard(self) -> Iterator[tuple[Word, int]]:
        """Yield what people say of all points; the lock is free now and then."""
        with self._desk.lock:
            points = list(self._ledger.heard_points())
        for start in range(0, len(points), _AT_ONCE):
            with self._desk.lock:
                words = [
                    (word, point)
                    for point in points[start : start + _AT_ONCE]
                    for word in self._ledger.words(point).values()
                ]
            yield from words

    def _is_open(self) -> Callable[[int], bool]:
        """Return what tells points that have no label and that nobody is asked about."""
        with self._desk.lock:
            taken = {*self._ledger.labels, *self._ledger.skipped, *self._desk.pending}
        return lambda point: point not in taken

    def _differing(self, point: int) -> Set[str]:
        prepared = self._keeper.prepared
        return set() if prepared is None else self._differing_in(prepared.graph, point)

    def _found_differing(self, graph: Graph, point: int) -> frozenset[str]:
        near = nearest(graph, point, _NEIGHBOURS, lambda _: True)
        others = [self._items.cells(other) for other in near]
        return frozenset(differing(self._items.cells(point), others))

    def _searched(self, point: int) -> str:
        return f"{self._items.title(point)} {self._items.text(point) or ''}".casefold()

    def _titled(self, points: list[int]) -> list[Json]:
        return [{"point": point, "title": self._items.title(point)} for point in points]


def word_json(word: Word) -> Json:
    """Return a person's word on a point as JSON holds it."""
    return {
        "seq": word.row.seq,
        "who": word.who,
        "class_id": None if word.class_id == SKIPPED else word.class_id,
        "at": word.row.at,
        "seconds": word.row.seconds,
        "batch": word.batch,
    }


def _checked_count(n: object, least: int = 1, most: int = _MOST_LISTED) -> int:
    if type(n) is not int or not least <= n <= most:
        raise InvalidInputError(f"a number from {least} to {most:,} is wanted, got {n!r:.40}.")
    return n
