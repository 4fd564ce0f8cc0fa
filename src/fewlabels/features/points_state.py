"""Points and the fitted transformer that made them, as a model file holds them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fewlabels._typing import Estimator, Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.features._point_maker import is_point_maker, point_maker
from fewlabels.features._states import part, texts
from fewlabels.features.kinds import KINDS
from fewlabels.features.points import Points

_MATRICES = (np.ndarray, sparse.csr_array, sparse.csr_matrix)


def points_state(points: Points) -> State:
    """Return what a file holds of points."""
    return {
        "values": points.values,
        "kind": points.kind,
        "choices": list(points.choices),
        "warnings": list(points.warnings),
        "transformer": None if points.transformer is None else _state_of(points.transformer),
        "n_alike": points.n_alike,
        "distance": points.distance._state() if hasattr(points.distance, "_state") else None,
    }


def _state_of(transformer: object) -> State:
    name = type(transformer).__name__
    if not is_point_maker(name) or not hasattr(transformer, "_state"):
        raise InvalidInputError(
            f"features made by a {name} can't be saved. Make the points first, and fit on these."
        )
    return {"name": name, "state": transformer._state()}


def points_of_state(state: Package) -> Points:
    """Return the points of a file.

    Raises
    ------
    DataFileError
        If they are damaged.
    """
    kind = part(state, "kind", str)
    values = state.get("values")
    if kind not in KINDS or not isinstance(values, _MATRICES):
        raise DataFileError("the saved points are damaged")
    if values.ndim != 2 or values.dtype not in (np.float32, np.float64):
        raise DataFileError("the saved points are damaged: they are no rows of numbers")
    saved = state.get("transformer")
    transformer: Estimator = None
    if saved is not None:
        maker = point_maker(part(saved, "name", str))
        if maker is None:
            raise DataFileError(f"the saved features are made by {saved['name']!r:.100}")
        transformer = maker._from_state(saved["state"])
    distance = state.get("distance")  # files of before have none
    if distance is not None:
        if not hasattr(transformer, "_take_distance"):
            raise DataFileError("the saved points are damaged: nothing made their distance")
        distance = transformer._take_distance(distance, values.shape[0])
    choices, warnings = texts(state, "choices"), texts(state, "warnings")
    n_alike = state.get("n_alike")  # nor this
    if n_alike is not None and (type(n_alike) is not int or n_alike < 1):
        raise DataFileError("the saved points are damaged: no number of neighbours")
    return Points(values, kind, transformer, choices, warnings, distance, n_alike)
