"""The image distortion model, for pictures wherever they are."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels._typing import State
from fewlabels.features._states import part
from fewlabels.features.image_distortion import ImageDistortion
from fewlabels.features.new_points import Compare

Pixels = np.ndarray


class PictureDistance:
    """What compares pictures more finely than their points do, for graphs of points.

    Parameters
    ----------
    distortion : ImageDistortion
        Fitted on the pixels of the pictures that points were made of.
    """

    #: What points say of it.
    choice = "neighbours: put into order by how little a picture has to be bent"

    def __init__(self, distortion: ImageDistortion) -> None:
        self.distortion = distortion

    @classmethod
    def of(cls, rows: Pixels, shape: tuple[int, int], n_jobs: int | None) -> Self:
        """Return the distance of pictures, given as rows of pixels of this height and width."""
        return cls(ImageDistortion((*shape, -1), n_jobs=n_jobs).fit(rows))

    def between(self, rows: npt.ArrayLike, candidates: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distances of pictures, (m,), to candidates among them, (m, c)."""
        return self.distortion.between(rows, candidates)

    def to_new(self, pixels: Pixels) -> Compare:
        """Return what compares new pictures, given as rows of pixels, with the fitted ones."""
        return lambda rows, candidates: self.distortion.to_new(pixels[rows], candidates)

    def _state(self) -> State:
        """Return the pictures' gradients: 2 bytes a pixel of at most 32 x 32."""
        return self.distortion._state()

    @classmethod
    def _from_state(cls, state: object, shape: tuple[int, int], n_pictures: int) -> Self:
        """Return what :meth:`_state` described; raise DataFileError if it is damaged."""
        channels = int(part(state, "channels", int))
        held = ImageDistortion._from_state(state, (*shape, channels), n_pictures)
        return cls(held)
