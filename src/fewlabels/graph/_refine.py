"""Better neighbours from neighbours: those of one's neighbours are near, too.

A round looks, for each point, at its neighbours' neighbours and at the points whose neighbour it
is (W. Dong, M. Charikar, K. Li, "Efficient k-nearest neighbor graph construction for generic
similarity measures", WWW 2011, section 2.2). Unlike there, every point reads the lists of the
round before, so that the result does not depend on the order of the work.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph._nearest import LOOKED_AT

Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]


def reverse_lists(lists: Int32Array, width: int = LOOKED_AT) -> Int32Array:
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
