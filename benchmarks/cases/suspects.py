"""Wrong labels among few: who finds them, beside cleanlab on the same features."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import fewlabels
from benchmarks.averages import gap_to_best, mean_entry
from benchmarks.bench import Bench, Contender, stored
from benchmarks.cases.accuracy import digits, fashion
from benchmarks.data import FIRST_SEED
from benchmarks.methods import N_NEIGHBORS
from benchmarks.packages import MissingPackageError, load
from benchmarks.results import Row
from benchmarks.works.fits import store_graph
from benchmarks.works.suspects import FINDERS, KINDS

SHARES = (0.05, 0.1, 0.2)
_N_DIGITS, _N_FASHION = 200, 300
_CLEANLAB = "cleanlab"
MEASURES = ("average precision", "precision of those called wrong", "recall of those called wrong")
OVER_CLEANLAB = "the first less the best of cleanlab"


def suspects_digits(bench: Bench) -> list[Row]:
    """Find the wrong ones among 200 labels of the digits."""
    return _rows(bench, digits(bench), _N_DIGITS)


def suspects_fashion(bench: Bench) -> list[Row]:
    """Find the wrong ones among 300 labels of Fashion-MNIST."""
    return _rows(bench, fashion(bench.size.n_subset), _N_FASHION)


def _rows(bench: Bench, data: tuple[str, Any, Any], n_labelled: int) -> list[Row]:
    """Return three rows for each kind and share of wrong labels."""
    name, X, truth = data
    n_draws = bench.size.n_trust_draws
    finders = _installed(bench)
    settings = {
        "kinds": list(KINDS),
        "shares": list(SHARES),
        "n_labelled": n_labelled,
        "seeds": [FIRST_SEED, n_draws],
    }
    contenders = [Contender(who, "suspects", settings | {"finder": who}) for who in finders]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
        folder = Path(path)
        inputs = stored(folder, X=X, truth=truth)
        inputs["graph"] = store_graph(fewlabels.knn_graph(X, N_NEIGHBORS), folder)["graph"]
        found = bench.at_once(contenders, inputs)
    qualities = {who: arrays["quality"] for who, arrays in found.items()}
    work = f"{n_labelled} labels of {name}, {n_draws} draws"
    return [
        row
        for i, kind in enumerate(KINDS)
        for j, share in enumerate(SHARES)
        for row in _three(
            f"{work}, {share:.0%} flipped {kind}",
            {who: values[i, j] for who, values in qualities.items()},
            headline=share == SHARES[1],
        )
    ]


def _three(work: str, qualities: dict[str, Any], *, headline: bool) -> list[Row]:
    """Compare rankings by their average precision, and what is called wrong by two shares."""
    theirs = [who for who in qualities if who.startswith(_CLEANLAB)]
    rows = []
    for number, measure in enumerate(MEASURES):
        values = {who: quality[:, number] for who, quality in qualities.items()}
        first, *others = (mean_entry(who, of) for who, of in values.items())
        ranked = {who: values[who] for who in theirs}
        rows.append(
            Row(
                work,
                measure,
                "number",
                first,
                [entry for entry in others if entry.name in theirs],
                [entry for entry in others if entry.name not in theirs],
                [gap_to_best(OVER_CLEANLAB, values[first.name], ranked)]
                if theirs and number == 0
                else [],
                headline=headline and bool(theirs) and number == 0,
            )
        )
    return rows


def _installed(bench: Bench) -> list[str]:
    try:
        load(_CLEANLAB)
    except MissingPackageError as error:
        bench.miss(str(error))
        return [who for who in FINDERS if not who.startswith(_CLEANLAB)]
    return list(FINDERS)
