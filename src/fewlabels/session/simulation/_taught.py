"""A learner that is told the labels batch by batch, and the graph that its model makes."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import clone

from fewlabels.graph import Graph, knn_graph
from fewlabels.models import LabelSpreading
from fewlabels.session._labels import Label
from fewlabels.session._learner import ModelLearner
from fewlabels.session._model import answered, label_column
from fewlabels.session.simulation.rounds import AnyArray, Fit, IntArray


def graph_of(X: object, model: object, truth: AnyArray, known: IntArray) -> Graph:
    """Return the graph that `model` makes of features.

    Parameters
    ----------
    X : {array-like, sparse matrix}
    model : estimator
        Unfitted, and not changed.
    truth : ndarray of shape (n_points,)
    known : ndarray of intp
        The points whose truth is known; a fit needs some label.
    """
    if isinstance(model, LabelSpreading) and model.kernel == "self-tuning":
        return knn_graph(X, model.n_neighbors)
    # Only the model knows how it makes a graph. One label a class is enough for any, and quick.
    _, first = np.unique(truth[known], return_index=True)
    labels = dict(zip(known[first].tolist(), truth[known[first]].tolist(), strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(model).fit(X, label_column(labels, len(truth)))
    graph: Graph = fitted.graph_
    return graph


class Taught:
    """Learn by what changes, ask by a rule, and remember what was told.

    Parameters
    ----------
    learner : ModelLearner
    n_points : int
    candidates : ndarray of intp, default=None
        The points that may be asked about; None: all.
    random_state : int, default=0
        For rules that draw.
    """

    def __init__(
        self,
        learner: ModelLearner,
        n_points: int,
        *,
        candidates: IntArray | None = None,
        random_state: int = 0,
    ) -> None:
        self._learner = learner
        self._open = np.zeros(n_points, dtype=bool)
        self._open[slice(None) if candidates is None else candidates] = True
        self._rng = np.random.RandomState(random_state)
        self._labels: dict[int, Label] = {}

    def learn(self, points: IntArray, labels: AnyArray) -> Fit:
        """Take the labels of some points, beside those that came before."""
        self._labels.update(zip(points.tolist(), labels.tolist(), strict=True))
        self._open[points] = False
        # Points that have no answer yet count as wrong.
        model = self._learner.answering(self._labels)
        return Fit(model.classes_, model.label_distributions_, answered(model))

    def ask(self, count: int) -> IntArray:
        """Return what the rule wants to know next: `count` different points without a label."""
        return self._learner.choose(self._labels, count, self._open, self._rng)
