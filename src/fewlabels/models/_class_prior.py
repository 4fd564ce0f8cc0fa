"""The shares of the classes that a user expects, as a classifier takes them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, SupportsFloat, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import refuse_masked
from fewlabels._labels import Labels
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._targets import SUM_TOLERANCE, IndicatorLabels

FloatArray = npt.NDArray[np.float64]
ClassPrior: TypeAlias = str | npt.ArrayLike | Mapping[Any, Any] | None

_ALLOWED = (
    'None, "uniform", "labels", an array with a share for each class, or a mapping from each class '
    "to its share"
)


def shares_by_class(class_prior: object) -> Mapping[object, SupportsFloat] | None:
    """Return a prior that goes from class to share as a mapping, or None of any other.

    A ``pandas.Series`` goes by its index, as ``y.value_counts(normalize=True)`` does: its order
    is that of the shares, and no class's.
    """
    if isinstance(class_prior, Mapping):
        return class_prior
    if hasattr(class_prior, "keys") and hasattr(class_prior, "items"):
        return dict(class_prior.items())
    return None


def resolve_class_prior(class_prior: ClassPrior, labels: Labels) -> FloatArray | None:
    """Return the expected share of each class, or None.

    Parameters
    ----------
    class_prior : None, "uniform", "labels", array-like of shape (n_classes,) or mapping
        ``"labels"``: the shares of the classes among the labels, by weight. A mapping goes from
        class to share, and so does a ``pandas.Series``, by its index.
    labels : Labels

    Returns
    -------
    ndarray of shape (n_classes,), or None
        Shares in the order of `labels.classes`; they sum to 1.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the shares don't fit the classes, don't sum to 1, or several classes may hold of a point.
    """
    if class_prior is None:
        return None
    if isinstance(labels, IndicatorLabels):
        raise InvalidInputError(
            f"class_prior must be None where several classes may hold of a point, got "
            f"{class_prior!r}: marginal probabilities share nothing out. Leave it None, or fit "
            "each class on its own."
        )
    n_classes = len(labels.classes)
    if isinstance(class_prior, str):
        if class_prior == "uniform":
            return np.full(n_classes, 1 / n_classes)
        if class_prior == "labels":
            return labels.shares()
        raise InvalidInputError(f"class_prior must be {_ALLOWED}; got {class_prior!r}.")
    refuse_masked(class_prior, "class_prior", "Give every class its share")
    by_class = shares_by_class(class_prior)
    given = class_prior if by_class is None else _in_order(by_class, labels)
    try:
        if np.asarray(given).dtype == bool:
            raise TypeError("booleans are not shares")
        shares = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"class_prior must be {_ALLOWED}; got {class_prior!r}.") from error
    if shares.shape != (n_classes,):
        raise InvalidInputError(
            f"class_prior must hold a share for each of the {n_classes} classes "
            f"{_listed(labels.classes)}, shape ({n_classes},); got shape {shares.shape}."
        )
    wrong = ~(np.isfinite(shares) & (shares >= 0))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InvalidInputError(
            f"class_prior must hold finite shares of at least 0; that of class "
            f"{labels.classes[place]!s} is {shares[place]!s}."
        )
    total = float(shares.sum())
    if abs(total - 1) > SUM_TOLERANCE:
        raise InvalidInputError(
            f"class_prior must sum to 1 within {SUM_TOLERANCE:g}; it sums to {total:.9g}. Divide "
            "it by its sum, or check that it holds shares and not counts."
        )
    return np.asarray(shares / total)


def _in_order(prior: Mapping[object, SupportsFloat], labels: Labels) -> list[float]:
    known = labels.classes.tolist()
    # True equals 1, but is no name of that class
    kinds = {name: _is_bool(name) for name in known}
    unknown = [name for name in prior if kinds.get(name) is not _is_bool(name)]
    if unknown:
        raise InvalidInputError(
            f"class_prior names {unknown[0]!r}, which no label has: the classes are "
            f"{_listed(labels.classes)}."
        )
    missing = [name for name in known if name not in prior]
    if missing:
        raise InvalidInputError(
            f"class_prior has no share for class {missing[0]!r}: give one for each of "
            f"{_listed(labels.classes)}."
        )
    for name, share in prior.items():
        if not isinstance(share, Real) or _is_bool(share):
            raise InvalidTypeError(
                f"class_prior must map classes to numbers; {name!r} has {share!r}."
            )
    return [float(prior[name]) for name in known]


def _is_bool(value: object) -> bool:
    return isinstance(value, (bool, np.bool_))


def _listed(classes: np.ndarray) -> str:
    """Name the classes, the first few of many."""
    shown = [repr(value) for value in classes[:10].tolist()]
    return ", ".join(shown) + (f", ... ({len(classes)} in all)" if len(classes) > 10 else "")
