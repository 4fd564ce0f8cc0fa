"""The labelling loop: asking, telling, undoing, and what is refused."""

from __future__ import annotations

import copy
import enum
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fewlabels import (
    CorrectAndSmooth,
    LabelPropagation,
    LabelSpreading,
    SpreadingRegressor,
    knn_graph,
    models,
    open_graph,
    write_graph,
)
from fewlabels.exceptions import (
    FewCandidatesWarning,
    InvalidInputError,
    InvalidTypeError,
    LabelWarning,
)
from fewlabels.graph import Graph
from fewlabels.queries import Margin, QueryRule
from fewlabels.session import Session
from fewlabels.session._model import expected_shares

N = 40


def blobs():
    """Four clusters of ten points."""
    rng = np.random.default_rng(0)
    centres = np.repeat([[0, 0], [6, 0], [0, 6], [6, 6]], 10, axis=0)
    return centres + rng.normal(size=(N, 2)), np.repeat(["a", "b", "c", "d"], 10)


X, Y = blobs()
GRAPH = knn_graph(X, n_neighbors=6)


def a_session(**parameters):
    return Session(GRAPH, **{"query": "margin", "n_start": 4, **parameters})


def state_of(session):
    """All that a session shows."""
    return (
        session.labels.tolist(),
        session.labelled.tolist(),
        session.pending.tolist(),
        session.skipped.tolist(),
        session.history,
        repr(session.estimate()),  # NaN is not equal to itself
    )


def test_it_asks_from_nothing_and_learns():
    session = Session(X, n_start=4)
    for _ in range(4):
        asked = session.ask(3)
        assert len(set(asked.tolist())) == 3
        session.tell(asked, Y[asked])
    predicted = session.predictions()
    assert (predicted.labels == Y).mean() > 0.9
    assert (predicted.labels[session.labelled] == Y[session.labelled]).all()
    assert predicted.classes.tolist() == ["a", "b", "c", "d"]
    assert predicted.distributions.shape == (N, 4)
    assert session.labels.tolist().count(None) == N - 12


def test_to_ask_twice_is_to_get_the_same_questions_and_to_ask_for_more_gets_more():
    session = a_session()
    first = session.ask(3)
    assert session.ask(3).tolist() == first.tolist()
    assert session.ask(2).tolist() == first[:2].tolist()
    assert len(session.history) == 1
    more = session.ask(5)
    assert more[:3].tolist() == first.tolist()
    assert len(set(more.tolist())) == 5
    session.tell(more[1], Y[more[1]])
    assert session.ask(4).tolist() == more[[0, 2, 3, 4]].tolist()


def test_no_point_is_asked_twice_until_none_is_left():
    session = a_session(audit_share=0.5)
    seen = []
    while len(seen) < N - 2:
        asked = session.ask(2)
        session.tell(asked, Y[asked])
        seen += asked.tolist()
    assert len(set(seen)) == N - 2
    with pytest.warns(FewCandidatesWarning, match="3 questions were asked for, and 2 are left"):
        last = session.ask(3)
    session.skip(last)
    with pytest.raises(InvalidInputError, match="40 points 38 have a label and 2 were skipped"):
        session.ask()
    assert session.advice().action == "stop"


@pytest.mark.parametrize("model", [LabelSpreading(alpha=0.9, tol=1e-9), LabelPropagation(tol=1e-9)])
def test_the_model_learns_what_changed_and_answers_as_a_refit_does(model):
    session = a_session(model=model)
    session.tell([0, 11, 22], ["a", "b", "c"])
    kept = session._learner._asks.model
    session.predictions()

    def refuse(*_):
        raise AssertionError("refitted")

    kept.fit = refuse
    session.tell([33, 5], ["d", "b"]).relabel(5, "a").tell(25, "c")
    session.undo()
    anew = type(model)(**model.get_params()).fit(GRAPH, session.labels)
    np.testing.assert_allclose(
        session.predictions().distributions, anew.label_distributions_, atol=1e-6
    )
    assert not hasattr(model, "classes_")  # the user's own stays unfitted


