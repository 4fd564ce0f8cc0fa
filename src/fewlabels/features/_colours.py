"""Which colours a picture has, as shares.

A colour lies between steps of hue, saturation and value, and counts for those nearest to it, each
the more the nearer it is. So colours that are nearly the same give nearly the same shares, wherever
the steps are.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.features._batches import run_batches

_HUES, _SATURATIONS, _VALUES = 12, 3, 4
N_COLOURS = _HUES * _SATURATIONS * _VALUES

# Colours are looked up by channels of so many levels: finer than the steps by far.
_LEVELS = 32
# Steps that share a pixel: two of each kind.
_SHARED = 8
# Of a thing that has less of the pixels, colours are chance.
_LEAST = 0.01
# Entries of the arrays of a batch: they stay near the core.
_BATCH_ENTRIES = 1 << 20


def colour_shares(
    pixels: npt.NDArray[np.uint8],
    things: npt.NDArray[np.bool_] | None = None,
    n_jobs: int | None = None,
) -> npt.NDArray[np.float32]:
    """Return the roots of the shares that colours have in pictures (Swain, Ballard 1991).

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 3)
    things : ndarray of bool, shape (n, h, w), default=None
        The pixels of what pictures show, without the ground on which it stands.
    n_jobs : int, default=None
        Threads.

    Returns
    -------
    ndarray of shape (n, 144), or (n, 288) with `things`, float32
        By hue, then saturation, then value: of all pixels; then of the things alone, where they
        have 1 % of the pixels, else of all again. Each 144 have length 1: the Euclidean distance
        between two is sqrt(2) times the Hellinger distance between the distributions of colours.
    """
    n, height, width = pixels.shape[:3]
    n_kinds = 1 if things is None else 2
    shares = np.empty((n, n_kinds, N_COLOURS), dtype=np.float32)
    places, weights = _steps()

    def compute(batch: slice) -> None:
        levels = pixels[batch].reshape(-1, 3).astype(np.uint32) * (_LEVELS - 1)
        levels = (levels + 127) // 255
        colours = (levels[:, 0] * _LEVELS + levels[:, 1]) * _LEVELS + levels[:, 2]
        n_pictures = batch.stop - batch.start
        kinds = np.repeat(n_kinds * np.arange(n_pictures, dtype=np.int32), height * width)
        if things is not None:
            kinds += things[batch].ravel()
        own = places[colours]
        own += N_COLOURS * kinds[:, None]
        sums = np.bincount(
            own.ravel(), weights[colours].ravel(), minlength=n_pictures * n_kinds * N_COLOURS
        ).reshape(n_pictures, n_kinds, N_COLOURS)
        sums[:, 0] += sums[:, 1:].sum(axis=1)
        if things is not None:
            hardly = things[batch].mean(axis=(1, 2)) < _LEAST
            sums[hardly, 1] = sums[hardly, 0]
        shares[batch] = np.sqrt(sums / sums.sum(axis=2, keepdims=True))

    size = max(1, _BATCH_ENTRIES // (_SHARED * height * width))
    run_batches(compute, row_blocks(n, size), n_jobs)
    return shares.reshape(n, -1)


@cache
def _steps() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return for each colour, by red, green and blue, the 8 steps that share it, and their shares.

    Hue and saturation mean little where there is hardly any colour; there, saturation is near its
    first step, and what hue says moves between neighbouring steps of that.
    """
    ramp = np.linspace(0, 1, _LEVELS)
    red, green, blue = (axis.ravel() for axis in np.meshgrid(ramp, ramp, ramp, indexing="ij"))
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    span = np.where(chroma > 0, chroma, 1)
    sixths = np.where(
        value == red,
        ((green - blue) / span) % 6,
        np.where(value == green, (blue - red) / span + 2, (red - green) / span + 4),
    )
    saturation = np.where(value > 0, chroma / np.where(value > 0, value, 1), 0)
    along = [
        sixths / 6 * _HUES,
        saturation * (_SATURATIONS - 1),
        value * (_VALUES - 1),
    ]
    counts = (_HUES, _SATURATIONS, _VALUES)
    # the last step is the lower one of its pair nowhere but round the circle of hues
    lower = [
        np.minimum(position.astype(np.int32), count - (1 if axis == 0 else 2))
        for axis, (position, count) in enumerate(zip(along, counts, strict=True))
    ]
    places = np.empty((_LEVELS**3, _SHARED), dtype=np.int32)
    weights = np.empty((_LEVELS**3, _SHARED), dtype=np.float32)
    for number, upper in enumerate(product((0, 1), repeat=3)):
        hue, saturated, valued = (step + up for step, up in zip(lower, upper, strict=True))
        places[:, number] = (hue % _HUES * _SATURATIONS + saturated) * _VALUES + valued
        parts = [
            np.abs(1 - up - (position - step))
            for up, position, step in zip(upper, along, lower, strict=True)
        ]
        weights[:, number] = parts[0] * parts[1] * parts[2]
    return places, weights
