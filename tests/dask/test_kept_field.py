"""What is kept of the field is read back by row, whichever files and regions hold it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fewlabels.dask._kept_field import KeptField, _name_of
from fewlabels.dask._mail import Line

FIRST, BOUNDS = 10, [(4, 0, 5), (5, 5, 12)]  # own rows 10 to 21, of two regions
BATCHES = [np.array([30, 2, 14]), np.array([7]), np.array([21, 0])]


@pytest.fixture
def field(tmp_path):
    """Columns in which row i of column j is 100 i + j."""
    shard = SimpleNamespace(first=FIRST, n_own=12, bounds=BOUNDS, degrees=np.ones(12))
    for batch in BATCHES:
        for number, start, stop in BOUNDS:
            rows = np.arange(start, stop) + FIRST
            values = (100 * rows[:, None] + batch).astype(np.float32)
            np.save(tmp_path / f"{_name_of(batch)}-{number:05d}.npy", values)
    return KeptField(tmp_path, shard, Line(None, "fit", 0, 0, ["here"]), BATCHES)


def test_columns_come_in_the_order_in_which_they_are_asked(field):
    places = np.array([0, 7, 14, 30])
    block = field.columns(5, slice(2, 5), places)
    assert np.array_equal(block, 100 * np.array([[17], [18], [19]]) + places)
    rows = np.array([11, 0, 4, 5])
    assert np.array_equal(field.columns_at(rows, places), 100 * (rows[:, None] + FIRST) + places)
    own = field.gathered(np.array([21, 10]), lambda at: field.columns_at(at, places), 4)
    assert np.array_equal(own, 100 * np.array([[21], [10]]) + places)


def test_it_knows_which_columns_it_has(field):
    assert field.has(21)
    assert not field.has(3)
    with pytest.raises(KeyError):  # never what happens to stand in memory
        field.columns(4, slice(0, 2), np.array([3]))
