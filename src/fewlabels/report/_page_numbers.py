"""What a report says of a model, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from fewlabels.insight import SuspectLabels
from fewlabels.models import Answers, FewLabelsClassifier

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# Labels left out that a group of the calibration plot holds at least, and most groups.
_IN_GROUP, _MOST_GROUPS = 8, 8
_THRESHOLDS = (0.99, 0.95, 0.9, 0.8, 0.5)


@dataclass(frozen=True, eq=False)
class ModelNumbers:
    """What is known of the answers of a model.

    Attributes
    ----------
    classes : list of str
    codes : ndarray of int of shape (n_rows,)
        The labels, -1 where there is none.
    answers : Answers
        Of all rows.
    answered : ndarray of int of shape (n_rows,)
        The most probable class.
    confidence : ndarray of shape (n_rows,)
    open_rows : ndarray of int
        Rows without a label that a label reached.
    judged : ndarray of int
        Labelled rows whose class another row has, too: the labels that can be left out.
    left_out : ndarray of shape (n_judged, n_classes)
        These rows as the others have them.
    suspects : SuspectLabels
    """

    classes: list[str]
    codes: IntArray
    answers: Answers
    answered: IntArray
    confidence: FloatArray
    open_rows: IntArray
    judged: IntArray
    left_out: FloatArray
    suspects: SuspectLabels

    @property
    def right(self) -> BoolArray:
        """Whether each label that was left out would have been answered as it is."""
        return np.asarray(self.left_out.argmax(axis=1) == self.codes[self.judged])

    @property
    def expected(self) -> float:
        """Share of the rows without a label whose answers are right, by their confidence."""
        return float(self.confidence[self.open_rows].mean()) if len(self.open_rows) else np.nan

    def calibration(self) -> tuple[FloatArray, ...] | None:
        """Groups of labels left out by confidence; None where they are too few.

        Returns
        -------
        mean, right, low, high, counts : ndarray of shape (n_groups,)
        """
        n_groups = min(_MOST_GROUPS, len(self.judged) // _IN_GROUP)
        if n_groups < 2:
            return None
        sure = self.left_out.max(axis=1)
        groups = np.array_split(np.argsort(sure, kind="stable"), n_groups)
        hits = np.array([self.right[group].sum() for group in groups])
        counts = np.array([len(group) for group in groups])
        mean = np.array([sure[group].mean() for group in groups])
        low, high = share_limits(hits, counts)
        return mean, hits / counts, low, high, counts

    def thresholds(self) -> list[tuple[float, int, float]]:
        """For some confidences: the open rows that have at least that, and how many are wrong."""
        found: list[tuple[float, int, float]] = []
        for least in _THRESHOLDS:
            above = self.confidence[self.open_rows]
            above = above[above >= least]
            if len(above) and (not found or len(above) > found[-1][1]):
                found.append((least, len(above), float((1 - above).sum())))
        return found


def share_limits(
    hits: object, counts: object, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of Clopper and Pearson (1934) for a share, at one look."""
    hits, counts = np.asarray(hits), np.asarray(counts)
    tail = (1 - confidence) / 2
    low = np.where(hits == 0, 0.0, stats.beta.ppf(tail, np.maximum(hits, 1), counts - hits + 1))
    misses = counts - hits
    high = np.where(misses == 0, 1.0, stats.beta.ppf(1 - tail, hits + 1, np.maximum(misses, 1)))
    return low, high


def commonest_unless_beaten(right: int, codes: IntArray) -> tuple[int, int] | None:
    """Return a class that, always answered, may be right as often, and how often it is; or None.

    `right` of the labels `codes` were told by the others. Of fewer than ten, nothing is said.
    """
    if len(codes) < 10:
        return None
    counts = np.bincount(codes)
    commonest, low = int(counts.argmax()), float(share_limits(right, len(codes))[0])
    most = int(counts[commonest])
    return (commonest, most) if low * len(codes) <= most else None


def numbers_of(model: FewLabelsClassifier, classes: list[str]) -> ModelNumbers:
    """Return what is known of a fitted classifier's answers; see :class:`ModelNumbers`."""
    answers: Answers = model.answers()
    codes = np.asarray(model._labels.codes)
    labelled = model.loo_labelled_
    counts = np.bincount(codes[labelled], minlength=len(classes))
    several = counts[codes[labelled]] > 1
    shares = answers.distributions
    return ModelNumbers(
        classes,
        codes,
        answers,
        shares.argmax(axis=1),
        np.where(answers.reached, shares.max(axis=1), 0.0),
        np.flatnonzero((codes < 0) & answers.reached),
        labelled[several],
        model.loo_label_distributions_[several],
        model.suspect_labels(),
    )
