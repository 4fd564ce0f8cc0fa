"""What moves the points of a layout: neighbours pull, and all points push one another apart.

With places y_i, masses m_i (the points that a node stands for) and q_ij = 1 / (1 + |y_i - y_j|^2),

    pull_i = sum_j a_ij q_ij (y_j - y_i) / m_i,    push_i = n / Z sum_j m_j q_ij^2 (y_i - y_j),

Z = sum_ij m_i m_j q_ij: the two parts of the gradient of t-SNE (van der Maaten, Hinton 2008),
which go over edges, and over all pairs. The second is a convolution of the density with a fixed
kernel, and is taken on a grid by fast Fourier transforms, as Linderman et al. 2019 do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import fft, sparse

from fewlabels._compiled import compiled_module
from fewlabels._products import multiply

_Pull: TypeAlias = Callable[
    [np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, int], None
]
_module = compiled_module("fewlabels.graph.layouts._pull")
compiled: _Pull | None = None if _module is None else _module.pull

Places: TypeAlias = npt.NDArray[np.float32]

# Sides of a cell of the grid, in the kernel's width, and how many cells a side has at most.
_FINEST, _MOST_CELLS = 0.5, 512


def pull(weights: sparse.csr_array, places: Places, first: int, last: int, out: Places) -> None:
    """Write sum_j a_ij q_ij (y_j - y_i) to the rows `first` to `last` - 1 of `out`.

    Parameters
    ----------
    weights : csr_array of shape (n, n), float32, with int32 indices
    places, out : ndarray of shape (n, 2), float32, C-contiguous
    """
    indptr, indices, data = weights.indptr, weights.indices, weights.data
    if compiled is not None:
        compiled(indptr, indices, data, places, out, first, last)
        return
    begin, end = indptr[first], indptr[last]
    rows = np.repeat(np.arange(first, last), np.diff(indptr[first : last + 1]))
    columns = indices[begin:end]
    between = places[columns] - places[rows]
    between *= between
    shrunk = data[begin:end] / (np.float32(1) + between.sum(axis=1))
    block = sparse.csr_array(
        (shrunk, columns, indptr[first : last + 1] - begin), shape=(last - first, len(places))
    )
    ones = np.ones((len(places), 1), dtype=np.float32)
    sums = block @ np.concatenate([places, ones], axis=1)
    out[first:last] = sums[:, :2] - sums[:, 2:] * places[first:last]


class Push:
    """The push of all points on each, on a grid.

    The density is shared out to the four corners of the cell that a point lies in, and the field
    is read between them in the same way. Both blur the kernel by a third of a cell, which
    shows in no picture.

    Parameters
    ----------
    masses : ndarray of shape (n,), float32
    """

    def __init__(self, masses: npt.NDArray[np.float32]) -> None:
        self._masses = masses
        self._n = float(masses.sum(dtype=np.float64))
        self._transforms: dict[tuple[int, float], list[np.ndarray]] = {}

    def __call__(self, places: Places) -> Places:
        """Return push_i, shape (n, 2), float32."""
        low = places.min(axis=0)
        extent = float((places.max(axis=0) - low).max())
        side = max(_FINEST, _power(extent / (_MOST_CELLS - 2)))
        n_cells = int(_power(extent / side + 2))
        corners = self._corners(places, low, side, n_cells)
        density = np.asarray(corners.T @ self._masses).reshape(n_cells, n_cells)
        kernels = self._kernels(n_cells, side)
        spectrum = fft.rfft2(density, s=(2 * n_cells, 2 * n_cells))
        field = np.empty((n_cells * n_cells, 3), dtype=np.float32)
        for k, kernel in enumerate(kernels):
            whole = fft.irfft2(spectrum * kernel, s=(2 * n_cells, 2 * n_cells))
            field[:, k] = whole[:n_cells, :n_cells].ravel()
        found = multiply(corners, field)
        z = float(found[:, 2] @ self._masses)
        pushes: Places = found[:, :2] * np.float32(self._n / z)
        return pushes

    @staticmethod
    def _corners(places: Places, low: Places, side: float, n_cells: int) -> sparse.csr_array:
        """The share of each point in the corners of its cell: a matrix with four entries a row."""
        at = (places - low) / np.float32(side)
        cell = at.astype(np.int32)
        np.minimum(cell, n_cells - 2, out=cell)
        at -= cell
        x, y = at[:, 0], at[:, 1]
        shares = np.empty((len(at), 4), dtype=np.float32)
        np.multiply(x, y, out=shares[:, 3])
        np.subtract(x, shares[:, 3], out=shares[:, 2])
        np.subtract(y, shares[:, 3], out=shares[:, 1])
        np.subtract(1, x, out=shares[:, 0])
        shares[:, 0] -= shares[:, 1]
        columns = np.empty((len(at), 4), dtype=np.int32)
        np.multiply(cell[:, 0], n_cells, out=columns[:, 0])
        columns[:, 0] += cell[:, 1]
        for k, step in ((1, 1), (2, n_cells), (3, n_cells + 1)):
            np.add(columns[:, 0], step, out=columns[:, k])
        pointers = np.arange(0, 4 * len(at) + 1, 4, dtype=np.int32)
        return sparse.csr_array(
            (shares.ravel(), columns.ravel(), pointers), shape=(len(at), n_cells**2)
        )

    def _kernels(self, n_cells: int, side: float) -> list[np.ndarray]:
        """Transforms of q^2 times the differences in x and in y, and of q."""
        key = n_cells, side
        if key not in self._transforms:
            steps = np.arange(2 * n_cells, dtype=np.float32)
            steps[n_cells:] -= 2 * n_cells
            steps *= side
            x, y = steps[:, None], steps[None, :]
            q = 1 / (1 + (x * x + y * y))
            self._transforms = {key: [fft.rfft2(kernel) for kernel in (q * q * x, q * q * y, q)]}
        return self._transforms[key]


def _power(value: float) -> float:
    """The smallest of 1/2, 1, 2, 4, ... that is no less."""
    return float(2.0 ** np.ceil(np.log2(max(value, 0.5))))
