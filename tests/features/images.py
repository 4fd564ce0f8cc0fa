"""Oriented gradients as the textbook has them: pixel by pixel, in double precision."""

from __future__ import annotations

import numpy as np


def textbook(image: np.ndarray, n_orientations: int, n_cells: int, damping: float) -> np.ndarray:
    """Return the features of one image of shape (height, width, channels)."""
    height, width, channels = image.shape
    cells = min(n_cells, height), min(n_cells, width)
    sums = np.zeros((*cells, n_orientations))
    down, across = (window(s, c) for s, c in zip((height, width), cells, strict=True))
    for y in range(height):
        for x in range(width):
            candidates = []
            for c in range(channels):
                plane = image[:, :, c].astype(float)
                dx = plane[y, min(x + 1, width - 1)] - plane[y, max(x - 1, 0)]
                dy = plane[min(y + 1, height - 1), x] - plane[max(y - 1, 0), x]
                candidates.append((np.hypot(dx, dy), np.arctan2(dy, dx)))
            length, angle = max(candidates, key=lambda pair: pair[0])
            position = (angle % (2 * np.pi)) / (2 * np.pi) * n_orientations
            for k in range(n_orientations):
                apart = abs(position - k)
                share = max(0.0, 1 - min(apart, n_orientations - apart))
                sums[:, :, k] += np.outer(down[:, y], across[:, x]) * length * share
    if not sums.any():
        return np.zeros(sums.size)
    own = sums.mean(axis=2, keepdims=True)
    even = sums / (own + damping * own.mean())
    return np.sqrt(even / even.sum()).ravel()


def enlarged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image of shape (h, w, channels) at a larger size, linear between centres."""
    for axis, size in enumerate((height, width)):
        old = image.shape[axis]
        places = (np.arange(size) + 0.5) * old / size - 0.5
        image = np.apply_along_axis(
            lambda line, p=places: np.interp(p, range(len(line)), line), axis, image
        )
    return image


def window(size: int, n_cells: int) -> np.ndarray:
    weights = np.zeros((n_cells, size))
    spacing = size / n_cells
    for cell in range(n_cells):
        centre = (cell + 0.5) * spacing - 0.5
        for pixel in range(size):
            weights[cell, pixel] = np.exp(-0.5 * ((pixel - centre) / (0.5 * spacing)) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)


def textbook_share(a: np.ndarray, b: np.ndarray, warp: int) -> float:
    """Return the distance of two fields of gradients, each of shape (2, height, width)."""
    to_match = 9 * ((a**2).sum() + (b**2).sum())
    return float(np.sqrt((one_way(a, b, warp) + one_way(b, a, warp)) / to_match))


def one_way(a: np.ndarray, b: np.ndarray, warp: int) -> float:
    """Return the sum over the pixels of a of the squared difference of the best match in b."""
    _, height, width = a.shape
    total = 0.0
    for y in range(height):
        for x in range(width):
            best = np.inf
            for v in range(max(0, y - warp), min(height, y + warp + 1)):
                for u in range(max(0, x - warp), min(width, x + warp + 1)):
                    context = 0.0
                    for dy in (-1, 0, 1):
                        for dx in (-1, 0, 1):
                            own, other = at(a, y + dy, x + dx), at(b, v + dy, u + dx)
                            context += ((own - other) ** 2).sum()
                    best = min(best, context)
            total += best
    return total


def at(gradients: np.ndarray, y: int, x: int) -> np.ndarray:
    """Return the gradient at a pixel; beyond the border there is none."""
    _, height, width = gradients.shape
    if 0 <= y < height and 0 <= x < width:
        return gradients[:, y, x].astype(float)
    return np.zeros(2)


def textbook_sobel(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the Sobel gradients of an image of shape (height, width), which goes on beyond it."""
    padded = np.pad(plane.astype(float), 1, mode="edge")
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    dx, dy = np.zeros(plane.shape), np.zeros(plane.shape)
    for y, x in np.ndindex(plane.shape):
        window = padded[y : y + 3, x : x + 3]
        dx[y, x], dy[y, x] = (window * across).sum(), (window * across.T).sum()
    return dx, dy
