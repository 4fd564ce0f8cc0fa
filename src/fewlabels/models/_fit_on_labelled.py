"""Any classifier of scikit-learn as a model of all points."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing

from fewlabels._labels import encode_labels
from fewlabels._typing import Estimator


class FitOnLabelled(BaseEstimator):
    """Fit a classifier on the points that have a label, and ask it about all.

    Those of :mod:`sklearn.semi_supervised` get all points, -1 where there is no label.

    Parameters
    ----------
    estimator : classifier of scikit-learn
        Unfitted, and not changed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    label_distributions_ : ndarray of shape (n_points, n_classes), float64
        Its ``predict_proba``; where it has none, 1 for the class that it predicts.
    estimator_ : classifier
        Fitted on the places of the labels in `classes_`. Absent while there is only one class.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from fewlabels.models._fit_on_labelled import FitOnLabelled
    >>> model = FitOnLabelled(KNeighborsClassifier(1))
    >>> model.fit([[0.0], [1.0], [9.0]], ["a", None, "b"]).label_distributions_
    array([[1., 0.],
           [1., 0.],
           [0., 1.]])
    """

    def __init__(self, estimator: Estimator) -> None:
        self.estimator = estimator

    def fit(self, X: object, y: npt.ArrayLike) -> Self:
        """Fit on features and a label for each row, -1 (numbers) or None where there is none."""
        labels = encode_labels(y)
        self.classes_: np.ndarray = labels.classes
        shape = (len(labels.codes), len(labels.classes))
        if len(labels.classes) == 1:  # which most classifiers refuse
            self.label_distributions_ = np.ones(shape)
            return self
        self.estimator_ = clone(self.estimator)
        if type(self.estimator).__module__.startswith("sklearn.semi_supervised"):
            self.estimator_.fit(X, labels.codes)
        else:
            known = np.flatnonzero(labels.labelled)
            self.estimator_.fit(_safe_indexing(X, known), labels.codes[known])
        if hasattr(self.estimator_, "predict_proba"):
            self.label_distributions_ = np.asarray(
                self.estimator_.predict_proba(X), dtype=np.float64
            )
        else:
            self.label_distributions_ = np.zeros(shape)
            self.label_distributions_[np.arange(shape[0]), self.estimator_.predict(X)] = 1
        return self
