"""What the tests of the solvers share."""

from __future__ import annotations

import pytest

from fewlabels.solvers import _threads


@pytest.fixture
def all_work_shared(monkeypatch) -> None:
    """Share the rows of small systems, too, which would not be worth it."""
    monkeypatch.setattr(_threads, "_SHARED_OPERATIONS", 0)
