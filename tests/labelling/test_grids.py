"""What grids have shown of the model decides which come next, and what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from fewlabels import Session, knn_graph
from fewlabels.labelling import Labelling, load_session
from fewlabels.labelling._grids import Grid, GridRecord, record_of, to_ask
from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._near import neighbourhood
from fewlabels.labelling._points import Prepared
from fewlabels.labelling._rows import Row
from fewlabels.labelling._snapshot import Predicted
from fewlabels.session._events import Event
from tests.labelling.conftest import answer_rows

Open = Callable[..., Labelling]


def grid(n_kept: int, n_out: int, n_since: int = 0, class_id: int = 1) -> Grid:
    kept, out = range(n_kept), range(n_kept, n_kept + n_out)
    return Grid(class_id, tuple(kept), tuple(out), n_since)


def test_a_class_is_tried_with_a_small_grid_first() -> None:
    assert GridRecord().size(1, 24) == 8
    assert GridRecord().size(1, 5) == 5
    assert GridRecord([grid(24, 0, class_id=0)]).size(1, 24) == 8


@pytest.mark.parametrize(
    ("n_kept", "n_out", "size"),
    [
        (7, 0, 8),  # with none taken out the quantile is 0.1^(1 / (r + 1)): 0.7499
        (8, 0, 24),  # 0.7743
        (23, 1, 24),  # 0.853 by tables of the beta distribution
        (20, 4, 8),  # 0.705
        (6, 2, 8),  # 0.75 were right
    ],
)
def test_a_grid_is_whole_where_its_class_was_right_often_enough(
    n_kept: int, n_out: int, size: int
) -> None:
    assert GridRecord([grid(n_kept, n_out, n_since=15)]).size(1, 24) == size


def test_after_a_good_grid_its_class_waits_for_fewer_questions() -> None:
    assert GridRecord([grid(24, 0, n_since=7)]).size(1, 24) == 0
    assert GridRecord([grid(24, 0, n_since=8)]).size(1, 24) == 24
    assert GridRecord([grid(24, 0, n_since=0)]).size(2, 24) == 8


def test_after_a_bad_grid_its_class_waits_for_questions_and_is_tried_again() -> None:
    assert GridRecord([grid(5, 3, n_since=14)]).size(1, 24) == 0
    assert GridRecord([grid(5, 3, n_since=15)]).size(1, 24) == 8
    assert GridRecord([grid(5, 3, n_since=0)]).size(2, 24) == 8


def test_old_grids_are_forgotten() -> None:
    assert GridRecord([grid(0, 8), grid(24, 0, n_since=8)]).size(1, 24) == 24
    assert GridRecord([grid(0, 8), grid(23, 0, n_since=8)]).size(1, 24) == 8


def test_no_grid_comes_before_what_was_taken_out_is_answered() -> None:
    record = [grid(22, 2, n_since=8)]
    assert GridRecord(record, {22}).size(1, 24) == 0
    assert GridRecord(record, {21}).size(1, 24) == 24


def test_what_was_taken_out_is_in_no_grid_of_that_class_again() -> None:
    record = GridRecord([grid(2, 1), grid(2, 0)])
    assert not record.may_show(2, 1)
    assert record.may_show(2, 0)
    assert record.may_show(1, 1)


def test_few_of_what_was_taken_out_are_asked_about() -> None:
    assert to_ask([]) == []
    assert to_ask([4, 2]) == [4, 2]
    assert to_ask([9, 8, 7, 6, 5, 4, 3]) == [9, 6, 3]


def test_the_class_with_the_fewest_labels_for_its_points_comes_first() -> None:
    """Of three clusters, of 40, 20 and 20 points, the model is surest of the last."""
    places = np.concatenate([c + np.linspace(0, 1, n) for c, n in ((0, 40), (9, 20), (18, 20))])
    graph = knn_graph(places[:, None], n_neighbors=5)
    codes = np.repeat([0, 1, 2], [40, 20, 20]).astype(np.int16)
    said = SimpleNamespace(codes=codes, confidence=np.array([0.8, 0.9, 0.99])[codes])

    def shown(n_labels: dict[int, int], sizes: dict[int, int]) -> tuple[int, int] | None:
        found = neighbourhood(
            graph,
            cast(Predicted, said),
            lambda point: True,
            near=None,
            size=sizes.__getitem__,
            n_labels=n_labels.__getitem__,
            random_state=0,
        )
        return None if found is None else (found[0], len(found[1]))

    whole = {0: 8, 1: 16, 2: 16}
    assert shown({0: 10, 1: 4, 2: 6}, whole) == (1, 16)
    assert shown({0: 10, 1: 6, 2: 6}, whole) == (0, 8)
    assert shown({0: 14, 1: 8, 2: 6}, whole) == (2, 16)
    assert shown({0: 14, 1: 8, 2: 6}, whole | {2: 0}) == (0, 8)
    assert shown({0: 1, 1: 1, 2: 1}, dict.fromkeys(range(3), 0)) is None


def test_the_record_follows_from_the_acts_that_stand_and_the_labels_of_now() -> None:
    ledger = Ledger()

    def act(seq: int, kind: Any, **body: Any) -> None:
        ledger.apply(Row(seq, str(seq), "ann", 0.0, None, kind, body))

    act(1, "confirmed", points=[1, 2, 3], out=[4, 5], **{"class": 0})
    act(2, "confirmed", points=[6, 7], **{"class": 0})  # chosen on the map: no suggestion
    act(3, "answered", point=4, **{"class": 1})
    assert record_of(ledger, ())._of == {0: [Grid(0, (1, 2, 3), (4, 5), 1)]}
    act(4, "decided", point=3, **{"class": 1})  # overlooked then
    act(5, "answered", point=5, **{"class": 0})  # taken out by mistake
    assert record_of(ledger, ())._of == {0: [Grid(0, (1, 2, 5), (3, 4), 2)]}
    act(6, "confirmed", points=[8], out=[9], **{"class": 0})
    act(7, "undone", of=6)
    assert record_of(ledger, ())._of == {0: [Grid(0, (1, 2, 5), (3, 4), 2)]}


def test_what_is_taken_out_of_a_grid_is_asked_next_and_remembered(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()

    def answer(n: int) -> list[int]:
        points: list[int] = []
        for _ in range(n):
            (point, *_) = [each["point"] for each in labelling.questions("ann")]
            labelling.answer("ann", next(keys), point, int(digits[1][point]))
            points.append(point)
        return points

    answer_rows(labelling, digits[1], keys, range(15))
    found = labelling.neighbourhood("ann")
    assert found is not None
    shown, class_id = found["points"], found["class_id"]
    assert len(shown) == 8
    ready = [each["point"] for each in labelling.questions("ann")][:2]
    labelling.confirm("ann", next(keys), shown[2:], class_id)
    assert answer(2) == ready
    again = labelling.neighbourhood("ann")  # of another class, while they are not answered
    assert again is None or again["class_id"] != class_id
    assert set(answer(2)) == set(shown[:2])
    labelling.close()
    once_more = opened()
    record = record_of(once_more._desk.ledger, once_more._desk.pending)
    (before,) = record._of[class_id]
    assert {*before.kept, *before.out} == set(shown)
    assert before.n_since == 4


def test_points_chosen_elsewhere_are_no_record(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    pending = [each["point"] for each in labelling.questions("ann")]
    free = [point for point in range(20) if point not in pending]
    labelling.confirm("ann", next(keys), free[:4], 0)
    assert record_of(labelling._desk.ledger, ())._of == {}
    assert [each["point"] for each in labelling.questions("ann")] == pending


def test_none_of_a_grid_is_a_record_too_and_is_taken_back(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    answer_rows(labelling, digits[1], keys, range(15))
    found = labelling.neighbourhood("ann")
    assert found is not None
    labelling.confirm("ann", next(keys), [], found["class_id"])
    assert labelling.state("ann")["n_labelled"] == 15
    (grid,) = record_of(labelling._desk.ledger, ())._of[found["class_id"]]
    assert (grid.kept, grid.out) == ((), tuple(found["points"]))
    assert len(set(found["points"]) & set(labelling._desk.pending)) == 3
    assert labelling.undo("ann", next(keys))["done"]["points"] == []
    assert record_of(labelling._desk.ledger, ())._of == {}


def test_a_grid_that_gets_another_class_is_a_bad_mark_for_the_one_it_was_shown_as(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    answer_rows(labelling, digits[1], keys, range(15))
    found = labelling.neighbourhood("ann")
    assert found is not None
    shown, class_id = found["points"], found["class_id"]
    labelling.confirm("ann", next(keys), shown, (class_id + 1) % 3)
    record = record_of(labelling._desk.ledger, ())
    (grid,) = record._of[class_id]
    assert (grid.kept, grid.out) == ((), tuple(shown))
    assert record.size(class_id, 24) == 0
    assert list(record._of) == [class_id]


def test_labels_that_were_given_together_count_as_three_for_the_model_that_answers() -> None:
    X, truth = load_digits(n_class=3, return_X_y=True)
    X, truth = X[:120], truth[:120]
    mind = Mind(Prepared(X, knn_graph(X)), 0)

    def told(*points: int) -> Event:
        labels = tuple(str(truth[point]) for point in points)
        return Event("told", points, labels, together=len(points) > 1)

    def weights(points: list[int]) -> list[float]:
        model = mind.learner.answering(mind.state.labels)
        assert (model.transduction_[points] == [str(truth[point]) for point in points]).all()
        found: list[float] = model._labels.weights_at(np.array(points)).tolist()
        return found

    mind.take([told(0), told(1), told(2), told(*range(10, 16))])
    assert weights([0, 1, 2, 10, 15]) == [1, 1, 1, 0.5, 0.5]
    mind.take([told(*range(20, 44)), told(50), told(51, 52)])  # added to what was learned
    assert weights([0, 10, 20, 43, 50, 52]) == [1, 0.5, 0.125, 0.125, 1, 1]
    mind.take([Event("withdrawn", (20,)), told(20)])
    assert weights([20, 21]) == [0.125, 0.125]
    data = Event("told", (60, 61, 62, 63), tuple(str(truth[point]) for point in range(60, 64)))
    mind.take([data])  # several in one event, and yet each by itself
    assert weights([60, 63]) == [1, 1]


def test_a_session_counts_what_was_confirmed_together_as_the_page_does(
    data: Path, digits: Any, keys: Iterator[str], tmp_path: Path
) -> None:
    X, y = digits
    truth = [str(each) for each in y]
    table = pd.DataFrame(X).assign(kind=[truth[n] if n < 20 else None for n in range(len(X))])
    path, cache = tmp_path / "digits.csv", tmp_path / "cache"
    table.to_csv(path, index=False)
    with Labelling.open(path, label="kind", cache=cache) as labelling:
        ids = {each["name"]: each["id"] for each in labelling.state("ann")["classes"]}
        asked = [each["point"] for each in labelling.questions("ann")]
        same = [n for n in range(20, len(X)) if truth[n] == "1" and n not in asked][:12]
        labelling.confirm("ann", next(keys), same, ids["1"])
        labelling.answer("ann", next(keys), asked[0], ids[truth[asked[0]]])
        assert labelling.settle()
        labelling.export(tmp_path / "page.npz", "npz")
    file = path.with_suffix(".fewlabels")
    session = load_session(file, cache=cache)
    session.save(tmp_path / "saved.json")
    for each in (session, Session.load(tmp_path / "saved.json", session._data)):
        counted = {n: each._state.trust[n] for n in (0, 19, asked[0], same[0], same[11])}
        assert counted == {0: 1, 19: 1, asked[0]: 1, same[0]: 0.25, same[11]: 0.25}
    said = session.predictions().labels
    with np.load(tmp_path / "page.npz", allow_pickle=False) as page:
        assert (page["label"].astype(str) == said.astype(str)).all()
