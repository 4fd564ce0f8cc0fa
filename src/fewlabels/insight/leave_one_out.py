"""Each labelled point as the other labels have it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.insight._checks import FloatArray
from fewlabels.systems import LeftOut

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LeftOutDistributions:
    """What the other labels predict for each labelled point.

    Attributes
    ----------
    values : ndarray of shape (n_labelled, n_classes)
        Rows sum to 1 (marginal probabilities, where several classes may hold of a point); the
        prior where the others say nothing.
    evidence : ndarray of shape (n_labelled,)
        How much evidence came from the others; 0 where none did, or less than float64 can hold.
    answered : ndarray of shape (n_labelled,), bool
        Whether any came.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.insight import LeftOutDistributions
    >>> found = LeftOutDistributions(np.array([[0.9, 0.1]]), np.array([1.0]), np.array([True]))
    >>> found.values.argmax(axis=1)
    array([0])
    """

    values: FloatArray
    evidence: FloatArray
    answered: BoolArray


def left_out_distributions(
    left_out: LeftOut, Y: FloatArray, prior: FloatArray, *, marginal: bool = False
) -> LeftOutDistributions:
    """Divide the left-out scores by their sums.

    Parameters
    ----------
    left_out : LeftOut
        Of a model whose scores are non-negative.
    Y : ndarray of shape (n_labelled, n_columns)
        The rows of the labels, by ascending node, their weights included.
    prior : ndarray of shape (n_classes,)
    marginal : bool, default=False
        Whether the last column of `Y` is one of ones, which the others are divided by.

    Returns
    -------
    LeftOutDistributions

    Examples
    --------
    Node 0 is alone but for node 2:

    >>> import numpy as np
    >>> from fewlabels.insight import left_out_distributions
    >>> from fewlabels.systems import LeftOut
    >>> weights = np.array([[0.0, 0.0, 0.2], [0.0, 0.0, 0.0], [0.2, 0.0, 0.0]])
    >>> found = left_out_distributions(LeftOut(weights, np.zeros(3)), np.eye(3), np.full(3, 1 / 3))
    >>> found.values.round(2)
    array([[0.  , 0.  , 1.  ],
           [0.33, 0.33, 0.33],
           [1.  , 0.  , 0.  ]])
    """
    scores = left_out.scores(Y)
    if marginal:
        scores, totals = scores[:, :-1], scores[:, -1]
    else:
        totals = scores.sum(axis=1)
    answered = totals > 0
    values = scores / np.where(answered, totals, 1)[:, None]
    values[~answered] = prior
    with np.errstate(under="ignore"):
        evidence = totals * np.exp(left_out.log_scale)
    return LeftOutDistributions(np.minimum(values, 1), evidence, answered)


def has_companion(Y: FloatArray) -> BoolArray:
    """Whether another label has the class of each labelled point, too, shape (n_labelled,).

    Where there is none, the others can't say what is right, however good the model.

    Parameters
    ----------
    Y : ndarray of shape (n_labelled, n_classes)
        Non-negative rows; of a soft label, the class is its largest entry.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.insight import has_companion
    >>> has_companion(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    array([ True,  True, False])
    """
    codes = Y.argmax(axis=1)
    others = Y.sum(axis=0)[codes] - Y[np.arange(len(Y)), codes]
    return np.asarray(others > 1e-12 * Y.sum())


def made_up_for(found: LeftOutDistributions, Y: FloatArray) -> LeftOutDistributions:
    """Give a left-out point half of what it lacks compared with a new one: a label of its class.

    A point without a label hears all W_c labels of its class, a left-out one only W_c - y_jc of
    them. Its evidence for c is multiplied by (W_c / (W_c - y_jc))^1/2. All of it, the same without
    the root, overshoots: it is the true class alone that is helped.

    Parameters
    ----------
    found : LeftOutDistributions
    Y : ndarray of shape (n_labelled, n_classes)
        Rows of the labels.

    Returns
    -------
    LeftOutDistributions

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.insight import LeftOutDistributions, made_up_for
    >>> found = LeftOutDistributions(np.full((3, 2), 0.5), np.ones(3), np.ones(3, dtype=bool))
    >>> Y = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> made_up_for(found, Y).values.round(2)  # one of two labels of its class was left out
    array([[0.59, 0.41],
           [0.59, 0.41],
           [0.5 , 0.5 ]])
    """
    others = Y.sum(axis=0) - Y
    factor = np.sqrt(np.divide(others + Y, others, out=np.ones_like(Y), where=others > 0))
    values = found.values * factor
    sums = values.sum(axis=1)
    values /= np.where(sums > 0, sums, 1)[:, None]
    return LeftOutDistributions(values, found.evidence * sums, found.answered)
