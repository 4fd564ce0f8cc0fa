"""Session files with something changed: refused by name, or a session that works."""

from __future__ import annotations

import copy
import json
import math
import re
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewlabels import LabelSpreading, knn_graph
from fewlabels._checksums import checksum
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.session import Session

RNG = np.random.default_rng(5)
X = np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], 10, axis=0) + RNG.normal(size=(30, 2))
Y = np.repeat(["a", "b", "c"], 10)
GRAPH = knn_graph(X, n_neighbors=5)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file with events of every kind, and settings of every kind."""
    session = Session(
        GRAPH,
        ["a", "b", "c"],
        LabelSpreading(alpha=0.9, class_prior={"a": 0.5, "b": 0.25, "c": 0.25}),
        "margin",
        n_start=3,
        audit_share=0.4,
    )
    for _ in range(4):
        asked = session.ask(3)
        session.tell(asked, Y[asked])
    session.skip(session.ask(2)[0])
    session.relabel(int(session.labelled[0]), "c")
    session.undo()
    path = tmp_path_factory.mktemp("saved") / "session.json"
    session.save(path)
    assert any(event.audits for event in session.history)
    return path


def signed(document):
    """Give a document the checksum that fits, as if its writer had been wrong."""
    document["checksum"] = checksum({k: v for k, v in document.items() if k != "checksum"})
    return document


@pytest.fixture
def damaged(saved, tmp_path):
    """Write the file with a change and a fitting checksum; return its path."""

    def write(change):
        document = json.loads(saved.read_text(encoding="utf-8"))
        change(document)
        path = tmp_path / "damaged.json"
        path.write_text(json.dumps(signed(document)), encoding="utf-8")
        return path

    return write


def event(document, kind):
    return next(e for e in document["events"] if e["kind"] == kind)


def audit(document):
    return next(e for e in document["events"] if "audits" in e)["audits"][0]


def model(document):
    return document["settings"]["model"]["parameters"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["settings"].update(audit_share=2), "audit_share must be .* at most 1, got 2"),
        (lambda d: d["settings"].update(audit_share=float("nan")), "audit_share must be finite"),
        (lambda d: d["settings"].update(n_start=0), "n_start must be at least 1"),
        (lambda d: d["settings"].update(n_start="3"), "n_start must be an integer"),
        (lambda d: d["settings"].update(random_state=-1), "random_state"),
        (lambda d: d["settings"].update(classes="abc"), "classes must be a list, got 'abc'"),
        (lambda d: d["settings"].update(classes=["a", "a", "c"]), "names a class twice"),
        (lambda d: d["settings"].update(classes=["a", "b"]), "class_prior names 'c'"),
        (lambda d: d["settings"].update(query=3), "saved query can't be read: 3"),
        (lambda d: d["settings"].update(query=d["settings"]["model"]), "a query rule is"),
        (lambda d: d["settings"].update(model=d["settings"]["query"]), "model must be"),
        (lambda d: d["settings"]["query"]["parameters"].update(batch="all"), "batch must be one"),
        (lambda d: model(d).update(alpha=7), "alpha must be"),
        (lambda d: model(d).update(alpha="0.9"), "alpha must be"),
        (lambda d: model(d).update(n_jobs=0), "n_jobs must be"),
        (lambda d: model(d).update(class_prior="odd"), "class_prior must be"),
        (lambda d: model(d).update(class_prior={"pairs": [["a", 1]]}), "no share for class 'b'"),
        (lambda d: model(d).update(class_prior={"pairs": 3}), "can't be read"),
        (lambda d: d.update(version=True), "version True"),
        (lambda d: d.update(data="pictures"), "does not say what data it is about"),
        (lambda d: d.update(fingerprint=7), "does not say what data it is about"),
        (lambda d: event(d, "told").update(indices=[], labels=[]), "event 1: .*no point"),
        (lambda d: event(d, "skipped").update(indices=[]), "no point"),
        (lambda d: event(d, "asked").update(indices=[]), "no point"),
        (lambda d: event(d, "told").update(indices="01"), "'01' in the place of a list"),
        (lambda d: event(d, "told").update(labels="abc"), "'abc' in the place of a list"),
        (lambda d: event(d, "told")["indices"].__setitem__(0, True), "True in the place of a whol"),
        (lambda d: event(d, "told")["labels"].__setitem__(0, ""), "empty string"),
        (lambda d: event(d, "told")["labels"].__setitem__(0, -1), "means unlabelled"),
        (lambda d: event(d, "told")["labels"].__setitem__(0, 2**70), "beyond 64 bits"),
        (lambda d: event(d, "told")["labels"].__setitem__(0, "dog"), "no class 'dog'"),
        (lambda d: event(d, "skipped").update(labels=["a"]), "'labels', which an event of this"),
        (lambda d: event(d, "asked").update(owed=1.5), "owed 1.5, which is not between"),
        (lambda d: event(d, "asked").update(owed=float("nan")), "owed nan"),
        (lambda d: event(d, "asked").update(owed=True), "owed True"),
        (lambda d: event(d, "told").update(together=1), "together 1, which is neither"),
        (lambda d: event(d, "asked").update(together=True), "'together', which an event"),
        (lambda d: audit(d).update(n_labels=99), "with 99 labels, but"),
        (lambda d: audit(d).update(n_drawn_from=1), "drawn from 1 points"),
        (lambda d: audit(d).update(predicted="dog"), "don't fit what was predicted of it, 'dog'"),
        (lambda d: audit(d).update(predicted_counts=[["a", 500]]), "don't fit what was predicted"),
        (lambda d: audit(d).update(predicted_counts=["a1", "b2"]), "'a1' in the place of a list"),
        (lambda d: audit(d).update(predicted_counts=[[]]), "no pair"),
    ],
)
def test_what_is_wrong_is_said_with_the_name_of_the_file(damaged, change, message):
    path = damaged(change)
    with pytest.raises(SessionFileError, match=f"(?s){message}") as caught:
        Session.load(path, GRAPH)
    assert str(path) in str(caught.value)


def test_a_wrong_setting_of_the_users_own_is_no_damage_of_the_file(saved):
    with pytest.raises(InvalidInputError, match="alpha must be"):
        Session.load(saved, GRAPH, model=LabelSpreading(alpha=7))
    with pytest.raises(InvalidInputError, match="no query rule 'guess'"):
        Session.load(saved, GRAPH, query="guess")


def test_a_damaged_model_may_be_replaced(damaged):
    path = damaged(lambda d: model(d).update(alpha=7))
    assert Session.load(path, GRAPH, model=LabelSpreading()).predictions().reached.all()


def places(value, path=()):
    """Every place in a JSON document but its root, as the keys that lead there."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        yield (*path, key)
        if isinstance(entry, (dict, list)):
            yield from places(entry, (*path, key))


