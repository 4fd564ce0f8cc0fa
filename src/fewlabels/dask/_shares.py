"""What a fit comes to on a worker: distributions and sums of scores, by its own rows."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.dask._answers import read_region
from fewlabels.dask._shard import Shard
from fewlabels.solvers import LevelledSolution
from fewlabels.solvers._columns import row_totals
from fewlabels.solvers._matrix import FloatArray

IntArray = npt.NDArray[np.intp]

# Rows of scores that are read at a time.
_ROWS_AT_ONCE = 50_000


class Shares(Protocol):
    """The distributions and the sums of scores that a part comes to."""

    def rows(self, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Return those of some own rows of one region, zeros where there is no answer."""


class WholeShares:
    """Of all classes, solved for together."""

    def __init__(self, shard: Shard, found: LevelledSolution) -> None:
        self._values, self._log_scales = found.values, found.log_scales()
        self._roots = shard.roots()

    def rows(self, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Return the distributions and sums of some rows."""
        values = self._values[rows]
        sums = row_totals(values)
        shares = values / np.where(sums > 0, sums, 1)[:, None]  # 0 where there is no answer
        totals = sums * self._roots[rows]
        if isinstance(self._log_scales, np.ndarray):
            with np.errstate(under="ignore"):
                totals *= np.exp(self._log_scales[rows])
        return shares, totals


class ChangedShares:
    """Of some classes that are solved for anew, beside the others' scores from before.

    Parameters
    ----------
    shard : Shard
    before : Path
        The answers from before.
    old_columns : ndarray of shape (n_classes,)
        Each class's place there, or -1.
    touched : ndarray of int
        The classes that are solved for.
    """

    def __init__(
        self, shard: Shard, before: Path, old_columns: IntArray, touched: IntArray
    ) -> None:
        self._shard, self._before = shard, before
        self._old, self._touched = old_columns, touched
        self._roots = shard.roots()
        self.values: FloatArray  # G of the touched classes, when they are solved for

    def other_totals(self) -> FloatArray:
        """Return the sums of the other classes' scores, of own rows."""
        own = np.empty(self._shard.n_own)
        for number, start, stop in self._shard.bounds:
            for rows in row_blocks(stop - start, _ROWS_AT_ONCE):
                here = slice(start + rows.start, start + rows.stop)
                scores = self._scores_before(number, here.start, here.stop)
                scores[:, self._touched] = 0
                own[here] = row_totals(scores)
        return own

    def _scores_before(self, number: int, start: int, stop: int) -> FloatArray:
        """G of own rows `start` to `stop`, all in region `number`, by the classes of now."""
        first = next(a for k, a, _ in self._shard.bounds if k == number)
        here = slice(start - first, stop - first)
        shares = read_region(self._before, "shares", number)[here]
        totals = read_region(self._before, "totals", number)[here] / self._roots[start:stop]
        scores = np.zeros((stop - start, len(self._old)))
        kept = np.flatnonzero(self._old >= 0)
        scores[:, kept] = shares[:, self._old[kept]] * totals[:, None]
        return scores

    def rows(self, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Return the distributions and sums of some rows of one region."""
        number = next(k for k, a, b in self._shard.bounds if a <= rows.start < b)
        scores = self._scores_before(number, rows.start, rows.stop)
        scores[:, self._touched] = self.values[rows]
        sums = row_totals(scores)
        return scores / np.where(sums > 0, sums, 1)[:, None], sums * self._roots[rows]
