"""What every rule keeps to."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fewlabels import LabelPropagation, LabelSpreading
from fewlabels.exceptions import FewCandidatesWarning, InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, knn_graph, open_graph, write_graph
from fewlabels.queries import RULES, FunctionRule, LabelledGraph, Margin, QueryRule, make_rule
from tests.strategies import affinities, partial_labels

NAMES = sorted(RULES)
PREDICTIONS_ONLY = ("entropy", "least-confidence", "margin", "random")


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(40, 3)), rng.normal(size=(40, 3)) + 3])
    y = np.full(80, -1)
    y[[0, 1, 40]] = [0, 0, 1]
    return knn_graph(X, n_neighbors=6), y


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=15)
def test_chosen_points_are_distinct_unlabelled_candidates(name, data):
    W = data.draw(affinities(min_nodes=3, max_nodes=10, layout=data.draw(st.sampled_from(["csr"]))))
    graph = Graph.from_affinity(W)
    n = graph.n_nodes
    y = data.draw(partial_labels(n, min_labelled=0))
    y[data.draw(st.integers(0, n - 1))] = -1
    n_classes = len(np.unique(y[y >= 0]))
    p = np.random.default_rng(0).dirichlet(np.ones(n_classes), size=n) if n_classes else None
    candidates = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    candidates = np.union1d(candidates, np.flatnonzero(y < 0)[:1])
    open_ = candidates[y[candidates] < 0]
    count = data.draw(st.integers(1, len(open_)))
    rule = make_rule(name)
    chosen = rule.query(LabelledGraph(graph, y, p), count, candidates, random_state=0)
    assert chosen.shape == (count,)
    assert chosen.dtype == np.intp
    assert len(set(chosen.tolist())) == count
    assert set(chosen.tolist()) <= set(open_.tolist())
    others = np.setdiff1d(np.arange(n), open_)
    assert np.isnan(rule.scores_[others]).all()
    assert not np.isnan(rule.scores_[open_]).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_first_point_has_the_largest_score(name, points):
    graph, y = points
    model = LabelPropagation().fit(graph, y)
    rule = make_rule(name)
    first = rule.query(model, 5, random_state=0)[0]
    if name == "typicality":  # the clusters without a label come first
        assert np.isfinite(rule.scores_[first])
    else:
        assert rule.scores_[first] == np.nanmax(rule.scores_)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_asks_the_same(name, points):
    graph, y = points
    model = LabelSpreading(alpha=0.9).fit(graph, y)
    first, second = (make_rule(name).query(model, 6, random_state=7) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_seed_the_same_is_asked_too(name, points):
    graph, y = points
    for model in (graph, LabelPropagation().fit(graph, y)):
        first, second = (make_rule(name).query(model, 6) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_one_random_question_after_another_is_no_row_of_neighbours():
    """With the same seed each time, as one asks who leaves it to the default."""
    graph, asked = Graph.from_affinity(np.eye(200, k=1) + np.eye(200, k=-1)), []
    for _ in range(30):
        (point,) = make_rule("random").query(graph, 1, np.setdiff1d(np.arange(200), asked))
        asked.append(point)
    assert asked == make_rule("random").query(graph, 30).tolist()
    assert np.sum(np.abs(np.diff(asked)) == 1) < 4


@pytest.mark.parametrize("name", NAMES)
def test_a_mask_of_candidates_is_as_good_as_their_numbers(name, points):
    graph, y = points
    model = LabelPropagation().fit(graph, y)
    mask = np.arange(80) % 3 == 0
    rule = make_rule(name)
    by_mask = rule.query(model, 4, mask, random_state=0)
    np.testing.assert_array_equal(
        by_mask, rule.query(model, 4, np.flatnonzero(mask), random_state=0)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_without_any_label_is_asked_about(name, points):
    graph, _ = points
    chosen = make_rule(name).query(graph, 6, random_state=0)
    assert len(set(chosen.tolist())) == 6


@pytest.mark.parametrize("name", NAMES)
def test_one_class_alone_is_no_obstacle(name, points):
    graph, y = points
    one = np.where(y == 0, "only", None)
    chosen = make_rule(name).query(LabelPropagation().fit(graph, one), 6, random_state=0)
    assert not set(chosen.tolist()) & {0, 1}


@pytest.mark.parametrize("name", NAMES)
def test_more_than_there_are_gives_all_and_a_warning(name, points):
    graph, y = points
    model = LabelPropagation().fit(graph, y)
    with pytest.warns(FewCandidatesWarning, match=r"batch_size is 5, but only 2 candidates"):
        chosen = make_rule(name).query(model, 5, [0, 7, 9], random_state=0)
    assert sorted(chosen.tolist()) == [7, 9]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"candidates": [0, 1]}, "all 2 candidates have a label"),
        ({"candidates": []}, "candidates is empty"),
        ({"candidates": [80]}, "from 0 to 79"),
        ({"candidates": [-1]}, "from 0 to 79"),
        ({"candidates": [[3]]}, "one-dimensional"),
        ({"candidates": [0.5]}, "dtype float64"),
        ({"candidates": [True, False]}, "one entry per node"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 1.0}, "batch_size"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_bad_input_is_refused_and_scores_stay(name, options, message, points):
    graph, y = points
    state = LabelledGraph(graph, y, np.full((80, 2), 0.5))
    rule = make_rule(name)
    with pytest.raises(InvalidInputError, match=message):
        rule.query(state, **options)
    assert not hasattr(rule, "scores_")


@pytest.mark.parametrize("name", NAMES)
def test_a_used_rule_can_be_cloned_and_pickled(name, points):
    graph, y = points
    rule = make_rule(name)
    model = LabelPropagation().fit(graph, y)
    chosen = rule.query(model, 3, random_state=0)
    for copy in (clone(rule), pickle.loads(pickle.dumps(rule))):
        np.testing.assert_array_equal(copy.query(model, 3, random_state=0), chosen)


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_on_disk_is_refused_or_read(name, points, tmp_path):
    graph, y = points
    write_graph(tmp_path / "disk", graph)
    model = LabelSpreading(alpha=0.9, max_iter=500).fit(open_graph(tmp_path / "disk"), y)
    if name == "random":
        assert len(make_rule(name).query(model, 3, random_state=0)) == 3
        return
    with pytest.raises(InvalidTypeError, match="to_memory"):
        make_rule(name).query(model, 3, random_state=0)
    if name in PREDICTIONS_ONLY:
        chosen = make_rule(name).set_params(batch="top").query(model, 3)
        memory = LabelSpreading(alpha=0.9, max_iter=500).fit(graph, y)
        assert set(chosen) == set(make_rule(name).set_params(batch="top").query(memory, 3))


def test_a_rule_looks_at_what_add_labels_made_of_the_model(points):
    graph, y = points
    model = LabelPropagation().fit(graph, y)
    for name in NAMES:
        chosen = make_rule(name).query(model, 2, random_state=0)
        grown = LabelPropagation().fit(graph, y).add_labels(chosen, [0, 1])
        again = make_rule(name).query(grown, 2, random_state=0)
        assert not set(chosen.tolist()) & set(again.tolist())


def test_the_recommended_rule_is_auto():
    assert type(make_rule()) is type(make_rule("auto")) is RULES["auto"]


def test_a_rule_stays_as_it_is():
    rule = Margin(batch="top")
    assert make_rule(rule) is rule
    assert isinstance(make_rule(Margin), Margin)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError, match=r"'best'.*margin.*v-optimality"):
        make_rule("best")


@pytest.mark.parametrize("rule", [3, None, int])
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(InvalidTypeError, match="got"):
        make_rule(rule)


def test_a_function_gets_the_model_and_the_open_candidates(points):
    graph, y = points
    model = LabelPropagation().fit(graph, y)
    seen = []

    def low_numbers(given_model, candidates):
        seen.append((given_model, candidates.tolist()))
        return -candidates

    rule = make_rule(low_numbers)
    assert isinstance(rule, QueryRule)
    chosen = rule.query(model, candidates=[0, 9, 4])
    assert chosen.tolist() == [4]
    assert seen[0][0] is model
    assert seen[0][1] == [4, 9]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.zeros(3), "one number for each of the 2 candidates"),
        (np.array(["a", "b"]), "one number"),
        (np.array([0.0, np.nan]), "that of node 9 is nan"),
        (np.array([np.inf, 0.0]), "that of node 4 is inf"),
    ],
)
def test_bad_scores_of_a_function_are_refused(returned, message, points):
    rule = FunctionRule(lambda model, candidates: returned)
    with pytest.raises(InvalidInputError, match=message):
        rule.query(points[0], candidates=[4, 9])


def test_a_function_that_needs_answers_is_told_when_there_are_none(points):
    for function in (
        lambda model, candidates: model.label_distributions_[candidates, 0],
        lambda model, candidates: model.coef_[candidates],
    ):
        with pytest.raises(
            InvalidInputError, match=r"Before the first labels .* begin with labels"
        ):
            FunctionRule(function).query(points[0], candidates=[4, 9])
    with pytest.raises(InvalidTypeError, match=r"called with \(model, candidates\): too many"):
        FunctionRule(lambda model: model).query(points[0])
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(InvalidInputError, match=r"scores is a masked array.*the lowest score"):
        FunctionRule(lambda model, candidates: masked).query(points[0], candidates=[4, 9])


@pytest.mark.parametrize("model", [3, np.eye(3), "graph"])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(InvalidTypeError, match="fitted classifier of fewlabels, a Graph"):
        Margin().query(model)


def test_a_classifier_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        Margin().query(LabelPropagation())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1],), "each of the 80 nodes"),
        ((np.full(80, -1), np.full((80, 2), 0.5)), "must have shape"),
        ((np.zeros(80), np.full((79, 1), 1.0)), "must have shape"),
        ((np.zeros(80), np.full((80, 1), 0.9)), "row 0"),
    ],
)
def test_labels_and_distributions_have_to_fit_the_graph(arguments, message, points):
    with pytest.raises(InvalidInputError, match=message):
        LabelledGraph(points[0], *arguments)


def test_a_labelled_graph_needs_a_graph():
    with pytest.raises(InvalidTypeError, match="must be a Graph"):
        LabelledGraph(np.eye(3))
