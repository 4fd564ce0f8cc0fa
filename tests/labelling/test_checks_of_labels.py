"""Labels that were given to many points at a glance are checked like answers of the model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewlabels import knn_graph
from fewlabels.labelling import Labelling, export_labels, load_session
from fewlabels.labelling._classes import class_to_json
from fewlabels.labelling._grids import record_of
from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._points import Prepared
from fewlabels.labelling._rows import Row
from fewlabels.labelling._saying import predicted_now, proven_by
from fewlabels.session import Session
from fewlabels.session._events import Audit, Event, event_from_json, event_to_json
from fewlabels.session._questions import Answers, audits_of
from fewlabels.session._state import SessionState
from fewlabels.session.audit import checks_of, estimate_shares
from fewlabels.session.proof import sequences_of, taken_back

Open = Callable[..., Labelling]
N = 200


def checked(state: SessionState, point: int) -> None:
    """Check a point of which the label in question is "a", and the answer as well."""
    n_drawn_from = int(state.checkable_points.sum())
    assert state.current is not None
    n_labels = len(state.current.labels)
    counts = (("a", n_drawn_from),)
    audit = Audit(point, "a", n_labels, n_drawn_from, counts)
    state.take(Event("asked", (point,), audits=(audit,)))


def state_with(n_together: int, n_alone: int = 10) -> SessionState:
    state = SessionState(N, None)
    state.take(Event("told", tuple(range(n_alone)), ("a",) * n_alone))
    points = tuple(range(n_alone, n_alone + n_together))
    state.take(Event("told", points, ("a",) * n_together, together=True))
    state.take(Event("checks_began", (), together=True))
    return state


def test_a_check_takes_a_label_back_until_it_is_answered() -> None:
    state = state_with(100)
    assert state.current is not None
    assert (state.current.n_points, state.current.n_given) == (190, 100)
    checked(state, 50)
    assert 50 not in state.labels
    assert 50 in state.pending
    assert int(state.checkable_points.sum()) == 189
    state.take(Event("told", (50,), ("b",)))
    assert 50 not in state.together
    assert not state.checkable_points[50]
    (found,) = sequences_of(state, 0.95)
    assert found.wrong.tolist() == [True]
    assert (found.n_points, found.n_drawn_from.tolist()) == (190, [190])


def test_labels_given_alone_are_not_asked_about_again() -> None:
    state = state_with(100)
    assert not state.checkable_points[:10].any()
    state.take(Event("relabelled", (20,), ("b",)))  # somebody looked at it
    assert not state.checkable_points[20]
    state.take(Event("told", (150, 151), ("a", "a"), together=True))
    assert state.checkable_points[[150, 151]].all()  # what is checked is the answer held of them


def test_sequences_of_earlier_files_are_of_open_points_alone() -> None:
    state = SessionState(N, None)
    state.take(Event("told", tuple(range(50)), ("a",) * 50, together=True))
    state.take(Event("checks_began", ()))
    assert state.current is not None
    assert state.current.n_points == 150
    assert int(state.checkable_points.sum()) == 150


def test_it_is_written_and_read_back() -> None:
    told = Event("told", (1,), ("a",), together=True)
    for event in (told, Event("checks_began", (), together=True)):
        assert event_from_json(event_to_json(event)) == event


def test_replayed_events_are_the_same_state() -> None:
    state = state_with(100)
    for point in (30, 60, 130):
        checked(state, point)
        state.take(Event("told", (point,), ("a",)))
    again = SessionState(N, None)
    again.replay(state.events, "a file")
    assert again.together == state.together
    assert (again.checkable_points == state.checkable_points).all()


def test_exactly_so_rarely_the_accuracy_is_proven_where_it_is_not_reached() -> None:
    """Of 16 answers, 2 are wrong where 90 % allow 1, and somebody looks after each check.

    All orders in which draws may find them are gone through, by how probable each is.
    """
    state = SessionState(18, None)
    state.take(Event("told", (16, 17), ("a", "a")))
    state.take(Event("told", tuple(range(10)), ("a",) * 10, together=True))
    state.take(Event("checks_began", (), together=True))

    def proven(state: SessionState, n_drawn: int, n_wrong: int) -> float:
        if n_drawn and sequences_of(state, 0.95)[-1].proves(0.9):
            return 1.0
        if n_wrong == 2:
            return 0.0
        assert int(state.checkable_points.sum()) == 16 - n_drawn
        is_wrong = (2 - n_wrong) / (16 - n_drawn)  # each point is as likely as another
        total = 0.0
        for label, chance in (("b", is_wrong), ("a", 1 - is_wrong)):
            if chance:
                then = copy.deepcopy(state)
                checked(then, 7 * n_drawn % 16)  # labels and answers of the model in turn
                then.take(Event("told", (7 * n_drawn % 16,), (label,)))
                total += chance * proven(then, n_drawn + 1, n_wrong + (label == "b"))
        return total

    assert 0.001 < proven(state, 0, 0) <= 0.05 * 0.75  # what the first sequence may be wrong by


def test_a_label_that_was_given_together_answers_no_check() -> None:
    state = state_with(100)
    for point in (150, 20):
        checked(state, point)
        state.take(Event("skipped", (point,)))
        state.take(Event("told", (point,), ("a",), together=True))
    assert len(checks_of(state).audits) == 0
    (found,) = sequences_of(state, 0.95)
    assert len(found.wrong) == 0
    assert (found.n_points, found.n_given) == (188, 99)
    assert not state.checkable_points[[20, 150]].any()


def test_answers_that_were_overruled_at_a_glance_are_not_proven() -> None:
    state = state_with(100)
    for point in range(160, 200):
        checked(state, point)
        state.take(Event("told", (point,), ("a",)))
    answers = Answers(["a", "b"], np.zeros(N, dtype=np.intp), 10)

    def low() -> float:
        return sequences_of(state, 0.95, answers)[-1].proof().low

    before, bounds = low(), proven_by(state, 0.95, answers)
    assert before > 0.9
    assert bounds is not None
    state.take(Event("told", (120, 121, 122, 123), ("a", "a", "b", "b"), together=True))
    state.take(Event("relabelled", (30, 31, 32), ("b", "b", "b"), together=True))
    assert round((before - low()) * 190) == 5  # whose answers may have been right
    now = proven_by(state, 0.95, answers)
    assert now is not None
    assert (now.low, now.n_points) == (bounds.low - 5, bounds.n_points)
    # where the answers are not known, each may be overruled
    assert round((before - sequences_of(state, 0.95)[-1].proof().low) * 190) == 7
    state.take(Event("undone", (30, 31, 32)))
    assert round((before - low()) * 190) == 2


def test_a_label_of_a_grid_that_is_taken_back_is_not_proven_and_not_exported() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    mind = Mind(Prepared(X, knn_graph(X, n_neighbors=5)), 0)
    mind.take([Event("told", (0, 59), ("a", "b"))])
    wrong = (1, 2, 3)
    mind.take([Event("told", wrong, ("b",) * 3, together=True)])
    mind.take([Event("checks_began", (), together=True)])
    (sequence,) = mind.state.sequences
    labels = dict(mind.state.labels)
    held = mind.held.keep(sequence, Answers(["a", "b"], np.repeat([0, 1], 30), len(labels)))
    for _ in range(15):
        choice = mind.choose(1, (), held)
        assert choice.asked is not None
        (point,) = choice.asked.indices
        mind.take([choice.asked, Event("told", (point,), ("ab"[point // 30],))])
    left = tuple(point for point in wrong if point in mind.state.together)
    assert len(left) == 2  # a check found the third
    numbers = {"a": 0, "b": 1}

    def said() -> tuple[float, Any]:
        predicted = predicted_now(mind, 0.3, 0.95, numbers)
        assert predicted.held is not None
        return sequences_of(mind.state, 0.95, held)[-1].proof().low, predicted

    (before, predicted), bounds = said(), proven_by(mind.state, 0.95, held)
    assert (predicted.held[list(left)] == 1).all()
    mind.take([Event("withdrawn", left)])
    (after, predicted), now = said(), proven_by(mind.state, 0.95, held)
    assert (predicted.held[list(left)] == -1).all()
    assert (predicted.codes[list(left)] == 0).all()  # what is exported
    assert round((before - after) * sequence.n_points) == 2
    assert bounds is not None
    assert now is not None
    assert (now.low, now.high) == (bounds.low - 2, min(bounds.high + 2, 60))
    pool = mind.state.checkable_points
    assert pool[list(left)].all()
    # a check of one of them tells of the answer held, which counts as it did before
    mind.take([Event("asked", left[:1], audits=audits_of(held, np.array(left[:1]), pool))])
    assert taken_back(mind.state, sequence) == list(left[1:])


def test_only_labels_that_were_given_alone_count_as_right_unseen() -> None:
    state = state_with(100)
    for point in range(160, 200):
        checked(state, point)
        state.take(Event("told", (point,), ("a",)))
    before = proven_by(state, 0.95)
    state.take(Event("relabelled", (0, 1), ("b", "b"), together=True))  # no answer that is checked
    now = proven_by(state, 0.95)
    assert before is not None
    assert now is not None
    assert (now.n_points, now.low, now.high) == (before.n_points, before.low - 2, before.high)


def test_what_is_undone_answers_no_check_that_was_drawn_since() -> None:
    state = state_with(100)
    state.take(Event("relabelled", (60, 61), ("b", "b"), together=True))
    state.take(Event("withdrawn", (50, 51)))
    checked(state, 50)
    checked(state, 60)
    state.take(Event("undone", (50, 51)))
    assert 50 in state.pending
    assert 50 not in state.labels
    assert state.labels[51] == "a"
    state.take(Event("undone", (60, 61)))
    assert 60 in state.pending
    assert 60 not in state.labels
    assert state.labels[61] == "a"
    assert 61 in state.together
    assert len(checks_of(state).audits) == 0


def test_a_label_given_alone_that_undo_brings_back_answers_the_check_drawn_since() -> None:
    state = state_with(100)
    state.take(Event("relabelled", (3,), ("b",), together=True))
    state.take(Event("checks_ended", ()))
    state.take(Event("checks_began", (), together=True))
    checked(state, 3)
    assert 3 in state.pending
    state.take(Event("undone", (3,)))
    assert (state.labels[3], 3 in state.pending, 3 in state.together) == ("a", False, False)
    assert state.n_open == N - 110
    (check,) = checks_of(state).audits
    assert check.point == 3


def test_what_is_held_of_a_label_is_that_label_and_not_what_the_model_says_of_it() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    mind = Mind(Prepared(X, knn_graph(X, n_neighbors=5)), 0)
    mind.take([Event("told", (0, 59), ("a", "b"))])
    mind.take([Event("told", tuple(range(1, 20)), ("b", *"a" * 18), together=True)])
    mind.take([Event("checks_began", (), together=True)])
    (sequence,) = mind.state.sequences
    labels = dict(mind.state.labels)
    answers = Answers(["a", "b"], np.repeat([0, 1], 30), len(labels))
    held = mind.held.keep(sequence, answers)
    assert held is mind.held.known(sequence)
    assert held.codes[:3].tolist() == [0, 1, 0]
    choice = mind.choose(40, (), held)
    assert choice.asked is not None
    drawn = {audit.point: audit.predicted for audit in choice.asked.audits}
    assert len(drawn) == 40
    assert all(drawn[point] == labels[point] for point in drawn if point in labels)
    assert not {0, 59} & set(drawn)
    mind.take([choice.asked])
    assert not set(drawn) & set(mind.state.labels)


def test_shares_count_no_label_twice() -> None:
    state = state_with(100)
    for point in (20, 40, 120, 160):
        checked(state, point)
        state.take(Event("told", (point,), ("b" if point == 160 else "a",)))
    shares = estimate_shares(state, checks_of(state), 0.95)
    assert abs(sum(share.share for share in shares.values()) - 1) < 0.2
    assert shares["a"].share > 0.7
    assert shares["a"].high <= 1


def test_what_is_exported_is_of_the_sequence_that_proves_it() -> None:
    """Also where a later one began with as many labels."""
    X = np.random.default_rng(0).normal(size=(N, 2))
    mind = Mind(Prepared(X, knn_graph(X, n_neighbors=5)), 0)
    mind.take([Event("told", tuple(range(60)), ("a", "b") * 30), Event("checks_began", ())])
    for point in range(60, 100):
        checked(mind.state, point)
        mind.take([Event("told", (point,), ("a",))])
    mind.take([Event("checks_ended", ()), Event("withdrawn", tuple(range(40)))])
    mind.take([Event("checks_began", ())])
    first, second = mind.state.sequences
    assert len(first.labels) == len(second.labels) == 60
    advice, _ = mind.advice(0.9, 0.95, ())
    assert advice.proof is not None
    assert (advice.action, advice.proof.number) == ("stop", 0)
    assert mind.proven_sequence(advice) is first


@pytest.mark.parametrize("n_checked", [0, 5])
def test_checks_end_where_all_that_is_left_to_check_is_of_no_part_in_them(n_checked: int) -> None:
    """Labels of rows that were skipped before, and then confirmed at a glance, are checked next."""
    n = 60
    X = np.random.default_rng(0).normal(size=(n, 2)) + np.repeat([[0], [9]], n // 2, axis=0)
    truth = np.repeat(["a", "b"], n // 2)
    session = Session(X).tell([0, n - 1], truth[[0, n - 1]]).skip([1, 2])
    session._state.take(Event("checks_began", (), together=True))
    for _ in range(n_checked):
        (point,) = session.ask(1)
        session.tell(point, truth[point])
    rest = [point for point in range(3, n) if point not in session._state.labels]
    session.tell(rest, truth[rest])
    session.tell([1, 2], truth[[1, 2]], together=True)
    asked = []
    while session.advice(0.9).action != "stop":
        asked += session.ask(1).tolist()
        session.tell(asked[-1], truth[asked[-1]])
    assert sorted(asked) == [1, 2]


def test_checks_end_once_too_few_points_are_left_to_draw() -> None:
    state = state_with(1)
    for point in range(11, 21):
        checked(state, point)
        state.take(Event("told", (point,), ("a",)))
    (before,) = sequences_of(state, 0.95)
    needed = before.draws_to_prove(0.9, 0.0)
    assert needed is not None
    first, *others = np.flatnonzero(state.open_points).tolist()  # beside the one with a label
    unasked = others[needed - 2 :]
    state.take(Event("told", tuple(unasked), ("a",) * len(unasked)))
    (now,) = sequences_of(state, 0.95)
    assert (now.draws_to_prove(0.9, 0.0), now.n_more) == (needed, needed)
    state.take(Event("told", (first,), ("a",)))
    (now,) = sequences_of(state, 0.95)
    assert now.is_out_of_reach(0.9)


def all_in_batches(labelling: Labelling, truth: Any, keys: Iterator[str]) -> None:
    """Give each point its label, many at a time, but for a few questions."""
    for _ in range(3):
        (question, *_) = labelling.questions("ann", 1)
        point = question["point"]
        labelling.answer("ann", next(keys), point, int(truth[point]))
    assert labelling.settle()
    for class_id in range(3):
        labelling.confirm("ann", next(keys), np.flatnonzero(truth == class_id).tolist(), class_id)
    while questions := labelling.questions("ann", 1):
        if labelling.state("ann")["advice"]["action"] == "check":
            break
        point = questions[0]["point"]
        labelling.answer("ann", next(keys), point, int(truth[point]))
        assert labelling.state("ann")["n_left"] > 0  # the page does not say that all is done
        assert labelling.settle()


def test_what_was_labelled_in_batches_is_proven_by_some_random_checks(
    opened: Open, digits: Any, keys: Iterator[str], tmp_path: Path
) -> None:
    truth = digits[1]
    labelling = opened(accuracy=0.75)
    all_in_batches(labelling, truth, keys)
    assert labelling.settle()
    progress = labelling.progress()
    assert progress["advice"]["action"] == "check"
    assert 5 < progress["advice"]["fewest_checks"] < 20  # it is said beforehand
    assert not progress["proven"]
    n_checks = 0
    while not labelling.state("ann")["proven"]:
        for question in labelling.questions("ann", 5):
            point = question["point"]
            assert question["suggestion"] is None
            item = labelling.item("ann", point)
            assert (item["answer"], item["answers"], item["suggestion"]) == (None, [], None)
            labelling.answer("ann", next(keys), point, int(truth[point]))
            n_checks += 1
        if n_checks == 5:  # and so it is after an end
            labelling.close()
            labelling = opened()
        assert labelling.settle()
    assert n_checks < progress["advice"]["fewest_checks"] + 5
    assert labelling.progress()["proof"]["low"] >= 0.75
    session = load_session(labelling.path, cache=tmp_path / "cache")
    assert session.advice(accuracy=0.75).action == "stop"
    labelling.close()
    export_labels(labelling.path, tmp_path / "labels.npz", cache=tmp_path / "cache")
    with np.load(tmp_path / "labels.npz") as found:
        assert (found["label"] == truth.astype(str)).all()


def test_a_wrong_label_that_a_check_finds_is_mended_and_can_be_undone(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    truth = digits[1]
    labelling = opened()
    all_in_batches(labelling, truth, keys)
    assert labelling.settle()
    (question, *_) = labelling.questions("ann", 1)
    point = question["point"]
    other = int(truth[point] + 1) % 3
    labelling.answer("ann", next(keys), point, other)
    assert labelling.item("ann", point)["answer"] == other
    assert labelling.settle()
    labelling.undo("ann", next(keys))
    assert labelling.item("ann", point)["answer"] is None  # the check is open again
    assert labelling.questions("ann", 1)[0]["point"] == point


def test_labels_that_are_done_again_answer_no_check_that_was_drawn_meanwhile() -> None:
    ledger = Ledger()
    ledger.apply(Row(1, "1", "", 0.0, None, "class added", class_to_json(ledger.classes.new("a"))))
    ledger.apply(Row(2, "2", "ann", 0.0, None, "confirmed", {"points": [3, 4, 5], "class": 0}))
    ledger.apply(Row(3, "3", "ann", 0.0, None, "undone", {"of": 2}))
    assert not ledger.reopen(Row(4, "4", "", 0.0, None, "asked", {"audits": [{"point": 3}]}))
    (event,) = ledger.apply(Row(5, "5", "ann", 0.0, None, "redone", {"of": 2}))
    assert (event.kind, event.indices, event.together) == ("told", (4, 5), True)
    assert ledger.reopen(Row(6, "6", "", 0.0, None, "asked", {"audits": [{"point": 4}]}))
    assert ledger.labels == {5: 0}


def test_a_label_that_one_person_saw_alone_is_no_batch() -> None:
    ledger = Ledger()
    for name in "ab":
        new = class_to_json(ledger.classes.new(name))
        ledger.apply(Row(1, "1", "", 0.0, None, "class added", new))
    seen = {"points": [3, 4], "class": 0}
    assert ledger.apply(Row(3, "3", "bob", 0.0, None, "skipped", {"point": 3}))
    (event,) = ledger.apply(Row(4, "4", "ann", 0.0, None, "confirmed", seen))
    assert event.together  # who could not say saw no class
    ledger.apply(Row(5, "5", "bob", 0.0, None, "answered", {"point": 4, "class": 1}))
    (event,) = ledger.apply(Row(6, "6", "eve", 0.0, None, "answered", {"point": 4, "class": 1}))
    assert (event.kind, event.together) == ("relabelled", False)


def test_a_check_that_is_open_says_nothing_of_the_grid_that_gave_the_label() -> None:
    ledger = Ledger()
    ledger.apply(Row(1, "1", "", 0.0, None, "class added", class_to_json(ledger.classes.new("a"))))
    shown = {"points": [3, 4, 5], "class": 0, "out": []}
    ledger.apply(Row(2, "2", "ann", 0.0, None, "confirmed", shown))
    for seq in range(3, 11):
        ledger.apply(
            Row(seq, f"{seq}", "ann", 0.0, None, "answered", {"point": seq + 7, "class": 0})
        )
    before = record_of(ledger, ()).size(0, 24)
    ledger.reopen(Row(11, "11", "", 0.0, None, "asked", {"audits": [{"point": 4}]}))
    assert record_of(ledger, {4}).size(0, 24) == before > 0
