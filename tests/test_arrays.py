"""What NumPy would convert without a word, and wrongly, is refused with the call that works."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression

from fewlabels import (
    CorrectAndSmooth,
    FewLabelsClassifier,
    Graph,
    HarmonicRegressor,
    LabelSpreading,
    OrientedGradients,
    Session,
    knn_graph,
    normalize_class_mass,
    rbf_graph,
    simulate,
    write_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import find_neighbors, shared_neighbor_graph
from fewlabels.insight import log_loss_of
from fewlabels.queries import entropy

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(12, 2)), RNG.normal(5, 1, size=(12, 2))])
TRUTH = np.arange(24) // 12
Y = np.where(np.isin(np.arange(24), [0, 1, 12, 13]), TRUTH, -1)
FITTED = FewLabelsClassifier().fit(X, Y)
WHEN = np.datetime64("2020-01-01", "ms") + np.arange(24).astype("timedelta64[D]")

ENTRANCES: list[Callable[[Any], object]] = [
    *(knn_graph, rbf_graph, shared_neighbor_graph, Session),
    lambda Z: find_neighbors(Z, 3),
    lambda Z: simulate(Z, TRUTH, query="random", budget=6),
    lambda Z: LabelSpreading("self-tuning").fit(Z, Y),
    lambda Z: HarmonicRegressor("rbf").fit(Z, np.where(Y < 0, np.nan, Y)),
    *(FITTED.predict, FITTED.predict_proba, FITTED.doubt, FITTED.predict_set),
]


def refused(Z: Any, words: str, entrances: list[Any] = ENTRANCES) -> None:
    for enter in entrances:
        with pytest.raises(InvalidInputError, match=words):
            enter(Z)


def test_masked_features_are_refused_and_the_remedy_works() -> None:
    masked = np.ma.array(X, mask=X > 6)
    n_rows = int((X > 6).any(axis=1).sum())
    words = rf"masked entries in {n_rows} rows? \(counted from 0: .*SimpleImputer.*\.filled"
    refused(masked, words)
    refused(list(masked), words)
    filled = SimpleImputer().fit_transform(masked.astype(float).filled(np.nan))
    assert FITTED.predict(filled).shape == (24,)


def test_a_mask_that_hides_nothing_is_no_error() -> None:
    open_ = np.ma.array(X, mask=np.zeros(X.shape, dtype=bool))
    np.testing.assert_array_equal(FITTED.predict(open_), FITTED.predict(X))
    np.testing.assert_array_equal(FITTED.predict(np.ma.array(X)), FITTED.predict(X))


def test_masked_pictures_and_features_of_an_estimator_are_refused() -> None:
    pictures = np.ma.array(RNG.random((24, 64)), mask=RNG.random((24, 64)) > 0.9)
    with pytest.raises(InvalidInputError, match="X is a masked array"):
        OrientedGradients().fit(pictures)
    with pytest.raises(InvalidInputError, match="X is a masked array"):
        CorrectAndSmooth(LogisticRegression()).fit(
            np.ma.array(X, mask=X > 5), Y, graph=knn_graph(X)
        )


@pytest.mark.parametrize("make", [LabelSpreading, HarmonicRegressor])
def test_masked_weights_are_refused_and_the_remedy_works(make) -> None:
    weights = np.ma.array(np.ones(24), mask=np.arange(24) == 1)
    targets = Y if make is LabelSpreading else np.where(Y < 0, np.nan, Y)
    words = r"sample_weight is a masked array.* 1 row \(counted from 0: 1\).*\.filled\(0\)"
    with pytest.raises(InvalidInputError, match=words):
        make("knn").fit(X, targets, sample_weight=weights)
    model = make("knn").fit(X, targets, sample_weight=weights.filled(0))
    with pytest.raises(InvalidInputError, match="sample_weight is a masked array"):
        model.add_labels([3], [targets[0]], sample_weight=np.ma.array([1.0], mask=[True]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: LabelSpreading().fit(X, Y).add_labels(m, [0, 1]), r"indices\.compressed\(\)"),
        (lambda m: LabelSpreading().fit(X, Y).remove_labels(m), r"indices\.compressed\(\)"),
        (lambda m: Session(X).tell(m, [0, 1]), r"indices\.compressed\(\)"),
        (lambda m: simulate(X, TRUTH, initial=m, budget=6), r"initial\.compressed\(\)"),
        (lambda m: LabelSpreading(class_prior=m / 1.0).fit(X, Y), "Give every class"),
        (lambda m: entropy(np.ma.array([[0.5, 0.5]] * 2, mask=[m.mask] * 2)), "Fill them in"),
        (
            lambda m: normalize_class_mass(np.ma.array([[0.5, 0.5]], mask=m.mask), [0]),
            "Fill them in",
        ),
        (lambda m: log_loss_of([[0.5, 0.5]] * 2, np.ma.array([0, 1], mask=m.mask)), "Fill them in"),
        (
            lambda m: write_graph("never", [np.ma.array(np.ones((2, 2)), mask=[m.mask] * 2)], 2),
            r"block\.filled\(0\) makes no edge",
        ),
    ],
)
def test_masked_points_shares_and_blocks_are_refused(call, words) -> None:
    with pytest.raises(InvalidInputError, match=f"is a masked array.*{words}"):
        call(np.ma.array([2, 3], mask=[False, True]))


def test_masked_affinities_of_a_kernel_are_refused() -> None:
    def kernel(A: Any, B: Any) -> Any:
        weights = np.ones((len(A), len(B)))
        return np.ma.array(weights, mask=np.arange(len(B)) == 3 * np.ones((len(A), 1)))

    with pytest.raises(InvalidInputError, match=r"affinities is a masked array.*\.filled\(0\)"):
        LabelSpreading(kernel).fit(X, Y)
    model = LabelSpreading(lambda A, B: kernel(A, B).data).fit(X, Y)
    model._kernel.function = kernel
    with pytest.raises(InvalidInputError, match="affinities is a masked array"):
        model.predict(X)


def test_masked_weights_of_distances_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"weights\(distances\)\.filled\(0\)"):
        knn_graph(X, 3, weights=lambda d: np.ma.array(1 / d, mask=d > 1))
    assert knn_graph(X, 3, weights=lambda d: np.ma.array(1 / d, mask=d > 1).filled(0)).n_edges


@pytest.mark.parametrize(
    ("Z", "words"),
    [
        (WHEN[:, None], r"X holds dates.*\(X - X\.min\(\)\) / numpy\.timedelta64"),
        ((WHEN - WHEN[0])[:, None], r"X holds durations.*: X / numpy\.timedelta64"),
        ([[day] for day in WHEN], r"X holds dates"),
        (np.array([[1.0, day] for day in WHEN], dtype=object), "to_datetime"),
        ([[1.0, datetime.date(2020, 1, 1 + i)] for i in range(24)], r"counted from 0\) 1, such"),
        ([[1.0, datetime.timedelta(i)] for i in range(24)], "to_timedelta"),
        (pd.DataFrame({"a": X[:, 0], "when": WHEN}), r"'when'.*dt\.total_seconds\(\)"),
        (pd.DataFrame({"when": WHEN}), "'when'"),
        (
            pd.DataFrame({"a": X[:, 0], "day": [datetime.date(2020, 1, 1 + i) for i in range(24)]}),
            r"X\['day'\] must hold numbers.*to_datetime",
        ),
        (pd.DataFrame({"a": X[:, 0], "for": WHEN - WHEN[0]}), r"X\['for'\]\.dt\.total_seconds"),
        (pl.DataFrame({"a": X[:, 0], "when": WHEN}), r"polars\.selectors\.temporal\(\)"),
        (pl.DataFrame({"for": WHEN - WHEN[0]}), r"'for'"),
    ],
)
def test_dates_and_durations_are_no_features(Z: Any, words: str) -> None:
    refused(Z, words, [ENTRANCES[0], ENTRANCES[6]])


def test_the_remedies_for_dates_work() -> None:
    table = pd.DataFrame({"a": X[:, 0], "when": WHEN, "for": WHEN - WHEN[0]})
    table["when"] = (table["when"] - table["when"].min()).dt.total_seconds()
    table["for"] = table["for"].dt.total_seconds()
    columns = pl.DataFrame({"when": WHEN}).with_columns(pl.selectors.temporal().cast(pl.Int64))
    objects = pd.to_datetime(pd.Series([datetime.date(2020, 1, 1 + i) for i in range(24)]))
    for Z in (
        table[["when"]],
        table[["for"]],
        columns,
        objects.astype("int64").to_numpy()[:, None],
        ((WHEN - WHEN.min()) / np.timedelta64(1, "s"))[:, None],
    ):
        graph = knn_graph(Z, 1)
        assert graph.affinity.nnz
        assert (graph.local_scales > 0).all()


def test_missing_decimals_are_named_and_the_remedy_works() -> None:
    cells = X.astype(object)
    cells[3, 1], cells[5, 0] = Decimal("NaN"), Decimal("sNaN")
    searching = [ENTRANCES[4]]  # which takes features that were checked
    asked = [each for each in ENTRANCES if each not in searching]
    refused(cells, r"contains NaN.*counted from 0: 3, 5 \(2 in all\).*SimpleImputer", asked)
    refused(pd.DataFrame(cells, columns=["a", "b"]), "3, 5.*Columns: 'a', 'b'", asked[:3])
    refused(cells.tolist(), r"contains NaN.*counted from 0: 3, 5 \(2 in all\)", ENTRANCES[:1])
    cells[5, 0] = Decimal("1.5")
    assert FITTED.predict(SimpleImputer().fit_transform(cells.astype(float))).shape == (24,)


def foreign(module: str, name: str, base: type = object) -> Any:
    """Return an object of a class of another package, which needn't be installed."""
    return type(name, (base,), {"__module__": module})()


