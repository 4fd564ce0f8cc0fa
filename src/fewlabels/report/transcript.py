"""What the demo prints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fewlabels.report.comparison import Comparison
from fewlabels.report.demo import ExampleRun, Improvement, Reproduction, Spread
from fewlabels.report.layout import format_confusion_matrix, format_model_line, format_report
from fewlabels.session.simulation.digits import ACTIVE_30, RANDOM_30, RECOMMENDED
from fewlabels.session.simulation.rounds import FloatArray

_TITLES = {
    RANDOM_30.name: "30 labels, drawn at random",
    ACTIVE_30.name: "10 labels to begin with, then five questions at a time",
}
_RULE = "=" * 78


def reproduction_text(reproduction: Reproduction) -> str:
    """Return every table of the published examples, each with its count of equal cells."""
    lines = [*_heading("The published digit examples, recomputed with the update of their time")]
    for run, comparisons in zip(reproduction.runs, reproduction.comparisons, strict=True):
        lines += _tables("Label Spreading", run, comparisons)
    total = reproduction.total
    lines += [f"All tables together: {_count(total)}", ""]
    return "\n".join(lines)


def improvement_text(improvement: Improvement, reproduction: Reproduction) -> str:
    """Return the recommended recipe's tables and its gain over the published figures."""
    lines = [
        *_heading("The same budgets with what fewlabels recommends today"),
        f"Recipe: {RECOMMENDED}.",
        "",
    ]
    for run in improvement.runs:
        lines += _tables("Label Propagation", run)
    lines += [
        *_heading("Accuracy on the points without a label, and the gain in percentage points")
    ]
    lines += [
        "Under pixels: the same without features of pictures, from the numbers that the published",
        "examples have.",
        "",
        "The published 330 points",
        "",
    ]
    lines += _gain_table(
        "published",
        {
            example.name: np.array([table.accuracy for table in example.tables])
            for example in reproduction.published
        },
        improvement.pixel_runs,
        improvement.runs,
    )
    lines += ["All 1,797 points (no figures were published; the published rule, run here)", ""]
    lines += _gain_table(
        "old rule",
        {run.name: run.accuracies for run in improvement.published_rule_on_all},
        improvement.pixel_runs_on_all,
        improvement.runs_on_all,
    )
    return "\n".join(lines)


def spread_text(spread: Spread) -> str:
    """Return mean and standard deviation of the recipes over further shuffles."""
    lines = [
        f"{len(spread.seeds)} other draws of 330 points (seeds from {spread.seeds[0]}; the recipe "
        "was chosen on smaller",
        "ones, and its features on the same digits, all of which were looked at then):",
        "mean and, after +-, standard deviation. Under pixels: fewlabels without features of",
        "pictures. Under random: fewlabels with questions drawn at random.",
        "",
        f"{'labels':>8}  {'old rule':>14}  {'pixels':>14}  {'random':>14}  {'fewlabels':>14}  "
        f"{'gain':>6}",
    ]
    for budget in (RANDOM_30, ACTIVE_30):
        lines.append(f"  {_TITLES[budget.name]}")
        old, new = spread.published_rule[budget.name], spread.recommended[budget.name]
        of_pixels = spread.on_pixels[budget.name]
        for i in range(budget.n_rounds):
            n_labels = budget.n_initial + i * budget.n_queries
            gain = _printed_gain(old[:, i].mean(), new[:, i].mean())
            at_random = ""
            if budget is ACTIVE_30:
                at_random = _mean_and_deviation(spread.random_questions[:, i])
            lines.append(
                f"{n_labels:>8}  {_mean_and_deviation(old[:, i]):>14}  "
                f"{_mean_and_deviation(of_pixels[:, i]):>14}  {at_random:>14}  "
                f"{_mean_and_deviation(new[:, i]):>14}  {gain:>+6.1f}"
            )
    return "\n".join([*lines, ""])


def _heading(text: str) -> list[str]:
    return [_RULE, text, _RULE, ""]


def _tables(
    model: str, run: ExampleRun, comparisons: tuple[Comparison, ...] | None = None
) -> Iterator[str]:
    yield f"{_TITLES[run.name]} (example {run.name!r})"
    yield ""
    for i, (round_, report) in enumerate(zip(run.rounds, run.reports, strict=True)):
        if len(run.rounds) > 1:
            yield f"Iteration {i} {70 * '_'}"
        yield format_model_line(model, len(round_.labelled), len(round_.unlabelled))
        yield format_report(report)
        yield "Confusion matrix"
        yield format_confusion_matrix(report)
        if comparisons is not None:
            yield _count(comparisons[i])
            yield from (f"  {difference}" for difference in comparisons[i].differences)
        yield ""


def _count(comparison: Comparison) -> str:
    return f"published {comparison.cells} cells, equal {comparison.equal}"


def _gain_table(
    old_name: str,
    old: dict[str, FloatArray],
    pixel_runs: tuple[ExampleRun, ...],
    new_runs: tuple[ExampleRun, ...],
) -> Iterator[str]:
    yield f"{'labels':>8}  {old_name:>10}  {'pixels':>10}  {'fewlabels':>10}  {'gain':>8}"
    for on_pixels, run in zip(pixel_runs, new_runs, strict=True):
        yield f"  {_TITLES[run.name]}"
        for labels, before, of_pixels, now in zip(
            run.n_labelled, old[run.name], on_pixels.accuracies, run.accuracies, strict=True
        ):
            yield (
                f"{labels:>8}  {100 * before:>8.1f} %  {100 * of_pixels:>8.1f} %  "
                f"{100 * now:>8.1f} %  {_printed_gain(before, now):>+8.1f}"
            )
    yield ""


def _printed_gain(before: float, now: float) -> float:
    """Return the difference of two shares in percentage points, as printed: of rounded ones."""
    return float(f"{100 * now:.1f}") - float(f"{100 * before:.1f}")


def _mean_and_deviation(accuracies: FloatArray) -> str:
    mean = f"{100 * accuracies.mean():.1f}"
    if len(accuracies) == 1:
        return f"{mean} %"
    return f"{mean} +- {100 * accuracies.std(ddof=1):.1f} %"
