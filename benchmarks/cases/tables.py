"""Tables with texts in them: from few labels, beside logistic regression of encoded columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import fewlabels
from benchmarks.averages import gap_to_best, mean_entry, of_best_setting
from benchmarks.bench import Bench
from benchmarks.cases.accuracy import labels
from benchmarks.data import MissingDataError, draw_labels
from benchmarks.results import Row
from benchmarks.sets import tables as table_sets

OURS = "`Tables`, `FewLabelsClassifier`"
WITHOUT_TEXTS = "logistic regression, one-hot and scaled"
WITH_TEXTS = "logistic regression, one-hot, scaled, TF-IDF"
WITH_SKRUB = "logistic regression, skrub's `TableVectorizer`"
OVER_THE_BEST = "over the best"
BUDGETS = (1, 5, 20)
_PENALTIES = (0.1, 1.0, 10.0, 100.0)
_FIRST_SEED = 5_000


def mixed_tables(bench: Bench) -> list[Row]:
    """Accuracy on tables with a column of texts, which nobody is told is one but the peers."""
    rows: list[Row] = []
    for about in table_sets.SETS:
        try:
            columns, truth = table_sets.load(about, bench.size.n_mixed_rows)
        except MissingDataError as error:
            bench.miss(str(error))
            continue
        tuned = "; tuned on" if about.tuned_on else ""
        n_classes = len(np.unique(truth))
        work = f"{about.name} ({len(truth):,} rows, {n_classes} classes{tuned})"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the peers: few iterations; of ours: doubts
            peers = _encoded(about, columns) | _vectorized(bench, columns)
            rows += _accuracies(peers, work, columns, truth, bench.size.n_mixed_draws)
    if not rows:
        raise MissingDataError("; ".join(bench.missing))
    return rows


def _accuracies(
    peers: dict[str, Any], work: str, columns: Any, truth: Any, n_draws: int
) -> list[Row]:
    rows = []
    for per_class in BUDGETS:
        mine: list[float] = []
        found: dict[tuple[str, Any], list[float]] = {}
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = draw_labels(truth, per_class, seed)
            hidden = y < 0
            points = fewlabels.make_points(columns, y)
            answers = fewlabels.FewLabelsClassifier().fit(points, y).transduction_
            mine.append(float(np.mean((answers == truth)[hidden])))
            for who, X in peers.items():
                for penalty in _PENALTIES:
                    model = LogisticRegression(C=penalty, max_iter=500).fit(X[~hidden], y[~hidden])
                    right = float(np.mean(model.predict(X[hidden]) == truth[hidden]))
                    found.setdefault((who, penalty), []).append(right)
        others = of_best_setting(found)
        rows.append(
            Row(
                work,
                f"accuracy, {labels(per_class)} a class",
                "share",
                mean_entry(OURS, mine),
                [mean_entry(who, of) for who, of in others.items()],
                gaps=[gap_to_best(OVER_THE_BEST, mine, others)],
                headline=False,
            )
        )
    return rows


def _encoded(about: Any, columns: Any) -> dict[str, Any]:
    """Return what people make of such columns, told what each is."""
    numbers = np.array([columns[name] for name in about.numbers], dtype=float).T
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = np.array([columns[name] for name in about.categories], dtype=object).T
    levels = OneHotEncoder(handle_unknown="ignore").fit_transform(categories)
    plain = sparse.hstack([scaled.fit_transform(numbers), levels], format="csr")
    words = [
        TfidfVectorizer(min_df=2, sublinear_tf=True).fit_transform(
            text or "" for text in columns[n]
        )
        for n in about.texts
    ]
    return {WITHOUT_TEXTS: plain, WITH_TEXTS: sparse.hstack([plain, *words], format="csr")}


def _vectorized(bench: Bench, columns: Any) -> dict[str, Any]:
    """Return what skrub makes of a table, told nothing."""
    try:
        import pandas as pd
        from skrub import TableVectorizer
    except ModuleNotFoundError as error:
        bench.miss(f"{error.name} is not installed: pip install skrub pandas")
        return {}
    encoder = make_pipeline(TableVectorizer(), SimpleImputer(strategy="median"), StandardScaler())
    return {WITH_SKRUB: encoder.fit_transform(pd.DataFrame(columns))}
