"""Scores on rows of which some have no label: these do not count."""

from __future__ import annotations

import inspect

import numpy as np
import numpy.typing as npt
from sklearn.metrics import r2_score
from sklearn.utils import _safe_indexing, indexable

from fewlabels._labels import Labels, encode_labels, has_minus_one, sorted_codes
from fewlabels._typing import Estimator, Package
from fewlabels._validation import check_same_length
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.models._relabel import check_same_kind, concatenated
from fewlabels.models._targets import IndicatorLabels, checked_weights, encode_rows

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


class NoScore:
    """What cross-validation gets in place of the score of a test set without any label.

    scikit-learn makes NaN of an error there, and a traceback of each. Of a score that is no number
    it makes one error, at once, which shows it: this text.
    """

    def __init__(self, message: str) -> None:
        self.message = message

    def __repr__(self) -> str:
        return self.message


def no_label_to_score(n_rows: int) -> NoScore:
    """Raise, as there is no score where no row has a label; in cross-validation, return NoScore."""
    frame = inspect.currentframe()
    while frame and frame.f_globals.get("__name__") != "sklearn.model_selection._validation":
        frame = frame.f_back
    if frame:
        return NoScore(
            f"no score, for none of the {n_rows} rows of a test set has a label: split with "
            "cv=LabelledKFold(), which tests on labelled rows only,"
        )
    raise InvalidInputError(
        f"y holds no label: all {n_rows} rows to score on are marked as unlabelled. Score on rows "
        "whose label is known; in cross-validation, split with LabelledKFold, which tests on "
        "labelled rows only."
    )


def rows_of(X: object, known: BoolArray, sample_weight: object) -> tuple[object, FloatArray | None]:
    """Return the rows of `X` whose truth is known, and their weights.

    Raises
    ------
    InvalidInputError
        If `X` is a graph, the lengths differ, or weights can't be used.
    """
    if isinstance(X, Graph):
        raise InvalidInputError(
            "score places new points by their features, and X is a Graph. Compare transduction_ "
            "with the true labels, or use transductive_cross_val_score."
        )
    check_same_length(X, known)
    rows = np.flatnonzero(known)
    weights = None
    if sample_weight is not None:
        weights = checked_weights(sample_weight, len(known), known)[rows]
    if len(rows) < len(known):
        X = _safe_indexing(indexable(X)[0], rows)
    return X, weights


def accuracy(model: Estimator, X: object, y: Package, sample_weight: object) -> Package:
    """Return the share of the labelled rows that a fitted classifier answers rightly.

    Parameters
    ----------
    model : GraphClassifier
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_classes)
        -1 is a class if it is one of the model's.
    sample_weight : array-like of shape (n_samples,), or None

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If no row is labelled, labels are of another kind than the fitted ones, or as `rows_of`.
    """
    in_rows = encode_rows(y)
    labels: Labels = (
        encode_labels(y, minus_one=has_minus_one(model.classes_)) if in_rows is None else in_rows
    )
    known = labels.labelled
    several = isinstance(labels, IndicatorLabels)
    if several != model._is_multilabel or (several and len(labels.classes) != len(model.classes_)):
        raise InvalidInputError(
            "y must hold labels as those of the fit, "
            + (f"{len(model.classes_)} columns of 0 and 1" if model._is_multilabel else "one a row")
            + f"; got shape {np.shape(y)}."
        )
    points, weights = rows_of(X, known, sample_weight)
    if not known.any():
        return no_label_to_score(len(known))
    probabilities = model.predict_proba(points)
    if several:
        truth = labels.label_matrix(np.arange(len(labels.classes)), np.flatnonzero(known))
        right = ((probabilities > 0.5) == (truth > 0)).all(axis=1)
    else:
        check_same_kind(model.classes_, labels.classes)
        _, places = sorted_codes(concatenated(model.classes_, labels.classes))
        answers, truths = np.split(places, [len(model.classes_)])
        right = answers[np.argmax(probabilities, axis=1)] == truths[labels.codes[known]]
    return float(np.average(right, weights=weights))


def r_squared(
    model: Estimator, X: object, truth: FloatArray, sample_weight: object
) -> float | NoScore:
    """Return R^2 of a fitted regressor on the rows whose `truth` is not NaN.

    Raises
    ------
    InvalidInputError
        If there are none, or as `rows_of`.
    """
    known = ~np.isnan(truth)
    points, weights = rows_of(X, known, sample_weight)
    if not known.any():
        return no_label_to_score(len(known))
    return float(r2_score(truth[known], model.predict(points), sample_weight=weights))
