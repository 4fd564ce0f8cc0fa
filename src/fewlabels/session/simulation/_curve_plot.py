"""Draw learning curves on axes that somebody else made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from fewlabels._typing import Axes, Loaded
from fewlabels.session.simulation.intervals import Interval
from fewlabels.session.simulation.rounds import FloatArray, IntArray

LineStyle: TypeAlias = str | tuple[int, tuple[int, ...]]  # a name, or where dashes and gaps begin

# Of Okabe and Ito (2008): colour-blind readers can tell them apart. Marks and lines differ too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
LINES: tuple[LineStyle, ...] = ("-", (0, (6, 2)), (0, (1, 1)))
_BASELINE = "random"
_GREY = "#737373"
_BESIDE = 6  # more curves than this have their legend beside them, for it would be too high above
_MOST_BANDS = 3  # more than these would hide each other

TITLES = {
    "accuracy": "accuracy on unlabelled points, in %",
    "macro_recall": "mean recall of the classes on unlabelled points, in %",
}


def draw_curves(
    ax: Axes,
    labels: IntArray,
    curves: Mapping[str, Interval],
    areas: Mapping[str, float],
    *,
    measure: str,
    confidence: float,
) -> None:
    """Draw a line and a band for each query.

    Parameters
    ----------
    ax : matplotlib Axes
    labels : ndarray of shape (n_rounds,)
    curves : mapping from query to Interval
        Means, from 0 to 1, at each of `labels`.
    areas : mapping from query to float
        Printed in the legend, the largest first.
    measure : {"accuracy", "macro_recall"}
    confidence : float
        Of the bands.
    """
    # "random" and the best of the others can always be told apart
    banded = set(curves)
    if len(curves) > _MOST_BANDS:
        best = max(areas, key=lambda query: (query != _BASELINE, areas[query]))
        banded = {best, _BASELINE} & set(curves)
    has_bands = False
    style = 0
    # A line of one point is a mark; many marks hide a line.
    every = max(1, len(labels) // 12)
    for query, curve in curves.items():
        if query == _BASELINE:
            # above the others: dashed, it hides none of them, and none can hide it
            look: Loaded = {"color": _GREY, "linestyle": "--", "marker": None}
            look |= {"linewidth": 2.6, "zorder": 3}
            if len(labels) == 1:
                look["marker"] = "x"
        else:
            look = {
                "color": COLORS[style % len(COLORS)],
                "linestyle": LINES[style // len(COLORS) % len(LINES)],
                "marker": _MARKERS[style % len(_MARKERS)],
                "linewidth": 1.8,
            }
            style += 1
        name = f"{query} ({100 * areas[query]:.1f} %)"
        ax.plot(
            labels,
            100 * curve.mean,
            label=name,
            markersize=5,
            markevery=every,
            **look,
        )
        if query in banded and not np.isnan(curve.low).any():
            has_bands = True
            low, high = percent(curve.low), percent(curve.high)
            ax.fill_between(labels, low, high, color=look["color"], alpha=0.15, linewidth=0)
    dress_axes(ax, curves, measure=measure)
    bands = f"band: {100 * confidence:g} % interval of the mean" if has_bands else ""
    if has_bands and len(banded) < len(curves):
        bands += "\n(only of the best rule and of random)"
    _legend(ax, areas, bands)
    figure = ax.figure.figure  # of a figure inside a figure, the outer one
    if figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")  # without one, the legend would be cut off


def dress_axes(ax: Axes, curves: Mapping[str, Interval], *, measure: str) -> None:
    """Give axes of learning curves their titles, their grid and an end."""
    ax.set_xlabel("number of labels")
    ax.set_ylabel(TITLES[measure], wrap=True)
    end_at_whole(ax, curves)
    ax.locator_params(axis="x", integer=True)
    ax.grid(axis="y", color="0.88")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def percent(shares: FloatArray) -> FloatArray:
    """Return what can be true of a share: nothing below 0 or above 100 %."""
    return np.asarray(100 * np.clip(shares, 0, 1))


def end_at_whole(ax: Axes, curves: Mapping[str, Interval]) -> None:
    """Let the axis end just above 100 %, and no tick stand above it."""
    highest = max(float(np.max(curve.mean)) for curve in curves.values())
    lowest, top = ax.get_ylim()
    if top <= 100 or highest > 1:
        return
    ticks = [tick for tick in ax.get_yticks() if lowest <= tick <= 100]
    lowest = min(lowest, 99)  # where all is 100 %
    ax.set_yticks(ticks if len(ticks) > 1 else [99, 99.5, 100])
    ax.set_ylim(lowest, 100 + 0.02 * (100 - lowest))


def _legend(ax: Axes, areas: Mapping[str, float], bands: str) -> None:
    handles, names = ax.get_legend_handles_labels()
    # Only the last ones drawn: the axes may have held others before.
    first = len(handles) - len(areas)
    order = sorted(range(len(areas)), key=lambda i: -list(areas.values())[i])
    title = "rule (mean height of its curve)" + (f"\n{bands}" if bands else "")
    beside = len(areas) > _BESIDE
    for n_columns in (1,) if beside or len(areas) < _BESIDE // 2 else (2, 1):
        legend = ax.legend(
            [handles[first + i] for i in order],
            [names[first + i] for i in order],
            title=title,
            title_fontsize="small",
            fontsize="small",
            alignment="left",
            frameon=False,
            ncols=n_columns,
            # never over the curves, wherever they are
            loc="upper left" if beside else "lower left",
            bbox_to_anchor=(1.01, 1) if beside else (0, 1.01),
        )
        if legend.get_window_extent().width <= ax.bbox.width:
            break  # what is wider would take its room from the curves
