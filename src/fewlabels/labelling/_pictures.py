"""A picture as a page may show it: decoded by Pillow and encoded anew, never the file's bytes."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np

from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.labelling._items import Items

SMALLEST, LARGEST = 32, 4096
_KEPT = 512
# Small pictures, such as digits of 8 x 8 pixels, are made larger with hard edges.
_FEW_PIXELS = 128


class Thumbnails:
    """The pictures of some items, each decoded once while it is looked at.

    Parameters
    ----------
    items : Items
    """

    def __init__(self, items: Items) -> None:
        self._items = items
        self._encoded = lru_cache(_KEPT)(self._encode)

    def of(self, point: int, size: int) -> tuple[bytes, str]:
        """Return an encoded picture whose longer side has at most `size` pixels, and its type.

        Raises
        ------
        InvalidInputError
            If the size is out of range, or the item has no picture.
        DataFileError
            If the file can't be read; says why.
        """
        if type(size) is not int or not SMALLEST <= size <= LARGEST:
            raise InvalidInputError(
                f"the size of a picture must be from {SMALLEST} to {LARGEST}, got {size!r:.40}."
            )
        return self._encoded(point, size)

    def _encode(self, point: int, size: int) -> tuple[bytes, str]:
        from PIL import Image  # of the extra, and only where there are pictures

        from fewlabels.io._pictures import open_picture

        source = self._items.picture(point)
        if source is None:
            raise InvalidInputError(f"point {point} has no picture.")
        if isinstance(source, np.ndarray):
            source = as_bytes(source)
        try:
            picture, _ = open_picture(source, size)
        except DataFileError as error:
            raise DataFileError(
                f"the picture {self._items.title(point)} can't be shown: {error}."
            ) from error
        longest = max(picture.size)
        if longest <= _FEW_PIXELS and size >= 2 * longest:
            scale = size // longest
            wanted = (picture.width * scale, picture.height * scale)
            picture = picture.resize(wanted, Image.Resampling.NEAREST)
        encoded = io.BytesIO()
        if longest <= _FEW_PIXELS:
            picture.save(encoded, "PNG")
            return encoded.getvalue(), "image/png"
        picture.save(encoded, "JPEG", quality=88)
        return encoded.getvalue(), "image/jpeg"


def as_bytes(pixels: np.ndarray) -> np.ndarray:
    """Return pixels from 0 to 255, on the scale of their own largest value where that is small."""
    if pixels.dtype == np.uint8 and (pixels.size == 0 or pixels.max() > 16):
        return pixels
    values = np.nan_to_num(np.asarray(pixels, dtype=np.float64))
    low, high = min(0.0, float(values.min())), float(values.max())
    if high <= low:
        return np.zeros(values.shape, dtype=np.uint8)
    return np.round(255 * (values - low) / (high - low)).astype(np.uint8)
