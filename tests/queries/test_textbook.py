"""The rules that need more than a score of the predictions, against dense textbook versions."""

import heapq
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from fewlabels import LabelPropagation
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph, knn_graph
from fewlabels.queries import (
    DecayingNorm,
    DensityWeighted,
    DirichletVariance,
    ExpectedErrorReduction,
    FarthestFirst,
    LabelledGraph,
    Typicality,
    UncertainInfluence,
    entropy,
    least_confidence,
)
from fewlabels.queries.decaying_norm import poisson_potential
from tests.textbook import components_of, harmonic

SEEDS = st.integers(0, 2**32 - 1)


def random_state(seed, n, *, n_classes=3):
    """A connected graph, a label of each class, and the harmonic predictions."""
    rng = np.random.default_rng(seed)
    W = rng.uniform(0.2, 1, size=(n, n)) * (rng.random((n, n)) < 0.3)
    W += np.eye(n, k=1)
    W = W + W.T
    np.fill_diagonal(W, 0)
    y = np.full(n, -1)
    y[rng.choice(n, size=n_classes, replace=False)] = np.arange(n_classes)
    Y = (y[:, None] == np.arange(n_classes)).astype(float)
    graph = Graph.from_affinity(W, dtype=np.float64)
    return (
        graph.affinity.toarray(),
        y,
        LabelledGraph(graph, y, harmonic(graph.affinity.toarray(), Y)),
    )


def path(n):
    return Graph.from_affinity(np.eye(n, k=1) + np.eye(n, k=-1))


@given(seed=SEEDS, n=st.integers(6, 12))
@settings(max_examples=30)
def test_expected_errors_are_those_of_refits_with_each_answer(seed, n):
    W, y, state = random_state(seed, n)
    rule = ExpectedErrorReduction()
    rule.query(state)
    open_ = np.flatnonzero(y < 0)
    F = state.label_distributions_
    risk = (1 - F[open_].max(axis=1)).sum()
    for v in open_:
        expected = 0.0
        for c in range(3):
            Y = (y[:, None] == np.arange(3)).astype(float)
            Y[v, c] = 1
            after = harmonic(W, Y)
            expected += F[v, c] * (1 - after[open_].max(axis=1)).sum()
        fall = (risk - expected) / len(open_)
        np.testing.assert_allclose(rule.scores_[v], fall, atol=1e-6)


def test_solved_columns_give_the_risks_of_the_dense_covariance():
    rng = np.random.default_rng(0)
    graph = knn_graph(rng.normal(size=(150, 3)), n_neighbors=6)
    y = np.full(150, -1)
    y[:4] = [0, 0, 1, 1]
    model = LabelPropagation().fit(graph, y)
    exact, solved = (
        ExpectedErrorReduction(alpha=0.95, covariance=kind, n_candidates=150)
        for kind in ("exact", "sketch")
    )
    exact.query(model)
    solved.query(model)
    off = np.nanmax(np.abs(exact.scores_ - solved.scores_))
    assert off < 0.01 * np.nanmax(exact.scores_)


def test_only_so_many_candidates_are_tried():
    model = LabelPropagation().fit(path(40), [0] + [-1] * 38 + [1])
    rule = ExpectedErrorReduction(n_candidates=5)
    rule.query(model)
    assert np.isfinite(rule.scores_).sum() == 5


def dense_potential(W, labelled):
    b = labelled - labelled.mean()
    g = np.linalg.pinv(np.diag(W.sum(axis=1)) - W) @ b
    g -= g.min()
    return g / g.mean() + 1e-5