def test_after_all_labels_were_undone_others_of_another_type_may_come():
    session = a_session().tell([0, 11], ["a", "b"])
    session.predictions()
    session.undo()
    session.tell([0, 11], [1, 0])
    assert session.predictions().labels[:2].tolist() == [1, 1]
    assert session.labels.dtype == np.int64
    session.undo()
    with pytest.raises(InvalidInputError, match="no point has a label yet"):
        session.predictions()


def test_labels_that_only_compare_equal_are_told_apart():
    session = a_session().tell(0, 1)
    session.predictions()
    session.relabel(0, True)
    assert session.predictions().classes.tolist() == [True]
    assert session.predictions().classes.tolist()[0] is True


def test_undo_takes_back_one_answer_after_another_and_its_questions_come_first():
    session = a_session()
    asked = session.ask(4)
    before = state_of(session)[:4]
    session.tell(asked[:2], Y[asked[:2]])
    session.skip(asked[2])
    session.relabel(asked[0], "d")
    assert session.undo().kind == "relabelled"
    assert session.labels[asked[0]] == Y[asked[0]]
    assert session.undo().kind == "skipped"
    assert session.pending.tolist() == asked[2:].tolist()
    later = session.ask(5)
    assert session.undo().kind == "told"
    assert session.pending.tolist() == [*asked[:2], *later]
    assert session.ask(4).tolist() == asked.tolist()
    assert state_of(session)[0] == before[0]
    with pytest.raises(InvalidInputError, match="no answer to undo"):
        session.undo()


def test_a_skipped_point_is_not_asked_but_may_be_told():
    session = a_session()
    asked = session.ask(2)
    session.skip(asked)
    assert set(session.ask(38).tolist()).isdisjoint(asked.tolist())
    session.tell(asked[0], "a")
    assert session.skipped.tolist() == [asked[1]]
    session.undo()
    assert session.skipped.tolist() == [asked[1], asked[0]]


def test_the_same_seed_asks_the_same_and_another_does_not():
    def play(seed):
        session = a_session(random_state=seed, audit_share=0.5)
        for _ in range(5):
            asked = session.ask(3)
            session.tell(asked, Y[asked])
        return [event.indices for event in session.history]

    assert play(1) == play(1)
    assert play(1) != play(2)


@pytest.mark.parametrize("share", [0, 0.2, 0.35, 1])
def test_the_share_of_checks_is_the_one_asked_for_whatever_the_batches(share):
    rng = np.random.default_rng(3)
    session = a_session(audit_share=share, query="random").tell([0, 11, 22, 33], list("abcd"))
    n_asked = 0
    while n_asked < 30:
        asked = session.ask(int(rng.integers(1, 5)))
        session.tell(asked, Y[asked])
        n_asked += len(asked)
        n_checks = sum(len(event.audits) for event in session.history)
        assert abs(n_checks - share * n_asked) < 1 + 1e-9


def test_checks_begin_after_the_start_unless_asked_for():
    session = a_session(audit_share=1)
    session.tell([0, 11, 22], ["a", "b", "c"])
    session.ask(2)
    assert session.history[-1].audits == ()
    session.ask(4, audit_share=1)
    assert {audit.point for audit in session.history[-1].audits} == set(session.pending[2:])
    assert session.history[-1].audits[0].n_labels == 3
    nothing = a_session(audit_share=1, n_start=1)
    nothing.ask(3, audit_share=1)  # without a label there is nothing to check
    assert nothing.history[-1].audits == ()


def test_volunteered_labels_are_no_checks():
    session = a_session(audit_share=1).tell(range(20), Y[:20])
    session.predictions()
    assert session.estimate().n_checks == 0


