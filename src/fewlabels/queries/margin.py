"""Uncertainty as a small lead of the best class over the second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.queries._checks import FloatArray, IntArray, check_distributions
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._predictions import PredictionRule


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
    extraction", IDA 2001, https://doi.org/10.1007/3-540-44816-0_31.

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


class Margin(PredictionRule):
    """Ask where the lead of the best class over the second is smallest: :func:`least_margin`.

    Before there are two classes, the batch is :class:`fewlabels.queries.Typicality`'s.

    Parameters
    ----------
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the most uncertain; or the most uncertain of all, among
        which near-duplicates may be asked together.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        One minus the margin, from 0 to 1; NaN where a node was no candidate.

    Notes
    -----
    Cost O(n c) for n candidates and c classes. See :func:`least_margin` for the references.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import Margin
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> rule = Margin()
    >>> rule.query(LabelPropagation().fit(path, [0, -1, -1, -1, 1]))
    array([2])
    >>> rule.scores_.round(2)
    array([nan, 0.5, 1. , 0.5, nan])
    """

    def _measure(
        self, distributions: FloatArray, known: LabelledGraph, candidates: IntArray
    ) -> FloatArray:
        return least_margin(distributions)
