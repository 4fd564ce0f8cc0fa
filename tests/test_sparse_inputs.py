"""Sparse matrices as they come in: repeated entries are summed, damaged ones refused everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from fewlabels import (
    CorrectAndSmooth,
    FewLabelsClassifier,
    Graph,
    HarmonicRegressor,
    LabelSpreading,
    Session,
    knn_graph,
    rbf_graph,
    simulate,
)
from fewlabels._arrays import sound_csr
from fewlabels.exceptions import FewLabelsError, InvalidInputError, InvalidTypeError
from fewlabels.graph import find_neighbors, shared_neighbor_graph

FORMS = [f"{form}_{kind}" for form in ("csr", "csc", "coo") for kind in ("array", "matrix")]


def words(n_rows: int = 60, seed: int = 0) -> tuple[Any, Any]:
    """Bags of words as SciPy's recipe makes them: one entry a word that was read, each a 1."""
    rng = np.random.default_rng(seed)
    indptr, indices = [0], []
    for row in range(n_rows):
        about = 10 * (row % 2)
        indices += rng.choice([*range(about, about + 10), *range(20, 26)], size=40).tolist()
        indptr.append(len(indices))
    X = sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(n_rows, 26))
    return X, np.arange(n_rows) % 2


X, TRUTH = words()
SUMS = sparse.csr_array(X.toarray())
Y = np.where(np.arange(60) < 6, TRUTH, -1)
NUMBERS = np.where(Y < 0, np.nan, Y)


def split_entries(matrix: Any, form: str) -> Any:
    """Return the same matrix with each entry in two parts, a row's entries in no order."""
    whole = sparse.coo_array(matrix)
    rows, columns = (np.concatenate([places, places]) for places in whole.coords)
    values = np.concatenate([whole.data / 4, whole.data * 3 / 4])
    order = np.lexsort((np.random.default_rng(0).permutation(len(rows)), rows))
    rows, columns, values = rows[order], columns[order], values[order]
    if form.startswith("coo"):
        return getattr(sparse, form)((values, (rows, columns)), shape=whole.shape)
    across, along = (rows, columns) if form.startswith("csr") else (columns, rows)
    order = np.argsort(across, kind="stable")
    n_ends = whole.shape[0 if form.startswith("csr") else 1]
    ends = np.concatenate([[0], np.cumsum(np.bincount(across, minlength=n_ends))])
    return getattr(sparse, form)((values[order], along[order], ends), shape=whole.shape)


FEATURES: dict[str, Callable[[Any], Any]] = {
    "knn_graph": lambda Z: knn_graph(Z, 5).affinity.toarray(),
    "approximate": lambda Z: find_neighbors(Z, 5, exact=False).distances,
    "cosine": lambda Z: knn_graph(Z, 5, metric="cosine").affinity.toarray(),
    "inner_product": lambda Z: knn_graph(Z, 5, metric="inner_product").affinity.toarray(),
    "find_neighbors": lambda Z: find_neighbors(Z, 5).distances,
    "rbf_graph": lambda Z: rbf_graph(Z, 0.01).affinity,
    "shared_neighbor_graph": lambda Z: shared_neighbor_graph(Z).affinity.toarray(),
    "fit": lambda Z: LabelSpreading("self-tuning").fit(Z, Y).label_distributions_,
    "rbf": lambda Z: LabelSpreading("rbf", gamma=0.01).fit(Z, Y).predict_proba(Z[:9]),
    "recommended": lambda Z: FewLabelsClassifier().fit(Z, Y).label_distributions_,
    "regressor": lambda Z: HarmonicRegressor("knn").fit(Z, NUMBERS).transduction_,
    "correct": lambda Z: (
        CorrectAndSmooth(LogisticRegression(), kernel="knn").fit(Z, Y).predict_proba(Z[:9])
    ),
    "session": lambda Z: Session(Z).ask(3),
    "simulate": lambda Z: simulate(Z, TRUTH, query="margin", budget=8, random_state=0).accuracy[
        "margin"
    ],
}


