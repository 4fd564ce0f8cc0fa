"""Many pictures, wherever they are, handed out a batch at a time."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Objects
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features.kinds import items_of
from fewlabels.io import PictureFolder, counted, read_picture_folder
from fewlabels.io._picture_names import without_pillow
from fewlabels.io._table import a_few

if TYPE_CHECKING:
    from types import ModuleType

Array = np.ndarray
Pixels = npt.NDArray[np.uint8]
Shape: TypeAlias = tuple[int, int]
Range: TypeAlias = tuple[float, float]

# Pictures that a message names before it only counts them.
_NAMED = 5


class PictureArray:
    """Grey or colour pictures of one size in an array of numbers of any type.

    Attributes
    ----------
    values : ndarray of shape (n, height, width, channels), of 1 or 3 channels
    range : tuple of 2 float
        What black and white are.
    """

    def __init__(self, values: Array) -> None:
        self.values = values
        self.range: Range = (0.0, 255.0)
        if values.dtype != np.uint8:
            self.range = min(0.0, float(values.min())), float(values.max())

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> Shape:
        """Height and width."""
        return self.values.shape[1], self.values.shape[2]

    def named(self, row: int) -> str:
        """Return what to call a picture in a message."""
        return f"picture {row}"

    def bytes_of(self, rows: slice | npt.NDArray[np.intp], black_and_white: Range) -> Pixels:
        """Return pictures in three channels of bytes, as they are in size."""
        values = self.values[rows]
        if self.values.dtype != np.uint8 or black_and_white != (0.0, 255.0):
            black, white = black_and_white
            shares = (values.astype(np.float64) - black) / (white - black or 1.0)
            values = (255 * np.clip(shares, 0, 1) + 0.5).astype(np.uint8)
        return np.broadcast_to(values, (*values.shape[:3], 3))


class PictureItems:
    """Pictures of their own sizes: files, or pictures of Pillow, or arrays."""

    def __init__(self, items: Objects) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def named(self, row: int) -> str:
        """Return what to call a picture in a message."""
        item = self.items[row]
        return str(item) if isinstance(item, (str, Path)) else f"picture {row}"


def picture_set(data: object) -> PictureArray | PictureItems:
    """Return what :class:`fewlabels.features.Images` takes, a row each.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If these are no pictures; says what they are.
    DataFileError
        If a folder holds none.
    """
    if isinstance(data, (str, Path)):
        data = read_picture_folder(data)
    if isinstance(data, PictureFolder):
        return PictureItems(data.files)
    if isinstance(data, np.ndarray) and data.ndim != 1:
        return _of_array(data)
    items = items_of(data)
    if items is None:
        raise InvalidTypeError(
            "pictures must be a list of paths or of Pillow's pictures, an array of shape (n, "
            "height, width) or (n, height, width, channels), or the path of a folder; got a "
            f"{type(data).__name__}."
        )
    if not items:
        raise InvalidInputError("there are no pictures: the list is empty.")
    return PictureItems(items)


def _of_array(values: Array) -> PictureArray | PictureItems:
    if values.dtype.kind not in "biuf":
        raise InvalidTypeError(f"pictures must be numbers; got an array of {values.dtype}.")
    if values.ndim not in (3, 4) or (values.ndim == 4 and values.shape[3] not in (1, 2, 3, 4)):
        rows = " Reshape it: X.reshape(len(X), height, width)." if values.ndim == 2 else ""
        raise InvalidInputError(
            "an array of pictures has the shape (n, height, width) or (n, height, width, "
            f"channels) with 1 to 4 channels, the channels last; got {values.shape}.{rows}"
        )
    if values.size == 0:
        raise InvalidInputError(f"there are no pictures in an array of shape {values.shape}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        wrong = np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))
        raise InvalidInputError(
            f"{len(wrong):,} of the pictures hold NaN or infinity; the first is {wrong[0]} (from "
            "0). Leave them out, or fill the pixels in."
        )
    values = values if values.ndim == 4 else values[..., None]
    if values.shape[3] in (2, 4):  # with alpha, which Pillow puts on white
        return PictureItems(list(values))
    return PictureArray(values)


def reader() -> ModuleType:
    """Return the module that reads pictures, or say how to install what it needs."""
    try:
        return import_module("fewlabels.io._pictures")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "PIL":
            raise
        raise without_pillow() from None


def unread_warning(pictures: PictureArray | PictureItems, unread: dict[int, str]) -> str:
    """Return what to say of pictures that can't be read; rows without one are no damage."""
    told = {row: why for row, why in unread.items() if why}
    return (
        f"{len(told):,} of {counted(len(pictures), 'picture')} can't be read, so that nothing is "
        f"known of them: {named_pictures(pictures, told)}."
    )


def named_pictures(pictures: PictureArray | PictureItems, unread: dict[int, str]) -> str:
    """Return the names of pictures that can't be read, each with its reason; of many, a few."""
    listed = [f"{pictures.named(row)} ({why or 'no picture'})" for row, why in unread.items()]
    return a_few(listed, _NAMED)
