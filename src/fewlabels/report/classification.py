"""How well each class was predicted: precision, recall, F1, support, confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError

AnyArray: TypeAlias = np.ndarray
IntArray: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ClassRow:
    """One row of the table.

    Attributes
    ----------
    precision, recall, f1 : float
        From 0 to 1; 0 where the quotient would be 0 / 0.
    support : int
        True members of the class.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.report import report_on
    >>> report = report_on(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1]))
    >>> report.per_class[0].recall
    0.5
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Report:
    """How well each class was predicted.

    Attributes
    ----------
    per_class : dict of class to ClassRow
        The classes that are true or predicted for some point, ascending.
    average : ClassRow
        Means weighted by support, and the sum of the supports.
    confusion_labels : ndarray of shape (n_labels,)
    confusion_matrix : ndarray of shape (n_labels, n_labels), intp
        Row: true class; column: predicted class. Points with another true or predicted class
        are not in it.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.report import report_on
    >>> report = report_on(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1]))
    >>> report.confusion_matrix
    array([[1, 1],
           [0, 1]])
    """

    per_class: dict[object, ClassRow]
    average: ClassRow
    confusion_labels: AnyArray
    confusion_matrix: IntArray


def report_on(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, confusion_labels: npt.ArrayLike
) -> Report:
    """Count the hits and misses.

    Parameters
    ----------
    truth, predicted : array-like of shape (n_points,)
        One point or more.
    confusion_labels : array-like
        The classes of the confusion matrix, in its order.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or there is no point.

    Examples
    --------
    >>> from fewlabels.report import report_on
    >>> report_on([0, 0, 1, 1], [0, 1, 1, 1], [0, 1]).confusion_matrix
    array([[1, 1],
           [0, 2]])
    """
    actual: AnyArray = np.asarray(truth)
    guess: AnyArray = np.asarray(predicted)
    if actual.shape != guess.shape or actual.ndim != 1 or len(actual) == 0:
        raise InvalidInputError(
            "truth and predicted must be one-dimensional, of one length and not empty; got "
            f"shapes {actual.shape} and {guess.shape}."
        )
    per_class = {
        label: _row(actual == label, guess == label) for label in np.union1d(actual, guess).tolist()
    }
    labels: AnyArray = np.asarray(confusion_labels)
    matrix = np.array([[np.sum((actual == r) & (guess == c)) for c in labels] for r in labels])
    return Report(per_class, _average(list(per_class.values())), labels, matrix.astype(np.intp))


def _row(is_true: npt.NDArray[np.bool_], is_guess: npt.NDArray[np.bool_]) -> ClassRow:
    hits, guesses, support = (int(m.sum()) for m in (is_true & is_guess, is_guess, is_true))
    precision = _ratio(hits, guesses)
    recall = _ratio(hits, support)
    return ClassRow(precision, recall, _ratio(2 * precision * recall, precision + recall), support)


def _average(rows: list[ClassRow]) -> ClassRow:
    supports = np.array([row.support for row in rows])
    precision, recall, f1 = (
        float(np.average([getattr(row, name) for row in rows], weights=supports))
        for name in ("precision", "recall", "f1")
    )
    return ClassRow(precision, recall, f1, int(supports.sum()))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else 0.0
