"""A million points, the growth up to there, and where the time goes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import Bench, Contender, stored
from benchmarks.data import MissingDataError, curved_classes, draw_labels, fashion_mnist
from benchmarks.recall import draw_sample, kth_distances, measured_recall
from benchmarks.results import Entry, Finding, Row, Series, Steps

K = 10
N_FEATURES = 64
PER_CLASS = 10
OURS, FAISS = "fewlabels", "FAISS HNSW"
GRAPH_AND_FIT, GRAPH, FIT = "fewlabels: graph and fit", "fewlabels: graph", "fewlabels: fit"


def large_graph_and_fit(bench: Bench) -> list[Row]:
    """Graph and fit, against the time that FAISS takes to find neighbours and nothing else."""
    n, n_classes = bench.size.n_large, bench.size.n_large_classes
    X, truth = curved_classes(n, N_FEATURES, n_classes)
    y = draw_labels(truth, PER_CLASS, seed=0)
    sample = draw_sample(n)
    kth = kth_distances(X, sample, K)
    contenders = [
        Contender(OURS, "ours whole", {"k": K}),
        Contender(FAISS, "FAISS HNSW", {"k": K}),
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
        found = bench.contest(contenders, stored(Path(folder), X=X, y=y, sample=sample))
    mine, faiss = found[OURS], found[FAISS]
    parts = ", ".join(f"{name} {seconds:.3g} s" for name, seconds in mine.seconds.items())
    hidden = y < 0
    entries = [
        Entry(
            name,
            outcome.total,
            recall=measured_recall(X, sample, outcome.arrays["found"], kth, K),
            accuracy=accuracy,
            peak=outcome.peak,
            runs=outcome.runs,
            note=note,
        )
        for name, outcome, accuracy, note in (
            (OURS, mine, _share(mine.arrays["predicted"][hidden] == truth[hidden]), parts),
            (f"{FAISS}, neighbours alone", faiss, None, ""),
        )
    ]
    work = f"graph and fit, {n:,} x {N_FEATURES}, {n_classes} classes"
    rows = [Row(work, "k = 10, alpha 0.99, `tol` 1e-3", "s", entries[0], entries[1:])]
    if mine.peak is not None and faiss.peak is not None:
        n_bytes = int(mine.arrays["bytes"])
        multiple = mine.peak / n_bytes
        note = f"{multiple:.2f} times X and graph, {n_bytes / 1e6:,.0f} MB"
        memory = Entry(OURS, mine.peak, multiple=multiple, note=note)
        peers = [Entry(f"{FAISS}, neighbours alone", faiss.peak)]
        rows.append(Row(work, "peak memory", "B", memory, peers, headline=False))
    return rows


def growth(bench: Bench) -> list[Finding]:
    """How the time grows with the number of points, ours and the peers' while they finish."""
    limits = bench.size.growth_limits
    known: dict[str, dict[int, float]] = {}
    for n in bench.size.growth:
        X, truth = curved_classes(n, N_FEATURES, bench.size.n_large_classes)
        y = draw_labels(truth, PER_CLASS, seed=0)
        works = {"scikit-learn": "scikit-learn whole", FAISS: FAISS}
        contenders = [Contender(OURS, "ours whole", {"k": K})] + [
            Contender(name, works.get(name, name), {"k": K})
            for name, limit in limits.items()
            if n <= limit
        ]
        with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
            inputs = stored(Path(folder), X=X, y=y, sample=draw_sample(n))
            found = bench.contest(contenders, inputs)
        for name, outcome in found.items():
            if name == OURS:
                seconds = outcome.seconds
                known.setdefault(GRAPH_AND_FIT, {})[n] = outcome.total
                known.setdefault(GRAPH, {})[n] = seconds["graph"]
                known.setdefault(FIT, {})[n] = seconds["fit"]
            else:
                full = f"{FAISS}: neighbours alone" if name == FAISS else f"{name}: graph and fit"
                known.setdefault(full, {})[n] = outcome.total
    series = [Series(name, list(of), list(of.values())) for name, of in known.items()]
    return [*_exponents(series), *series]


def where_the_time_goes(bench: Bench) -> list[Steps]:
    """Seconds of each step, from features to answers."""
    n = bench.size.n_large
    X, truth = curved_classes(n, N_FEATURES, bench.size.n_large_classes)
    works = {f"{n:,} x {N_FEATURES}, {bench.size.n_large_classes} classes": (X, truth)}
    try:
        pictures = fashion_mnist(bench.size.n_fashion)
        works = {f"Fashion-MNIST, {len(pictures[1]):,} x 784, 10 classes": pictures, **works}
    except MissingDataError as error:
        bench.miss(str(error))
    return [Steps(work, _steps(bench, *data)) for work, data in works.items()]


def exponent(n_points: list[int], seconds: list[float]) -> float | None:
    """Return b of seconds = a n^b, by least squares of the logarithms; None of a single point."""
    if len(n_points) < 2:
        return None
    return float(np.polyfit(np.log(n_points), np.log(seconds), 1)[0])


def _exponents(series: list[Series]) -> list[Row]:
    named = {one.name: one for one in series}

    def entry(name: str, label: str) -> Entry | None:
        one = named.get(name)
        slope = exponent(one.n_points, one.seconds) if one is not None else None
        if one is None or slope is None:
            return None
        return Entry(label, slope, note=f"{one.n_points[0]:,} to {one.n_points[-1]:,} points")

    peers = [one.name for one in series if not one.name.startswith(OURS)]
    rows = []
    for name, measure in (
        (GRAPH_AND_FIT, "graph and fit"),
        (GRAPH, "graph alone"),
        (FIT, "fit alone"),
    ):
        mine = entry(name, OURS)
        others = [entry(peer, peer) for peer in peers] if name == GRAPH_AND_FIT else []
        if mine is not None:
            kept = [peer for peer in others if peer is not None]
            work = f"growth with the number of points, x {N_FEATURES}"
            rows.append(Row(work, f"exponent, {measure}", "exponent", mine, kept, headline=False))
    return rows


def _steps(bench: Bench, X: Any, truth: Any) -> dict[str, float]:
    y = draw_labels(truth, PER_CLASS, seed=0)
    contender = Contender(OURS, "ours steps", {"k": K})
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
        inputs = stored(Path(folder), X=X, y=y, sample=draw_sample(len(X)))
        arrays = bench.contest([contender], inputs, repeats=1)[OURS].arrays
    return dict(zip(arrays["names"].tolist(), arrays["seconds"].tolist(), strict=True))


def _share(right: Any) -> float:
    return float(np.mean(right))
