"""The names that rows have: in the index of a pandas table, or as files of pictures."""

from __future__ import annotations

import numpy as np

from fewlabels._typing import Frame, Package
from fewlabels.exceptions import InvalidInputError

AnyArray = np.ndarray


def row_names(X: Frame) -> AnyArray | None:
    """Return the index of a pandas table as an array; None of anything else."""
    if not hasattr(X, "iloc"):
        return None
    names: AnyArray = X.index.to_numpy()
    return names


def position_of(name: Package, names: AnyArray | None, n_rows: int) -> int:
    """Return where `name` is among `names`, or raise."""
    if names is None:
        raise InvalidInputError(
            f"row {name!r} is asked for by name, and the rows have none: X was no pandas table, "
            f"nor pictures in files. Give its position, an integer from 0 to {n_rows - 1}."
        )
    found = _places(name, names)
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInputError(
            f"row {name!r} occurs {len(found)} times in the index of X, at the positions "
            f"{found[:5]}. Give one of these."
        )
    first = names[:3].astype(str) if names.dtype.kind == "M" else names[:3]
    raise InvalidInputError(
        f"there is no row {name!r} in the index of X, which begins with "
        f"{', '.join(map(repr, first.tolist()))}. Give a name of the same type, or a position, an "
        f"integer from 0 to {n_rows - 1}."
    )


def _places(name: Package, names: AnyArray) -> list[int]:
    if names.dtype.kind != "M":
        return [row for row, known in enumerate(names.tolist()) if known == name]
    try:
        date = np.datetime64(name)
    except ValueError:
        return []
    return np.flatnonzero(names == date).tolist()
