"""The columns of a table, each fitted: how it is read, encoded and brought to one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._rows import row_blocks
from fewlabels._typing import Estimator, Loaded, Matrix, Objects, Package, State
from fewlabels.exceptions import DataFileError
from fewlabels.features._date_encoder import DateEncoder
from fewlabels.features._embedded import check_n_rows
from fewlabels.features._encoders import (
    BlockEncoder,
    CategoryEncoder,
    ItemsEncoder,
    NumberEncoder,
)
from fewlabels.features._point_maker import point_maker
from fewlabels.features._reading import read_as
from fewlabels.features._states import number, numbers, part, state_of
from fewlabels.features._unlike_fitted import about_unlike
from fewlabels.features.new_points import IntArray, NewPoints, is_zero
from fewlabels.io._table import Table

_ENCODERS: Loaded = {
    encoder.kind: encoder
    for encoder in (NumberEncoder, CategoryEncoder, ItemsEncoder, DateEncoder, BlockEncoder)
}
# Features that are looked at at once.
_BLOCK = 1 << 20

# Fitted rows lie far nearer: within the square root of their number.
_FARTHEST = 1e38


@dataclass(frozen=True)
class TableColumn:
    """What became of one column.

    Attributes
    ----------
    name : str
    kind : str
        ``"number"``, ``"category"``, ``"date"``, ``"list"``, ``"array"``, ``"text"``, ``"image"``
        or ``"left out"``.
    width : int
        Number of features that were made of it.
    note : str
        How they were made, or why there are none.
    weight : float
        The square root of the total variance of its features: 1, but for texts 0 to 2.
    all_different : bool
        Whether it was taken for numbers but might be an identifier: whole numbers, different in
        every row, in a column that wasn't asked for by name.
    like_a_code : bool
        Whether it was taken for numbers but its name says that they are codes, such as postcodes.
    said : tuple of str
        How its cells were read, where that is not plain: "decimal comma".
    doubt : str
        Why it may be meant otherwise; empty if nothing speaks for that.
    """

    name: str
    kind: str
    width: int
    note: str
    weight: float = 1.0
    all_different: bool = False
    like_a_code: bool = False
    said: tuple[str, ...] = ()
    doubt: str = ""


class Encoder(Protocol):
    """What makes numbers of the values of a column.

    By ``raw(view)``, neither centred nor scaled; of texts and pictures, by ``of_new(items)``.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""

    @property
    def note(self) -> str:
        """How the features are made."""


@dataclass(frozen=True, eq=False)
class TransformerEncoder:
    """Texts or pictures, by the transformer that is fitted on them."""

    transformer: Estimator
    warnings: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "warnings", tuple(self.transformer.warnings_))

    def of_new(self, items: object) -> NewPoints:
        """Return the features, and of which items nothing is known."""
        made = getattr(self.transformer, "_of_new", None)
        if made is not None:
            found: NewPoints = made(items)
            return found
        values = self.transformer.transform(items)
        return NewPoints(values, np.flatnonzero(is_zero(values)))

    @property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""
        return tuple(f"_{name}" for name in self.transformer.get_feature_names_out())

    @property
    def note(self) -> str:
        """How the features are made."""
        return "; ".join(self.transformer.choices_)


