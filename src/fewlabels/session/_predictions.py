"""What a session knows or predicts of every point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from fewlabels.models._protocol import FittedModel
from fewlabels.session._model import answered, reached

AnyArray = np.ndarray


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Predictions:
    """What is known or predicted about every point.

    Attributes
    ----------
    labels : ndarray of shape (n_points,)
        The label given, else the model's likeliest class; -1 (labels that are numbers) or None
        where the model has no answer.
    classes : ndarray of shape (n_classes,)
        The classes seen so far, ascending.
    distributions : ndarray of shape (n_points, n_classes)
        The model's class probabilities; each row sums to 1.
    reached : ndarray of shape (n_points,), bool
        Whether a label reaches the point over the graph's edges; of others only the features
        tell, where they are known.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> found = Session(X).tell([0, 1], ["a", "b"]).predictions()
    >>> found.labels.shape, found.distributions.shape
    ((60,), (60, 2))
    """

    labels: AnyArray
    classes: AnyArray
    distributions: npt.NDArray[np.floating]
    reached: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, model: FittedModel, given: AnyArray, labelled: npt.NDArray[np.intp]) -> Self:
        """Put a fitted model's word beside the labels `given`, which hold for `labelled`."""
        labels = given.copy()
        free = answered(model).copy()
        free[labelled] = False
        labels[free] = model.classes_[model.label_distributions_[free].argmax(axis=1)]
        return cls(labels, model.classes_, model.label_distributions_, reached(model))
