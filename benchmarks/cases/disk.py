"""A graph on disk: how much memory it takes to make it and to fit on it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import Bench, Contender, Outcome, stored
from benchmarks.data import draw_labels
from benchmarks.lattice import Lattice
from benchmarks.results import Entry, Row

N_CLASSES = 10
PER_CLASS = 100
ON_DISK, IN_MEMORY = "fewlabels", "fewlabels, graph in memory"


def disk_graph(bench: Bench) -> list[Row]:
    """Write a graph in blocks of rows, and fit on it; no peer does this, so beside ourselves."""
    lattice = Lattice(bench.size.n_disk, N_CLASSES)
    truth = lattice.truth()
    y = draw_labels(truth, PER_CLASS, seed=0).astype(np.int32)
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as name:
        folder = Path(name)
        settings = {
            "path": str(folder / "graph"),
            "n_nodes": lattice.n_nodes,
            "n_classes": N_CLASSES,
        }
        written = bench.contest([Contender(ON_DISK, "ours disk write", settings)], {}, repeats=1)
        contenders = [
            Contender(ON_DISK, "ours disk fit", settings),
            Contender(IN_MEMORY, "ours memory fit", settings),
        ]
        found = bench.contest(contenders, stored(folder, y=y))
        gigabytes = sum(file.stat().st_size for file in (folder / "graph").iterdir()) / 1e9
    work = f"graph of {lattice.n_nodes:,} nodes on disk"
    write = written[ON_DISK]
    note = f"{gigabytes:.2f} GB on disk"
    entry = Entry(ON_DISK, write.total, peak=write.peak, runs=write.runs, note=note)
    mine, other = (_entry(name, found[name], truth, y) for name in (ON_DISK, IN_MEMORY))
    labels = f"{N_CLASSES * PER_CLASS:,} labels, {N_CLASSES} classes, alpha 0.99"
    rows = [
        Row(work, "made and written", "s", entry, headline=False),
        Row(work, f"fit, {labels}", "s", mine, [other]),
    ]
    if mine.peak is not None and other.peak is not None:
        peaks = Entry(ON_DISK, mine.peak), [Entry(IN_MEMORY, other.peak)]
        rows.append(Row(work, "peak memory of the fit", "B", *peaks, headline=False))
    return rows


def _entry(name: str, outcome: Outcome, truth: Any, y: Any) -> Entry:
    hidden = y < 0
    accuracy = float(np.mean(outcome.arrays["predicted"][hidden] == truth[hidden]))
    return Entry(name, outcome.total, accuracy=accuracy, peak=outcome.peak, runs=outcome.runs)
