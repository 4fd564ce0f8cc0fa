"""Do probabilities and sets mean what they say? Calibration and coverage from the labels alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import fewlabels
from benchmarks.averages import mean_entry
from benchmarks.bench import Bench, Contender, stored
from benchmarks.cases.accuracy import digits, fashion
from benchmarks.data import FIRST_SEED
from benchmarks.methods import N_NEIGHBORS
from benchmarks.results import Row
from benchmarks.works.confidence import ANSWERS, MODELS
from benchmarks.works.fits import store_graph

_PER_CLASS = 5
_N_RANDOM = (50, 100)
_COVERAGE = 0.9


def calibration(bench: Bench) -> list[Row]:
    """Calibration error and log loss of probabilities, five labels a class."""
    tasks = [("calibration", _PER_CLASS, {})]
    return [
        Row(
            f"{where}, {_PER_CLASS} labels a class, {n_draws} draws",
            measure,
            "number",
            *_first_and_others(ANSWERS, found[_task("calibration", _PER_CLASS)][key]),
            headline=False,
        )
        for where, n_draws, found in _measured(bench, tasks, bench.size.n_trust)
        for measure, key in (("expected calibration error", "errors"), ("log loss", "losses"))
    ]


def coverage(bench: Bench) -> list[Row]:
    """How often sets of classes hold the true one, where labels are drawn at random."""
    tasks = [("coverage", number, {"coverage": _COVERAGE}) for number in _N_RANDOM]
    return [
        Row(
            f"{where}, {number} random labels, {n_draws} draws",
            measure,
            unit,
            *_first_and_others(MODELS, found[_task("coverage", number)][key]),
            headline=False,
        )
        for where, n_draws, found in _measured(bench, tasks, bench.size.n_sized)
        for number in _N_RANDOM
        for measure, unit, key in (
            (f"coverage, {_COVERAGE:.0%} asked for", "share", "coverage"),
            ("classes in a set", "number", "sizes"),
        )
    ]


def _measured(
    bench: Bench, tasks: list[tuple[str, int, dict[str, Any]]], n_fashion: int
) -> list[tuple[str, int, dict[str, Any]]]:
    """Return a name, the number of draws and the arrays of each task, for each set."""
    found = []
    for (name, X, truth), n_draws in (
        (digits(bench), bench.size.n_draws),
        (fashion(n_fashion), bench.size.n_trust_draws),
    ):
        settings = {"seeds": [FIRST_SEED, n_draws]}
        contenders = [
            Contender(_task(work, number), work, settings | {"number": number} | given)
            for work, number, given in tasks
        ]
        with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
            folder = Path(path)
            graph = fewlabels.knn_graph(X, N_NEIGHBORS)
            inputs = stored(folder, X=X, truth=truth)
            inputs["graph"] = store_graph(graph, folder)["graph"]
            found.append((name, n_draws, bench.at_once(contenders, inputs)))
    return found


def _task(work: str, number: int) -> str:
    return f"{work}, {number} labels"


def _first_and_others(names: tuple[str, ...], values: Any) -> tuple[Any, list[Any], list[Any]]:
    """Return ours, no peers, and our other ways."""
    first, *others = (mean_entry(name, of) for name, of in zip(names, values, strict=True))
    return first, [], others
