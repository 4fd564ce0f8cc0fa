"""Histograms of oriented gradients (Dalal, Triggs 2005), for images of any size, many at once."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels._validation import check_integer, check_n_jobs, check_real
from fewlabels.features._batches import run_batches
from fewlabels.features._gradients import (
    as_distributions,
    direction_maps,
    gathered,
    gradients,
    windows,
)
from fewlabels.features._images import (
    enlarged_shape,
    rescaled,
    resized,
    resolve_shape,
    validated_rows,
)

# Numbers in the maps of a batch: they stay near the core, and a batch is still worth a call.
_BATCH_ENTRIES = 1 << 18


class OrientedGradients(TransformerMixin, BaseEstimator):
    """Describe where an image has edges, and in which directions, as a distribution.

    Images of one class differ more in brightness, stroke and position than in their edges, so
    neighbours by these features share a class more often than neighbours by pixels. No labels and
    no learned weights are used. The defaults suit both digits of 8 x 8 pixels and clothes of 28 x
    28.

    With g the gradient at a pixel (central differences), a cell (i, j) gathers for direction k::

        c_ijk = sum over pixels of window_ij(pixel) |g| share_k(g)
        e_ijk = c_ijk / (c_ij + damping c)              c_ij = mean_k c_ijk,  c = mean_ij c_ij
        f_ijk = sqrt(e_ijk / sum_ijk e_ijk)

    Directions go all round: light on dark is not dark on light. ``share`` falls linearly between
    a direction and the next; ``window`` is a Gaussian around the cell's centre, its standard
    deviation half the distance between centres. Rows have length 1, and the Euclidean distance
    between two is sqrt(2) times the Hellinger distance between their distributions. A change of
    brightness or contrast of the whole image changes nothing.

    Parameters
    ----------
    image_shape : None or tuple of int, default=None
        (height, width), or (height, width, channels) with the channels last. One of the numbers may
        be -1, and is then inferred from the number of features. None: square, one channel. With
        several channels, each pixel uses the channel with the steepest gradient.
    n_orientations : int, default=12
        K, directions over 360 degrees; at least 2. Direction 0 is from dark at the left to light
        at the right, the next ones turn towards below.
    n_cells : int, default=8
        Cells along each axis, evenly spread; at least 1. An axis of fewer pixels, once the image
        was enlarged, has a cell each.
    damping : float, default=0.2
        The share of the image's mean that keeps cells without edges from becoming as strong as the
        others; positive. A large value keeps the cells' contrasts unchanged.
    smallest_side : int, default=16
        Images with fewer pixels along their longer side are first enlarged to this size, linearly,
        so that directions become finer than a few pixels can show; at least 1, which changes
        nothing.
    n_jobs : int, default=None
        Number of threads; None and -1 mean all cores. The result does not depend on it.

    Attributes
    ----------
    image_shape_ : tuple of 3 int
        Height, width and channels.
    n_cells_ : tuple of 2 int
        Cells from top to bottom, and from left to right.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` has column names.

    Notes
    -----
    Time is O(n h w c K) and a little for the cells; memory is that of the result,
    4 n p q K bytes for p x q cells, and a few megabytes a thread (or what one image takes).

    Dalal and Triggs look at patches of 64 x 128 with a person or none: they take directions over
    180 degrees, and normalise overlapping blocks of 2 x 2 cells, which makes the features four
    times as many. Here blocks are single cells with a `damping` relative to the image's mean,
    so that no block is normalised without regard to the rest.

    References
    ----------
    N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.

    R. Arandjelović and A. Zisserman, "Three things everyone should know to improve object
    retrieval", CVPR 2012, section 3 (the roots of shares).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from fewlabels import OrientedGradients, knn_graph
    >>> X, _ = load_digits(return_X_y=True)
    >>> features = OrientedGradients().fit_transform(X)
    >>> features.shape, features.dtype
    ((1797, 768), dtype('float32'))
    >>> graph = knn_graph(features, n_neighbors=10)
    """

    def __init__(
        self,
        image_shape: tuple[int, ...] | None = None,
        *,
        n_orientations: int = 12,
        n_cells: int = 8,
        damping: float = 0.2,
        smallest_side: int = 16,
        n_jobs: int | None = None,
    ) -> None:
        self.image_shape = image_shape
        self.n_orientations = n_orientations
        self.n_cells = n_cells
        self.damping = damping
        self.smallest_side = smallest_side
        self.n_jobs = n_jobs

    def fit(self, X: object, y: object = None) -> Self:
        """Find the shape of the images; nothing else is learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, height * width * channels)
            Images as rows of finite numbers of any scale, as ``images.reshape(len(images), -1)``
            makes them.
        y : ignored
            As scikit-learn's pipelines pass it.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a value is not finite, a setting can't be used, or no image of that shape has so
            many pixels.
        """
        self._check_parameters()
        rows = validated_rows(self, X, reset=True)
        height, width, channels = resolve_shape(self.image_shape, rows.shape[1])
        self.image_shape_ = height, width, channels
        self._size = enlarged_shape(height, width, self.smallest_side)
        self.n_cells_ = min(self.n_cells, self._size[0]), min(self.n_cells, self._size[1])
        self._n_orientations = self.n_orientations
        return self

    def transform(self, X: object) -> npt.NDArray[np.float32]:
        """Return the features of images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height * width * channels)

        Returns
        -------
        {ndarray, table} of shape (n_samples, p * q * K), float32
            Non-negative; rows of length 1, or of 0 where an image is constant. A table after
            ``set_output(transform="pandas")`` or ``"polars"``.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If a value is not finite or the number of features is another than in :meth:`fit`.
        NotEnoughMemoryError
            If the result does not fit in the free memory.
        """
        check_is_fitted(self)
        self._check_parameters()
        rows = validated_rows(self, X, reset=False)
        height, width = self._size
        n_maps = self._n_orientations
        shape = len(rows), self.n_cells_[0] * self.n_cells_[1] * n_maps
        require_memory(
            4 * shape[0] * shape[1],
            f"{shape[0]:,} x {shape[1]:,} features",
            "Lower n_cells or n_orientations, or transform part of the images at a time.",
        )
        features = np.empty(shape, dtype=np.float32)
        down, across = windows(height, self.n_cells_[0]), windows(width, self.n_cells_[1])

        def compute(batch: slice) -> None:
            images = resized(rescaled(rows[batch], self.image_shape_), height, width)
            maps = direction_maps(*gradients(images), n_maps)
            features[batch] = as_distributions(gathered(maps, down, across), self.damping)

        size = max(1, _BATCH_ENTRIES // (height * width * max(n_maps, self.image_shape_[2])))
        run_batches(compute, row_blocks(len(rows), size), self.n_jobs)
        return features

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns of :meth:`transform`: cell and direction.

        Parameters
        ----------
        input_features : ignored
            As scikit-learn's transformers take it.

        Returns
        -------
        ndarray of str of shape (p * q * K,), dtype object
            Such as ``"orientedgradients_2_5_1"``: cell row 2, cell column 5, direction 1.
        """
        check_is_fitted(self)
        numbers = np.ndindex(*self.n_cells_, self._n_orientations)
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}_{i}_{j}_{k}" for i, j, k in numbers], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_parameters(self) -> None:
        check_integer("n_orientations", self.n_orientations, minimum=2)
        check_integer("n_cells", self.n_cells, minimum=1)
        check_real("damping", self.damping, above=0)
        check_integer("smallest_side", self.smallest_side, minimum=1)
        check_n_jobs(self.n_jobs)
