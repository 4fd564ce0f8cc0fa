"""Sets of many kinds: how far behind the best model of hindsight, and how far to be trusted.

Every model answers the same draws of labels. The regret on a set is what a model's accuracy is
below that of the best of PEERS, `LabelPropagation` and the earlier `FewLabelsClassifier`, chosen
for that set and that number of labels by its mean over the draws; below 0 where it is above.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import make_classification

from benchmarks import earlier, plain, sets
from benchmarks.bench import ROOT, Bench, Contender
from benchmarks.data import FIRST_SEED, MissingDataError
from benchmarks.kinds import BUDGETS, WORDS, drawn
from benchmarks.methods import START
from benchmarks.packages import MissingPackageError, load, versions
from benchmarks.plain import FOREST, HARMONIC, LOGISTIC, OURS, PEERS, SVC_TUNED, answered
from benchmarks.plain import MODELS as MODELS_OF_CLASSES
from benchmarks.regressors import MODELS, N_LABELS
from benchmarks.regressors import START as REGRESSOR
from benchmarks.results import Entry, Row
from benchmarks.works.suspects import REGRESSION

EARLIER = "`FewLabelsClassifier`, earlier"
FRESH, TUNED, TABLES = "never tuned on", "tuned on", "tables"
# How measures begin, by which tables and goals find them.
REGRET, WORST, BALANCED = "regret", "worst regret", "balanced regret"
CALIBRATION, LOSS = "calibration error", "log loss"
RIGHT, LEAST_RIGHT, PRECISION = "right", "least right", "average precision"
ACCURACY, ERROR, WITHIN, TIME = "accuracy", "error", "within", "answers and probabilities"
EACH = "of each set"
_KEPT = ROOT / "build" / "kinds"
_FEWEST = 20  # points of a word, for its accuracy on a set to say something


@dataclass(frozen=True)
class Found:
    """What the models came to on one set.

    Attributes
    ----------
    data : sets.Data
    arrays : dict of str to dict of str to ndarray
        By measure and model; of shape (n_budgets, n_draws), and what `benchmarks.kinds` adds.
    """

    data: sets.Data
    arrays: dict[str, dict[str, Any]]

    def means(self, measure: str) -> dict[str, Any]:
        """Return the mean over draws of each model that has this measure, shape (n_budgets,)."""
        of_models = self.arrays.get(measure, {})
        means = {model: np.mean(values, axis=-1) for model, values in of_models.items()}
        return {model: mean for model, mean in means.items() if np.isfinite(mean).all()}


def regret(bench: Bench) -> list[Row]:
    """Accuracy, probabilities, doubt and suspects on sets of many kinds, beside plain models."""
    finders = {"ours": START, "peers": REGRESSION if _is_there(bench, "cleanlab") else ""}
    found = _measured(
        bench,
        "models on a set of some kind",
        sets.SETS,
        {"ours": list(OURS), "peers": list(PEERS)},
        {part: {"finder": finder} for part, finder in finders.items()},
    )
    before = earlier.stored(bench.size.name)
    for one in found:
        for measure, means in before.get(one.data.about.name, {}).items():
            one.arrays[measure][EARLIER] = np.array(means)[:, None]
    rows = []
    for work, of_group in _groups(found, bench.size.n_kinds_draws):
        rows += [*_regrets(work, of_group), *_trust(work, of_group), *_words(work, of_group)]
        rows += _suspects(work, of_group)
    tables = [one for one in found if one.data.about.kind.startswith("table")]
    if tables:
        rows += _suspects(f"{len(tables)} {TABLES} among them", tables)
    return rows + [row for one in found for row in _each(one, ACCURACY, "share", _budgets(), START)]


def numbers(bench: Bench) -> list[Row]:
    """Numbers in place of classes, beside plain regressors."""
    found = _measured(
        bench,
        "regressors on a set of some kind",
        sets.NUMBERS,
        {"ours": [REGRESSOR], "peers": [name for name in MODELS if name != REGRESSOR]},
        {"ours": {}, "peers": {}},
    )
    labels = [f"{number} labels" for number in N_LABELS]
    rows = []
    for work, of_group in _groups(found, bench.size.n_kinds_draws):
        for measure, unit, key in (
            (ERROR, "number", "error"),
            (f"{WITHIN} one deviation", "share", "within 1"),
            (f"{WITHIN} two deviations", "share", "within 2"),
        ):
            rows += _mean_rows(work, of_group, measure, unit, key, labels, REGRESSOR)
    return rows + [row for one in found for row in _each(one, ERROR, "number", labels, REGRESSOR)]


def table_time(bench: Bench) -> list[Row]:
    """From a table and 60 labels to answers, probabilities and doubt, beside plain models."""
    n = bench.size.n_kinds
    X, truth = make_classification(n, 20, n_informative=5, n_classes=3, random_state=0)
    y = drawn(truth, ("random", 60), FIRST_SEED)

    def answers(name: str) -> Callable[[], object]:
        return lambda: answered(MODELS_OF_CLASSES[name](X), y)

    names = (START, LOGISTIC, SVC_TUNED, FOREST)
    seconds = bench.in_turn({name: answers(name) for name in names})
    entries = {name: Entry(name, seconds[name], runs=bench.size.n_repeats) for name in names}
    return [_row(f"a table of {n:,} rows, 60 labels", TIME, "s", entries, START)]


def budget_text(kind: str, number: int) -> str:
    """Say how many labels there are."""
    if kind == "random":
        return f"{number} random labels"
    return "1 label a class" if number == 1 else f"{number} labels a class"


def _budgets() -> list[str]:
    return [budget_text(*budget) for budget in BUDGETS]


def _measured(
    bench: Bench,
    work: str,
    described: Sequence[sets.Description],
    parts: dict[str, list[str]],
    settings: dict[str, dict[str, Any]],
) -> list[Found]:
    """Let the models answer on each set that is there; the plain ones' answers are kept.

    Parameters
    ----------
    bench : Bench
    work : str
        Of `benchmarks.works.kinds`.
    described : sequence of Description
    parts : dict of str to list of str
        Models that one process asks, by "ours" and "peers".
    settings : dict of str to dict
        Of the work, for each part, beside what is the same for all.
    """
    there = _loaded(bench, described)
    contenders = []
    # what takes longest first, so that no core waits for it in the end
    for data in sorted(there, key=lambda data: -data.raw.size * max(1, len(data.classes))):
        for part, models in parts.items():
            given = {
                "set": data.about.name,
                "largest": bench.size.n_kinds,
                "draws": bench.size.n_kinds_draws,
                "models": models,
                **settings[part],
            }
            keep = _kept_in(data, given) if part == "peers" and bench.apart else ""
            contenders.append(Contender(f"{data.about.name}, {part}", work, given | {"keep": keep}))
    arrays = bench.at_once(contenders, {})
    found = []
    for data in there:
        joined: dict[str, dict[str, Any]] = {}
        for part, models in parts.items():
            for key, values in arrays[f"{data.about.name}, {part}"].items():
                if key == "suspects":
                    joined.setdefault(key, {})[settings[part]["finder"]] = values
                else:
                    joined.setdefault(key, {}).update(zip(models, values, strict=True))
        found.append(Found(data, joined))
    return found


def _loaded(bench: Bench, described: Iterable[sets.Description]) -> list[sets.Data]:
    """Return the sets whose packages are there, and say once of each package that is not."""
    found, reasons = [], {}
    for about in described:
        try:
            found.append(sets.load(about.name, bench.size.n_kinds))
        except MissingDataError as error:
            reasons.setdefault(about.package, error)
    if {data.about.package for data in found} <= {"scikit-learn"} and reasons:
        raise next(iter(reasons.values()))
    for error in reasons.values():
        bench.miss(str(error))
    return found


def _is_there(bench: Bench, package: str) -> bool:
    try:
        load(package)
    except MissingPackageError as error:
        bench.miss(str(error))
        return False
    return True


def _kept_in(data: sets.Data, settings: dict[str, Any]) -> str:
    """Return the file of what plain models answer: its name is of all that decides about it."""
    known = {name: versions().get(name) for name in ("scikit-learn", "cleanlab", "numpy", "scipy")}
    key = hashlib.sha256(json.dumps([settings, known, plain.source()]).encode())
    for array in (data.raw, data.y):
        key.update(np.ascontiguousarray(array).tobytes())
    return str(_KEPT / f"{data.about.name.replace(' ', '-')}-{key.hexdigest()[:16]}.npz")


def _groups(found: list[Found], n_draws: int) -> list[tuple[str, list[Found]]]:
    groups = [
        (which, [one for one in found if one.data.about.tuned_on is tuned_on])
        for which, tuned_on in ((FRESH, False), (TUNED, True))
    ]
    return [(f"{len(of)} sets {which}, {n_draws} draws", of) for which, of in groups if of]


def _regrets(work: str, found: list[Found]) -> list[Row]:
    """Return a row a budget: the mean over the sets, and the worst of them."""
    rows = []
    for measure, key in ((REGRET, "accuracy"), (BALANCED, "balanced")):
        of_sets = [_behind(one.means(key)) for one in found]
        models = [m for m in of_sets[0] if all(m in of for of in of_sets)]
        behind = {m: np.array([of[m] for of in of_sets]) for m in models}
        for j, budget in enumerate(_budgets()):
            means = {m: Entry(m, float(of[:, j].mean())) for m, of in behind.items()}
            rows.append(_row(work, f"{measure}, {budget}", "points", means, START))
            if key == "accuracy":
                worst = {m: _extreme(m, found, of[:, j], np.argmax) for m, of in behind.items()}
                rows.append(_row(work, f"{WORST}, {budget}", "points", worst, START))
    return rows


def _behind(means: dict[str, Any]) -> dict[str, Any]:
    """Return how far each model is behind the best of all but ours, by budget."""
    best = np.max([mean for model, mean in means.items() if model != START], axis=0)
    return {model: best - mean for model, mean in means.items()}


def _extreme(name: str, found: list[Found], values: Any, which: Any) -> Entry:
    """Return the worst value, with the set's name."""
    at = int(which(values))
    return Entry(name, float(values[at]), note=found[at].data.about.name)


