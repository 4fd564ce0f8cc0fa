"""What labels change: which classes are solved for, from what, and under which name."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from fewlabels.dask._labels import FewLabels
from fewlabels.dask._layout import RegionGraph

IntArray = npt.NDArray[np.intp]


def change_of(old: FewLabels, new: FewLabels, kept: bool) -> dict[str, object]:
    """Say how labels differ: which classes to solve for, and where each was before.

    `kept` tells whether the scores from before can stay beside new ones.
    """
    place = {label: code for code, label in enumerate(old.classes.tolist())}
    columns = np.array([place.get(label, -1) for label in new.classes.tolist()], dtype=np.intp)
    was = _by_row(old, np.arange(len(old.classes)))
    now = _by_row(new, columns)
    gained = {
        int(code)
        for row, code in zip(new.rows.tolist(), new.codes.tolist(), strict=True)
        if was.get(row) != now[row] or columns[code] < 0
    }
    # what is left of a row that held much of what was lost is no more accurate than that was
    lost = any(
        row not in now or now[row][0] != column or now[row][1] < weight
        for row, (column, weight) in was.items()
    )
    touched = None if lost or not kept or len(gained) == len(columns) else np.array(sorted(gained))
    if touched is not None and len(touched) == 0:
        touched = np.arange(1)  # nothing changes: one class is looked at again
    return {"old_columns": columns, "touched": touched}


def _by_row(labels: FewLabels, columns: IntArray) -> dict[int, tuple[int, float]]:
    """Each row's class, by its place among `columns`, and weight."""
    classes = columns[labels.codes].tolist()
    of_rows = zip(classes, labels.weights.tolist(), strict=True)
    return dict(zip(labels.rows.tolist(), of_rows, strict=True))


def identity_of(
    graph: RegionGraph,
    labels: FewLabels,
    alpha: float,
    tol: float,
    max_iter: int,
    before: dict[str, object],
) -> str:
    """Name a solve by all that its answers depend on."""
    digest = hashlib.sha256(repr((graph.checksum, graph.n_nodes, alpha, tol, max_iter)).encode())
    digest.update(labels.rows.tobytes())
    digest.update(labels.codes.tobytes())
    digest.update(labels.weights.tobytes())
    digest.update(str(len(labels.classes)).encode())
    for name, value in sorted(before.items()):
        shown = value.tolist() if isinstance(value, np.ndarray) else getattr(value, "name", value)
        digest.update(f"{name}={shown}".encode())
    return digest.hexdigest()[:16]


def components_of(graph: RegionGraph, places: IntArray) -> IntArray | None:
    """Return the components that hold some internal rows; None where there is one component."""
    if graph.n_components == 1:
        return None
    return np.unique([int(graph.components(place, place + 1)[0]) for place in places.tolist()])
