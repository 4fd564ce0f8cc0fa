"""What is to be reached, on two cores, and whether it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.table import spoken

Row = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A limit on one number of one row.

    Attributes
    ----------
    text : str
        What is measured.
    case, measure : str
        Which row: its case, and how its measure begins.
    value : callable
        Takes the row and returns the number; raises KeyError where the peer was not measured.
    limit, stretch : float
        To reach, and better still.
    at_least : bool
        Whether more is better.
    unit : str
        Of the number, as `benchmarks.table.spoken` knows it; "x" for a ratio.
    """

    text: str
    case: str
    measure: str
    value: Callable[[Row], float]
    limit: float
    stretch: float
    at_least: bool
    unit: str

    def reached(self, value: float) -> str:
        """Say whether a value is within the limit, or within the stretch even."""
        if self._within(value, self.stretch):
            return "yes, and more"
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


def lost_accuracy(row: Row) -> float:
    """Return how much less than the peer's our accuracy is; below 0 where it is more."""
    return float(row["peers"][0]["value"] - row["ours"]["value"])


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


def goals_table(document: dict[str, Any]) -> str:
    """Return what is to be reached beside what the full-size run found, as Markdown."""
    lines = ["| work | to reach | better still | measured | reached |", "| --- |" + " --- |" * 4]
    for goal in GOALS:
        sign = "at least" if goal.at_least else "at most"
        measured, reached = "not measured", ""
        value = _measured(goal, document)
        if value is not None:
            measured, reached = spoken(value, goal.unit), goal.reached(value)
        limit, stretch = spoken(goal.limit, goal.unit), spoken(goal.stretch, goal.unit)
        lines.append(f"| {goal.text} | {sign} {limit} | {stretch} | {measured} | {reached} |")
    return "\n".join(lines)


def _measured(goal: Goal, document: dict[str, Any]) -> float | None:
    """Return the value at full size; small sizes say nothing of these goals."""
    for row in document["rows"]:
        fits = row["case"] == goal.case and row["measure"].startswith(goal.measure)
        if row["size"] == "full" and fits:
            try:
                return goal.value(row)
            except (KeyError, IndexError):
                continue
    return None


def _peer(row: Row, name: str) -> dict[str, Any]:
    """Return the peer of that name; else the first whose name begins so."""
    for fits in (str.__eq__, str.startswith):
        for peer in row["peers"]:
            if fits(peer["name"], name):
                found: dict[str, Any] = peer
                return found
    raise KeyError(name)
