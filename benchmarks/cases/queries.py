"""What to label next: rules beside random questions and the peers' rules, rounds, and looks.

Starts and shuffles have the seeds from 1000 on, on which nothing was tuned, but for the published
shuffle, which has the seed 0. `simulated` starts from one random point of each class, the same for
all rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import fewlabels
from benchmarks.averages import gap, gap_to_best, mean_entry
from benchmarks.bench import Bench, Contender, cores, stored
from benchmarks.cases.accuracy import digits, fashion
from benchmarks.cases.large import N_FEATURES
from benchmarks.data import FIRST_SEED, MissingDataError, curved_classes
from benchmarks.methods import GRAPHLEARNING, N_NEIGHBORS
from benchmarks.packages import MissingPackageError, load
from benchmarks.results import Curve, Entry, Finding, Row
from benchmarks.works.fits import store_graph
from benchmarks.works.proofs import LEARNERS
from benchmarks.works.queries import (
    DEFAULT,
    MOVES,
    OURS_ON_DIGITS,
    PUBLISHED,
    RANDOM,
    RULES_OF_GRAPHLEARNING,
    THEIRS,
)

PUBLISHED_SHUFFLE, FRESH_SHUFFLES = "published shuffle", "fresh shuffles"
OVER_RANDOM = f"{DEFAULT} less {RANDOM}"
OVER_GRAPHLEARNING = f"{DEFAULT} less the best of {GRAPHLEARNING}"
LESS_RANDOM = f"less {RANDOM}, same batch"
AREA = "area under the learning curve"
ON_GRADIENTS = ", oriented gradients"
PREPARATION, ROUND = "preparation", "a round of 5 answers"
AT_EVERY_LOOK, FOR_ONE_LOOK = "the interval of a session", "an interval for one look"
ADVICE, BEST_BET = "`advice()`", "the best bet in hindsight"
NOT_WRONG = "nothing proven that is wrong"
MARGIN_TOP = "top-k `margin`"
BATCHED = {
    DEFAULT: ("auto", {}),
    MARGIN_TOP: ("margin", {"batch": "top"}),
    "`margin`": ("margin", {}),
    RANDOM: ("random", {}),
}
BATCH_SIZES = (1, 5, 10, 25)
_SIMULATED = {DEFAULT: ("auto", {}), RANDOM: ("random", {})}
_RULES_ON_FEATURES = ("auto", "margin", "v-optimality", "random")  # what runs on features too
_THEIRS = (*RULES_OF_GRAPHLEARNING, RANDOM)
_CONFIDENCE = 0.95
_WANTED = 0.9
_MOST_LABELS = 400
_POINTS = (300, 1_797)
_EIGENVECTORS = 50  # as in its documentation


def published_questions(bench: Bench) -> list[Row]:
    """Ask about 330 digits of which 10 are given, as the published example does."""
    n = bench.size.n_published
    plan = {"n_points": n, "n_given": 10, "budget": 30}
    who = (*OURS_ON_DIGITS, *PUBLISHED)
    published = _digits(bench, who, [0], plan)
    fresh = _digits(bench, who, _seeds(bench.size.n_draws), plan)
    rows = _at(f"{n} digits, 10 given, the {PUBLISHED_SHUFFLE}", published, (15, 20, 25, 30))
    text = f"{n} digits, 10 given, {bench.size.n_draws} {FRESH_SHUFFLES}"
    rows += _at(text, fresh, (15, 20, 25, 30))
    return [*rows[:-1], replace(rows[-1], headline=True)]


def chosen_digits(bench: Bench) -> list[Row]:
    """Ask about digits of which none is given."""
    rows = []
    for n_points, counts in (
        (bench.size.n_published, (10, 15, 20, 25, 30)),
        (bench.size.n_digits, (20, 30)),
    ):
        plan = {"n_points": n_points, "n_given": 0, "budget": 30}
        found = _digits(bench, OURS_ON_DIGITS, _seeds(bench.size.n_draws), plan)
        text = f"{n_points:,} digits, none given, {bench.size.n_draws} {FRESH_SHUFFLES}"
        rows += _at(text, found, counts)
    return rows


def questions_fashion(bench: Bench) -> list[Row]:
    """Ask about Fashion-MNIST; and about a part of it, beside GraphLearning's rules and models."""
    whole = _fashion_row(bench, bench.size.n_trust)
    try:
        load(GRAPHLEARNING.lower())
    except MissingPackageError as error:
        bench.miss(str(error))
        return [whole]
    return [whole, _fashion_row(bench, bench.size.n_rule_points, beside=True)]


