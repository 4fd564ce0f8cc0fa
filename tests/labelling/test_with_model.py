"""What others have done with the model, in the thread that keeps it up: a report, say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from fewlabels.exceptions import InvalidInputError, LabellingError
from fewlabels.labelling import Labelling
from fewlabels.web._reading import report_of

Open = Callable[..., Labelling]


def labelled(opened: Open, keys: Iterator[str], truth: Any, n: int = 12) -> Labelling:
    found = opened()
    for point in range(n):
        found.answer("ann", next(keys), point, int(truth[point]))
    assert found.settle()
    return found


def test_a_report_is_written_of_what_was_learned(
    opened: Open, keys: Iterator[str], digits: Any
) -> None:
    labelling = labelled(opened, keys, digits[1])
    page = labelling.with_model(report_of).result(180)
    assert page.startswith("<!doctype html>")
    assert "12 of 300 rows came with a label" in page
    assert "digits.npy" in page


def test_the_model_knows_the_last_label(opened: Open, keys: Iterator[str], digits: Any) -> None:
    labelling = labelled(opened, keys, digits[1])
    labelling.answer("ann", next(keys), 200, 2)
    assert labelling.settle()
    learned = labelling.with_model(lambda learned: learned.model.answers().labels[200])
    assert learned.result(180) == "2"


def test_before_there_is_a_model_it_is_said(opened: Open) -> None:
    with pytest.raises(InvalidInputError, match="Nothing has been learned yet"):
        opened().with_model(report_of)


def test_what_fails_there_is_told_and_ends_nothing(
    opened: Open, keys: Iterator[str], digits: Any
) -> None:
    labelling = labelled(opened, keys, digits[1])
    with pytest.raises(ZeroDivisionError):
        labelling.with_model(lambda _: 1 / 0).result(180)
    assert labelling.with_model(lambda learned: learned.name).result(180) == "digits.npy"
    assert labelling.state("ann")["problem"] is None


def test_who_waits_while_the_file_is_closed_is_told(
    opened: Open, keys: Iterator[str], digits: Any
) -> None:
    labelling = labelled(opened, keys, digits[1])
    labelling.close()
    with pytest.raises((LabellingError, CancelledError)):
        labelling.with_model(report_of).result(180)


def test_a_label_file_has_an_id_of_its_own_and_keeps_it(
    opened: Open, data: Path, tmp_path: Path
) -> None:
    first = opened()
    told = first.id
    assert first.state("ann")["id"] == told
    first.close()
    assert opened().id == told
    assert opened(file=tmp_path / "other.fewlabels").id != told


def test_a_file_of_before_there_were_ids_gets_one(opened: Open) -> None:
    first = opened()
    file = first._opened.file
    with file._connection as connection:
        connection.execute("DELETE FROM about WHERE name = 'id'")
    first.close()
    second = opened()
    told = second.id
    second.close()
    assert len(told) == 32
    assert opened().id == told


def test_who_waits_while_the_disk_is_full_is_told(
    opened: Open, keys: Iterator[str], digits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelling = labelled(opened, keys, digits[1])

    def full(*_: Any) -> Any:
        raise LabellingError("the disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(labelling._desk, "keep", full)
        labelling.answer("ann", next(keys), labelling.questions("ann", 1)[0]["point"], 0)
        assert labelling.settle()
        with pytest.raises(LabellingError, match="the disk is full"):
            labelling.with_model(report_of).result(180)
    assert labelling.with_model(lambda learned: learned.name).result(180) == "digits.npy"
