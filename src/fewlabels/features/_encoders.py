"""How the values of one column become numbers: fitted on one table, applied to any other.

An encoder knows nothing of scales: what it returns is centred and brought to one scale after it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._typing import State
from fewlabels.exceptions import InvalidInputError
from fewlabels.features._date_encoder import DateEncoder
from fewlabels.features._moments import FLAG, moments
from fewlabels.features._states import flag, number, numbers, texts
from fewlabels.io._table import Block, Categories, Items, Numbers

BoolArray: TypeAlias = npt.NDArray[np.bool_]
FloatArray: TypeAlias = npt.NDArray[np.floating]

# Numbers further from the median than this, in robust standard deviations, are the tail of a
# column that has one; what is beyond _TAIL is drawn in, so that it does not set the scale.
_HEAVY, _TAIL = 10.0, 3.0
# Pairs of quantiles, and how many standard deviations of a normal distribution lie between.
_SPREADS = ((0.25, 0.75, 1.349), (0.05, 0.95, 3.290), (0.01, 0.99, 4.653))

# Names that get a feature of their own: the most frequent ones.
MOST_NAMES = 200
# Tables with fewer rows show of no name that it is rare.
_ENOUGH_ROWS = 50


@dataclass(frozen=True)
class NumberEncoder:
    """One number a row; where it is missing the median, and a second number says so.

    Attributes
    ----------
    median, mean, deviation : float
        Of the numbers that are there; mean and deviation as they are after the tails.
    spread : float
        Robust standard deviation, where tails are drawn in; else 0.
    has_flag : bool
        Whether numbers were missing.
    scaled : bool
        Whether the numbers are brought to variance 1.
    """

    kind: ClassVar[str] = "number"

    median: float
    spread: float
    mean: float
    deviation: float
    has_flag: bool
    scaled: bool

    @classmethod
    def fitted(cls, view: Numbers, *, scale: bool) -> Self:
        """Learn the middle and the limits of a column, of which not all is missing."""
        missing = np.isnan(view.values)
        present = view.values[~missing]
        median = float(np.median(present))
        spread = _tail_spread(present, median) if scale else 0.0
        filled = _drawn_in(np.where(missing, median, view.values), median, spread)
        if scale:
            mean, deviation = moments(filled)
        else:
            mean, deviation = 0.0, moments(present)[1]
        return cls(median, spread, mean, deviation or 1.0, bool(missing.any()), scale)

    def raw(self, view: Numbers) -> FloatArray:
        """Return the numbers, of shape (n_rows, 1) or (n_rows, 2)."""
        missing = np.isnan(view.values)
        filled = _drawn_in(np.where(missing, self.median, view.values), self.median, self.spread)
        unit = self.deviation
        if self.scaled:
            # by halves, so that the largest float overflows nowhere
            filled, unit = 2 * ((filled / 2 - self.mean / 2) / self.deviation), 1.0
        if not self.has_flag:
            return filled[:, None]
        return np.column_stack([filled, FLAG * unit * missing])

    def unknown(self, view: Numbers) -> BoolArray:
        """Tell in which rows nothing is known."""
        return np.isnan(view.values)

    @property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""
        return ("", "=missing") if self.has_flag else ("",)

    @property
    def note(self) -> str:
        """How the features are made."""
        if not self.scaled:
            return "as they are"
        return "standardised, extreme values brought nearer" if self.spread else "standardised"

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return what `_state` described."""
        values = {key: number(state, key) for key in ("median", "spread", "mean", "deviation")}
        return cls(**values, has_flag=flag(state, "has_flag"), scaled=flag(state, "scaled"))


@dataclass(frozen=True)
class CategoryEncoder:
    """A 1 at the name that a row has; none for names that the fitted table had not.

    Attributes
    ----------
    levels : tuple of str
        The names with a feature of their own.
    others : tuple of str
        The names that share one feature: each rare, or beyond the most frequent ones.
    """

    kind: ClassVar[str] = "category"

    levels: tuple[str, ...]
    others: tuple[str, ...]

    @classmethod
    def fitted(cls, view: Categories, *, scale: bool) -> Self:
        """Learn the names, and which are rare."""
        counts = np.bincount(view.codes[view.codes >= 0], minlength=len(view.levels))
        return cls(*_common(dict(zip(view.levels, counts.tolist(), strict=True)), len(view.codes)))

    def raw(self, view: Categories) -> npt.NDArray[np.uint8]:
        """Return 0 and 1, of shape (n_rows, n_names): bytes, for there may be many."""
        names = np.arange(len(self.names), dtype=np.int16)
        return np.asarray(self._places(view)[:, None] == names).view(np.uint8)

    def unknown(self, view: Categories) -> BoolArray:
        """Tell in which rows nothing is known: the name is missing, or was never seen."""
        return np.asarray(self._places(view) < 0)

    def _places(self, view: Categories) -> npt.NDArray[np.int16]:
        """Return the feature at which each row has its 1; -1 for none."""
        place = {level: place for place, level in enumerate(self.levels)}
        place |= dict.fromkeys(self.others, len(self.levels))
        found = np.array([*(place.get(level, -1) for level in view.levels), -1], dtype=np.int16)
        return np.asarray(found[view.codes])

    @property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""
        return (*(f"={level}" for level in self.levels), *(("=(others)",) if self.others else ()))

    @property
    def note(self) -> str:
        """How the features are made."""
        return "0 or 1 for each value" + (", rare ones together" if self.others else "")

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return what `_state` described."""
        return cls(texts(state, "levels"), texts(state, "others"))


@dataclass(frozen=True)
class ItemsEncoder:
    """A 1 at each of the names that a row has, such as tags; those of few rows don't count.

    Attributes
    ----------
    levels : tuple of str
    """

    kind: ClassVar[str] = "list"

    levels: tuple[str, ...]

    @classmethod
    def fitted(cls, view: Items, *, scale: bool) -> Self:
        """Learn the names that are in more than one row."""
        counts = Counter(name for names in view.lists for name in set(names or ()))
        return cls(_common(counts, len(view.lists))[0])

    def raw(self, view: Items) -> FloatArray:
        """Return 0 and 1, of shape (n_rows, n_names)."""
        place = {level: place for place, level in enumerate(self.levels)}
        found = np.zeros((len(view.lists), len(self.levels)), dtype=np.float32)
        for row, names in enumerate(view.lists):
            found[row, [place[name] for name in names or () if name in place]] = 1
        return found

    def unknown(self, view: Items) -> BoolArray:
        """Tell in which rows nothing is known: no name was seen before."""
        known = frozenset(self.levels)
        return np.array([known.isdisjoint(names or ()) for names in view.lists], dtype=bool)

    @property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""
        return tuple(f"={level}" for level in self.levels)

    @property
    def note(self) -> str:
        """How the features are made."""
        return "0 or 1 for each item"

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return what `_state` described."""
        return cls(texts(state, "levels"))


