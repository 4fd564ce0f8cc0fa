"""Figures of a comparison, fit for a paper: each line with its name beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from colorsys import hsv_to_rgb
from typing import TypeAlias

import numpy as np
from sklearn.isotonic import isotonic_regression

from fewlabels._typing import Axes
from fewlabels.session.simulation._curve_plot import COLORS, LINES, LineStyle, dress_axes, percent
from fewlabels.session.simulation.intervals import Interval
from fewlabels.session.simulation.rounds import FloatArray, IntArray

Color: TypeAlias = str | tuple[float, ...]  # a name, or shares of red, green and blue

_MOST_BANDS = 4  # more would hide each other
_LINE_HEIGHT = 1.35  # of a name, in units of its font


def colors_of(n: int) -> list[Color]:
    """Return `n` different colours: those that colour-blind readers can tell apart, if enough."""
    if n <= len(COLORS):
        return list(COLORS[:n])
    # Around the circle, every other one dark, so that neighbours differ in both; none so light
    # that its name could not be read.
    colors: list[Color] = []
    for i in range(n):
        rgb = np.array(hsv_to_rgb(i / n, 0.9, 0.9))
        brightness = float(rgb @ (0.2126, 0.7152, 0.0722))
        colors.append(tuple((rgb * min(1, (0.42 if i % 2 else 0.2) / brightness)).tolist()))
    return colors


def looks_of(methods: Mapping[str, tuple[str, str]]) -> dict[str, tuple[Color, LineStyle]]:
    """Return the colour and the line style of each method, which is a model and a query rule.

    A colour each. Where that would be more than can be told apart, methods of one model share a
    colour, and those of one rule a line style, if that is enough.
    """
    models = list(dict.fromkeys(model for model, _ in methods.values()))
    rules = list(dict.fromkeys(rule for _, rule in methods.values()))
    if len(methods) > len(COLORS) >= len(models) and len(rules) <= len(LINES):
        return {
            name: (COLORS[models.index(model)], LINES[rules.index(rule)])
            for name, (model, rule) in methods.items()
        }
    return {
        name: (color, "-") for name, color in zip(methods, colors_of(len(methods)), strict=True)
    }


def draw_lines(
    ax: Axes,
    labels: IntArray,
    curves: Mapping[str, Interval],
    looks: Mapping[str, tuple[Color, LineStyle]],
    *,
    measure: str,
) -> None:
    """Draw a line for each curve, with its name at its end, and a band if there are few.

    Parameters
    ----------
    ax : matplotlib Axes
    labels : ndarray of shape (n_rounds,)
    curves : mapping from name to Interval
        Means, from 0 to 1, at each of `labels`.
    looks : mapping from name to colour and line style
    measure : {"accuracy", "macro_recall"}
    """
    colors = {name: color for name, (color, _) in looks.items()}
    for name, curve in curves.items():
        ax.plot(
            labels,
            100 * curve.mean,
            color=colors[name],
            linestyle=looks[name][1],
            linewidth=1.8,
            marker="o" if len(labels) == 1 else None,
        )
        if len(curves) <= _MOST_BANDS and not np.isnan(curve.low).any():
            low, high = percent(curve.low), percent(curve.high)
            ax.fill_between(labels, low, high, color=colors[name], alpha=0.15, linewidth=0)
    dress_axes(ax, curves, measure=measure)
    figure = ax.figure.figure
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    ends = {name: float(100 * curve.mean[-1]) for name, curve in curves.items()}
    _name_ends(ax, float(labels[-1]), ends, colors)


def _name_ends(ax: Axes, x: float, ends: Mapping[str, float], colors: Mapping[str, Color]) -> None:
    """Write each name beside the end of its line, apart from one another, tied to it by a line."""
    lowest, top = ax.get_ylim()
    size = min(9.0, 0.8 * 72 * ax.bbox.height / ax.figure.dpi / (len(ends) * _LINE_HEIGHT))
    height = _LINE_HEIGHT * size / 72 * ax.figure.dpi / ax.bbox.height * (top - lowest)
    order = sorted(ends, key=lambda name: ends[name])
    places = _apart(np.array([ends[name] for name in order]), height, lowest, top)
    for name, place in zip(order, places.tolist(), strict=True):
        ax.annotate(
            name,
            xy=(x, ends[name]),
            xytext=(1.03, (place - lowest) / (top - lowest)),
            textcoords="axes fraction",
            color=colors[name],
            fontsize=size,
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colors[name],
                "linewidth": 0.6,
                "relpos": (0, 0.5),
                "shrinkB": 0,
            },
        )


def _apart(wanted: FloatArray, height: float, lowest: float, top: float) -> FloatArray:
    """Return places near those `wanted`, ascending, at least `height` apart and within limits."""
    n = len(wanted)
    steps = height * np.arange(n)
    # Less the steps, places have to be ascending: the nearest such are means of runs of them.
    free = isotonic_regression(wanted - steps)
    return np.asarray(np.clip(free, lowest, max(top - steps[-1], lowest)) + steps)


def draw_ranks(
    ax: Axes, methods: Sequence[str], ranks: FloatArray, critical_difference: float
) -> None:
    """Draw mean ranks on an axis, and join methods that do not differ.

    Parameters
    ----------
    ax : matplotlib Axes
    methods : sequence of str
    ranks : ndarray of shape (n_methods,)
    critical_difference : float
        Of two mean ranks that differ.
    """
    n = len(methods)
    order = np.argsort(ranks, kind="stable")
    sorted_ranks = ranks[order]
    bars = _alike(sorted_ranks, critical_difference)
    top = len(bars) * 0.35 + 0.5  # bars hang below the axis, names below the bars
    n_left = (n + 1) // 2
    ax.hlines(0, 1, n, color="black", linewidth=1)
    for tick in range(1, n + 1):
        ax.vlines(tick, 0, -0.12, color="black", linewidth=1)
        ax.text(tick, -0.2, str(tick), ha="center", va="bottom", fontsize=9)
    for i, at in enumerate(sorted_ranks):
        left = i < n_left
        depth = top + 0.45 * (i if left else n - 1 - i)
        edge = 0.8 if left else n + 0.2
        ax.plot([at, at, edge], [0, depth, depth], color="black", linewidth=0.9)
        ax.text(
            edge - 0.05 if left else edge + 0.05,
            depth,
            f"{methods[order[i]]} ({at:.2f})",
            ha="right" if left else "left",
            va="center",
            fontsize=9,
        )
    for level, (first, last) in enumerate(bars):
        y = 0.3 + 0.35 * level
        ax.plot(
            [sorted_ranks[first] - 0.03, sorted_ranks[last] + 0.03],
            [y, y],
            color=COLORS[0],
            linewidth=3.5,
            solid_capstyle="round",
        )
    ax.plot([1, min(1 + critical_difference, n)], [-0.9, -0.9], color="black", linewidth=1.5)
    ax.text(1, -1.0, f"critical difference: {critical_difference:.2f}", va="bottom", fontsize=9)
    ax.set_ylim(top + 0.45 * n_left, -1.5)
    ax.set_xlim(0.8, n + 0.2)
    ax.set_axis_off()
    ax.set_title("mean rank, 1 is best", fontsize=10)
    figure = ax.figure.figure
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")


def _alike(ranks: FloatArray, critical_difference: float) -> list[tuple[int, int]]:
    """Return the longest runs of ascending ranks that lie within the critical difference."""
    last = np.searchsorted(ranks, ranks + critical_difference, side="right") - 1
    runs = [(i, int(j)) for i, j in enumerate(last) if j > i]
    return [run for n, run in enumerate(runs) if n == 0 or run[1] > runs[n - 1][1]]
