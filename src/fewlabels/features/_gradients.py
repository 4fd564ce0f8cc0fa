"""Gradients of images, sorted by direction and gathered in cells.

Letters: n images of height h, width w and c channels; K directions; p x q cells.
"""

from __future__ import annotations

import numpy as np

from fewlabels.features._images import Float32Array

# Standard deviation of a cell's Gaussian window, in distances between the centres of cells. At
# half of it neighbouring cells overlap, so that an edge that moves a little changes them a little.
_WINDOW = 0.5


def gradients(images: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return differences to the right and downwards, each of shape (n, h, w).

    Central differences; beyond the border the image goes on as at the border. Of several
    channels, the one with the longest gradient speaks for the pixel (Dalal, Triggs 2005, 6.2).
    """
    return _of_strongest(_differences(images, axis=2), _differences(images, axis=1))


def sobel(images: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return the same of means over three pixels across: 1, 2, 1 (Sobel)."""
    return _of_strongest(
        _differences(_smoothed(images, axis=1), axis=2),
        _differences(_smoothed(images, axis=2), axis=1),
    )


def direction_maps(dx: Float32Array, dy: Float32Array, n_directions: int) -> Float32Array:
    """Return the length of each gradient, shared between the two directions nearest to its own.

    Direction k is the angle 2 pi k / K from the right towards below; a gradient between two
    directions gives each a share that falls linearly with the angle.

    Returns
    -------
    ndarray of shape (n, h, K, w), float32
        The directions stand before the last axis, so that they can be gathered without a copy.
    """
    n, height, width = dx.shape
    length = np.sqrt(dx * dx + dy * dy)
    position = np.arctan2(dy, dx)
    position *= np.float32(n_directions / (2 * np.pi))
    np.add(position, np.float32(n_directions), out=position, where=position < 0)
    maps = np.empty((n, height, n_directions, width), dtype=np.float32)
    share = np.empty_like(position)
    for k in range(n_directions):
        np.subtract(position, np.float32(k), out=share)
        np.abs(share, out=share)
        if k == 0:  # the last direction is next to the first
            np.minimum(share, np.float32(n_directions) - position, out=share)
        np.subtract(np.float32(1), share, out=share)
        np.maximum(share, np.float32(0), out=share)
        np.multiply(share, length, out=maps[:, :, k])
    return maps


@np.errstate(under="ignore")  # what is far from a cell fades to 0
def windows(size: int, n_cells: int) -> Float32Array:
    """Return the weights of `size` pixels in each of `n_cells` cells along an axis.

    Gaussian windows around evenly spread centres. Each row sums to 1.

    Returns
    -------
    ndarray of shape (n_cells, size), float32
    """
    spacing = size / n_cells
    centres = (np.arange(n_cells) + 0.5) * spacing - 0.5
    distances = (np.arange(size) - centres[:, None]) / (_WINDOW * spacing)
    weights = np.exp(-0.5 * distances**2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)


@np.errstate(under="ignore")  # what is far from a cell fades to 0
def gathered(maps: Float32Array, rows: Float32Array, columns: Float32Array) -> Float32Array:
    """Gather maps in cells, by the windows of their rows and columns.

    Parameters
    ----------
    maps : ndarray of shape (n, h, K, w)
    rows, columns : ndarray of shape (p, h), (q, w)

    Returns
    -------
    ndarray of shape (n, p, q, K), float32
    """
    n, height, n_directions, width = maps.shape
    bands = np.matmul(rows, maps.reshape(n, height, n_directions * width))
    cells = bands.reshape(-1, width) @ columns.T
    shaped: Float32Array = cells.reshape(n, len(rows), n_directions, len(columns))
    return shaped.transpose(0, 1, 3, 2)


def as_distributions(cells: Float32Array, damping: float) -> Float32Array:
    """Even out the contrast of cells, and return the roots of each image's shares.

    Returns
    -------
    ndarray of shape (n, p * q * K), float32
        Rows of length 1; of 0 where an image has no gradient.
    """
    own = cells.mean(axis=3, keepdims=True)
    own += np.float32(damping) * own.mean(axis=(1, 2), keepdims=True)
    even = np.divide(cells, own, out=np.zeros(cells.shape, np.float32), where=own > 0)
    flat = even.reshape(len(cells), -1)
    totals = flat.sum(axis=1, keepdims=True)
    flat /= np.where(totals > 0, totals, 1)
    result: Float32Array = np.sqrt(flat, out=flat)
    return result


def _differences(images: Float32Array, axis: int) -> Float32Array:
    along = np.moveaxis(images, axis, 0)
    result = np.zeros_like(images)
    ahead = np.moveaxis(result, axis, 0)
    if len(along) > 1:
        np.subtract(along[2:], along[:-2], out=ahead[1:-1])
        np.subtract(along[1], along[0], out=ahead[0])
        np.subtract(along[-1], along[-2], out=ahead[-1])
    return result


def _smoothed(images: Float32Array, axis: int) -> Float32Array:
    along = np.moveaxis(images, axis, 0)
    result = 2 * images
    summed = np.moveaxis(result, axis, 0)
    summed[1:] += along[:-1]
    summed[:-1] += along[1:]
    summed[0] += along[0]
    summed[-1] += along[-1]
    return result


def _of_strongest(dx: Float32Array, dy: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Of each pixel, the gradient of the channel where it is longest."""
    if dx.shape[3] == 1:
        return dx[..., 0], dy[..., 0]
    strongest = np.argmax(dx * dx + dy * dy, axis=3)[..., None]
    dx, dy = (np.take_along_axis(d, strongest, axis=3)[..., 0] for d in (dx, dy))
    return dx, dy
