"""The names of the columns of exports: lines above them, names that come twice, and none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fewlabels.io._table import counted, is_blank, quoted
from fewlabels.io._views import parse_number

# Lines that are looked at: an export's title is shorter.
_LOOKED_AT = 30
# Fewer columns don't show that a line is a title.
_LEAST_COLUMNS = 3


def n_title_lines(rows: Sequence[Sequence[object]]) -> int:
    """Return how many lines stand above the names of the columns; 0 if that isn't plain.

    Plain is: the table has three columns or more; each of the lines above fills at most half of
    them; and the first that fills more holds text alone, no number and nothing twice, and is
    filled as far as any row after it.
    """
    head = rows[:_LOOKED_AT]
    filled = [[place for place, cell in enumerate(row) if not is_blank(cell)] for row in head]
    width = len({place for places in filled for place in places})
    if width < _LEAST_COLUMNS:
        return 0
    first = next((n for n, places in enumerate(filled) if 2 * len(places) > width), 0)
    names = [head[first][place] for place in filled[first]] if first else []
    texts = [cell.strip() for cell in names if isinstance(cell, str)]
    plain = len(texts) == len(names) and len(set(texts)) == len(texts)
    if not plain or any(parse_number(text) is not None for text in texts):
        return 0
    named = set(filled[first])
    return first if all(named.issuperset(places) for places in filled[first + 1 :]) else 0


def about_title(lines: Sequence[Sequence[object]]) -> str:
    """Say which lines were taken for a title, and left out."""
    cells = [str(cell).strip() for line in lines for cell in line if not is_blank(cell)]
    verb = "was" if len(lines) == 1 else "were"
    return (
        f"{counted(len(lines), 'line')} above the names of the columns {verb} taken for a title "
        f"and left out: {quoted([cell[:60] for cell in cells], 3)}"
    )


def own_names(header: Sequence[str]) -> tuple[list[str], str]:
    """Return names of which none comes twice, and what is to be said; blank ones stay.

    The second "Labels" becomes "Labels (2)", as exports of issue trackers have it.
    """
    counts = Counter(header)
    taken, seen = set(header), Counter[str]()
    names = []
    for name in header:
        seen[name] += 1
        if name.strip() and seen[name] > 1:
            number = seen[name]
            while f"{name} ({number})" in taken:
                number += 1
            name = f"{name} ({number})"
            taken.add(name)
        names.append(name)
    twice = [name for name, count in counts.items() if count > 1 and name.strip()]
    if not twice:
        return names, ""
    return names, f"columns of one name were numbered, such as {twice[0] + ' (2)'!r}"
