"""Labelled rows that have the same features, and different labels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._typing import Matrix
from fewlabels.features import Points
from fewlabels.io import counted

_MOST_NAMED = 3  # groups of such rows
_MOST_LISTED = 20  # of such rows, where most are


def about_contradictions(
    points: Points,
    codes: npt.NDArray[np.intp],
    classes: Sequence[object],
    rows_said: Callable[[Sequence[int]], str],
) -> str:
    """Name the labelled rows that have the same features, and different labels; empty if none.

    Parameters
    ----------
    points : Points
        Those that can't be read are no copies of one another.
    codes : ndarray of int, shape (n_points,)
        The class of each, -1 where it has no label.
    classes : sequence of object
    rows_said : callable
        Returns what messages call rows.

    Notes
    -----
    Cost: O(n_labelled times n_features).
    """
    known = np.setdiff1d(np.flatnonzero(codes >= 0), points.unread)
    copies: dict[bytes, list[int]] = {}
    for row, key in zip(known.tolist(), _row_keys(points.values, known), strict=True):
        copies.setdefault(key, []).append(row)
    groups = [rows for rows in copies.values() if len(set(codes[rows].tolist())) > 1]
    if not groups:
        return ""
    n_rows = sum(map(len, groups))
    if n_rows > _MOST_LISTED and 2 * n_rows > len(known):  # a table of few different rows
        return (
            f"{n_rows:,} of {counted(len(known), 'row')} with a label have the same features as a "
            f"row with another label: there are {counted(len(copies), 'different row')} only. All "
            "of these labels count, and no feature tells these rows apart."
        )
    named = []
    for rows in groups[:_MOST_NAMED]:
        given = dict.fromkeys(classes[code] for code in codes[rows].tolist())
        said = rows_said(rows)
        named.append(f"{said}: {', '.join(map(repr, given))}")
    more = len(groups) - len(named)
    listed = "; ".join(named) + (f"; and {more:,} groups more" if more else "")
    return (
        f"{counted(n_rows, 'row')} with a label have the same features, but different labels "
        f"({listed}). All of these labels count. If one is wrong, correct it; if all are right, no "
        "feature tells the rows apart."
    )


def _row_keys(values: Matrix, rows: npt.NDArray[np.intp]) -> Iterator[bytes]:
    """Return what is the same for rows of the same numbers, and short."""
    if sparse.issparse(values):
        some = values[rows].tocsr()
        some.sort_indices()
        for start, end in pairwise(some.indptr.tolist()):
            held = some.indices[start:end].tobytes() + some.data[start:end].tobytes()
            yield hashlib.blake2b(held, digest_size=16).digest()
        return
    for row in rows.tolist():
        held = (values[row] + 0.0).tobytes()  # -0.0 is 0.0
        yield hashlib.blake2b(held, digest_size=16).digest()
