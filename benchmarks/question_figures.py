"""The plots of docs/active-learning.md: learning curves, rules beside random ones, and batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.canvas import BLUE, GREY, MARKERS, OTHERS, PALE, new_figure, tidy
from benchmarks.cases.queries import BATCH_SIZES, BATCHED, ON_GRADIENTS, batch_text
from benchmarks.rules import gap_named, half_width, ranks, verdict
from benchmarks.table import largest_size
from benchmarks.works.queries import DEFAULT, RANDOM

Found = dict[str, Any]

# Curves that are told apart; the other rules are thin lines.
_SHOWN = ("`margin`", "top-k `margin`", "`v-optimality`", "`model-change`")
_VERDICTS = {
    "wins": (BLUE, "o", "better than random questions"),
    "open": (GREY, "s", "not told apart from them"),
    "loses": (OTHERS[0], "X", "worse"),
}
_ERRORS = 2  # standard errors on either side


def plots(document: Found) -> dict[str, tuple[list[Found], Callable[[list[Found]], Any]]]:
    """Return for each plot the findings that it shows, and what draws them."""
    areas = [row for row in _of(document, "rows", "every_rule") if _is_raw(row)]
    curves = [curve for curve in _of(document, "curves", "every_rule") if _is_raw(curve)]
    return {
        "active_curves.png": (curves, _curves),
        "active_rules.png": (areas, _rules),
        "active_batches.png": (_of(document, "rows", "batches"), _batches),
    }


def _of(document: Found, kind: str, case: str) -> list[Found]:
    """Return the findings of a case at the largest size that was measured."""
    found = [one for one in document[kind] if one["case"] == case]
    size = largest_size(one["size"] for one in found) if found else ""
    return [one for one in found if one["size"] == size]


def _is_raw(found: Found) -> bool:
    return ON_GRADIENTS not in found["work"]


# The same in all plots.
_LOOKS: dict[str, dict[str, Any]] = {
    DEFAULT: {"color": BLUE, "marker": "o", "markersize": 5, "linewidth": 2.8},
    RANDOM: {"color": GREY, "linestyle": "--", "linewidth": 2.0},
    **{
        name: {"color": color, "marker": marker, "markersize": 5, "linewidth": 1.6}
        for name, color, marker in zip(_SHOWN, OTHERS, MARKERS, strict=True)
    },
}


def _curves(curves: list[Found]) -> Any:
    works = list(dict.fromkeys(curve["work"] for curve in curves))
    figure = new_figure(
        5.3,
        "What a good question is worth",
        "Right answers among the points without a label, in %, against the number of labels.\n"
        "5 at a time, from 1 label a class. Bands, of two curves: two standard errors of the mean.",
        width=9.6,
    )
    drawn: dict[str, Any] = {}
    for axes, work in zip(_panels(figure, works, bottom=1.3), works, strict=True):
        of_work = [curve for curve in curves if curve["work"] == work]
        for curve in sorted(of_work, key=lambda curve: curve["name"] in _LOOKS):
            labels, mean = np.array(curve["labels"]), 100 * np.array(curve["mean"])
            look = _LOOKS.get(curve["name"], {"color": PALE, "linewidth": 0.9, "zorder": 1})
            (line,) = axes.plot(labels, mean, markevery=max(1, len(labels) // 6), **look)
            drawn.setdefault(curve["name"] if curve["name"] in _LOOKS else "every other", line)
            if curve["name"] in (DEFAULT, RANDOM):
                off = _ERRORS * 100 * np.array(curve["error"])
                axes.fill_between(
                    labels, mean - off, mean + off, color=look["color"], alpha=0.18, linewidth=0
                )
        axes.set_xlabel("labels")
    names = [name for name in (*_LOOKS, "every other") if name in drawn]
    figure.legend(
        [drawn[name] for name in names],
        [_plain(name) for name in names],
        loc="lower center", ncols=4, frameon=False, fontsize=10.5,
    )  # fmt: skip
    return figure


def _rules(rows: list[Found]) -> Any:
    names = [name for name in ranks(rows) if name != RANDOM][::-1]
    figure = new_figure(
        2.1 + 0.27 * len(names),
        "Rules beside random questions",
        "Area under the learning curve, less that of random questions from the same first labels,\n"
        "in points of accuracy. Bars: 95 % intervals over the starts.",
        width=9.6,
    )
    marks: dict[str, Any] = {}
    panels = _panels(figure, [row["work"] for row in rows], bottom=0.9, left=0.27)
    for axes, row in zip(panels, rows, strict=True):
        for place, name in enumerate(names):
            found = gap_named(row, name)
            if found is None:
                continue
            color, marker, _ = _VERDICTS[verdict(row, name)]
            marks[verdict(row, name)] = axes.errorbar(
                100 * found["value"], place, xerr=100 * half_width(row, found["error"]),
                color=color, marker=marker, markersize=6.5, linestyle="", elinewidth=1.6,
            )  # fmt: skip
        axes.axvline(0, color="black", linewidth=0.9)
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_yticks(range(len(names)), [_plain(name) for name in names])
        axes.tick_params(axis="y", length=0, labelleft=row is rows[0])
        axes.set_xlabel("points")
    for text, name in zip(figure.axes[0].get_yticklabels(), names, strict=True):
        text.set_weight("bold" if name == DEFAULT else "normal")
    shown = [word for word in _VERDICTS if word in marks]
    figure.legend(
        [marks[word] for word in shown],
        [_VERDICTS[word][2] for word in shown],
        loc="lower center", ncols=3, frameon=False, fontsize=10.5,
    )  # fmt: skip
    return figure


def _batches(rows: list[Found]) -> Any:
    works = list(dict.fromkeys(row["work"] for row in rows))
    figure = new_figure(
        4.9,
        "What a batch costs",
        "Right answers, in %, after the same number of labels, asked one by one or in batches.\n"
        "Bars: two standard errors of the mean. A start is the same for all.",
        width=9.6,
    )
    drawn = {}
    for axes, work in zip(_panels(figure, works, bottom=1.1), works, strict=True):
        of_work = [row for row in rows if row["work"] == work]
        sizes = [s for s in BATCH_SIZES if any(r["measure"] == batch_text(s) for r in of_work)]
        for number, name in enumerate(BATCHED):
            found = [
                entry
                for size in sizes
                for row in of_work
                if row["measure"] == batch_text(size)
                for entry in (row["ours"], *row["also"])
                if entry["name"] == name
            ]
            drawn[name] = axes.errorbar(
                np.arange(len(found)) + 0.06 * (number - 1.5),
                [100 * entry["value"] for entry in found],
                yerr=[_ERRORS * 100 * entry["error"] for entry in found],
                elinewidth=1.2,
                **_LOOKS[name],
            )
        axes.set_xticks(range(len(sizes)), [str(size) for size in sizes])
        axes.set_xlabel("questions at a time")
    figure.legend(
        list(drawn.values()),
        [_plain(name) for name in drawn],
        loc="lower center", ncols=4, frameon=False, fontsize=10.5,
    )  # fmt: skip
    return figure


def _panels(figure: Any, titles: list[str], *, bottom: float, left: float = 0.06) -> list[Any]:
    """Return axes side by side, below the figure's title."""
    height = figure.get_figheight()
    low, top = bottom / height, 1 - 1.45 / height
    step = (0.985 - left) / len(titles)
    panels = []
    for number, title in enumerate(titles):
        axes = figure.add_axes((left + number * step, low, step - 0.045, top - low))
        axes.set_title(title, loc="left", fontsize=11, weight="bold")
        axes.locator_params(integer=True)
        tidy(axes)
        panels.append(axes)
    return panels


def _plain(name: str) -> str:
    return name.replace("`", "")
