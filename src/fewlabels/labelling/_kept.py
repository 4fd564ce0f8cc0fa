"""What was predicted last, kept beside the points, so that an export needs no models."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.labelling._cache import Cache
from fewlabels.labelling._snapshot import DOUBTS, Predicted

_NAME = "predicted"
_PROVEN = "proven"
_TYPES: dict[str, type[np.generic]] = {
    "codes": np.int16,
    "second": np.int16,
    "confidence": np.float32,
    "evidence": np.float32,
    "doubt": np.uint8,
}


def keep_predictions(cache: Cache, predicted: Predicted, mark: str) -> None:
    """Keep what was predicted.

    Parameters
    ----------
    cache : Cache
    predicted : Predicted
    mark : str
        Of the log that it follows from.
    """
    held = {name: getattr(predicted, name) for name in _TYPES}
    if predicted.held is not None:
        held[_PROVEN] = predicted.held
    cache.put_arrays(_NAME, {**held, "mark": np.array(mark)})


def kept_predictions(
    cache: Cache, mark: str, n_points: int, class_ids: npt.ArrayLike
) -> Predicted | None:
    """Return what was predicted by the log with this mark; None if that is not kept.

    Parameters
    ----------
    cache : Cache
    mark : str
    n_points : int
    class_ids : array-like of int
        Those that there are.
    """
    found = cache.arrays(_NAME)
    if "mark" not in found or found["mark"].shape != () or str(found["mark"]) != mark:
        return None
    if "held" in found:
        return None  # of an earlier version, which left answers among them that are told nobody
    held = found.get(_PROVEN, np.full(n_points, -1, dtype=np.int16))
    arrays = {name: found.get(name, np.empty(0)) for name in _TYPES}
    fits = all(
        array.shape == (n_points,) and array.dtype == _TYPES[name] for name, array in arrays.items()
    )
    known = [-1, *np.asarray(class_ids).tolist()]
    if not (fits and held.shape == (n_points,) and held.dtype == np.int16):
        return None
    if not all(np.isin(each, known).all() for each in (arrays["codes"], arrays["second"], held)):
        return None
    if not (arrays["doubt"] < len(DOUBTS)).all():
        return None
    return Predicted(**arrays, held=held if _PROVEN in found else None)