@dataclass(frozen=True, eq=False)
class FittedColumn:
    """A column as it was fitted: what new rows pass through.

    Attributes
    ----------
    name, kind : str
    encoder : Encoder
    means : ndarray of shape (n_features,)
        Taken from the features; zeros where they stay as they are or are sparse.
    factor : float
        By which they are multiplied, for a total variance of 1.
    weight : float
        And by this.
    form : str
        How dates are written, or which number is the day; what separates the items of lists.
    decimal : {",", ".", None}
        The decimal mark of numbers that came as text, where they show one.
    """

    name: str
    kind: str
    encoder: Encoder
    means: npt.NDArray[np.float64]
    factor: float
    weight: float = 1.0
    form: str = ""
    decimal: str | None = None

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.means)

    @property
    def names(self) -> list[str]:
        """The names of the features."""
        return [f"{self.name}{after}" for after in self.encoder.names]

    def of_new(self, table: Table) -> NewPoints:
        """Return the features of the rows of another table, as :meth:`scaled` takes them.

        `unread` are the rows in which the column says nothing.
        """
        view = read_as(table, self.name, self.kind, self.form, self.decimal)
        if isinstance(self.encoder, TransformerEncoder):
            found = self._without_unread(self.encoder.of_new(view))
            return replace(found, unread=np.union1d(found.unread, blank_items(view)))
        if isinstance(self.encoder, (BlockEncoder, DateEncoder)):
            self.encoder.check(self.name, view)
        encoder: Estimator = self.encoder
        told = about_unlike(self.name, encoder, view)
        unknown = np.flatnonzero(encoder.unknown(view))
        return NewPoints(encoder.raw(view), unknown, warnings=(told,) if told else ())

    @property
    def needs_rows(self) -> bool:
        """Whether its features came as rows of embeddings, which new data must bring too."""
        held = self.encoder
        return isinstance(held, TransformerEncoder) and bool(
            getattr(held.transformer, "needs_rows_", False)
        )

    def embedded(self, rows: object, n_rows: int) -> NewPoints:
        """Return rows of embeddings that came with new data, as :meth:`scaled` takes them."""
        found = cast(TransformerEncoder, self.encoder).of_new(rows)
        check_n_rows(found.values, n_rows)
        return self._without_unread(found)

    def _without_unread(self, found: NewPoints) -> NewPoints:
        values = at_the_mean(found.values, found.unread, self.means)
        # of texts, only rows in which no other column says anything matter
        lines = () if self.kind == "text" else found.warnings
        told = tuple(f"column {self.name!r}: {line}" for line in lines)
        return NewPoints(values, found.unread, found.compared, told)

    def scaled(self, raw: Matrix) -> Matrix:
        """Return features, centred and scaled."""
        factor = self.factor * self.weight
        if sparse.issparse(raw):
            larger: Matrix = raw * raw.dtype.type(factor)
            return larger
        found: np.ndarray = np.subtract(raw, self.means, dtype=np.float64)
        found *= factor
        # rows so far away are refused later, by their numbers; float32 must hold them till then
        np.clip(found, -_FARTHEST, _FARTHEST, out=found)
        return found

    def weighing(self, weight: float) -> Self:
        """Return the same column with another weight."""
        return replace(self, weight=weight)

    def state(self) -> State:
        """Return all of it as plain values and arrays."""
        held = self.encoder
        if isinstance(held, TransformerEncoder):
            name = type(held.transformer).__name__
            encoder = {"transformer": name, "state": held.transformer._state()}
        else:
            encoder = state_of(held)
        found = state_of(self) | {"encoder": encoder}
        return found | {"decimal": self.decimal or ""}

    @classmethod
    def from_state(cls, state: object) -> Self:
        """Return what :meth:`state` described; raise DataFileError if it is damaged."""
        kind = part(state, "kind", str)
        held = part(state, "encoder", dict)
        encoder: Estimator
        if kind in _ENCODERS:
            encoder = _ENCODERS[kind].from_state(held)
        elif kind in ("text", "image"):
            name = part(held, "transformer", str)
            maker = None if name == "Tables" else point_maker(name)
            if maker is None:
                raise DataFileError(f"the saved features name an unknown transformer, {name!r}.")
            encoder = TransformerEncoder(maker._from_state(part(held, "state", dict)))
        else:
            raise DataFileError(f"the saved features hold a column of unknown kind, {kind!r}.")
        means = numbers(state, "means", n_dimensions=1)
        if len(means) != len(encoder.names):
            raise DataFileError("the saved features are damaged: a column has lost features.")
        return cls(
            part(state, "name", str),
            kind,
            encoder,
            means,
            number(state, "factor"),
            number(state, "weight"),
            part(state, "form", str),
            part(state, "decimal", str) or None,
        )


def encoder_of(kind: str) -> Estimator:
    """Return the class of encoders of a kind of column."""
    return _ENCODERS[kind]


def blank_items(items: Objects) -> IntArray:
    """Return the rows without a text or the name of a picture."""
    return np.array([row for row, item in enumerate(items) if not item], dtype=np.intp)


def at_the_mean(raw: Matrix, rows: IntArray, means: npt.NDArray[np.float64]) -> Matrix:
    """Put rows of which nothing is known where all others are in the mean.

    Zeros, which stand for them, would be farther from all others than these from one another, and
    near to their like. Sparse features are not centred: there zeros are no place of their own.
    """
    if sparse.issparse(raw) or not len(rows):
        return raw
    raw = raw.copy()
    raw[rows] = means
    return raw


def _shares(raw: np.ndarray, largest: float) -> npt.NDArray[np.float64]:
    return np.asarray(np.divide(raw, largest, dtype=np.float64))


def scaling(raw: Matrix, *, scale: bool) -> tuple[npt.NDArray[np.float64], float]:
    """Return the means of features, and what brings the sum of their variances to 1.

    They are first divided by the largest of all, so that squares neither overflow nor vanish.
    Sparse features are not centred.
    """
    width = raw.shape[1]
    if not scale:
        return np.zeros(width), 1.0
    if sparse.issparse(raw):
        squares, mean = 0.0, np.zeros(width)
        for entries in row_blocks(raw.nnz, _BLOCK):
            values = raw.data[entries].astype(np.float64)
            squares += float(values @ values) / raw.shape[0]
            mean += np.bincount(raw.indices[entries], values, width) / raw.shape[0]
        total = squares - float(mean @ mean)
        return np.zeros(width), 1 / total**0.5 if total > 0 else 1.0
    largest = max(float(raw.max()), -float(raw.min())) or 1.0
    n_rows = len(raw)
    blocks = row_blocks(n_rows, max(1, _BLOCK // width))
    means = sum((_shares(raw[rows], largest).sum(axis=0) for rows in blocks), np.zeros(width))
    means /= n_rows
    total = 0.0
    for rows in blocks:
        apart = _shares(raw[rows], largest) - means
        total += float(np.einsum("ij,ij->", apart, apart)) / n_rows
    return means * largest, 1 / (total**0.5 * largest) if total > 0 else 1.0


def distance_of(columns: Sequence[FittedColumn]) -> Package:
    """Return what compares the items of the only column, or None; that of several is dropped."""
    made = [c.encoder.transformer for c in columns if isinstance(c.encoder, TransformerEncoder)]
    if len(columns) == 1:
        return getattr(made[0], "distance_", None) if made else None
    for transformer in made:
        if getattr(transformer, "distance_", None) is not None:  # it holds all of its items
            transformer.distance_ = None
    return None
