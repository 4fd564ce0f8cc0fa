"""Read a column of labels in which most entries are missing."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from numbers import Number

import numpy as np
import numpy.typing as npt

from fewlabels._callers import callers_level
from fewlabels._label_values import Column, object_array, read_column
from fewlabels._label_values import is_missing as is_missing  # for those who read columns otherwise
from fewlabels._typing import Cells, Package
from fewlabels._unsaid import is_unsaid
from fewlabels.exceptions import InvalidInputError, InvalidTypeError, LabelWarning

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
AnyArray = np.ndarray

UNLABELLED = -1


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Labels:
    """Labels as codes into sorted classes.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The distinct labels in ascending order, in the dtype in which they came.
    codes : ndarray of shape (n_samples,), dtype intp
        Index into `classes`; -1 where unlabelled.
    marker : object
        What says "unlabelled" beside these classes: -1, NaN, NaT or None.
    weights : ndarray of shape (n_samples,), float64, default=None
        How much each label is trusted: positive where labelled, 0 elsewhere. None: 1 each.
    """

    classes: AnyArray
    codes: IntArray
    marker: object
    weights: FloatArray | None = None

    @property
    def labelled(self) -> BoolArray:
        """True where a point has a label, shape (n_samples,)."""
        return self.codes >= 0

    @property
    def n_columns(self) -> int:
        """Columns of Y."""
        return len(self.classes)

    @property
    def is_one_hot(self) -> bool:
        """Whether each label's row of Y is a single 1."""
        return self.weights is None

    @property
    def row_mass(self) -> int:
        """What a row of scores may sum to, over what its distribution is normalised by."""
        return 1

    def weights_at(self, nodes: IntArray) -> FloatArray:
        """Weights of some labelled points, shape (n_nodes,)."""
        return np.ones(len(nodes)) if self.weights is None else self.weights[nodes]

    def label_matrix(
        self, columns: IntArray | None = None, nodes: IntArray | None = None
    ) -> FloatArray:
        """Y of shape (n_samples, n_columns): each label's weight in its class; 0 elsewhere.

        Parameters
        ----------
        columns : ndarray of int, default=None
            Only these columns.
        nodes : ndarray of int, default=None
            Only these rows.
        """
        chosen = np.arange(self.n_columns) if columns is None else columns
        place = np.full(self.n_columns + 1, -1)  # the last is that of no label, -1
        place[chosen] = np.arange(len(chosen))
        codes = self.codes if nodes is None else self.codes[nodes]
        rows = np.flatnonzero(place[codes] >= 0)
        Y = np.zeros((len(codes), len(chosen)))
        labelled = rows if nodes is None else nodes[rows]
        Y[rows, place[codes[rows]]] = self.weights_at(labelled)
        return Y

    def shares(self) -> FloatArray:
        """Share of each class among the labels by weight, shape (n_classes,)."""
        nodes = np.flatnonzero(self.labelled)
        counts = np.bincount(
            self.codes[nodes], weights=self.weights_at(nodes), minlength=len(self.classes)
        )
        return np.asarray(counts / counts.sum())

    def weighted(self, weights: FloatArray) -> Labels:
        """Return the same labels with other weights; 0 takes a label back.

        Parameters
        ----------
        weights : ndarray of shape (n_samples,)
            Non-negative where labelled; entries of unlabelled points are not read.
        """
        codes = np.where(self.labelled & (weights != 0), self.codes, UNLABELLED)
        used, known = np.unique(codes[codes >= 0]), codes >= 0
        place = np.full(len(self.classes), UNLABELLED, dtype=np.intp)
        place[used] = np.arange(len(used))
        codes = np.where(known, place[codes], UNLABELLED)
        return Labels(self.classes[used], codes, self.marker, weights_of(weights, known))

    def decide(self, distributions: AnyArray, answered: BoolArray | None = None) -> AnyArray:
        """Return the most probable class of each row; the marker where there is no answer."""
        codes = np.argmax(distributions, axis=1)
        return self.decode(codes if answered is None else np.where(answered, codes, UNLABELLED))

    def decode(self, codes: IntArray) -> AnyArray:
        """Return the classes of `codes`; where a code is -1, the marker."""
        known = codes >= 0
        if known.all():
            return self.classes[codes]
        # an array of strings, say, has no room for a marker
        dtype = np.dtype(object) if self.marker is None else self.classes.dtype
        decoded = np.full(codes.shape, self.marker, dtype=dtype)
        decoded[known] = self.classes[codes[known]]
        return decoded