def every_rule(bench: Bench) -> list[Finding]:
    """Compare each rule with random questions, by the area under the learning curve."""
    every = _every_rule()
    few = {
        name: rule for name, rule in every.items() if rule[0] in _RULES_ON_FEATURES and not rule[1]
    }
    found: list[Finding] = []
    n_starts = bench.size.n_starts
    for name, X, truth in (digits(bench), fashion(bench.size.n_rule_points)):
        for features, rules in (("", every), (ON_GRADIENTS, few)):
            points = fewlabels.OrientedGradients().fit_transform(X) if features else X
            plan = {"rules": rules, "batch_size": 5, "budget": bench.size.rule_budget}
            curves = _simulated(bench, points, truth, plan, _seeds(n_starts))
            work = f"{name}{features}, {n_starts} starts"
            found += [_area_row(work, rules, curves), *_curves(work, rules, curves)]
    return found


def batches(bench: Bench) -> list[Row]:
    """Measure the accuracy at the same number of labels, asked one by one and in batches."""
    rows = []
    for (name, X, truth), n_starts in (
        (digits(bench), bench.size.n_starts),
        (fashion(bench.size.n_rule_points), bench.size.n_batch_starts),
    ):
        budget = len(np.unique(truth)) + bench.size.n_batched
        at_end = {}
        for size in (size for size in BATCH_SIZES if bench.size.n_batched % size == 0):
            plan = {"rules": BATCHED, "batch_size": size, "budget": budget}
            curves = _simulated(bench, X, truth, plan, _seeds(n_starts))
            at_end[size] = dict(zip(BATCHED, curves["accuracy"][:, :, -1], strict=True))
        work = f"{name}, {budget} labels, {n_starts} starts"
        for size, accuracies in at_end.items():
            gaps = [
                gap(f"{who} less its own one by one", "", accuracies[who], at_end[1][who])
                for who in BATCHED
                if size != 1
            ]
            gaps += [
                gap(f"{who} {LESS_RANDOM}", "", accuracies[who], accuracies[RANDOM])
                for who in BATCHED
                if who != RANDOM
            ]
            rows.append(replace(_row(work, batch_text(size), accuracies), gaps=gaps))
    return rows


def rounds(bench: Bench) -> list[Row]:
    """Time what comes before the first round of a session, and its rounds."""
    n, n_classes = bench.size.n_large, bench.size.n_large_classes
    sets = [lambda: (f"{n:,} x {N_FEATURES}", *curved_classes(n, N_FEATURES, n_classes))]
    sets.insert(0, lambda: fashion(bench.size.n_fashion))
    rows = []
    for make in sets:
        try:
            name, X, truth = make()
        except MissingDataError as error:
            bench.miss(str(error))
            continue
        graph = fewlabels.knn_graph(X, N_NEIGHBORS)
        with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
            folder = Path(path)
            inputs = stored(folder, truth=truth)
            inputs["graph"] = folder / "graph.npz"
            graph.save(inputs["graph"])
            del X, graph
            contender = Contender(DEFAULT, "session rounds", {"rounds": bench.size.n_rounds})
            outcome = bench.contest([contender], inputs)[DEFAULT]
        for measure, part in ((PREPARATION, "preparation"), (ROUND, "round")):
            entry = Entry(DEFAULT, outcome.seconds[part], peak=outcome.peak, runs=outcome.runs)
            work = f"a session on {name}, {len(truth):,} points"
            rows.append(Row(work, measure, "s", entry, headline=False))
    return rows


def peeking(bench: Bench) -> list[Row]:
    """Count the runs in which the interval for the accuracy was right at every look."""
    answers, n_draws = bench.size.n_answers, bench.size.n_looks
    n = bench.size.n_published
    sessions = {"n_points": n, "answers": answers, "confidence": _CONFIDENCE}
    seeds = _seeds(bench.size.n_peeks)
    found = _by_seed(bench, "peeking sessions", sessions, {}, seeds)
    rows = [_held(f"{len(seeds):,} sessions on {n} digits, {answers} answers", found)]
    draws = {"runs": bench.size.n_peeks, "draws": n_draws, "confidence": _CONFIDENCE}
    streams = _by_seed(bench, "peeking draws", draws, {}, _seeds(2))
    for number, move in enumerate(MOVES):
        held = {name: values[number] for name, values in streams.items()}
        rows.append(_held(f"{len(held['held']):,} runs of {n_draws} checks, {move}", held))
    return rows


