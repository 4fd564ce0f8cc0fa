"""How frequent the classes are among points, beside what the answers assume."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fewlabels.insight import class_shares

FloatArray = npt.NDArray[np.float64]


class ClassFrequency:
    """The shares of the classes among the points without a label, or among all.

    Labels that were drawn evenly, some of each class, don't tell them. Then a rare class is given
    more answers than it has points, and looks right more often among the labels left out, of which
    it is half, than among all points. No answer should be sure that would not be with the shares
    that are found here.

    Parameters
    ----------
    among_labels : ndarray of shape (n_classes,)
        Shares among the labels.
    expected : ndarray of shape (n_classes,), or None
        Shares that answers were brought to; None: to none.
    known : bool
        Whether these are known, so that nothing has to be found.
    said : callable
        Returns the distributions of points without a label, shape (n_points, n_classes).
    labelled : ndarray of shape (n_classes,), default=None
        How many points with a label of each class there are beside these, if the shares are those
        among all; None: they are those among the points without a label.
    """

    def __init__(
        self,
        among_labels: FloatArray,
        expected: FloatArray | None,
        known: bool,
        said: Callable[[], FloatArray],
        labelled: FloatArray | None = None,
    ) -> None:
        self._among_labels = among_labels
        self._assumed = among_labels if expected is None else expected
        self._known = known and expected is not None
        self._said = said
        self._labelled = labelled

    @cached_property
    def shares(self) -> FloatArray:
        """The shares, those that are known or found; shape (n_classes,)."""
        if self._known:
            return self._assumed
        return class_shares(self._said(), self._assumed, labelled=self._labelled)

    @property
    def label_weights(self) -> FloatArray:
        """What a label of each class stands for, shape (n_classes,)."""
        return _ratios(self.shares, self._among_labels)

    def confidence(self, distributions: FloatArray) -> FloatArray:
        """The probability of each row's answer, as said or with these shares: the smaller one."""
        as_said: FloatArray = distributions.max(axis=1)
        if self._known:
            return as_said
        factors = _ratios(self.shares, self._assumed)
        found = as_said * factors[distributions.argmax(axis=1)]
        totals = distributions @ factors
        np.divide(found, totals, out=found, where=totals > 0)
        return np.asarray(np.minimum(as_said, found))


def _ratios(shares: FloatArray, others: FloatArray) -> FloatArray:
    return np.asarray(np.divide(shares, others, out=np.zeros_like(shares), where=others > 0))