def _trust(work: str, found: list[Found]) -> list[Row]:
    return [
        row
        for measure, key in ((CALIBRATION, "calibration"), (LOSS, "loss"))
        for row in _mean_rows(work, found, measure, "number", key, _budgets(), START)
    ]


def _mean_rows(
    work: str,
    found: list[Found],
    measure: str,
    unit: str,
    key: str,
    labels: Sequence[str],
    first: str,
) -> list[Row]:
    """Return a row a number of labels, with the mean over the sets of each model."""
    of_sets = [one.means(key) for one in found]
    models = [model for model in of_sets[0] if all(model in of for of in of_sets)]
    rows = []
    for j, text in enumerate(labels):
        means = [Entry(m, float(np.mean([of[m][j] for of in of_sets]))) for m in models]
        rows.append(_row(work, f"{measure}, {text}", unit, {e.name: e for e in means}, first))
    return rows


def _words(work: str, found: list[Found]) -> list[Row]:
    """Return what is right of each word of doubt, a row a budget; and on the worst set."""
    counts = np.array([one.arrays["count"][START].sum(axis=1) for one in found])
    right = np.array([one.arrays["right"][START].sum(axis=1) for one in found])
    shares = counts / counts.sum(axis=2, keepdims=True)
    accuracy = np.where(counts >= _FEWEST, right / np.maximum(counts, 1), np.nan)
    rows = []
    for j, budget in enumerate(_budgets()):
        means, least = {}, {}
        for w, word in enumerate(WORDS):
            of_word = accuracy[:, j, w]
            if np.isnan(of_word).all():
                continue
            name = f'"{word}"'
            note = f"{100 * shares[:, j, w].mean():.0f} % of the points"
            means[name] = Entry(name, float(np.nanmean(of_word)), note=note)
            least[name] = _extreme(name, found, of_word, np.nanargmin)
        for measure, entries in ((RIGHT, means), (LEAST_RIGHT, least)):
            if entries:
                ours, *also = entries.values()
                text = f"{measure}, {budget}"
                rows.append(Row(work, text, "share", ours, also=also, headline=False))
    return rows


