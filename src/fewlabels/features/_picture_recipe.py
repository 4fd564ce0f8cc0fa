"""How pictures become points: the recipe that was chosen, with what it needs of the fitted ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels.features._colours import N_COLOURS, colour_shares
from fewlabels.features._picture_looks import things_in
from fewlabels.features.oriented_gradients import OrientedGradients
from fewlabels.features.picture_sets import (
    PictureArray,
    PictureItems,
    Pixels,
    Range,
    Shape,
    reader,
)

Float32Array = npt.NDArray[np.float32]

SHAPES, WITH_COLOURS = "shapes", "shapes and colours"

# Files that are decoded, and pictures that features are made of, at a time.
_BATCH = 512
# Of pictures in which things may be anywhere: fewer than of shapes, which stand in their place.
_CELLS_AND_DIRECTIONS = 6, 8
# How much count edges, the outline of things, the colours of the whole and those of the things
# alone, in squared distances.
_EDGES, _OUTLINE, _WHOLE, _THING = np.float32(1), np.float32(0.5), np.float32(0.7), np.float32(0.7)


@dataclass(frozen=True, eq=False)
class PicturePoints:
    """Points made of pictures.

    Attributes
    ----------
    values : ndarray of shape (n, d), float32
    unread : dict of int to str
        The rows without a picture, and why. They are zeros.
    pixels : ndarray of shape (n, height * width * channels), or None
        What they were made of, where it was asked for.
    """

    values: Float32Array
    unread: dict[int, str]
    pixels: np.ndarray | None


@dataclass(frozen=True)
class Recipe:
    """What points are made of.

    Attributes
    ----------
    name : {"shapes", "shapes and colours"}
    shape : tuple of 2 int
        Height and width to which pictures are resized.
    range : tuple of 2 float
        What black and white are in arrays.
    """

    name: str
    shape: Shape
    range: Range

    @property
    def has_colours(self) -> bool:
        """Whether colours count."""
        return self.name == WITH_COLOURS

    @property
    def n_edges(self) -> int:
        """Number of features that say where edges are."""
        blank = np.zeros((1, self.shape[0] * self.shape[1]), dtype=np.uint8)
        return int(self._gradients(1).fit_transform(blank).shape[1])

    @property
    def width(self) -> int:
        """Number of features."""
        return 2 * (self.n_edges + N_COLOURS) if self.has_colours else self.n_edges

    @property
    def names(self) -> list[str]:
        """What the features are called."""
        kinds = {"edges": self.n_edges}
        if self.has_colours:
            kinds |= {"outline": self.n_edges, "colours": N_COLOURS, "thing_colours": N_COLOURS}
        return [f"images_{kind}_{number}" for kind, n in kinds.items() for number in range(n)]

    def takes_as_it_is(self, pictures: PictureArray | PictureItems) -> bool:
        """Tell whether pictures are compared in all of their digits: small ones of one size."""
        as_large = isinstance(pictures, PictureArray) and pictures.shape == self.shape
        return as_large and not self.has_colours

    def points(
        self,
        pictures: PictureArray | PictureItems,
        n_jobs: int | None,
        *,
        keep_pixels: bool = False,
        progress: Callable[[float], object] | None = None,
    ) -> PicturePoints:
        """Return the points of pictures; what was read of them only if they are to be kept."""
        n, width = len(pictures), self.width
        require_memory(
            4 * n * width,
            f"{n:,} x {width:,} features",
            "Take part of the pictures at a time.",
        )
        values = np.empty((n, width), dtype=np.float32)
        unread: dict[int, str] = {}
        kept: list[np.ndarray] = []
        for rows in row_blocks(n, _BATCH):
            batch, missing = self._pixels(pictures, rows, n_jobs)
            if self.has_colours:
                self._make_with_colours(batch, n_jobs, values[rows])
            else:
                values[rows] = self._edges_of(batch, n_jobs)
            if keep_pixels:
                kept.append(batch.reshape(len(batch), -1))
            for row, why in missing.items():
                values[rows.start + row] = 0
                unread[rows.start + row] = why
            if progress is not None:
                progress(rows.stop / n)
        return PicturePoints(values, unread, np.concatenate(kept) if keep_pixels else None)

    def _make_with_colours(self, pixels: Pixels, n_jobs: int | None, values: Float32Array) -> None:
        """Fill in the points of pictures: edges, outline and colours, in rows of length 1."""
        things = things_in(pixels)
        n_edges = self.n_edges
        colours = colour_shares(pixels, things, n_jobs)
        values[:, :n_edges] = np.sqrt(_EDGES) * self._edges_of(pixels, n_jobs)
        outline = self._edges_of(things[..., None].view(np.uint8), n_jobs)
        values[:, n_edges : 2 * n_edges] = np.sqrt(_OUTLINE) * outline
        values[:, -2 * N_COLOURS : -N_COLOURS] = np.sqrt(_WHOLE) * colours[:, :N_COLOURS]
        values[:, -N_COLOURS:] = np.sqrt(_THING) * colours[:, N_COLOURS:]
        values /= np.linalg.norm(values, axis=1, keepdims=True)  # colours are always there

    def _edges_of(self, pixels: np.ndarray, n_jobs: int | None) -> Float32Array:
        found: Float32Array = self._gradients(n_jobs).fit_transform(pixels.reshape(len(pixels), -1))
        return found

    def _gradients(self, n_jobs: int | None) -> OrientedGradients:
        shape = (*self.shape, -1)
        if not self.has_colours:
            made = OrientedGradients(shape, n_jobs=n_jobs)
        else:
            cells, directions = _CELLS_AND_DIRECTIONS
            made = OrientedGradients(shape, n_cells=cells, n_orientations=directions, n_jobs=n_jobs)
        made.set_output(transform="default")  # arrays, whatever sklearn.set_config says
        return made

    def _pixels(
        self, pictures: PictureArray | PictureItems, rows: slice, n_jobs: int | None
    ) -> tuple[np.ndarray, dict[int, str]]:
        """Return pictures of the size that was chosen: (m, height, width, channels)."""
        if isinstance(pictures, PictureArray):
            if self.takes_as_it_is(pictures):
                return pictures.values[rows], {}
            pixels = pictures.bytes_of(rows, self.range)
            if pictures.shape == self.shape:
                return pixels, {}
            items: Sequence[object] = list(pixels)
        else:
            items = pictures.items[rows]
        read = reader().read_pictures(items, self.shape, n_jobs=n_jobs)
        return (read.pixels if self.has_colours else _grey(read.pixels)), read.unread


def _grey(pixels: Pixels) -> Pixels:
    """Return the mean of the channels, as one."""
    sums = pixels.sum(axis=3, dtype=np.uint16, keepdims=True)
    grey: Pixels = ((sums + 1) // 3).astype(np.uint8)
    return grey