def test_labels_that_are_told_together_are_checked_as_answers_of_the_model_are(tmp_path):
    session = a_session().tell([0, 11, 22, 33], Y[[0, 11, 22, 33]])
    others = np.setdiff1d(np.arange(N), session.labelled)
    wrong = np.where(others == 5, "b", Y[others])
    session.tell(others, wrong, together=True)
    assert session.advice(accuracy=0.8).action == "check"  # though all points have a label
    session.save(tmp_path / "saved.json")
    session = Session.load(tmp_path / "saved.json", GRAPH)
    while session.advice(accuracy=0.8).action == "check":
        (point,) = session.ask(1)
        assert session.labels[point] is None  # it is the label that is checked
        with pytest.raises(InvalidInputError, match=f"point {point} was asked about: that may"):
            session.tell(point, Y[point], together=True)
        session.tell(point, Y[point])
    proof = session.advice(accuracy=0.8).proof
    assert (proof.n_points, proof.n_given) == (N - 4, N - 4)
    assert proof.low >= 0.8
    assert 0 < proof.n_checks < N - 4
    assert session.estimate().n_checks == proof.n_checks
    with pytest.raises(InvalidTypeError, match="together must be True or False, got 1"):
        session.tell(1, "a", together=1)


def test_classes_may_appear_at_any_time_unless_fixed():
    session = a_session().tell(0, "a").tell(11, "b")
    session.predictions()
    assert session.tell(22, "new").predictions().classes.tolist() == ["a", "b", "new"]
    fixed = a_session(classes=["a", "b"]).tell(0, "a")
    before = state_of(fixed)
    with pytest.raises(InvalidInputError, match=r"no class 'new': the classes were fixed as 'a', "):
        fixed.tell([11, 22], ["b", "new"])
    assert state_of(fixed) == before


def test_numbers_come_in_any_type_and_booleans_too():
    session = a_session(classes=np.array([0.0, 1.0]))
    session.tell(np.array([0, 11]), np.array([0.0, 1.0], dtype=np.float32))
    session.tell(5, np.uint8(1))
    assert session.labels[[0, 5, 11, 12]].tolist() == [0, 1, 1, -1]
    assert a_session().tell([0, 1], [True, False]).labels[0] is True


class Kind(enum.StrEnum):
    CAT = "cat"


def test_a_new_class_with_nearly_the_name_of_another_is_told_once_and_taken():
    session = a_session().tell([0, 10], ["loyal", "lost"])
    with pytest.warns(LabelWarning, match="nearly the same name.*'loyal' and 'Loyal'") as caught:
        session.tell([1], ["Loyal"])
    assert caught[0].filename == __file__
    assert session.labels[1] == "Loyal"
    session.tell([2], ["Loyal"]).ask(2)
    assert len(session.predictions().classes) == 3  # and the model says nothing more
    with pytest.warns(LabelWarning, match="'lost' and 'lost '"):
        session.relabel(1, "lost ")
    with pytest.warns(LabelWarning, match="'NA' is read as a class.*Use skip"):
        session.tell([20], ["NA"])


def test_of_classes_that_were_named_none_is_told():
    session = a_session(classes=["yes", "Yes", "NA"]).tell([0, 1, 2], ["yes", "Yes", "NA"])
    assert len(session.labelled) == 3


def test_bytes_are_text():
    session = a_session().tell([0, 1], np.array(["K\xfcche".encode(), b"Bad"]))
    assert session.tell(2, b"Bad").labels[:3].tolist() == ["K\xfcche", "Bad", "Bad"]
    with pytest.raises(InvalidInputError, match="is missing"):
        session.tell(3, b"")
    with pytest.raises(InvalidInputError, match="must be UTF-8"):
        session.tell(3, b"\xff")


def test_true_is_not_one_here_as_in_the_estimators():
    session = a_session().tell([0, 10], [True, False])
    with pytest.raises(InvalidTypeError, match="of one type"):
        session.tell(1, 1)
    assert session.predictions().classes.dtype == bool


def test_a_label_of_a_subclass_is_the_plain_one():
    session = a_session(classes=["cat", "dog"]).tell([0, 1], [Kind.CAT, np.str_("dog")])
    assert [type(label) for label in session.history[0].labels] == [str, str]
    assert a_session().tell(0, enum.IntEnum("Digit", {"ONE": 1}).ONE).history[0].labels == (1,)


SHARES = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}


