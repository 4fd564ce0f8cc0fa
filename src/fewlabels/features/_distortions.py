"""Squared differences of pictures of which each pixel may be matched a little aside.

Compiled (`_distortion.c`) where there was a compiler when the package was built; elsewhere NumPy
does the same. All numbers are integers, so that both give the same sums, in whatever order.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from fewlabels._compiled import compiled_module
from fewlabels._rows import row_blocks
from fewlabels._typing import Package
from fewlabels.features._batches import run_batches

Int8Array = npt.NDArray[np.int8]
IntArray = npt.NDArray[np.int64]

compiled: Package = compiled_module("fewlabels.features._distortion")

# The longest gradient: nine squares of the difference of two, rounded, stay below 2^16.
LONGEST = 40
_NO_MATCH = np.iinfo(np.uint16).max
# Pairs of pictures that a thread compares at once: some milliseconds compiled; NumPy writes out
# their differences.
_PAIRS, _PAIRS_IN_NUMPY = 4_096, 256


def summed_distortions(
    own: Int8Array,
    rows: IntArray,
    others: Int8Array,
    candidates: IntArray,
    warp: int,
    n_jobs: int | None = None,
) -> IntArray:
    """Compare pictures with their candidates.

    Parameters
    ----------
    own, others : ndarray of shape (n, 2, height, width), int8
        Gradients, none longer than 40 but for rounding.
    rows : ndarray of shape (m,), int64
        Pictures of `own`.
    candidates : ndarray of shape (m, c), int64
        Pictures of `others`.
    warp : int
        How far a pixel may be matched aside, down and to the right.
    n_jobs : int, default=None
        Threads; None is all cores.

    Returns
    -------
    ndarray of shape (m, c), int64
        The sum over all pixels of both of the squared differences of the 3 x 3 gradients around a
        pixel and around its best match.

    Raises
    ------
    IndexError
        If a number is none of a picture.
    """
    sums = np.empty(candidates.shape, dtype=np.int64)
    if sums.size == 0:
        return sums
    compare, size = partial(_in_numpy, warp=warp), _PAIRS_IN_NUMPY
    if compiled is not None:
        compare, size = partial(_compiled, warp=warp), _PAIRS

    def fill(block: slice) -> None:
        compare(own, rows[block], others, candidates[block], sums[block])

    run_batches(fill, row_blocks(len(rows), max(1, size // candidates.shape[1])), n_jobs)
    return sums


def _compiled(
    own: Int8Array,
    rows: IntArray,
    others: Int8Array,
    candidates: IntArray,
    sums: IntArray,
    *,
    warp: int,
) -> None:
    compiled.distortions(own, rows, others, candidates, warp, sums)


def _in_numpy(
    own: Int8Array,
    rows: IntArray,
    others: Int8Array,
    candidates: IntArray,
    sums: IntArray,
    *,
    warp: int,
) -> None:
    if min(rows.min(), candidates.min()) < 0:
        raise IndexError("an index is beyond the pictures")
    height, width = own.shape[2:]
    # In rows of pairs: a picture of `own` may be in many.
    a = np.repeat(own[rows], candidates.shape[1], axis=0).astype(np.int32)
    b = others[candidates.ravel()].astype(np.int32)
    a = np.pad(a, ((0, 0), (0, 0), (1, 1), (1, 1)))
    b = np.pad(b, ((0, 0), (0, 0), (warp + 1, warp + 1), (warp + 1, warp + 1)))
    of_a = np.full((len(a), height, width), _NO_MATCH, dtype=np.int32)
    of_b = of_a.copy()
    for down in range(-warp, warp + 1):
        for right in range(-warp, warp + 1):
            moved = b[:, :, warp + down :, warp + right :][:, :, : height + 2, : width + 2]
            squares = ((a - moved) ** 2).sum(axis=1)
            across = squares[:, :, :-2] + squares[:, :, 1:-1] + squares[:, :, 2:]
            matches = across[:, :-2] + across[:, 1:-1] + across[:, 2:]
            # Pixels whose match is in the other picture, and these matches.
            y, x = _within(height, down), _within(width, right)
            to_y, to_x = _within(height, -down), _within(width, -right)
            inside = matches[:, y, x]
            np.minimum(of_a[:, y, x], inside, out=of_a[:, y, x])
            np.minimum(of_b[:, to_y, to_x], inside, out=of_b[:, to_y, to_x])
    totals = of_a.sum(axis=(1, 2), dtype=np.int64) + of_b.sum(axis=(1, 2), dtype=np.int64)
    sums[:] = totals.reshape(sums.shape)


def _within(size: int, shift: int) -> slice:
    """Places from which `shift` leads to another of `size` places."""
    return slice(max(0, -shift), max(0, size - max(0, shift)))
