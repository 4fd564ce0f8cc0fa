"""Which answers of a linear classifier are sure, and what the others lack."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.insight import SURE, doubt_reasons
from fewlabels.models._kernels import Placed
from fewlabels.models._left_out import LeftOutInsight, refuse_number
from fewlabels.models._remoteness import remote, usual_remoteness

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

_ABSTAIN_BELOW = 0.8


class DoubtInsight(LeftOutInsight):
    """Mixin of the graph classifiers that say of which answers they are not sure, and why.

    By what is learned from the labels left out: attributes are those of :class:`LeftOutInsight`,
    and this one.

    Attributes
    ----------
    doubt_ : ndarray of shape (n_samples,), str
        :meth:`doubt` of the fitted points, at 0.8.
    """

    @property
    def doubt_(self) -> npt.NDArray[np.str_]:
        return self.doubt()

    def doubt(
        self, X: object = None, abstain_below: float = _ABSTAIN_BELOW
    ) -> npt.NDArray[np.str_]:
        """Return for each point whether the answer is sure, and if not, what is missing.

        ``"sure"``, ``"classes disagree"``, ``"little evidence"`` or ``"unreached"``; of new points
        ``"unlike the rest"`` too: see :func:`fewlabels.insight.doubt_reasons`. Of harmonic
        functions all points that are reached have the same evidence, so that it is never little.
        A new point is unlike the rest if it is farther from its neighbours than they from theirs,
        by over 1.5 times and by more than of all but one in 1000 fitted points; kernels that
        look for no neighbours (rbf, affinities) can't tell.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        abstain_below : float, default=0.8
            In [0, 1]: the calibrated probability that a sure answer has.

        Returns
        -------
        ndarray of shape (n_points,), str
        """
        refuse_number(X, "abstain_below")
        new = self._placed(X)
        return self._reasons(new, self._evidence_of(new), abstain_below)

    def predict_or_abstain(
        self, X: object = None, abstain_below: float = _ABSTAIN_BELOW
    ) -> np.ndarray:
        """Return the most probable class where it is sure, the unlabelled marker elsewhere.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        abstain_below : float, default=0.8
            In [0, 1]: answers whose calibrated probability is less are withheld. Of those that
            are given with probability p, about p are right. New points that are unlike the rest
            get no answer whatever the probability, so that even 0 may withhold some.

        Returns
        -------
        ndarray of shape (n_points,)
            :meth:`doubt` tells why an answer is missing.
        """
        refuse_number(X, "abstain_below")
        new = self._placed(X)
        said = self._evidence_of(new)
        sure = self._reasons(new, said, abstain_below) == SURE
        decided: np.ndarray = self._labels.decide(said[0], sure)
        return decided

    def _reasons(
        self,
        new: Placed | None,
        said: tuple[FloatArray, FloatArray, BoolArray],
        abstain_below: float,
    ) -> npt.NDArray[np.str_]:
        unlike = None
        if new is not None:
            unlike = remote(self._kernel, self.graph_, new, self._usual_remoteness)
        return doubt_reasons(
            *said,
            self.loo_calibration_,
            abstain_below=abstain_below,
            heard=self._well_heard(new),
            unlike=unlike,
        )

    def _usual_remoteness(self, scales: FloatArray) -> float:
        found: float = self._kept("usual_remoteness", lambda: usual_remoteness(self.graph_, scales))
        return found

    def _well_heard(self, new: Placed | None) -> FloatArray | None:
        """Shares that the points would have with the evidence of a typical one; None: the same."""
        return None
