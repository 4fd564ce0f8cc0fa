"""Right answers from one and from five labels a class, beside GraphLearning on the same draws.

GraphLearning runs on the graph of this package, and on one with its own weights.
`FewLabelsClassifier` gets the features, as its users would; it builds its own graph.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.datasets import load_digits

import fewlabels
from benchmarks.averages import gap, gap_to_best, mean_entry
from benchmarks.bench import Bench, Contender, cores, stored
from benchmarks.data import FIRST_SEED, fashion_mnist
from benchmarks.methods import (
    GRAPHLEARNING,
    METHODS,
    METHODS_OF_GRAPHLEARNING,
    N_NEIGHBORS,
    OWN_GRAPH,
    SCIKIT_LEARN,
    START,
    graphlearning_weights,
)
from benchmarks.packages import MissingPackageError, load
from benchmarks.results import Row
from benchmarks.works.fits import store_graph

# Differences, as tables and goals name them.
OVER_THE_BEST = f"{START} less the best of {GRAPHLEARNING}"
OVER_EVEN = f"{START} less its own on an even draw"
_PLANS = (("each", 1), ("each", 5))
_RATIO = 10
_FEW = 10_000  # points
_MBO = f"{GRAPHLEARNING} Poisson MBO"
# What is compared; on GraphLearning's own graph without what takes longest and does not win.
_OURS = (
    START,
    "`LabelSpreading(alpha=0.99)`",
    "`LabelPropagation`",
    "`PoissonClassifier`",
    "`ReweightedLaplaceClassifier`",
)
_SLOW = "`PLaplacianClassifier`"  # 27 seconds a fit on 70,000 points
_SLOWEST = {"Poisson by gradient descent", "Laplace"}
_FREE = tuple(name for name in METHODS_OF_GRAPHLEARNING if name != "Poisson MBO")
_THEIRS = (
    *(f"{GRAPHLEARNING} {name}" for name in _FREE),
    *(f"{GRAPHLEARNING} {name}{OWN_GRAPH}" for name in _FREE if name not in _SLOWEST),
)
OUR_MBO = "`PoissonMBOClassifier`"
_OURS_SIZED = (START, OUR_MBO, "`PoissonClassifier`")
_THEIRS_SIZED = (_MBO, f"{GRAPHLEARNING} Poisson", f"{GRAPHLEARNING} Poisson-reweighted Laplace")

_SKEWED = (
    START,
    "`LabelSpreading(alpha=0.99)`",
    "`PoissonClassifier`",
    f"{GRAPHLEARNING} Poisson",
    f"{GRAPHLEARNING} Poisson-reweighted Laplace",
)

Accuracies = dict[str, Any]


def accuracy_digits(bench: Bench) -> list[Row]:
    """Accuracy on the digits, one and five labels a class."""
    who = (*_OURS, _SLOW, *_THEIRS, f"{SCIKIT_LEARN} `LabelSpreading`")
    n_draws = bench.size.n_draws
    return _accuracy_rows(*measured(bench, who, digits(bench), _PLANS, n_draws))


def accuracy_fashion(bench: Bench) -> list[Row]:
    """Accuracy on Fashion-MNIST, one and five labels a class."""
    data = fashion(bench.size.n_trust)
    n_draws = bench.size.n_trust_draws
    return _accuracy_rows(*measured(bench, (*_OURS, *_THEIRS), data, _PLANS, n_draws))


def sizes_known_digits(bench: Bench) -> list[Row]:
    """Accuracy on the digits where the share of each class is known."""
    data, n_draws = digits(bench), bench.size.n_trust_draws
    who = (*_OURS_SIZED, *_THEIRS_SIZED)
    return _sized_rows(*measured(bench, who, data, _PLANS, n_draws, sizes_known=True))


def sizes_known_fashion(bench: Bench) -> list[Row]:
    """Accuracy on Fashion-MNIST where the share of each class is known."""
    data, n_draws = fashion(bench.size.n_sized), bench.size.n_trust_draws
    who = (*_OURS_SIZED, *_THEIRS_SIZED)
    return _sized_rows(*measured(bench, who, data, _PLANS, n_draws, sizes_known=True))


def skewed_draws(bench: Bench) -> list[Row]:
    """What it costs that one class got ten times the labels of another."""
    plans = (("even", _RATIO), ("skewed", _RATIO))
    n_draws = bench.size.n_trust_draws
    return [
        row
        for data in (digits(bench), fashion(bench.size.n_subset))
        for row in _skewed_rows(*measured(bench, _SKEWED, data, plans, n_draws))
    ]


def digits(bench: Bench) -> tuple[str, Any, Any]:
    """Return the digits of scikit-learn: a name, pixels, and classes."""
    X, truth = load_digits(return_X_y=True)
    n = bench.size.n_digits
    return f"{n:,} digits", X[:n], truth[:n]


def fashion(n_points: int) -> tuple[str, Any, Any]:
    """Return so many of Fashion-MNIST: a name, pixels, and classes."""
    X, truth = fashion_mnist(n_points)
    return "Fashion-MNIST" if n_points == 70_000 else f"{n_points:,} of Fashion-MNIST", X, truth


def measured(
    bench: Bench,
    names: Sequence[str],
    data: tuple[str, Any, Any],
    plans: Sequence[tuple[str, int]],
    n_draws: int,
    *,
    sizes_known: bool = False,
) -> tuple[str, Accuracies]:
    """Let each method answer the same draws.

    Parameters
    ----------
    bench : Bench
    names : sequence of str
        Of `benchmarks.methods.METHODS`.
    data : tuple of str, ndarray and ndarray
        A name, features, and the class of each point.
    plans : sequence of (str, int)
        Kinds of draws and their numbers.
    n_draws : int
    sizes_known : bool, default=False

    Returns
    -------
    work : str
        The data's name, with the number of draws.
    accuracies : dict of str to ndarray of shape (n_plans, n_draws)
        By method, of those that are installed.
    """
    name, X, truth = data
    names = installed(bench, names)
    contenders = [
        Contender(
            f"{who[0]} and {len(who) - 1} others" if len(who) > 1 else f"{who[0]}, {some[0]}",
            "accuracies",
            {
                "methods": who,
                "plans": some,
                "seeds": [FIRST_SEED, n_draws],
                "sizes_known": sizes_known,
            },
            ("truth", *{needed for method in who for needed in METHODS[method].inputs}),
        )
        for who, some in _tasks(names, plans, len(truth))
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
        folder = Path(path)
        inputs = stored(folder, X=X, truth=truth)
        inputs |= store_graph(fewlabels.knn_graph(X, N_NEIGHBORS), folder)
        if any("own" in METHODS[who].inputs for who in names):
            inputs["own"] = folder / "own.npz"
            sparse.save_npz(inputs["own"], graphlearning_weights(X), compressed=False)
        found = bench.at_once(contenders, inputs)
    rows: dict[str, list[Any]] = {}
    for contender in contenders:
        for who, accuracies in zip(
            contender.settings["methods"], found[contender.name]["accuracy"], strict=True
        ):
            rows.setdefault(who, []).extend(accuracies)
    return f"{name}, {n_draws} draws", {who: np.array(rows[who]) for who in names}


def _tasks(
    names: list[str], plans: Sequence[tuple[str, int]], n_points: int
) -> list[tuple[list[str], Sequence[tuple[str, int]]]]:
    """Part the work into processes: where it is little, starting many would take longer."""
    if n_points > _FEW:
        return [([who], [plan]) for who in names for plan in plans]
    return [(group, plans) for i in range(cores()) if (group := names[i :: cores()])]


def installed(bench: Bench, names: Sequence[str]) -> list[str]:
    """Return the methods whose packages are installed, and say which are not."""
    missing = set()
    for package in {METHODS[name].package for name in names}:
        try:
            load(package)
        except MissingPackageError as error:
            bench.miss(str(error))
            missing.add(package)
    return [name for name in names if METHODS[name].package not in missing]


def over_mbo(name: str) -> str:
    """Name the difference of one of ours from GraphLearning's MBO."""
    return f"{name} less {_MBO}"