@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")  # four parts
@pytest.mark.parametrize("shares", [SHARES, list(SHARES.values()), np.array([0.4, 0.3, 0.2, 0.1])])
def test_shares_of_classes_are_used_as_far_as_classes_were_seen(shares):
    """As if the model had been fitted with the shares of those, in proportion."""
    exact = {"alpha": 0.9, "tol": 1e-9, "max_iter": 5000}
    model = LabelSpreading(**exact, class_prior=shares)
    session = a_session(model=model, classes=["a", "b", "c", "d"])

    def expected(**prior):
        anew = LabelSpreading(**exact, class_prior=prior).fit(GRAPH, session.labels)
        return anew.label_distributions_

    def check(**prior):
        distributions = session.predictions().distributions
        np.testing.assert_allclose(distributions, expected(**prior), atol=1e-6)

    session.tell(0, "a")
    check(a=1)
    session.tell([11, 5], ["b", "a"])
    check(a=4 / 7, b=3 / 7)
    session.relabel(11, "d").tell(22, "c")  # one class goes, two come
    check(a=4 / 7, c=2 / 7, d=1 / 7)
    session.undo()
    session.undo()
    check(a=4 / 7, b=3 / 7)
    session.tell([22, 33], ["c", "d"])
    check(**SHARES)
    assert session.ask(3) is not None
    assert model.class_prior is shares


def test_shares_in_a_series_go_by_its_index_whatever_the_order_of_the_classes():
    pandas = pytest.importorskip("pandas")
    shares = pandas.Series({"d": 0.1, "a": 0.4, "c": 0.2, "b": 0.3})
    session = a_session(model=LabelSpreading(class_prior=shares), classes=["c", "b", "d", "a"])
    assert expected_shares(session._settings.model, session.classes).among("abcd") == pytest.approx(
        SHARES
    )


@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")  # four parts
def test_classes_that_are_expected_nowhere_and_seen_count_as_equal():
    model = LabelSpreading(alpha=0.9, class_prior={"a": 0, "b": 0, "c": 0.5, "d": 0.5})
    session = a_session(model=model, classes=list("abcd")).tell([0, 11], ["a", "b"])
    equal = LabelSpreading(alpha=0.9, class_prior="uniform").fit(GRAPH, session.labels)
    np.testing.assert_allclose(
        session.predictions().distributions, equal.label_distributions_, atol=1e-6
    )


@pytest.mark.parametrize(
    ("classes", "shares", "message"),
    [
        (None, SHARES, r"name them all, as in Session\(..., classes="),
        (None, [0.5, 0.5], "name them all"),
        (["a", "b"], SHARES, "class_prior names 'c'"),
        ([*"abcde"], SHARES, "no share for class 'e'"),
        ([*"abc"], [0.5, 0.5], "for each of the 3 classes"),
        (
            ["b", "a"],
            [0.4, 0.6],
            r"classes are in another order, \['b', 'a'\]",
        ),
        (["a", "b"], {"a": 2, "b": 1}, "must sum to 1"),
        (None, "odd", "class_prior must be"),
        ([True, False], {0: 0.5, 1: 0.5}, "no label has"),
    ],
)
def test_shares_that_do_not_fit_the_classes_are_refused_at_once(classes, shares, message):
    with pytest.raises(InvalidInputError, match=message):
        a_session(model=LabelSpreading(class_prior=shares), classes=classes)


@pytest.mark.parametrize(
    "kind", [getattr(models, name) for name in models.__all__ if name.endswith("Classifier")]
)
def test_every_classifier_is_kept_up_or_refused_at_once(kind):
    session = a_session(model=kind())
    session.ask(2)
    session.tell(0, "a").predictions()
    session.tell([11, 22], ["b", "c"]).predictions()
    session.relabel(0, "d")
    assert session.predictions().classes.tolist() == ["b", "c", "d"]
    session.undo()
    session.undo()
    assert session.predictions().classes.tolist() == ["a"]
    assert len(session.ask(4, audit_share=0.5)) == 4


