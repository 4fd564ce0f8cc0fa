"""The image distortion model: how far images are where each pixel may be matched a little aside."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels._typing import State
from fewlabels._validation import check_integer, check_n_jobs
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.features._batches import run_batches
from fewlabels.features._distortions import LONGEST, summed_distortions
from fewlabels.features._gradients import sobel
from fewlabels.features._images import (
    Shape,
    enlarged_shape,
    rescaled,
    resized,
    resolve_shape,
    validated_rows,
)
from fewlabels.features._states import number, numbers

# Smaller images are enlarged to this, so that a step of a pixel is a small one; larger ones are
# reduced, for time grows with the number of pixels, and what moves by more than two pixels of 32
# has moved.
_SMALLEST_SIDE, _LARGEST_SIDE = 16, 32
_MOST_WARP = 8
# Pixels around each that are compared, itself included.
_CONTEXT = 9
# Images whose gradients a thread computes at once.
_IMAGES = 256


class ImageDistortion(BaseEstimator):
    """Distances between images that tolerate small local shifts.

    Each pixel of an image is matched with the pixel of the other, at most `warp_range` aside,
    around which it looks most alike. With g the gradient (Sobel) of an image::

        m(a, b) = sum over pixels p of a   min_q sum_c |g_a(p + c) - g_b(q + c)|^2
        d(a, b) = sqrt((m(a, b) + m(b, a)) / (m(a, 0) + m(b, 0))),   m(a, 0) = 9 sum_p |g_a(p)|^2

    over pixels q of b with |q - p| <= `warp_range` along both axes, and the 3 x 3 places c around
    a pixel. So a stroke that is bent or a little aside costs little, and one that is not there
    costs much. Neighbouring pixels are matched independently: the model of zero order. What
    remains is a share of what there is to match: else images with many edges would be far from
    all others, and those with few near to all.

    It is meant to put candidates for neighbours into order, which features found:
    :class:`fewlabels.OrientedGradients` first, then
    ``shared_neighbor_graph(features, distance=distortion)``. No labels are used.

    Parameters
    ----------
    image_shape : None or tuple of int, default=None
        As of :class:`fewlabels.OrientedGradients`. Of several channels the one with the steepest
        gradient speaks for each pixel.
    warp_range : int, default=2
        How many pixels aside a match may be; 0 to 8.
    n_jobs : int, default=None
        Number of threads; None and -1 mean all cores. The result does not depend on it.

    Attributes
    ----------
    image_shape_ : tuple of 3 int
        Height, width and channels.
    n_features_in_ : int

    Notes
    -----
    Images of fewer than 16 pixels along their longer side are enlarged to 16, those of more than
    32 are reduced to 32; proportions are kept. The contrast of an image makes no difference:
    gradients are divided by the longest of the image, and rounded to 1/40 of it. Sums are of
    integers, so that distances are the same to the last bit on whatever processor, compiled or
    not.

    To compare two images of 28 x 28 pixels both ways, in one pass, takes 9 microseconds of a core
    where it is compiled; NumPy takes some 40 times as long. Memory: 2 bytes a pixel.

    References
    ----------
    D. Keysers, T. Deselaers, C. Gollan, H. Ney, "Deformation models for image recognition", IEEE
    Transactions on Pattern Analysis and Machine Intelligence 29 (2007), sections 3.4 and 4. There
    one direction is taken, and no share.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from fewlabels.features import ImageDistortion, OrientedGradients
    >>> from fewlabels.graph import shared_neighbor_graph
    >>> X = load_digits().data[:330]
    >>> features = OrientedGradients().fit_transform(X)
    >>> graph = shared_neighbor_graph(features, distance=ImageDistortion().fit(X))
    """

    def __init__(
        self,
        image_shape: tuple[int, ...] | None = None,
        *,
        warp_range: int = 2,
        n_jobs: int | None = None,
    ) -> None:
        self.image_shape = image_shape
        self.warp_range = warp_range
        self.n_jobs = n_jobs

    def fit(self, X: object, y: object = None) -> Self:
        """Hold the gradients of images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height * width * channels)
            Images as rows of finite numbers of any scale.
        y : ignored

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a value is not finite, a setting can't be used, or no image of that shape has so
            many pixels.
        NotEnoughMemoryError
            If the gradients do not fit the memory that is free.
        """
        self._check_parameters()
        rows = validated_rows(self, X, reset=True)
        self.image_shape_ = resolve_shape(self.image_shape, rows.shape[1])
        self._gradients, self._lengths = self._gradients_of(rows)
        return self

    def between(self, rows: npt.ArrayLike, candidates: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distances of fitted images to candidates among them.

        Parameters
        ----------
        rows : array-like of int of shape (m,)
        candidates : array-like of int of shape (m, c)

        Returns
        -------
        ndarray of shape (m, c), float32
            Of rows[i] and candidates[i, j]: symmetric, 0 for the same image; no metric.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If these are no numbers of fitted images, or their shapes don't fit each other.
        """
        check_is_fitted(self)
        self._check_parameters()
        own = _places(rows, "rows", 1, len(self._gradients))
        return self._distances(self._gradients, self._lengths, own, candidates)

    def to_new(self, X: object, candidates: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the distances of new images to candidates among the fitted ones.

        Parameters
        ----------
        X : array-like of shape (m, height * width * channels)
        candidates : array-like of int of shape (m, c)

        Returns
        -------
        ndarray of shape (m, c), float32

        Raises
        ------
        InvalidInputError, InvalidTypeError
            As :meth:`fit` and :meth:`between`.
        """
        check_is_fitted(self)
        self._check_parameters()
        new, lengths = self._gradients_of(validated_rows(self, X, reset=False))
        return self._distances(new, lengths, np.arange(len(new)), candidates)

    def _state(self) -> State:
        """Return the gradients of the fitted images, from which all else follows."""
        check_is_fitted(self)
        return {
            "channels": int(self.image_shape_[2]),
            "warp_range": int(self.warp_range),
            "gradients": self._gradients,
        }

    @classmethod
    def _from_state(cls, state: object, image_shape: Shape, n_images: int) -> Self:
        """Return what :meth:`_state` described; raise DataFileError if it is damaged."""
        warp_range = int(number(state, "warp_range"))
        gradients = numbers(state, "gradients", n_dimensions=4)
        size = enlarged_shape(*image_shape[:2], _SMALLEST_SIDE, _LARGEST_SIDE)
        sound = gradients.dtype == np.int8 and gradients.shape == (n_images, 2, *size)
        # no longer than that, or else squares overflow
        if not sound or np.abs(gradients, dtype=np.int16).max(initial=0) > LONGEST:
            raise DataFileError("the saved features are damaged: 'gradients' are not those of it.")
        if not (image_shape[2] >= 1 and 0 <= warp_range <= _MOST_WARP):
            raise DataFileError("the saved features are damaged: they belong to no images.")
        held = cls(image_shape, warp_range=warp_range)
        held.image_shape_ = image_shape
        held.n_features_in_ = int(np.prod(image_shape))
        held._gradients, held._lengths = gradients, _to_match(gradients)
        return held

    def _distances(
        self,
        own: npt.NDArray[np.int8],
        lengths: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int64],
        candidates: npt.ArrayLike,
    ) -> npt.NDArray[np.float32]:
        among = _places(candidates, "candidates", 2, len(self._gradients))
        if len(among) != len(rows):
            raise InvalidInputError(
                f"candidates must have a row for each of the {len(rows)} images that are compared "
                f"with them; got shape {among.shape}."
            )
        sums = summed_distortions(own, rows, self._gradients, among, self.warp_range, self.n_jobs)
        to_match = lengths[rows][:, None] + self._lengths[among]
        shares = sums / np.where(to_match > 0, to_match, 1)
        return np.sqrt(shares).astype(np.float32)

    def _gradients_of(self, rows: np.ndarray) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
        """Return gradients of shape (n, 2, height, width), and what there is to match in each.

        The longest gradient of each image is 40.
        """
        sizes = self.image_shape_[:2]
        height, width = enlarged_shape(*sizes, _SMALLEST_SIDE, _LARGEST_SIDE)
        shape = (len(rows), 2, height, width)
        require_memory(
            int(np.prod(shape)),
            f"the gradients of {len(rows):,} images",
            "Fit a part of the images.",
        )
        gradients = np.empty(shape, dtype=np.int8)

        def compute(batch: slice) -> None:
            images = resized(rescaled(rows[batch], self.image_shape_), height, width)
            found = np.stack(sobel(images), axis=1)
            lengths = np.sqrt(np.square(found).sum(axis=1)).max(axis=(1, 2))
            found *= (LONGEST / np.where(lengths > 0, lengths, 1))[:, None, None, None]
            gradients[batch] = np.rint(found, out=found)

        run_batches(compute, row_blocks(len(rows), _IMAGES), self.n_jobs)
        return gradients, _to_match(gradients)

    def _check_parameters(self) -> None:
        check_integer("warp_range", self.warp_range, minimum=0, maximum=_MOST_WARP)
        check_n_jobs(self.n_jobs)


def _to_match(gradients: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """Return what there is to match in each image: m(a, 0)."""
    sums = np.empty(len(gradients), dtype=np.int64)
    for rows in row_blocks(len(gradients), _IMAGES):
        squares = np.square(gradients[rows], dtype=np.int16)
        sums[rows] = squares.sum(axis=(1, 2, 3), dtype=np.int64)
    return _CONTEXT * sums


def _places(values: npt.ArrayLike, name: str, ndim: int, n_images: int) -> npt.NDArray[np.int64]:
    """Return numbers of images as contiguous int64, or raise."""
    places = np.asarray(values)
    if places.dtype.kind not in "iu":
        raise InvalidTypeError(f"{name} must hold integers, got dtype {places.dtype}.")
    if places.ndim != ndim:
        raise InvalidInputError(f"{name} must have {ndim} dimensions, got shape {places.shape}.")
    if places.size and not 0 <= int(places.min()) <= int(places.max()) < n_images:
        raise InvalidInputError(
            f"{name} must be from 0 to {n_images - 1}, the fitted images; got "
            f"{int(places.min())} to {int(places.max())}."
        )
    return np.ascontiguousarray(places, dtype=np.int64)
