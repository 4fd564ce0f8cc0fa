"""A classifier inside another: which classes it knows, how it is taught and what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from fewlabels._labels import UNLABELLED, Labels, encode_labels, has_minus_one, sorted_codes
from fewlabels._typing import Estimator
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._relabel import check_same_kind, concatenated

FloatArray = npt.NDArray[np.float64]


def check_has_probabilities(estimator: object) -> None:
    """Raise if `estimator` is no classifier that gives probabilities."""
    if hasattr(estimator, "fit") and hasattr(estimator, "predict_proba"):
        return
    raise InvalidTypeError(
        f"estimator must be a classifier with predict_proba, got {estimator!r}. To one that has "
        "none, sklearn.calibration.CalibratedClassifierCV gives it."
    )


def with_known_classes(estimator: object, labels: Labels) -> Labels:
    """Add the classes that a frozen estimator knows to those of the labels.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the estimator knows none of the labels' classes, classes of another type, or takes the
        unlabelled marker for a class.
    """
    if not isinstance(estimator, FrozenEstimator):
        return labels  # it will be taught these
    check_is_fitted(estimator)
    known = np.asarray(estimator.classes_)
    if np.array_equal(known, labels.classes):
        return labels
    check_same_kind(labels.classes, known)
    if not encode_labels(known, minus_one=has_minus_one(labels.classes)).labelled.all():
        raise InvalidInputError(
            "the frozen estimator takes the unlabelled marker for a class: its classes_ are "
            f"{known.tolist()}. Fit it on labelled points only."
        )
    classes, places = sorted_codes(concatenated(labels.classes, known))
    taught, said = np.split(places, [len(labels.classes)])
    if not np.isin(taught, said).any():
        raise InvalidInputError(
            f"the frozen estimator knows none of the classes of y: its classes_ are "
            f"{known.tolist()[:10]}, those of y {labels.classes.tolist()[:10]}."
        )
    codes = np.where(labels.labelled, taught[labels.codes], UNLABELLED)
    return replace(labels, classes=classes, codes=codes)


def fitted_on_labelled(estimator: object, X: object, labels: Labels) -> Estimator:
    """Return a clone of `estimator`, fitted on the labelled rows of `X`; a frozen one as it is.

    Where all labels are of one class, which most classifiers refuse to learn from, a
    DummyClassifier.

    Raises
    ------
    InvalidTypeError
        If labels have weights and `estimator` takes none.
    """
    model = clone(estimator)
    if isinstance(model, FrozenEstimator):
        return model
    rows = np.flatnonzero(labels.labelled)
    points, y = _safe_indexing(indexable(X)[0], rows), labels.classes[labels.codes[rows]]
    if len(labels.classes) == 1:
        return DummyClassifier().fit(points, y)
    if labels.weights is None:
        return model.fit(points, y)
    if not has_fit_parameter(model, "sample_weight"):
        raise InvalidTypeError(
            f"sample_weight is for the estimator, too, and fit of {type(model).__name__} takes "
            "none. Fit without weights."
        )
    return model.fit(points, y, sample_weight=labels.weights[rows])


def probabilities_over(classes: np.ndarray, estimator: Estimator, X: object) -> FloatArray:
    """Return `estimator`'s class distributions, columns in the order of `classes`.

    Returns
    -------
    ndarray of shape (n_samples, n_classes), float64
        Rows sum to 1; 0 for a class that the estimator does not know.

    Raises
    ------
    InvalidInputError
        If what the estimator says is no distribution over these classes.
    """
    said = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    names = np.asarray(estimator.classes_).tolist()
    place = {name: column for column, name in enumerate(classes.tolist())}
    who = f"predict_proba of {type(estimator).__name__}"
    if said.ndim != 2 or said.shape[1] != len(names) or not set(names) <= place.keys():
        raise InvalidInputError(
            f"{who} must give a column for each of the classes {classes.tolist()[:10]}; got shape "
            f"{said.shape} for classes_ {names[:10]}."
        )
    totals = said.sum(axis=1, keepdims=True)
    wrong = ~(np.isfinite(said).all(axis=1) & (said >= 0).all(axis=1) & (totals[:, 0] > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInputError(
            f"{who} must give non-negative, finite rows; row {row} is {said[row]}, and "
            f"{int(wrong.sum())} in all are not."
        )
    result = np.zeros((len(said), len(classes)))
    result[:, [place[name] for name in names]] = said / totals
    return result
