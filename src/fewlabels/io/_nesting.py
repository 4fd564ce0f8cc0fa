"""How deep JSON values are nested: what is read has to be written again, in any format."""

from __future__ import annotations

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