def test_the_same_answer_twice_is_one_answer():
    assert a_session().tell([3, 3, 4], ["a", "a", "b"]).labelled.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s: s.tell(40, "a"), "no point 40: the points are numbered from 0 to 39"),
        (lambda s: s.tell(-1, "a"), "no point -1"),
        (lambda s: s.tell([1, 0], ["a", "b"]), "point 0 has a label already, 'a'. To change it"),
        (lambda s: s.tell([1, 1], ["a", "b"]), "point 1 has two answers that conflict, 'a' and"),
        (lambda s: s.tell([1, 1], [1, True]), "two answers that conflict, 1 and True"),
        (lambda s: s.tell([1, 1], [False, 0.0]), "two answers that conflict, False and 0"),
        (lambda s: s.tell([1, 1], ["1", 1]), "two answers that conflict, '1' and 1"),
        (lambda s: s.tell([[1], [2, 3]], ["a", "b"]), "indices must be one point or a list"),
        (lambda s: s.tell([1, 2], ["a"]), "got 1 labels for 2 points"),
        (lambda s: s.tell([1, 2], "ab"), "got 1 labels for 2 points"),
        (lambda s: s.tell([], []), "indices is empty"),
        (lambda s: s.tell(1.0, "a"), "indices must be point numbers"),
        (lambda s: s.tell(True, "a"), "indices must be point numbers"),
        (lambda s: s.tell([[1]], ["a"]), "got shape"),
        (lambda s: s.tell([1, 2], ["a", None]), "label of point 2 is missing"),
        (lambda s: s.tell([1, 2], ["a", np.nan]), "label of point 2 is missing"),
        (lambda s: s.tell(1, -1), "is -1, which means unlabelled"),
        (lambda s: s.tell(1, ""), "empty string.*use skip"),
        (lambda s: s.tell(1, "-1"), 'is "-1", which elsewhere means unlabelled'),
        (lambda s: s.tell(1, 2**64), "beyond 64 bits"),
        (lambda s: s.tell(1, np.datetime64(1, "ns")), "of type datetime64"),
        (lambda s: s.tell(1, np.timedelta64(1, "ns")), "of type timedelta64"),
        (lambda s: s.tell(1, 0.5), "is 0.5 of type float"),
        (lambda s: s.tell(1, [("a", "b")]), r"is \('a', 'b'\) of type tuple"),
        (lambda s: s.tell([1, 2], {"a", "b"}), "a list of them in order, got a set"),
        (
            lambda s: s.tell(1, 3),
            "labels must be of one type: got 3 of type int, beside 'a' of type str",
        ),
        (lambda s: s.tell([1, 2], ["a", 3]), "labels must be of one type"),
        (lambda s: s.skip(0), "point 0 has a label already"),
        (lambda s: s.skip(9), "point 9 was skipped already"),
        (lambda s: s.skip([]), "indices is empty"),
        (lambda s: s.relabel(1, "a"), "point 1 has no label to change; use tell"),
        (lambda s: s.relabel(0, None), "label of point 0 is missing"),
        (lambda s: s.ask(0), r"k \(how many points to ask about\) must be at least 1, got 0"),
        (lambda s: s.ask(1.5), r"k \(how many points to ask about\) must be an integer"),
        (lambda s: s.ask(1, audit_share=2), "audit_share must be"),
        (lambda s: s.advice(1.0), "accuracy must be"),
        (lambda s: s.advice(0.9, 0), "confidence must be"),
        (lambda s: s.estimate(1), "confidence must be"),
        (lambda s: s.class_shares(2), "confidence must be"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(act, message):
    session = a_session().tell([0, 11], ["a", "b"]).skip(9)
    before = state_of(session)
    with pytest.raises(InvalidInputError, match=message):
        act(session)
    assert state_of(session) == before


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"classes": ["a"]}, InvalidInputError, "two classes or more"),
        ({"classes": ["a", "a"]}, InvalidInputError, "names a class twice"),
        ({"classes": ["a", 1]}, InvalidTypeError, "of one type"),
        ({"classes": "ab"}, InvalidTypeError, "list of labels"),
        ({"classes": 3}, InvalidTypeError, "list of labels"),
        ({"classes": ["a", None]}, InvalidInputError, "missing"),
        ({"classes": {"a", "b"}}, InvalidTypeError, r"in an order, got a set: pass sorted"),
        ({"classes": {"a": 1, "b": 2}}, InvalidTypeError, "list of labels"),
        ({"model": LabelSpreading(alpha=7)}, InvalidInputError, "alpha must be"),
        ({"query": Margin(batch="all")}, InvalidInputError, "batch must be"),
        (
            {"model": CorrectAndSmooth(LogisticRegression())},
            InvalidTypeError,
            "from a graph and labels alone, as LabelSpreading.*CorrectAndSmooth needs the features",
        ),
        ({"model": LabelSpreading}, InvalidTypeError, "model must be a classifier of fewlabels or"),
        ({"model": "auto"}, InvalidTypeError, "model must be a classifier"),
        ({"model": SpreadingRegressor()}, InvalidTypeError, "model must be a classifier"),
        ({"query": "no such"}, InvalidInputError, "no query rule 'no such'"),
        ({"audit_share": 1.1}, InvalidInputError, "audit_share must be"),
        ({"n_start": 0}, InvalidInputError, "n_start must be"),
        ({"random_state": None}, InvalidTypeError, "random_state must be an integer"),
    ],
)
def test_settings_that_can_not_be_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        a_session(**parameters)


