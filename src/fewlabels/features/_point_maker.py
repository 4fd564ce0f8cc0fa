"""What Texts, Images, Tables and Embeddings have in common, and where each is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from sklearn.base import BaseEstimator, TransformerMixin

from fewlabels._typing import Estimator, Matrix
from fewlabels._validation import check_integer

# Loaded when data needs them, as pictures need Pillow; of a file, nothing else is ever imported.
_HOMES = {
    "Embeddings": "fewlabels.features.embeddings",
    "Images": "fewlabels.features.images",
    "Tables": "fewlabels.features.tables",
    "Texts": "fewlabels.features.texts",
}


class PointMaker(TransformerMixin, BaseEstimator):
    """A transformer that makes points of data, tells how far it is, and may draw at random."""

    random_state: int
    _progress: Callable[[float], object] | None = None  # make_points sets it

    def _fit_points(self, X: object, y: object = None) -> Matrix:
        """Fit, and return points as an array, whatever ``set_output`` makes of fit_transform."""
        raise NotImplementedError

    def _tick(self, share: float) -> None:
        """Tell how much of the work is done, from 0 to 1."""
        if self._progress is not None:
            self._progress(share)

    def _seed(self) -> int:
        """Return `random_state`; raise if it is no seed."""
        return check_integer("random_state", self.random_state, minimum=0, maximum=2**32 - 1)


def point_maker(name: str) -> Estimator:
    """Return a class of point makers by its name; None if it is none."""
    home = _HOMES.get(name)
    return None if home is None else getattr(import_module(home), name)


def is_point_maker(name: str) -> bool:
    """Tell whether there is such a class."""
    return name in _HOMES