@given(seed=SEEDS, n=st.integers(6, 14))
@settings(max_examples=30)
def test_decaying_norms_are_those_of_the_dense_system(seed, n):
    W, y, state = random_state(seed, n)
    rule = DecayingNorm(tau=0.2, n_clusters=4)
    rule.query(state)
    labelled = y >= 0
    g = dense_potential(W, labelled)
    W = g[:, None] * W * g
    tau = 0.2 * (1e-9 / 0.2) ** (3 / 8)
    A = np.diag(W.sum(axis=1)) - W + tau * W.sum() / n * np.eye(n)
    Y = (y[:, None] == np.arange(3)).astype(float)
    U = np.linalg.solve(A[~labelled][:, ~labelled], W[~labelled][:, labelled] @ Y[labelled])
    expected = -np.linalg.norm(U, axis=1)
    np.testing.assert_allclose(rule.scores_[~labelled], expected, rtol=5e-3, atol=1e-6)


def test_the_potential_of_a_long_path_is_the_closed_form():
    """A source at one end and a sink everywhere: the flow falls evenly from 1 - 1 / n to 0."""
    n = 3_000
    ones = np.ones(n - 1)
    graph = Graph.from_affinity(sparse.diags_array([ones, ones], offsets=[-1, 1]).tocsr())
    flow = 1 - np.arange(1, n) / n
    g = np.concatenate([[0], -np.cumsum(flow)])
    g -= g.min()
    found = poisson_potential(graph, np.arange(n) == 0)
    np.testing.assert_allclose(found, g / g.mean() + 1e-5, atol=1e-3)


@pytest.mark.parametrize("limit", ["_POTENTIAL_MAX_ITER", "_MAX_ITER"])
def test_a_solve_of_decaying_norms_that_does_not_settle_is_said(monkeypatch, limit):
    monkeypatch.setattr(f"fewlabels.queries.decaying_norm.{limit}", 2)
    points = np.random.default_rng(0).normal(size=(6_000, 2))
    y = np.full(6_000, -1)
    y[:4] = [0, 1, 0, 1]
    state = LabelledGraph(knn_graph(points, 6), y)
    with pytest.warns(ConvergenceWarning, match="did not settle in 2 iterations") as told:
        assert len(DecayingNorm(n_clusters=2).query(state, 3)) == 3
    assert {warning.filename for warning in told} == {__file__}


def test_tau_decays_to_none_after_two_labels_a_cluster():
    rule = DecayingNorm(tau=0.1, n_clusters=3)
    taus = [rule._tau_now(m) for m in range(8)]
    np.testing.assert_allclose(np.diff(np.log(taus[:6])), np.log(1e-8) / 6)
    assert taus[6:] == [0, 0]


def test_with_tau_a_cluster_without_a_label_comes_before_the_border():
    W = np.kron(np.eye(3), np.ones((6, 6)))
    for i, j in ((5, 6), (11, 12)):
        W[i, j] = W[j, i] = 0.05
    y = np.full(18, -1)
    y[[0, 6]] = [0, 1]
    state = LabelledGraph(Graph.from_affinity(W), y)
    assert DecayingNorm(n_clusters=3).query(state)[0] >= 12
    # later, what is uncertain between the classes
    y[[1, 2, 7, 8]] = [0, 0, 1, 1]
    first = DecayingNorm(n_clusters=3).query(LabelledGraph(Graph.from_affinity(W), y))[0]
    assert first in (5, 11, 12, 13, 14, 15, 16, 17)


@given(seed=SEEDS, n=st.integers(8, 20))
@settings(max_examples=30)
def test_dirichlet_variances_are_the_textbooks(seed, n):
    W, y, state = random_state(seed, n)
    rule = DirichletVariance(n_clusters=2, alpha=0.9)
    rule.query(state)
    d = W.sum(axis=1)
    C = np.linalg.inv(np.diag(d) - W + np.diag(d) / 9)
    P = (C - C.min(axis=0)) / (C.diagonal() - C.min(axis=0))
    # with fewer nodes than 10, all are drawn for the prior
    drawn = np.random.default_rng(0).choice(n, min(10, n), replace=False)
    prior = np.quantile(P[:, drawn], 0.5, axis=0).max()
    a = np.full((n, 4), prior)
    for v in np.flatnonzero(y >= 0):
        a[:, y[v]] += P[:, v]
    t = a.sum(axis=1, keepdims=True)
    variances = (a / t * (1 - a / t)).sum(axis=1) / (t[:, 0] + 1)
    open_ = y < 0
    np.testing.assert_allclose(rule.scores_[open_], variances[open_], rtol=0.01)


