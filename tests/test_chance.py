"""What would let a test pass in one run and fail in the next."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[object]:
    """Draw the examples of a test."""
    found: list[object] = []

    @settings(max_examples=200)
    @given(st.one_of(st.integers(), st.floats(allow_nan=False), st.text()))
    def note(example: object) -> None:
        found.append(example)

    note()
    return found


def test_examples_are_the_same_in_each_run_whatever_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    ours = tmp_path / "ours.py"
    ours.write_text("\n".join(f"NAME = 'name {n}', {n + 1000}, {n}.123" for n in range(50)))
    module = ModuleType("ours")
    module.__file__ = str(ours)
    monkeypatch.setitem(sys.modules, "ours", module)
    assert drawn() == before
