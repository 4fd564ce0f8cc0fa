"""Better neighbours from neighbours: those of one's neighbours are near, too.

A round looks, for each point, at its neighbours' neighbours and at the points whose neighbour it
is (W. Dong, M. Charikar, K. Li, "Efficient k-nearest neighbor graph construction for generic
similarity measures", WWW 2011, section 2.2). Unlike there, every point reads the lists of the
round before, so that the result does not depend on the order of the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph._cells import smallest, squared_distances

Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]

# Of each neighbour, its first so many neighbours, and so many points whose neighbour one is.
_LOOKED_AT = 16


def reverse_lists(lists: Int32Array, width: int = _LOOKED_AT) -> Int32Array:
    """Return for each point the first `width` points that list it, filled up with -1."""
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
    back = np.full((n, width), -1, dtype=np.int32)
    for i in range(width):
        has = np.flatnonzero(counts > i)
        back[has, i] = listing.indices[listing.indptr[has] + i]
    return back


def refined(
    lists: Int32Array, back: Int32Array, rows: slice, queries: Float32Array, points: Float32Array
) -> Int32Array:
    """Return better lists for `rows`, nearest first, of the same width.

    Parameters
    ----------
    lists, back : ndarray of shape (n_samples, k), (n_samples, any), int32
        The neighbours of all points, nearest first, and who lists them; -1 is none.
    rows : slice
    queries : ndarray of shape (n_rows, n_features), float32
    points : ndarray of shape (n_samples, n_features), float32
    """
    own = lists[rows]
    further = lists[own[:, :_LOOKED_AT], :_LOOKED_AT].reshape(len(own), -1)
    candidates = np.concatenate([own, back[rows], further], axis=1)
    return nearest_candidates(candidates, rows, queries, points, lists.shape[1])


def nearest_candidates(
    candidates: npt.NDArray[np.integer[Any]],
    rows: slice,
    queries: Float32Array,
    points: Float32Array,
    width: int,
    *,
    distinct: bool = False,
) -> Int32Array:
    """Return the `width` nearest candidates of each query, each once, -1 where there are fewer.

    The query at position i of `rows` is point i, which is none of its own neighbours.
    `distinct` says that no candidate comes twice.
    """
    if not distinct:
        candidates = np.sort(candidates, axis=1)
        again = candidates[:, 1:] == candidates[:, :-1]
        candidates[:, 1:][again] = -1
    own = np.arange(rows.start, rows.stop, dtype=candidates.dtype)
    np.putmask(candidates, candidates == own[:, None], -1)
    if candidates.shape[1] < width:
        missing = np.full((len(candidates), width - candidates.shape[1]), -1, candidates.dtype)
        candidates = np.hstack([candidates, missing])
    best = smallest(squared_distances(queries, points, candidates), width)
    return np.take_along_axis(candidates, best, axis=1).astype(np.int32, copy=False)