def proofs(bench: Bench) -> list[Row]:
    """Let sittings end when an accuracy is proven, beside the best bet, and count wrong proofs."""
    seeds = _seeds(max(bench.size.n_peeks // 5, 2))
    plan = {"n_points": _POINTS[-1], "wanted": _WANTED, "most": _MOST_LABELS}
    found = _by_seed(bench, "learning sittings", plan, {}, seeds)
    rows = []
    for number, learner in enumerate(LEARNERS):
        figures = {name: values[number] for name, values in found.items()}
        rows += _proven(f"{len(seeds):,} sittings, {learner}", figures)
    truth, n_sessions = digits_graph(bench.size.n_digits), max(bench.size.n_starts, 2)
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
        inputs = stored(Path(path), truth=truth[1]) | store_graph(truth[0], Path(path))
        plan = {"wanted": _WANTED, "most": min(_MOST_LABELS, len(truth[1]) // 2)}
        figures = _by_seed(bench, "proof sessions", plan, inputs, _seeds(n_sessions))
    rows += _proven(f"{n_sessions} sessions on {len(truth[1]):,} digits", figures)
    for n_points in _POINTS:
        plan = {"runs": 5 * bench.size.n_peeks, "n_points": n_points, "wanted": _WANTED}
        held = _by_seed(bench, "hasty sittings", plan, {}, _seeds(2))["held"]
        work = f"{held.size:,} times five sequences of answers just too bad, {n_points:,} points"
        rows.append(Row(work, NOT_WRONG, "share", _mean(ADVICE, held[0]), headline=False))
    return rows


def digits_graph(n_points: int) -> tuple[fewlabels.Graph, Any]:
    """Return the graph of so many of scikit-learn's digits, and what they are."""
    from sklearn.datasets import load_digits

    X, truth = load_digits(return_X_y=True)
    return fewlabels.knn_graph(X[:n_points], N_NEIGHBORS), truth[:n_points]


def _proven(work: str, figures: Mapping[str, Any]) -> list[Row]:
    """Return what came of sittings; numbers of checks are of those with a best bet."""
    rows = [
        Row(work, "proven", "share", _mean(ADVICE, figures["stopped"]), headline=False),
        Row(work, NOT_WRONG, "share", _mean(ADVICE, 1 - figures["wrong"]), headline=False),
    ]
    known = np.isfinite(figures["best"])
    if known.any():
        for name, measure in (("checks", "checks of the proof"), ("before", "checks before it")):
            others = [_mean(BEST_BET, figures["best"][known])] if name == "checks" else []
            mine = _mean(ADVICE, figures[name][known])
            rows.append(Row(work, measure, "count", mine, [], others, headline=False))
        rows.append(
            Row(
                work,
                "answers in all",
                "count",
                _mean(ADVICE, figures["answers"][known]),
                headline=False,
            )
        )
    return rows


def batch_text(size: int) -> str:
    """Say how many questions are asked at a time."""
    return "one by one" if size == 1 else f"batches of {size}"


def _every_rule() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return each rule by its name in the table; what "auto" stands for is there once."""
    from fewlabels.queries import RULES

    rules: dict[str, tuple[str, dict[str, Any]]] = {DEFAULT: ("auto", {})}
    for name, rule in sorted(RULES.items()):
        if rule is not RULES["auto"] and name != "random":
            rules[f"`{name}`"] = (name, {})
            if name in {"margin", "entropy"}:
                rules[f"top-k `{name}`"] = (name, {"batch": "top"})
    return rules | {RANDOM: ("random", {})}


def _seeds(count: int) -> list[int]:
    return list(range(FIRST_SEED, FIRST_SEED + count))


def _by_seed(
    bench: Bench,
    work: str,
    settings: Mapping[str, Any],
    inputs: Mapping[str, Path],
    seeds: Sequence[int],
) -> dict[str, Any]:
    """Part the seeds between processes, one a core, and put what comes out in their order.

    Arrays are joined along their last axis, or the second of three; ``labels`` is the same for all.
    """
    n_parts = min(cores() if bench.apart else 1, len(seeds))
    parts = [list(seeds[i::n_parts]) for i in range(n_parts)]
    contenders = [
        Contender(f"{work}, part {i + 1} of {n_parts}", work, {**settings, "seeds": part})
        for i, part in enumerate(parts)
    ]
    found = bench.at_once(contenders, inputs)
    pieces = [found[contender.name] for contender in contenders]
    joined: dict[str, Any] = {}
    for name, first in pieces[0].items():
        if name == "labels":
            joined[name] = first
            continue
        axis = 1 if first.ndim == 3 else first.ndim - 1
        whole = np.concatenate([piece[name] for piece in pieces], axis=axis)
        if whole.shape[axis] == len(seeds):
            order = np.argsort(np.concatenate([np.searchsorted(seeds, part) for part in parts]))
            whole = np.take(whole, order, axis=axis)
        joined[name] = whole
    return joined


def _digits(
    bench: Bench, who: Sequence[str], seeds: Sequence[int], plan: Mapping[str, Any]
) -> dict[str, Any]:
    found = _by_seed(bench, "digit questions", {"contenders": list(who), **plan}, {}, seeds)
    return found | {"names": list(who)}


def _at(work: str, found: Mapping[str, Any], counts: Iterable[int]) -> list[Row]:
    """Return a row for each of some numbers of labels."""
    rows = []
    for count in counts:
        (place,) = np.flatnonzero(found["labels"] == count)
        accuracies = dict(zip(found["names"], found["accuracy"][:, :, place], strict=True))
        rows.append(_row(work, f"accuracy, {count} labels", accuracies))
    return rows


def _row(work: str, measure: str, values: Mapping[str, Any]) -> Row:
    """Return ours beside scikit-learn and GraphLearning, and the others of ours."""
    entries = {name: _mean(name, of) for name, of in values.items()}
    mine = entries.pop(DEFAULT)
    peers = [e for name, e in entries.items() if name == THEIRS or name.startswith(GRAPHLEARNING)]
    also = [entry for entry in entries.values() if entry not in peers]
    gaps = []
    if len(values[DEFAULT]) > 1:
        gaps.append(gap(OVER_RANDOM, "", values[DEFAULT], values[RANDOM]))
    return Row(work, measure, "share", mine, peers, also, gaps, headline=False)


def _mean(name: str, values: Any) -> Entry:
    return mean_entry(name, values) if len(values) > 1 else Entry(name, float(values[0]))


def _fashion_row(bench: Bench, n_points: int, *, beside: bool = False) -> Row:
    name, X, truth = fashion(n_points)
    seeds, budget = _seeds(bench.size.n_question_seeds), bench.size.fashion_budget
    plan = {"batch_size": 5, "budget": budget}
    found = _simulated(bench, X, truth, {**plan, "rules": _SIMULATED}, seeds, theirs=beside)
    values = dict(zip(_SIMULATED, found["accuracy"][:, :, -1], strict=True))
    work = f"{name}, 1 a class given, {len(seeds)} starts"
    measure = f"accuracy, {budget} labels"
    if not beside:
        return _row(work, measure, values)
    theirs = {
        f"{GRAPHLEARNING} {rule}": accuracies
        for rule, accuracies in zip(_THEIRS, found["theirs"], strict=True)
    }
    row = _row(work, measure, values | theirs)
    best = gap_to_best(OVER_GRAPHLEARNING, values[DEFAULT], theirs)
    return replace(row, gaps=[*row.gaps, best], headline=True)


def _simulated(
    bench: Bench,
    X: Any,
    truth: Any,
    plan: Mapping[str, Any],
    seeds: Sequence[int],
    *,
    theirs: bool = False,
) -> dict[str, Any]:
    """Simulate rules on the neighbours of some points; GraphLearning's too, as ``theirs``."""
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
        folder = Path(path)
        inputs = store_graph(fewlabels.knn_graph(X, N_NEIGHBORS), folder)
        inputs |= stored(folder, truth=truth)
        found = _by_seed(bench, "simulated", plan, inputs, seeds)
        if theirs:
            settings = {
                "rules": list(_THEIRS),
                "model": ("laplace", {"reweighting": "poisson"}),
                "eigenvectors": min(_EIGENVECTORS, len(truth) // 4),
                **{name: plan[name] for name in ("batch_size", "budget")},
            }
            work = "GraphLearning's questions"
            found["theirs"] = _by_seed(bench, work, settings, inputs, seeds)["accuracy"]
    return found


def _area_row(work: str, rules: Mapping[str, Any], found: Mapping[str, Any]) -> Row:
    areas = dict(zip(rules, found["area"], strict=True))
    entries = [mean_entry(name, values) for name, values in areas.items()]
    first, last = found["labels"][[0, -1]]
    return Row(
        work,
        f"{AREA}, {first} to {last} labels",
        "share",
        replace(entries[0], runs=len(areas[DEFAULT])),
        also=entries[1:],
        gaps=[gap(name, RANDOM, areas[name], areas[RANDOM]) for name in rules if name != RANDOM],
        headline=False,
    )


def _curves(work: str, rules: Mapping[str, Any], found: Mapping[str, Any]) -> list[Curve]:
    """Return each rule's accuracy against the number of labels; the plot needs no more digits."""
    return [
        Curve(
            work,
            name,
            found["labels"].tolist(),
            accuracy.mean(axis=0).round(5).tolist(),
            (accuracy.std(axis=0, ddof=1) / np.sqrt(len(accuracy))).round(5).tolist(),
        )
        for name, accuracy in zip(rules, found["accuracy"], strict=True)
    ]


def _held(work: str, found: Mapping[str, Any]) -> Row:
    mine, other = (
        mean_entry(name, found[key].astype(float))
        for name, key in ((AT_EVERY_LOOK, "held"), (FOR_ONE_LOOK, "held_once"))
    )
    measure = f"right at every look, {_CONFIDENCE:.0%} promised"
    return Row(work, measure, "share", mine, also=[other], headline=False)
