"""Uncertainty as entropy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.queries._checks import FloatArray, IntArray, check_distributions
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._predictions import PredictionRule


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
    C. E. Shannon, "A mathematical theory of communication", 1948,
    https://doi.org/10.1002/j.1538-7305.1948.tb01338.x. As a query rule: I. Dagan and S. Engelson,
    "Committee-based sampling for training probabilistic classifiers", ICML 1995.

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


class Entropy(PredictionRule):
    """Ask where the class distribution has the largest :func:`entropy`.

    Before there are two classes, the batch is :class:`fewlabels.queries.Typicality`'s.

    Parameters
    ----------
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the most uncertain; or the most uncertain of all, among
        which near-duplicates may be asked together.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Entropies in nats; NaN where a node was no candidate.

    Notes
    -----
    Cost O(n c) for n candidates and c classes. See :func:`entropy` for the references.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import Entropy
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> Entropy().query(model)
    array([2])
    """

    def _measure(
        self, distributions: FloatArray, known: LabelledGraph, candidates: IntArray
    ) -> FloatArray:
        return entropy(distributions)