@pytest.mark.parametrize("name", FEATURES)
def test_repeated_entries_of_sparse_features_count_as_their_sums(name) -> None:
    given = X.copy()
    assert not given.has_canonical_format
    parts = (given.data.copy(), given.indices.copy(), given.indptr.copy())
    np.testing.assert_allclose(FEATURES[name](given), FEATURES[name](SUMS), rtol=1e-12)
    for before, now in zip(parts, (given.data, given.indices, given.indptr), strict=True):
        np.testing.assert_array_equal(now, before)
        assert now.flags.writeable


def test_bags_of_words_are_told_apart() -> None:
    model = LabelSpreading("self-tuning", alpha=0.9, max_iter=1000).fit(X, Y)
    assert np.mean(model.transduction_ == TRUTH) == 1


@pytest.mark.parametrize("form", FORMS)
def test_new_points_with_repeated_entries_are_placed_by_their_sums(form) -> None:
    model = FewLabelsClassifier().fit(SUMS, Y)
    given = split_entries(SUMS[:9], form)
    np.testing.assert_allclose(model.predict_proba(given), model.predict_proba(SUMS[:9]), rtol=1e-9)
    assert model.doubt(given).tolist() == model.doubt(SUMS[:9]).tolist()
    np.testing.assert_array_equal(model.predict_set(given), model.predict_set(SUMS[:9]))


@pytest.mark.parametrize("form", FORMS)
def test_repeated_affinities_count_as_their_sums(form) -> None:
    W = rbf_graph(SUMS, 0.01).affinity.astype(np.float64)
    given = split_entries(W, form)
    np.testing.assert_allclose(Graph(given).affinity.toarray(), W, rtol=1e-12)
    for layout in ("csr", "dense"):
        held = Graph.from_affinity(given, dtype=np.float64, layout=layout).affinity
        held = held if layout == "dense" else held.toarray()
        np.testing.assert_allclose(held, W, rtol=1e-12)
    model = LabelSpreading("precomputed").fit(given, Y)
    np.testing.assert_allclose(
        model.label_distributions_,
        LabelSpreading("precomputed").fit(W, Y).label_distributions_,
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        model.predict_proba(split_entries(W[:9], form)), model.predict_proba(W[:9]), rtol=1e-9
    )


def test_sums_of_small_integers_do_not_wrap_around() -> None:
    counts = np.full(3, 100, dtype=np.uint8)
    given = sparse.coo_array((counts, ([0, 0, 0], [1, 1, 1])), shape=(2, 2))
    assert sound_csr(given).toarray().tolist() == [[0, 300], [0, 0]]


def test_a_matrix_in_order_is_taken_without_a_copy() -> None:
    taken = sound_csr(SUMS)
    assert np.shares_memory(taken.data, SUMS.data)
    assert np.shares_memory(taken.indices, SUMS.indices)


def test_what_a_matrix_believes_of_its_order_is_not_believed() -> None:
    given = SUMS.copy()
    assert given.has_canonical_format  # and remembers it
    given.indices[1] = given.indices[0]
    held = sound_csr(given)
    np.testing.assert_array_equal(held.toarray(), given.toarray())
    assert held.nnz == given.nnz - 1


