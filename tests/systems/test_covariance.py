"""Covariances of a Gaussian field: columns, samples and sketches against the dense inverse."""

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels.graph import Graph, knn_graph
from fewlabels.systems import ExactCovariance, GaussianField, SketchedCovariance
from fewlabels.systems._label_columns import LabelColumns
from fewlabels.systems._locality import locality


def dense(graph, alpha, observed=(), noise=0.0):
    """The inverse of L + c D, given the observed nodes."""
    W = graph.affinity if graph.is_dense else graph.affinity.toarray()
    W = W.astype(float)
    d = W.sum(axis=1)
    A = np.diag(d) - W + np.diag(np.where(d > 0, (1 - alpha) / alpha * d, 1 / alpha))
    observed = list(observed)
    if noise:
        A[observed, observed] += 1 / noise
        return np.linalg.inv(A)
    free = np.setdiff1d(np.arange(len(W)), observed)
    C = np.zeros_like(A)
    C[np.ix_(free, free)] = np.linalg.inv(A[np.ix_(free, free)])
    return C


def points(n, *, seed=0, layout="csr"):
    X = np.random.default_rng(seed).normal(size=(n, 3))
    graph = knn_graph(X, n_neighbors=6)
    if layout == "dense":
        return Graph.from_affinity(graph.affinity, layout="dense")
    return graph


def nodes(*numbers):
    return np.array(numbers, dtype=np.intp)


def relative(found, exact):
    """Error of each column, relative to its norm."""
    size = np.linalg.norm(exact, axis=0)
    off = np.linalg.norm(found - exact, axis=0)
    return np.divide(off, size, out=off, where=size > 0)


@pytest.mark.parametrize("layout", ["csr", "dense"])
@pytest.mark.parametrize("alpha", [0.1, 0.9, 0.99, 0.999])
@pytest.mark.parametrize(("observed", "noise"), [((), 0.0), ((3, 17), 0.0), ((3, 17), 0.2)])
def test_columns_are_those_of_the_dense_inverse(layout, alpha, observed, noise):
    graph = points(200, layout=layout)
    chosen = nodes(0, 3, 90)
    field = GaussianField(graph, alpha, noise)
    off = field.columns(chosen, nodes(*observed)) - dense(graph, alpha, observed, noise)[:, chosen]
    # most of the column of an observed node is taken away, and the error stays
    size = np.linalg.norm(dense(graph, alpha)[:, chosen], axis=0)
    assert (np.linalg.norm(off, axis=0) < 2e-3 * size).all()


@given(seed=st.integers(0, 2**32 - 1), tol=st.sampled_from([1e-2, 1e-3, 1e-4]))
@settings(max_examples=15)
def test_signed_right_hand_sides_are_solved_to_the_tolerance(seed, tol):
    graph = points(80, seed=1)
    B = np.random.default_rng(seed).normal(size=(80, 3))
    field = GaussianField(graph, 0.95, tol=tol)
    exact = dense(graph, 0.95, [4]) @ B
    assert relative(field.apply(B, nodes(4)), exact).max() < 5 * tol


def test_samples_have_the_covariance():
    graph = points(60)
    S = GaussianField(graph, 0.9, 0.3, tol=1e-5).samples(np.eye(60), nodes(2, 5))
    # from all unit vectors, the mean of X X' is exact
    exact = dense(graph, 0.9, [2, 5], 0.3)
    np.testing.assert_allclose(S @ S.T, exact, rtol=0, atol=5e-5 * exact.max())


def test_an_isolated_node_knows_itself_alone():
    W = np.zeros((4, 4))
    W[0, 1] = W[1, 0] = 2.0
    graph = Graph.from_affinity(W)
    C = GaussianField(graph, 0.8, tol=1e-6).columns(np.arange(4), nodes())
    np.testing.assert_allclose(C, dense(graph, 0.8), rtol=1e-4, atol=1e-6)


def test_a_large_graph_in_its_locality_order_has_the_columns_of_the_sparse_solve():
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    graph = points(6_000)
    W = sparse.csr_array(graph.affinity).astype(float)
    A = sparse.diags_array(graph.degrees / 0.9) - W
    b = np.zeros(6_000)
    b[1234] = 1
    exact = spsolve(sparse.csc_array(A), b)[:, None]
    found = GaussianField(graph, 0.9).columns(nodes(1234), nodes())
    assert relative(found, exact).max() < 5e-3


