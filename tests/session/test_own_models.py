"""Models that are not ours in the labelling loop: scikit-learn's, and objects of one's own."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading as TheirSpreading

from fewlabels import Graph, LabelPropagation, Session, knn_graph, simulate
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models import ModelPair, RelabelledModel, TransductiveModel
from fewlabels.models._fit_on_labelled import FitOnLabelled
from fewlabels.queries import RULES, LabelledGraph

X, TRUTH = make_blobs(60, centers=3, cluster_std=2.0, random_state=0)
NAMES = np.array(["a", "b", "c"])[TRUTH]


class Harmonic:
    """Harmonic functions, solved densely: a model of one's own, and a textbook's."""

    def fit(self, graph, y):
        labelled = np.array([label is not None and label != -1 for label in y])
        self.classes_ = np.unique(y[labelled])
        W = graph.affinity.toarray()
        L = np.diag(W.sum(axis=1)) - W
        F = (y[:, None] == self.classes_).astype(float)
        free = ~labelled
        F[free] = np.linalg.solve(L[free][:, free], W[free][:, labelled] @ F[labelled])
        self.label_distributions_ = F / F.sum(axis=1, keepdims=True)
        self.n_fits = getattr(self, "n_fits", 0) + 1
        return self


class Kept(Harmonic):
    """The same, and it takes labels without a refit (by one, but who knows)."""

    def fit(self, graph, y):
        self.graph, self.y = graph, y.astype(object)
        self.y[self.y == -1] = None
        self.log = getattr(self, "log", [])
        self.log.append("fit")
        return super().fit(graph, self.y)

    def add_labels(self, indices, labels):
        self.log.append(("add", list(indices)))
        self.y[indices] = labels
        return super().fit(self.graph, self.y)

    def remove_labels(self, indices):
        self.log.append(("remove", list(indices)))
        self.y[indices] = None
        return super().fit(self.graph, self.y)


GRAPH = knn_graph(X, 8)


# An object of one's own


def test_an_own_model_answers_as_ours_does_in_the_same_session():
    sessions = [Session(GRAPH, model=model) for model in (Harmonic(), LabelPropagation(tol=1e-9))]
    for session in sessions:
        session.tell([0, 1, 2, 7], NAMES[[0, 1, 2, 7]]).ask(2)
    own, ours = [session.predictions() for session in sessions]
    np.testing.assert_allclose(own.distributions, ours.distributions, atol=1e-7)
    np.testing.assert_array_equal(own.labels, ours.labels)
    assert own.reached.all()
    assert sessions[0].advice().action == "continue"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_asks_the_same_of_an_own_model_as_of_ours(rule):
    asked = []
    for model in (Harmonic(), LabelPropagation(tol=1e-12)):
        session = Session(GRAPH, model=model, query=rule, audit_share=0)
        session.tell([0, 1, 2, 7], TRUTH[[0, 1, 2, 7]])
        asked.append(session.ask(3).tolist())
    assert asked[0] == asked[1]


def test_an_own_model_is_fitted_once_a_change_and_not_the_users_own_object():
    given = Harmonic()
    session = Session(GRAPH, model=given)
    session.tell([0, 1], TRUTH[[0, 1]])
    for _ in range(3):
        session.predictions()
    assert not hasattr(given, "n_fits")
    assert session._learner._asks.model.n_fits == 1
    session.tell(2, TRUTH[2]).predictions()
    assert session._learner._asks.model.n_fits == 2


def test_an_own_model_that_takes_labels_is_told_what_changed():
    assert isinstance(Kept(), RelabelledModel)
    session = Session(GRAPH, model=Kept()).tell([0, 1, 2], NAMES[[0, 1, 2]])
    session.predictions()
    session.tell(5, NAMES[5]).withdraw(2)
    kept = session.predictions()
    assert session._learner._asks.model.log == ["fit", ("add", [5]), ("remove", [2])]
    anew = Session(GRAPH, model=Harmonic()).tell([0, 1, 5], NAMES[[0, 1, 5]]).predictions()
    np.testing.assert_allclose(kept.distributions, anew.distributions)


def test_a_fitted_own_model_is_what_the_protocol_says():
    fitted = Harmonic().fit(GRAPH, np.where(np.arange(60) < 10, TRUTH, -1))
    assert isinstance(fitted, TransductiveModel)
    assert not isinstance(fitted, RelabelledModel)


def test_where_an_own_model_has_no_answer_it_counts_as_wrong():
    two = Graph.from_affinity(np.kron(np.eye(2), 1 - np.eye(3)))

    class Reaching:
        def fit(self, graph, y):
            self.classes_ = np.unique(y[y != -1])
            self.reached_ = np.arange(6) < 3
            self.label_distributions_ = np.full((6, len(self.classes_)), 1 / len(self.classes_))
            return self

    curve = simulate(two, [0, 0, 0, 1, 1, 0], model=Reaching(), initial=[0, 3], budget=2)
    assert curve.accuracy["random"] == 2 / 4  # class 0 is the first: right at 1 and 2, not at 5


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"classes_": [7], "label_distributions_": np.ones((60, 1))}, "classes_ to the 2 classes"),
        ({"classes_": [0, 1]}, r"shape \(n_points, n_classes\), \(60, 2\); its shape is \(0,\)"),
        (
            {"classes_": [0, 1], "label_distributions_": np.ones((60, 2))},
            "row 0 is .*set equal shares, and reached_ to False",
        ),
    ],
)
def test_what_an_own_model_may_not_say_is_named(said, reason):
    class Wrong:
        def fit(self, graph, y):
            vars(self).update(said)
            return self

    session = Session(GRAPH, model=Wrong()).tell([0, 1], [0, 1])
    with pytest.raises(InvalidInputError, match=reason):
        session.predictions()


def test_an_error_of_an_own_model_says_which_it_was_and_what_it_was_given():
    class Careless:
        def fit(self, graph, y):
            np.unique(y[y != -1])  # which None is, among names

    data = {"blobs": (X, NAMES)}
    with pytest.raises(TypeError, match="not supported between") as raised:
        simulate(data=data, model={"mine": Careless()}, query="random", budget=9, random_state=0)
    assert raised.value.__notes__ == [
        "Careless was being fitted on the labels of 3 points; the other 57 entries of y are None.",
        "This was data 'blobs', model 'mine'.",
    ]


def test_an_error_of_a_classifier_says_on_how_many_labels_it_was_fitted():
    session = Session(X, model=KNeighborsClassifier(3)).tell([0, 1], [0, 1])
    with pytest.raises(ValueError, match="n_neighbors") as raised:
        session.predictions()
    said = "KNeighborsClassifier was being fitted on the labels of 2 points."
    assert raised.value.__notes__ == [said]


def test_an_own_rule_reaches_an_own_model_through_what_it_is_given():
    seen = []

    def rule(known, candidates):
        seen.append(known)
        return np.arange(len(candidates))

    Session(GRAPH, model=Harmonic(), query=rule, audit_share=0).tell([0, 1], [0, 1]).ask(2)
    assert isinstance(seen[0], LabelledGraph)
    assert seen[0].model_.n_fits == 1
    assert seen[0].labelled_nodes.tolist() == [0, 1]


# scikit-learn's


class Learner:
    """Neither: its fit takes features, and it is no estimator of scikit-learn."""

    def fit(self, X, y): ...

    def predict(self, X): ...


@pytest.mark.parametrize(
    "model",
    [
        GaussianNB(),
        KNeighborsClassifier(1),
        make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()),
        RidgeClassifier(),
    ],
)
def test_a_classifier_of_scikit_learn_learns_the_labelled_and_answers_all(model):
    session = Session(X, model=model, query="margin")
    labelled = np.arange(12)
    session.tell(labelled, NAMES[labelled])
    fitted = model.fit(X[:12], NAMES[:12])
    np.testing.assert_array_equal(session.predictions().labels[12:], fitted.predict(X)[12:])
    assert session.predictions().distributions.shape == (60, 3)
    assert len(session.ask(4)) == 4


def test_semi_supervised_estimators_of_scikit_learn_get_all_points():
    theirs = TheirSpreading(kernel="knn", n_neighbors=5, max_iter=200)
    y = np.where(np.arange(60) < 9, TRUTH, -1)
    told = FitOnLabelled(theirs).fit(X, y)
    np.testing.assert_array_equal(
        told.label_distributions_.argmax(axis=1), theirs.fit(X, y).predict(X)
    )


def test_before_there_is_a_second_class_all_points_are_of_the_first():
    model = FitOnLabelled(GaussianNB()).fit(X, np.where(np.arange(60) < 3, "a", None))
    assert model.label_distributions_.tolist() == [[1.0]] * 60


def test_a_classifier_needs_features_and_says_so():
    with pytest.raises(InvalidTypeError, match="GaussianNB learns from features, and there is"):
        Session(GRAPH, model=GaussianNB())
    with pytest.raises(InvalidTypeError, match="GaussianNB learns from features, and there is"):
        simulate(GRAPH, TRUTH, model=GaussianNB())


@pytest.mark.parametrize("model", [LinearRegression(), GaussianNB, "forest", object(), Learner()])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(InvalidTypeError, match="model must be a classifier of fewlabels or scikit"):
        Session(X, model=model)


def test_of_a_pair_one_may_be_scikit_learns():
    session = Session(X, model=ModelPair(LabelPropagation(), GaussianNB()))
    session.tell(range(9), NAMES[:9])
    session.ask(3)
    expected = GaussianNB().fit(X[:9], NAMES[:9]).predict_proba(X)
    np.testing.assert_allclose(session.predictions().distributions, expected)


def test_an_own_model_has_to_be_passed_again_to_a_saved_session(tmp_path):
    session = Session(X, model=GaussianNB()).tell(range(6), TRUTH[:6])
    session.save(tmp_path / "session.json")
    with pytest.raises(InvalidInputError, match="saved with a model of its user's own"):
        Session.load(tmp_path / "session.json", X)
    again = Session.load(tmp_path / "session.json", X, model=GaussianNB())
    np.testing.assert_array_equal(again.predictions().labels, session.predictions().labels)
