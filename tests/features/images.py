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


def window(size: int, n_cells: int) -> np.ndarray:
    weights = np.zeros((n_cells, size))
    spacing = size / n_cells
    for cell in range(n_cells):
        centre = (cell + 0.5) * spacing - 0.5
        for pixel in range(size):
            weights[cell, pixel] = np.exp(-0.5 * ((pixel - centre) / (0.5 * spacing)) ** 2)
    return weights / weights.sum(axis=1, keepdims=True)
