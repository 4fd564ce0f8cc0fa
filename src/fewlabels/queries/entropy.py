"""Uncertainty as entropy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.queries._checks import FloatArray, check_distributions


def entropy(distributions: npt.ArrayLike) -> FloatArray:
    """Shannon entropy of each row, in nats: ``h_i = - sum_c p_ic log p_ic``.

    0 where a single class has all the probability, log(n_classes) where all are equal.

    Parameters
    ----------
    distributions : array-like of shape (n_points, n_classes)
        Class probabilities; each row sums to 1.

    Returns
    -------
    ndarray of shape (n_points,), float64

    Raises
    ------
    InvalidInputError
        If `distributions` is not two-dimensional, or a row is no distribution.

    References
    ----------
    C. E. Shannon, "A mathematical theory of communication", 1948. As a query rule: I. Dagan and
    S. Engelson, "Committee-based sampling for training probabilistic classifiers", ICML 1995.

    Examples
    --------
    >>> from fewlabels.queries import entropy
    >>> entropy([[1.0, 0.0], [0.5, 0.5]]).round(3)
    array([0.   , 0.693])
    """
    p = check_distributions(distributions)
    logarithms = np.log(p, out=np.zeros_like(p), where=p > 0)  # 0 log 0 = 0
    scores: FloatArray = 0.0 - (p * logarithms).sum(axis=1)  # not -sum, which gives -0.0
    return scores
