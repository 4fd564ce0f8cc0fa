"""What asks and what answers while one labels: a quick model, and the full one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier, LabelPropagation, LabelSpreading, knn_graph
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import shared_neighbor_graph
from fewlabels.models import ModelPair
from fewlabels.queries import QueryRule
from fewlabels.session import Session, simulate
from fewlabels.session.simulation.digits import draw_digits

X, DIGITS = (part[:300] for part in load_digits(return_X_y=True))


class Looking(QueryRule):
    """Asks in order, and keeps what it looked at."""

    def __init__(self):
        self.seen = []

    def _choose(self, model, known, count, candidates, rng):
        self.seen.append(type(model).__name__)
        return candidates[:count], np.zeros(len(candidates))


def labelled(session, rounds=4, k=5):
    for _ in range(rounds):
        asked = session.ask(k)
        session.tell(asked, DIGITS[asked])
    return session


def test_a_session_answers_with_the_full_model_of_the_features():
    session = labelled(Session(X))
    expected = FewLabelsClassifier().fit(X, session.labels)
    found = session.predictions()
    np.testing.assert_allclose(found.distributions, expected.label_distributions_, atol=1e-2)
    assert (found.labels == expected.transduction_).mean() > 0.99


def test_a_session_on_a_graph_answers_with_the_full_model_of_the_graph():
    graph = knn_graph(X)
    session = labelled(Session(graph))
    expected = FewLabelsClassifier().fit(graph, session.labels)
    found = session.predictions()
    np.testing.assert_allclose(found.distributions, expected.label_distributions_, atol=1e-2)


def test_the_graph_is_the_same_for_questions_and_answers():
    session = Session(X)
    assert (session.graph.affinity != shared_neighbor_graph(X).affinity).nnz == 0
    alone = Session(X, model=LabelSpreading())
    assert (alone.graph.affinity != knn_graph(X).affinity).nnz == 0


def test_random_checks_are_about_the_answers_of_predictions():
    session = labelled(Session(X, audit_share=1.0), rounds=3)
    predicted = session.predictions().labels
    asked = session.ask(6)
    audits = session.history[-1].audits
    assert [audit.point for audit in audits] == sorted(asked.tolist(), key=asked.tolist().index)
    assert [audit.predicted for audit in audits] == predicted[[a.point for a in audits]].tolist()


def test_rules_look_at_the_model_that_asks_even_between_checks():
    pair = ModelPair(LabelSpreading("self-tuning", alpha=0.9), FewLabelsClassifier())
    session = labelled(Session(X, model=pair, query=Looking(), n_start=5, audit_share=0.4), 6)
    session.predictions()
    assert set(session._settings.query.seen[1:]) == {"LabelSpreading"}
    assert any(event.audits for event in session.history)


@pytest.mark.parametrize("order", [DIGITS, DIGITS.astype(str), DIGITS > 4])
def test_labels_of_every_type_and_taking_them_back(order):
    session = Session(X)
    asked = session.ask(8)
    session.tell(asked[:1], order[asked[:1]])  # one class
    assert (session.predictions().labels == order[asked[0]]).all()
    session.tell(asked[1:], order[asked[1:]])
    before = session.predictions()
    more = session.ask(3)
    session.tell(more, order[more])
    session.predictions()
    session.undo()
    after = session.predictions()
    np.testing.assert_allclose(after.distributions, before.distributions, atol=1e-2)
    assert after.classes.tolist() == before.classes.tolist()


def test_a_saved_session_goes_on_with_the_recommended_models(tmp_path):
    session = labelled(Session(X))
    session.save(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["settings"]["model"] == "recommended"
    again = Session.load(tmp_path / "a.json", X)
    np.testing.assert_array_equal(again.predictions().labels, session.predictions().labels)
    np.testing.assert_array_equal(again.ask(5), session.ask(5))


def test_a_pair_is_saved_with_its_parameters(tmp_path):
    pair = ModelPair(
        LabelSpreading("self-tuning", alpha=0.8), FewLabelsClassifier(class_prior=None)
    )
    session = labelled(Session(X, model=pair))
    session.save(tmp_path / "a.json")
    again = Session.load(tmp_path / "a.json", X)
    kept = again._settings.model
    assert kept.asks.get_params() == pair.asks.get_params()
    assert kept.answers.get_params() == pair.answers.get_params()
    np.testing.assert_array_equal(again.ask(5), session.ask(5))


def test_a_session_saved_with_one_model_keeps_it_and_its_graph(tmp_path):
    old = LabelSpreading("self-tuning", n_neighbors=10, alpha=0.99, class_prior="uniform")
    session = labelled(Session(X, model=old))
    session.save(tmp_path / "a.json")
    again = Session.load(tmp_path / "a.json", X)
    np.testing.assert_array_equal(
        again.predictions().distributions, session.predictions().distributions
    )
    expected = old.fit(knn_graph(X), session.labels).label_distributions_
    np.testing.assert_allclose(session.predictions().distributions, expected, atol=1e-2)


def test_advice_names_a_label_that_the_others_contradict():
    session = Session(X)
    points = np.arange(120)
    wrong = DIGITS[:120].copy()
    zero = int(np.flatnonzero(wrong == 0)[3])
    wrong[zero] = 1
    session.tell(points, wrong)
    remarks = str(session.advice())
    assert f"Look again at {zero}:" in remarks


def test_simulated_accuracies_are_those_of_the_full_model():
    start = np.flatnonzero(np.isin(np.arange(300), [*range(20)]))
    curve = simulate(X, DIGITS, query="random", initial=start, budget=25, random_state=0)
    y = np.full(300, -1)
    y[start] = DIGITS[start]
    model = FewLabelsClassifier().fit(X, y)
    right = (model.transduction_ == DIGITS)[y == -1]
    assert curve.accuracy["random"][0, 0] == pytest.approx(right.mean())


def test_a_simulation_takes_a_graph_beside_the_features():
    graph = knn_graph(X, 7)
    settings = {"query": "random", "initial": 20, "budget": 25, "random_state": 0}
    beside = simulate(X, DIGITS, graph=graph, **settings)
    alone = simulate(graph, DIGITS, **settings)
    assert beside.accuracy["random"].tolist() != alone.accuracy["random"].tolist()
    with pytest.raises(InvalidInputError, match="graph must have a node for each row"):
        simulate(X[:200], DIGITS[:200], graph=graph, **settings)


def test_above_a_size_the_model_that_asks_answers_in_simulations(monkeypatch):
    monkeypatch.setattr("fewlabels.session.simulation._one_curve._MOST_ANSWERED_IN_FULL", 299)
    settings = {"initial": 20, "budget": 30, "random_state": 0, "query": "margin"}
    found = simulate(X, DIGITS, **settings)
    asks = LabelPropagation("self-tuning", n_neighbors=10, class_prior="uniform")
    expected = simulate(shared_neighbor_graph(X), DIGITS, model=asks, **settings)
    assert found.accuracy["margin"].tolist() == expected.accuracy["margin"].tolist()


@pytest.mark.long
def test_the_defaults_ask_better_than_random_questions_of_330_digits():
    curves = [
        simulate(d.X, d.y, initial=np.arange(10), budget=30, random_state=0)
        for d in (draw_digits(330, seed=1000 + s) for s in range(6))
    ]
    auto = np.mean([curve.accuracy["auto"][0] for curve in curves], axis=0)
    random = np.mean([curve.accuracy["random"][0] for curve in curves], axis=0)
    assert (auto[1:] - random[1:] > 0.05).all()
    assert auto[-1] > 0.93
