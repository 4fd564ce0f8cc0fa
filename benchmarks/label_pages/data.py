"""What is labelled: the same items for every tool, each of which shows its own number."""

from __future__ import annotations

import base64
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from benchmarks.sets import texts

KINDS = ("texts", "pictures")
CLASSES = ("yes", "no")
_CHARACTERS = 1500  # about an abstract
_ENLARGED = 8  # times; pictures of 64 x 64
_SEED = 5


@dataclass(frozen=True)
class Items:
    """Items to label, and what is right.

    Attributes
    ----------
    kind : {"texts", "pictures"}
    folder : Path
        ``texts.csv`` with the columns number, title and abstract, or ``pictures/NUMBER.png``.
    truth : ndarray of shape (n_items,), bool
        Whether the right answer is "yes".
    """

    kind: str
    folder: Path
    truth: Any

    @property
    def table(self) -> Path:
        return self.folder / "texts.csv"

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures"


def write_items(kind: str, n_items: int, folder: Path) -> Items:
    """Write items to a folder.

    Of texts, 20 newsgroups: is it about sports or vehicles? Of pictures, digits of 64 x 64 pixels,
    some of them many times, moved by chance: is it even?
    """
    folder.mkdir(parents=True)
    if kind == "texts":
        documents, codes, classes = texts.load(_newsgroups(), n_items + 50)
        documents, codes = documents[:n_items], codes[:n_items]
        truth = np.array([classes[code].startswith("rec") for code in codes])
        with (folder / "texts.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["title", "abstract"])
            for number, text in enumerate(documents):
                words = " ".join(text[:_CHARACTERS].split())
                writer.writerow([f"Text no. {number}.", f"Text no. {number}. {words}"])
        return Items(kind, folder, truth)
    digits = load_digits()
    rng = np.random.default_rng(_SEED)
    rows = rng.permutation(n_items) % len(digits.images)
    (folder / "pictures").mkdir()
    for number, row in enumerate(rows):
        moved = np.roll(digits.images[row], rng.integers(-1, 2, size=2), axis=(0, 1))
        picture = np.kron(255 - moved * 15.9, np.ones((_ENLARGED, _ENLARGED)))
        path = folder / "pictures" / f"{number:06d}.png"
        Image.fromarray(picture.astype(np.uint8)).save(path)
    return Items(kind, folder, digits.target[rows] % 2 == 0)


def write_points(n_points: int, path: Path) -> None:
    """Write an array of points, for sizes of which there are no texts."""
    from benchmarks.data import curved_classes

    made = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n_points, 32))
    curved_classes(n_points, 32, 10, seed=_SEED, out=made)
    made.flush()


def as_tasks(items: Items) -> bytes:
    """Return items as Label Studio imports them."""
    if items.kind == "texts":
        with items.table.open(newline="", encoding="utf-8") as file:
            tasks = [{"abstract": row["abstract"]} for row in csv.DictReader(file)]
        return json.dumps(tasks).encode()
    tasks = []
    for number in range(len(items.truth)):
        content = (items.pictures / f"{number:06d}.png").read_bytes()
        picture = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        tasks.append({"number": f"Picture no. {number}.", "picture": picture})
    return json.dumps(tasks).encode()


def _newsgroups() -> texts.TextSet:
    (found,) = [about for about in texts.SETS if about.name == "newsgroups"]
    return found
