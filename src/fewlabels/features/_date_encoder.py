"""Numbers of dates: days, and what comes again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError
from fewlabels.features._moments import FLAG, moments
from fewlabels.features._states import flag, number, texts
from fewlabels.io._table import Dates

BoolArray: TypeAlias = npt.NDArray[np.bool_]
FloatArray: TypeAlias = npt.NDArray[np.floating]

_WEEK, _TWO_YEARS, _YEAR = 7.0, 730.0, 365.2425


@dataclass(frozen=True)
class DateEncoder:
    """Days, and what comes again: the time of day, the weekday, the time of year.

    Each part has variance 1. What comes again is a place on a circle, so that Sunday is next to
    Monday.

    Attributes
    ----------
    median, deviation : float
        Of the days that are there.
    parts : tuple of str
        Of "day", "clock", "weekday" and "season".
    has_flag : bool
        Whether dates were missing.
    """

    kind: ClassVar[str] = "date"
    _PERIODS: ClassVar[dict[str, float]] = {"clock": 1.0, "weekday": _WEEK, "season": _YEAR}

    median: float
    deviation: float
    parts: tuple[str, ...]
    has_flag: bool

    @classmethod
    def fitted(cls, view: Dates, *, scale: bool) -> Self:
        """Learn which parts differ among the dates; with none, the column tells nothing."""
        missing = np.isnan(view.days)
        present = view.days[~missing]
        whole, share = np.floor(present), present % 1.0
        span = float(np.ptp(present))
        parts = []
        if not view.clock_only and span > 0:
            parts.append("day")
        if np.ptp(share) > 0 and (view.clock_only or span >= 2):
            parts.append("clock")
        if span >= 2 * _WEEK and np.ptp(whole % _WEEK) > 0:
            parts.append("weekday")
        if span >= _TWO_YEARS:
            parts.append("season")
        deviation = moments(present)[1] or 1.0
        return cls(float(np.median(present)), deviation, tuple(parts), bool(missing.any()))

    def check(self, name: str, view: Dates) -> None:
        """Raise if new rows hold times of day where there were dates."""
        if view.clock_only and "day" in self.parts and not np.isnan(view.days).all():
            raise InvalidInputError(
                f"column {name!r} holds times of day without a date, and held dates when the "
                "features were fitted. Write the dates before the times."
            )

    def raw(self, view: Dates) -> FloatArray:
        """Return the parts of the dates, of shape (n_rows, n_features)."""
        missing = np.isnan(view.days)
        days = np.where(missing, self.median, view.days)
        columns = []
        for part in self.parts:
            if part == "day":
                columns.append((days - self.median) / self.deviation)
                continue
            whole = np.floor(days) if part == "weekday" else days
            angle = 2 * np.pi * (whole % self._PERIODS[part]) / self._PERIODS[part]
            # a date that is missing is in the middle of the circle
            columns += [np.where(missing, 0, np.sin(angle)), np.where(missing, 0, np.cos(angle))]
        if self.has_flag:
            columns.append(FLAG * missing)
        return np.column_stack(columns)

    def unknown(self, view: Dates) -> BoolArray:
        """Tell in which rows nothing is known."""
        return np.isnan(view.days)

    @property
    def names(self) -> tuple[str, ...]:
        """What is put behind the name of the column, for each feature."""
        found: list[str] = []
        for part in self.parts:
            found += [f"_{part}"] if part == "day" else [f"_{part}_sin", f"_{part}_cos"]
        return (*found, "=missing") if self.has_flag else tuple(found)

    @property
    def note(self) -> str:
        """How the features are made."""
        words = {"clock": "the time of day", "season": "the time of year", "day": "days"}
        return ", ".join(words.get(part, part) for part in self.parts) or "whether there is one"

    @classmethod
    def from_state(cls, state: dict[str, object]) -> Self:
        """Return what `_state` described."""
        parts = tuple(part for part in texts(state, "parts") if part in ("day", *cls._PERIODS))
        return cls(
            number(state, "median"), number(state, "deviation"), parts, flag(state, "has_flag")
        )
