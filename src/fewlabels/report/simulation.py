"""What a simulation found, as text, as a table and as data.

The layout of the data is described by ``simulation.schema.json``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import numpy as np

from fewlabels._typing import Json
from fewlabels.session.simulation._names import BASELINE
from fewlabels.session.simulation.intervals import Interval, student_interval
from fewlabels.session.simulation.learning_curve import MEASURES, LearningCurve

FORMAT = "fewlabels-simulation"
VERSION = 1
"""Raised whenever a reader of the last one could misread the document."""

_ACCURACIES = (0.8, 0.9, 0.95)
_MOST_COLUMNS = 4
# Of an interval that holds 0: with more starts, the rule may well turn out better, or worse.
_WIDE = 0.02


def simulation_text(curve: LearningCurve) -> str:
    """Return a table, a line for each rule, the best first; and what can be said of them."""
    areas = {query: float(values.mean()) for query, values in curve.area().items()}
    gains = curve.compare(BASELINE)
    goal = float(curve.accuracy[BASELINE][:, -1].mean())
    needed = curve.labels_needed(goal)
    columns = _columns(len(curve.labels))
    width = max(len("rule"), *map(len, curve.queries))
    counts = "".join(f"  {curve.labels[i]:>6}" for i in columns)
    lines = [
        f"{'':<{width}}  {'accuracy (%) at so many labels':<{len(counts) - 2}}",
        f"{'rule':<{width}}{counts}  {'mean':>6}  {'over random':>20}  {'as random':>9}",
    ]
    for query in sorted(curve.queries, key=lambda query: -areas[query]):
        accuracy = curve.accuracy[query].mean(axis=0)
        figures = "".join(f"  {100 * accuracy[i]:>6.1f}" for i in columns)
        gain = _gain(gains[query].area) if query in gains else ""
        labels = float(np.median(needed[query]))
        lines.append(
            f"{query:<{width}}{figures}  {100 * areas[query]:>6.1f}  {gain:>20}  "
            f"{f'{labels:.0f}' if np.isfinite(labels) else 'more':>9}"
        )
    lines += [
        "",
        *_notes(curve, goal),
        *_verdicts({q: g.area for q, g in gains.items()}, curve.repeats),
    ]
    return "\n".join(lines)


def _columns(n_rounds: int) -> list[int]:
    """Return some rounds to print, the first and the last among them."""
    places = np.linspace(0, n_rounds - 1, min(n_rounds, _MOST_COLUMNS))
    return [int(place) for place in np.unique(places.round())]


def _gain(area: Interval) -> str:
    if np.isnan(area.low):
        return f"{100 * area.mean:+.1f}"
    return f"{100 * area.mean:+.1f} [{100 * area.low:+.1f}, {100 * area.high:+.1f}]"


def _notes(curve: LearningCurve, goal: float) -> Iterator[str]:
    yield "mean: the mean height of the curve (its area over the range of labels)."
    interval = "" if curve.repeats < 2 else f", with its 95 % interval over {curve.repeats} starts"
    yield f"over random: that, less the same of random questions{interval}."
    if curve.repeats < 2:
        yield "One start only: more (repeats=5) show what of this is luck."
    yield (
        f"as random: labels after which the rule was as good as random questions with "
        f"{curve.labels[-1]} ({100 * goal:.1f} %; median)."
    )


def _verdicts(gains: Mapping[str, Interval], repeats: int) -> Iterator[str]:
    worse = [query for query, gain in gains.items() if gain.high < 0]
    open_ = [query for query, gain in gains.items() if gain.low <= 0 <= gain.high]
    if worse:
        yield f"Worse than random questions: {', '.join(worse)}."
    if open_:
        yield f"Neither better nor worse than random questions, so far: {', '.join(open_)}."
    if any(gains[query].high - gains[query].low > _WIDE for query in open_):
        yield (
            f"Their intervals are wide: more starts tell more, four times as many (repeats="
            f"{4 * repeats}) halve them."
        )


def simulation_csv(curve: LearningCurve) -> str:
    """Return a row for each rule, repeat and number of labels."""
    columns = curve.to_columns()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def simulation_document(
    curve: LearningCurve, classes: Sequence[str], settings: Mapping[str, object]
) -> Json:
    """Return the curves as plain JSON values.

    Parameters
    ----------
    curve : LearningCurve
    classes : sequence of str
        The names of ``curve.classes``.
    settings : mapping of JSON values
        How the simulation was run.

    Returns
    -------
    dict
        ``format``, ``version``, ``settings``, ``classes``, ``labels`` (numbers of labels at
        which was measured) and ``rules``. Each rule has its name ``query``; ``accuracy``,
        ``macro_recall`` and ``seconds``, a row a repeat and a column a number of labels;
        ``first_seen``, a row a repeat and a column a class, null where it had no label;
        ``labels_needed``, for some accuracies, an entry a repeat, null where the budget was not
        enough; ``area`` and ``gain_over_random``, for accuracy and macro recall, mean and 95 %
        interval (null for one repeat), the latter null for the rule ``random``.
    """
    gains = {measure: curve.compare(BASELINE, measure=measure) for measure in MEASURES}
    areas = {measure: curve.area(measure) for measure in MEASURES}
    needed = {accuracy: curve.labels_needed(accuracy) for accuracy in _ACCURACIES}
    return {
        "format": FORMAT,
        "version": VERSION,
        "settings": dict(settings),
        "classes": list(classes),
        "labels": curve.labels.tolist(),
        "rules": [
            {
                "query": query,
                "accuracy": curve.accuracy[query].tolist(),
                "macro_recall": curve.macro_recall[query].tolist(),
                "seconds": curve.seconds[query].tolist(),
                "first_seen": [_finite(row) for row in curve.first_seen[query]],
                "labels_needed": {
                    str(accuracy): _finite(values[query]) for accuracy, values in needed.items()
                },
                "area": {m: _bounds(student_interval(areas[m][query])) for m in MEASURES},
                "gain_over_random": None
                if query == BASELINE
                else {m: _bounds(gains[m][query].area) for m in MEASURES},
            }
            for query in curve.queries
        ],
    }


def load_simulation_schema() -> Json:
    """Return the JSON Schema of :func:`simulation_document`, as the command line calls it."""
    text = resources.files("fewlabels.report").joinpath("simulation.schema.json")
    schema: Json = json.loads(text.read_text("utf-8"))
    return schema


def format_simulation(document: dict[str, object]) -> str:
    """Return the document as JSON text. A NaN, which JSON lacks, is an error."""
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _finite(values: np.ndarray) -> list[int | None]:
    return [int(value) if np.isfinite(value) else None for value in values]


def _bounds(interval: Interval) -> dict[str, float | None]:
    return {
        name: None if np.isnan(value) else float(value)
        for name, value in (
            ("mean", interval.mean),
            ("low", interval.low),
            ("high", interval.high),
        )
    }