def encode_labels(y: object, *, minus_one: bool | None = None) -> Labels:
    """Find the classes of `y`, and which points have one.

    Unlabelled are None, NaN, NaT, ``pandas.NA``, masked entries and empty bytes everywhere. -1 is
    unlabelled where labels are numbers and none of these occurs; beside one of them and other
    classes it is a class, with a warning. Classes may be any hashable values; they are sorted, by
    type and text where they have no common order. Bytes are read as UTF-8.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        A list, an array, a pandas or polars column.
    minus_one : bool, default=None
        Whether -1 is known to be a class (True) or to mean "unlabelled" (False); then there is no
        warning of it. None: as above.

    Raises
    ------
    InvalidInputError
        If `y` is not one-dimensional, or if the empty string is in it; or the string ``"-1"``
        (or the number -1 among strings) where nothing else marks unlabelled points, which
        scikit-learn would take for a class; or if "nan", "None" or "<NA>" is in a NumPy array
        of strings, which is what NumPy makes of a missing value there; or if bytes are not UTF-8.
    InvalidTypeError
        If `y` is no array, a label is not hashable, or booleans are beside numbers, with which
        they compare equal.

    Warns
    -----
    LabelWarning
        If -1 is beside another marker; or if the largest number of an unsigned dtype occurs,
        which is what -1 becomes there.
    """
    return encode_column(read_column(y), minus_one=minus_one)


def encode_column(column: Column, *, minus_one: bool | None = None) -> Labels:
    """Find the classes of a column that has been read; see :func:`encode_labels`."""
    values, missing = column.values, column.missing
    kind = values.dtype.kind
    marker: object = {"i": UNLABELLED, "f": float(UNLABELLED)}.get(kind)
    if kind in "mM":
        marker = np.array("NaT", values.dtype)[()]
    if kind == "f" and missing.any():
        marker = np.nan
    if kind in "if":  # at once, for most are unlabelled
        marked = (values == UNLABELLED) & ~missing
        beside_class = not (missing | marked).all()
        if marked.any() and _are_a_class(minus_one, bool(missing.any() and beside_class)):
            marker = np.nan if kind == "f" else None
        else:
            missing = missing | marked
    try:
        classes, codes = sorted_codes(values[~missing])
    except TypeError as error:
        row = _first_unhashable(values, missing)
        raise InvalidTypeError(
            f"labels must be hashable, got a {type(values[row]).__name__} at row {row}: "
            f"{values[row]!r}."
        ) from error
    everywhere = np.full(len(values), UNLABELLED, dtype=np.intp)
    everywhere[~missing] = codes
    if kind == "u":
        _warn_of_largest(classes)
    if kind in "UO":
        _refuse_text(classes, garbled=kind == "U")
        markers = _minus_ones(classes)
        told = bool(missing.any() and not markers.all())
        if markers.any() and not _are_a_class(minus_one, told):
            shown = repr(str(UNLABELLED)) if isinstance(classes[markers][0], str) else UNLABELLED
            raise InvalidInputError(
                f"{shown} is among labels that are not numbers, where it would be a class of "
                "its own. Mark unlabelled points with None, NaN or pandas.NA (in an array of dtype "
                "object)."
            )
    return Labels(classes, everywhere, marker)


def _are_a_class(known: bool | None, otherwise: bool) -> bool:
    """Whether the -1 that there are are a class; warn if that is so and was not `known`."""
    if known is None and otherwise and not is_unsaid(LabelWarning):
        warnings.warn(
            "the labels hold -1 and another marker of unlabelled points (None, NaN, pandas.NA or a "
            "mask). That marker says which are unlabelled, and -1 is read as a class. If -1 means "
            "unlabelled as well, use one marker for both.",
            LabelWarning,
            stacklevel=callers_level(),
        )
    return otherwise if known is None else known


