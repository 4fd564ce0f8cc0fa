"""Uncertainty as a small probability of the best class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.queries._checks import FloatArray, IntArray, check_distributions
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._predictions import PredictionRule


def least_confidence(distributions: npt.ArrayLike) -> FloatArray:
    """One minus the largest probability of each row: ``u_i = 1 - max_c p_ic``.

    The chance that the prediction is wrong, if the distribution is right: 0 where a single class
    has all the probability, 1 - 1 / n_classes where all are equal.

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
    D. D. Lewis and W. A. Gale, "A sequential algorithm for training text classifiers", SIGIR 1994,
    https://doi.org/10.1007/978-1-4471-2099-5_1.

    Examples
    --------
    >>> from fewlabels.queries import least_confidence
    >>> least_confidence([[1.0, 0.0], [0.5, 0.5]])
    array([0. , 0.5])
    """
    p = check_distributions(distributions)
    return np.asarray(1 - p.max(axis=1))


class LeastConfidence(PredictionRule):
    """Ask where the best class has the smallest probability: :func:`least_confidence`.

    Before there are two classes, the batch is :class:`fewlabels.queries.Typicality`'s.

    Parameters
    ----------
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the most uncertain; or the most uncertain of all, among
        which near-duplicates may be asked together.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        One minus the largest probability; NaN where a node was no candidate.

    Notes
    -----
    Cost O(n c) for n candidates and c classes. See :func:`least_confidence` for the reference.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import LeastConfidence
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> LeastConfidence().query(model)
    array([2])
    """

    def _measure(
        self, distributions: FloatArray, known: LabelledGraph, candidates: IntArray
    ) -> FloatArray:
        return least_confidence(distributions)