NETWORKX = type("Graph", (), {"__module__": "networkx.classes.graph"})


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (NETWORKX(), r"networkx graph.*from_affinity\(networkx\.to_scipy_sparse_array\(X\)\)"),
        (foreign("networkx.classes.digraph", "DiGraph", NETWORKX), "a networkx graph"),
        (foreign("igraph", "Graph"), r"igraph graph.*X\.get_adjacency_sparse\(\)"),
        (pl.DataFrame(X).lazy(), r"polars LazyFrame.*X\.collect\(\)"),
        (foreign("pyspark.sql.classic.dataframe", "DataFrame"), r"Spark.*X\.toPandas\(\)"),
        (foreign("_duckdb", "DuckDBPyRelation"), r"DuckDB.*X\.df\(\)"),
        ({1, 2}, r"got a set. Pass list\(X\)"),
        (iter(X), r"Pass list\(X\)"),
    ],
)
def test_other_packages_graphs_and_unread_tables_are_named_with_the_call(thing, words) -> None:
    refused(thing, words.replace("X", "X_or_graph"), [ENTRANCES[5]])
    refused(thing, words, [each for each in ENTRANCES if each is not ENTRANCES[5]])
    with pytest.raises(InvalidTypeError, match=words.replace("X", "matrix")):
        Graph.from_affinity(thing)


