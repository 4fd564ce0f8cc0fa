"""Change some labels of a fitted model: which codes, classes and columns that touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._labels import UNLABELLED, Labels, encode_labels
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Relabelling:
    """New labels, and how they differ from the old ones.

    Attributes
    ----------
    labels : Labels
        The labels as a refit would encode them.
    old_columns : ndarray of shape (n_classes,), dtype intp
        For each of the new classes its place among the old ones, or -1.
    touched : ndarray of int
        The new classes that gained or lost a labelled point.
    """

    labels: Labels
    old_columns: IntArray
    touched: IntArray


def add_codes(labels: Labels, indices: npt.ArrayLike, added: Any) -> Relabelling:
    """Label, or relabel, the points `indices`."""
    rows = _rows(indices, len(labels.codes))
    new = encode_labels(added)
    if len(new.codes) != len(rows):
        raise InvalidInputError(
            f"labels must have one entry an index: got {len(new.codes)} labels for "
            f"{len(rows)} indices."
        )
    if not new.labelled.all():
        raise InvalidInputError(
            f"the label of point {rows[int(np.argmin(new.codes))]} is missing. "
            "To take a label back, use remove_labels."
        )
    _check_same_kind(labels.classes, new.classes)
    joined = encode_labels(_concatenated(labels.classes, new.classes))
    place_of_old = joined.codes[: len(labels.classes)]
    place_of_new = joined.codes[len(labels.classes) :]
    codes = np.where(labels.labelled, place_of_old[labels.codes], UNLABELLED)
    codes[rows] = place_of_new[new.codes]
    return _relabelling(labels, place_of_old, joined.classes, codes, rows)


def remove_codes(labels: Labels, indices: npt.ArrayLike) -> Relabelling:
    """Take the labels of the points `indices` back."""
    rows = _rows(indices, len(labels.codes))
    bare = rows[~labels.labelled[rows]]
    if len(bare):
        raise InvalidInputError(
            f"{len(bare)} of the points have no label to remove, the first is point {bare[0]}."
        )
    codes = labels.codes.copy()
    codes[rows] = UNLABELLED
    if not np.any(codes >= 0):
        raise InvalidInputError("no label would be left; at least one point must stay labelled.")
    return _relabelling(labels, np.arange(len(labels.classes)), labels.classes, codes, rows)


def _relabelling(
    before: Labels,
    place_of_old: IntArray,
    classes: npt.NDArray[Any],
    codes: IntArray,
    rows: IntArray,
) -> Relabelling:
    """Drop classes that no point is labelled with, as a refit would not know of them."""
    known = codes >= 0
    used = np.unique(codes[known])
    place = np.full(len(classes), UNLABELLED, dtype=np.intp)
    place[used] = np.arange(len(used))
    old_column = np.full(len(classes), -1, dtype=np.intp)
    old_column[place_of_old] = np.arange(len(before.classes))
    old_codes = before.codes[rows]
    lost = place_of_old[old_codes[old_codes >= 0]]
    gained = codes[rows][codes[rows] >= 0]
    touched = place[np.unique(np.concatenate([lost, gained]))]
    after = Labels(classes[used], np.where(known, place[codes], UNLABELLED), before.marker)
    return Relabelling(after, old_column[used], touched[touched >= 0])


def _rows(indices: npt.ArrayLike, n_samples: int) -> IntArray:
    given = np.asarray(indices)
    if given.dtype == bool:
        if given.shape != (n_samples,):
            raise InvalidInputError(
                f"a mask must have one entry a point, shape ({n_samples},); got {given.shape}."
            )
        return np.flatnonzero(given)
    if given.size == 0:
        return np.empty(0, dtype=np.intp)
    if given.dtype.kind not in "iu":
        raise InvalidTypeError(f"indices must be integers or a mask, got dtype {given.dtype}.")
    rows = np.atleast_1d(given).astype(np.intp)
    if rows.ndim != 1:
        raise InvalidInputError(f"indices must be one-dimensional, got shape {rows.shape}.")
    outside = rows[(rows < 0) | (rows >= n_samples)]
    if len(outside):
        raise InvalidInputError(
            f"indices must be from 0 to {n_samples - 1}, the fitted points; got {outside[0]}."
        )
    found, counts = np.unique(rows, return_counts=True)
    if np.any(counts > 1):
        raise InvalidInputError(f"point {found[np.argmax(counts)]} stands twice in indices.")
    return rows


def _check_same_kind(known: npt.NDArray[Any], added: npt.NDArray[Any]) -> None:
    if len(added) and _kind(known) != _kind(added):
        raise InvalidTypeError(
            f"labels must be of the type of the fitted ones: those have dtype {known.dtype} "
            f"({known[0]!r}), got {added[0]!r}."
        )


def _kind(classes: npt.NDArray[Any]) -> str:
    return {"i": "number", "u": "number", "f": "number", "b": "bool"}.get(
        classes.dtype.kind, "object"
    )


def _concatenated(known: npt.NDArray[Any], added: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if len(added) == 0:
        return known
    if known.dtype.kind == "O":
        return np.concatenate([known, added.astype(object)])
    if added.dtype.kind == "O":  # strings that came in an object column
        added = added.astype(known.dtype.kind)
    return np.concatenate([known, added])
