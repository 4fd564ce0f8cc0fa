"""Why a point got its scores, and what one label changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.insight._checks import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Explanation:
    """The contribution of each label to the scores of one point.

    Attributes
    ----------
    node : int
        The point.
    classes : ndarray of shape (n_classes,)
    labelled : ndarray of shape (n_labelled,), int
        The labelled points, ascending.
    labels : ndarray of shape (n_labelled,)
        Their labels; of soft labels, the most probable classes; rows of 0 and 1, where several
        classes may hold.
    shares : ndarray of shape (n_labelled, n_classes)
        Entry (k, c) is what label k adds to the score of class c, over the point's evidence:
        R_ik Y_kc / sum. Signed, in models whose scores are.
    scores : ndarray of shape (n_classes,)
        Sums of the columns of `shares`: the point's `label_distributions_` as they are before
        `class_prior` and `calibration` are applied; in Poisson learning its potentials, over the
        evidence.
    message : str
        Why there is nothing to tell; empty where there is.
    note : str
        What else the model did, where its answer is another class than that of the largest score;
        else empty.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> model = LabelSpreading("self-tuning", n_neighbors=2).fit(X, [0, -1, -1, 1, -1, -1])
    >>> model.explain(1).top(1)
    [(0, 0, 1.0)]
    """

    node: int
    classes: np.ndarray
    labelled: IntArray
    labels: np.ndarray
    shares: FloatArray
    message: str = ""
    note: str = ""

    @property
    def scores(self) -> FloatArray:
        """Sum of the shares of each class, shape (n_classes,)."""
        return np.asarray(self.shares.sum(axis=0))

    def top(self, n_labels: int = 5) -> list[tuple[int, object, float]]:
        """Return the labels that count most: point, label, and share (the largest by size)."""
        n_labels = check_integer("n_labels", n_labels, minimum=0)
        strongest = np.abs(self.shares).argmax(axis=1, keepdims=True)
        sizes = np.take_along_axis(self.shares, strongest, axis=1)[:, 0]
        order = np.argsort(-np.abs(sizes), kind="stable")[:n_labels]
        return [
            (int(self.labelled[k]), self.labels[k : k + 1].tolist()[0], float(sizes[k]))
            for k in order
            if sizes[k] != 0
        ]

    def table(self, n_rows: int = 5) -> str:
        """Return the labels that count most as text, below what they come to.

        Parameters
        ----------
        n_rows : int, default=5
            Most labels that are listed; at least 0.
        """
        shown = self.top(check_integer("n_rows", n_rows, minimum=0))
        if self.message:
            return f"point {self.node}: {self.message}"
        lines = [f"point {self.node}: {self._verdict()}"]
        lines += [
            f"  {share:+7.1%}  point {node}, labelled {label!r}" for node, label, share in shown
        ]
        if self.note:
            lines.append(f"  {self.note}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.table()

    def _verdict(self) -> str:
        scores, names = self.scores, self.classes.tolist()
        best = int(scores.argmax())
        if self.labels.ndim == 1:
            return f"{names[best]!r} has {scores[best]:.1%} of the evidence"
        # several classes may hold, or none
        held = np.flatnonzero(scores > 0.5)
        if len(held):
            shown = ", ".join(f"{names[k]!r} has {scores[k]:.1%}" for k in held)
            return f"{shown} of the evidence"
        if scores[best] > 0:
            nearest = f"{names[best]!r} comes nearest, with {scores[best]:.1%}"
            return f"no class has more than half of the evidence; {nearest}"
        return "no class has any of the evidence"


def explain_scores(
    node: int,
    row: FloatArray,
    Y: FloatArray,
    labelled: IntArray,
    labels: np.ndarray,
    classes: np.ndarray,
    *,
    marginal: bool = False,
    evidence: float | None = None,
) -> Explanation:
    """Divide a point's scores F_i = R_i Y among the labels.

    Parameters
    ----------
    node : int
    row : ndarray of shape (n_labelled,)
        R_i, on any scale.
    Y : ndarray of shape (n_labelled, n_columns)
        The rows of the labels, their weights included.
    labelled, labels, classes
        As :class:`Explanation`.
    marginal : bool, default=False
        Whether the last column of `Y` is one of ones, which the others are divided by.
    evidence : float, default=None
        What shares are shares of; 0 where there is nothing to tell. None: the sum of the scores;
        of signed ones, of their sizes.

    Returns
    -------
    Explanation
        All shares are 0, and `message` says why, where no label reaches the point.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.insight import explain_scores
    >>> print(explain_scores(
    ...     4, np.array([0.3, 0.1]), np.eye(2), np.array([0, 9]), np.array(["a", "b"]),
    ...     np.array(["a", "b"]),
    ... ))
    point 4: 'a' has 75.0% of the evidence
        +75.0%  point 0, labelled 'a'
        +25.0%  point 9, labelled 'b'
    """
    added = row[:, None] * Y
    scores = added.sum(axis=0)
    total = evidence
    if total is None:
        total = float(scores[-1] if marginal else np.abs(scores).sum())
    if marginal:
        added = added[:, :-1]
    message = ""
    if total > 0:
        added = added / total
    else:
        added = np.zeros_like(added)
        message = "no label reaches it, so that its distribution is the prior"
    return Explanation(node, classes, labelled, labels, added, message)


@dataclass(frozen=True)
class Influence:
    """What one label changed: the model with it compared with the model without it.

    Attributes
    ----------
    node : int
        The point whose label was taken back.
    label : object
        That label.
    change : ndarray of shape (n_samples,)
        For each point half the sum of the sizes of the changes of its distribution (the total
        variation distance), from 0 to 1; where several classes may hold, the largest change of a
        probability. 1 where only this label reached it.
    flipped : ndarray of shape (n_samples,), bool
        Whether the point's answer would be another one, or none.
    unreached : ndarray of shape (n_samples,), bool
        Whether no label would reach it any more.
    without : ndarray of shape (n_samples, n_classes)
        The distributions without the label, in the order of the model's `classes_`.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]
    >>> model = LabelSpreading("self-tuning", n_neighbors=2).fit(X, [0, -1, -1, -1, -1, 1])
    >>> print(model.influence(0).flipped.sum(), "answers depend on this label")
    3 answers depend on this label
    """

    node: int
    label: object
    change: FloatArray
    flipped: BoolArray
    unreached: BoolArray
    without: FloatArray

    def __repr__(self) -> str:
        return (
            f"the label {self.label!r} of point {self.node} changed the answer of "
            f"{int(self.flipped.sum())} of {len(self.change)} points "
            f"({int(self.unreached.sum())} are reached by it alone), and the distributions by "
            f"{self.change.mean():.3f} in the mean"
        )