def test_complex_numbers_are_refused_without_being_printed() -> None:
    with pytest.raises(InvalidInputError, match=r"dtype complex128\. Pass X\.real"):
        knn_graph(X + 1j)


@pytest.mark.parametrize("scale", [1e-165, 1e-300, 5e-324])
def test_features_whose_squares_would_vanish_are_refused_and_the_remedy_works(scale) -> None:
    tiny = (X * scale) if scale > 5e-324 else np.full(X.shape, scale)
    words = r"at least 1e-140 in size.*Scale them: X / numpy\.abs\(X\)\.max\(\)"
    fits = [ENTRANCES[i] for i in (0, 1, 2, 3, 5, 6, 7)]
    refused(tiny, words, fits)
    refused(sparse.csr_array(tiny), words, fits)
    scaled = X * 1e-165
    scaled = scaled / np.abs(scaled).max()
    model = LabelSpreading("self-tuning", alpha=0.9, max_iter=1000).fit(scaled, Y)
    assert (model.transduction_ == TRUTH).all()


@pytest.mark.parametrize(("scale", "dtype"), [(1e-139, np.float64), (1e-30, np.float32)])
def test_small_features_whose_squares_do_not_vanish_give_the_same_graph(scale, dtype) -> None:
    usual = knn_graph(X.astype(dtype)).affinity.toarray()
    small = knn_graph((X * scale).astype(dtype)).affinity.toarray()
    np.testing.assert_allclose(small, usual, rtol=1e-5)


def test_features_that_are_all_zero_are_features() -> None:
    assert knn_graph(np.zeros((5, 2)), 2).n_edges > 0