def test_dirichlet_columns_are_solved_for_once_a_label(monkeypatch):
    from fewlabels.systems import GaussianField

    asked = []
    solve = GaussianField.columns

    def counting(self, nodes, observed):
        asked.append(len(nodes))
        return solve(self, nodes, observed)

    monkeypatch.setattr(GaussianField, "columns", counting)
    graph, rule = path(60), DirichletVariance(n_clusters=2)
    y = np.full(60, -1)
    y[[0, 59]] = [0, 1]
    rule.query(LabelledGraph(graph, y))
    y[30] = 0
    rule.query(LabelledGraph(graph, y))
    assert asked == [10, 2, 1]


def dijkstra(W, sources):
    """Distances from the nearest source over edges 1 / w long, with a heap."""
    far = np.full(len(W), np.inf)
    heap = [(0.0, int(s)) for s in sources]
    while heap:
        distance, u = heapq.heappop(heap)
        if distance >= far[u]:
            continue
        far[u] = distance
        for v in np.flatnonzero(W[u]):
            heapq.heappush(heap, (distance + 1 / W[u, v], int(v)))
    return far


@given(seed=SEEDS, n=st.integers(5, 15))
@settings(max_examples=30)
def test_farthest_first_is_the_textbooks(seed, n):
    W, y, state = random_state(seed, n)
    rule = FarthestFirst()
    chosen = rule.query(state, 2)
    known = np.flatnonzero(y >= 0).tolist()
    far = dijkstra(W, known)
    np.testing.assert_allclose(rule.scores_[y < 0] * (1 / W.max()), far[y < 0], rtol=1e-9)
    for node in chosen:
        far = dijkstra(W, known)
        assert far[node] == pytest.approx(far.max())
        known.append(int(node))


def test_farthest_first_begins_in_the_middle_of_the_largest_component_without_a_label():
    W = np.zeros((9, 9))
    W[1:3, 1:3] = 1  # a pair
    W[3, 4:9] = W[4:9, 3] = 1  # a star
    state = LabelledGraph(Graph.from_affinity(W), [0] + [-1] * 8)
    rule = FarthestFirst()
    assert rule.query(state, 2).tolist() == [3, 1]
    assert np.isinf(rule.scores_[1:]).all()


