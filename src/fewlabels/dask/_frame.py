"""The coordinates in which all regions are searched: the same for every worker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError
from fewlabels.graph.search._exact import directions

AnyArray = np.ndarray
Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]

METRICS = ("euclidean", "cosine")

# Squares of features beyond these sizes would leave float32; and beside the largest feature, those
# of most rows must not be smaller than that. (As of a search in one process.)
_LARGEST, _SMALLEST, _NARROWEST = 1e15, 1e-10, 1e-16


@dataclass(frozen=True)
class Frame:
    """From features to points whose Euclidean distances order them as the metric does.

    Attributes
    ----------
    metric : {"euclidean", "cosine"}
    middle : list of float, or None
        What is taken from each feature, so that float32 has digits to spare.
    scale : float
        What they are divided by then; 1 unless float32 would overflow or vanish.
    """

    metric: str
    middle: list[float] | None = None
    scale: float = 1.0

    @classmethod
    def of(cls, sample: AnyArray, metric: str, largest: float) -> Frame:
        """Choose the frame for rows of which some are given, and the size of the largest feature.

        Raises
        ------
        InvalidInputError
            If float32 can't tell the rows apart.
        """
        if metric == "cosine":
            return cls(metric)
        at = (len(sample) - 1) // 2  # a value of the data, so that integers stay integers
        middle = np.partition(sample, at, axis=0)[at]
        scale = 1.0
        if largest and not _SMALLEST < largest < _LARGEST:
            scale = float(2.0 ** np.ceil(np.log2(largest)))
            sizes = np.abs(sample - middle).max(axis=1)
            sizes = sizes[sizes > 0]
            if not len(sizes) or np.median(sizes) < _NARROWEST * largest:
                raise InvalidInputError(
                    f"the largest feature is {largest:g}, and most are too small beside it for "
                    "float32. Scale them, or fill the placeholders for missing values."
                )
        return cls(metric, middle.tolist(), scale)

    def points(self, rows: AnyArray) -> Float32Array:
        """Return rows as points, float32, C-contiguous."""
        if self.metric == "cosine":
            return np.ascontiguousarray(directions(rows, always_flag_zeros=True), dtype=np.float32)
        moved = rows - np.asarray(self.middle, dtype=rows.dtype)
        if self.scale != 1:
            moved /= self.scale
        return np.ascontiguousarray(moved, dtype=np.float32)

    def distances(self, found: AnyArray) -> FloatArray:
        """Return distances between points as the metric has them, float64."""
        distances = found.astype(np.float64)
        return distances**2 / 2 if self.metric == "cosine" else distances * self.scale
