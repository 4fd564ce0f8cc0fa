"""Rules that look at the covariance, against the dense textbook version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from fewlabels.exceptions import InvalidInputError, NotEnoughMemoryError
from fewlabels.graph import Graph, knn_graph
from fewlabels.queries import (
    LabelledGraph,
    ModelChange,
    ModelChangeSigmaOptimality,
    ModelChangeVOptimality,
    SigmaOptimality,
    UncertainInfluence,
    VOptimality,
)

RULES = {
    VOptimality: lambda C, v, q, p: (C[:, v] ** 2).sum() / q,
    SigmaOptimality: lambda C, v, q, p: C[:, v].sum() ** 2 / q,
    ModelChange: lambda C, v, q, p: distance(p[v]) * np.linalg.norm(C[:, v]) / q,
    ModelChangeVOptimality: lambda C, v, q, p: distance(p[v]) * (C[:, v] ** 2).sum() / q,
    ModelChangeSigmaOptimality: lambda C, v, q, p: distance(p[v]) * C[:, v].sum() ** 2 / q,
}


def distance(row):
    """From the one-hot row of the most probable class."""
    return np.linalg.norm(np.eye(len(row))[row.argmax()] - row)


def textbook(rule, graph, labelled, count, p, *, alpha=1.0, noise=0.0):
    """Greedy choice that inverts the precision again for every label."""
    W = graph.affinity if graph.is_dense else graph.affinity.toarray()
    W = W.astype(float)
    d = W.sum(axis=1)
    A = np.diag(d) - W + (1 - alpha) / alpha * np.diag(d)
    noise = noise / d.mean()
    known, chosen = list(labelled), []
    for _ in range(count):
        if noise:
            observed = A.copy()
            observed[known, known] += 1 / noise
            C = np.linalg.inv(observed)
        else:
            free = np.setdiff1d(np.arange(len(W)), known)
            C = np.zeros_like(A)
            C[np.ix_(free, free)] = np.linalg.inv(A[np.ix_(free, free)])
        scores = [
            -1 if v in known else RULES[rule](C, v, C[v, v] + noise, p) for v in range(len(W))
        ]
        chosen.append(int(np.argmax(scores)))
        known.append(chosen[-1])
    return chosen


def random_state(rng, n, *, layout="csr"):
    W = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
    W += np.eye(n, k=1)  # connected
    graph = Graph.from_affinity(W, symmetrize="mean", layout=layout, dtype=np.float64)
    y = np.full(n, -1)
    y[rng.choice(n, size=2, replace=False)] = [0, 1]
    p = rng.dirichlet(np.ones(2), size=n)
    return LabelledGraph(graph, y, p)


def path(n):
    return Graph.from_affinity(np.eye(n, k=1) + np.eye(n, k=-1))


def labelled_at(graph, nodes):
    y = np.full(graph.n_nodes, -1)
    y[nodes] = 0
    return LabelledGraph(graph, y)


@pytest.mark.parametrize("layout", ["csr", "dense"])
@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(6, 12))
def test_a_batch_is_what_the_textbook_chooses(rule, layout, seed, n):
    state = random_state(np.random.default_rng(seed), n, layout=layout)
    chosen = rule().query(state, 4)
    expected = textbook(rule, state.graph_, state.labelled_nodes, 4, state.label_distributions_)
    np.testing.assert_array_equal(chosen, expected)


@pytest.mark.parametrize("options", [{"alpha": 0.9}, {"noise": 0.5}, {"alpha": 0.5, "noise": 2.0}])
@pytest.mark.parametrize("rule", RULES)
def test_ground_and_noise_are_the_textbooks(rule, options):
    for seed in range(10):
        state = random_state(np.random.default_rng(seed), 10)
        chosen = rule(**options).query(state, 4)
        p = state.label_distributions_
        expected = textbook(rule, state.graph_, state.labelled_nodes, 4, p, **options)
        np.testing.assert_array_equal(chosen, expected)


@pytest.mark.parametrize(("rule", "asked"), [(VOptimality, 75), (SigmaOptimality, 67)])
def test_on_a_path_pinned_at_one_end_the_known_optimum_is_asked(rule, asked):
    state = labelled_at(path(101), [0])
    assert rule().query(state, candidates=np.arange(1, 101)).tolist() == [asked]


@pytest.mark.parametrize("rule", [VOptimality, SigmaOptimality, UncertainInfluence])
def test_the_middle_of_a_path_between_two_labels_comes_first(rule):
    assert rule().query(labelled_at(path(9), [0, 8])).tolist() == [4]


@pytest.mark.parametrize("rule", [SigmaOptimality, UncertainInfluence])
def test_a_component_without_any_label_is_asked_first(rule):
    two_paths = np.zeros((9, 9))
    two_paths[:5, :5] = np.eye(5, k=1)
    two_paths[5:, 5:] = np.eye(4, k=1)
    chosen = rule().query(labelled_at(Graph.from_affinity(two_paths + two_paths.T), [0]))
    assert chosen[0] in range(5, 9)


@pytest.mark.parametrize("rule", [SigmaOptimality, UncertainInfluence])
def test_components_without_a_label_share_a_batch(rule):
    W = np.kron(np.eye(3), np.ones((4, 4)))
    chosen = rule().query(labelled_at(Graph.from_affinity(W), [0]), 2)
    assert sorted(chosen // 4) == [1, 2]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("covariance", "off"), [("exact", 1e-9), ("sketch", 0.05)])
def test_labels_one_by_one_leave_the_scores_of_all_at_once(rule, covariance, off):
    rng = np.random.default_rng(1)
    graph = knn_graph(rng.normal(size=(120, 4)), n_neighbors=6)
    settings = {"alpha": 0.9, "covariance": covariance}
    kept, fresh = rule(**settings), rule(**settings)
    y = np.full(120, -1)
    y[:2] = [0, 1]
    p = rng.dirichlet(np.ones(2), size=120)
    for _ in range(4):
        state = LabelledGraph(graph, y, p)
        chosen = kept.query(state, 3)
        fresh = clone(fresh)
        fresh.query(state)
        largest = np.nanmax(fresh.scores_)
        np.testing.assert_allclose(kept.scores_, fresh.scores_, rtol=0, atol=off * largest)
        y[chosen[:2]] = 1  # one of three stays without an answer
        y[rng.integers(2, 120)] = 0  # one comes unasked


@pytest.mark.parametrize("rule", [VOptimality, SigmaOptimality])
def test_labels_taken_back_are_forgotten(rule):
    graph = path(30)
    kept = rule()
    first = kept.query(labelled_at(graph, [0]), 3)
    kept.query(labelled_at(graph, [0, 5, 20]), 3)
    np.testing.assert_array_equal(kept.query(labelled_at(graph, [0]), 3), first)


def test_another_graph_is_noticed():
    rule = SigmaOptimality()
    rule.query(labelled_at(path(9), [0]))
    assert rule.query(labelled_at(path(101), [0])).tolist() == [67]


def test_other_settings_are_noticed():
    rule = VOptimality(alpha=0.5)
    state = labelled_at(path(101), [0])
    rule.query(state)
    assert rule.set_params(alpha=1).query(state).tolist() == [75]


@pytest.mark.parametrize("rule", RULES)
def test_without_any_label_or_edge_points_are_still_chosen(rule):
    chosen = rule().query(Graph.from_affinity(np.zeros((4, 4))), 2)
    assert len(set(chosen.tolist())) == 2


@pytest.mark.parametrize("n", [300, 1000])
def test_without_any_label_a_large_float32_graph_is_no_trouble(n):
    # rounding the degrees to float32 would make the Laplacian indefinite
    graph = knn_graph(np.random.default_rng(n).normal(size=(n, 3)), n_neighbors=12)
    assert len(set(SigmaOptimality().query(graph, 10).tolist())) == 10


def test_one_class_alone_is_no_reason_to_ask_less():
    graph = path(101)
    y = np.full(101, -1)
    y[0] = 3
    state = LabelledGraph(graph, y, np.ones((101, 1)))
    assert ModelChangeVOptimality().query(state).tolist() == [75]
    assert ModelChangeSigmaOptimality().query(state).tolist() == [67]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.1}, "alpha"),
        ({"noise": -1.0}, "noise"),
        ({"covariance": "dense"}, "covariance"),
        ({"n_columns": 0}, "n_columns"),
        ({"alpha": 1, "covariance": "sketch"}, "alpha=1 has no ground"),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(InvalidInputError, match=message):
        VOptimality(**options).query(path(5))


def test_a_covariance_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 100)
    with pytest.raises(NotEnoughMemoryError, match="covariance of 5 points"):
        VOptimality().query(path(5))
    with pytest.raises(NotEnoughMemoryError, match="sketch of 5 points"):
        VOptimality(covariance="sketch").query(path(5))


def test_the_recommended_field_has_a_ground_until_two_classes_hold_it():
    rule = UncertainInfluence()
    graph = path(9)
    p = np.full((9, 2), 0.5)
    states = [
        LabelledGraph(graph),
        labelled_at(graph, [0]),
        LabelledGraph(graph, [0] * 2 + [1] * 7),
    ]
    assert [rule._alpha_for(state) for state in states] == [0.99, 0.99, 0.99]
    assert rule._alpha_for(LabelledGraph(graph, [0, 1] + [-1] * 7, p)) == 1
    large = UncertainInfluence(covariance="sketch")
    assert large._alpha_for(LabelledGraph(graph, [0, 1] + [-1] * 7, p)) == 0.99
    assert UncertainInfluence(alpha=0.5)._alpha_for(states[0]) == 0.5