@pytest.mark.parametrize("noise", [0.0, 0.4])
@pytest.mark.parametrize("alpha", [0.9, 1.0])
def test_exact_downdates_equal_a_new_inversion(alpha, noise):
    graph = points(50)
    grown = ExactCovariance(graph, alpha, noise, labelled=nodes(7))
    for labelled in ([7, 20], [3, 7, 20, 41], list(range(0, 50, 2)), [1]):
        grown.observe(nodes(*labelled))
        fresh = ExactCovariance(graph, alpha, noise, labelled=nodes(*labelled))
        both = [c.columns(np.arange(50)) for c in (grown, fresh)]
        np.testing.assert_allclose(*both, rtol=1e-7, atol=1e-9)


def test_the_first_label_of_a_component_leaves_its_variances_with_all_their_digits():
    W = np.zeros((5, 5))
    W[[0, 1, 2, 3], [1, 0, 3, 2]] = 1
    W[[3, 4], [4, 3]] = 1
    grown = ExactCovariance(Graph.from_affinity(W), labelled=nodes(0))
    grown.observe(nodes(0, 2))  # harmonic functions: before, the path 2-3-4 had no label
    # L of the path with node 2 taken out is [[2, -1], [-1, 1]], and its inverse [[1, 1], [1, 2]]
    np.testing.assert_allclose(grown.columns(nodes(3, 4))[[3, 4]], [[1, 1], [1, 2]], rtol=1e-8)


