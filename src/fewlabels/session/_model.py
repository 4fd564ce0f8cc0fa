"""The models of a session, kept up with its labels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import clone, is_classifier

from fewlabels._threads import one_blas_thread
from fewlabels._unsaid import unsaid
from fewlabels.exceptions import InvalidTypeError, LabelWarning, UnreachedWarning
from fewlabels.features import make_points
from fewlabels.graph import DiskGraph, Graph, knn_graph, shared_neighbor_graph
from fewlabels.models import (
    CorrectAndSmooth,
    FewLabelsClassifier,
    LabelSpreading,
    ModelPair,
    recommended_models,
)
from fewlabels.models._base import GraphClassifier
from fewlabels.models._data import is_other_data
from fewlabels.queries import QueryRule
from fewlabels.session._expected_shares import ExpectedShares
from fewlabels.session._labels import Label, is_same

# Beyond so many points dense products are large enough for several threads.
_SMALL = 20_000


@dataclass(frozen=True)
class Points:
    """What is labelled: a graph, and the features it was made of where these are known.

    Attributes
    ----------
    graph : Graph
    features : {array-like, sparse matrix} of shape (n_points, n_features), or None
        Points, where they were made of other data than numbers.
    """

    graph: Graph
    features: Any = None

    @classmethod
    def of(cls, graph_or_X: Any, model: Any = None) -> Self:
        """Take a graph as it is, or make the one of data that goes with `model`."""
        if isinstance(graph_or_X, cls):
            return graph_or_X
        if isinstance(graph_or_X, Graph):
            return cls(graph_or_X)
        shared = model is None or isinstance(model, (ModelPair, FewLabelsClassifier))
        make = shared_neighbor_graph if shared else knn_graph
        features = as_features(graph_or_X)
        return cls(make(features), features)

    def recommended(self) -> ModelPair:
        """Return the models that are recommended for them."""
        return recommended_models(self.graph.n_nodes, on_disk=isinstance(self.graph, DiskGraph))


def as_features(X: Any) -> Any:
    """Return tables, texts and pictures as points; numbers and graphs as they are."""
    return make_points(X) if is_other_data(X) else X


def checked_model(model: Any) -> Any:
    """Return an unfitted copy of `model`, None for None, or raise."""
    if model is None:
        return None
    if isinstance(model, ModelPair):
        return ModelPair(checked_model(model.asks), checked_model(model.answers))
    wanted = ("fit", "add_labels", "remove_labels", "get_params")
    known = not isinstance(model, type) and all(hasattr(model, name) for name in wanted)
    if not (known and is_classifier(model)):
        raise InvalidTypeError(
            "model must be a classifier of fewlabels, such as LabelSpreading(), which learns more "
            f"labels without a refit; got {model!r}."
        )
    if isinstance(model, CorrectAndSmooth):
        raise InvalidTypeError(
            "model must learn from a graph and labels alone, as LabelSpreading, "
            "FewLabelsClassifier and PoissonClassifier do; CorrectAndSmooth needs the features "
            "for its estimator, too. Fit it on the labels in the end: fit(X, session.labels)."
        )
    if isinstance(model, GraphClassifier):
        model._check_parameters()  # now, rather than once there is a label
    return clone(model)


def check_takes(model: Any, graph: Graph) -> None:
    """Raise if `model`, one that passed :func:`checked_model`, can't be fitted on `graph`."""
    if isinstance(model, ModelPair):
        check_takes(model.asks, graph)
        check_takes(model.answers, graph)
        return
    known = isinstance(model, GraphClassifier) and not isinstance(model, LabelSpreading)
    if known and isinstance(graph, DiskGraph):
        raise InvalidTypeError(
            f"{type(model).__name__} needs the graph in memory, and this one is on disk. Take "
            "model=LabelSpreading(), or pass graph.to_memory() if it fits."
        )


def expected_shares(model: Any, classes: Iterable[Any] | None) -> ExpectedShares:
    """Return the shares that a model expects; "auto" is for the model to say."""
    prior = getattr(model, "class_prior", None)
    is_auto = isinstance(prior, str) and prior == "auto"
    return ExpectedShares(None if is_auto else prior, classes)


def quiet_blas(graph: Graph) -> contextlib.AbstractContextManager[None]:
    """Hold BLAS to one thread where a question is to be answered at once.

    What is dense here is small: a few hundred labels or candidates. On a machine that is busy, a
    second thread in a small factorisation waits for a core, and the first one for it: seconds.
    """
    return one_blas_thread() if graph.n_nodes <= _SMALL else contextlib.nullcontext()


