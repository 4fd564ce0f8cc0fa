"""Change some labels of a fitted model: which codes, classes and columns that touches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import LEAVE_OUT, refuse_masked
from fewlabels._class_names import warn_of_classes
from fewlabels._labels import UNLABELLED, Labels, sorted_codes, weights_of
from fewlabels._same_rows import refuse_other_order
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._targets import RowLabels, checked_weights, encode_added

IntArray = npt.NDArray[np.intp]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Relabelling:
    """New labels, and how they differ from the old ones.

    Attributes
    ----------
    labels : Labels
        The labels as a refit would encode them.
    old_columns : ndarray of shape (n_columns,), dtype intp
        For each of the new columns of Y, its place among the old ones, or -1.
    touched : ndarray of int
        The new columns that gained or lost something.
    set_points : ndarray of int
        The points that were given a label, another one, or another weight.
    lost_any : bool
        Whether any column lost something.
    freed_any : bool
        Whether any point that was labelled no longer is.
    expected : ndarray of shape (n_samples, n_touched), or None
        What it adds to the scores in the columns `touched`, as far as that is known without a
        solve.
    """

    labels: Labels
    old_columns: IntArray
    touched: IntArray
    set_points: IntArray
    lost_any: bool
    freed_any: bool
    expected: FloatArray | None = None

    def with_responses(self, before: Labels, rows: IntArray, responses: FloatArray) -> Relabelling:
        """Say what to expect of the change, from what labels at `rows` do to the scores.

        Parameters
        ----------
        before : Labels
            As they were.
        rows : ndarray of int of shape (n_changed,)
            The points that changed, and maybe others.
        responses : ndarray of shape (n_samples, n_changed)
            The scores that a label of weight 1 at each of them gives to all points.
        """
        gained = self.labels.label_matrix(nodes=rows)
        kept = self.old_columns >= 0
        gained[:, kept] -= before.label_matrix(nodes=rows)[:, self.old_columns[kept]]
        return replace(self, expected=responses @ gained[:, self.touched])


def add_codes(
    labels: Labels, indices: npt.ArrayLike, added: object, sample_weight: object = None
) -> Relabelling:
    """Label, or relabel, the points `indices`; a weight of 0 takes a label back."""
    refuse_other_order(indices, added)
    rows = point_indices(indices, len(labels.codes))
    new = encode_added(labels, added, len(rows))
    refuse_missing(rows, new.labelled)
    weights = weights_of_added(rows, sample_weight, labels.labelled)
    if isinstance(labels, RowLabels):
        given = new.rows if isinstance(new, RowLabels) else np.empty((0, len(labels.classes)))
        return _row_relabelling(labels, labels.replaced(rows, given, weights), rows)
    check_same_kind(labels.classes, new.classes)
    classes, places = sorted_codes(concatenated(labels.classes, new.classes))
    place_of_old, place_of_new = np.split(places, [len(labels.classes)])
    codes = np.where(labels.labelled, place_of_old[labels.codes], UNLABELLED)
    codes[rows] = np.where(weights > 0, place_of_new[new.codes], UNLABELLED)
    all_weights = _all_weights(labels)
    all_weights[rows] = weights
    unknown = np.setdiff1d(place_of_new, place_of_old)
    if len(unknown):
        counts = np.bincount(codes[codes >= 0], minlength=len(classes))
        warn_of_classes(classes, counts.tolist(), new=classes[unknown])
    return _relabelling(labels, place_of_old, classes, codes, all_weights, rows)


def checked_responses(responses: npt.ArrayLike, n_samples: int, n_added: int) -> FloatArray:
    """Return the responses of the points that are labelled, or raise."""
    values = np.asarray(responses)
    if values.dtype.kind != "f":
        raise InvalidTypeError(f"responses must be floats, got dtype {values.dtype}.")
    if values.shape != (n_samples, n_added):
        raise InvalidInputError(
            "responses must have one row per point and a column for each of the points that are "
            f"labelled, shape ({n_samples}, {n_added}); got {values.shape}."
        )
    if not np.isfinite(values).all():
        raise InvalidInputError("responses must be finite; some are not.")
    return values


def remove_codes(labels: Labels, indices: npt.ArrayLike) -> Relabelling:
    """Take the labels of the points `indices` back."""
    rows = labels_to_remove(indices, labels.labelled)
    codes = labels.codes.copy()
    codes[rows] = UNLABELLED
    if isinstance(labels, RowLabels):
        kept = np.where(codes >= 0, _all_weights(labels), 0)
        return _row_relabelling(labels, labels.weighted(kept), rows)
    same = np.arange(len(labels.classes))
    return _relabelling(labels, same, labels.classes, codes, _all_weights(labels), rows)


def _all_weights(labels: Labels) -> FloatArray:
    """Weights of all points, 0 where unlabelled; the caller's own."""
    weights = np.zeros(len(labels.codes))
    known = np.flatnonzero(labels.labelled)
    weights[known] = labels.weights_at(known)
    return weights