def is_ours(name: str) -> bool:
    """Whether a method is of this package."""
    return METHODS[name].package == "fewlabels"


def _accuracy_rows(work: str, found: Accuracies) -> list[Row]:
    """Return a row a plan, with the gap to the best of GraphLearning."""
    rows = []
    for column, (_, per_class) in enumerate(_PLANS):
        row = _row(work, f"accuracy, {labels(per_class)} a class", found, column)
        peers = {n: found[n][column] for n in found if n.startswith(GRAPHLEARNING)}
        if peers:
            best = gap_to_best(OVER_THE_BEST, found[START][column], peers)
            row = replace(row, gaps=[best])
        rows.append(row)
    return rows


def _sized_rows(work: str, found: Accuracies) -> list[Row]:
    """Return a row a plan, with the gaps of two of ours to GraphLearning's MBO."""
    rows = []
    for column, (_, per_class) in enumerate(_PLANS):
        measure = f"accuracy, {labels(per_class)} a class, sizes known"
        row = _row(work, measure, found, column, headline=False)
        if _MBO in found:
            mbo = found[_MBO][column]
            gaps = [gap(over_mbo(who), "", found[who][column], mbo) for who in (START, OUR_MBO)]
            row = replace(row, gaps=gaps)
        rows.append(row)
    return rows


def _skewed_rows(work: str, found: Accuracies) -> list[Row]:
    even, skewed = found[START]
    lost = gap(OVER_EVEN, "", skewed, even)
    return [
        _row(work, "accuracy, as many labels of each class", found, 0, headline=False),
        replace(_row(work, f"accuracy, skewed {_RATIO}:1", found, 1, headline=False), gaps=[lost]),
    ]


def _row(work: str, measure: str, found: Accuracies, column: int, *, headline: bool = True) -> Row:
    entries = {name: mean_entry(name, values[column]) for name, values in found.items()}
    mine = entries.pop(START)
    peers = [entry for name, entry in entries.items() if not is_ours(name)]
    also = [entry for name, entry in entries.items() if is_ours(name)]
    return Row(work, measure, "share", mine, peers, also, headline=headline and bool(peers))


def labels(number: int) -> str:
    """Say how many."""
    return "1 label" if number == 1 else f"{number} labels"
