"""What a regressor on a graph can say of its own answers."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from fewlabels.insight import NumberExplanation, NumberInfluence, explain_number
from fewlabels.models._response_insight import ResponseInsight
from fewlabels.models._targets import KnownNumbers
from fewlabels.systems import LeftOut

FloatArray = npt.NDArray[np.float64]


class NumberInsight(ResponseInsight):
    """Mixin of the regressors whose numbers are means of the labels, weighted by R >= 0.

    f_i = sum_j R_ij w_j y_j / sum_j R_ij w_j.

    Attributes
    ----------
    loo_labelled_ : ndarray of shape (n_labelled,), intp
        The labelled points, ascending: the order of all that is left out one by one.
    loo_predictions_ : ndarray of shape (n_labelled,), float64
        The number of each labelled point as the others have it, exactly: what `transduction_` would
        hold there if its label were taken back. Their mean where none of them reaches it; their
        own number where there is no other label.
    loo_score_ : float
        R^2 of `loo_predictions_`, weighted as the labels are; 1 at best, and below 0 where the mean
        of all labels would do better. As scikit-learn has it, where all labels are equal: 1 or 0.
        NaN with a single label.
    """

    @property
    def loo_predictions_(self) -> FloatArray:
        found: FloatArray = self._kept("loo", self._leave_out)
        return found

    @property
    def loo_score_(self) -> float:
        check_is_fitted(self)
        numbers: KnownNumbers = self._labels
        nodes = numbers.nodes
        if len(nodes) < 2:
            return float("nan")
        # as shares of the range, of which no square leaves float64
        truth, said = numbers.shares(numbers.values[nodes]), numbers.shares(self.loo_predictions_)
        return float(r2_score(truth, said, sample_weight=numbers.weights_at(nodes)))

    def explain(self, node: Hashable) -> NumberExplanation:
        """Say how much each labelled point counts in the number of a fitted point.

        Parameters
        ----------
        node : int, or name of a row
            From 0 to n_samples - 1; labelled or not. Anything but an integer is looked up in the
            index of `X`, if it was a pandas table.

        Returns
        -------
        NumberExplanation
            The shares, times the labels, sum to the point's `transduction_`. All 0, and a message,
            where no label reaches the point.

        Notes
        -----
        One solve, for a single right-hand side.
        """
        node = self._checked_node(node)
        numbers: KnownNumbers = self._labels
        nodes = numbers.nodes
        with np.errstate(under="ignore"):
            row, _ = self._the_response().row(node)
        return explain_number(node, row, numbers.weights_at(nodes), nodes, numbers.values[nodes])

    def influence(self, node: Hashable) -> NumberInfluence:
        """Return what the label of one point changed: compares the fit with the fit without it.

        Parameters
        ----------
        node : int, or name of a row
            A labelled point, as :meth:`explain` takes it.

        Returns
        -------
        NumberInfluence
            Exact, up to the `tol` of either fit.

        Raises
        ------
        InvalidInputError
            If the point has no label, or is the only one that has.

        Notes
        -----
        Cost: that of :meth:`remove_labels`, on a copy, with the settings of the last fit or change
        of labels.
        """
        node, other = self._without(node)
        without = other.transduction_
        return NumberInfluence(
            node,
            float(self._labels.values[node]),
            np.asarray(self.transduction_, dtype=np.float64) - without,
            self.reached_ & ~other.reached_,
            without,
        )

    def _leave_out(self) -> FloatArray:
        numbers: KnownNumbers = self._labels
        nodes = numbers.nodes
        weights, shares = numbers.weights_at(nodes), numbers.shares(numbers.values[nodes])
        left_out: LeftOut = self._the_response().left_out()
        heard = left_out.weights * weights
        others = np.where(heard.any(axis=1, keepdims=True), heard, weights)
        if len(nodes) > 1:
            np.fill_diagonal(others, 0)
        means = others @ shares / others.sum(axis=1)
        return numbers.numbers(np.clip(means, 0, 1))
