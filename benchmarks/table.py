"""The table against the peers, as Markdown, from the stored results."""

from __future__ import annotations

from typing import Any

BEGIN = "<!-- table against the peers: written by `make bench`, not by hand -->"
HEAD = (
    "| work | measure | peer | peer's result | fewlabels | |",
    "| --- | --- | --- | --- | --- | --- |",
)
END = "<!-- end of the table against the peers -->"


def render(document: dict[str, Any]) -> str:
    """Return the table and the line that says where it was measured."""
    lines = [_cells(row, peer) for row in document["rows"] for peer in row["peers"]]
    machine, packages = document["machine"], document["packages"]
    versions = ", ".join(f"{name} {number}" for name, number in packages.items())
    where = (
        f"Measured in one run on {machine['cores']} cores ({machine['system']}, Python "
        f"{machine['python']}): {versions}."
    )
    return "\n".join([*HEAD, *lines, "", where])


def replace_block(page: str, table: str) -> str:
    """Return `page` with `table` between the two marks."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"the page must hold the marks {BEGIN!r} and {END!r} once each")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _cells(row: dict[str, Any], peer: dict[str, Any]) -> str:
    ours, theirs, unit = row["ours"], peer["value"], row["unit"]
    cells = (
        row["work"],
        row["measure"],
        peer["name"],
        _text(theirs, unit),
        _text(ours, unit),
        _comparison(ours, theirs, unit),
    )
    return f"| {' | '.join(cells)} |"


def _text(value: float, unit: str) -> str:
    if unit == "s":
        return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:.1e}"


def _comparison(ours: float, theirs: float, unit: str) -> str:
    if unit == "s":
        ratio = theirs / ours
        return f"{ratio:.3g} x faster" if ratio >= 1 else f"{1 / ratio:.3g} x slower"
    if unit == "share":
        return f"{100 * (ours - theirs):+.1f} points"
    return ""
