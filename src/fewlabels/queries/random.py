"""Ask anywhere."""

from __future__ import annotations

import numpy as np

from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._rule import QueryRule


class Random(QueryRule):
    """Draw uniformly from the candidates, without replacement.

    What every rule has to beat, and the only one whose answers are a fair sample of the points:
    use it for estimates of accuracy. A seed stands for one random order of all nodes, in which
    those that have no label yet are asked about.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        The random numbers that decided, in [0, 1); NaN where a node was no candidate.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import Random
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> Random().query(path, batch_size=5, random_state=0)
    array([1, 2, 0, 3, 4])
    """

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        # Of all nodes, so that the same seed after another label goes on in the same order.
        scores = rng.random_sample(known.graph_.n_nodes)[candidates]
        return candidates[np.argsort(-scores, kind="stable")[:count]], scores
