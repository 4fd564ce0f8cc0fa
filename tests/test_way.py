"""Long work lets other work go first, or ends for it."""

from __future__ import annotations

import pytest

from fewlabels._way import give_way, giving_way, unless


def test_work_ends_at_the_first_step_at_which_something_else_is_due() -> None:
    steps: list[int] = []

    def work() -> str:
        for step in range(10):
            give_way()
            steps.append(step)
        return "done"

    assert unless(lambda: len(steps) == 3, work) is None
    assert steps == [0, 1, 2]
    give_way()  # nobody is asked any more


def test_work_that_nothing_comes_before_is_done() -> None:
    assert unless(lambda: False, lambda: (give_way(), "done")[1]) == "done"


def test_what_goes_wrong_is_told_and_who_was_asked_before_is_asked_again() -> None:
    asked: list[str] = []
    with giving_way(lambda: asked.append("before")):
        with pytest.raises(ZeroDivisionError):
            unless(lambda: False, lambda: 1 / 0)
        give_way()
    assert asked == ["before"]
