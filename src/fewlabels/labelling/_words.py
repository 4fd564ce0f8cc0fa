"""Which words of a text speak for a class, by the texts that were labelled."""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Mapping
from itertools import islice

from fewlabels._typing import Json
from fewlabels.labelling._items import Items

_WORD = re.compile(r"\w{2,}", re.UNICODE)
_LONGEST_TEXT = 50_000
# A word that is so much more frequent, as a logarithm, is shown; and at most so many are.
_SPEAKS, _MOST = 0.7, 12
# Texts that are read at once: where many labels come together, the rest is read the next time.
_MOST_AT_ONCE = 200


class SpeakingWords:
    """Counts in how many labelled texts of each class a word is, kept up with the labels.

    Parameters
    ----------
    items : Items
    """

    def __init__(self, items: Items) -> None:
        self._items = items
        self._lock = threading.Lock()
        self._known: dict[int, int] = {}
        self._texts: Counter[int] = Counter()
        self._holding: dict[int, Counter[str]] = {}

    def for_class(self, point: int, class_id: int, labels: Mapping[int, int]) -> list[Json]:
        """Return the places of the words of a text that speak for a class, and how much.

        By the logarithm of how much more frequent they are in the labelled texts of the class
        than in the others, half a text added to each; the text's own label does not count.
        """
        with self._lock:
            return self._for_class(point, class_id, labels)

    def _for_class(self, point: int, class_id: int, labels: Mapping[int, int]) -> list[Json]:
        self._keep_up(labels)
        text = (self._items.text(point) or "")[:_LONGEST_TEXT]
        own = self._known.get(point)
        inside = self._texts[class_id] - (own == class_id)
        outside = sum(self._texts.values()) - self._texts[class_id] - (own not in (None, class_id))
        if not inside or not outside:
            return []
        weights: dict[str, float] = {}
        for word in {match.group().casefold() for match in _WORD.finditer(text)}:
            n_in = self._holding.get(class_id, Counter())[word] - (own == class_id)
            n_all = sum(each[word] for each in self._holding.values()) - (own is not None)
            if n_all < 1:
                continue
            weight = math.log((n_in + 0.5) / (inside + 1)) - math.log(
                (n_all - n_in + 0.5) / (outside + 1)
            )
            if weight > _SPEAKS:
                weights[word] = weight
        chosen = sorted(weights, key=lambda word: (-weights[word], word))[:_MOST]
        return [
            {"start": m.start(), "end": m.end(), "weight": round(weights[word], 3)}
            for m in _WORD.finditer(text)
            if (word := m.group().casefold()) in chosen
        ]

    def _keep_up(self, labels: Mapping[int, int]) -> None:
        for point in [p for p, c in self._known.items() if labels.get(p) != c]:
            self._count(point, self._known.pop(point), -1)
        new = ((point, class_id) for point, class_id in labels.items() if point not in self._known)
        for point, class_id in islice(new, _MOST_AT_ONCE):
            self._known[point] = class_id
            self._count(point, class_id, 1)

    def _count(self, point: int, class_id: int, by: int) -> None:
        self._texts[class_id] += by
        text = (self._items.text(point) or "")[:_LONGEST_TEXT]
        words = {match.group().casefold() for match in _WORD.finditer(text)}
        counts = self._holding.setdefault(class_id, Counter())
        for word in words:
            counts[word] += by
