"""Why a point got its number, and what one label changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.insight._checks import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class NumberExplanation:
    """The contribution of each label to the number of one point.

    Attributes
    ----------
    node : int
        The point.
    labelled : ndarray of shape (n_labelled,), int
        The labelled points, ascending.
    labels : ndarray of shape (n_labelled,), float64
        Their numbers.
    shares : ndarray of shape (n_labelled,), float64
        How much each counts; they sum to 1, or are all 0 where no label reaches. At least 0, but
        for those of a trend, which is high on one side of the middle where labels on the other are
        low.
    value : float
        sum_k shares_k labels_k; the mean of the labels where none reaches.
    message : str
        Why there is nothing to tell; empty where there is.

    Examples
    --------
    >>> from fewlabels import Graph, HarmonicRegressor
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> print(HarmonicRegressor().fit(path, [1.0, float("nan"), 3.0]).explain(1))
    point 1: 2, the mean of...
    """

    node: int
    labelled: IntArray
    labels: FloatArray
    shares: FloatArray
    value: float
    message: str = ""

    def top(self, n_labels: int = 5) -> list[tuple[int, float, float]]:
        """Return the labels that count most, for or against: point, number and share."""
        n_labels = check_integer("n_labels", n_labels, minimum=0)
        order = np.argsort(-np.abs(self.shares), kind="stable")[:n_labels]
        return [
            (int(self.labelled[k]), float(self.labels[k]), float(self.shares[k]))
            for k in order
            if self.shares[k] != 0
        ]

    def table(self, n_rows: int = 5) -> str:
        """Return the labels that count most as text, below the number that they come to.

        Parameters
        ----------
        n_rows : int, default=5
            Most labels that are listed; at least 0.
        """
        shown = self.top(check_integer("n_rows", n_rows, minimum=0))
        if self.message:
            return f"point {self.node}: {self.message}"
        lines = [f"point {self.node}: {self.value:g}, the mean of"]
        lines += [
            f"  {share:6.1%}  point {node}, labelled {label:g}" for node, label, share in shown
        ]
        rest = int((self.shares != 0).sum()) - len(lines) + 1
        if rest > 0:
            lines.append(f"  and {rest} more")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.table()


def explain_number(
    node: int, row: FloatArray, weights: FloatArray, labelled: IntArray, labels: FloatArray
) -> NumberExplanation:
    """Divide the weighted mean f_i = sum_k R_ik w_k y_k / sum_k R_ik w_k among the labels.

    Parameters
    ----------
    node : int
    row : ndarray of shape (n_labelled,)
        R_i, non-negative, on any scale.
    weights : ndarray of shape (n_labelled,)
        w.
    labelled, labels
        As :class:`NumberExplanation`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.insight import explain_number
    >>> explain_number(
    ...     1, np.array([0.6, 0.2]), np.ones(2), np.array([0, 3]), np.array([10.0, 30.0])
    ... )
    point 1: 15, the mean of
       75.0%  point 0, labelled 10
       25.0%  point 3, labelled 30
    """
    heard = row * weights
    total = float(heard.sum())
    if not total > 0:
        mean = float(weights / weights.sum() @ labels)
        message = f"no label reaches it, so that it gets the mean of all, {mean:g}"
        return NumberExplanation(node, labelled, labels, np.zeros(len(row)), mean, message)
    shares = heard / total
    return NumberExplanation(node, labelled, labels, shares, float(shares @ labels))


@dataclass(frozen=True)
class NumberInfluence:
    """What one label changed: the fit with it compared with the fit without it.

    Attributes
    ----------
    node : int
        The point whose label was taken back.
    label : float
        That label.
    change : ndarray of shape (n_samples,), float64
        The fitted numbers less those without the label.
    unreached : ndarray of shape (n_samples,), bool
        Whether no label would reach the point any more. `without` is the mean of the others there.
    without : ndarray of shape (n_samples,)
        The fitted numbers without the label.

    Examples
    --------
    >>> from fewlabels import Graph, HarmonicRegressor
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> model = HarmonicRegressor().fit(path, [1.0, float("nan"), 3.0])
    >>> model.influence(2).without.round(4)
    array([1., 1., 1.])
    """

    node: int
    label: float
    change: FloatArray
    unreached: BoolArray
    without: FloatArray

    def __repr__(self) -> str:
        sizes = np.abs(self.change)
        return (
            f"the label {self.label:g} of point {self.node} changed the numbers of "
            f"{len(sizes)} points by {sizes.mean():.3g} in the mean and by {sizes.max():.3g} at "
            f"most, at point {int(sizes.argmax())} ({int(self.unreached.sum())} are reached by it "
            "alone)"
        )
