"""Warnings that one thread leaves unsaid, and others say."""

from __future__ import annotations

import threading

from fewlabels._unsaid import is_unsaid, unsaid
from fewlabels.exceptions import LabelWarning, UnreachedWarning


def test_categories_are_unsaid_within_the_block_alone() -> None:
    with unsaid(LabelWarning):
        assert is_unsaid(LabelWarning)
        assert not is_unsaid(UnreachedWarning)
        with unsaid(UnreachedWarning):
            assert is_unsaid(LabelWarning)
            assert is_unsaid(UnreachedWarning)
        assert not is_unsaid(UnreachedWarning)
    assert not is_unsaid(LabelWarning)


def test_other_threads_go_on_saying_them() -> None:
    told: list[bool] = []
    with unsaid(LabelWarning):
        thread = threading.Thread(target=lambda: told.append(is_unsaid(LabelWarning)))
        thread.start()
        thread.join()
    assert told == [False]
