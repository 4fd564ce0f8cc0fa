"""Read a column of labels in which most entries are missing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError, InvalidTypeError

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
AnyArray = npt.NDArray[Any]

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
        What stands for "unlabelled" beside these classes: -1, NaN or None.
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
        dtype = self.classes.dtype
        if dtype.kind not in "ifO":  # an array of strings, say, has no room for a marker
            dtype = np.dtype(object)
        decoded = np.full(codes.shape, self.marker, dtype=dtype)
        decoded[known] = self.classes[codes[known]]
        return decoded


def weights_of(weights: FloatArray, labelled: BoolArray) -> FloatArray | None:
    """Return the weights where labelled and 0 elsewhere; None if they are all 1."""
    if (weights[labelled] == 1).all():
        return None
    return np.where(labelled, weights, 0.0)


def is_missing(value: object) -> bool:
    """Tell whether `value` is None, a NaN, ``pandas.NA`` or a ``NaT``."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def encode_labels(y: object) -> Labels:
    """Find the classes of `y`, and which points have one.

    Unlabelled is -1 where labels are numbers, and None, NaN or ``pandas.NA`` everywhere.
    Classes may be any hashable values; they are sorted, by type and text where they have no
    common order.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        A list, an array, a pandas or polars column.

    Raises
    ------
    InvalidInputError
        If `y` is not one-dimensional, or if the string ``"-1"`` (or the number -1 among
        strings) or the empty string stands in it, which scikit-learn would take for a class; or
        if "nan", "None" or "<NA>" stands in a NumPy array of strings, which is what NumPy makes
        of a missing value there.
    InvalidTypeError
        If `y` is no array, or a label is not hashable.
    """
    values = _as_column(y)
    if values.dtype.kind == "O":
        values = _narrowed(values)
    if values.dtype.kind == "i":
        return _encode_plain(values, values == UNLABELLED, values.dtype.type(UNLABELLED))
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        marker = np.nan if missing.any() else float(UNLABELLED)
        return _encode_plain(values, missing | (values == UNLABELLED), marker)
    if values.dtype.kind == "O":
        return _encode_objects(values)
    if values.dtype.kind in "mM":
        return _encode_plain(values, np.isnat(values), None)
    if values.dtype.kind in "SU":
        found = set(values.tolist())
        _refuse_markers(found)
        _refuse_garbled(found)
    return _encode_plain(values, np.zeros(len(values), dtype=bool), None)


def _as_column(y: object) -> AnyArray:
    if isinstance(y, (list, tuple)):
        values = _object_array(y) if any(_is_atom(entry) for entry in y) else _plain_array(y)
    elif hasattr(y, "__array__"):
        if isinstance(getattr(y, "dtype", None), np.dtype):
            values = np.asarray(y)
        elif hasattr(y, "to_list"):
            # pandas' and polars' own column types say "missing" with objects of their own;
            # as arrays they may turn whole numbers beside these into floats
            values = _object_array(y.to_list())
        else:
            values = np.asarray(y, dtype=object)
        if values.dtype.kind == "T":  # NumPy's StringDType, whose missing value is of any kind
            values = _object_array(values.tolist())
    else:
        raise InvalidTypeError(
            f"labels must be an array or a list with one entry a point, got {type(y).__name__}."
        )
    if values.ndim == 2 and values.shape[1] == 1:
        values = _ravelled(values)
    if values.ndim != 1:
        raise InvalidInputError(
            f"labels must be one-dimensional, one entry a point, got shape {values.shape}."
        )
    return values


def _ravelled(values: AnyArray) -> AnyArray:
    from sklearn.utils import column_or_1d  # warns as scikit-learn's users know it

    column: AnyArray = column_or_1d(values, warn=True)
    return column


def _is_atom(entry: object) -> bool:
    """Tell whether NumPy would garble a list with this entry: NaN to "nan", tuples to rows."""
    return entry is None or isinstance(entry, (str, tuple, frozenset)) or is_missing(entry)