class KeptUpModel:
    """An estimator that is brought to the labels by what changed since the last time.

    Parameters
    ----------
    model : estimator
        Unfitted; it is fitted in place.
    points : Points
        A :class:`FewLabelsClassifier` learns from the features, too.
    classes : sequence of labels, or None
        All there are, if they are known: the model's `class_prior` may hold a share for each.
    rule : QueryRule, default=None
        Who asks. What it has solved for to choose the questions serves again for the answers.
    """

    def __init__(
        self,
        model: Any,
        points: Points,
        classes: Iterable[Any] | None,
        rule: QueryRule | None = None,
    ) -> None:
        self._model = model
        self._points = points
        self._shares = expected_shares(model, classes)
        self._rule = rule
        self._fitted: dict[int, Label] = {}

    def at(self, labels: Mapping[int, Any]) -> Any:
        """Return the model fitted on these labels, one or more.

        That some points are unreached is for the caller to say: it is no news after each answer.
        """
        added = {
            point: label
            for point, label in labels.items()
            if point not in self._fitted or not is_same(self._fitted[point], label)
        }
        removed = [point for point in self._fitted if point not in labels]
        # Nothing stays: the labels may even be of another type.
        anew = len(added) == len(labels)
        try:
            # of labels it was said when the answer was told
            with unsaid(UnreachedWarning, LabelWarning), quiet_blas(self._points.graph):
                if anew and (added or removed):
                    self._expect(labels)
                    self._fit(label_column(labels, self._points.graph.n_nodes))
                elif added:
                    self._expect({**self._fitted, **labels})
                    self._add(added)
                if removed and not anew:
                    self._expect(labels)
                    self._model.remove_labels(removed)
        except BaseException:
            self._fitted = {}  # whatever it holds now, the next fit is a new one
            raise
        self._fitted = dict(labels)
        return self._model

    def _fit(self, column: npt.NDArray[Any]) -> None:
        points = self._points
        if isinstance(self._model, FewLabelsClassifier) and points.features is not None:
            self._model.fit(points.features, column, graph=points.graph)
        else:
            self._model.fit(points.graph, column)

    def _add(self, added: dict[int, Label]) -> None:
        points, labels = list(added), list(added.values())
        responses = None if self._rule is None else self._rule.responses(self._model, points)
        if responses is None:
            self._model.add_labels(points, labels)
        else:
            self._model.add_labels(points, labels, responses=responses)

    def _expect(self, labels: Mapping[int, Label]) -> None:
        """Bring the model's `class_prior` to the classes of these labels."""
        if self._shares.known:
            self._model.class_prior = self._shares.among(labels.values())


class KeptUpModels:
    """The model that asks and the one that answers, which may be one, kept up with the labels.

    Parameters
    ----------
    model : estimator, ModelPair or None
        As :func:`checked_model` returned it; None: what is recommended for the points.
    points : Points
    classes : sequence of labels, or None
        As of :class:`KeptUpModel`.
    rule : QueryRule
        Who asks.
    """

    def __init__(
        self, model: Any, points: Points, classes: Iterable[Any] | None, rule: QueryRule
    ) -> None:
        pair = points.recommended() if model is None else model
        known = None if classes is None else list(classes)
        asks = pair.asks if isinstance(pair, ModelPair) else pair
        self._asks = KeptUpModel(clone(asks), points, known, rule)
        self._answers = self._asks
        if isinstance(pair, ModelPair) and pair.answers is not pair.asks:
            self._answers = KeptUpModel(clone(pair.answers), points, known)

    def asking(self, labels: Mapping[int, Any]) -> Any:
        """Return the model that rules look at, fitted on these labels, one or more."""
        return self._asks.at(labels)

    def answering(self, labels: Mapping[int, Any]) -> Any:
        """Return the model whose answers count, fitted on these labels, one or more."""
        return self._answers.at(labels)


def answered(model: Any) -> npt.NDArray[np.bool_]:
    """Tell where a fitted model has an answer, shape (n_points,)."""
    has: npt.NDArray[np.bool_] = model.reached_
    return model.answered_ if isinstance(model, FewLabelsClassifier) else has


def label_column(labels: Mapping[int, Any], n_points: int) -> npt.NDArray[Any]:
    """Return a label for each point, and where there is none -1 for numbers, None for others."""
    numbers = bool(labels) and all(type(label) is int for label in labels.values())
    column: npt.NDArray[Any] = (
        np.full(n_points, -1, dtype=np.int64) if numbers else np.full(n_points, None, dtype=object)
    )
    if labels:
        column[list(labels)] = list(labels.values())
    return column