class Returns(QueryRule):
    """A rule of a user's own that returns what it is told to."""

    def __init__(self, returned=None):
        self.returned = returned

    def query(self, model, batch_size=1, candidates=None, random_state=None):
        return self.returned


@pytest.mark.parametrize(
    "returned",
    [
        *([3], [3, 3], [0, 5], [9, 5], [-1, 4], [4, 40], [5, 6, 7], [[5, 6]], [[5], [6, 7]]),
        *([1.5, 2.5], [True, False], ["a", "b"], "ab", None),
    ],
)
def test_a_rule_that_returns_something_else_is_a_clear_error(returned):
    session = a_session(query=Returns(returned)).tell(0, "a").skip(9)
    before = state_of(session)
    with pytest.raises(InvalidInputError, match="was asked for 2 different points without a label"):
        session.ask(2)
    assert state_of(session) == before
    assert a_session(query=Returns([6, 5])).ask(2).tolist() == [6, 5]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_is_a_session_of_its_own(copied):
    session = a_session(audit_share=0.5).tell([0, 11, 22, 33], list("abcd"))
    asked = session.ask(3)
    session.tell(asked, Y[asked]).relabel(0, "b").skip(5)
    before = state_of(session)
    other = copied(session)
    assert state_of(other) == before
    assert other.ask(4).tolist() == copied(session).ask(4).tolist()
    for kind in ("skipped", "relabelled", "told", "told"):
        assert other.undo().kind == kind
    assert len(other.labelled) == 0
    assert state_of(session) == before


def test_a_rule_that_fails_leaves_the_session_as_it_was():
    def broken(model, candidates):
        raise RuntimeError("no idea")

    session = a_session(query=broken)
    before = state_of(session)
    with pytest.raises(RuntimeError, match="no idea"):
        session.ask(2)
    assert state_of(session) == before


def test_a_model_that_fails_is_fitted_anew_the_next_time():
    session = a_session(model=LabelSpreading(alpha=0.9)).tell([0, 11], ["a", "b"])
    right = session.predictions().distributions
    session.tell(22, "c")
    kept = session._learner._asks.model
    kept.set_params(tol=-1)
    with pytest.raises(InvalidInputError, match="tol"):
        session.predictions()
    kept.set_params(tol=1e-3)
    session.undo()
    np.testing.assert_allclose(session.predictions().distributions, right, atol=1e-3)


