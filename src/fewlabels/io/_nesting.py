"""JSON values in one another: how deep they may be, and objects in cells as columns."""

from __future__ import annotations

from collections.abc import Sequence

from fewlabels._typing import Fields, State

#: Levels that every writer can take; Python's own ends at about a thousand, less what called it.
DEEPEST = 100


def is_too_deep(value: object) -> bool:
    """Tell whether lists and objects lie in one another more than `DEEPEST` levels deep."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            entry
            for holder in level
            if isinstance(holder, (list, dict))
            for entry in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return any(isinstance(entry, (list, dict)) for entry in level)


# An object with more keys than this, in all rows together, is a table of its own and no record;
# and so is one with objects in one another more levels deep.
_MOST_KEYS, _MOST_LEVELS = 100, 3


def unnested(rows: Sequence[Fields]) -> tuple[Sequence[Fields], list[str]]:
    """Return rows in which each key of an object in a cell is a column, as ``place.city``.

    Columns that hold anything beside objects and null stay as they are, and so do those with more
    than 100 keys or 3 levels of objects, and those whose new names there are already.

    Returns
    -------
    rows : sequence of dict
    opened : list of str
        The columns that are no more, innermost last.
    """
    opened: list[str] = []
    while found := _to_open(rows):
        rows = [_opened(row, found) for row in rows]
        opened += found
    return rows, opened


def _to_open(rows: Sequence[Fields]) -> list[str]:
    names = dict.fromkeys(name for row in rows for name in row)
    found = []
    for name in names:
        cells = [row[name] for row in rows if row.get(name) is not None]
        if not cells or not all(isinstance(c, dict) and _is_flat(c, _MOST_LEVELS) for c in cells):
            continue
        keys = {f"{name}.{key}" for cell in cells for key in cell}
        if 0 < len(keys) <= _MOST_KEYS and not keys & names.keys():
            found.append(name)
    return found


def _is_flat(cell: Fields, levels: int) -> bool:
    """Tell whether there are no more than so many levels of objects."""
    within = [value for value in cell.values() if isinstance(value, dict)]
    return levels > 0 and all(_is_flat(value, levels - 1) for value in within)


def _opened(row: Fields, opened: Sequence[str]) -> State:
    found: State = {}
    for name, cell in row.items():
        if name in opened:
            found |= {f"{name}.{key}": value for key, value in (cell or {}).items()}
        else:
            found[name] = cell
    return found
