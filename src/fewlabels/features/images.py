"""Pictures as points: where their edges run, and which colours they have."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from fewlabels._typing import Matrix, State
from fewlabels._validation import check_choice, check_n_jobs
from fewlabels.exceptions import DataFileError
from fewlabels.features._colours import N_COLOURS
from fewlabels.features._picture_distance import PictureDistance
from fewlabels.features._picture_looks import SMALL, Look, look_of
from fewlabels.features._picture_recipe import SHAPES, WITH_COLOURS, Recipe
from fewlabels.features._point_maker import PointMaker
from fewlabels.features._reach import reach_of
from fewlabels.features._states import number, part, texts, unread_of, unread_state
from fewlabels.features.new_points import NewPoints, warn_of
from fewlabels.features.picture_sets import (
    PictureArray,
    PictureItems,
    Range,
    Shape,
    named_pictures,
    picture_set,
    reader,
    unread_warning,
)
from fewlabels.io import counted

RECIPES = ("auto", SHAPES, WITH_COLOURS)

# Pictures that are looked at before the recipe is chosen.
_LOOKED_AT = 300
# The side to which larger pictures are brought: of shapes alone, and with colours.
_SHAPES_SIDE, _COLOURS_SIDE = 32, 64


class Images(PointMaker):
    """Turn pictures of any size and format into points, without labels or learned weights.

    Grey pictures of one object each, on an empty background or no larger than 64 pixels (digits,
    clothes, scanned letters), use :class:`fewlabels.OrientedGradients`. All others use oriented
    gradients in fewer cells, those of the outline of the foreground (everything that does not have
    the border's colour), and the shares of 144 colours in the whole picture and in the foreground.
    For photographs and drawings, neither is good: a pretrained network is much better, see
    `embeddings` of :func:`fewlabels.make_points`.

    Parameters
    ----------
    recipe : {"auto", "shapes", "shapes and colours"}, default="auto"
        How points are made. "auto": chosen by looking at some of the pictures, see `choices_`.
    n_jobs : int, default=None
        Number of threads; None and -1 mean all cores. The result does not depend on it.
    random_state : int, default=0
        Seed for the sample of pictures by which the recipe is chosen.

    Attributes
    ----------
    recipe_ : str
        ``"shapes"`` or ``"shapes and colours"``.
    shape_ : tuple of 2 int
        Height and width to which pictures are resized.
    choices_, warnings_ : tuple of str
        What was chosen and why; what will work poorly, and what could not be read.
    distance_ : object, or None
        For shapes, the image distortion model of the pictures
        (:class:`fewlabels.features.ImageDistortion`), by which graphs rank candidates for
        neighbours. None if it would leave more pictures without near neighbours, as for clothes.
    unread_ : dict of int to str
        Rows whose picture could not be read, and why. These rows are zeros without information:
        leave them out, or ignore their answers.

    Notes
    -----
    EXIF orientation is applied, transparent pixels become white, and only the first frame of
    animations is used. Files of more than 100 million pixels are not decoded (non-progressive JPEGs
    may have any size, because they are decoded at a smaller one).

    References
    ----------
    N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005.

    M. J. Swain and D. H. Ballard, "Color indexing", International Journal of Computer Vision
    7, 1991.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from fewlabels.features import Images
    >>> images = Images()
    >>> images.fit_transform(load_digits().images).shape
    (1797, 768)
    >>> images.recipe_
    'shapes'
    """

    _compares = True  # tables, which compare more than pictures, set it to False

    def __init__(
        self, recipe: str = "auto", *, n_jobs: int | None = None, random_state: int = 0
    ) -> None:
        self.recipe = recipe
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: object, y: object = None) -> Self:
        """Choose the recipe and the size; see :meth:`fit_transform`, which reads files once."""
        self._fit_points(X, y)
        return self

    def fit_transform(self, X: object, y: object = None) -> Matrix:
        """Choose the recipe, and return the points of the pictures.

        Parameters
        ----------
        X : list of paths or of pictures, ndarray, or path of a folder
            Paths (str or Path), Pillow images, or an array per picture; None is a row without a
            picture. An array has the shape (n, height, width) or (n, height, width, channels) and
            any numeric type. A folder stands for all pictures in it and below it, sorted by path.
        y : ignored
            As scikit-learn's pipelines pass it.

        Returns
        -------
        ndarray of shape (n, d), float32
            Rows of length 1; of 0 where a picture is constant, or could not be read.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If these are no pictures, or a setting can't be used.
        DataFileError
            If none of the pictures can be read; says why.
        NotEnoughMemoryError
            If the result does not fit in the free memory.
        """
        return self._fit_points(X, y)

    def _fit_points(self, X: object, y: object = None) -> Matrix:
        check_choice("recipe", self.recipe, RECIPES)
        check_n_jobs(self.n_jobs)
        seed = self._seed()
        pictures = picture_set(X)
        white = pictures.range if isinstance(pictures, PictureArray) else (0.0, 255.0)
        look = self._look(pictures, white)
        name = self._recipe_for(look)
        self._recipe = recipe = Recipe(name, _shape_for(look, name), white)
        self.recipe_, self.shape_ = recipe.name, recipe.shape
        made = recipe.points(
            pictures,
            self.n_jobs,
            keep_pixels=self._compares and not recipe.has_colours,
            progress=self._progress,
        )
        values, self.unread_ = made.values, made.unread
        self.distance_: PictureDistance | None = None
        if made.pixels is not None:
            distance = PictureDistance.of(made.pixels, self.shape_, self.n_jobs)
            if reach_of(values, distance, seed).is_kept:
                self.distance_ = distance
        self.choices_ = tuple(self._choices(look, len(pictures)))
        self.warnings_ = tuple(self._warnings(pictures))
        return values

    def transform(self, X: object) -> Matrix:
        """Return the points of other pictures, by the chosen recipe.

        Parameters
        ----------
        X : list of paths or of pictures, ndarray, or path of a folder

        Returns
        -------
        ndarray of shape (n, d), float32

        Warns
        -----
        FeatureWarning
            If pictures can't be read: their rows are 0, and their answers mean nothing. If an array
            seems to be on another scale than the fitted ones, such as 0 to 1 instead of 0 to 255.
        """
        found = self._of_new(X)
        warn_of(found.warnings)
        return found.values

    def _of_new(self, X: object) -> NewPoints:
        """Return other pictures as points, and what compares them with the fitted ones."""
        check_is_fitted(self)
        pictures = picture_set(X)
        distance: PictureDistance | None = self.distance_
        told = []
        if isinstance(pictures, PictureArray) and not self._recipe.takes_as_it_is(pictures):
            told += self._about_scale(pictures.range[1])
        made = self._recipe.points(pictures, self.n_jobs, keep_pixels=distance is not None)
        if any(made.unread.values()):
            told.append(unread_warning(pictures, made.unread))
        return NewPoints(
            made.values,
            np.array(sorted(made.unread), dtype=np.intp),
            None if distance is None or made.pixels is None else distance.to_new(made.pixels),
            tuple(told),
        )

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the columns of :meth:`transform`.

        Parameters
        ----------
        input_features : ignored
            As scikit-learn's transformers take it.

        Returns
        -------
        ndarray of str of shape (d,), dtype object
            Edges by cell and direction, colours by number: ``"images_edges_0"`` and so on.
        """
        check_is_fitted(self)
        return np.array(self._recipe.names, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags

    def _state(self) -> State:
        """Return what was chosen as plain values.

        Without the distance, which holds pictures, and belongs to the points that use it.
        """
        check_is_fitted(self)
        return {
            "recipe": self.recipe_,
            "height": int(self.shape_[0]),
            "width": int(self.shape_[1]),
            "black": float(self._recipe.range[0]),
            "white": float(self._recipe.range[1]),
            "choices": list(self.choices_),
            "warnings": list(self.warnings_),
            "unread": unread_state(self.unread_),
        }

    @classmethod
    def _from_state(cls, state: object) -> Self:
        """Return what :meth:`_state` described; raise DataFileError if it is damaged."""
        recipe = part(state, "recipe", str)
        height, width = (int(number(state, key)) for key in ("height", "width"))
        if recipe not in RECIPES[1:] or not (0 < height <= SMALL and 0 < width <= SMALL):
            raise DataFileError(
                f"the saved features are damaged: no pictures of {height} x {width} pixels make "
                f"points by {recipe!r}. Fit and save them again."
            )
        images = cls(recipe)
        images.recipe_, images.shape_ = recipe, (height, width)
        white = number(state, "black"), number(state, "white")
        images._recipe = Recipe(recipe, (height, width), white)
        images.choices_, images.warnings_ = texts(state, "choices"), texts(state, "warnings")
        images.unread_ = unread_of(state)
        images.distance_ = None
        return images

    def _take_distance(self, state: object, n_pictures: int) -> PictureDistance:
        """Compare new pictures by a distance that was saved; raise DataFileError if damaged."""
        self.distance_ = PictureDistance._from_state(state, self.shape_, n_pictures)
        return self.distance_

    def _look(self, pictures: PictureArray | PictureItems, white: Range) -> Look:
        """Look at some of the pictures, drawn at random."""
        n = len(pictures)
        rows = np.arange(n)
        if n > _LOOKED_AT:
            rng = np.random.default_rng(self.random_state)
            rows = np.sort(rng.choice(n, _LOOKED_AT, replace=False))
        if isinstance(pictures, PictureArray):
            sizes = np.tile(pictures.shape, (len(rows), 1))
            return look_of(pictures.bytes_of(rows, white), sizes)
        for looked_at in (rows, np.arange(n)):  # all, if none of those can be read
            items = [pictures.items[row] for row in looked_at.tolist()]
            shape = _COLOURS_SIDE, _COLOURS_SIDE
            read = reader().read_pictures(items, shape, n_jobs=self.n_jobs)
            if len(read.unread) < len(items):
                break
        else:
            named = named_pictures(pictures, read.unread)
            raise DataFileError(f"none of {counted(n, 'picture')} can be read: {named}.")
        there = np.setdiff1d(np.arange(len(items)), list(read.unread))
        return look_of(read.pixels[there], read.sizes[there])

    def _recipe_for(self, look: Look) -> str:
        if self.recipe != "auto":
            return self.recipe
        is_shape = look.is_grey and (look.is_centred or look.is_small)
        return SHAPES if is_shape else WITH_COLOURS

    def _choices(self, look: Look, n: int) -> list[str]:
        size = f"{look.height} x {look.width} pixels"
        about = size if look.same_size else f"{size} in the middle"
        centred = f"{look.centred:.0%} show one thing on an empty ground"
        grey = "grey" if look.is_grey else f"{1 - look.grey:.0%} in colour"
        made = {
            "shapes": "where edges run (oriented gradients)",
            "shapes and colours": (
                f"where edges and outlines run, and which of {N_COLOURS} colours there are"
            ),
        }[self.recipe_]
        why = f"{grey}, {centred}, {about}" if self.recipe == "auto" else "as recipe says"
        fitted = (
            ""
            if look.same_size and (look.height, look.width) == self.shape_
            else (f", brought to {self.shape_[0]} x {self.shape_[1]}")
        )
        return [f"{counted(n, 'picture')}: {made}; {why}{fitted}"]

    def _about_scale(self, brightest: float) -> list[str]:
        white = self._recipe.range[1]
        if brightest > 2 * white or 0 < brightest < white / 100:
            return [
                f"these pictures go up to {brightest:g}, where {white:g} was white when the points "
                "were fitted. If they are on another scale, bring them to the same one."
            ]
        return []

    def _warnings(self, pictures: PictureArray | PictureItems) -> list[str]:
        lines = []
        if any(self.unread_.values()):
            lines.append(unread_warning(pictures, self.unread_))
        if self._recipe.has_colours:
            lines.append(
                "photographs and drawings are told apart poorly by edges and colours; a network "
                "that has learned to see does much better: embeddings='onnx:FILE' or "
                "embeddings='timm:NAME'."
            )
        return lines


def _shape_for(look: Look, recipe: str) -> Shape:
    """Return the size of pictures: small ones of one size as they are, others square."""
    if look.same_size and max(look.height, look.width) <= SMALL:
        return look.height, look.width
    side = _SHAPES_SIDE if recipe == SHAPES else _COLOURS_SIDE
    return side, side
