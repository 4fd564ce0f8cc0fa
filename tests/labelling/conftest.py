"""Digits as an array, and label files of them."""

from __future__ import annotations

import itertools
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fewlabels.labelling import Labelling
from fewlabels.labelling._rows import sum_of

SEED = 7


@pytest.fixture(scope="session")
def digits() -> tuple[Any, Any]:
    """300 digits of three classes, and what they are."""
    X, y = load_digits(n_class=3, return_X_y=True)
    return X[:300].astype(np.float32), y[:300]


@pytest.fixture(autouse=True)
def _same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first questions are drawn at random: here with a seed that brings some of each class."""
    monkeypatch.setattr(secrets, "randbits", lambda n_bits: SEED)


@pytest.fixture
def data(digits: tuple[Any, Any], tmp_path: Path) -> Path:
    """The digits in a file."""
    path = tmp_path / "digits.npy"
    np.save(path, digits[0])
    return path


@pytest.fixture
def opened(data: Path, tmp_path: Path) -> Iterator[Callable[..., Labelling]]:
    """Open the label file of the digits; all are closed at the end."""
    found: list[Labelling] = []

    def open_(path: Path = data, **settings: Any) -> Labelling:
        settings = {"classes": ["0", "1", "2"], "cache": tmp_path / "cache", **settings}
        labelling = Labelling.open(path, **settings)
        found.append(labelling)
        return labelling

    yield open_
    for labelling in found:
        labelling.close()


@pytest.fixture
def keys() -> Iterator[str]:
    """Yield keys, each another."""
    return (f"key {number}" for number in itertools.count())


def answer_rows(labelling: Labelling, truth: Any, keys: Iterator[str], rows: Iterable[int]) -> None:
    """Answer these rows rightly, and wait for the models.

    What is learned from them is the same on every machine. Which questions would be asked depends
    on how quick the models are.
    """
    for row in rows:
        labelling.answer("ann", next(keys), row, int(truth[row]))
    assert labelling.settle()


def change_knowingly(connection: sqlite3.Connection, change: str) -> None:
    """Change a log by a statement, with the checksums that its rows then have."""
    connection.create_function("sum_of", 7, lambda *values: sum_of(values))
    connection.execute(change)
    connection.execute("UPDATE log SET sum = sum_of(seq, key, who, at, seconds, kind, body)")
