"""What is labelled."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Self

from fewlabels._threads import one_blas_thread
from fewlabels.features import Points, make_points
from fewlabels.graph import DiskGraph, Graph, knn_graph, shared_neighbor_graph
from fewlabels.models import FewLabelsClassifier, ModelPair, recommended_models
from fewlabels.models._base import GraphClassifier
from fewlabels.models._data import is_other_data

# Beyond so many points dense products are large enough for several threads.
_SMALL = 20_000


@dataclass(frozen=True)
class GraphPoints:
    """What is labelled: a graph, and the features it was made of where these are known.

    Attributes
    ----------
    graph : Graph
    features : {array-like, sparse matrix} of shape (n_points, n_features), or None
        Points, where they were made of other data than numbers.
    """

    graph: Graph
    features: object = None

    @classmethod
    def of(cls, graph_or_X: object, model: object = None) -> Self:
        """Take a graph as it is, or make the one of data that goes with `model`."""
        if isinstance(graph_or_X, cls):
            return graph_or_X
        if isinstance(graph_or_X, Graph):
            return cls(graph_or_X)
        own = isinstance(model, GraphClassifier) and not isinstance(model, FewLabelsClassifier)
        make = knn_graph if own else shared_neighbor_graph
        features = as_features(graph_or_X)
        return cls(make(features), features)

    @property
    def values(self) -> object:
        """The features as numbers; None where they are not known."""
        return self.features.values if isinstance(self.features, Points) else self.features

    def recommended(self) -> ModelPair:
        """Return the models that are recommended for them."""
        return recommended_models(self.graph.n_nodes, on_disk=isinstance(self.graph, DiskGraph))


def as_features(X: object) -> object:
    """Return tables, texts and pictures as points; numbers and graphs as they are."""
    return make_points(X) if is_other_data(X) else X


def quiet_blas(graph: Graph) -> contextlib.AbstractContextManager[None]:
    """Hold BLAS to one thread where a question is to be answered at once.

    What is dense here is small: a few hundred labels or candidates. On a machine that is busy, a
    second thread in a small factorisation waits for a core, and the first one for it: seconds.
    """
    return one_blas_thread() if graph.n_nodes <= _SMALL else contextlib.nullcontext()
