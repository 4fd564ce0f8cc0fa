"""The tables against the peers, as Markdown, from the stored results."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

BEGIN = "<!-- {name}: written by `make bench`, not by hand -->"
END = "<!-- end of {name} -->"
SUMMARY = "table against the peers"  # in the README
FULL = "all results"  # in docs/performance.md
GOALS = "goals"  # there too

# From the smallest; tables show the largest that was measured.
SIZE_NAMES = ("tiny", "small", "full")
_SUMMARY_HEAD = (
    "| work | fewlabels | best peer | fewlabels is |",
    "| --- | --- | --- | --- |",
)
_MORE = "All peers, versions, memory and plots: [performance](docs/performance.md)."
_FULL_HEAD = (
    "| work | who | result | fewlabels is | quality | peak memory | runs |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)
_TITLES = {"tiny": "Tiny, as in the tests", "small": "Small", "full": "Full size"}


def summary(document: dict[str, Any]) -> str:
    """Return the headline rows, a line each beside the best peer, and where they were measured.

    Of each case the rows of the largest size that was measured.
    """
    sizes: dict[str, str] = {}
    for row in document["rows"]:
        known = sizes.get(row["case"])
        sizes[row["case"]] = largest_size([row["size"], known] if known else [row["size"]])
    rows = [
        row
        for row in document["rows"]
        if row["headline"] and row["size"] == sizes[row["case"]] and row["peers"]
    ]
    lines = [_summary_line(row) for row in rows]
    return "\n".join([*_SUMMARY_HEAD, *lines, "", f"{_summary_source(document, rows)} {_MORE}"])


def full(document: dict[str, Any], *, without: Container[str] = ()) -> str:
    """Return all rows but those of some cases, one line a contender, a section a size."""
    parts = []
    for size in reversed(SIZE_NAMES):
        rows = [
            row for row in document["rows"] if row["size"] == size and row["case"] not in without
        ]
        if rows:
            marks = marks_of(rows)
            lines = [line for row in rows for line in _full_lines(row, marks)]
            table = [*_FULL_HEAD, *lines, "", *sources(document, rows, marks)]
            parts.append("\n".join([f"### {_TITLES[size]}", "", *table]))
    return "\n\n".join(parts) if parts else "Nothing was measured yet."


def replace_block(page: str, name: str, text: str) -> str:
    """Return `page` with `text` between the two marks of the block `name`."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page must hold the marks {begin!r} and {end!r} once each, in turn")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    return f"{before}{begin}\n{text}\n{end}{after}"


def largest_size(names: Iterable[str]) -> str:
    """Return the largest of some sizes."""
    return max(names, key=SIZE_NAMES.index)


def spoken(value: float, unit: str) -> str:
    """Write a number as a reader takes it.

    Parameters
    ----------
    value : float
    unit : {"s", "share", "count", "error", "B", "exponent", "number", "points", "x"}
    """
    if unit == "s":
        return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "B":
        return f"{value / 1e9:.2f} GB"
    if unit == "exponent":
        return f"{value:.2f}"
    if unit == "number":
        return f"{value:.3f}"
    if unit == "points":
        return f"{100 * value:+.1f} points"
    if unit == "x":
        return f"{value:,.0f} x" if value >= 100 else f"{value:.3g} x"
    return f"{value:.1e}"


def with_error(value: float, error: float | None, unit: str, *, signed: bool = False) -> str:
    """Write a mean and its standard error, or a difference of means.

    Parameters
    ----------
    value : float
    error : float or None
    unit : str
        As `spoken` knows it.
    signed : bool, default=False
        A difference: with its sign, and in points if of shares.
    """
    sign = "+" if signed else ""
    if unit == "share":
        scaled, digits, ending = 100, 1, " points" if signed else " %"
    elif unit == "number":
        scaled, digits, ending = 1, 3, ""
    else:
        return spoken(value, unit)
    middle = "" if error is None else f" ± {scaled * error:.{digits}f}"
    return f"{scaled * value:{sign}.{digits}f}{middle}{ending}"


def head(*names: str) -> list[str]:
    """Return the first two lines of a table."""
    return [line(*names), "|" + " --- |" * len(names)]


