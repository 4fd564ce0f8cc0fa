"""The nearest of some candidates to each query, by squared Euclidean distances.

Candidates are given one by one, as the points of some cells, or as the neighbours' neighbours. All
three are compiled (`_compare.c`), where there was a compiler when the package was built. Candidates
are then never written out, and a comparison ends as soon as the point is known to be too far.
Elsewhere NumPy and FAISS do the same. The two add the features up in different orders, so that what
ties within rounding may be ordered, or left out, differently; sums that float32 holds exactly, as
those of small integers, give the same distances to the last bit. Either gives a query the same
answer in whatever block it is, and lets other threads run meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph.search import _compiled
from fewlabels.graph.search._codes import CodePair

Int32Array = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

# A longer list takes longer to keep in order, one point at a time, than to select at the end.
_LONGEST = 256
# Of each neighbour, its first so many neighbours, and so many points whose neighbour one is.
LOOKED_AT = 16


@dataclass(frozen=True)
class Nearest:
    """What was found for some queries, nearest first.

    Attributes
    ----------
    places : ndarray of shape (n_queries, width), int32
        -1 where there are fewer. What ties but for rounding may be in any order.
    squared : ndarray of shape (n_queries, width), float32
        Squared distances; infinite where there are fewer.
    """

    places: Int32Array
    squared: Float32Array


@dataclass(frozen=True)
class Listed(Nearest):
    """What was found for some points, and what of it is new.

    Attributes
    ----------
    fresh : ndarray of shape (n_points, width), bool
        Whether that neighbour has not been looked through: it is new to the list.
    """

    fresh: BoolArray

    @staticmethod
    def room(n_points: int, width: int) -> Listed:
        """Return lists to be filled; all that will be in them is fresh."""
        found = _room(n_points, width)
        fresh = np.ones(found.places.shape, dtype=np.bool_)
        return Listed(found.places, found.squared, fresh)

    def put(self, rows: slice, found: Nearest) -> None:
        """Put what was found for some points in place of what is there."""
        self.places[rows], self.squared[rows] = found.places, found.squared
        if isinstance(found, Listed):
            self.fresh[rows] = found.fresh


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
    if not is_compiled(width):
        return _selected(queries, points, candidates, width, first, distinct)
    found = _room(len(queries), width)
    _compiled.compare.nearest_among(
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
    if not is_compiled(width):
        candidates = _places_in(cells, starts)
        return _selected(queries, points, candidates, width, first, distinct=True)
    found = _room(len(queries), width)
    _compiled.compare.nearest_in_cells(
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
    listed: Listed,
    back: Int32Array,
    rows: slice,
    *,
    looked_at: int = LOOKED_AT,
    codes: CodePair | None = None,
) -> Listed:
    """Return better lists for the points `rows`, of the same width.

    Looked at are a point's own list, those who list it, and of each of its first `looked_at`
    neighbours the first `looked_at` neighbours (W. Dong, M. Charikar, K. Li, "Efficient k-nearest
    neighbor graph construction for generic similarity measures", WWW 2011, section 2.2). Unlike
    there, every point reads the lists of the round before, so that the result does not depend on
    the order of the work. A neighbour's neighbour is looked at if either of the two is fresh: all
    others were compared in the round before (their "incremental search").

    Parameters
    ----------
    queries : ndarray of shape (n_rows, n_features), float32
    points : ndarray of shape (n_samples, n_features), float32
    listed : Listed
        The lists of all points.
    back : ndarray of shape (n_samples, any), int32
        Who lists the point, from :func:`reverse_lists`.
    rows : slice
    looked_at : int, default=16
        Where it is more than in the round before, all neighbours have to be fresh.
    codes : tuple of Codes, default=None
        Of the queries, and of the points.

    Raises
    ------
    IndexError
        If a list has a neighbour that is no place of a point, where this is compiled.
    """
    width = listed.places.shape[1]
    if not is_compiled(width):
        own = listed.places[rows]
        further = listed.places[own[:, :looked_at], :looked_at]
        # -1 as an index is the last point: a candidate like others, and as often right.
        further = further.reshape(len(own), further.shape[1] * further.shape[2])
        candidates = np.concatenate([own, back[rows], further], axis=1)
        found = _selected(queries, points, candidates, width, rows.start, distinct=False)
        return Listed(found.places, found.squared, np.ones(found.places.shape, dtype=np.bool_))
    better = Listed.room(len(queries), width)
    _compiled.compare.nearest_through(
        np.ascontiguousarray(queries),
        points,
        _unpacked(codes),
        better.places,
        better.squared,
        rows.start,
        listed.places,
        listed.squared,
        listed.fresh,
        back,
        looked_at,
        better.fresh,
    )
    return better


def reverse_lists(lists: Int32Array, width: int = LOOKED_AT) -> Int32Array:
    """Return for each point the first `width` points that list it, filled up with -1.

    Raises
    ------
    IndexError
        If a list has a neighbour that is no row of it, where this is compiled.
    """
    back = np.full((len(lists), width), -1, dtype=np.int32)
    if _compiled.compare is not None:
        _compiled.compare.reverse(lists, back)
        return back
    n = len(lists)
    ends = np.arange(0, lists.size + 1, lists.shape[1])
    listed = lists.ravel()
    if (present := listed >= 0).all():
        indptr = ends
    else:
        indptr = np.concatenate([[0], np.cumsum(present)])[ends]
        listed = listed[present]
    ones = np.ones(len(listed), dtype=np.int8)
    if len(listed) <= np.iinfo(np.int32).max:  # one long array makes SciPy lengthen the others
        indptr = indptr.astype(np.int32)
    listing = sparse.csr_array((ones, listed, indptr), shape=(n, n)).tocsc()
    counts = np.diff(listing.indptr)
    for i in range(width):
        has = np.flatnonzero(counts > i)
        back[has, i] = listing.indices[listing.indptr[has] + i]
    return back


def squared_distances(
    queries: Float32Array, points: Float32Array, found: npt.NDArray[np.integer]
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


def is_compiled(width: int) -> bool:
    """Tell whether lists of this length are filled by what is compiled."""
    return _compiled.compare is not None and width <= _LONGEST


def _unpacked(codes: CodePair | None) -> tuple[object, ...] | None:
    if codes is None:
        return None
    queries, points = codes
    return queries.codes, queries.errors, points.codes, points.errors, points.unit


def _room(n_queries: int, width: int) -> Nearest:
    shape = (n_queries, width)
    return Nearest(np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.float32))


def _places_in(cells: Int32Array, starts: IntArray) -> Int32Array:
    """Return the places in each query's cells, -1 where there are fewer."""
    first = starts[cells]
    size = np.where(cells < 0, 0, starts[cells + 1] - first)
    step = np.arange(int(size.max(initial=0)))
    places = first[:, :, None] + step
    np.putmask(places, step >= size[:, :, None], -1)
    return places.reshape(len(cells), cells.shape[1] * len(step)).astype(np.int32)


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
            best = np.sort(np.argpartition(values, k - 1, axis=1)[:, :k], axis=1)
        order = np.argsort(np.take_along_axis(values, best, axis=1), axis=1, kind="stable")
        return np.asarray(np.take_along_axis(best, order, axis=1))
    return np.argsort(values, axis=1, kind="stable")
