"""Values in one another: how deep they may be, and objects in cells as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from fewlabels._labels import is_missing
from fewlabels._typing import Fields, Objects, Package
from fewlabels.io._table import quoted

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
_MOST_KEYS, MOST_LEVELS = 100, 3


def opened(
    columns: Mapping[str, object],
    keys_of: Callable[[object], Objects] | None = None,
    parts_of: Callable[[object, Objects], Iterable[object]] | None = None,
) -> tuple[dict[str, Package], list[str]]:
    """Return columns in which each key of an object in a cell is a column, as ``place.city``.

    Columns that hold anything beside objects and what is missing stay as they are, and so do those
    with more than 100 keys or 3 levels of objects, and those whose new names there are already.

    Parameters
    ----------
    columns : mapping of str to list
        Whatever is no list stays as it is.
    keys_of : callable, default=None
        From a column to the keys of its objects, nothing if it stays as it is; None: of lists.
    parts_of : callable, default=None
        From a column and its keys to a column for each key; None: of lists.

    Returns
    -------
    columns : dict
    names : list of str
        The columns that are no more, innermost last.
    """
    keys_of, parts_of = keys_of or _keys, parts_of or _parts
    found, names = dict(columns), list[str]()
    while keys := _keys_to_open(found, keys_of):
        names += keys
        found = {
            name: cells
            for outer, held in found.items()
            for name, cells in (
                _named(outer, keys[outer], parts_of(held, keys[outer]))
                if outer in keys
                else ((outer, held),)
            )
        }
    return found, names


def about_opened(names: Sequence[str]) -> tuple[str, ...]:
    """Say which columns were opened, if any were."""
    return (f"objects in cells, a column for each key: {quoted(names)}",) if names else ()


def _keys_to_open(
    columns: Mapping[str, object], keys_of: Callable[[object], Objects]
) -> dict[str, Objects]:
    """Return the keys of each column that is to be opened."""
    found = {}
    for name, held in columns.items():
        keys = keys_of(held)
        new = {f"{name}.{key}" for key in keys}
        if 0 < len(keys) == len(new) <= _MOST_KEYS and not new & columns.keys():
            found[name] = keys
    return found


def _named(outer: str, keys: Objects, parts: Iterable[object]) -> Iterator[tuple[str, object]]:
    for key, cells in zip(keys, parts, strict=True):
        yield f"{outer}.{key}", cells


def _keys(cells: object) -> Objects:
    """Return the keys of the objects in the cells; none if these hold anything else."""
    filled = _objects(cells)
    if filled is None or not all(_is_flat(cell, MOST_LEVELS) for cell in filled):
        return []
    return list(dict.fromkeys(key for cell in filled for key in cell))


def _objects(cells: object) -> list[Fields] | None:
    """Return the cells that are not missing, if there are such, and all are objects."""
    if not isinstance(cells, list):
        return None
    filled = (cell for cell in cells if not is_missing(cell))
    first = next(filled, None)
    if not isinstance(first, dict):
        return None
    rest = list(filled)
    return [first, *rest] if all(isinstance(cell, dict) for cell in rest) else None


def _is_flat(cell: Fields, levels: int) -> bool:
    """Tell whether there are no more than so many levels of objects."""
    within = [value for value in cell.values() if isinstance(value, dict)]
    return levels > 0 and all(_is_flat(value, levels - 1) for value in within)


def _parts(cells: Package, keys: Objects) -> Iterator[Package]:
    for key in keys:
        yield [cell.get(key) if isinstance(cell, dict) else None for cell in cells]