def line(*cells: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |"


def compared(ours: float, theirs: float, unit: str) -> str:
    """Say how our result compares with a peer's."""
    if unit == "s":
        ratio = theirs / ours
        if _ratio(ratio) == "1":
            return "as fast"
        return f"{_ratio(ratio)} x faster" if ratio >= 1 else f"{_ratio(1 / ratio)} x slower"
    if unit == "share":
        return f"{100 * (ours - theirs):+.1f} points"
    if unit == "number":
        return f"{ours - theirs:+.3f}"
    if unit == "B":
        ratio = theirs / ours
        return f"{_ratio(ratio)} x less" if ratio >= 1 else f"{_ratio(1 / ratio)} x more"
    return ""


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _summary_line(row: dict[str, Any]) -> str:
    ours, unit = row["ours"], row["unit"]
    best = max if unit in {"share", "number"} else min
    peer = best(row["peers"], key=lambda entry: entry["value"])
    cells = (
        row["work"] if unit == "s" else f"{row['work']}: {row['measure']}",
        _with_quality(ours, unit),
        f"{peer['name']} {_with_quality(peer, unit)}",
        compared(ours["value"], peer["value"], unit),
    )
    return f"| {' | '.join(cells)} |"


def _summary_source(document: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Say where the headline rows were measured, and which peers were missing."""
    runs = {run: document["runs"][run] for run in sorted({row["run"] for row in rows})}
    cores = " or ".join(sorted({f"{about['machine']['cores']}" for about in runs.values()}))
    days = dict.fromkeys(run.partition(" ")[0] for run in runs)
    text = f"Each row was measured in one run, on {cores} cores ({', '.join(days)})."
    return text + "".join(f" {reason}" for reason in _missing(document, rows, runs))


def _full_lines(row: dict[str, Any], marks: dict[str, str]) -> list[str]:
    lines = []
    for entry in (row["ours"], *row["peers"]):
        first = entry is row["ours"]
        cells = (
            f"{row['work']}: {row['measure']}{marks[row['run']]}" if first else "",
            entry["name"],
            spoken(entry["value"], row["unit"])
            + (f" ({entry['note']})" if "note" in entry else ""),
            "" if first else compared(row["ours"]["value"], entry["value"], row["unit"]),
            _quality(entry),
            spoken(entry["peak"], "B") if "peak" in entry else "",
            str(entry.get("runs", "")),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _quality(entry: dict[str, Any]) -> str:
    said = [f"{name} {entry[name]:.3f}" for name in ("recall", "accuracy") if name in entry]
    return ", ".join(said)


def _with_quality(entry: dict[str, Any], unit: str) -> str:
    quality = _quality(entry)
    return spoken(entry["value"], unit) + (f" ({quality})" if quality else "")


def marks_of(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return what marks the rows of each run; nothing while there is one run only."""
    runs = sorted({row["run"] for row in rows})
    if len(runs) <= 1:
        return dict.fromkeys(runs, "")
    return {run: f" <sup>{number}</sup>" for number, run in enumerate(runs, 1)}


def sources(
    document: dict[str, Any], rows: list[dict[str, Any]], marks: dict[str, str]
) -> list[str]:
    """Return where and with what each run was measured, a line a run."""
    lines = []
    for run, mark in marks.items():
        about = document["runs"][run]
        machine = about["machine"]
        versions = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
        text = (
            f"Measured in one run on {machine['cores']} cores ({machine['system']}, Python "
            f"{machine['python']}), {run}: {versions}."
        )
        text += "".join(f" {reason}" for reason in _missing(document, rows, [run]))
        lines += [f"{mark.strip()} {text}".strip(), ""]
    return lines[:-1]


def _missing(
    document: dict[str, Any], rows: list[dict[str, Any]], runs: Iterable[str]
) -> list[str]:
    """Return why peers were missing from the rows of some runs, each reason once."""
    reasons = []
    for run in runs:
        cases = {row["case"] for row in rows if row["run"] == run}
        for case, found in document["runs"][run].get("missing", {}).items():
            reasons += found if case in cases else []
    return list(dict.fromkeys(reasons))
