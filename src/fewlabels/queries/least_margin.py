"""Uncertainty as a small lead of the best class over the second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.queries._checks import FloatArray, check_distributions


def least_margin(distributions: npt.ArrayLike) -> FloatArray:
    """One minus the margin of each row: ``u_i = 1 - (p_i(1) - p_i(2))``.

    p_i(1) and p_i(2) are the largest and the second largest probability of row i. 0 where a
    single class has all the probability, 1 where the two best are equal; larger means more
    uncertain. With a single class there is no rival, and every score is 0.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Class probabilities; each row sums to 1.

    Returns
    -------
    ndarray of shape (n_points,), float64
        From 0 to 1.

    Raises
    ------
    InvalidInputError
        If `distributions` is not two-dimensional, or a row is no distribution.

    References
    ----------
    T. Scheffer, C. Decomain and S. Wrobel, "Active hidden Markov models for information
    extraction", IDA 2001.

    Examples
    --------
    >>> from fewlabels.queries import least_margin
    >>> least_margin([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.25, 0.25]])
    array([0.  , 1.  , 0.75])
    """
    p = check_distributions(distributions)
    if p.shape[1] == 1:
        return np.zeros(len(p))
    two_best = np.partition(p, -2, axis=1)[:, -2:]
    scores: FloatArray = 1 - (two_best[:, 1] - two_best[:, 0])
    return scores
