"""A classifier and a query rule as the learner of the loop: labels are added, never refitted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone

from fewlabels.exceptions import UnreachedWarning
from fewlabels.graph import Graph, knn_graph
from fewlabels.models import LabelSpreading
from fewlabels.queries import QueryRule
from fewlabels.session._chosen import checked_choice
from fewlabels.session._expected_shares import ExpectedShares
from fewlabels.session._model import learn_more
from fewlabels.session.rounds import AnyArray, Fit, IntArray


def graph_of(X: Any, model: Any, truth: AnyArray, known: IntArray) -> Graph:
    """Return the graph that `model` makes of `X`; a graph as it is.

    Parameters
    ----------
    X : {array-like, sparse matrix, Graph}
    model : estimator
        Unfitted, and not changed.
    truth : ndarray of shape (n_points,)
    known : ndarray of intp
        The points whose truth is known; a fit needs some label.
    """
    if isinstance(X, Graph):
        return X
    if _makes_knn_graph(model):
        return knn_graph(X, model.n_neighbors)
    # Only the model knows how it makes a graph. One label a class is enough for any, and quick.
    _, first = np.unique(truth[known], return_index=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(model).fit(X, _label_column(len(truth), known[first], truth[known[first]]))
    graph: Graph = fitted.graph_
    return graph


def _makes_knn_graph(model: Any) -> bool:
    return isinstance(model, LabelSpreading) and model.kernel == "self-tuning"


def _label_column(n_points: int, points: IntArray, labels: AnyArray) -> AnyArray:
    """Return a label for each point, and where there is none -1 for numbers, None for others."""
    if labels.dtype.kind == "i":
        column: AnyArray = np.full(n_points, -1, dtype=labels.dtype)
    else:
        column = np.full(n_points, None, dtype=object)
    column[points] = labels
    return column


class ModelLearner:
    """Learn by `add_labels`, ask by a rule.

    Parameters
    ----------
    model : estimator
        Unfitted; it is fitted in place.
    graph : Graph
    rule : QueryRule
        Keeps what it has prepared from one question to the next.
    candidates : ndarray of intp, default=None
        The points that may be asked about; None: all.
    shares : ExpectedShares, default=None
        The model's `class_prior`, where some class may have no label yet. None: it is left alone.
    random_state : int, default=0
        For rules that draw.
    """

    def __init__(
        self,
        model: Any,
        graph: Graph,
        rule: QueryRule,
        *,
        candidates: IntArray | None = None,
        shares: ExpectedShares | None = None,
        random_state: int = 0,
    ) -> None:
        self._model = model
        self._graph = graph
        self._rule = rule
        self._open = np.zeros(graph.n_nodes, dtype=bool)
        self._open[slice(None) if candidates is None else candidates] = True
        self._rng = np.random.RandomState(random_state)
        self._is_fitted = False
        self._shares = shares
        self._seen: set[Any] = set()

    def learn(self, points: IntArray, labels: AnyArray) -> Fit:
        """Take the labels of some points, beside those that came before."""
        with warnings.catch_warnings():
            # Points that no label reaches yet are no news after each answer; they count as wrong.
            warnings.simplefilter("ignore", UnreachedWarning)
            if self._shares is not None and getattr(self._model, "class_prior", None) is not None:
                self._seen.update(labels.tolist())
                self._model.class_prior = self._shares.among(self._seen)
            if self._is_fitted:
                learn_more(self._model, self._rule, points, labels)
            else:
                self._model.fit(self._graph, _label_column(self._graph.n_nodes, points, labels))
                self._is_fitted = True
        self._open[points] = False
        model = self._model
        return Fit(model.classes_, model.label_distributions_, model.reached_)

    def ask(self, count: int) -> IntArray:
        """Return what the rule wants to know next: `count` different points without a label."""
        known = self._model if self._is_fitted else self._graph
        candidates = np.flatnonzero(self._open)
        chosen = self._rule.query(known, count, candidates=candidates, random_state=self._rng)
        return checked_choice(self._rule, chosen, count, self._open)
