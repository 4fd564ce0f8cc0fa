"""Rows of pixels as images: which shape they have, and pixels on a scale of their own."""

from __future__ import annotations

from math import isqrt
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import validate_data

from fewlabels._arrays import checked_array
from fewlabels._validation import check_integer, naming_rows
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

Float32Array = npt.NDArray[np.float32]
Shape = tuple[int, int, int]

# Pixels that differ by so many roundings, relative to the largest, are the same.
_ROUNDINGS = 4


def resolve_shape(image_shape: object, n_features: int) -> Shape:
    """Return height, width and channels of images of `n_features` values.

    Parameters
    ----------
    image_shape : None, or tuple of 2 or 3 int
        None: square, of one channel. One of the numbers may be -1: what is left for it.
    n_features : int

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If no image of that shape has `n_features` values.
    """
    if image_shape is None:
        side = isqrt(n_features)
        if side * side != n_features:
            raise InvalidInputError(
                f"X has {n_features} features, and no square image has so many pixels "
                f"({side} x {side} = {side * side}, {side + 1} x {side + 1} = "
                f"{(side + 1) ** 2}). Pass image_shape=(height, width), or "
                "(height, width, channels)."
            )
        return side, side, 1
    sizes = _sizes(image_shape)
    if -1 in sizes:
        known = -int(np.prod(sizes))
        if n_features % known == 0:
            sizes = [n_features // known if size == -1 else size for size in sizes]
    if int(np.prod(sizes)) != n_features:
        product = " x ".join(map(str, sizes))
        raise InvalidInputError(
            f"X has {n_features} features, which image_shape={image_shape!r} does not fit "
            f"({product}). Pass the shape that X.reshape(len(X), -1) took from the images."
        )
    height, width, channels = sizes if len(sizes) == 3 else (*sizes, 1)
    return height, width, channels


def validated_rows(estimator: object, X: Any, *, reset: bool) -> np.ndarray:
    """Return images as rows of finite numbers, as an estimator takes them; bytes stay bytes.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `X` is none, or has another number of features than was fitted.
    """
    try:
        rows: np.ndarray = validate_data(estimator, checked_array(X), dtype="numeric", reset=reset)
    except InvalidInputError:
        raise
    except TypeError as error:
        raise InvalidTypeError(str(error)) from error
    except ValueError as error:
        dimensions = getattr(X, "ndim", 2)
        message = str(error) if dimensions > 2 else naming_rows(X, str(error))
        if dimensions > 2:
            message += f" Pass X.reshape(len(X), -1) and image_shape={X.shape[1:]}."
        raise InvalidInputError(message) from error
    return rows


def rescaled(rows: np.ndarray, shape: Shape) -> Float32Array:
    """Return images of shape (n_images, height, width, channels), each scaled to [0, 1].

    Neither the largest nor the smallest floats overflow or vanish, and what a float64 image
    varies by on top of a large constant is kept. An image that varies by rounding only is 0.
    """
    exact = np.float32 if np.can_cast(rows.dtype, np.float32) else np.float64
    pixels: np.ndarray = rows.astype(exact)
    largest = np.abs(pixels).max(axis=1, keepdims=True)
    largest[largest == 0] = 1
    pixels /= largest
    pixels -= pixels.min(axis=1, keepdims=True)
    spread = pixels.max(axis=1, keepdims=True)
    same = spread <= _ROUNDINGS * np.finfo(exact).eps
    pixels /= np.where(same, np.inf, spread)
    return pixels.astype(np.float32, copy=False).reshape(-1, *shape)


def _sizes(image_shape: object) -> list[int]:
    """Check the parts of an image's shape, whatever the images."""
    wanted = "(height, width) or (height, width, channels), or None for square images"
    if not isinstance(image_shape, (tuple, list, np.ndarray)):
        raise InvalidTypeError(f"image_shape must be {wanted}, got {image_shape!r}.")
    if len(image_shape) not in (2, 3):
        raise InvalidInputError(f"image_shape must be {wanted}, got {image_shape!r}.")
    unknown = [isinstance(size, Integral) and size == -1 for size in image_shape]
    if sum(unknown) > 1:
        raise InvalidInputError(
            f"only one of the numbers of image_shape may be -1, got {image_shape!r}."
        )
    return [
        -1 if left else check_integer("each number of image_shape", size, minimum=1)
        for size, left in zip(image_shape, unknown, strict=True)
    ]


def enlarged_shape(height: int, width: int, smallest: int, largest: int = 0) -> tuple[int, int]:
    """Return the height and width at which the longer side is within bounds; 0 is no bound."""
    longer = max(height, width)
    scale = max(longer, smallest) / longer
    if largest:
        scale = min(scale, largest / longer)
    return max(1, round(scale * height)), max(1, round(scale * width))


def resized(images: Float32Array, height: int, width: int) -> Float32Array:
    """Return images of shape (n, height, width, channels), each pixel a weighted mean of theirs.

    Linear between the centres of pixels; where an axis gets smaller, over as much of it as a new
    pixel covers. Beyond the border the image goes on as at the border.
    """
    if images.shape[1:3] == (height, width):
        return images
    down, across = _means(images.shape[1], height), _means(images.shape[2], width)
    # A product for each channel of each image: the result depends on no other.
    planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return np.ascontiguousarray((down @ planes @ across.T).transpose(0, 2, 3, 1))


def _means(size: int, new: int) -> Float32Array:
    """Return the weights of `size` old pixels in each of `new` ones, of shape (new, size)."""
    step = size / new
    centres = (np.arange(new) + 0.5) * step - 0.5
    if step <= 1:  # nothing lies beyond the centres of the outer pixels
        centres = np.clip(centres, 0, size - 1)
    apart = np.abs(np.arange(size) - centres[:, None]) / max(step, 1)
    weights = np.maximum(0, 1 - apart)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)