def _plain_array(entries: list[Any] | tuple[Any, ...]) -> AnyArray:
    try:
        return np.asarray(entries)
    except ValueError as error:  # rows of unequal length
        raise InvalidInputError(
            f"labels must be one-dimensional, one entry a point: {error}"
        ) from error


def _object_array(entries: list[Any] | tuple[Any, ...]) -> AnyArray:
    values = np.empty(len(entries), dtype=object)
    for i, entry in enumerate(entries):  # one by one: NumPy would unpack tuples
        values[i] = entry
    return values


def _narrowed(values: AnyArray) -> AnyArray:
    """Turn an object column of integers, or of numbers, into one; leave any other."""
    missing = _missing_mask(values)
    present = values[~missing]
    if len(present) == 0 or any(isinstance(v, (bool, np.bool_)) for v in present):
        return values
    if all(isinstance(v, Integral) for v in present):
        codes = np.full(len(values), UNLABELLED, dtype=np.int64)
        try:
            codes[~missing] = present
        except OverflowError:
            return values
        return codes
    if all(isinstance(v, Real) for v in present):
        numbers = np.full(len(values), np.nan)
        numbers[~missing] = present
        return numbers
    return values


def _missing_mask(values: AnyArray) -> BoolArray:
    return np.fromiter((is_missing(v) for v in values), dtype=bool, count=len(values))


def _encode_plain(values: AnyArray, missing: BoolArray, marker: object) -> Labels:
    codes = np.full(len(values), UNLABELLED, dtype=np.intp)
    classes, codes[~missing] = np.unique(values[~missing], return_inverse=True)
    return Labels(classes, codes, marker)


def _encode_objects(values: AnyArray) -> Labels:
    missing = _missing_mask(values)
    found: dict[Any, None] = {}
    for row, value in zip(np.flatnonzero(~missing), values[~missing], strict=True):
        try:
            found[value] = None
        except TypeError as error:
            raise InvalidTypeError(
                f"labels must be hashable, got a {type(value).__name__} at row {row}: {value!r}."
            ) from error
    _refuse_markers(found)
    ordered = _in_order(found)
    classes = _object_array(ordered)
    code_of = {value: code for code, value in enumerate(ordered)}
    codes = np.full(len(values), UNLABELLED, dtype=np.intp)
    codes[~missing] = [code_of[value] for value in values[~missing]]
    return Labels(classes, codes, None)


def _in_order(found: Iterable[Any]) -> list[Any]:
    """Sort, by type and text where there is no common order, as between strings and tuples."""
    with contextlib.suppress(TypeError):
        ordered = sorted(found)
        # Sets compare, but most stand in no order: sorting them leaves them as they came.
        if all(before < after for before, after in pairwise(ordered)):
            return ordered
    return sorted(found, key=lambda value: (type(value).__name__, repr(value)))


def _refuse_markers(found: Any) -> None:
    """Raise where a value that is meant to say "unlabelled" would become a class."""
    for empty in ("", b""):
        if empty in found:
            raise InvalidInputError(
                f"the empty string {empty!r} stands among the labels, where it would be a class of "
                "its own. Mark unlabelled points with None, NaN or pandas.NA "
                "(in an array of dtype object); name the class if it is one."
            )
    for value in ("-1", b"-1", UNLABELLED):
        if value in found:
            raise InvalidInputError(
                f"{value!r} stands among labels that are not numbers, where it would be a class of "
                "its own. Mark unlabelled points with None, NaN or pandas.NA "
                "(in an array of dtype object)."
            )


def _refuse_garbled(found: Any) -> None:
    """Raise where NumPy has made text of a missing value: an array of strings can't hold one."""
    for text in ("nan", b"nan", "None", b"None", "<NA>"):
        if text in found:
            raise InvalidInputError(
                f"{text!r} stands in a NumPy array of strings, which makes such text of missing "
                "values, and it would be a class of its own. Mark unlabelled points with None, "
                "NaN or pandas.NA in a list or an array of dtype object; there, "
                f"{text!r} may be the name of a class."
            )
