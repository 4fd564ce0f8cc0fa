"""What all plots share: colours, and a figure with a title."""

from __future__ import annotations

from typing import Any

# Colours that colour-blind readers can tell apart (Okabe and Ito, 2008); ours are blue.
BLUE, GREY, PALE = "#0072B2", "#595959", "#c4c4c4"
OTHERS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = ("s", "D", "^", "v")


def new_figure(height: float, title: str, subtitle: str, *, width: float = 8.0) -> Any:
    """Return a figure with a title and what one has to know, at its upper left."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    mpl.rcParams["font.size"] = 11
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.02, 1 - 0.16 / height, title, fontsize=17, weight="bold", va="top")
    figure.text(0.02, 1 - 0.53 / height, subtitle, fontsize=11, color=GREY, va="top")
    return figure


def tidy(axes: Any) -> None:
    """Take away what nobody reads."""
    axes.grid(which="major", color="0.88")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