def sorted_codes(values: AnyArray) -> tuple[AnyArray, IntArray]:
    """Return the distinct values in order, and the place of each value among them.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        None of them missing.
    """
    if values.dtype.kind != "O":
        classes, codes = np.unique(values, return_inverse=True)
        return classes, codes.astype(np.intp, copy=False)
    ordered = _in_order(dict.fromkeys(values.tolist()))
    place = {value: code for code, value in enumerate(ordered)}
    codes = np.fromiter((place[value] for value in values), dtype=np.intp, count=len(values))
    return object_array(ordered), codes


def has_minus_one(classes: AnyArray) -> bool:
    """Tell whether -1, or the text "-1", is one of the classes."""
    return bool(_minus_ones(classes).any())


def weights_of(weights: FloatArray, labelled: BoolArray) -> FloatArray | None:
    """Return the weights where labelled and 0 elsewhere; None if they are all 1."""
    if (weights[labelled] == 1).all():
        return None
    return np.where(labelled, weights, 0.0)


def _minus_ones(classes: AnyArray) -> BoolArray:
    """Which of the classes say -1, shape (n_classes,)."""
    if classes.dtype.kind in "if":
        return np.asarray(classes == UNLABELLED)
    if classes.dtype.kind == "U":
        return np.asarray(classes == str(UNLABELLED))
    if classes.dtype.kind != "O":
        return np.zeros(len(classes), dtype=bool)
    said = (UNLABELLED, str(UNLABELLED))
    return np.array([isinstance(c, (str, Number)) and c in said for c in classes], dtype=bool)


def _first_unhashable(values: AnyArray, missing: BoolArray) -> int:
    for row in np.flatnonzero(~missing):
        try:
            hash(values[row])
        except TypeError:
            return int(row)
    raise AssertionError("all are hashable")  # pragma: no cover - one was not


def _in_order(found: Iterable[Package]) -> Cells:
    """Sort, by type and text where there is no common order, as between strings and tuples."""
    with contextlib.suppress(TypeError):
        ordered = sorted(found)
        # Sets compare, but most have no order: sorting them leaves them as they came.
        if all(before < after for before, after in pairwise(ordered)):
            return ordered
    return sorted(found, key=lambda value: (type(value).__name__, repr(value)))


def _warn_of_largest(classes: AnyArray) -> None:
    """Warn where -1 was probably written into an array that has none."""
    largest = np.iinfo(classes.dtype).max
    if is_unsaid(LabelWarning):
        return
    if len(classes) and classes[-1] == largest and classes[-2:-1].tolist() != [largest - 1]:
        warnings.warn(
            f"the labels have dtype {classes.dtype}, in which -1 becomes {largest}; {largest} is "
            "among them, and is read as a class. If it means unlabelled, mark these points with -1 "
            f"in an array of signed integers: np.where(y == {largest}, -1, y.astype(int)).",
            LabelWarning,
            stacklevel=callers_level(),
        )


def _refuse_text(classes: AnyArray, *, garbled: bool) -> None:
    """Raise where text is no name of a class; `garbled`: it may be NumPy's for a missing value."""
    found = {name for name in classes.tolist() if isinstance(name, str)}
    if "" in found:
        raise InvalidInputError(
            "the empty string '' is among the labels, where it would be a class of "
            "its own. Mark unlabelled points with None, NaN or pandas.NA "
            "(in an array of dtype object); name the class if it is one."
        )
    for text in ("nan", "None", "<NA>") if garbled else ():
        if text in found:
            raise InvalidInputError(
                f"{text!r} is in a NumPy array of strings, which makes such text of missing "
                "values, and it would be a class of its own. Mark unlabelled points with None, "
                "NaN or pandas.NA in a list or an array of dtype object; there, "
                f"{text!r} may be the name of a class."
            )
