"""Points rounded to whole numbers of one byte, which tell of most points that they are too far.

With c(x) the codes of x, in a unit of their own, and e(x) how far x is from them,

    |x - y|  >=  |c(x) - c(y)| - e(x) - e(y)

by the triangle inequality. Whatever that shows to be too far is not looked at in full, which takes
four times the memory; nothing is lost. (The bound of vector approximation files: R. Weber, H.-J.
Schek, S. Blott, "A quantitative analysis and performance study for similarity-search methods in
high-dimensional spaces", VLDB 1998.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search import _compiled

Float32Array = npt.NDArray[np.float32]

# Rows of codes are filled up with 0 to a multiple of this.
_ALIGNED = 32
# Points from which the unit is taken, and the share at either end that it need not span.
_SURVEYED, _TAIL = 1_000, 0.001
# Rows rounded at once, so that they stay in the cache.
_ROWS_ROUNDED = 512


def bytes_of_codes(n_features: int) -> int:
    """Return what the codes of a point take."""
    return -(-n_features // _ALIGNED) * _ALIGNED


@dataclass(frozen=True)
class Codes:
    """The codes of some points.

    Attributes
    ----------
    codes : ndarray of shape (n_points, at least n_features), uint8
        A multiple of 32 columns, of which the last ones are 0.
    errors : ndarray of shape (n_points,), float32
        Upper bounds of e(x), in units.
    unit : float
    """

    codes: npt.NDArray[np.uint8]
    errors: Float32Array
    unit: float

    def __getitem__(self, rows: slice) -> Codes:
        return Codes(self.codes[rows], self.errors[rows], self.unit)


# Of queries, and of points.
CodePair: TypeAlias = tuple[Codes, Codes]


@dataclass(frozen=True)
class Grid:
    """Where the codes lie: code 0 of each feature, and the unit that all features share.

    Attributes
    ----------
    offsets : ndarray of shape (n_features,), float32
    unit : float
        Greater than 0.
    """

    offsets: Float32Array
    unit: float

    @staticmethod
    def of(points: Float32Array) -> Grid | None:
        """Return a grid that spans most of the points; None where there is no use for it.

        That is where nothing is compiled, where most points are the same, and where the unit or
        its square would leave float32.
        """
        if _compiled.compare is None:
            return None
        some = np.linspace(0, len(points) - 1, min(len(points), _SURVEYED)).astype(np.int64)
        low, high = np.quantile(points[some], [_TAIL, 1 - _TAIL], axis=0)
        unit = float((high - low).max()) / 255
        numbers = np.finfo(np.float32)
        if not np.sqrt(numbers.tiny) < unit < np.sqrt(numbers.max) / 256:
            return None
        return Grid(((low + high) / 2 - 127.5 * unit).astype(np.float32), unit)

    def round(self, points: Float32Array) -> Codes:
        """Return the codes of points of shape (n_points, n_features), float32."""
        codes = self._room_for(len(points))
        self._fill(codes, points)
        return codes

    def round_all(self, points: Float32Array, workers: Workers) -> Codes:
        """Do the same with many points."""
        codes = self._room_for(len(points))
        workers.map(
            lambda rows: self._fill(codes[rows], points[rows]),
            row_blocks(len(points), _ROWS_ROUNDED),
        )
        return codes

    def _room_for(self, n_points: int) -> Codes:
        codes = np.empty((n_points, bytes_of_codes(len(self.offsets))), dtype=np.uint8)
        return Codes(codes, np.empty(n_points, dtype=np.float32), self.unit)

    def _fill(self, codes: Codes, points: Float32Array) -> None:
        points = np.ascontiguousarray(points)
        _compiled.compare.encode(points, self.offsets, self.unit, codes.codes, codes.errors)
