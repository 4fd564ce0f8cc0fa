"""What the recommended model knows of its own answers: an object that it holds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels.exceptions import InvalidInputError
from fewlabels.insight import (
    DISAGREE,
    LITTLE,
    SURE,
    UNLIKE,
    UNPROVEN,
    UNREACHED,
    Explanation,
    SuspectLabels,
    class_thresholds,
    conformal_threshold,
    log_loss_of,
    prediction_sets,
    rank_suspects,
    sure_from,
)
from fewlabels.models._class_frequency import ClassFrequency
from fewlabels.models._members import Mixture
from fewlabels.systems import LeftOut

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A point has little evidence if less than this share of what a typical one hears reaches it.
_LITTLE = 0.5


class MixtureInsight:
    """Left-out labels, reasons, sets and words of doubt of a mixture.

    Parameters
    ----------
    mixture : Mixture
    labels : Labels
        As the mixture was made with.
    excluded : ndarray of shape (n_classes,), bool
        Classes that no unlabelled point is of.
    balance : callable
        Brings left-out distributions to the expected shares, as the fit did with all others.
    typical : float
        The evidence of a typical unlabelled point.
    frequency : ClassFrequency
        Of the classes among the points without a label.
    overall : ClassFrequency
        Among all points. New ones are more like these: where few points are left without a label,
        they may all be of one class.
    """

    def __init__(
        self,
        mixture: Mixture,
        labels: Labels,
        excluded: BoolArray,
        balance: Callable[[FloatArray], FloatArray],
        typical: float,
        frequency: ClassFrequency,
        overall: ClassFrequency,
    ) -> None:
        self.mixture = mixture
        self._labels = labels
        self._excluded = excluded
        self._balance = balance
        self.typical = typical
        self.frequency, self.overall = frequency, overall
        self.nodes = np.flatnonzero(labels.labelled)

    @cached_property
    @np.errstate(under="ignore")
    def left_out(self) -> FloatArray:
        """Each labelled point as the other labels have it, (n_labelled, n_classes)."""
        found: FloatArray = self._balance(self.mixture.left_out())
        return found

    def score(self) -> float:
        """Mean logarithm of the probability of the labels left out, weighted as they are."""
        Y = self._labels.label_matrix(nodes=self.nodes)
        Y[:, self._excluded] = 0
        if not Y.any():
            return float("nan")
        return float(-log_loss_of(self.left_out, Y).sum() / Y.sum())

    @np.errstate(under="ignore")
    def explain(self, node: int) -> Explanation:
        """Part what the members say of a point among the labels."""
        Y = self._labels.label_matrix(nodes=self.nodes)
        Y /= Y.sum(axis=1, keepdims=True)
        shares = self.mixture.say(node)[:, None] * Y
        classes, codes = self._labels.classes, self._labels.codes[self.nodes]
        message = ""
        if not shares.any():
            message = "no label reaches it, so that its distribution is the prior"
        return Explanation(node, classes, self.nodes, classes[codes], shares, message)

    def suspects(self) -> SuspectLabels:
        """Rank the labels by how much the others contradict them."""
        return self._suspects

    @cached_property
    @np.errstate(under="ignore")
    def _suspects(self) -> SuspectLabels:
        weights = np.maximum(self.mixture.left_out_weights(), 0)
        nodes = self.nodes
        return rank_suspects(
            LeftOut(weights, np.zeros(len(nodes))),
            nodes,
            self._labels.codes[nodes],
            self._labels.classes,
            self._labels.weights_at(nodes),
        )

    def sets(
        self,
        distributions: FloatArray,
        *,
        answered: BoolArray | None = None,
        coverage: float,
        per_class: bool,
        count_unseen: bool,
        allow_empty: bool,
    ) -> BoolArray:
        """Sets of classes that hold the true one with this probability, (n_points, n_classes).

        All of them where nothing is `answered`.
        """
        if per_class and count_unseen:
            raise InvalidInputError(
                "count_unseen is of no use with per_class: what is promised there is about the "
                "points of each class that has a label. Leave one of them False."
            )
        expected = ~self._excluded
        codes = self._labels.codes[self.nodes]
        told = expected[codes]
        left_out, columns = self.left_out[told][:, expected], np.cumsum(expected) - 1
        true = columns[codes[told]]
        threshold: float | FloatArray = (
            class_thresholds(left_out, true, coverage=coverage)
            if per_class
            else conformal_threshold(left_out, true, coverage=coverage, count_unseen=count_unseen)
        )
        sets = np.zeros(distributions.shape, dtype=bool)
        sets[:, expected] = prediction_sets(
            distributions[:, expected], threshold, allow_empty=allow_empty
        )
        if answered is not None:
            sets[~answered] = expected
        return sets

    def words(
        self,
        distributions: FloatArray,
        evidence: FloatArray,
        reached: BoolArray,
        unlike: BoolArray | None,
        abstain_below: float,
        *,
        unlabelled: BoolArray,
    ) -> npt.NDArray[np.str_]:
        """One word of doubt a point; `unlabelled` are fitted points without a label."""
        confidence = distributions.max(axis=1)
        if unlabelled.any():
            sure = self._sure(distributions, self.frequency, abstain_below)
            others = np.flatnonzero(~unlabelled)
            sure[others] = self._sure(distributions[others], self.overall, abstain_below)
        else:
            sure = self._sure(distributions, self.overall, abstain_below)
        sure &= distributions.shape[1] > 1  # one class is no answer to anything
        strange = np.zeros(len(sure), dtype=bool) if unlike is None else unlike
        seems_sure = confidence >= abstain_below
        little = evidence < _LITTLE * self.typical
        found = [~reached, strange, sure, seems_sure, little]
        words = [UNREACHED, UNLIKE, SURE, UNPROVEN, LITTLE]
        return np.asarray(np.select(found, words, DISAGREE))

    def _sure(
        self, distributions: FloatArray, frequency: ClassFrequency, abstain_below: float
    ) -> BoolArray:
        """Whether answers are as confident as those to labels left out that were often right."""
        taught = self.mixture.taught
        said = self._balance(self.mixture.taught_left_out)
        right = taught.targets[np.arange(len(said)), said.argmax(axis=1)]
        counts = taught.targets @ frequency.label_weights
        needed = sure_from(frequency.confidence(said), right, abstain_below, weights=counts)
        return np.asarray(frequency.confidence(distributions) >= needed)
