"""Texts: from few labels beside plain models, and the time from texts to a graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.semi_supervised import SelfTrainingClassifier

import fewlabels
from benchmarks.averages import gap_to_best, mean_entry, of_best_setting
from benchmarks.bench import Bench
from benchmarks.cases.accuracy import labels
from benchmarks.data import MissingDataError, draw_labels
from benchmarks.results import Entry, Row
from benchmarks.sets import texts as text_sets

OURS = "`Texts`, `FewLabelsClassifier`"
RAW = "TF-IDF, `FewLabelsClassifier`"
LOGISTIC = "logistic regression of TF-IDF"
REDUCED = "logistic regression of LSA"
SELF_TRAINED = "self-trained"
OVER_THE_BEST = "over the best"
BUDGETS = (1, 5, 20)
_PENALTIES = (1.0, 10.0, 100.0)
_N_DIRECTIONS = 100
_ROUNDS = 3  # of self-training: more take minutes
_FIRST_SEED = 3_000
GRAPH_TIME = "texts to a graph"
_TIMED = "Debian's descriptions"

Answer = Callable[[Any], Any]


def texts_of_packages(bench: Bench) -> list[Row]:
    """Accuracy on texts never tuned on, beside logistic regressions with the best C."""
    return _of_sets(bench, tuned_on=False)


def texts_of_debian(bench: Bench) -> list[Row]:
    """The same on Debian's descriptions of packages, which were tuned on."""
    return _of_sets(bench, tuned_on=True)


def _of_sets(bench: Bench, *, tuned_on: bool) -> list[Row]:
    rows: list[Row] = []
    for about in text_sets.SETS:
        if about.tuned_on is not tuned_on:
            continue
        try:
            documents, truth, classes = text_sets.load(about, bench.size.n_texts)
        except MissingDataError as error:
            bench.miss(str(error))
            continue
        words = int(np.median([len(text.split()) for text in documents]))
        tuned = "; tuned on" if about.tuned_on else ""
        work = (
            f"{about.name} ({len(documents):,}, {len(classes)} classes, {words} words in the "
            f"middle{tuned})"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the peers: classes of one label, few iterations
            rows += _accuracies(work, documents, truth, bench.size.n_text_draws)
    if not rows:
        raise MissingDataError("; ".join(bench.missing))
    return rows


def text_time(bench: Bench) -> list[Row]:
    """Seconds from texts to points and to a graph, beside scikit-learn's TF-IDF and SVD."""
    documents = [f"{synopsis}\n{rest}" for synopsis, rest, _ in text_sets.descriptions()]
    documents = documents[: bench.size.n_timed_texts]

    def plainly() -> object:
        return _reduced(_tfidf().fit_transform(documents))

    names = {
        "points": lambda: fewlabels.Texts("topics").fit_transform(documents),
        "scikit-learn": plainly,
    }
    seconds = bench.in_turn(names)
    points = fewlabels.Texts("topics").fit_transform(documents)
    graph = bench.in_turn({"graph": lambda: fewlabels.graph.shared_neighbor_graph(points)})
    runs = bench.size.n_repeats
    work = f"{len(documents):,} of {_TIMED}"
    both = seconds["points"] + graph["graph"]
    note = f"points {seconds['points']:.3g} s, graph {graph['graph']:.3g} s"
    return [
        Row(
            work,
            "texts to points",
            "s",
            Entry("`Texts`", seconds["points"], runs=runs, note="words and runs of characters"),
            [Entry("scikit-learn's TF-IDF and SVD", seconds["scikit-learn"], runs=runs,
                   note="words alone")],
            headline=False,
        ),
        Row(work, GRAPH_TIME, "s", Entry("`Texts`", both, runs=runs, note=note),
            headline=False),
    ]  # fmt: skip


def _accuracies(work: str, documents: list[str], truth: Any, n_draws: int) -> list[Row]:
    weights = _tfidf().fit_transform(documents)
    reduced = _reduced(weights)
    rows = []
    for per_class in BUDGETS:
        known: dict[str, list[float]] = {}
        of_penalties: dict[tuple[str, Any], list[float]] = {}
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = draw_labels(truth, per_class, seed)
            hidden = y < 0
            points = fewlabels.make_points(documents, y)
            for who, X in ((OURS, points), (RAW, weights)):
                answers = fewlabels.FewLabelsClassifier().fit(X, y).transduction_
                known.setdefault(who, []).append(float(np.mean((answers == truth)[hidden])))
            for penalty in _PENALTIES:
                for who, answers in _plain_answers(weights, reduced, y, penalty).items():
                    right = float(np.mean(answers == truth[hidden]))
                    of_penalties.setdefault((who, penalty), []).append(right)
        known |= of_best_setting(of_penalties)
        mine, others = known[OURS], {who: of for who, of in known.items() if who != OURS}
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


def _plain_answers(weights: Any, reduced: Any, y: Any, penalty: float) -> dict[str, Any]:
    hidden = y < 0

    def regression() -> LogisticRegression:
        return LogisticRegression(C=penalty, max_iter=500)

    trained = SelfTrainingClassifier(regression(), max_iter=_ROUNDS).fit(weights, y)
    return {
        LOGISTIC: regression().fit(weights[~hidden], y[~hidden]).predict(weights[hidden]),
        REDUCED: regression().fit(reduced[~hidden], y[~hidden]).predict(reduced[hidden]),
        SELF_TRAINED: trained.predict(weights[hidden]),
    }


def _tfidf() -> TfidfVectorizer:
    return TfidfVectorizer(
        min_df=2, max_df=0.5, sublinear_tf=True, max_features=50_000, dtype=np.float32
    )


def _reduced(weights: Any) -> Any:
    n_directions = min(_N_DIRECTIONS, min(weights.shape) - 1)
    return make_pipeline(TruncatedSVD(n_directions, random_state=0), Normalizer()).fit_transform(
        weights
    )
