"""Which columns of a table are answers that fewlabels wrote, and which are the user's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fewlabels.cli._spread_answers import free_names
from fewlabels.io._earlier import from_earlier_run
from fewlabels.labelling._export import _ADDED, _free


def exported(*taken: str) -> tuple[str, ...]:
    return taken + tuple(_free(name, taken) for name in _ADDED)


def spread(*taken: str) -> tuple[str, ...]:
    return taken + free_names(taken)


@pytest.mark.parametrize(
    "own",
    [(), ("confidence", "second"), ("doubt",), ("evidence", "x"), ("given",), ("x", "reached"),
     ("possible",), ("reached", "given", "possible"), ("given", "confidence")],
)  # fmt: skip
@pytest.mark.parametrize(
    "runs",
    [[exported], [spread], [exported, exported], [spread, spread, spread], [exported, spread],
     [spread, exported, spread]],
)  # fmt: skip
def test_all_that_runs_wrote_is_known_and_what_was_there_before_is_the_users(
    own: tuple[str, ...], runs: list[Callable[..., tuple[str, ...]]]
) -> None:
    names = own
    for run in runs:
        names = run(*names)
    assert from_earlier_run(names) == set(names) - set(own)


def test_a_column_of_labels_is_no_feature_whoever_wrote_it() -> None:
    names = spread("x", "label")
    assert "predicted_label" in names
    assert from_earlier_run(names) == set(names) - {"x"}


@pytest.mark.parametrize(
    "names",
    [
        ("confidence", "second"),
        ("confidence", "evidence", "doubt"),
        ("confidence_1", "evidence_2", "reached_3"),
        ("confidence_1", "evidence_1", "reached_1"),
        ("predicted_confidence_2", "evidence", "reached"),
    ],
)
def test_a_few_columns_of_such_names_are_the_users(names: tuple[str, ...]) -> None:
    assert from_earlier_run(names) == set()
