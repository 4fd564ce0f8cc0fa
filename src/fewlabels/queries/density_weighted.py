"""Uncertainty where there are many points."""

from __future__ import annotations

from fewlabels._validation import check_choice, check_real
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._measures import MEASURES, Uncertainty
from fewlabels.queries._predictions import PredictionRule
from fewlabels.queries._rule import Batch


class DensityWeighted(PredictionRule):
    """Information density: uncertainty times similarity to the other points.

    ``s_v = u_v (d_v / mean d)^beta``, u the uncertainty and d the degree, the sum of a point's
    weights: the mean similarity to all points, but for a factor. Before there are two classes,
    the batch is :class:`fewlabels.queries.Typicality`'s.

    Parameters
    ----------
    uncertainty : {"entropy", "margin", "least-confidence"}, default="entropy"
    beta : float, default=1.0
        How much density counts; at least 0.
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the one of largest score; or the largest of all.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        NaN where a node was no candidate.

    Notes
    -----
    Cost O(n c) for n candidates and c classes.

    References
    ----------
    B. Settles and M. Craven, "An analysis of active learning strategies for sequence labeling
    tasks", EMNLP 2008, section 3.4, https://doi.org/10.3115/1613715.1613855. There the similarity
    is the cosine; here it is the graph's weight.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import DensityWeighted
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> DensityWeighted().query(model)
    array([2])
    """

    def __init__(
        self,
        *,
        uncertainty: Uncertainty = "entropy",
        beta: float = 1.0,
        batch: Batch = "local-max",
    ) -> None:
        super().__init__(batch=batch)
        self.uncertainty = uncertainty
        self.beta = beta

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_choice("uncertainty", self.uncertainty, MEASURES)
        check_real("beta", self.beta, minimum=0)

    def _measure(
        self, distributions: FloatArray, known: LabelledGraph, candidates: IntArray
    ) -> FloatArray:
        degrees = in_memory(known.graph_, "DensityWeighted").degrees
        relative = degrees[candidates] / (degrees.mean() or 1.0)
        scores: FloatArray = MEASURES[self.uncertainty](distributions) * relative**self.beta
        return scores
