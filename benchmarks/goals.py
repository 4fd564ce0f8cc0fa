"""The goals, on two cores, and whether they are reached.

The goals were set before the work on them began; what their numbers are compared with was measured
in the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cases.accuracy import OUR_MBO, OVER_EVEN, OVER_THE_BEST, over_mbo
from benchmarks.cases.hindsight import FIXED_TIME, OVER_THE_BEST_FIXED, OVER_THE_MEDIAN
from benchmarks.cases.kinds import (
    BALANCED,
    CALIBRATION,
    ERROR,
    FRESH,
    LEAST_RIGHT,
    PRECISION,
    REGRET,
    TABLES,
    TIME,
    WITHIN,
    WORST,
)
from benchmarks.cases.queries import (
    FRESH_SHUFFLES,
    PREPARATION,
    PUBLISHED_SHUFFLE,
    ROUND,
)
from benchmarks.methods import START
from benchmarks.table import spoken
from benchmarks.works.confidence import ROWS, SOFTMAX
from benchmarks.works.queries import DEFAULT

Row = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A limit on one number of one row, or of the worst of some rows.

    Attributes
    ----------
    text : str
        What is measured.
    case, measure : str
        Which row: its case, and how its measure begins.
    value : callable
        Takes the row and returns the number; raises KeyError where the peer was not measured.
    limit, stretch : float
        To reach, and better still; None where nothing was set.
    at_least : bool
        Whether more is better.
    unit : str
        Of the number, as `benchmarks.table.spoken` knows it; "x" for a ratio.
    worst : bool, default=False
        Of all rows that fit, that with the worst number; else the first.
    work : str, default=""
        What the work of the row has to hold.
    """

    text: str
    case: str
    measure: str
    value: Callable[[Row], float]
    limit: float | None
    stretch: float | None
    at_least: bool
    unit: str
    worst: bool = False
    work: str = ""

    def reached(self, value: float) -> str:
        """Say whether a value is within the limit, or within the stretch even."""
        if self.stretch is not None and self._within(value, self.stretch):
            return "yes, and more"
        if self.limit is None:
            return "no"
        return "yes" if self._within(value, self.limit) else "**no**"

    def _within(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit


def times_faster(peer: str) -> Callable[[Row], float]:
    """Return what divides the peer's time by ours."""
    return lambda row: _peer(row, peer)["value"] / row["ours"]["value"]


def share_of_time(peer: str) -> Callable[[Row], float]:
    """Return what divides our time by the peer's."""
    return lambda row: row["ours"]["value"] / _peer(row, peer)["value"]


def own(key: str) -> Callable[[Row], float]:
    """Return what reads a number of our entry."""
    return lambda row: row["ours"][key]


def of_name(name: str) -> Callable[[Row], float]:
    """Return what reads our entry if it has this name; there is none where it was never said."""

    def value(row: Row) -> float:
        if row["ours"]["name"] != name:
            raise KeyError(name)
        return float(row["ours"]["value"])

    return value


def lost_accuracy(row: Row) -> float:
    """Return how much less than the peer's our accuracy is; below 0 where it is more."""
    return float(row["peers"][0]["value"] - row["ours"]["value"])


def gap_of(name: str) -> Callable[[Row], float]:
    """Return what reads a difference by the beginning of its name."""

    def value(row: Row) -> float:
        for found in row.get("gaps", []):
            if found["name"].startswith(name):
                return float(found["value"])
        raise KeyError(name)

    return value


def surely_more(name: str) -> Callable[[Row], float]:
    """Return what reads a difference by its name, less two of its standard errors."""

    def value(row: Row) -> float:
        for found in row.get("gaps", []):
            if found["name"] == name:
                return float(found["value"] - 2 * found["error"])
        raise KeyError(name)

    return value


def off_by(wanted: float) -> Callable[[Row], float]:
    """Return how far our value is from what was asked for."""
    return lambda row: abs(row["ours"]["value"] - wanted)


def share_of_least(*names: str) -> Callable[[Row], float]:
    """Return what divides our value by the least of some other ways of ours."""

    def value(row: Row) -> float:
        others = {entry["name"]: entry["value"] for entry in row.get("also", [])}
        return float(row["ours"]["value"] / min(others[name] for name in names))

    return value


GOALS = (
    Goal("graph of Fashion-MNIST, against scikit-learn's brute force",
         "fashion_graph", "", times_faster("scikit-learn"), 20, 35, True, "x"),
    Goal("the same, against PyNNDescent at its defaults, compiled",
         "fashion_graph", "", times_faster("PyNNDescent"), 8, 12, True, "x"),
    Goal("the same, against its first call in a process, which compiles",
         "fashion_graph", "", times_faster("PyNNDescent, first call"), 8, 12, True, "x"),
    Goal("recall of that graph",
         "fashion_graph", "", own("recall"), 0.98, 0.99, True, "share"),
    Goal("fit on that graph, against GraphLearning's Poisson",
         "fashion_fit", "", times_faster("GraphLearning Poisson"), 15, 40, True, "x"),
    Goal("one label added to that fit",
         "fashion_label", "", own("value"), 0.05, 0.01, False, "s"),
    Goal("the same, against scikit-learn's refit",
         "fashion_label", "", times_faster("scikit-learn"), 2000, 10_000, True, "x"),
    Goal("accuracy lost by the fast graph",
         "fashion_accuracy", "", lost_accuracy, 0.003, 0.0, False, "share"),
    Goal("1,000,000 x 64, graph and fit, as a multiple of FAISS HNSW's neighbours alone",
         "large_graph_and_fit", "k = 10", share_of_time("FAISS HNSW"), 1.4, 1.0, False, "x"),
    Goal("peak memory of that, as a multiple of X and graph",
         "large_graph_and_fit", "peak", own("multiple"), 4, 3, False, "x"),
    Goal("exponent of the growth from 10,000 to 1,000,000 points",
         "growth", "exponent, graph and fit", own("value"), 1.15, 1.05, False, "exponent"),
    Goal("resident memory, 10,000,000-node graph on disk",
         "disk_graph", "peak", own("value"), 2e9, 1e9, False, "B"),
    Goal("`LabelSpreading` on 330 digits, against scikit-learn",
         "published_example", "", times_faster("scikit-learn"), 1, 2, True, "x"),
)  # fmt: skip


TRUST_GOALS = (
    Goal("Fashion-MNIST, 1 label a class: accuracy less the best of GraphLearning",
         "accuracy_fashion", "accuracy, 1 label", gap_of(OVER_THE_BEST),
         0.02, None, True, "points"),
    Goal("the same: accuracy",
         "accuracy_fashion", "accuracy, 1 label", own("value"), 0.634, 0.66, True, "share"),
    Goal("Fashion-MNIST, 5 labels a class: accuracy less the best of GraphLearning",
         "accuracy_fashion", "accuracy, 5", gap_of(OVER_THE_BEST),
         0.02, None, True, "points"),
    Goal("the same: accuracy",
         "accuracy_fashion", "accuracy, 5", own("value"), 0.74, 0.76, True, "share"),
    Goal("digits, 1 label a class: accuracy less the best of GraphLearning",
         "accuracy_digits", "accuracy, 1 label", gap_of(OVER_THE_BEST),
         0.0, None, True, "points"),
    Goal("the same: accuracy",
         "accuracy_digits", "accuracy, 1 label", own("value"), None, 0.95, True, "share"),
    Goal("digits, 5 labels a class: accuracy less the best of GraphLearning",
         "accuracy_digits", "accuracy, 5", gap_of(OVER_THE_BEST),
         0.0, None, True, "points"),
    Goal("the same: accuracy",
         "accuracy_digits", "accuracy, 5", own("value"), None, 0.985, True, "share"),
    Goal(f"Fashion-MNIST, sizes of the classes known: {START} less GraphLearning's Poisson MBO, "
         "the worse of 1 and 5 labels a class",
         "sizes_known_fashion", "", gap_of(over_mbo(START)), 0.01, 0.03, True, "points",
         worst=True),
    Goal(f"the same: {OUR_MBO} less GraphLearning's",
         "sizes_known_fashion", "", gap_of(over_mbo(OUR_MBO)), 0.01, 0.03, True, "points",
         worst=True),
    Goal("labels 10:1 uneven between classes, less the same number evenly: the worse of digits and "
         "Fashion-MNIST",
         "skewed_draws", "", gap_of(OVER_EVEN), -0.03, -0.01, True, "points", worst=True),
    Goal("calibration error, 5 labels a class: the worse of digits and Fashion-MNIST",
         "calibration", "expected", own("value"), 0.05, 0.02, False, "number", worst=True),
    Goal("the same, as a share of that of rows divided by their sums, and of a softmax",
         "calibration", "expected", share_of_least(ROWS, SOFTMAX), 1 / 3, None, False, "share",
         worst=True),
    Goal("coverage, how far from the 90 % asked for: the worst of digits and Fashion-MNIST, 50 and "
         "100 random labels",
         "coverage", "coverage", off_by(0.9), 0.02, None, False, "share", worst=True),
    Goal(f"{START} less the best fixed model in hindsight: the worst of seven sets, 1 and 5 labels "
         "a class",
         "hindsight", "", gap_of(OVER_THE_BEST_FIXED), -0.01, 0.0, True, "points", worst=True),
    Goal("the same, less the median of the fixed models",
         "hindsight", "", gap_of(OVER_THE_MEDIAN), 0.0, None, True, "points", worst=True),
    Goal("its fit on the graph of Fashion-MNIST, as a multiple of a fixed model's",
         "choice_time", "", share_of_least(FIXED_TIME), 4, 2, False, "x"),
)  # fmt: skip


def _accuracies(
    text: str, case: str, work: str, goals: dict[int, tuple[float, float]]
) -> tuple[Goal, ...]:
    """Return a goal for each number of labels."""
    return tuple(
        Goal(f"{text if i == 0 else 'the same'}, {count} labels", case,
             f"accuracy, {count} labels", own("value"), limit, stretch, True, "share", work=work)
        for i, (count, (limit, stretch)) in enumerate(goals.items())
    )  # fmt: skip


QUESTION_GOALS = (
    *_accuracies(
        "330 digits, 10 given, the published shuffle: accuracy", "published_questions",
        PUBLISHED_SHUFFLE,
        {15: (0.91, 0.93), 20: (0.945, 0.96), 25: (0.955, 0.975), 30: (0.97, 0.985)},
    ),
    *_accuracies(
        "330 digits, 10 given, mean of 20 fresh shuffles: accuracy", "published_questions",
        FRESH_SHUFFLES,
        {15: (0.88, 0.90), 20: (0.93, 0.945), 25: (0.945, 0.96), 30: (0.955, 0.97)},
    ),
    *_accuracies(
        "330 digits, none given, mean of 20 shuffles: accuracy", "chosen_digits", "330 digits",
        {10: (0.86, 0.90), 15: (0.93, 0.95), 20: (0.945, 0.965), 25: (0.955, 0.975),
         30: (0.965, 0.98)},
    ),
    *_accuracies(
        "1,797 digits, none given, mean of 20 shuffles: accuracy", "chosen_digits", "1,797 digits",
        {20: (0.98, 0.99), 30: (0.985, 0.993)},
    ),
    *_accuracies(
        "Fashion-MNIST, 1 a class given, mean of 5 starts: accuracy", "questions_fashion",
        "Fashion-MNIST, ", {100: (0.76, 0.80)},
    ),
    Goal("area under the learning curve less that of random questions, less two standard errors: "
         "the worst set", "every_rule", "", surely_more(DEFAULT), 0.0, None, True, "points",
         worst=True),
    Goal("70,000 points: preparation", "rounds", PREPARATION, own("value"), 8, 4, False, "s",
         work="70,000 points"),
    Goal("the same: a round of 5 answers, the update and the next 5 questions",
         "rounds", ROUND, own("value"), 0.5, 0.1, False, "s", work="70,000 points"),
    Goal("1,000,000 points: preparation", "rounds", PREPARATION, own("value"), 120, 60, False, "s",
         work="1,000,000 points"),
    Goal("the same: a round of 5 answers, the update and the next 5 questions",
         "rounds", ROUND, own("value"), 8, 2, False, "s", work="1,000,000 points"),
    Goal("sittings in which nothing was proven that is wrong: the worst kind", "proofs",
         "nothing proven", own("value"), 0.95, None, True, "share", worst=True),
    Goal("runs in which the interval for the accuracy was right at every look: the worst of three "
         "kinds", "peeking", "right", own("value"), 0.95, None, True, "share", worst=True),
)  # fmt: skip


def _of_kinds(
    text: str, begin: str, goals: dict[str, tuple[float, float | None]], unit: str
) -> tuple[Goal, ...]:
    """Return a goal for each number of labels, on the sets that nothing was tuned on."""
    case = "numbers" if begin == ERROR else "regret"
    return tuple(
        Goal(f"{text if i == 0 else 'the same'}, {labels}", case, f"{begin}, {labels}",
             own("value"), limit, stretch, False, unit, work=FRESH)
        for i, (labels, (limit, stretch)) in enumerate(goals.items())
    )  # fmt: skip


_ONE, _FIVE, _TWENTY = "1 label a class", "5 labels a class", "20 labels a class"
_RANDOM = "50 random labels"
KIND_GOALS = (
    *_of_kinds(
        "accuracy behind the best of hindsight, sets never tuned on: mean", REGRET,
        {_ONE: (0.04, 0.025), _FIVE: (0.015, 0.005), _TWENTY: (0.005, -0.005),
         _RANDOM: (0.005, -0.005)}, "points",
    ),
    *_of_kinds(
        "the worst of these sets", WORST,
        {_ONE: (0.15, 0.10), _FIVE: (0.10, 0.06), _TWENTY: (0.06, 0.03), _RANDOM: (0.06, 0.03)},
        "points",
    ),
    *_of_kinds("balanced accuracy behind the best", BALANCED, {_TWENTY: (0.005, -0.005)}, "points"),
    *_of_kinds(
        "calibration error", CALIBRATION,
        {_ONE: (0.12, 0.08), _FIVE: (0.07, 0.05), _RANDOM: (0.05, 0.04)}, "number",
    ),
    Goal('"sure" is right, 5 labels a class: the worst set', "regret",
         f"{LEAST_RIGHT}, {_FIVE}", of_name('"sure"'), 0.85, 0.90, True, "share", work=FRESH),
    Goal("suspects, 10 % flipped, average precision: tables", "regret", PRECISION, own("value"),
         0.72, 0.78, True, "number", work=TABLES),
    *_of_kinds(
        "numbers: error in deviations", ERROR,
        {"10 labels": (0.70, None), "30 labels": (0.56, None), "100 labels": (0.49, None)},
        "number",
    ),
    Goal("a table of 5,000 rows, 60 labels: answers and probabilities",
         "table_time", TIME, own("value"), 0.5, None, False, "s"),
    Goal("numbers, 30 labels: within one deviation, less the 68.3 % of a normal error",
         "numbers", f"{WITHIN} one deviation, 30 labels", off_by(0.683), 0.08, None, False, "share",
         work=FRESH),
    Goal("numbers, 30 labels: within two deviations, less the 95.4 % of a normal error",
         "numbers", f"{WITHIN} two deviations, 30 labels", off_by(0.954), 0.03, None, False,
         "share", work=FRESH),
)  # fmt: skip


def goals_table(document: dict[str, Any], goals: tuple[Goal, ...]) -> str:
    """Return the goals beside what the full-size run measured, as Markdown."""
    lines = ["| work | goal | stretch goal | measured | reached |", "| --- |" + " --- |" * 4]
    for goal in goals:
        sign = "at least" if goal.at_least else "at most"
        measured, reached = "not measured", ""
        value = _measured(goal, document)
        if value is not None:
            measured, reached = spoken(value, goal.unit), goal.reached(value)
        limit = "" if goal.limit is None else f"{sign} {spoken(goal.limit, goal.unit)}"
        stretch = "" if goal.stretch is None else spoken(goal.stretch, goal.unit)
        lines.append(f"| {goal.text} | {limit} | {stretch} | {measured} | {reached} |")
    return "\n".join(lines)


def _measured(goal: Goal, document: dict[str, Any]) -> float | None:
    """Return the value at full size; small sizes say nothing of these goals."""
    values = []
    for row in document["rows"]:
        fits = (
            row["case"] == goal.case
            and row["measure"].startswith(goal.measure)
            and goal.work in row["work"]
        )
        if row["size"] == "full" and fits:
            try:
                values.append(goal.value(row))
            except (KeyError, IndexError):
                continue
    if not values:
        return None
    if goal.worst:
        return min(values) if goal.at_least else max(values)
    return values[0]


def _peer(row: Row, name: str) -> dict[str, Any]:
    """Return the peer of that name; else the first whose name begins so."""
    for fits in (str.__eq__, str.startswith):
        for peer in row["peers"]:
            if fits(peer["name"], name):
                found: dict[str, Any] = peer
                return found
    raise KeyError(name)
