"""Fashion-MNIST: 70,000 pictures of 784 pixels, 10 classes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import fewlabels
from benchmarks.bench import Bench, Contender, Outcome, stored
from benchmarks.data import draw_labels, fashion_mnist
from benchmarks.recall import draw_sample, kth_distances, measured_recall
from benchmarks.results import Entry, Row
from benchmarks.works.fits import label_spreading, store_graph

K = 10
PER_CLASS = 10
_N_ADDED = 20


def fashion_graph(bench: Bench) -> list[Row]:
    """Build the graph: every picture's ten nearest."""
    X, _ = fashion_mnist(bench.size.n_fashion)
    sample = draw_sample(len(X))
    kth = kth_distances(X, sample, K)
    contenders = [
        Contender(name, "ours graph" if name == "fewlabels" else name, {"k": K})
        for name in (
            "fewlabels",
            "scikit-learn brute force",
            "PyNNDescent",
            "PyNNDescent, first call",  # it compiles then, in every process
            "hnswlib",
            "FAISS HNSW",
            "FAISS PCA, HNSW",
        )
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
        found = bench.contest(contenders, stored(Path(folder), X=X, sample=sample))
    entries = {
        name: Entry(
            name,
            outcome.total,
            recall=measured_recall(X, sample, outcome.arrays["found"], kth, K),
            peak=outcome.peak,
            runs=outcome.runs,
        )
        for name, outcome in found.items()
    }
    mine = entries.pop("fewlabels")
    work = f"graph of {_name(bench)}, k = {K}"
    return [Row(work, "neighbours; ours with weights", "s", mine, list(entries.values()))]


def fashion_fit(bench: Bench) -> list[Row]:
    """Fit on the graph, ten labels a class; the first fit on it, and a later one."""
    X, truth = fashion_mnist(bench.size.n_fashion)
    graph = fewlabels.knn_graph(X, K)
    y = draw_labels(truth, PER_CLASS, seed=0)
    contenders = [
        Contender("fewlabels", "ours fit", {"repeats": 5}),
        *(
            Contender(name, name, {"repeats": 2})
            for name in (
                "GraphLearning Poisson",
                "GraphLearning Laplace",
                "scikit-network diffusion",
            )
        ),
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as name:
        folder = Path(name)
        inputs = store_graph(graph, folder) | stored(folder, y=y)
        found = bench.contest(contenders, inputs)
    peers = [
        _entry(name, outcome, "fit", truth, y)
        for name, outcome in found.items()
        if name != "fewlabels"
    ]
    labels = f"{PER_CLASS * len(np.unique(truth))} labels"
    mine = found["fewlabels"]
    return [
        Row(
            f"{work}, graph of {_name(bench)}, {labels}",
            "alpha 0.99, `tol` 1e-3",
            "s",
            _entry("fewlabels", mine, part, truth, y, f"{mine.arrays['iterations']} iterations"),
            peers,
            headline=part == "fit",
        )
        for part, work in (("first fit", "first fit"), ("fit", "fit"))
    ]


def fashion_label(bench: Bench) -> list[Row]:
    """Add one label to that fit, against a refit."""
    X, truth = fashion_mnist(bench.size.n_fashion)
    graph = fewlabels.knn_graph(X, K)
    y = draw_labels(truth, PER_CLASS, seed=0)
    points = np.random.default_rng(1).permutation(np.flatnonzero(y < 0))[:_N_ADDED]
    added = y.copy()
    added[points[0]] = truth[points[0]]
    ours = [Contender("fewlabels", "ours labels added")]
    refits = [
        Contender("scikit-learn, refit", "scikit-learn refit"),
        Contender("GraphLearning Poisson, refit", "GraphLearning Poisson", {"repeats": 1}),
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as name:
        folder = Path(name)
        inputs = store_graph(graph, folder) | stored(folder, truth=truth, points=points)
        mine = bench.contest(ours, inputs | stored(folder, y=y))["fewlabels"]
        found = bench.contest(refits, inputs | stored(folder, y=added, X=X))
    entries = [_entry(name, outcome, None, truth, added) for name, outcome in found.items()]
    after = y.copy()
    after[points] = truth[points]
    work = f"one more label, {_name(bench)}"
    first = _entry("fewlabels", mine, "add", truth, after, f"{_N_ADDED} labels, one by one")
    return [Row(work, "`add_labels`, refit", "s", first, entries)]


def fashion_accuracy(bench: Bench) -> list[Row]:
    """What the approximate graph costs in accuracy, over draws of labels."""
    X, truth = fashion_mnist(bench.size.n_fashion)
    graphs = {exact: fewlabels.knn_graph(X, K, exact=exact) for exact in (False, True)}
    known: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(3000, 3000 + bench.size.n_fashion_draws):
        y = draw_labels(truth, PER_CLASS, seed)
        for exact, graph in graphs.items():
            model = label_spreading().fit(graph, y)
            known[exact].append(_accuracy(model.transduction_, truth, y))
    fast, slow = (np.array(known[exact]) for exact in (False, True))
    differences = fast - slow
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    note = f"difference {100 * differences.mean():+.3f} ± {100 * error:.3f} points"
    mine = Entry("fewlabels", float(fast.mean()), recall=graphs[False].recall_, note=note)
    peer = Entry("fewlabels, exact graph", float(slow.mean()), recall=1.0)
    work = f"labels on the fast graph of {_name(bench)}, {PER_CLASS} a class"
    measure = f"accuracy, {len(differences)} draws"
    return [Row(work, measure, "share", mine, [peer], headline=False)]


def _entry(
    name: str, outcome: Outcome, part: str | None, truth: Any, y: Any, note: str = ""
) -> Entry:
    """Return a part's seconds, or the only part's, with the accuracy on the unlabelled."""
    value = outcome.total if part is None else outcome.seconds[part]
    accuracy = _accuracy(outcome.arrays["predicted"], truth, y)
    return Entry(name, value, accuracy=accuracy, peak=outcome.peak, runs=outcome.runs, note=note)


def _accuracy(predicted: Any, truth: Any, y: Any) -> float:
    hidden = y < 0
    return float(np.mean(predicted[hidden] == truth[hidden]))


def _name(bench: Bench) -> str:
    n = bench.size.n_fashion
    return "Fashion-MNIST (70,000 x 784)" if n == 70_000 else f"{n:,} of Fashion-MNIST (x 784)"
