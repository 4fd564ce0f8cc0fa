"""What kind of pictures these are, told without labels from some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

# A picture is grey if its channels differ by less than that on average, of 255: scans and
# photographs of grey things have a tint.
_TINT = 8
# Pixels of a border are of one colour if they are as near as that to the one in the middle of all;
# JPEG moves even ones by some.
_NEAR = 24
# Share of the border that is of one colour, where a thing stands on an empty ground.
_GROUND = 0.8
# Sides up to which pictures are small: digits, clothes, icons.
SMALL = 64


@dataclass(frozen=True)
class Look:
    """How a set of pictures looks.

    Attributes
    ----------
    height, width : int
        In the middle of all.
    same_size : bool
    grey : float
        Share of the pictures without colour.
    centred : float
        Share of those with a border of one colour, so that what they show stands within it.
    """

    height: int
    width: int
    same_size: bool
    grey: float
    centred: float

    @property
    def is_grey(self) -> bool:
        """Whether hardly any picture has colour."""
        return self.grey >= 0.95

    @property
    def is_centred(self) -> bool:
        """Whether most pictures show one thing on an empty ground."""
        return self.centred >= 0.5

    @property
    def is_small(self) -> bool:
        """Whether the pictures are no larger than icons."""
        return max(self.height, self.width) <= SMALL


def things_in(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Tell which pixels are not of the ground: of another colour than the border in its middle.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 3)

    Returns
    -------
    ndarray of bool, shape (n, h, w)
    """
    ground = np.median(_border(pixels), axis=1).astype(np.int16)
    # a channel at a time: no array of all differences
    apart = np.zeros(pixels.shape[:3], dtype=bool)
    for channel in range(pixels.shape[3]):
        apart |= np.abs(pixels[..., channel] - ground[:, None, None, channel]) > _NEAR
    return apart


def _border(pixels: Pixels) -> Pixels:
    """Return the pixels of the border, of shape (n, m, 3)."""
    return np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1)


def look_of(pixels: Pixels, sizes: npt.NDArray[np.intp]) -> Look:
    """Return how pictures look.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 3)
        At least one picture.
    sizes : ndarray of int, shape (n, 2)
        Height and width as they came.
    """
    colours = pixels.reshape(len(pixels), -1, 3).astype(np.int16)
    tint = (colours.max(axis=2) - colours.min(axis=2)).mean(axis=1)
    border = _border(pixels).astype(np.int16)
    apart = np.abs(border - np.median(border, axis=1, keepdims=True)).max(axis=2)
    height, width = np.median(sizes, axis=0).astype(int).tolist()
    return Look(
        height,
        width,
        bool((sizes == sizes[0]).all()),
        float((tint < _TINT).mean()),
        float(((apart <= _NEAR).mean(axis=1) >= _GROUND).mean()),
    )
