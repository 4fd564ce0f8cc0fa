"""The image distortion model, for pictures wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.features.image_distortion import ImageDistortion


class PictureDistance:
    """What compares pictures more finely than their points do, for graphs of points.

    Parameters
    ----------
    rows : ndarray of shape (n, height * width * channels)
        The pixels of the pictures that points were made of.
    shape : tuple of 2 int
        Height and width.
    rows_of : callable
        Returns such rows of new pictures, given as :class:`fewlabels.Images` takes them.
    n_jobs : int or None
    """

    #: What points say of it.
    choice = "neighbours: put into order by how little a picture has to be bent"

    def __init__(
        self,
        rows: npt.NDArray[Any],
        shape: tuple[int, int],
        rows_of: Callable[[Any], npt.NDArray[Any]],
        n_jobs: int | None,
    ) -> None:
        self.distortion = ImageDistortion((*shape, -1), n_jobs=n_jobs).fit(rows)
        self._rows_of = rows_of

    def between(self, rows: npt.ArrayLike, candidates: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distances of pictures, (m,), to candidates among them, (m, c)."""
        return self.distortion.between(rows, candidates)

    def to_new(self, new_data: Any, candidates: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distances of m new pictures to candidates, (m, c), among the first ones."""
        return self.distortion.to_new(self._rows_of(new_data), candidates)
