"""Change some labels of a fitted model: which codes, classes and columns that touches."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
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
    set_points : ndarray of int
        The points that were given a label, or another one.
    lost_any : bool
        Whether any class lost a labelled point.
    freed_any : bool
        Whether any point that was labelled no longer is.
    """

    labels: Labels
    old_columns: IntArray
    touched: IntArray
    set_points: IntArray
    lost_any: bool
    freed_any: bool


def add_codes(labels: Labels, indices: npt.ArrayLike, added: Any) -> Relabelling:
    """Label, or relabel, the points `indices`."""
    rows = point_indices(indices, len(labels.codes))
    new = encode_labels(added)
    refuse_continuous(new.classes)
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
    rows = point_indices(indices, len(labels.codes))
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
    old_codes = np.where(before.codes >= 0, place_of_old[before.codes], UNLABELLED)
    rows = rows[codes[rows] != old_codes[rows]]
    gained, lost = codes[rows], old_codes[rows]
    touched = place[np.unique(np.concatenate([gained[gained >= 0], lost[lost >= 0]]))]
    return Relabelling(
        labels=Labels(classes[used], np.where(known, place[codes], UNLABELLED), before.marker),
        old_columns=old_column[used],
        touched=touched[touched >= 0],  # some have gone with their last point
        set_points=rows[gained >= 0],
        lost_any=bool((lost >= 0).any()),
        freed_any=bool((gained < 0).any()),
    )


def point_indices(indices: npt.ArrayLike, n_samples: int) -> IntArray:
    """Return the points that indices or a mask name, each at most once; or raise."""
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


def refuse_continuous(classes: npt.NDArray[Any]) -> None:
    """Raise if the classes are measurements, as a regression's targets."""
    if classes.dtype.kind != "f":
        return
    wrong = classes[~np.isfinite(classes) | (np.floor(classes) != classes)]
    if len(wrong):
        raise InvalidInputError(
            f"Unknown label type: continuous. Labels that are numbers must be whole, got "
            f"{wrong[0]!s}. Give classes, as numbers or as strings."
        )


def _check_same_kind(known: npt.NDArray[Any], added: npt.NDArray[Any]) -> None:
    if not _kinds(added) <= _kinds(known):
        raise InvalidTypeError(
            f"labels must be of the type of the fitted ones: those have dtype {known.dtype} "
            f"({known[0]!r}), got {added[0]!r}."
        )


def _kinds(classes: npt.NDArray[Any]) -> set[str]:
    if classes.dtype.kind in "mM":
        return {"time"}
    return {
        "bool"
        if isinstance(value, (bool, np.bool_))
        else "number"
        if isinstance(value, Real)
        else "other"
        for value in classes
    }


def _concatenated(known: npt.NDArray[Any], added: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Join the classes in the dtype that the known ones have, while it can hold the others."""
    if len(added) == 0:
        return known
    if known.dtype.kind == "U" and all(isinstance(value, str) for value in added):
        added = added.astype(np.str_)  # strings that came in an object column
    if "O" in (known.dtype.kind, added.dtype.kind):
        return np.concatenate([known.astype(object), added.astype(object)])
    with np.errstate(invalid="ignore"):
        cast = added.astype(known.dtype)
    return np.concatenate([known, cast if np.array_equal(cast, added) else added])
