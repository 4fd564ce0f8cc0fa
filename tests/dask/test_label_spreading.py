"""Label spreading on a cluster: the answers of one machine, on any number of workers."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from fewlabels import Graph
from fewlabels import LabelSpreading as InMemory
from fewlabels.dask import LabelSpreading, _seat, regions_of
from fewlabels.exceptions import InvalidInputError, InvalidTypeError, UnreachedWarning
from fewlabels.queries import entropy, most_uncertain
from tests.gallery import path_graph

ALPHA = 0.95


@pytest.fixture(scope="module")
def graph(blobs, tmp_path_factory):
    return regions_of(blobs[0], tmp_path_factory.mktemp("graph") / "graph", n_regions=5)


@pytest.fixture(scope="module")
def in_memory(blobs):
    return InMemory(alpha=ALPHA, max_iter=1000, solver="chebyshev").fit(blobs[0], blobs[2])


@pytest.fixture(scope="module")
def fitted(graph, blobs, clusters):
    return LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(2))


def textbook(graph, y, alpha):
    """F = (1 - alpha) (I - alpha S)^-1 Y by a dense solve; rows of F over their sums."""
    weights = graph.affinity.toarray().astype(float)
    roots = np.sqrt(weights.sum(axis=1))
    S = weights / roots[:, None] / roots
    Y = np.eye(y.max() + 2)[y][:, :-1]
    F = (1 - alpha) * np.linalg.solve(np.eye(len(y)) - alpha * S, Y)
    return F / F.sum(axis=1, keepdims=True), F.sum(axis=1)


def test_it_is_the_textbooks_answer(blobs, graph, clusters):
    model = LabelSpreading(ALPHA, tol=1e-9).fit(graph, blobs[2], client=clusters(2))
    distributions, totals = textbook(blobs[0], blobs[2], ALPHA)
    assert np.allclose(model.label_distributions_.compute(), distributions, atol=1e-7)
    assert np.allclose(model.evidence_.compute(), totals, rtol=1e-7)


def test_steps_and_answers_are_those_in_memory(fitted, in_memory):
    assert fitted.n_iter_ == in_memory.n_iter_
    assert np.array_equal(fitted.transduction_.compute(), in_memory.transduction_)
    there = fitted.label_distributions_.compute()
    assert there.dtype == in_memory.label_distributions_.dtype
    assert np.abs(there - in_memory.label_distributions_).sum() < 1e-6
    assert np.allclose(fitted.evidence_.compute(), in_memory.evidence_, rtol=1e-12)
    assert fitted.reached_.compute().all()
    assert np.array_equal(fitted.classes_, in_memory.classes_)


@pytest.mark.parametrize("n_workers", [1, 3])
def test_bits_are_the_same_on_any_number_of_workers(fitted, graph, blobs, clusters, n_workers):
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(n_workers))
    assert len(model.figures_["n_own"]) == n_workers
    assert_same_bits(model, fitted)
    rows, labels = [5, 1200], [2, 2]
    here = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(2)).add_labels(rows, labels)
    assert_same_bits(model.add_labels(rows, labels), here)


@pytest.mark.long
def test_bits_are_the_same_however_the_graph_is_cut(fitted, blobs, clusters, tmp_path):
    graph = regions_of(blobs[0], tmp_path / "graph", n_regions=2)
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(3))
    assert_same_bits(model, fitted)


def test_bits_are_the_same_where_entries_are_read_from_the_disk(
    fitted, graph, blobs, clusters, monkeypatch, tmp_path
):
    monkeypatch.setattr(_seat, "_spill_folder", lambda *about: tmp_path)
    clusters(3).run(_seat.release)
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(3))
    assert len(list(tmp_path.rglob("*.npy"))) == 2 * graph.n_regions
    assert_same_bits(model, fitted)
    model.close()
    assert not list(tmp_path.iterdir())


def assert_same_bits(one, other):
    assert one.n_iter_ == other.n_iter_
    for name in ("label_distributions_", "evidence_"):
        found, expected = getattr(one, name).compute(), getattr(other, name).compute()
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "change",
    [
        ([5, 1200], [2, 2]),  # one class gains
        ([5], [9]),  # a new one
        ([0, 1], [0, 1]),
    ],
)
@pytest.mark.long
def test_added_labels_give_the_answer_of_a_fit(graph, blobs, clusters, change):
    y = blobs[2].copy()
    y[change[0]] = change[1]
    model = LabelSpreading(ALPHA, tol=1e-6).fit(graph, blobs[2], client=clusters(2))
    model.add_labels(*change)
    again = LabelSpreading(ALPHA, tol=1e-6).fit(graph, y, client=clusters(2))
    assert np.array_equal(model.classes_, again.classes_)
    difference = model.label_distributions_.compute() - again.label_distributions_.compute()
    assert np.abs(difference).sum(axis=1).max() < 1e-5
    assert np.allclose(model.evidence_.compute(), again.evidence_.compute(), rtol=1e-5)


def test_an_added_label_takes_a_fraction_of_the_bytes(graph, blobs, clusters):
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(2))
    whole = sum(model.figures_["bytes"])
    model.add_labels([5], [2])
    assert sum(model.figures_["bytes"]) < 0.3 * whole  # of four classes


@pytest.mark.long
def test_corrected_labels_give_the_answer_of_a_fit(graph, blobs, clusters):
    labelled = np.flatnonzero(blobs[2] >= 0)[:2]
    y = blobs[2].copy()
    y[labelled] = 3 - y[labelled]
    model = LabelSpreading(ALPHA, tol=1e-6).fit(graph, blobs[2], client=clusters(2))
    model.add_labels(labelled, y[labelled])
    again = LabelSpreading(ALPHA, tol=1e-6).fit(graph, y, client=clusters(2))
    difference = model.label_distributions_.compute() - again.label_distributions_.compute()
    assert np.abs(difference).sum(axis=1).max() < 1e-5


def test_labels_may_come_as_rows_alone_or_in_chunks(fitted, graph, blobs, clusters):
    y = blobs[2]
    rows = np.flatnonzero(y >= 0)[::-1]
    names = np.where(y >= 0, y, np.nan)
    for given in ((rows, y[rows]), da.from_array(y, chunks=700), da.from_array(names, chunks=499)):
        model = LabelSpreading(ALPHA).fit(graph, given, client=clusters(2))
        assert_same_bits(model, fitted)
    assert model.label_distributions_.chunks[0] == (499, 499, 499, 3)


def test_names_of_classes_come_back(graph, blobs, clusters):
    y = np.array(["a", "b", "c", "d", None], dtype=object)[blobs[2]]
    model = LabelSpreading(ALPHA).fit(graph, y, client=clusters(2))
    assert set(model.transduction_.compute()) == set("abcd")
    assert model.predict([7, 3]).tolist() == model.transduction_.compute()[[7, 3]].tolist()


def test_the_least_sure_rows_are_those_of_all_rows(fitted, in_memory, blobs):
    open_rows = np.flatnonzero(blobs[2] < 0)
    scores = entropy(in_memory.label_distributions_[open_rows])
    expected = open_rows[most_uncertain(scores, 20)]
    assert np.array_equal(fitted.most_uncertain(20, measure="entropy"), expected)
    assert len(fitted.most_uncertain(5_000)) == len(open_rows)


@pytest.mark.long
def test_the_calibration_is_that_in_memory(graph, blobs, clusters):
    y = blobs[2]
    model = LabelSpreading(ALPHA, tol=1e-7).fit(graph, y, client=clusters(2))
    expected = InMemory(alpha=ALPHA, max_iter=1000, tol=1e-7, solver="chebyshev").fit(blobs[0], y)
    found, wanted = model.loo_calibration_, expected.loo_calibration_
    assert np.isclose(found.reference, wanted.reference, rtol=1e-6)
    assert np.isclose(found.sharpness, wanted.sharpness, rtol=1e-3)
    assert np.isclose(found.caution, wanted.caution, rtol=1e-3)
    probabilities = model.calibrated_proba().compute()
    assert np.allclose(probabilities, expected.calibrated_proba(), atol=1e-3)
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_rows_out_of_reach_are_marked(clusters, tmp_path):
    two = sparse.block_diag([path_graph(np.ones(5)).affinity] * 2, format="csr")
    graph = regions_of(Graph.from_affinity(two), tmp_path / "graph", n_regions=4)
    with pytest.warns(UnreachedWarning, match="1 of the graph's 2 components"):
        model = LabelSpreading(0.9).fit(graph, ([0, 5], [1, 2]), client=clusters(3))
    assert model.reached_.compute().tolist() == [True] * 6 + [False] * 6
    assert model.transduction_.compute()[6:].tolist() == [-1] * 6
    assert np.allclose(model.label_distributions_.compute()[6:], 0.5)
    assert not model.evidence_.compute()[6:].any()


@pytest.mark.parametrize("n_workers", [1, 3])
def test_rows_beyond_float64_are_solved_for_in_levels(clusters, tmp_path, n_workers):
    chain = path_graph(np.ones(499))
    y = np.full(500, -1)
    y[[0, 1]] = [0, 1]
    expected = InMemory(alpha=0.5, max_iter=5_000, tol=1e-4, solver="chebyshev").fit(chain, y)
    graph = regions_of(chain, tmp_path / "graph", n_regions=4)
    model = LabelSpreading(0.5, tol=1e-4, max_iter=5_000)
    model.fit(graph, y, client=clusters(n_workers))
    found = model.label_distributions_.compute()
    assert model._levelled
    assert np.abs(found - expected.label_distributions_).max() < 2e-4
    assert (model.transduction_.compute() >= 0).all()


def test_a_fit_that_was_cut_short_says_so(graph, blobs, clusters):
    with pytest.warns(ConvergenceWarning, match="max_iter=3 was reached"):
        LabelSpreading(ALPHA, max_iter=3).fit(graph, blobs[2], client=clusters(2))


@pytest.mark.long
def test_what_happens_is_told(graph, blobs, clusters, tmp_path, capsys):
    told = []
    model = LabelSpreading(
        ALPHA, checkpoint=tmp_path / "fit", checkpoint_every=10, progress=told.append
    )
    model.fit(graph, blobs[2], client=clusters(2))
    saved = [each["n_iter"] for each in told if each["what"] == "saved"]
    assert saved[:2] == [10, 20]
    model.set_params(progress=True).add_labels([5], [2])
    assert "spreading" in capsys.readouterr().err


def test_folders_of_answers_end_with_the_model(graph, blobs, clusters):
    before = set(graph.path.iterdir())
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(2))
    assert set(graph.path.iterdir()) > before
    gone = model.label_distributions_
    model.close()
    assert set(graph.path.iterdir()) == before
    with pytest.raises(Exception, match="Arrays of a model end with it"):
        gone.compute()


def test_another_fit_leaves_no_answers_of_the_one_before(graph, blobs, clusters, tmp_path):
    model = LabelSpreading(ALPHA, checkpoint=tmp_path / "fit")
    for rows in ([0, 1], [0, 2]):
        model.fit(graph, (rows, [1, 2]), client=clusters(2))
    assert list((tmp_path / "fit").iterdir()) == [model._answers]
    assert model.label_distributions_.compute().shape == (1_500, 2)


def test_what_cannot_be_used_is_refused(graph, blobs, clusters):
    client, y = clusters(2), blobs[2]
    model = LabelSpreading(ALPHA)
    with pytest.raises(NotFittedError):
        model.add_labels([1], [2])
    with pytest.raises(InvalidTypeError, match="must be a RegionGraph, got Graph"):
        model.fit(blobs[0], y, client=client)
    with pytest.raises(InvalidInputError, match="y has 1,499 rows, and the graph has 1,500"):
        model.fit(graph, y[1:], client=client)
    with pytest.raises(InvalidInputError, match="y has 1,499 rows"):
        model.fit(graph, da.from_array(y[1:], chunks=1000), client=client)
    with pytest.raises(InvalidInputError, match="no row is labelled"):
        model.fit(graph, np.full(1_500, -1), client=client)
    with pytest.raises(InvalidInputError, match="rows must be from 0 to 1499; one is 1500"):
        model.fit(graph, ([1_500], [1]), client=client)
    with pytest.raises(InvalidInputError, match="row 4 stands twice"):
        model.fit(graph, ([4, 4], [1, 2]), client=client)
    with pytest.raises(InvalidInputError, match="as many; got 2 rows and 1 labels"):
        model.fit(graph, ([4, 5], [1]), client=client)
    with pytest.raises(InvalidInputError, match="alpha"):
        LabelSpreading(1.5).fit(graph, y, client=client)
    two_markers = da.from_array(np.where(np.arange(1_500) == 7, np.nan, y.astype(float)))
    with pytest.raises(InvalidInputError, match="another marker"):
        model.fit(graph, two_markers, client=client)


def test_labels_that_cannot_be_added_leave_the_model_as_it_was(graph, blobs, clusters):
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(2))
    before = model.evidence_.compute()
    for rows, labels in (([1_500], [1]), ([5], [None]), ([5, 5], [1, 1])):
        with pytest.raises(InvalidInputError):
            model.add_labels(rows, labels)
    assert np.array_equal(model.evidence_.compute(), before)


def test_weights_and_class_priors_are_those_in_memory(graph, blobs, clusters):
    rows = np.flatnonzero(blobs[2] >= 0)
    weights = np.linspace(0, 3, len(blobs[2]))
    weights[rows[0]] = 0  # takes its label back
    in_memory, due = blobs[0], {}
    for prior in (None, "uniform", [0.4, 0.3, 0.2, 0.1]):
        settings = {"alpha": ALPHA, "class_prior": prior}
        due = InMemory(**settings, max_iter=1000, solver="chebyshev")
        due.fit(in_memory, blobs[2], sample_weight=weights)
        model = LabelSpreading(**settings)
        given = da.from_array(weights, chunks=400) if prior is None else weights
        y = da.from_array(blobs[2], chunks=500) if prior is None else blobs[2]
        model.fit(graph, y, given, client=clusters(2))
        there = model.label_distributions_.compute()
        assert np.abs(there - due.label_distributions_).sum() < 1e-5
        assert np.array_equal(model.transduction_.compute(), due.transduction_)
        assert np.array_equal(model.predict_proba(rows[:3]), there[rows[:3]])
        open_rows = np.setdiff1d(np.arange(len(weights)), rows[1:])
        expected = open_rows[most_uncertain(entropy(due.label_distributions_[open_rows]), 3)]
        assert np.array_equal(model.most_uncertain(3, measure="entropy"), expected)
    for change in (([rows[1]], [2], [0.5]), ([rows[2], 7], [3, 3], [0, 2.0])):
        model.add_labels(*change)
        due.add_labels(*change)
        there = model.label_distributions_.compute()
        assert np.abs(there - due.label_distributions_).max() < 2e-3


def test_added_weights_of_zero_take_labels_back_in_chunks_too(graph, blobs, clusters):
    rows = np.flatnonzero(blobs[2] >= 0)
    model = LabelSpreading(ALPHA).fit(graph, blobs[2], client=clusters(2))
    model.add_labels(rows[:2], blobs[2][rows[:2]], da.zeros(2))
    assert np.array_equal(model._labels.rows, rows[2:])
    with pytest.raises(InvalidInputError, match="every sample_weight"):
        model.add_labels(rows, blobs[2][rows], da.zeros(len(rows)))


def test_weights_and_rows_that_can_not_be_used_are_refused(graph, blobs, fitted, clusters):
    y = blobs[2]
    for weights, said in (
        (np.ones(3), "one entry per point"),
        (da.ones(3), "one entry a row"),
        (np.where(y >= 0, -1.0, 1), "at least 0"),
        (np.zeros(len(y)), "every sample_weight"),
    ):
        with pytest.raises(InvalidInputError, match=said):
            LabelSpreading().fit(graph, y, weights, client=clusters(2))
    with pytest.raises(InvalidInputError, match="class_prior must hold a share for each"):
        LabelSpreading(class_prior=[0.5, 0.5]).fit(graph, y, client=clusters(2))
    for answer in (fitted.predict, fitted.predict_proba):
        with pytest.raises(InvalidInputError, match="no answers to rows that are not in the graph"):
            answer([[0.0] * 6])
