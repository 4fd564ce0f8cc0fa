"""Draw the packages from their imports, and the path of one fit through them.

Writes docs/images/rooms.svg: each package in its layer (the layers of pyproject.toml), an arc for
each import between packages that no longer path through others implies, and beside them the calls
of one fit, from the public method to the compiled product, each joined to its package. The
same calls are listed in docs/architecture.md. They are recorded while a fit runs.

Usage: python tools/rooms.py [--check]
Without --check both are rewritten (`make docs`); with it, a stale one is an error.
"""

from __future__ import annotations

import sys
import tomllib
from html import escape
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import grimp
import numpy as np

import fewlabels
from fewlabels import LabelSpreading, knn_graph

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "rooms.svg"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- the way of one fit: written by tools/rooms.py -->\n", "<!-- end of the way -->"
PACKAGE = Path(fewlabels.__file__).parent
COMPILED = "fewlabels._csr"
SHARED = "shared by all"

# of the drawing
ROW, TOP, LEFT, BOX, WIDTH = 44, 64, 190, 190, 1000
INK, GREY, BLUE, ORANGE = "#1f2328", "#8c959f", "#0072B2", "#b34700"


class Call(NamedTuple):
    """A frame of the fit."""

    module: str
    name: str


def floors() -> list[list[str]]:
    """Return the packages of each layer from the top down, the shared modules as one."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(found["layers"] for found in contracts if found["id"] == "layers")
    named = [[part.strip(" ()") for part in layer.split(":")] for layer in layers]
    rows = [[SHARED] if row[0].startswith("_") and len(row) > 1 else row for row in named]
    shown = [row for row in rows if row[0] not in {"__main__", "_compiled"}]
    return [row for number, row in enumerate(shown) if row not in shown[:number]]


def room_of(module: str, rooms: set[str]) -> str:
    """Return the package that a module belongs to."""
    part = module.split(".")[1] if "." in module else module
    return part if part in rooms else SHARED


def imports(rooms: set[str]) -> dict[str, set[str]]:
    """Return for each room those that its modules import."""
    graph = grimp.build_graph("fewlabels", cache_dir=None)
    found: dict[str, set[str]] = {room: set() for room in rooms}
    doors = {"fewlabels", "fewlabels.__main__"}  # they only lead in
    for module in graph.modules - doors:
        for imported in graph.find_modules_directly_imported_by(module) - doors:
            found[room_of(module, rooms)].add(room_of(imported, rooms))
    return {room: targets - {room} for room, targets in found.items()}


def reduced(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each edge that a longer path implies (the transitive reduction)."""
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = set()  # a cycle ends here; import-linter forbids them
            below[room] = edges[room].union(*(reach(target) for target in edges[room]))
        return below[room]

    return {
        room: {t for t in targets if not any(t in reach(other) for other in targets - {t})}
        for room, targets in edges.items()
    }


def way_of_a_fit() -> list[Call]:
    """Return the calls between `fit` and the first compiled product, the caller first.

    Raises
    ------
    RuntimeError
        If nothing compiled was called: the package was installed without a compiler.
    """
    rng = np.random.default_rng(0)
    graph = knn_graph(rng.normal(size=(2000, 8)), n_neighbors=10)  # too large for a dense solve
    y = np.full(2000, -1)
    y[:4] = 0, 1, 2, 3
    model = LabelSpreading(alpha=0.99, max_iter=1000)
    calls: list[Call] = []

    def look(frame: FrameType, event: str, arg: object) -> None:
        if calls or event != "c_call" or getattr(arg, "__module__", "") != COMPILED:
            return
        at: FrameType | None = frame
        while at is not None:
            path = Path(at.f_code.co_filename)
            name = at.f_code.co_qualname.replace(".<locals>", "")
            if path.is_relative_to(PACKAGE) and not name.endswith("<listcomp>"):
                inside = path.relative_to(PACKAGE.parent).with_suffix("")
                calls.append(Call(".".join(inside.parts), name))
            at = at.f_back
        calls.reverse()

    sys.setprofile(look)
    try:
        model.fit(graph, y)
    finally:
        sys.setprofile(None)
    if not calls:
        raise RuntimeError("no compiled product was called: install the package with a compiler")
    return [*calls, Call(COMPILED, "multiply, in C")]


def text(x: float, y: float, words: str, color: str = INK, **attributes: str) -> str:
    """Return an SVG text."""
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:g}" y="{y:g}" fill="{color}"{more}>{escape(words)}</text>'


