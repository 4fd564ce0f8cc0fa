"""What one label changed: a fit beside the fit without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels._unsaid import unsaid
from fewlabels.exceptions import InvalidInputError, UnreachedWarning
from fewlabels.insight import Influence
from fewlabels.models._protocol import FittedModel
from fewlabels.models._targets import IndicatorLabels


class Relabelled(FittedModel, Protocol):
    """What is read of a classifier, and of the same without a label."""

    transduction_: np.ndarray
    reached_: npt.NDArray[np.bool_]
    _fitted_params: Mapping[str, object]

    @property
    def _labels(self) -> Labels: ...
    @property
    def loo_labelled_(self) -> npt.NDArray[np.intp]: ...
    def _shallow(self) -> Self: ...
    def remove_labels(self, indices: list[int]) -> object: ...


Model = TypeVar("Model", bound=Relabelled)


def without_label(model: Model, node: int) -> Model:
    """Return a copy of a fitted estimator with the label of one point taken back.

    Raises
    ------
    InvalidInputError
        If the point has no label, or is the only one that has.
    """
    if not model._labels.labelled[node]:
        raise InvalidInputError(
            f"point {node} has no label, so that it influences nothing. The labelled points "
            "are in loo_labelled_."
        )
    other = model._shallow()
    vars(other).update(model._fitted_params)  # whatever was set since
    with unsaid(UnreachedWarning):  # the answer says so itself
        other.remove_labels([node])
    return other


def influence_of(
    model: Relabelled, node: int, other: Relabelled, answered: npt.NDArray[np.bool_] | None = None
) -> Influence:
    """Compare a fitted classifier with one that lacks the label of a point.

    Parameters
    ----------
    model, other : estimator
    node : int
    answered : ndarray of shape (n_samples,), bool, default=None
        Points of which the model has an answer. None: those that a label reaches.
    """
    if answered is None:
        answered = model.reached_
    labels = model._labels
    several = isinstance(labels, IndicatorLabels)
    without = np.zeros(model.label_distributions_.shape)
    # the class has gone where this was its last label
    without[:, np.isin(model.classes_, other.classes_)] = other.label_distributions_
    moved = np.abs(without - model.label_distributions_)
    change = moved.max(axis=1) if several else moved.sum(axis=1) / 2
    differs = model.transduction_ != other.transduction_
    unreached = model.reached_ & ~other.reached_
    # without a label's reach there was no answer, and a NaN there differs from itself
    flipped = answered & (differs.any(axis=1) if differs.ndim == 2 else differs)
    label = (
        labels.rows[np.searchsorted(model.loo_labelled_, node)].astype(int).tolist()
        if isinstance(labels, IndicatorLabels)
        else model.classes_[[labels.codes[node]]].tolist()[0]  # 3, and not np.int64(3)
    )
    return Influence(node, label, change, flipped, unreached, without)
