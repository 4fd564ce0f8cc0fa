"""The model of a session, kept up with its labels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone, is_classifier

from fewlabels.exceptions import InvalidTypeError, LabelWarning, UnreachedWarning
from fewlabels.graph import DiskGraph, Graph
from fewlabels.models import CorrectAndSmooth, LabelSpreading
from fewlabels.models._base import GraphClassifier
from fewlabels.queries import QueryRule
from fewlabels.session._expected_shares import ExpectedShares
from fewlabels.session._labels import Label, is_same


def default_model() -> LabelSpreading:
    """Return the model that a session takes if none is given.

    Label spreading that lets labels travel far, with classes of equal mass. An update costs
    little at any size; the graph is the session's.
    """
    return LabelSpreading(
        "self-tuning", n_neighbors=10, alpha=0.99, max_iter=1000, class_prior="uniform"
    )


def checked_model(model: Any) -> Any:
    """Return an unfitted copy of `model`, the default for None, or raise."""
    if model is None:
        return default_model()
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
    known = isinstance(model, GraphClassifier) and not isinstance(model, LabelSpreading)
    if known and isinstance(graph, DiskGraph):
        raise InvalidTypeError(
            f"{type(model).__name__} needs the graph in memory, and this one is on disk. Take "
            "model=LabelSpreading(), or pass graph.to_memory() if it fits."
        )


class KeptUpModel:
    """An estimator that is brought to the labels by what changed since the last time.

    Parameters
    ----------
    model : estimator
        Unfitted; it is fitted in place.
    graph : Graph
    shares : ExpectedShares
        The model's `class_prior`.
    rule : QueryRule, default=None
        Who asks. What it has solved for to choose the questions serves again for the answers.
    """

    def __init__(
        self, model: Any, graph: Graph, shares: ExpectedShares, rule: QueryRule | None = None
    ) -> None:
        self.model = model
        self.graph = graph
        self.shares = shares
        self._rule = rule
        self._fitted: dict[int, Label] = {}

    def at(self, labels: dict[int, Label]) -> Any:
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
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UnreachedWarning)
                warnings.simplefilter("ignore", LabelWarning)  # said when the answer was told
                if anew and (added or removed):
                    self._expect(labels)
                    self.model.fit(self.graph, label_column(labels, self.graph.n_nodes))
                elif added:
                    self._expect(self._fitted | labels)
                    learn_more(self.model, self._rule, list(added), list(added.values()))
                if removed and not anew:
                    self._expect(labels)
                    self.model.remove_labels(removed)
        except BaseException:
            self._fitted = {}  # whatever it holds now, the next fit is a new one
            raise
        self._fitted = dict(labels)
        return self.model

    def _expect(self, labels: dict[int, Label]) -> None:
        """Bring the model's `class_prior` to the classes of these labels."""
        if getattr(self.model, "class_prior", None) is not None:
            self.model.class_prior = self.shares.among(labels.values())


def learn_more(model: Any, rule: QueryRule | None, points: Any, labels: Any) -> None:
    """Add labels to a fitted model, which begins with what the rule knows of the points."""
    responses = None if rule is None else rule.responses(model, points)
    if responses is None:
        model.add_labels(points, labels)
    else:
        model.add_labels(points, labels, responses=responses)


def label_column(labels: dict[int, Label], n_points: int) -> npt.NDArray[Any]:
    """Return a label for each point, and where there is none -1 for numbers, None for others."""
    numbers = bool(labels) and all(type(label) is int for label in labels.values())
    column: npt.NDArray[Any] = (
        np.full(n_points, -1, dtype=np.int64) if numbers else np.full(n_points, None, dtype=object)
    )
    if labels:
        column[list(labels)] = list(labels.values())
    return column
