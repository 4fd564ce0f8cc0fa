"""What a linear classifier learns from its labels by leaving each out: how sure it may be."""

from __future__ import annotations

from numbers import Real

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from fewlabels._validation import check_choice
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.insight import (
    Calibration,
    LeftOutDistributions,
    conformal_threshold,
    fit_calibration,
    has_companion,
    left_out_distributions,
    log_loss_of,
    made_up_for,
    prediction_sets,
    spread_of,
)
from fewlabels.models._base import GraphClassifier
from fewlabels.models._kernels import Placed
from fewlabels.models._response_insight import ResponseInsight
from fewlabels.models._scores import Scores
from fewlabels.models._targets import RowLabels
from fewlabels.systems import LeftOut, StreamedScores

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


class LeftOutInsight(ResponseInsight, GraphClassifier):
    """Base of the graph classifiers whose scores are linear in the labels, F = R Y, R >= 0.

    Attributes
    ----------
    loo_labelled_ : ndarray of shape (n_labelled,), intp
        The labelled points, ascending: the order of all that is left out one by one.
    loo_label_distributions_ : ndarray of shape (n_labelled, n_classes), float64
        Each labelled point as the other labels have it, exactly: what
        `label_distributions_` would hold there if its label were taken back. Where the others say
        nothing, the prior, to which its own label still counts. Not calibrated; with
        `class_prior`, the left-out points are counted among the unlabelled.
    loo_score_ : float
        Mean logarithm of the probability that `loo_calibration_` gives to the labels left out,
        weighted as the labels are; the higher the better, 0 at best. Labels of classes with share
        0 in `class_prior` don't count; NaN if there is no other. Accuracy says nothing where
        each class has a single label: left out, its class has no evidence at all, and every such
        answer is wrong, whatever the model. The probability of that class then is what the
        calibration's caution leaves it: larger when other classes have weaker evidence there,
        compared with a typical point.
    loo_calibration_ : Calibration
        Fitted to the left-out labels whose class has another label.
    """

    calibration: str | None = None  # of subclasses that take none

    @property
    def loo_label_distributions_(self) -> npt.NDArray[np.float64]:
        return self._loo().values

    @property
    def loo_score_(self) -> float:
        self._refuse_multilabel("loo_score_")
        Y = self._label_rows()
        Y[:, self._excluded()] = 0
        if not Y.any():
            return float("nan")
        losses = log_loss_of(self._calibrated_loo(), Y)
        return float(-losses.sum() / Y.sum())

    @property
    def loo_calibration_(self) -> Calibration:
        self._refuse_multilabel("loo_calibration_")
        fitted: Calibration = self._kept("calibration", self._fit_calibration)
        return fitted

    def calibrated_proba(self, X: object = None) -> FloatArray:
        """Return probabilities that mean what they say, learned from the labels left out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.

        Returns
        -------
        ndarray of shape (n_points, n_classes)
            Rows sum to 1; the prior for points that no evidence reaches. The classes stand in the
            order in which they stood before, up to ties.

        Raises
        ------
        InvalidInputError
            If several classes may hold of a point.

        Notes
        -----
        See :class:`fewlabels.insight.Calibration`. Cost: the first time a solve for n_labelled
        right-hand sides, and n_labelled^2 numbers of memory.
        """
        shares, evidence, answered = self._evidence_of(self._placed(X))
        return self._calibrated(shares, evidence, answered)

    def predict_proba(self, X: object) -> FloatArray:
        """Return the class distribution of new points.

        The mean of the distributions of the fitted points nearby, weighted by the kernel: see
        :meth:`GraphClassifier.predict_proba`. With ``calibration="loo"`` that of their evidence,
        calibrated as the fitted points' is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows sum to 1, but where several classes may hold of a point. Columns in the order of
            `classes_`.

        Raises
        ------
        InvalidInputError
            If the estimator was fitted on a Graph, which has no features.
        """
        if self.calibration is None:
            plain: FloatArray = super().predict_proba(X)
            return plain
        check_is_fitted(self)
        return self.calibrated_proba(X).astype(self.label_distributions_.dtype, copy=False)

    def predict_set(
        self, X: object = None, *, coverage: float = 0.9, allow_empty: bool = True
    ) -> BoolArray:
        """Return for each point a set of classes that contains the true one with this probability.

        Conformal prediction with the labels left out one by one. It asks that the labelled points
        were drawn at random from those that sets are asked for; it does not ask that the model is
        right. See :func:`fewlabels.insight.conformal_threshold`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        coverage : float, default=0.9
            In (0, 1).
        allow_empty : bool, default=True
            False: a set that would be empty holds the most probable class.

        Returns
        -------
        ndarray of shape (n_points, n_classes), bool
            Which classes are in the set. It may be empty: no class is as probable as the true
            ones of the labelled points were. All are in it where no evidence comes, and where
            there are fewer labels than coverage / (1 - coverage), 9 at 0.9; but a class with
            share 0 in `class_prior` is in none, and its labels don't count.

        Raises
        ------
        InvalidInputError
            If labels are soft, or several classes may hold of a point.
        """
        self._refuse_rows("predict_set")
        refuse_number(X, "coverage")
        told = self._of_expected(self._label_rows())
        codes = self._labels.codes[self.loo_labelled_][told]
        threshold = conformal_threshold(self._calibrated_loo()[told], codes, coverage=coverage)
        shares, evidence, answered = self._evidence_of(self._placed(X))
        calibrated = self._calibrated(shares, evidence, answered)
        expected = ~self._excluded()
        held = prediction_sets(calibrated[:, expected], threshold, allow_empty=allow_empty)
        held[~answered] = True
        sets = np.zeros(calibrated.shape, dtype=bool)
        sets[:, expected] = held
        return sets

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.calibration is not None:
            check_choice("calibration", self.calibration, ("loo",), other=", or None")

    def _publish(self, scores: Scores | StreamedScores) -> None:
        super()._publish(scores)
        self._forget()
        self._plain_distributions = self.label_distributions_
        if self.calibration is not None:
            plain = self._evidence_of(None)
            self.label_distributions_ = self._calibrated(*plain).astype(self._dtype, copy=False)

    def _evidence_rows(self) -> npt.NDArray[np.float64]:
        """The same as the response takes them: what a label puts into the system."""
        return self._label_rows()

    def _label_rows(self) -> npt.NDArray[np.float64]:
        """Rows of Y of the labelled points, their weights included."""
        rows: npt.NDArray[np.float64] = self._labels.label_matrix(nodes=self.loo_labelled_)
        return rows

    def _left_out(self) -> LeftOut:
        weights: LeftOut = self._kept("left_out", lambda: self._the_response().left_out())
        return weights

    def _loo(self) -> LeftOutDistributions:
        left_out: LeftOutDistributions = self._kept("loo", self._leave_out)
        return left_out

    def _leave_out(self) -> LeftOutDistributions:
        found = left_out_distributions(
            self._left_out(), self._label_rows(), self._prior(), marginal=self._is_multilabel
        )
        values = self._brought_to_prior(found.values, found.answered)
        return LeftOutDistributions(values, found.evidence, found.answered)

    def _brought_to_prior(
        self, values: npt.NDArray[np.float64], answered: BoolArray
    ) -> npt.NDArray[np.float64]:
        """Left-out shares as the fit would have them, their points among the unlabelled ones."""
        if self.class_prior_ is None:
            return values
        said: npt.NDArray[np.floating] = self._scores.distributions(self._prior())
        stacked: npt.NDArray[np.floating] = np.vstack([said, values])
        unlabelled = self._scores.answered & ~self._labels.labelled
        points = np.flatnonzero(np.concatenate([unlabelled, answered]))
        brought = self._apply_prior(stacked, points)[self.graph_.n_nodes :]
        return brought.astype(np.float64, copy=False)

    def _fit_calibration(self) -> Calibration:
        loo = self._loo()
        Y = self._label_rows()
        teaches = has_companion(Y) & loo.answered & self._of_expected(Y)
        taught = self._made_up_for(loo, Y)
        typical, shares = self._amounts(), self._plain_distributions
        usual = ~self._labels.labelled & self.reached_ & (typical > 0)
        typical, shares = typical[usual], shares[usual]
        if not usual.any():  # all are labelled, say
            typical, shares = loo.evidence[loo.evidence > 0], loo.values[loo.evidence > 0]
        Y = Y * (len(Y) / Y.sum())  # weights are relative: so many labels as there are
        excluded = self._excluded()
        return fit_calibration(
            taught.values[teaches],
            taught.evidence[teaches],
            Y[teaches],
            reference=float(np.median(typical)) if len(typical) else 1.0,
            spread=spread_of(shares[:, ~excluded]),  # those have 0, which is no spread
            excluded=excluded,
        )

    def _calibrated_loo(self) -> npt.NDArray[np.float64]:
        loo = self._loo()
        return self._calibrated(loo.values, loo.evidence, loo.answered)

    def _calibrated(
        self, shares: FloatArray, evidence: FloatArray, answered: BoolArray
    ) -> npt.NDArray[np.float64]:
        result = self.loo_calibration_.apply(shares, evidence)
        result[~answered] = self._prior()
        return result

    def _placed(self, X: object) -> Placed | None:
        """Place new points beside the fitted ones; None stands for these."""
        self._refuse_multilabel("calibration")
        return None if X is None else self._place(X)

    def _evidence_of(self, new: Placed | None) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Shares that are not calibrated, evidence, and whether there is any, of each point."""
        self._refuse_multilabel("calibration")
        plain, amounts = self._plain_distributions, self._amounts()
        if new is None:
            return plain, amounts, self.reached_ & (amounts > 0)
        speaks = self.reached_[:, None]
        spoken = np.column_stack([plain, amounts, np.ones(len(plain))]) * speaks
        votes = new.votes(spoken)
        near = votes[:, -1] > 0
        weights = np.where(near, votes[:, -1], 1)
        return self._shares_of(votes[:, :-2]), votes[:, -2] / weights, near

    def _amounts(self) -> FloatArray:
        """Evidence of the fitted points as calibration takes it; the left-out points' likewise."""
        return self.evidence_

    def _made_up_for(
        self, loo: LeftOutDistributions, Y: npt.NDArray[np.float64]
    ) -> LeftOutDistributions:
        """What calibration learns from: left-out points as they would be were they new ones."""
        return made_up_for(loo, Y)

    def _refuse_multilabel(self, what: str) -> None:
        check_is_fitted(self)
        if self._is_multilabel:
            raise InvalidInputError(
                f"{what} asks for one class per point, and y holds {len(self.classes_)} columns of "
                "0 and 1. Fit one class at a time."
            )

    def _refuse_rows(self, what: str) -> None:
        self._refuse_multilabel(what)
        if isinstance(self._labels, RowLabels):
            raise InvalidInputError(
                f"{what} asks for one class per point, and y holds soft labels. Fit on their most "
                "probable classes, with their probabilities as sample_weight."
            )


def refuse_number(X: object, setting: str) -> None:
    """Raise if a setting was given in the place of X."""
    if isinstance(X, Real):
        raise InvalidTypeError(
            f"X must be features of new points, or None for the fitted ones, got {X!r}. If that "
            f"is the {setting}, write {setting}={X!r}."
        )
