"""How frequent classes are among all points, which may not be as among the labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.exceptions import InvalidInputError
from fewlabels.insight._checks import check_column, check_distributions

FloatArray = npt.NDArray[np.float64]

# No class that is believed to be there is found to be rarer.
_LEAST_SHARE = 1e-4


def class_shares(
    distributions: npt.ArrayLike,
    believed: npt.ArrayLike,
    *,
    labelled: npt.ArrayLike | None = None,
    n_rounds: int = 10,
) -> FloatArray:
    """Estimate the frequencies of the classes among points, by expectation-maximisation.

    Labels are often drawn evenly, some of each class, so that their shares say nothing of how
    frequent the classes are. If a classifier's distributions are right for points of which the
    classes have the shares `believed`, then those of other points are, up to a factor for each
    row, ``p_uc q_c / believed_c``, and the most probable q is found by taking their mean for q,
    again and again. Points of which the class is known count as their class in this mean: the
    fewer others there are, the less these say of the shares among all points.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Of points without a label. Rows sum to 1.
    believed : array-like of shape (n_classes,)
        The shares for which these are right, on any scale: those among the labels, say.
    labelled : array-like of shape (n_classes,), default=None
        How many points of each class there are beside these rows: those with a label. Where the
        rows are a sample, as large a part of them. None: the shares are those among the rows.
    n_rounds : int, default=10
        The fewer, the nearer the result stays to `believed`.

    Returns
    -------
    ndarray of shape (n_classes,)
        They sum to 1: 1e-4 at least (before that), and 0 where `believed` is 0.

    References
    ----------
    M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a
    priori probabilities: a simple procedure", Neural Computation 2002,
    https://doi.org/10.1162/089976602753284446.

    Examples
    --------
    >>> from fewlabels.insight import class_shares
    >>> said = [[0.9, 0.1]] * 9 + [[0.2, 0.8]]
    >>> class_shares(said, [0.5, 0.5], n_rounds=3).round(2)
    array([0.97, 0.03])
    >>> class_shares(said, [0.5, 0.5], labelled=[45, 45], n_rounds=3).round(2)
    array([0.53, 0.47])
    """
    shares = check_distributions("distributions", distributions)
    given = check_column("believed", believed, shares.shape[1])
    if not given.any():
        raise InvalidInputError("believed must hold a share above 0; all are 0.")
    rounds = check_integer("n_rounds", n_rounds, minimum=0)
    given = given / given.sum()
    counts = np.zeros(len(given))
    if labelled is not None:
        counts = np.where(given > 0, check_column("labelled", labelled, len(given)), 0.0)
    found = given
    factors = np.ones(len(given))
    for _ in range(rounds):
        found = _reweighed(shares, factors).sum(axis=0) + counts
        total = found.sum()  # 0 where neither rows nor labels hold anything of any class
        if total == 0:
            return np.asarray(given)
        found = np.where(given > 0, np.maximum(found / total, _LEAST_SHARE), 0.0)
        factors = np.divide(found, given, out=np.zeros_like(found), where=given > 0)
    return np.asarray(found / found.sum())


def _reweighed(distributions: FloatArray, factors: FloatArray) -> FloatArray:
    """Distributions with each class weighed by its factor; rows of which nothing is left are 0."""
    found = distributions * factors
    totals = found.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(found, totals, out=np.zeros_like(found), where=totals > 0))
