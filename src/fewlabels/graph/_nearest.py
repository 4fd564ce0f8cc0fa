"""The nearest of some candidates to each query, by squared Euclidean distances.

Candidates are given one by one, as the points of some cells, or as the neighbours' neighbours. All
three are compiled (`_compare.c`), where there was a compiler when the package was built. Candidates
are then never written out, and a distance is given up as soon as it is known to be too large.
Elsewhere NumPy and FAISS do the same. The two add the features up in different orders, so that what
ties within rounding may be ordered, or left out, differently; sums that float32 holds exactly, as
those of small integers, give the same answers to the last bit. Either gives a query the same answer
in whatever block it is, and lets other threads run meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import faiss
import numpy as np
import numpy.typing as npt

try:
    from fewlabels.graph import _compare
except ImportError:  # there was no compiler
    _compare = None  # type: ignore[assignment]

Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

# Of each neighbour, its first so many neighbours, and so many points whose neighbour one is.
LOOKED_AT = 16

_ALIGNED = 32


@dataclass(frozen=True)
class Nearest:
    """What was found for some queries, nearest first.

    Attributes
    ----------
    places : ndarray of shape (n_queries, width), int32
        -1 where there are fewer. Ties are in the order of the places where this is compiled.
    squared : ndarray of shape (n_queries, width), float32
        Squared distances; infinite where there are fewer.
    """

    places: Int32Array
    squared: Float32Array


@dataclass(frozen=True)
class Links:
    """Who is listed by whom; what :func:`nearest_through` looks through.

    Attributes
    ----------
    lists : ndarray of shape (n_samples, width), int32
        The neighbours of each point, nearest first; -1 is none.
    squared : ndarray of shape (n_samples, width), float32
        Their squared distances.
    fresh : ndarray of shape (n_samples, width), bool
        Whether that neighbour was not yet in the list when lists were last looked through.
    back : ndarray of shape (n_samples, any), int32
        Points that list the point; -1 is none.
    """

    lists: Int32Array
    squared: Float32Array
    fresh: BoolArray
    back: Int32Array


@dataclass(frozen=True)
class Codes:
    """Points rounded to whole numbers from 0 to 255, and how far they are from these.

    They tell, in a quarter of the memory, of most points that they are too far: distances between
    points are no shorter than those between codes, less the errors of both (the triangle
    inequality), so that nothing is lost.

    Attributes
    ----------
    codes : ndarray of shape (n_samples, at least n_features), uint8
        A multiple of 32 columns, of which the last ones are 0.
    errors : ndarray of shape (n_samples,), float32
        Upper bounds, in units.
    unit : float
    """

    codes: npt.NDArray[np.uint8]
    errors: Float32Array
    unit: float

    def __getitem__(self, rows: slice) -> Codes:
        return Codes(self.codes[rows], self.errors[rows], self.unit)


CodePair: TypeAlias = tuple[Codes, Codes]


@dataclass(frozen=True)
class Grid:
    """Where whole numbers lie in each feature.

    Attributes
    ----------
    offsets : ndarray of shape (n_features,), float32
        Of code 0.
    unit : float
    """

    offsets: Float32Array
    unit: float

    @staticmethod
    def of(points: Float32Array) -> Grid | None:
        """Return a grid that spans most of some points; None where none is of use."""
        if _compare is None:
            return None
        low, high = np.quantile(points, [0.001, 0.999], axis=0)
        unit = float((high - low).max() / 255)
        if not unit > 0:
            return None
        return Grid(((low + high) / 2 - 127.5 * unit).astype(np.float32), unit)

    def round(self, points: Float32Array) -> Codes:
        """Return the codes of points, of shape (n_points, n_features)."""
        n, d = points.shape
        codes = np.empty((n, -(-d // _ALIGNED) * _ALIGNED), dtype=np.uint8)
        errors = np.empty(n, dtype=np.float32)
        _compare.encode(np.ascontiguousarray(points), self.offsets, self.unit, codes, errors)
        return Codes(codes, errors, self.unit)


def nearest_among(
    queries: Float32Array,
    points: Float32Array,
    candidates: Int32Array,
    width: int,
    *,
    first: int | None,
    distinct: bool = False,
    codes: CodePair | None = None,
) -> Nearest:
    """Return the `width` nearest candidates of each query, each once.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features), float32
    points : ndarray of shape (n_samples, n_features), float32
    candidates : ndarray of shape (n_queries, any), int32
        Places of points; -1 is none.
    width : int
    first : int or None
        The first query is point `first`, the next one the next, and none is its own neighbour.
        None is that queries are no points.
    distinct : bool, default=False
        Says that no candidate comes twice.
    codes : tuple of Codes, default=None
        Of the queries, and of the points.

    Raises
    ------
    IndexError
        If a candidate is no place of a point, where this is compiled.
    """
    if _compare is None:
        return _selected(queries, points, candidates, width, first, distinct)
    found = _empty(len(queries), width)
    _compare.nearest_among(
        np.ascontiguousarray(queries),
        points,
        _unpacked(codes),
        found.places,
        found.squared,
        -1 if first is None else first,
        np.ascontiguousarray(candidates, dtype=np.int32),
        distinct,
    )
    return found


def nearest_in_cells(
    queries: Float32Array,
    points: Float32Array,
    cells: Int32Array,
    starts: IntArray,
    width: int,
    *,
    first: int | None,
) -> Nearest:
    """Return the `width` nearest of the points in some cells of each query.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features), float32
    points : ndarray of shape (n_samples, n_features), float32
        In the order of their cells.
    cells : ndarray of shape (n_queries, any), int32
        Cells to look into, each once; -1 is none.
    starts : ndarray of shape (n_cells + 1,), int64
        The first place of each cell.
    width : int
    first : int or None
        As above.

    Raises
    ------
    IndexError
        If there is no such cell, where this is compiled.
    """
    if _compare is None:
        candidates = _places_in(cells, starts)
        return _selected(queries, points, candidates, width, first, distinct=True)
    found = _empty(len(queries), width)
    _compare.nearest_in_cells(
        np.ascontiguousarray(queries),
        points,
        found.places,
        found.squared,
        -1 if first is None else first,
        np.ascontiguousarray(cells, dtype=np.int32),
        np.ascontiguousarray(starts, dtype=np.int64),
    )
    return found


def nearest_through(
    queries: Float32Array,
    points: Float32Array,
    links: Links,
    rows: slice,
    *,
    codes: CodePair | None = None,
) -> tuple[Nearest, BoolArray]:
    """Return better lists for the points `rows`, of the same width, and what is fresh in them.

    Looked at are the points' own lists, those who list them, and of each of their first 16
    neighbours the first 16 neighbours.

    Parameters
    ----------
    queries : ndarray of shape (n_rows, n_features), float32
    points : ndarray of shape (n_samples, n_features), float32
    links : Links
        What was compared in the round before is not compared again: a neighbour's neighbour is
        looked at if either is fresh.
    rows : slice
    codes : tuple of Codes, default=None
        Of the queries, and of the points.

    Raises
    ------
    IndexError
        If a list has a neighbour that is no place of a point, where this is compiled.
    """
    width = links.lists.shape[1]
    if _compare is None:
        own = links.lists[rows]
        further = links.lists[own[:, :LOOKED_AT], :LOOKED_AT].reshape(len(own), -1)
        # -1 as an index is the last point: a candidate like others, and as often right.
        candidates = np.concatenate([own, links.back[rows], further], axis=1)
        found = _selected(queries, points, candidates, width, rows.start, distinct=False)
        return found, np.ones(found.places.shape, dtype=np.bool_)
    found = _empty(len(queries), width)
    fresh = np.empty(found.places.shape, dtype=np.bool_)
    _compare.nearest_through(
        np.ascontiguousarray(queries),
        points,
        _unpacked(codes),
        found.places,
        found.squared,
        rows.start,
        links.lists,
        links.squared,
        links.fresh,
        links.back,
        LOOKED_AT,
        fresh,
    )
    return found, fresh


def squared_distances(
    queries: Float32Array, points: Float32Array, found: npt.NDArray[np.integer[Any]]
) -> Float32Array:
    """Squared distance of each query to the points found for it, from the differences.

    Infinite where `found` is negative.
    """
    queries = np.ascontiguousarray(queries)
    wanted = np.ascontiguousarray(found, dtype=np.int64)
    squared = np.empty(wanted.shape, dtype=np.float32)
    faiss.fvec_L2sqr_by_idx(
        faiss.swig_ptr(squared),
        faiss.swig_ptr(queries),
        faiss.swig_ptr(points),
        faiss.swig_ptr(wanted),
        points.shape[1],
        *wanted.shape,
    )
    return squared  # FAISS gives negative numbers infinity


def _unpacked(codes: CodePair | None) -> tuple[Any, ...] | None:
    if codes is None:
        return None
    queries, points = codes
    return queries.codes, queries.errors, points.codes, points.errors, points.unit


def _empty(n_queries: int, width: int) -> Nearest:
    shape = (n_queries, width)
    return Nearest(np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32))


def _places_in(cells: Int32Array, starts: IntArray) -> Int32Array:
    """Return the places in each query's cells, -1 where there are fewer."""
    first = starts[cells]
    size = np.where(cells < 0, 0, starts[cells + 1] - first)
    step = np.arange(int(size.max(initial=0)))
    places = first[:, :, None] + step
    np.putmask(places, step >= size[:, :, None], -1)
    return places.reshape(len(cells), -1).astype(np.int32)