def within(document, path):
    for key in path:
        document = document[key]
    return document


SCALARS = [None, True, False, 0, 1, -1, 3, 29, 30, 10**30, 0.5, -0.25, 1.0, float("nan"), "", "a"]
JUNK = st.one_of(
    st.sampled_from([*SCALARS, [], {}, [[]], ["a"], [0], [1, 2], {"pairs": []}, "told", "-1"]),
    st.recursive(
        st.sampled_from(SCALARS),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["class", "kind", "pairs", "x"]), inner, max_size=2)
        ),
        max_leaves=4,
    ),
)


def changed(document, data):
    """Delete, replace, retype, repeat or exchange something."""
    path = data.draw(st.sampled_from(list(places(document))), label="place")
    holder, key = within(document, path[:-1]), path[-1]
    before = holder[key]
    act = data.draw(st.sampled_from(["delete", "junk", "retype", "repeat", "exchange"]))
    if act == "delete":
        del holder[key]
    elif act == "junk":
        holder[key] = data.draw(JUNK)
    elif act == "retype":
        retyped = [str(before), [before], {"pairs": before}, bool(before)]
        if isinstance(before, (int, float)) and math.isfinite(before):
            retyped += [float(before), int(before), -before]
        holder[key] = data.draw(st.sampled_from(retyped))
    elif act == "repeat" and isinstance(holder, list):
        holder.insert(key, before)
    else:
        other = data.draw(st.sampled_from(list(places(document))))
        holder[key] = copy.deepcopy(within(document, other))


def use(session):
    """Do with a session all that reads its state."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few iterations, say
        session.advice()
        session.class_shares()
        session.predictions()
        asked = session.ask(4)
        session.tell(asked[0], session.labels[session.labelled[0]])
        session.undo()


@pytest.mark.long
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_with_anything_changed_is_refused_or_works(data, saved, tmp_path):
    document = json.loads(saved.read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 2))):
        changed(document, data)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(signed(document)), encoding="utf-8")
    try:
        session = Session.load(path, GRAPH)
    except SessionFileError as error:
        assert str(path) in str(error)  # noqa: PT017 - it need not be raised
        return
    except InvalidInputError as error:
        own = "with a model of its user's own" in str(error) or "a query of its" in str(error)
        assert own or "the data has changed" in str(error) or "made with" in str(error)  # noqa: PT017
        return
    if len(session.labelled):
        use(session)
    again = tmp_path / "again.json"
    session.save(again)
    assert Session.load(again, GRAPH).history == session.history


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_was_cut_or_has_a_wrong_byte_is_refused_or_as_it_was(data, saved, tmp_path):
    content = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, len(content) - 3))
    if data.draw(st.booleans()):
        del content[place:]
    else:
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "cut.json"
    path.write_bytes(content)
    try:
        session = Session.load(path, GRAPH)
    except SessionFileError as error:
        assert str(path) in str(error)  # noqa: PT017 - it need not be raised
    else:
        assert session.history == Session.load(saved, GRAPH).history


def test_a_digit_that_was_changed_is_found(saved, tmp_path):
    text = saved.read_text(encoding="utf-8")
    path = tmp_path / "changed.json"
    changed = re.sub(r'("n_drawn_from": )\d', r"\g<1>9", text, count=1)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(SessionFileError, match="its checksum does not match"):
        Session.load(path, GRAPH)


def test_a_file_that_was_laid_out_anew_is_the_same_session(saved, tmp_path):
    document = json.loads(saved.read_text(encoding="utf-8"))
    path = tmp_path / "pretty.json"
    path.write_text(json.dumps(document, indent=4, sort_keys=True), encoding="utf-8")
    assert Session.load(path, GRAPH).history == Session.load(saved, GRAPH).history


def test_a_file_of_version_1_has_no_checksum_and_is_read(saved, tmp_path):
    document = json.loads(saved.read_text(encoding="utf-8")) | {"version": 1}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SessionFileError, match="its checksum does not match"):
        Session.load(path, GRAPH)  # 2 that became 1
    del document["checksum"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert Session.load(path, GRAPH).history == Session.load(saved, GRAPH).history
    path.write_text(json.dumps(document | {"version": 2}), encoding="utf-8")
    with pytest.raises(SessionFileError, match="its checksum does not match"):
        Session.load(path, GRAPH)