def _relabelling(
    before: Labels,
    place_of_old: IntArray,
    classes: np.ndarray,
    codes: IntArray,
    weights: FloatArray,
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
    weighed = weights[rows] - _all_weights(before)[rows]
    relabelled = codes[rows] != old_codes[rows]
    changed = relabelled | ((weighed != 0) & known[rows])
    lost_any = bool(np.any(relabelled & (old_codes[rows] >= 0)) or (weighed[changed] < 0).any())
    rows = rows[changed]
    gained, lost = codes[rows], old_codes[rows]
    touched = place[np.unique(np.concatenate([gained[gained >= 0], lost[lost >= 0]]))]
    return Relabelling(
        labels=Labels(
            classes[used],
            np.where(known, place[codes], UNLABELLED),
            before.marker,
            weights_of(weights, known),
        ),
        old_columns=old_column[used],
        touched=touched[touched >= 0],  # some have gone with their last point
        set_points=rows[gained >= 0],
        lost_any=lost_any,
        freed_any=bool((gained < 0).any()),
    )


def _row_relabelling(before: RowLabels, after: RowLabels, rows: IntArray) -> Relabelling:
    """Compare the rows of Y: the classes stay the same whatever is labelled."""
    difference = after.label_matrix(nodes=rows) - before.label_matrix(nodes=rows)
    freed = before.labelled[rows] & ~after.labelled[rows]
    changed = difference.any(axis=1)
    return Relabelling(
        labels=after,
        old_columns=np.arange(after.n_columns),
        touched=np.flatnonzero(difference.any(axis=0)),
        set_points=rows[changed & after.labelled[rows]],
        lost_any=bool((difference < 0).any()),
        freed_any=bool(freed.any()),
    )


def refuse_missing(rows: IntArray, labelled: BoolArray) -> None:
    """Raise if a label that was given for one of `rows` is missing."""
    if not labelled.all():
        raise InvalidInputError(
            f"the label of point {rows[int(np.argmin(labelled))]} is missing. "
            "To take a label back, use remove_labels."
        )


def weights_of_added(rows: IntArray, sample_weight: object, labelled: BoolArray) -> FloatArray:
    """Return the weight of each new label, or raise; all may be 0 where others are `labelled`."""
    if sample_weight is None:
        return np.ones(len(rows))
    rest = labelled.copy()
    rest[rows] = False
    return checked_weights(
        sample_weight, len(rows), np.ones(len(rows), dtype=bool), all_zero=bool(rest.any())
    )


def labels_to_remove(indices: npt.ArrayLike, labelled: BoolArray) -> IntArray:
    """Return the points whose labels are taken back; raise if one has none, or none is left."""
    rows = point_indices(indices, len(labelled))
    bare = rows[~labelled[rows]]
    if len(bare):
        raise InvalidInputError(
            f"{len(bare)} of the points have no label to remove, the first is point {bare[0]}."
        )
    if len(rows) == labelled.sum():
        raise InvalidInputError("no label would be left; at least one point must stay labelled.")
    return rows


def point_indices(indices: npt.ArrayLike, n_samples: int) -> IntArray:
    """Return the points that indices or a mask name, each at most once; or raise."""
    refuse_masked(indices, "indices", LEAVE_OUT)
    given = np.asarray(indices)
    if given.dtype == bool:
        if given.shape != (n_samples,):
            raise InvalidInputError(
                f"a mask must have one entry per point, shape ({n_samples},); got {given.shape}."
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
        raise InvalidInputError(f"point {found[np.argmax(counts)]} appears twice in indices.")
    return rows


def check_same_kind(known: np.ndarray, added: np.ndarray) -> None:
    """Raise if the classes `added` are of another type than those that are known."""
    if not _kinds(added) <= _kinds(known):
        raise InvalidTypeError(
            f"labels must be of the type of the fitted ones: those have dtype {known.dtype} "
            f"(such as {known[:1].tolist()[0]!r}), got {added[:1].tolist()[0]!r}."
        )


def _kinds(classes: np.ndarray) -> set[str]:
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


def concatenated(known: np.ndarray, added: np.ndarray) -> np.ndarray:
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
