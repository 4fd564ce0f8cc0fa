"""A label's column is solved for once: to choose the question, and again for its answer."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import LabelPropagation, LabelSpreading, knn_graph
from fewlabels.queries import Margin, SigmaOptimality, UncertainInfluence, VOptimality
from fewlabels.session import Session
from fewlabels.session._learner import ModelLearner
from fewlabels.session._points import GraphPoints
from fewlabels.session.simulation._taught import Taught
from fewlabels.systems import GaussianField

N = 1_200


def clusters():
    rng = np.random.default_rng(0)
    truth = np.arange(N) % 6
    return 4 * rng.normal(size=(6, 2))[truth] + rng.normal(size=(N, 2)), truth


X, TRUTH = clusters()
GRAPH = knn_graph(X, n_neighbors=8)


def spreading():
    return LabelSpreading(
        "self-tuning", n_neighbors=10, alpha=0.99, max_iter=1000, class_prior="uniform"
    )


def sketched(rule=UncertainInfluence, **parameters):
    return rule(covariance="sketch", n_columns=24, alpha=0.99, **parameters)


@pytest.fixture
def solved(monkeypatch):
    """The nodes whose columns were solved for, in their order."""
    nodes = []
    plain = GaussianField.columns

    def columns(self, chosen, observed, **settings):
        nodes.extend(chosen.tolist())
        return plain(self, chosen, observed, **settings)

    monkeypatch.setattr(GaussianField, "columns", columns)
    return nodes


@pytest.mark.parametrize("rule", [UncertainInfluence, SigmaOptimality, VOptimality])
@pytest.mark.parametrize("audit_share", [0.0, 0.4])
def test_each_column_is_solved_for_once(rule, audit_share, solved):
    session = Session(GRAPH, model=spreading(), query=sketched(rule), audit_share=audit_share)
    for _ in range(5):
        asked = session.ask(5)
        session.tell(asked, TRUTH[asked])
    session.predictions()
    assert len(solved) == len(set(solved))
    assert set(solved) <= set(session.labelled.tolist())


@pytest.mark.parametrize("one_by_one", [False, True])
def test_predictions_after_many_rounds_are_those_of_a_refit(one_by_one):
    session = Session(GRAPH, model=spreading(), query=sketched())
    for _ in range(8):
        asked = session.ask(5)
        for points in asked if one_by_one else [asked]:
            session.tell(points, TRUTH[points])
            session.predictions()
    refitted = spreading().set_params(tol=1e-6).fit(GRAPH, session.labels)
    # each class within the tolerance, since it was last solved for
    allowed = spreading().tol * (1 + len(refitted.classes_))
    found = session.predictions().distributions
    np.testing.assert_allclose(found, refitted.label_distributions_, atol=allowed)


def test_a_session_that_was_saved_asks_what_it_would_have_asked(tmp_path):
    session = Session(GRAPH, model=spreading(), query=sketched())
    for i in range(6):
        asked = session.ask(5)
        session.tell(asked, TRUTH[asked])
        session.predictions()
        session.save(tmp_path / f"{i}.json")
    session.ask(5)
    for i in range(6):
        again = Session.load(tmp_path / f"{i}.json", GRAPH).ask(5)
        assert tuple(again.tolist()) == session.history[2 * (i + 1)].indices


@pytest.mark.parametrize(
    ("rule", "model"),
    [
        (sketched(), LabelSpreading(alpha=0.9)),
        (sketched(), LabelPropagation(max_iter=1_000)),
        (UncertainInfluence(covariance="exact", alpha=0.99), spreading()),
        (Margin(), spreading()),
    ],
)
def test_a_rule_offers_nothing_to_a_model_that_it_does_not_know(rule, model):
    model.set_params(max_iter=1_000).fit(GRAPH, np.where(np.arange(N) % 40 == 0, TRUTH, -1))
    asked = rule.query(model, 4)
    assert rule.responses(model, asked) is None


def test_a_rule_offers_nothing_on_another_graph():
    model = spreading().fit(GRAPH, np.where(np.arange(N) % 40 == 0, TRUTH, -1))
    rule = sketched()
    assert rule.responses(model, [3]) is None  # nor before it was asked
    asked = rule.query(model, 3)
    assert rule.responses(model, asked).shape == (N, 3)
    other = spreading().fit(knn_graph(X, n_neighbors=5), model.transduction_)
    assert rule.responses(other, asked) is None


def test_the_learner_of_a_simulation_shares_them_too(solved):
    learner = Taught(ModelLearner(spreading(), GraphPoints(GRAPH), sketched()), N)
    points = learner.ask(6)
    for _ in range(4):
        learner.learn(points, TRUTH[points])
        points = learner.ask(4)
    assert len(solved) == len(set(solved))


def test_a_column_that_was_foreseen_is_not_solved_for_when_its_label_comes(solved):
    learner = ModelLearner(spreading(), GraphPoints(GRAPH), sketched())
    labels = {0: int(TRUTH[0]), 1: int(TRUTH[1])}
    assert not learner.foresee(5)  # the rule knows no graph before it is asked
    (asked,) = learner.choose(labels, 1, ~np.isin(np.arange(N), [0, 1]), 0)
    assert learner.foresee(int(asked))
    assert solved.count(asked) == 1
    learner.asking({**labels, int(asked): int(TRUTH[asked])})
    assert solved.count(asked) == 1