def _suspects(work: str, found: list[Found]) -> list[Row]:
    finders = found[0].arrays["suspects"]
    means = {
        who: Entry(who, float(np.mean([one.arrays["suspects"][who] for one in found])))
        for who in finders
    }
    return [_row(work, PRECISION, "number", means, START)]


def _each(one: Found, measure: str, unit: str, labels: Sequence[str], first: str) -> list[Row]:
    """Return a row a number of labels for one set, with every model."""
    about, n_classes = one.data.about, len(one.data.classes)
    said = [about.kind, one.data.size, *([f"{n_classes} classes"] if n_classes else [])]
    work = f"{about.name} ({', '.join(said)}{f'; {TUNED}' if about.tuned_on else ''})"
    means = one.means(measure)
    rows = []
    for j, text in enumerate(labels):
        entries = {m: Entry(m, float(mean[j])) for m, mean in means.items()}
        rows.append(_row(work, f"{measure} {EACH}, {text}", unit, entries, first))
    return rows


def _row(work: str, measure: str, unit: str, entries: dict[str, Entry], first: str) -> Row:
    also = [entry for name, entry in entries.items() if name in (HARMONIC, EARLIER)]
    peers = [e for name, e in entries.items() if name not in (first, HARMONIC, EARLIER)]
    return Row(work, measure, unit, entries[first], peers, also, headline=False)
