"""Sessions in files: what comes back, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import sparse

from fewlabels import LabelPropagation, LabelSpreading, knn_graph
from fewlabels._checksums import checksum
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.graph import Graph
from fewlabels.queries import Margin
from fewlabels.session import Session
from fewlabels.session._fingerprint import fingerprint

RNG = np.random.default_rng(5)
X = np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], 12, axis=0) + RNG.normal(size=(36, 2))
Y = np.repeat(["a", "b", "c"], 12)
GRAPH = knn_graph(X, n_neighbors=5)


def played(data=GRAPH, **parameters):
    session = Session(data, **{"query": "margin", "n_start": 3, "audit_share": 0.4, **parameters})
    for _ in range(4):
        asked = session.ask(3)
        session.tell(asked, Y[asked])
    session.skip(session.ask(2)[0])
    session.relabel(int(session.labelled[0]), "c")
    session.undo()
    return session


@pytest.fixture
def path(tmp_path):
    return tmp_path / "session.json"


def edited(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    del document["checksum"]
    document["checksum"] = checksum(document)  # as if its writer had been wrong
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("data", [GRAPH, X, sparse.csr_array(X), X.tolist()])
def test_a_loaded_session_goes_on_where_the_saved_one_was(path, data):
    session = played(data, classes=["a", "b", "c"], random_state=3)
    session.save(path)
    loaded = Session.load(path, data)
    assert loaded.history == session.history
    assert loaded.classes == session.classes
    assert loaded.labels.tolist() == session.labels.tolist()
    assert loaded.pending.tolist() == session.pending.tolist()
    assert loaded.skipped.tolist() == session.skipped.tolist()
    assert loaded.estimate() == session.estimate()
    np.testing.assert_allclose(
        loaded.predictions().distributions, session.predictions().distributions, atol=2e-3
    )
    assert loaded.ask(4).tolist() == session.ask(4).tolist()
    assert loaded.undo() == session.undo()


@pytest.mark.parametrize("labels", [["x", "y"], [3, 4], [True, False]])
def test_labels_keep_their_type(path, labels):
    Session(GRAPH, query="random").tell([0, 12], labels).save(path)
    loaded = Session.load(path, GRAPH)
    assert loaded.labels[[0, 12]].tolist() == labels
    assert [type(label) for label in loaded.history[0].labels] == [type(label) for label in labels]


def test_the_file_is_plain_json_with_an_event_a_line(path):
    session = played()
    session.save(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith('{"kind":') for line in lines) == len(session.history)
    assert json.loads("\n".join(lines))["settings"]["query"]["class"] == "Margin"


def test_model_and_rule_come_back_with_their_parameters(path):
    played(model=LabelSpreading(alpha=0.7, tol=1e-5), query=Margin(batch="top")).save(path)
    loaded = Session.load(path, GRAPH)
    assert loaded._settings.model.get_params() == LabelSpreading(alpha=0.7, tol=1e-5).get_params()
    assert loaded._settings.query.get_params() == Margin(batch="top").get_params()
    other = Session.load(path, GRAPH, model=LabelPropagation(), query="random")
    assert isinstance(other._settings.model, LabelPropagation)


def test_parameters_that_came_from_numpy_come_back_too(path):
    # as a grid search gives them
    alpha, shares = np.geomspace(0.1, 0.9, 3)[1], np.array([0.25, 0.25, 0.5])
    model = LabelSpreading(alpha=alpha, n_neighbors=np.int64(5), class_prior=shares)
    played(model=model, classes=["a", "b", "c"]).save(path)
    loaded = Session.load(path, GRAPH)._settings.model
    assert loaded.alpha == alpha
    assert loaded.n_neighbors == 5
    np.testing.assert_array_equal(loaded.class_prior, shares)


@pytest.mark.parametrize(
    "shares",
    [
        [np.float64(0.25), np.float32(0.25), 0.5],
        (np.float64(0.25), 0.25, np.float64(0.5)),
        np.array([np.float64(0.25), 0.25, 0.5], dtype=object),
    ],
)
def test_numbers_of_numpy_in_lists_come_back_too(path, shares):
    played(model=LabelSpreading(class_prior=shares), classes=["a", "b", "c"]).save(path)
    assert Session.load(path, GRAPH)._settings.model.class_prior == [0.25, 0.25, 0.5]


def test_shares_in_a_series_come_back_by_class(path):
    pandas = pytest.importorskip("pandas")
    shares = pandas.Series({"c": 0.5, "a": 0.3, "b": 0.2})
    session = played(model=LabelSpreading(class_prior=shares), classes=["c", "b", "a"])
    session.save(path)
    loaded = Session.load(path, GRAPH)
    assert loaded._settings.model.class_prior == {"c": 0.5, "a": 0.3, "b": 0.2}
    np.testing.assert_array_equal(
        loaded.predictions().distributions, session.predictions().distributions
    )


def test_shares_by_class_come_back(path):
    shares = {3: 0.5, np.int64(4): np.float64(0.25), 5: 0.25}
    session = Session(GRAPH, [5, 4, 3], LabelSpreading(class_prior=shares), "random").tell(0, 4)
    session.save(path)
    loaded = Session.load(path, GRAPH)
    assert loaded._settings.model.class_prior == shares
    np.testing.assert_array_equal(
        loaded.predictions().distributions, session.predictions().distributions
    )


def test_a_rule_or_model_of_ones_own_must_be_passed_again(path):
    def first(model, candidates):
        return -candidates

    class OwnModel(LabelSpreading):
        pass

    played(query=first, model=OwnModel(alpha=0.5)).save(path)
    with pytest.raises(InvalidInputError, match=r"Pass it again: Session.load\(..., model=...\)"):
        Session.load(path, GRAPH)
    with pytest.raises(InvalidInputError, match=r"query=\.\.\."):
        Session.load(path, GRAPH, model=OwnModel(alpha=0.5))
    assert Session.load(path, GRAPH, model=OwnModel(), query=first).ask(1) is not None


def test_data_that_changed_are_refused(path):
    played(X).save(path)
    other = X.copy()
    other[3, 1] += 1e-9
    for changed in (other, X[::-1], X[:-1]):
        with pytest.raises(InvalidInputError, match="the data has changed"):
            Session.load(path, changed)
    with pytest.raises(InvalidInputError, match="was made with features, got a graph"):
        Session.load(path, GRAPH)


def test_the_fingerprint_is_of_the_numbers_not_of_how_they_are_held():
    exact = np.round(X, 2).astype(np.float32)
    same = [exact, exact.astype(np.float64), np.asfortranarray(exact), exact.tolist()]
    assert len({fingerprint(data) for data in same}) == 1
    rows = sparse.csr_array(exact)
    assert fingerprint(rows) == fingerprint(sparse.coo_array(exact).astype(np.float64))
    assert fingerprint(GRAPH) == fingerprint(Graph.from_affinity(GRAPH.affinity))
    assert fingerprint(GRAPH) != fingerprint(knn_graph(X, n_neighbors=6))
    assert fingerprint(X[:, :1]) != fingerprint(X[:, 1:])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "damaged, or holds no session"),
        ("[1, 2]", "holds no session"),
        ('{"format": "other"}', "holds no session"),
        ('{"format": "fewlabels-session", "version": 99}', "version 99"),
        ('{"format": "fewlabels-session", "version": 1}', "'data' is missing"),
    ],
)
def test_what_is_no_session_is_refused(path, text, message):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SessionFileError, match=message):
        Session.load(path, GRAPH)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SessionFileError, match="damaged"):
        Session.load(path, GRAPH)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["events"].append(d["events"][1]), "has a label already"),
        (lambda d: d["events"].append({"kind": "undone", "indices": [1]}), "contradicts"),
        (lambda d: d["events"].append({"kind": "told", "indices": [99], "labels": ["a"]}), "99"),
        (lambda d: d["events"][1]["labels"].pop(), "event 1 contradicts .* got 2 labels for 3"),
        (lambda d: d["events"].append({"kind": "sold", "indices": [1]}), "unknown kind"),
        (lambda d: d["events"].append({"kind": "asked"}), "can't be read"),
        (lambda d: d["events"].append({"kind": "asked", "indices": [-1]}), "can't be read"),
        (lambda d: d["events"].append({"kind": "told", "indices": [1], "labels": [0.5]}), "read"),
        (lambda d: d["events"].append(7), "can't be read"),
        (lambda d: d["events"].append({"kind": "asked", "indices": [1], "audits": [{}]}), "read"),
        (lambda d: d["settings"].pop("query"), "settings"),
        (lambda d: d["settings"].update(model={"class": "Nothing", "parameters": {}}), "unknown"),
        (lambda d: d["settings"].update(model={"class": "LabelSpreading"}), "can't be read"),
        (
            lambda d: d["settings"].update(
                model={"class": "LabelSpreading", "parameters": {"no_such": 1}}
            ),
            "can't be read",
        ),
        (lambda d: d.update(events={}), "events"),
    ],
)
def test_a_damaged_file_is_refused(path, change, message):
    played().save(path)
    edited(path, change)
    with pytest.raises(SessionFileError, match=message):
        Session.load(path, GRAPH)


def test_a_class_of_another_module_is_not_loaded(path):
    """A file names classes; only models and rules of this package are ever made from it."""
    played().save(path)
    for name in ("os", "Session", "normalize_class_mass", "__builtins__"):
        edited(path, lambda d, name=name: d["settings"]["query"].update({"class": name}))
        with pytest.raises(SessionFileError, match="unknown class"):
            Session.load(path, GRAPH)


def test_saving_fails_whole(path, tmp_path):
    session = played()
    session.save(path)
    before = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        session.save(tmp_path / "nowhere" / "session.json")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["session.json"]
    with pytest.raises(FileNotFoundError):
        Session.load(tmp_path / "none.json", GRAPH)


def test_errors_of_the_disk_name_the_path_given_and_what_to_do(tmp_path):
    graph = Graph.from_affinity(np.ones((4, 4)) - np.eye(4))
    session = Session(graph)
    with pytest.raises(IsADirectoryError, match="it is a folder; name a file in it") as caught:
        session.save(tmp_path)
    assert (caught.value.filename, list(tmp_path.iterdir())) == (str(tmp_path), [])
    nowhere = tmp_path / "none" / "s.json"
    with pytest.raises(FileNotFoundError, match="its folder does not exist") as caught:
        session.save(nowhere)
    assert caught.value.filename == str(nowhere)
    with pytest.raises(FileNotFoundError, match="there is no such file") as caught:
        Session.load(nowhere, graph)
    assert caught.value.filename == str(nowhere)
    with pytest.raises(IsADirectoryError, match="it is a folder; name the file in it"):
        Session.load(tmp_path, graph)
    for path, kind in ((tmp_path, IsADirectoryError), (nowhere, FileNotFoundError)):
        with pytest.raises(kind) as caught:
            graph.save(path)
        assert caught.value.filename == str(path)
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        Graph.load(nowhere)