def test_points_that_no_label_reaches_have_no_prediction():
    two = np.kron(np.eye(2), 1 - np.eye(3))
    session = Session(Graph.from_affinity(two), query="random", n_start=1)
    session.tell([0, 1], [7, 8])
    predicted = session.predictions()
    assert predicted.reached.tolist() == [True] * 3 + [False] * 3
    assert predicted.labels[3:].tolist() == [-1] * 3
    session.ask(4, audit_share=1)
    by_point = {audit.point: audit for audit in session.history[-1].audits}
    assert by_point[2].predicted is not None
    assert [by_point[point].predicted for point in (3, 4, 5)] == [None] * 3


def test_checks_write_down_what_the_model_says_of_all_they_are_drawn_from():
    session = a_session().tell([0, 11, 22, 33], list("abcd"))
    said = session.predictions().labels
    asked = session.ask(3, audit_share=1)
    open_ = np.setdiff1d(np.arange(N), [0, 11, 22, 33])
    for audit in session.history[-1].audits:
        assert audit.predicted == said[audit.point]
        assert audit.n_drawn_from == len(open_)
        counts = dict(audit.predicted_counts)
        assert [counts[label] for label in "abcd"] == [(said[open_] == c).sum() for c in "abcd"]
        open_ = open_[open_ != audit.point]
    assert sorted(audit.point for audit in session.history[-1].audits) == sorted(asked.tolist())


@settings(max_examples=25)  # each plays a whole session
@given(data=st.data())
def test_whatever_one_does_the_parts_fit(data):
    """Labelled, open and skipped points are apart; undoing all leads back to the start."""
    session = a_session(audit_share=0.4, query=Margin(batch="top"))
    for _ in range(data.draw(st.integers(1, 12))):
        act = data.draw(st.sampled_from(["ask", "tell", "volunteer", "skip", "relabel", "undo"]))
        pending = session.pending.tolist()
        if act == "ask":
            session.ask(data.draw(st.integers(1, 3)))
        elif act == "tell" and pending:
            some = data.draw(st.lists(st.sampled_from(pending), min_size=1, unique=True))
            session.tell(some, Y[some])
        elif act == "volunteer":
            point = data.draw(st.integers(0, N - 1))
            if point not in session.labelled:
                session.tell(point, Y[point])
        elif act == "skip" and pending:
            session.skip(data.draw(st.sampled_from(pending)))
        elif act == "relabel" and len(session.labelled):
            session.relabel(data.draw(st.sampled_from(session.labelled.tolist())), "b")
        elif act == "undo" and session._state.last_undoable is not None:
            session.undo()
        parts = [*session.labelled, *session.pending, *session.skipped]
        assert len(set(parts)) == len(parts)
        assert session._state.n_open == N - len(parts)
        estimate = session.estimate()
        assert 0 <= estimate.low <= estimate.high <= 1
        shares = session.class_shares()
        assert all(0 <= share.low <= share.high <= 1 for share in shares.values())
    asked = {point for event in session.history for point in event.indices if event.kind == "asked"}
    while session._state.last_undoable is not None:
        session.undo()
    assert len(session.labelled) == len(session.skipped) == 0
    assert set(session.pending.tolist()) == asked


def test_a_graph_on_disk_will_do(tmp_path):
    write_graph(tmp_path / "graph", GRAPH)
    on_disk = open_graph(tmp_path / "graph")
    session = Session(
        on_disk, model=LabelSpreading(alpha=0.9, max_iter=500), query="random", n_start=4
    )
    for _ in range(4):
        asked = session.ask(4)
        session.tell(asked, Y[asked])
    assert (session.predictions().labels == Y).mean() > 0.8
    session.save(tmp_path / "session.json")
    assert Session.load(tmp_path / "session.json", on_disk).history == session.history
    with pytest.raises(InvalidInputError, match="the data has changed"):
        Session.load(tmp_path / "session.json", GRAPH)
    with pytest.raises(InvalidTypeError, match=r"LabelPropagation needs .* model=LabelSpreading"):
        Session(on_disk, model=LabelPropagation())


def test_it_says_what_it_is():
    session = a_session().tell(0, "a")
    session.ask(3)
    assert repr(session) == "Session(n_points=40, labelled=1, pending=3, skipped=0)"