@dataclass(frozen=True, eq=False)
class BlockEncoder:
    """Several numbers a row, as they are; missing ones are the medians.

    Attributes
    ----------
    medians : ndarray of shape (n_numbers,)
    has_flag : float
        What says that numbers are missing in a row; 0 if they were in none.
    scaled : bool
    """

    kind: ClassVar[str] = "array"

    medians: FloatArray
    has_flag: float
    scaled: bool

    @classmethod
    def fitted(cls, view: Block, *, scale: bool) -> Self:
        """Learn the medians."""
        values = view.values
        missing = np.isnan(values)
        if not missing.any():
            return cls(np.median(values, axis=0).astype(np.float64), 0.0, scale)
        known = np.where(missing.all(axis=0), 0, values)
        medians = np.nanmedian(known, axis=0).astype(np.float64)
        total = float(np.sqrt(np.where(missing, medians, values).var(axis=0).sum()))
        return cls(medians, FLAG * (total or 1.0), scale)

    def check(self, name: str, view: Block) -> None:
        """Raise if new rows hold another number of numbers; where none is known, it may be."""
        if view.values.shape[1] != len(self.medians) and not np.isnan(view.values).all():
            raise InvalidInputError(
                f"column {name!r} holds {view.values.shape[1]:,} numbers in each row, and held "
                f"{len(self.medians):,} when the features were fitted. Pass as many."
            )

    def raw(self, view: Block) -> FloatArray:
        """Return the numbers, of shape (n_rows, n_numbers), and where some are missing."""
        values = view.values
        if values.shape[1] != len(self.medians):  # nothing is known
            values = np.broadcast_to(values[:, :1], (len(values), len(self.medians)))
        missing = np.isnan(values)
        if not missing.any() and not self.has_flag:
            return values
        filled = np.where(missing, self.medians, values).astype(values.dtype)
        if not self.has_flag:
            return filled
        said = self.has_flag * missing.any(axis=1)
        return np.column_stack([filled, said]).astype(values.dtype)

    def unknown(self, view: Block) -> BoolArray:
        """Tell in which rows nothing is known."""
        return np.asarray(np.isnan(view.values).all(axis=1))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""
        found = tuple(f"_{place}" for place in range(len(self.medians)))
        return (*found, "=missing") if self.has_flag else found

    @property
    def note(self) -> str:
        """How the features are made."""
        return "centred and scaled as a whole" if self.scaled else "as they are"

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return what `_state` described."""
        medians = numbers(state, "medians", n_dimensions=1)
        return cls(medians, number(state, "has_flag"), flag(state, "scaled"))


Encoder: TypeAlias = NumberEncoder | CategoryEncoder | ItemsEncoder | DateEncoder | BlockEncoder


def _common(counts: dict[str, int], n_rows: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that get a feature of their own, and the others, each in order."""
    least = 2 if n_rows >= _ENOUGH_ROWS else 1
    frequent = sorted(
        (name for name, count in counts.items() if count >= least),
        key=lambda name: (-counts[name], name),
    )[:MOST_NAMES]
    others = sorted(counts.keys() - set(frequent))
    if len(others) == 1:
        return tuple(sorted([*frequent, *others])), ()
    return tuple(sorted(frequent)), tuple(others)


def _tail_spread(present: npt.NDArray[np.float64], median: float) -> float:
    """Return the robust standard deviation if some numbers are very many of them away; else 0."""
    for low, high, width in _SPREADS:
        lower, upper = np.quantile(present, (low, high))
        spread = float(upper / width - lower / width)
        if spread > 0:
            limit = _HEAVY * spread
            return spread if np.abs(present / 2 - median / 2).max() > limit / 2 else 0.0
    return 0.0


def _drawn_in(values: FloatArray, median: float, spread: float) -> FloatArray:
    """Return numbers with what lies far from the median nearer, by its logarithm, in order."""
    if not spread:
        return values
    away = np.abs(values / 2 - median / 2) / spread * 2
    near = np.minimum(away, _TAIL) + np.log1p(np.maximum(away - _TAIL, 0))
    return np.asarray(np.sign(values / 2 - median / 2) * near)