def drawing(rows: list[list[str]], edges: dict[str, set[str]], calls: list[Call]) -> str:
    """Return the SVG."""
    rooms = {room for row in rows for room in row}
    places: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        width = BOX / len(row)
        for column, room in enumerate(row):
            places[room] = (LEFT + width * (column + 0.5), TOP + ROW * number)
    parts = [
        text(LEFT + BOX / 2, 26, "packages, and what they import", GREY, text_anchor="middle"),
        text(LEFT + BOX + 150, 26, "the path of one fit, from the method to C", GREY),
    ]
    heights = {room: place[1] for room, place in places.items()}
    for room, targets in sorted(edges.items()):
        for target in sorted(targets):
            start, end = heights[room], heights[target]
            bend = max(LEFT - 18 - 0.42 * abs(end - start), -40)
            parts.append(
                f'<path d="M{LEFT} {start:g} C{bend:g} {start:g} {bend:g} {end:g} '
                f'{LEFT - 6} {end:g}" fill="none" stroke="{GREY}" stroke-width="1.2" '
                'marker-end="url(#head)"/>'
            )
    visited = {room_of(call.module, rooms) for call in calls}
    for row in rows:
        width = BOX / len(row)
        for room in row:
            x, y = places[room]
            color = BLUE if room in visited else GREY
            parts.append(
                f'<rect x="{x - width / 2 + 2:g}" y="{y - 15:g}" width="{width - 4:g}" height="30"'
                f' rx="6" fill="#ffffff" stroke="{color}" stroke-width="1.6"/>'
            )
            words = f"{room}/" if (PACKAGE / room).is_dir() else room
            parts.append(text(x, y + 5, words, text_anchor="middle"))
    parts += _calls(calls, rooms, heights)
    height = max(TOP + ROW * len(rows), 70 + 27 * len(calls))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'font-family="system-ui, sans-serif" font-size="14">\n'
        f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>\n'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="{GREY}"/></marker></defs>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _calls(calls: list[Call], rooms: set[str], heights: dict[str, float]) -> list[str]:
    """Return the list of calls, each joined to its room."""
    parts = []
    x = LEFT + BOX + 150
    for number, call in enumerate(calls):
        y = 60 + 27 * number
        room = heights[room_of(call.module, rooms)]
        parts.append(
            f'<path d="M{LEFT + BOX} {room:g} C{x - 60} {room:g} {x - 80} {y - 5} {x - 10} {y - 5}"'
            f' fill="none" stroke="{BLUE}" stroke-width="1.2" opacity="0.55"/>'
        )
        parts.append(text(x, y, f"{number + 1}.", ORANGE))
        parts.append(text(x + 28, y, call.name))
        parts.append(
            text(WIDTH - 12, y, call.module.removeprefix("fewlabels."), GREY, text_anchor="end")
        )
    return parts


def block(calls: list[Call]) -> str:
    """Return the list of the page, with the marks around it."""
    lines = [f"{n}. `{name}` in `{module}`" for n, (module, name) in enumerate(calls, 1)]
    return BEGIN + "\n" + "\n".join(lines) + "\n\n" + END


def renewed(page: str, calls: list[Call]) -> str:
    """Return the page with the list between its marks."""
    before, found, rest = page.partition(BEGIN)
    if not found:
        raise ValueError(f"{PAGE}: there is no line {BEGIN!r}")
    return before + block(calls) + rest.partition(END)[2]


def main() -> int:
    """Rewrite or check the drawing and the list; return the exit code."""
    rows = floors()
    rooms = {room for row in rows for room in row}
    try:
        calls = way_of_a_fit()
    except RuntimeError as error:
        if "--check" not in sys.argv[1:]:
            raise
        print(f"{PICTURE.name} was not looked at: {error}")
        return 0
    svg = drawing(rows, reduced(imports(rooms)), calls)
    page = PAGE.read_text(encoding="utf-8")
    stale = not PICTURE.is_file() or PICTURE.read_text(encoding="utf-8") != svg
    stale = stale or renewed(page, calls) != page
    if "--check" in sys.argv[1:]:
        if stale:
            print(f"{PICTURE.name}, or its list in {PAGE.name}: run `make docs`", file=sys.stderr)
        return int(stale)
    PICTURE.write_text(svg, encoding="utf-8")
    PAGE.write_text(renewed(page, calls), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: written, {len(calls)} calls from fit to C")
    return 0


if __name__ == "__main__":
    sys.exit(main())
