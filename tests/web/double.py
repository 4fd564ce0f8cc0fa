"""A labelling without models or files, of the kind that the page is made on.

It keeps its answers in memory and takes the class of the nearest labelled points for the model's.
What the real one promises holds here too: a key that comes twice counts once, undo is without
limit, a check shows no suggestion.
"""

from __future__ import annotations

import io
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import IO, Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from fewlabels.exceptions import InvalidInputError

Json = dict[str, Any]

KEYS = "1234567890abcdefijkmoqstvy"
WORDS = {
    "billing": [
        "invoice",
        "charged",
        "refund",
        "twice",
        "card",
        "payment",
        "month",
        "receipt",
        "amount",
        "wrong",
    ],
    "login": [
        "password",
        "account",
        "locked",
        "reset",
        "sign",
        "email",
        "code",
        "browser",
        "again",
        "screen",
    ],
    "praise": [
        "thank",
        "great",
        "love",
        "simple",
        "team",
        "quick",
        "helpful",
        "wonderful",
        "works",
        "everybody",
    ],
}
CHECK_EVERY = 4


class Double:
    """Points of one kind, and what was said of them."""

    def __init__(
        self,
        kind: str,
        vectors: np.ndarray,
        items: Sequence[Json],
        classes: Sequence[str],
        *,
        name: str = "things",
        pictures: Sequence[Image.Image] = (),
    ) -> None:
        self.kind, self.name, self.items, self.pictures = kind, name, items, pictures
        self.id = secrets.token_hex(16)
        self.vectors = vectors
        self.truth: list[int] = []
        self.lock = threading.RLock()
        self.classes = [{"id": i, "name": c, "key": k} for i, (c, k) in enumerate(keyed(classes))]
        self.events: list[Json] = []
        self.taken_back: list[Json] = []
        self.replies: dict[str, Json] = {}
        self.version = 1
        self.callbacks: set[Callable[[int], None]] = set()
        self.settings: dict[str, Json] = {}
        self.stage: Json | None = None
        self.action = "continue"
        self.proven = False
        self.problem: str | None = None
        self.notes: list[str] = []
        self.calls: list[str] = []
        self.order = np.random.default_rng(0).permutation(len(items)).tolist()

    # What stands

    def labels(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for event in self.events:
            for point in event["points"]:
                if event["kind"] in {"answer", "confirm", "relabel"}:
                    if event["class_id"] is None:
                        found.pop(point, None)
                    else:
                        found[point] = event["class_id"]
        return found

    def skipped(self) -> set[int]:
        return {p for e in self.events if e["kind"] == "skip" for p in e["points"]}

    def predicted(self, point: int) -> tuple[int, float] | None:
        labels = self.labels()
        if len(labels) < 5:
            return None
        known = np.array(sorted(labels))
        far = np.linalg.norm(self.vectors[known] - self.vectors[point], axis=1)
        said = [labels[int(row)] for row in known[np.argsort(far, kind="stable")[:5]]]
        best = max(set(said), key=lambda c: (said.count(c), -said.index(c)))
        return best, said.count(best) / len(said)

    def is_check(self, point: int) -> bool:
        return self.order.index(point) % CHECK_EVERY == CHECK_EVERY - 1

    def known(self, point: int) -> int:
        if not 0 <= point < len(self.items):
            raise InvalidInputError(f"There is no row {point}: there are {len(self.items)}.")
        return point

    # The interface

    def state(self, who: str) -> Json:
        with self.lock:
            labels = list(self.labels().values())
            counted = [{**c, "n": labels.count(c["id"])} for c in self.classes]
            return {
                "id": self.id,
                "file": f"{self.name}.fewlabels",
                "name": self.name,
                "kind": self.kind,
                "n_points": len(self.items),
                "version": self.version,
                "stage": self.stage,
                "problem": self.problem,
                "notes": self.notes,
                "classes": counted,
                "n_labelled": len(labels),
                "n_skipped": len(self.skipped()),
                "n_left": len(self.items) - len(labels),
                "can_undo": bool(self.events),
                "can_redo": bool(self.taken_back),
                "people": sorted({e["who"] for e in self.events}),
                "advice": {"action": self.action, "text": "About 20 more labels are needed."},
                "proven": self.proven,
                "settings": {"accuracy": 0.9, **self.settings.get(who, {})},
            }

    def questions(self, who: str, n: int = 3) -> list[Json]:
        with self.lock:
            done = self.labels().keys() | self.skipped()
            later = [p for e in self.events if e["kind"] == "later" for p in e["points"]]
            back = [p for p in self.reopened() if p not in done]
            rest = [p for p in self.order if p not in done and p not in back and p not in later]
            waiting = [p for p in dict.fromkeys(later) if p not in done and p not in back]
            return [
                {"point": p, "suggestion": self.suggestion(who, p), "again": False}
                for p in [*back, *rest, *waiting][:n]
            ]

    def reopened(self) -> list[int]:
        return [p for e in reversed(self.taken_back) for p in e["points"] if e["kind"] == "answer"]

    def suggestion(self, who: str, point: int) -> Json | None:
        found = self.predicted(point)
        hidden = self.settings.get(who, {}).get("suggestions") is False
        if found is None or hidden or self.is_check(point):
            return None
        return {"class_id": found[0], "confidence": found[1]}

    def item(self, who: str, point: int) -> Json:
        item = self.items[self.known(point)]
        found = self.predicted(point)
        text = item.get("text")
        words = []
        if text and found:
            for word in WORDS.get(self.classes[found[0]]["name"], []):
                at = text.find(word)
                if at >= 0:
                    words.append({"start": at, "end": at + len(word), "weight": 0.8})
        return {
            "point": point,
            "kind": self.kind,
            "title": item.get("title", f"Row {point}"),
            "text": text,
            "columns": item.get("columns", []),
            "image": bool(self.pictures),
            "answer": self.labels().get(point),
            "answers": [],
            "suggestion": found and {"class_id": found[0], "confidence": found[1]},
            "doubt": found and ("sure" if found[1] > 0.7 else "classes disagree"),
            "words": words,
        }

    def picture(self, point: int, size: int = 512) -> tuple[bytes, str]:
        if not self.pictures:
            raise InvalidInputError("These rows have no pictures.")
        drawn = self.pictures[self.known(point)].copy()
        drawn.thumbnail((size, size))
        out = io.BytesIO()
        drawn.save(out, "PNG")
        return out.getvalue(), "image/png"

    def act(self, kind: str, who: str, key: str, points: Sequence[int], **more: Any) -> Json:
        with self.lock:
            if key in self.replies:
                return self.replies[key]
            class_id = more.get("class_id")
            if class_id is not None and class_id >= len(self.classes):
                raise InvalidInputError(f"There is no class {class_id}.")
            points = [self.known(point) for point in points]
            self.calls.append(kind)
            self.events.append({"kind": kind, "who": who, "points": points, **more})
            self.taken_back.clear()
            return self.done(key)

    def done(self, key: str, **more: Any) -> Json:
        reply = {"seq": len(self.events), "n_labelled": len(self.labels()), **more}
        self.replies[key] = reply
        self.tell()
        return reply

    def tell(self) -> None:
        self.version += 1
        for callback in list(self.callbacks):
            callback(self.version)

    def answer(
        self, who: str, key: str, point: int, class_id: int, seconds: float | None = None
    ) -> Json:
        return self.act("answer", who, key, [point], class_id=class_id)

    def confirm(self, who: str, key: str, points: Sequence[int], class_id: int) -> Json:
        if not points:
            raise InvalidInputError("no points were given, nor were any shown in a grid.")
        return {**self.act("confirm", who, key, points, class_id=class_id), "left": []}

    def skip(self, who: str, key: str, point: int, seconds: float | None = None) -> Json:
        return self.act("skip", who, key, [point])

    def later(self, who: str, key: str, point: int) -> Json:
        return self.act("later", who, key, [point])

    def relabel(self, who: str, key: str, point: int, class_id: int | None) -> Json:
        return self.act("relabel", who, key, [point], class_id=class_id)

    def undo(self, who: str, key: str) -> Json:
        return self.move(key, self.events, self.taken_back)

    def redo(self, who: str, key: str) -> Json:
        return self.move(key, self.taken_back, self.events)

    def move(self, key: str, source: list[Json], target: list[Json]) -> Json:
        with self.lock:
            if key in self.replies:
                return self.replies[key]
            if not source:
                return self.done(key, done=None)
            event = source.pop()
            target.append(event)
            named = ("kind", "points")
            shown = {name: event[name] for name in named} | {"class_id": event.get("class_id")}
            return self.done(key, done=shown)

    def add_class(self, who: str, key: str, name: str) -> Json:
        with self.lock:
            if key in self.replies:
                return self.replies[key]
            for known in self.classes:
                if known["name"] == name:
                    return self.done(key, **{"class": known})
            taken = {c["key"] for c in self.classes}
            free = next((k for k in KEYS if k not in taken), None)
            made = {"id": len(self.classes), "name": name, "key": free}
            self.classes.append(made)
            return self.done(key, **{"class": made})

    def rename_class(self, who: str, key: str, class_id: int, name: str) -> Json:
        self.classes[class_id]["name"] = name
        return self.done(key)

    def set_key(self, who: str, key: str, class_id: int, press: str | None) -> Json:
        self.classes[class_id]["key"] = press
        return self.done(key)

    def set_settings(self, who: str, key: str, settings: Mapping[str, Any]) -> Json:
        self.settings.setdefault(who, {}).update(settings)
        return self.done(key)

    def neighbourhood(self, who: str, near: int | None = None, n: int = 24) -> Json | None:
        labels = self.labels()
        if len(labels) < 8:
            return None
        sure = [
            (p, found[0])
            for p in self.order
            if p not in labels and (found := self.predicted(p)) and found[1] > 0.7
        ]
        if not sure:
            return None
        class_id = sure[0][1]
        points = [p for p, c in sure if c == class_id][:n]
        return {"class_id": class_id, "points": points, "confidence": 0.93}

    def why(self, point: int) -> Json:
        labels = self.labels()
        self.known(point)
        known = np.array(sorted(labels), dtype=int)
        if not len(known):
            return {"ready": True, "class_id": None, "labels": []}
        near = np.exp(-np.linalg.norm(self.vectors[known] - self.vectors[point], axis=1) / 10)
        order = np.argsort(-near)[:8]
        share = near / near.sum()
        rows = [
            {"point": int(known[i]), "share": float(share[i]), "class_id": labels[int(known[i])]}
            for i in order
        ]
        found = self.predicted(point)
        return {"ready": True, "class_id": found and found[0], "labels": rows}

    def suspects(self, n: int = 50) -> list[Json]:
        rows = []
        for point, class_id in self.labels().items():
            found = self.predicted(point)
            if found and found[0] != class_id:
                rows.append(
                    {
                        "point": point,
                        "class_id": class_id,
                        "suggested": found[0],
                        "margin": found[1],
                        "against": self.why(point)["labels"][1]["point"],
                    }
                )
        return rows[:n]

    def doubtful(self, n: int = 50) -> list[Json]:
        rows = []
        for point in self.order[:200]:
            found = self.predicted(point)
            if found and found[1] < 0.7 and point not in self.labels():
                doubt = "classes disagree"
                rows.append({"point": point, "class_id": found[0], "confidence": found[1]})
                rows[-1]["doubt"] = doubt
        return rows[:n]

    def answers(
        self,
        query: str = "",
        class_id: int | None = None,
        who: str | None = None,
        offset: int = 0,
        n: int = 50,
    ) -> Json:
        rows = []
        for seq, event in reversed(list(enumerate(self.events))):
            if event["kind"] not in {"answer", "confirm", "relabel"} or event["class_id"] is None:
                continue
            if class_id not in {None, event["class_id"]} or who not in {None, event["who"]}:
                continue
            for point in event["points"]:
                title = str(self.items[point].get("text") or self.items[point].get("title", ""))
                if query.lower() in title.lower():
                    rows.append(
                        {
                            "seq": seq,
                            "point": point,
                            "class_id": event["class_id"],
                            "who": event["who"],
                            "at": 1_700_000_000.0 + seq,
                            "seconds": 1.5,
                            "batch": event["kind"] == "confirm",
                            "title": title[:80],
                        }
                    )
        return {"total": len(rows), "rows": rows[offset : offset + n]}

    def search(self, text: str, n: int = 50) -> Json:
        found = [
            {"point": point, "title": item.get("title", "")}
            for point, item in enumerate(self.items)
            if text.lower() in json.dumps(item, ensure_ascii=False).lower()
        ]
        return {"total": len(found), "points": found[:n], "ready": True}

    def similar(self, point: int, n: int = 24) -> list[Json]:
        far = np.linalg.norm(self.vectors - self.vectors[self.known(point)], axis=1)
        return [{"point": int(p), "title": f"Row {p}"} for p in np.argsort(far)[1 : n + 1]]

    def progress(self) -> Json:
        labelled = len(self.labels())
        steps = list(range(5, labelled + 1, 5))
        sentence = "Of 1,000 pictures 913 to 967 are right, with 95 % confidence."
        proof = {
            "n_labels": labelled,
            "n_points": len(self.items),
            "n_checks": 40,
            "n_right": 39,
            "low": 0.91,
            "confidence": 0.95,
            "is_on": not self.proven,
        }
        accuracy = {"share": 0.93, "low": 0.82, "high": 0.97, "n_checks": 9, "confidence": 0.95}
        return {
            "n_labelled": labelled,
            "n_skipped": len(self.skipped()),
            "n_points": len(self.items),
            "counted": f"{labelled} of {len(self.items)} things labelled.",
            "accuracy": accuracy if labelled >= 10 else None,
            "now": [0.85, 0.91, 0.95] if labelled >= 10 else None,
            "sentence": sentence if labelled >= 10 else None,
            "advice": {
                "action": "stop" if self.proven else "continue",
                "wanted": 0.9,
                "reasons": ["The answers are right at about 91 of 100 points."],
                "labels_needed": [10, 25, 60],
                "checks_needed": 45,
                "fewest_checks": 29,
            },
            "proof": proof if labelled >= 10 else None,
            "proven": self.proven,
            "curve": [{"n_labels": s, "share": 0.95 - 0.7 / (1 + s / 6)} for s in steps],
            "shares": [
                {"class_id": c["id"], "share": s, "low": s * 0.7, "high": min(1, s * 1.4)}
                for c in self.classes
                for s in [1 / len(self.classes)]
            ],
            "seconds_a_label": 1.8,
        }

    def map(self) -> Json | None:
        if len(self.labels()) < 5:
            return None
        n = len(self.items)
        centred = self.vectors - self.vectors.mean(axis=0)
        _, _, axes = np.linalg.svd(centred[:500], full_matrices=False)
        label = np.full(n, -1, np.int16)
        for point, class_id in self.labels().items():
            label[point] = class_id
        known = np.flatnonzero(label >= 0)
        far = ((self.vectors[:, None] - self.vectors[None, known]) ** 2).sum(axis=2)
        return {
            "version": self.version,
            "n": n,
            "positions": (centred @ axes[:2].T).astype("<f4").tobytes(),
            "label": label.tobytes(),
            "prediction": label[known][far.argmin(axis=1)].astype(np.int16).tobytes(),
            "doubt": np.zeros(n, np.uint8).tobytes(),
        }

    def people(self) -> Json:
        names = sorted({e["who"] for e in self.events})
        size = len(self.classes)
        confusion = np.eye(size)
        if size:
            confusion[0, [0, -1]] = 0.8, 0.2
        return {
            "alpha": 0.81 if len(names) > 1 else None,
            "n_both": 12,
            "people": [
                {
                    "who": name,
                    "n": sum(e["who"] == name for e in self.events),
                    "seconds": 2.1,
                    "agrees": 0.92 if len(names) > 1 else None,
                    "reliability": 0.95 if len(names) > 1 else None,
                    "confusion": confusion.tolist() if len(names) > 1 else None,
                }
                for name in names
            ],
            "classes": [c["id"] for c in self.classes],
        }

    def disagreements(self, n: int = 50) -> list[Json]:
        said: dict[int, dict[str, int]] = {}
        for event in self.events:
            if event["kind"] == "answer":
                for point in event["points"]:
                    said.setdefault(point, {})[event["who"]] = event["class_id"]
        return [
            {
                "point": point,
                "title": f"Row {point}",
                "label": next(iter(by.values())),
                "answers": [{"who": who, "class_id": c} for who, c in by.items()],
                "probabilities": [{"class_id": c, "share": 0.5} for c in set(by.values())],
            }
            for point, by in said.items()
            if len(set(by.values())) > 1
        ][:n]

    def with_model(self, task: Callable[[Any], str]) -> Future[str]:
        """Be a report already: there is no model to be asked."""
        del task
        found: Future[str] = Future()
        found.set_result("<!doctype html><title>A report</title>")
        return found

    def export(self, target: IO[bytes], file_format: str) -> None:
        names = {c["id"]: c["name"] for c in self.classes}
        lines = ["row,label", *(f"{p},{names[c]}" for p, c in sorted(self.labels().items()))]
        target.write("\n".join(lines).encode() + b"\n")

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        self.callbacks.add(callback)
        return lambda: self.callbacks.discard(callback)


def keyed(classes: Sequence[str]) -> list[tuple[str, str | None]]:
    return [(name, KEYS[i] if i < len(KEYS) else None) for i, name in enumerate(classes)]


def digits(n: int = 300) -> Double:
    """Pictures of digits."""
    found = load_digits()
    pictures = [
        Image.fromarray((255 - image * 15.9).astype(np.uint8), "L") for image in found.images[:n]
    ]
    items = [{"title": f"digit-{point:04d}.png"} for point in range(n)]
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    made = Double("images", found.data[:n], items, names, name="digits", pictures=pictures)
    made.truth = found.target[:n].tolist()
    return made


def texts(n: int = 120, *, more: Sequence[str] = ()) -> Double:
    """Texts of three kinds, drawn from words; `more` come first."""
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=n)
    vocabulary = sorted({word for words in WORDS.values() for word in words})
    written, vectors = [], []
    for kind in truth:
        words = rng.choice(list(WORDS.values())[kind], size=9).tolist()
        written.append(f"I would like to say: {' '.join(words[:5])}. {' '.join(words[5:])}.")
        vectors.append([words.count(word) for word in vocabulary])
    for place, text in enumerate(more):
        written[place] = text
    items = [{"text": text, "title": text[:60]} for text in written]
    made = Double("texts", np.array(vectors, float), items, list(WORDS), name="tickets")
    made.truth = truth.tolist()
    for place in range(len(more)):
        made.order.remove(place)
        made.order.insert(place, place)
    return made


def table(n: int = 100, *, columns: int = 8) -> Double:
    """Rows of a table, two of whose columns differ from the neighbours'."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(n, columns)).round(2)
    names = ["age", "income", "city size", "visits", "last order", "basket", "returns", "score"]
    items = [
        {
            "title": f"Row {row}",
            "columns": [
                {"name": name, "value": str(value), "differs": bool(abs(value) > 1.3)}
                for name, value in zip(names, line, strict=False)
            ],
        }
        for row, line in enumerate(values)
    ]
    made = Double("table", values, items, ["yes", "no"], name="customers")
    made.truth = (values[:, 0] > 0).astype(int).tolist()
    return made