def test_looking_ahead_leaves_the_covariance_alone():
    graph = points(50)
    for covariance in (ExactCovariance(graph, 0.9), SketchedCovariance(graph, 0.9)):
        before = covariance.lookahead()
        ahead = covariance.lookahead()
        ahead.condition_on(4)
        after = covariance.lookahead()
        for name in ("variances", "row_sums", "squared_norms"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
            assert (getattr(ahead, name) != getattr(before, name)).any()


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_looking_ahead_is_what_labels_will_make(noise):
    graph = points(50)
    for covariance in (
        ExactCovariance(graph, 0.9, noise),
        SketchedCovariance(graph, 0.9, noise, n_columns=400, tol=1e-3),
    ):
        ahead = covariance.lookahead()
        for node in (4, 30):
            ahead.condition_on(node)
        supposed = {name: getattr(ahead, name).copy() for name in ("variances", "squared_norms")}
        covariance.observe(nodes(4, 30))
        exact = dense(graph, 0.9, [4, 30], noise)
        sums = exact.sum(axis=0)
        np.testing.assert_allclose(ahead.row_sums, sums, rtol=0, atol=1e-3 * sums.max())
        np.testing.assert_allclose(supposed["variances"], exact.diagonal(), rtol=0.45, atol=0.005)
        np.testing.assert_allclose(
            supposed["squared_norms"], (exact**2).sum(axis=0), rtol=0.45, atol=0.005
        )


def test_the_sums_may_be_weighted():
    graph = points(50)
    weights = np.random.default_rng(0).random(50)
    exact = dense(graph, 0.9, [8, 9]) @ weights
    for covariance in (ExactCovariance(graph, 0.9), SketchedCovariance(graph, 0.9, tol=1e-3)):
        covariance.observe(nodes(8))
        ahead = covariance.lookahead(weights)
        ahead.condition_on(9)
        np.testing.assert_allclose(ahead.row_sums, exact, rtol=0, atol=0.005)


def test_columns_looked_at_ahead_serve_when_the_labels_come(monkeypatch):
    graph = points(60)
    covariance = SketchedCovariance(graph, 0.9)
    ahead = covariance.lookahead()
    for node in (5, 6, 50):
        ahead.condition_on(node)
    monkeypatch.setattr(GaussianField, "columns", None)  # no further solve
    covariance.observe(nodes(5, 6, 50))
    assert covariance.labelled.tolist() == [5, 6, 50]


@pytest.mark.parametrize("n_columns", [32, 128])
def test_sketches_err_as_johnson_and_lindenstrauss_say(n_columns):
    graph = points(400)
    labelled = nodes(3, 77, 200)
    exact = dense(graph, 0.98, labelled)
    sketch = SketchedCovariance(graph, 0.98, labelled=labelled, n_columns=n_columns).lookahead()
    free = np.setdiff1d(np.arange(400), labelled)
    for found, true in (
        (sketch.variances, exact.diagonal()),
        (sketch.squared_norms, (exact**2).sum(axis=0)),
    ):
        ratio = found[free] / true[free]
        # rows of neighbours err alike, so that the mean is off by some of the deviation
        assert abs(ratio.mean() - 1) < np.sqrt(2 / n_columns)
        assert np.sqrt(np.mean((ratio - 1) ** 2)) < 1.3 * np.sqrt(2 / n_columns)
    np.testing.assert_allclose(sketch.row_sums[free], exact.sum(axis=0)[free], rtol=0.02, atol=0.02)


def test_what_a_sketch_would_ask_gains_most_of_what_the_exact_rule_would():
    graph = points(900)
    exact = ExactCovariance(graph, 0.98).lookahead()
    sketch = SketchedCovariance(graph, 0.98).lookahead()
    shares, taken = [], []
    for _ in range(6):
        gains, guessed = (
            np.where(
                np.isin(np.arange(900), taken), -1, c.row_sums**2 / np.maximum(c.variances, 1e-9)
            )
            for c in (exact, sketch)
        )
        best = int(guessed.argmax())
        shares.append(gains[best] / gains.max())
        taken.append(best)
        for c in (exact, sketch):
            c.condition_on(best)
    assert min(shares) > 0.5
    assert np.mean(shares) > 0.75


def test_the_same_sketch_comes_out_on_any_number_of_threads(monkeypatch):
    import fewlabels.systems._field as field

    graph = points(5_500)
    many = SketchedCovariance(graph, 0.9, n_columns=32)
    monkeypatch.setattr(field, "run_all", lambda task, n: [task(i) for i in range(n)])
    one = SketchedCovariance(graph, 0.9, n_columns=32)
    for a, b in zip(many.sketches, one.sketches, strict=True):
        np.testing.assert_array_equal(a, b)


def test_duplicates_may_both_have_a_label():
    X = np.repeat(np.random.default_rng(0).normal(size=(20, 2)), 2, axis=0)
    graph = knn_graph(X, n_neighbors=4)
    covariance = SketchedCovariance(graph, 0.99)
    covariance.observe(np.arange(0, 40, 5))
    covariance.observe(np.arange(40))
    assert np.abs(covariance.row_sums).max() < 0.05


def spreading_responses(graph, alpha):
    """(1 - alpha) (I - alpha S)^-1, S = D^-1/2 W D^-1/2."""
    W = graph.affinity.toarray().astype(float)
    d = W.sum(axis=1)
    root = np.where(d > 0, np.sqrt(d), np.inf)
    return (1 - alpha) * np.linalg.inv(np.eye(len(W)) - alpha * W / root[:, None] / root)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_columns_looked_at_ahead_are_what_labels_do_to_the_scores(noise):
    W = np.zeros((61, 61))
    W[:60, :60] = points(60).affinity.toarray()  # and an isolated node
    graph = Graph.from_affinity(W)
    covariance = SketchedCovariance(graph, 0.95, noise, labelled=nodes(2, 9, 33), tol=1e-5)
    ahead = covariance.lookahead()
    for node in (5, 60, 41):
        ahead.condition_on(node)
    chosen = nodes(60, 7, 41, 5)
    exact = spreading_responses(graph, 0.95)[:, chosen]
    np.testing.assert_allclose(covariance.responses(chosen), exact, rtol=0, atol=2e-5)


def test_many_responses_are_offered_only_where_half_of_them_are_known():
    covariance = SketchedCovariance(points(60), 0.9)
    assert covariance.responses(np.arange(9)) is None
    for node in range(9):
        covariance.lookahead().condition_on(node)
    assert covariance.responses(np.arange(19)) is None
    assert covariance.responses(np.arange(18)).shape == (60, 18)
    assert covariance.responses(np.arange(19)) is not None  # those that were missing are kept
    assert covariance.responses(np.arange(40, 48)).shape == (60, 8)  # few are welcome


def test_labels_that_come_one_by_one_need_no_further_solve(monkeypatch):
    covariance = SketchedCovariance(points(60), 0.9)
    ahead = covariance.lookahead()
    for node in (50, 6, 5):
        ahead.condition_on(node)
    monkeypatch.setattr(GaussianField, "columns", None)
    covariance.observe(nodes(6))
    assert covariance.responses(nodes(50)).shape == (60, 1)
    covariance.observe(nodes(6, 50))
    covariance.observe(nodes(5, 6, 50))
    assert covariance.labelled.tolist() == [5, 6, 50]


@given(order=st.permutations([3, 8, 21, 30, 44, 59]), cut=st.integers(0, 6))
@settings(max_examples=10)
def test_the_order_of_labels_makes_no_difference_beyond_rounding(order, cut):
    graph = points(60)
    at_once = SketchedCovariance(graph, 0.99, labelled=np.sort(nodes(*order)), n_columns=16)
    grown = SketchedCovariance(graph, 0.99, n_columns=16)
    before = grown.lookahead()
    for so_far in (order[:cut], *(order[: i + 1] for i in range(cut, 6)), order):
        ahead = grown.lookahead()
        ahead.condition_on(order[-1])  # of which the order of solves may not depend either
        grown.observe(np.sort(nodes(*so_far)))
    one, other = at_once.lookahead(), grown.lookahead()
    for name in ("variances", "row_sums", "squared_norms"):
        expected = getattr(one, name)
        # far below the 1e-2 that columns are solved to
        atol = 1e-5 * getattr(before, name).max()
        np.testing.assert_allclose(getattr(other, name), expected, rtol=1e-3, atol=atol)


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_where_columns_may_not_be_kept_the_answers_are_the_same(noise, monkeypatch):
    import fewlabels.systems._covariance_sketch as sketch

    graph = points(60)
    monkeypatch.setattr(sketch, "_MOST_KEPT_BYTES", 4 * 60 * (3 + 64))
    covariance = SketchedCovariance(graph, 0.9, noise, tol=1e-4)
    covariance.observe(nodes(3, 8, 9))
    covariance.lookahead().condition_on(20)
    assert covariance.responses(nodes(20)) is not None
    covariance.observe(nodes(3, 8, 9, 30))
    covariance.lookahead().condition_on(20)
    assert covariance.responses(nodes(20)) is None
    covariance.observe(nodes(3, 8, 9, 20, 30, 40))
    exact = dense(graph, 0.9, [3, 8, 9, 20, 30, 40], noise)
    ahead = covariance.lookahead()
    np.testing.assert_allclose(
        ahead.row_sums, exact.sum(axis=0), rtol=0, atol=2e-3 * exact.sum(axis=0).max()
    )
    found = covariance.columns(nodes(1, 50))
    assert relative(found, exact[:, [1, 50]]).max() < 2e-3


@pytest.mark.parametrize("n_solved", [1, 2, 3, 4])
def test_columns_are_the_same_alone_and_together(n_solved):
    field = GaussianField(points(300), 0.97)
    together = field.columns(nodes(0, 5, 9, 100, 200), nodes(7))
    few = field.columns(nodes(0, 5, 9, 100, 200)[:n_solved], nodes(7))
    np.testing.assert_allclose(few, together[:, :n_solved], rtol=1e-4, atol=1e-7)


def test_rough_columns_choose_about_what_exact_ones_would():
    graph = points(2_000)
    rough, fine = SketchedCovariance(graph, 0.99), SketchedCovariance(graph, 0.99, tol=1e-5)
    labelled, shares = [], []
    for _ in range(6):
        looks = [covariance.lookahead() for covariance in (rough, fine)]
        for _ in range(4):
            open_ = np.setdiff1d(np.arange(2_000), labelled)
            guessed, gains = (
                np.abs(c.row_sums[open_]) / np.sqrt(c.variances[open_] + 1e-3) for c in looks
            )
            shares.append(gains[guessed.argmax()] / gains.max())
            labelled.append(int(open_[guessed.argmax()]))
            for c in looks:
                c.condition_on(labelled[-1])
        for covariance in (rough, fine):
            covariance.observe(np.sort(nodes(*labelled)))
    assert min(shares) > 0.97
    assert np.mean(shares) > 0.995


def assert_alike(grown, once, chosen):
    """Two sketches are the same but for rounding, in these columns and ahead."""
    np.testing.assert_allclose(
        grown.columns(chosen), once.columns(chosen), atol=1e-5 * once.columns(chosen).max()
    )
    one, other = once.lookahead(), grown.lookahead()
    for name in ("variances", "row_sums", "squared_norms"):
        expected = getattr(one, name)
        np.testing.assert_allclose(getattr(other, name), expected, atol=1e-5 * expected.max())


@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_labels_that_go_again_leave_no_trace(noise, monkeypatch):
    graph = points(60)
    grown = SketchedCovariance(graph, 0.97, noise, n_columns=16)
    monkeypatch.setattr(SketchedCovariance, "_prepare", None)  # which is never done again
    for labelled in ([3, 9], [3, 9, 40], [3, 9, 20, 40, 50], [3, 20, 40, 50], [7, 20], [20, 59]):
        grown.observe(nodes(*labelled))
        assert grown.labelled.tolist() == labelled
    monkeypatch.undo()
    once = SketchedCovariance(graph, 0.97, noise, labelled=nodes(20, 59), n_columns=16)
    chosen = nodes(1, 20, 33)
    assert_alike(grown, once, chosen)


def test_where_columns_may_not_be_kept_lost_labels_are_forgotten(monkeypatch):
    import fewlabels.systems._covariance_sketch as sketch

    graph = points(60)
    monkeypatch.setattr(sketch, "_MOST_KEPT_BYTES", 4 * 60 * (2 + 64))
    with mock.patch.object(LabelColumns, "append", None):  # not even for once
        grown = SketchedCovariance(graph, 0.97, labelled=nodes(3, 9, 40, 41), n_columns=16)
    grown.observe(nodes(9, 41))
    once = SketchedCovariance(graph, 0.97, labelled=nodes(9, 41), n_columns=16)
    np.testing.assert_array_equal(grown.row_sums, once.row_sums)


def test_a_hundred_labels_may_come_one_by_one_and_go_again():
    graph = points(300)
    order = np.random.default_rng(3).permutation(300)[:100]
    grown = SketchedCovariance(graph, 0.97, n_columns=16, tol=1e-4)
    for i in range(100):
        grown.observe(np.sort(order[: i + 1]))
    exact = dense(graph, 0.97, order)
    others = np.setdiff1d(np.arange(300), order)[::20]
    assert relative(grown.columns(others), exact[:, others]).max() < 2e-3
    grown.observe(np.sort(np.delete(order, 40)))  # which lies in the middle of the columns
    grown.observe(np.sort(order[:33]))
    exact = dense(graph, 0.97, order[:33])
    assert relative(grown.columns(others), exact[:, others]).max() < 2e-3
    np.testing.assert_allclose(
        grown.row_sums, exact.sum(axis=0), atol=2e-3 * exact.sum(axis=0).max()
    )


@given(lost=st.sets(st.integers(0, 39), min_size=1), noise=st.sampled_from([0.0, 0.4]))
@settings(max_examples=20, deadline=None)
def test_labels_anywhere_among_the_others_are_taken_back_without_a_solve(lost, noise):
    graph = points(120)
    order = np.random.default_rng(1).permutation(120)[:40]
    grown = SketchedCovariance(graph, 0.97, noise, labelled=np.sort(order[:4]), n_columns=16)
    for count in (5, 40):  # one column, then some that are in two arrays
        grown.observe(np.sort(order[:count]))
    rest = np.sort(np.delete(order, sorted(lost)))
    with mock.patch.object(GaussianField, "columns", None):
        grown.observe(rest)
    assert grown.labelled.tolist() == rest.tolist()
    once = SketchedCovariance(graph, 0.97, noise, labelled=rest, n_columns=16)
    chosen = np.setdiff1d(np.arange(120), order)[::7]
    assert_alike(grown, once, chosen)


def test_the_memory_that_is_asked_for_is_enough_for_labels_and_columns_ahead(monkeypatch):
    import fewlabels.systems._covariance_sketch as sketch

    graph = points(3_000)
    graph.degrees, locality(graph)  # which belong to the graph
    asked = []
    monkeypatch.setattr(sketch, "require_memory", lambda n_bytes, *_: asked.append(n_bytes))
    tracemalloc.start()
    try:
        covariance = SketchedCovariance(graph, 0.9, labelled=np.arange(300), n_columns=8)
        for node in range(600, 670):
            covariance.column_ahead(node)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held > 4 * 3_000 * (300 + 64)  # both are kept
    assert peak <= asked[0]
