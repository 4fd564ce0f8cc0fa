"""All that a model says of some points at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Answers:
    """A model's answers: one entry or row per point.

    Attributes
    ----------
    labels : ndarray of shape (n_points,)
        The most probable class.
    distributions : ndarray of shape (n_points, n_classes), float64
        Calibrated probabilities, in the order of `classes_`.
    doubt : ndarray of shape (n_points,), str
        As :meth:`FewLabelsClassifier.doubt` has it.
    sets : ndarray of shape (n_points, n_classes), bool
        As :meth:`FewLabelsClassifier.predict_set` has it, without empty sets.
    evidence : ndarray of shape (n_points,), float64
        How much evidence is near, as `evidence_`.
    reached : ndarray of shape (n_points,), bool
        Whether any is.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels import FewLabelsClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> y[5:50] = y[55:100] = y[105:] = -1
    >>> found = FewLabelsClassifier().fit(X, y).answers(X[:2])
    >>> found.labels, found.distributions.shape
    (array([0, 0]), (2, 3))
    """

    labels: np.ndarray
    distributions: npt.NDArray[np.float64]
    doubt: npt.NDArray[np.str_]
    sets: npt.NDArray[np.bool_]
    evidence: npt.NDArray[np.float64]
    reached: npt.NDArray[np.bool_]
