"""Which colours a picture has, as shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Steps of hue, saturation and value: 144 colours, which grey and dark pixels have a part of.
_HUES, _SATURATIONS, _VALUES = 12, 3, 4
N_COLOURS = _HUES * _SATURATIONS * _VALUES


def colour_shares(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the roots of the shares of the pixels that have each colour (Swain, Ballard 1991).

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, h, w, 3)

    Returns
    -------
    ndarray of shape (n, 144), float32
        Rows of length 1: the Euclidean distance between two is sqrt(2) times the Hellinger
        distance between the distributions of their colours.
    """
    n = len(pixels)
    colours = _colour_numbers(pixels.reshape(n, -1, 3))
    colours += N_COLOURS * np.arange(n, dtype=np.int32)[:, None]
    counts = np.bincount(colours.ravel(), minlength=n * N_COLOURS).reshape(n, N_COLOURS)
    shares: npt.NDArray[np.float32] = np.sqrt(counts / colours.shape[1]).astype(np.float32)
    return shares


def _colour_numbers(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return the number of each pixel's colour, by hue, then saturation, then value."""
    channels = [pixels[..., channel].astype(np.int32) for channel in range(3)]
    red, green, blue = channels
    most = np.maximum(np.maximum(red, green), blue)
    chroma = most - np.minimum(np.minimum(red, green), blue)
    # Hue goes round in six sixths: that of red begins at 0, of green at 2, of blue at 4.
    ahead = np.where(most == red, green - blue, np.where(most == green, blue - red, red - green))
    turned = np.where(most == red, 6, np.where(most == green, 2, 4)) * chroma + ahead
    steps = np.where(chroma > 0, chroma, 1)
    hue = _HUES * turned // (6 * steps) % _HUES
    saturation = np.minimum(_SATURATIONS * chroma // np.maximum(most, 1), _SATURATIONS - 1)
    value = _VALUES * most // 256
    numbers: npt.NDArray[np.int32] = (hue * _SATURATIONS + saturation) * _VALUES + value
    return numbers