N = 24
POINTS = np.random.default_rng(0).normal(size=(N, 6)) * (np.arange(N * 6).reshape(N, 6) % 5 > 1)
POINTS[12:, :2] += 5
LABELS = np.where(np.isin(np.arange(N), [0, 1, 12, 13]), np.arange(N) // 12, -1)
AFFINITY = np.where(np.add.outer(np.arange(N), np.arange(N)) % 3 == 0, 1.0, 0.0)
np.fill_diagonal(AFFINITY, 0)


def damaged(matrix: Any, form: str, rng: np.random.Generator) -> Any:
    """Return a sparse matrix that no computation survives, or none should."""
    bad = getattr(sparse, form)(matrix)
    kind, n = int(rng.integers(6)), len(matrix)
    wrong = int(rng.choice([-1, -7, n, 10**6, 2**31 - 1, -(2**31)]))
    if bad.format in ("csr", "csc", "bsr"):
        _ = bad.data if bad.format == "bsr" else bad.has_canonical_format
        if kind < 2:
            bad.indices[rng.integers(len(bad.indices))] = wrong
        elif kind == 2:
            bad.indptr[rng.integers(1, len(bad.indptr))] = rng.choice([-1, 10**8, 2**31 - 1])
        elif kind == 3:
            bad.indices = bad.indices[:-1]
        elif kind == 4:
            bad.indptr[-1] = 0  # SciPy looks at no other pointer then
        else:
            bad.indptr = bad.indptr[:-1]
    elif bad.format == "coo":
        if kind < 4:
            bad.coords[kind % 2][rng.integers(bad.nnz)] = wrong
        else:
            bad.data = bad.data[:-1]
    elif bad.format == "lil":
        if kind < 4:
            bad.rows[3][0] = wrong
        else:
            bad.data[3] = bad.data[3][:-1]
    else:
        bad._dict[(3, wrong)] = 1.0
    return bad


@pytest.mark.parametrize("form", ["csr", "csc", "bsr", "coo", "lil", "dok"])
def test_damaged_sparse_matrices_are_refused_wherever_they_come_in(form, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    points = sparse.csr_array(POINTS)
    tuned = LabelSpreading("self-tuning", n_neighbors=4).fit(POINTS, LABELS)
    rbf = LabelSpreading("rbf", gamma=0.1).fit(points, LABELS)
    recommended = FewLabelsClassifier().fit(POINTS, LABELS)
    regressor = HarmonicRegressor("rbf", gamma=0.1).fit(
        POINTS, np.where(LABELS < 0, np.nan, LABELS)
    )
    given = LabelSpreading("precomputed").fit(AFFINITY, LABELS)
    Session(POINTS).save(tmp_path / "session.json")
    of_features: list[Callable[[Any], object]] = [
        *(find_neighbors, knn_graph, rbf_graph, shared_neighbor_graph, Session),
        lambda Z: find_neighbors(Z, 3),
        lambda Z: simulate(Z, np.arange(N) // 12, query="random", budget=6),
        lambda Z: LabelSpreading("self-tuning").fit(Z, LABELS),
        lambda Z: CorrectAndSmooth(LogisticRegression(), kernel="knn").fit(Z, LABELS),
        *(tuned.predict, rbf.predict_proba, rbf.transform, recommended.doubt),
        *(recommended.predict_set, recommended.predict_or_abstain, recommended.calibrated_proba),
        lambda Z: regressor.predict(Z, return_std=True),
        lambda Z: Session.load(tmp_path / "session.json", Z),
    ]
    of_affinities: list[Callable[[Any], object]] = [
        *(Graph, Graph.from_affinity, given.predict),
        lambda W: LabelSpreading("precomputed").fit(W, LABELS),
        lambda W: LabelSpreading(lambda A, B: W).fit(POINTS, LABELS),
    ]
    del of_features[0]  # takes a number of neighbours
    for matrix, entrances in ((POINTS, of_features), (AFFINITY, of_affinities)):
        for enter in entrances:
            for kind in ("array", "matrix", "array"):
                bad = damaged(matrix, f"{form}_{kind}", rng)
                with pytest.raises(FewLabelsError, match="is a damaged sparse matrix in "):
                    enter(bad)


def test_a_damaged_matrix_is_named_with_what_is_wrong_and_what_to_do() -> None:
    bad = SUMS.copy()
    bad.indices[5] = -7
    with pytest.raises(
        InvalidInputError,
        match=r"X is a damaged sparse matrix in csr format, of shape \(60, 26\): .*indices must be "
        r">= 0.*Build it again from its entries: scipy.sparse.coo_array",
    ):
        knn_graph(bad)


def test_sparse_matrices_of_objects_and_of_one_dimension_are_told_what_to_do() -> None:
    objects = SUMS.copy()
    objects.data = objects.data.astype(object)
    for enter in (knn_graph, lambda Z: LabelSpreading().fit(Z, Y)):
        with pytest.raises(InvalidTypeError, match=r"dtype object.*Pass X\.astype\(float\)"):
            enter(objects)
    np.testing.assert_array_equal(
        knn_graph(objects.astype(float)).affinity.toarray(), knn_graph(SUMS).affinity.toarray()
    )
    square = sparse.csr_array(AFFINITY)
    square.data = square.data.astype(object)
    with pytest.raises(InvalidTypeError, match=r"Pass matrix\.astype\(float\)"):
        Graph.from_affinity(square)
    with pytest.raises(InvalidInputError, match=r"shape \(26,\).*X\.reshape\(1, -1\)"):
        LabelSpreading("self-tuning").fit(SUMS, Y).predict(SUMS[[0]].tocoo().reshape(26))