def test_typicality_asks_the_densest_point_of_each_cluster():
    rng = np.random.default_rng(0)
    centers = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
    X = np.concatenate([rng.normal(size=(40, 2)) + center for center in centers])
    graph = knn_graph(X, n_neighbors=6)
    chosen = Typicality().query(graph, 3, random_state=0)
    assert sorted(chosen // 40) == [0, 1, 2]
    for node in chosen:
        cluster = slice(node // 40 * 40, node // 40 * 40 + 40)
        assert graph.local_scales[node] == graph.local_scales[cluster].min()


def test_typicality_leaves_clusters_with_a_label_for_later():
    rng = np.random.default_rng(1)
    centers = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
    X = np.concatenate([rng.normal(size=(40, 2)) + center for center in centers])
    y = np.full(120, -1)
    y[5] = 0
    chosen = Typicality().query(LabelledGraph(knn_graph(X, n_neighbors=6), y), 2, random_state=0)
    assert sorted(chosen // 40) == [1, 2]


def test_typicality_without_scales_takes_the_largest_degree():
    W = np.zeros((7, 7))
    W[0, 1:7] = W[1:7, 0] = 1
    rule = Typicality()
    assert rule.query(Graph.from_affinity(W), random_state=0).tolist() == [0]
    np.testing.assert_array_equal(rule.scores_, [6, 1, 1, 1, 1, 1, 1])


def test_outliers_in_clusters_of_their_own_come_last():
    rng = np.random.default_rng(2)
    X = np.concatenate([rng.normal(size=(60, 2)), [[90.0, 90.0], [90.5, 90.0]]])
    chosen = Typicality().query(knn_graph(X, n_neighbors=1), 1, random_state=0)
    assert chosen[0] < 60


@given(seed=SEEDS, beta=st.sampled_from([0.0, 0.5, 1.0, 2.0]))
@settings(max_examples=20)
def test_density_weighs_the_uncertainty(seed, beta):
    W, y, state = random_state(seed, 10)
    rule = DensityWeighted(uncertainty="least-confidence", beta=beta)
    rule.query(state)
    relative = W.sum(axis=1) / W.sum(axis=1).mean()
    expected = least_confidence(state.label_distributions_) * relative**beta
    np.testing.assert_allclose(rule.scores_[y < 0], expected[y < 0])


def test_density_of_no_weight_is_the_uncertainty_alone():
    _, y, state = random_state(3, 12)
    rule = DensityWeighted(beta=0.0)
    rule.query(state)
    np.testing.assert_allclose(rule.scores_[y < 0], entropy(state.label_distributions_)[y < 0])


def evidence_of_walks(W, labelled):
    """What the labels lend each node: (1 - a) sum_t a^t P^t, a = 0.95, times 1 / stationary."""
    d = W.sum(axis=1)
    walks = np.linalg.inv(np.eye(len(W)) - 0.95 * W / d[:, None]) * 0.05
    found = np.zeros(len(W))
    for nodes in components_of(W):
        heard = nodes[labelled[nodes]]
        found[nodes] = (walks[np.ix_(nodes, heard)] / d[heard]).sum(axis=1) * d[nodes].sum()
    return found


def test_a_label_that_is_far_off_in_its_component_is_worth_1_however_small_that_is():
    # of two cliques and a node alone, each step within a clique forgets where it came from
    sizes = (40, 6, 1)
    W = np.zeros((47, 47))
    for nodes in (slice(40), slice(40, 46)):
        W[nodes, nodes] = 1 - np.eye(len(W[nodes]))
    y = np.full(47, -1)
    y[[0, 40]] = [0, 1]
    p = np.full((47, 2), 0.5)
    found = UncertainInfluence()._evidence(LabelledGraph(Graph.from_affinity(W), y, p))
    expected = np.repeat([0.0 if n == 1 else clique_evidence(n) for n in sizes], sizes)
    np.testing.assert_allclose(found[y < 0], expected[y < 0], rtol=1e-3)
    dense = evidence_of_walks(W[:46, :46], y[:46] >= 0)
    np.testing.assert_allclose(found[:46], dense, rtol=1e-3)


def clique_evidence(n):
    """Between two nodes of n: 1 is an eigenvalue of P once, and -1 / (n - 1) all other times."""
    return 1 - 0.05 / (1 + 0.95 / (n - 1))


@given(seed=SEEDS, n_labels=st.integers(2, 60))
@settings(max_examples=15, deadline=None)
def test_the_evidence_of_the_recommended_rule_is_that_of_the_dense_walks(seed, n_labels):
    # two clouds, apart, of 300 points in all
    rng = np.random.default_rng(seed)
    X = np.concatenate([rng.normal(size=(200, 3)), 40 + rng.normal(size=(100, 3))])
    graph = knn_graph(X, n_neighbors=6)
    y = np.full(300, -1)
    y[rng.choice(300, size=n_labels, replace=False)] = np.arange(n_labels) % 2
    p = np.full((300, 2), 0.5)
    found = UncertainInfluence()._evidence(LabelledGraph(graph, y, p))
    dense = evidence_of_walks(graph.affinity.toarray().astype(np.float64), y >= 0)
    off = found - dense
    assert np.sqrt(np.mean(off**2)) < 3e-3 + 1e-5 * dense.max()
    np.testing.assert_allclose(found, dense, atol=3e-2, rtol=1e-3)


@given(seed=SEEDS, n=st.integers(8, 12))
@settings(max_examples=30)
def test_the_recommended_rule_is_its_formula(seed, n):
    W, y, state = random_state(seed, n)
    chosen = UncertainInfluence(alpha=0.9).query(state, 2)
    d = W.sum(axis=1)
    A = np.diag(d) - W + np.diag(d) / 9
    # a series, compared with the dense walks by itself
    evidence = UncertainInfluence()._evidence(state)
    np.testing.assert_allclose(evidence, evidence_of_walks(W, y >= 0), atol=5e-3)
    new = 1 / (1 + evidence)
    ranked = np.sort(state.label_distributions_, axis=1)
    u = new + (1 - new) * (1 - (ranked[:, -1] - ranked[:, -2]))
    u[y >= 0] = 0
    known = np.flatnonzero(y >= 0).tolist()
    for node in chosen:
        free = np.setdiff1d(np.arange(n), known)
        C = np.linalg.inv(A[np.ix_(free, free)])
        gains = u[free] * (C @ u[free]) / np.sqrt(C.diagonal())
        assert gains[free == node][0] == pytest.approx(gains.max(), rel=1e-6)
        known.append(int(node))


def test_the_recommended_rule_asks_where_a_class_may_be_unseen():
    # three clusters in a row, labels in the first two: the third follows the second, quite sure
    W = np.kron(np.eye(3), np.ones((8, 8)))
    W[[7, 15], [8, 16]] = W[[8, 16], [7, 15]] = 0.01
    y = np.full(24, -1)
    y[[0, 1, 9, 10]] = [0, 0, 1, 1]
    p = np.repeat([[1.0, 0.0], [0.05, 0.95], [0.05, 0.95]], 8, axis=0)
    p[7] = p[8] = 0.5
    state = LabelledGraph(Graph.from_affinity(W), y, p)
    assert UncertainInfluence().query(state)[0] >= 16


def test_the_evidence_of_the_recommended_rule_follows_the_labels():
    _, y, state = random_state(5, 30)
    rule, fresh = UncertainInfluence(), UncertainInfluence()
    rule.query(state)
    before = rule.scores_
    y[np.flatnonzero(y < 0)[:2]] = [0, 1]
    more = LabelledGraph(state.graph_, y, state.label_distributions_)
    rule.query(more)
    fresh.query(more)
    np.testing.assert_allclose(rule.scores_, fresh.scores_, rtol=1e-9)
    rule.query(state)  # as after an answer that was taken back
    np.testing.assert_allclose(rule.scores_, before, rtol=1e-9)


def test_the_recommended_rule_is_pickled_without_what_it_can_work_out_again():
    _, _, state = random_state(6, 12)
    rule = UncertainInfluence()
    rule.query(state)
    assert not {"_state", "_walk"} & set(pickle.loads(pickle.dumps(rule)).__dict__)


def test_without_any_edge_the_recommended_rule_still_chooses():
    graph = Graph.from_affinity(np.zeros((5, 5)))
    p = np.full((5, 2), 0.5)
    state = LabelledGraph(graph, [0, 1, -1, -1, -1], p)
    assert set(UncertainInfluence().query(state, 3)) == {2, 3, 4}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (DecayingNorm(tau=0.0), "tau"),
        (DecayingNorm(n_clusters=0), "n_clusters"),
        (DirichletVariance(n_clusters=1), "n_clusters"),
        (DirichletVariance(alpha=1.0), "alpha"),
        (DirichletVariance(batch="all"), "batch"),
        (DensityWeighted(uncertainty="variance"), "uncertainty"),
        (DensityWeighted(beta=-1.0), "beta"),
        (ExpectedErrorReduction(n_candidates=0), "n_candidates"),
        (Typicality(max_clusters=0), "max_clusters"),
        (Typicality(min_cluster_size=0), "min_cluster_size"),
        (Typicality(alpha=1.0), "alpha"),
    ],
)
def test_settings_out_of_range_are_refused(rule, message):
    with pytest.raises(InvalidInputError, match=message):
        rule.query(path(5))
