"""Neighbour searches of the same points, each twice: time, memory, recall, and repeatability."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import Bench, Contender, stored
from benchmarks.data import curved_classes
from benchmarks.recall import draw_sample, kth_distances, measured_recall
from benchmarks.results import Entry, Row

K = 10
N_FEATURES = 64
OURS = "fewlabels"
PEERS = ("PyNNDescent", "FAISS HNSW", "FAISS PCA, HNSW")


def searches(bench: Bench) -> list[Row]:
    """Search ten neighbours of every point; ours makes weights of them besides."""
    rows = []
    for n in bench.size.n_searched:
        X, _ = curved_classes(n, N_FEATURES, bench.size.n_large_classes)
        sample = draw_sample(n)
        kth = kth_distances(X, sample, K)
        contenders = [Contender(OURS, "ours graph", {"k": K})]
        contenders += [Contender(name, name, {"k": K}) for name in PEERS]
        with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
            inputs = stored(Path(folder), X=X, sample=sample)
            first, second = (bench.contest(contenders, inputs, repeats=1) for _ in range(2))
        entries = {
            name: Entry(
                name,
                float(np.mean([outcome.total, second[name].total])),
                recall=measured_recall(X, sample, outcome.arrays["found"], kth, K),
                peak=outcome.peak,
                runs=2,
                note=f"{_alike(outcome.arrays['found'], second[name].arrays['found']):.1%} alike",
            )
            for name, outcome in first.items()
            if name in second
        }
        mine = entries.pop(OURS)
        work = f"neighbours of {n:,} points, x {N_FEATURES}, k = {K}, searched twice"
        measure = "mean time; alike: lists of neighbours that are the same in both searches"
        rows.append(Row(work, measure, "s", mine, list(entries.values()), headline=False))
    return rows


def _alike(first: Any, second: Any) -> float:
    """Return the share of the sample's points with the same neighbours, in any order."""
    return float(np.mean(np.all(np.sort(first, axis=1) == np.sort(second, axis=1), axis=1)))
