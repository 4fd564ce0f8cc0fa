"""The plots of the pages of results. Each remembers the data that it shows; drawn here are those of
docs/performance.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import question_figures
from benchmarks.canvas import BLUE, GREY, MARKERS, OTHERS, new_figure, tidy
from benchmarks.steps import OTHER
from benchmarks.table import largest_size

_OURS = {
    "fewlabels: graph and fit": ("-", "o", 2.6),
    "fewlabels: graph": ("--", "", 1.4),
    "fewlabels: fit": (":", "", 1.6),
}
_KEY = "Description"
NAMES = ("performance_growth.png", "performance_steps.png")


def draw_all(document: dict[str, Any], folder: Path) -> list[Path]:
    """Draw each plot that there is data for; return the files."""
    drawn = []
    for name, (data, draw) in _plots(document).items():
        if data:
            path = folder / name
            folder.mkdir(parents=True, exist_ok=True)
            draw(data).savefig(path, dpi=100, metadata={"Software": None, _KEY: _digest(data)})
            drawn.append(path)
    return drawn


def stale(document: dict[str, Any], folder: Path) -> list[str]:
    """Return the names of the plots that do not show the stored results."""
    return [
        name
        for name, (data, _) in _plots(document).items()
        if data and _digest_of(folder / name) != _digest(data)
    ]


def _plots(
    document: dict[str, Any],
) -> dict[str, tuple[list[dict[str, Any]], Callable[[list[dict[str, Any]]], Any]]]:
    """Return for each plot the findings that it shows, and what draws them."""
    found = {}
    for name, kind, draw in zip(NAMES, ("series", "steps"), (_growth, _steps), strict=True):
        all_sizes = document[kind]
        size = largest_size(entry["size"] for entry in all_sizes) if all_sizes else ""
        found[name] = ([entry for entry in all_sizes if entry["size"] == size], draw)
    return found | question_figures.plots(document)


def _digest(data: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _digest_of(path: Path) -> str:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return str(picture.info.get(_KEY, ""))
    except OSError:
        return ""


def _growth(series: list[dict[str, Any]]) -> Any:
    from matplotlib.ticker import NullFormatter, NullLocator

    figure = new_figure(
        5.6,
        "How the time grows with the number of points",
        "Seconds on logarithmic scales, 64 features, 20 classes. A line ends where a fit\n"
        "would take long. No slope is fitted: the search of neighbours changes with the size.",
    )
    axes = figure.add_axes((0.085, 0.14, 0.53, 0.65))
    others = iter(zip(OTHERS, MARKERS, strict=True))
    ends = []
    for one in sorted(series, key=lambda one: one["name"] not in _OURS):
        ours = one["name"] in _OURS
        color, marker = (BLUE, "") if ours else next(others)
        line, own, width = _OURS.get(one["name"], ("-", marker, 1.8))
        axes.plot(
            one["n_points"],
            one["seconds"],
            line,
            color=color,
            marker=own or None,
            linewidth=width,
            markersize=6,
        )
        words = one["name"].replace(": ", ",\n", 1)
        ends.append((one["seconds"][-1], words, color, one))
    axes.set_xscale("log")
    axes.set_yscale("log")
    _name_ends(axes, ends)
    axes.set_xlabel("number of points")
    axes.set_ylabel("seconds")
    sizes = sorted({n for one in series for n in one["n_points"]})
    axes.set_xticks(sizes, [f"{n:,}" for n in sizes], rotation=20)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    tidy(axes)
    return figure


def _name_ends(axes: Any, ends: list[tuple[float, str, str, dict[str, Any]]]) -> None:
    """Write each curve's name at the right, in its colour, far enough apart to be read."""
    largest = max(one["n_points"][-1] for *_, one in ends)
    free = 1.04
    for seconds, words, color, one in sorted(ends, key=lambda end: -end[0]):
        x, y = axes.transAxes.inverted().transform(
            axes.transData.transform((one["n_points"][-1], seconds))
        )
        height = min(y, free)
        free = height - 0.125
        axes.annotate(
            words,
            xy=(x, y),
            xytext=(1.06, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            color=color,
            fontsize=10.5,
            linespacing=1.1,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "linewidth": 0.7,
                "linestyle": "-" if one["n_points"][-1] == largest else (0, (1, 3)),
                "relpos": (0, 0.5),
                "shrinkA": 2,
                "shrinkB": 5,
            },
        )


def _steps(works: list[dict[str, Any]]) -> Any:
    figure = new_figure(
        1.05 + 2.05 * len(works),
        "Where the time goes",
        "Seconds of each step, from features to answers. Steps below one in two hundred are\n"
        "summed up in the last bar.",
    )
    height = figure.get_figheight()
    for number, work in enumerate(works):
        bars = _large_steps(work["seconds"])
        bottom = (0.5 + 2.05 * (len(works) - 1 - number)) / height
        axes = figure.add_axes((0.36, bottom, 0.48, 1.2 / height))
        names, values = list(bars), list(bars.values())
        total = sum(values)
        axes.barh(names, values, color=[GREY if n == OTHER else BLUE for n in names], height=0.7)
        axes.invert_yaxis()
        for place, value in enumerate(values):
            words = f"{value:.3g} s, {100 * value / total:.0f} %"
            axes.text(value + 0.01 * max(values), place, words, va="center", fontsize=10)
        axes.set_title(f"{work['work']}: {total:.3g} s", loc="left", fontsize=11.5, weight="bold")
        axes.set_xlim(0, 1.05 * max(values))
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("seconds", labelpad=1)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _large_steps(seconds: dict[str, float]) -> dict[str, float]:
    total = sum(seconds.values())
    bars = {name: s for name, s in seconds.items() if s >= total / 200 and name != OTHER}
    rest = total - sum(bars.values())
    return bars | ({OTHER: rest} if rest > 0 else {})
