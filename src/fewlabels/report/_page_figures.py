"""The figures of a model's report: drawn once, in the colours that the page has at the moment.

Figures are SVG in the page itself. Colours stand in them as variables of the page's style, so
that the same figure suits light and dark.
"""

from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fewlabels._typing import Package
from fewlabels.report._html import Html

FloatArray = npt.NDArray[np.float64]

# Placeholders that no colour map has, and what stands for them in the page.
_INK, _SOFT, _LINE, _ACCENT, _FILL, _SECOND = (
    "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f", "#101112",
)  # fmt: skip
_VARIABLES = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _FILL: "var(--accent-soft)",
    _SECOND: "var(--second)",
}
_STYLE: Package = {
    "font.size": 11,
    "svg.fonttype": "none",  # the page's font, and text that can be read aloud
    "path.simplify": False,
    "text.color": _INK,
    "axes.edgecolor": _SOFT,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_SIZE = (5.6, 3.7)


def calibration_figure(
    mean: FloatArray, right: FloatArray, low: FloatArray, high: FloatArray
) -> Html:
    """Draw how many of the answers of some confidence are right.

    Parameters
    ----------
    mean : ndarray of shape (n_bins,)
        Mean confidence of each bin.
    right, low, high : ndarray of shape (n_bins,)
        Share that is right, and its interval.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": "calibration"}):
        figure, axes = _new()
        axes.plot([0, 1], [0, 1], "--", color=_SOFT, lw=1)
        axes.vlines(mean, low, high, color=_ACCENT, lw=7, alpha=0.25)
        axes.plot(mean, right, "o", color=_ACCENT, ms=8)
        left, bottom = (max(0, np.floor(10 * x.min()) / 10 - 0.1) for x in (mean, low))
        axes.set(xlim=(left, 1.02), ylim=(bottom, 1.04), xlabel="confidence", ylabel="share right")
        _percent(axes)
        return _svg(
            figure,
            "Share of labels left out that were answered right, against confidence, in "
            f"{len(mean)} groups",
        )


def confidence_figure(confidence: FloatArray, sure: npt.NDArray[np.bool_]) -> Html:
    """Draw how many rows have an answer of what confidence, sure ones apart."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": "confidence"}):
        figure, axes = _new()
        edges = np.linspace(0, 1, 21)
        parts = [confidence[sure], confidence[~sure]]
        axes.hist(parts, edges.tolist(), stacked=True, color=[_ACCENT, _SECOND], rwidth=0.86)
        top = axes.get_ylim()[1]
        first = max(0.0, float(np.floor(20 * confidence.min(initial=1)) / 20) - 0.05)
        axes.set(xlim=(first, 1.005), ylim=(0, top), xlabel="confidence", ylabel="rows")
        axes.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.0f} %")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.grid(axis="y", color=_LINE)
        axes.set_axisbelow(True)
        return _svg(figure, "Number of rows without a label by the confidence of their answers")


def _new() -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    return figure, axes


def _percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda x, _: f"{100 * x:.0f} %")
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5]))
    axes.grid(color=_LINE)
    axes.set_axisbelow(True)


def _svg(figure: Figure, what: str) -> Html:
    whole = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(whole, format="svg", metadata=nothing)
    text = whole.getvalue()
    text = text[text.index("<svg") :]
    for placeholder, variable in _VARIABLES.items():
        text = text.replace(placeholder, variable)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    text = text.replace("<svg ", f'<svg role="img" aria-label="{what}" ', 1)
    return Html(text)
