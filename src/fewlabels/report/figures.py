"""The figures of the demo and of simulations. The only module here that imports matplotlib.

They are drawn for the width of a README (800 pixels), in colours that colour-blind readers can
tell apart (Okabe and Ito, 2008), and nothing is told by colour alone.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fewlabels._typing import Package
from fewlabels.report.demo import ExampleRun, Improvement, Reproduction, Spread
from fewlabels.session.simulation.digits import ACTIVE_30, N_ALL, N_PUBLISHED, RANDOM_30
from fewlabels.session.simulation.intervals import student_interval
from fewlabels.session.simulation.learning_curve import LearningCurve
from fewlabels.session.simulation.rounds import Fit, FloatArray

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREY = "#595959"

_WIDTH_IN = 8.0
_DPI = 100
_Y_LIMITS = (58.0, 101.0)
# height of a line of text beside the curves, as a share of that of the axes
_LINE = 0.0535
_STYLE: Package = {
    "font.size": 11,
    "svg.hashsalt": "fewlabels",  # ids in an SVG are random without it
    "svg.fonttype": "path",  # looks the same where the font is missing
    "path.simplify": False,
}


def draw_most_uncertain(run: ExampleRun) -> Figure:
    """Draw the points that the first fit of `run` is least sure of, with its two best guesses.

    Parameters
    ----------
    run : ExampleRun
        Ten queried points in its first round.
    """
    round_ = run.rounds[0]
    with mpl.rc_context(_STYLE):
        figure = _new_figure(5.0)
        grid = figure.add_gridspec(
            2, 5, left=0.02, right=0.98, top=0.735, bottom=0.075, hspace=0.6, wspace=0.25
        )
        _title(
            figure,
            f"The {len(round_.queried)} digits that the model is least sure of",
            f"{len(round_.labelled)} of {len(run.digits.y)} digits had a label"
            f"{_classes_without_label(run)}.\n"
            "Above each: how the model read it. Below: its two best guesses.",
        )
        for place, point in enumerate(round_.queried.tolist()):
            axes = figure.add_subplot(grid[place // 5, place % 5])
            _draw_verdict(axes, run, round_.fit, point, font_size=12)
            axes.set_xlabel(_two_best(round_.fit, point), fontsize=10.5, color=GREY, labelpad=5)
    return figure


def draw_active_learning(run: ExampleRun) -> Figure:
    """Draw a row of queried digits for each round of `run`, with predicted and true digit."""
    n_rows = len(run.rounds)
    n_columns = max(len(r.queried) for r in run.rounds)
    with mpl.rc_context(_STYLE):
        figure = _new_figure(1.5 * n_rows + 1.0)
        grid = figure.add_gridspec(
            n_rows, n_columns, left=0.2, right=0.98, top=0.855, bottom=0.015, hspace=0.42
        )
        _title(
            figure,
            "Five questions at a time",
            f"{len(run.digits.y)} digits, few with a label. Each row: how many, the share of the "
            "others\nthat the model then read right, and the five that it was least sure of "
            "and asked about.",
        )
        for row, round_ in enumerate(run.rounds):
            for column, point in enumerate(round_.queried.tolist()):
                axes = figure.add_subplot(grid[row, column])
                _draw_verdict(axes, run, round_.fit, point, font_size=10.5)
                if column == 0:
                    axes.annotate(
                        f"{len(round_.labelled)} labels\n{100 * run.accuracies[row]:.1f} % right",
                        xy=(-0.16, 0.5),
                        xycoords="axes fraction",
                        ha="right",
                        va="center",
                        fontsize=13,
                    )
    return figure


def draw_accuracy_by_labels(reproduction: Reproduction, improvement: Improvement) -> Figure:
    """Draw accuracy against the number of labels, as published and as it is now."""
    published = {e.name: np.array([t.accuracy for t in e.tables]) for e in reproduction.published}
    ours = {run.name: run for run in improvement.runs}
    on_pixels = {run.name: run for run in improvement.pixel_runs}
    on_all = {run.name: run for run in improvement.runs_on_all}
    active, random = ACTIVE_30.name, RANDOM_30.name
    labels = ours[active].n_labelled
    with mpl.rc_context(_STYLE):
        figure = _new_figure(5.2)
        axes = figure.add_axes((0.085, 0.115, 0.565, 0.66))
        _title(
            figure,
            "How many labels does it take to read digits?",
            "Share of the digits without a label that are read right. Filled marks: ten labels, "
            "then\nanswers to the model's own questions. Open marks: 30 labels drawn at random.",
        )
        curves = [
            (on_all[active].accuracies, BLUE, "--", "D", f"fewlabels, all {N_ALL:,}"),
            (ours[active].accuracies, BLUE, "-", "o", f"fewlabels, {N_PUBLISHED} digits"),
            (on_pixels[active].accuracies, GREY, ":", "^", "from raw pixels"),
            (published[active], VERMILLION, "-", "s", f"published, {N_PUBLISHED} digits"),
        ]
        for accuracies, color, line, marker, _ in curves:
            _draw_curve(axes, labels, accuracies, color, line, marker)
        lone = [
            (ours[random].accuracies[0], BLUE, "o", "fewlabels, random"),
            (on_pixels[random].accuracies[0], GREY, "^", "pixels, random"),
            (published[random][0], VERMILLION, "s", "published, random"),
        ]
        x = labels[-1]
        for accuracy, color, marker, _ in lone:
            axes.plot(
                [x], [100 * accuracy], marker, color=color, mfc="white", mew=2, ms=9, clip_on=False
            )
        axes.set_ylim(*_Y_LIMITS)
        names = [(100 * c[0][-1], c[4], c[1]) for c in curves]
        names += [(100 * a, text, color) for a, color, _, text in lone]
        _name_at_the_right(axes, names)
        _frame_percentages(axes, labels, range(60, 101, 10))
    return figure


def draw_learning_curves(spread: Spread, reproduction: Reproduction) -> Figure:
    """Draw what the questions are worth on further draws of the digits, beside what was published.

    Parameters
    ----------
    spread : Spread
    reproduction : Reproduction
    """
    name = ACTIVE_30.name
    labels = [ACTIVE_30.n_initial + i * ACTIVE_30.n_queries for i in range(ACTIVE_30.n_rounds)]
    (example,) = (e for e in reproduction.published if e.name == name)
    n = len(spread.seeds)
    others, shade = "another draw", ""
    if n > 1:
        others, shade = f"{n} other draws", " Shaded: 95 % interval of the mean."
    with mpl.rc_context(_STYLE):
        figure = _new_figure(5.2)
        axes = figure.add_axes((0.085, 0.115, 0.565, 0.63))
        _title(
            figure,
            "What are the questions worth?",
            f"Share of the digits without a label that are read right, on {others} of "
            f"{N_PUBLISHED},\nten of them with a label at first.{shade}\n"
            "Crosses: the one draw that was published, with its own recipe.",
        )
        curves: list[tuple[FloatArray, str, str, str | None, str]] = [
            (spread.recommended[name], BLUE, "-", "o", "fewlabels"),
            (spread.random_questions, BLUE, "--", None, "fewlabels, random"),
            (spread.on_pixels[name], GREY, ":", "^", "from raw pixels"),
            (spread.published_rule[name], VERMILLION, "-", "s", "published recipe"),
        ]
        names = []
        for accuracies, color, line, marker, text in curves:
            mean = student_interval(accuracies)
            _draw_curve(axes, labels, mean.mean, color, line, marker)
            if n > 1:
                low, high = np.clip([mean.low, mean.high], 0, 1)
                axes.fill_between(labels, 100 * low, 100 * high, color=color, alpha=0.13, lw=0)
            names.append((100 * mean.mean[-1], text, color))
        # One draw, and no rival of the means: points without a line, in black.
        published = np.array([table.accuracy for table in example.tables])
        axes.plot(labels, 100 * published, "x", color="black", ms=8, mew=1.8, clip_on=False)
        names.append((100 * published[-1], "the published draw", "black"))
        lowest = int(axes.get_ylim()[0]) // 10 * 10
        axes.set_ylim(lowest, 101)
        _frame_percentages(axes, labels, range(lowest, 101, 10))
        _name_at_the_right(axes, names)
    return figure


def draw_simulation(curve: LearningCurve, *, measure: str = "accuracy", title: str = "") -> Figure:
    """Draw the curves of a simulation; see :meth:`fewlabels.session.LearningCurve.plot`.

    Parameters
    ----------
    curve : LearningCurve
    measure : {"accuracy", "macro_recall"}, default="accuracy"
    title : str, default=""
        Stands above; of the data and the model, for the curves name neither.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_IN, 5.0), facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        if title:
            figure.suptitle(title, x=0.02, ha="left", fontsize=12, weight="bold")
        curve.plot(figure.add_subplot(), measure=measure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
    path : Path
        Ending in ``.png`` or ``.svg``.
    """
    undated = {"Date": None} if path.suffix == ".svg" else {"Software": None}
    with mpl.rc_context(_STYLE):
        figure.savefig(path, dpi=_DPI, metadata=undated)


def _new_figure(height_in: float) -> Figure:
    figure = Figure(figsize=(_WIDTH_IN, height_in), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _title(figure: Figure, title: str, subtitle: str) -> None:
    height = figure.get_figheight()
    figure.text(0.02, 1 - 0.16 / height, title, fontsize=17, weight="bold", va="top")
    figure.text(0.02, 1 - 0.53 / height, subtitle, fontsize=11.5, color=GREY, va="top")


def _classes_without_label(run: ExampleRun) -> str:
    absent = np.setdiff1d(run.digits.y, run.rounds[0].fit.classes).tolist()
    if not absent:
        return ""
    return f", and no {' or '.join(str(digit) for digit in absent)} was among them"


def _draw_verdict(axes: Axes, run: ExampleRun, fit: Fit, point: int, font_size: float) -> None:
    """Draw a digit in a frame, solid if it was read right and dashed if not."""
    guess, truth = int(fit.predicted[point]), int(run.digits.y[point])
    right = guess == truth
    color = BLUE if right else VERMILLION
    axes.imshow(run.digits.X[point].reshape(8, 8), cmap="gray_r", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(edgecolor=color, linewidth=2.5, linestyle="-" if right else (0, (3, 1.5)))
    verdict = ("\u2713" if right else "\u2717") + f" read {guess}, is {truth}"
    axes.set_title(verdict, fontsize=font_size, color=color, weight="bold", pad=5)


def _two_best(fit: Fit, point: int) -> str:
    """Return the two likeliest classes of a point with their probabilities."""
    p: FloatArray = fit.distributions[point]
    best = np.argsort(-p, kind="stable")[:2]
    return ", ".join(f"{fit.classes[c]}: {100 * p[c]:.0f} %" for c in best.tolist())


def _frame_percentages(axes: Axes, labels: list[int], ticks: range) -> None:
    axes.set_xticks(labels)
    axes.set_xlim(labels[0] - 1, labels[-1] + 0.6)
    axes.set_yticks(ticks, [f"{v} %" for v in ticks])
    axes.set_xlabel("digits with a label")
    axes.grid(axis="y", color="0.88")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_curve(
    axes: Axes,
    labels: list[int],
    accuracies: FloatArray,
    color: str,
    line: str,
    marker: str | None,
) -> None:
    axes.plot(
        labels,
        100 * accuracies,
        line,
        color=color,
        marker=marker,
        linewidth=2.2,
        markersize=7,
        clip_on=False,
    )


def _name_at_the_right(axes: Axes, names: list[tuple[float, str, str]]) -> None:
    """Write each name and percentage beside the end of its curve, far enough apart to be read."""
    bottom, top = axes.get_ylim()
    line = _LINE * (top - bottom)
    lowest_free = top + line
    for y, text, color in sorted(names, reverse=True):
        half = line * (text.count("\n") + 1) / 2
        centre = min(y, lowest_free - half)
        lowest_free = centre - half - line / 5
        axes.text(
            1.03,
            centre,
            f"{text}: {y:.1f} %",
            transform=axes.get_yaxis_transform(),
            va="center",
            color=color,
            fontsize=11.5,
            linespacing=1.05,
        )