def _selected(
    queries: Float32Array,
    points: Float32Array,
    candidates: Int32Array,
    width: int,
    first: int | None,
    distinct: bool,
) -> Nearest:
    """Do :func:`nearest_among` in NumPy and FAISS."""
    candidates = np.array(candidates) if distinct else np.sort(candidates, axis=1)
    if not distinct:
        again = candidates[:, 1:] == candidates[:, :-1]
        candidates[:, 1:][again] = -1
    if first is not None:
        own = np.arange(first, first + len(candidates), dtype=candidates.dtype)
        np.putmask(candidates, candidates == own[:, None], -1)
    if candidates.shape[1] < width:
        missing = np.full((len(candidates), width - candidates.shape[1]), -1, candidates.dtype)
        candidates = np.hstack([candidates, missing])
    squared = squared_distances(queries, points, candidates)
    best = _smallest(squared, width)
    return Nearest(
        np.take_along_axis(candidates, best, axis=1), np.take_along_axis(squared, best, axis=1)
    )


def _smallest(values: Float32Array, k: int) -> IntArray:
    """Return the columns of the `k` smallest values of each row, smallest first.

    The bound is found first, and then who is within it: NumPy partitions values several times
    faster than their positions.
    """
    n_rows, n_columns = values.shape
    if k < n_columns:
        bound = np.partition(values, k - 1, axis=1)[:, k - 1 : k]
        within = np.flatnonzero(values <= bound)
        if len(within) == n_rows * k:
            best = within.reshape(n_rows, k) % n_columns
        else:  # several values at the bound of a row
            best = np.argpartition(values, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(values, best, axis=1), axis=1, kind="stable")
        return np.asarray(np.take_along_axis(best, order, axis=1))
    return np.argsort(values, axis=1, kind="stable")
