"""The models of a session: which can be used, and how they are kept up with its labels."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from sklearn.base import clone, is_classifier

from fewlabels._arrays import refuse_masked
from fewlabels._typing import Estimator
from fewlabels._unsaid import unsaid
from fewlabels.exceptions import (
    InvalidInputError,
    InvalidTypeError,
    LabelWarning,
    UnreachedWarning,
)
from fewlabels.graph import DiskGraph, Graph
from fewlabels.models import (
    CorrectAndSmooth,
    FewLabelsClassifier,
    LabelSpreading,
    ModelPair,
    RelabelledModel,
)
from fewlabels.models._base import GraphClassifier
from fewlabels.models._fit_on_labelled import FitOnLabelled
from fewlabels.models._protocol import FittedModel
from fewlabels.queries import LabelledGraph, QueryRule
from fewlabels.session._expected_shares import ExpectedShares
from fewlabels.session._labels import Label, is_same
from fewlabels.session._points import GraphPoints, quiet_blas

# Sums of probabilities of many classes in float32 are 1 within this.
_SUM_TOLERANCE = 1e-3
_EQUAL_SHARES = "Where it has no answer, set equal shares, and reached_ to False"


def checked_model(model: object) -> Estimator:
    """Return an unfitted copy of `model`, None for None, or raise.

    A classifier of scikit-learn comes back as :class:`FitOnLabelled`.
    """
    if model is None:
        return None
    if isinstance(model, ModelPair):
        return ModelPair(checked_model(model.asks), checked_model(model.answers))
    if isinstance(model, CorrectAndSmooth):
        raise InvalidTypeError(
            "model must learn from a graph and labels alone, as LabelSpreading, "
            "FewLabelsClassifier and PoissonClassifier do; CorrectAndSmooth needs the features "
            "for its estimator, too. Fit it on the labels in the end: fit(X, session.labels)."
        )
    if isinstance(model, GraphClassifier):
        model._check_parameters()  # now, rather than once there is a label
        return clone(model)
    if isinstance(model, FitOnLabelled) or (not isinstance(model, type) and _takes_graph(model)):
        return clone(model, safe=False)
    if isinstance(model, type) or not _is_classifier(model):
        raise InvalidTypeError(
            "model must be a classifier of fewlabels or scikit-learn, such as LabelSpreading() or "
            "RandomForestClassifier(), or an object with fit(graph, y), see "
            f"fewlabels.models.TransductiveModel; got {model!r:.200}."
        )
    return FitOnLabelled(clone(model))


def _takes_graph(model: Estimator) -> bool:
    """Tell whether the first parameter of a model's `fit` is called graph."""
    try:
        return next(iter(inspect.signature(model.fit).parameters), "") == "graph"
    except (AttributeError, TypeError, ValueError):
        return False


def _is_classifier(model: object) -> bool:
    try:
        return bool(is_classifier(model))
    except AttributeError:  # it has no tags, so that it is no estimator of scikit-learn
        return False


def check_takes(model: object, graph: Graph | None, features: object) -> None:
    """Raise if `model`, one that passed :func:`checked_model`, can't be fitted on these points."""
    if isinstance(model, ModelPair):
        check_takes(model.asks, graph, features)
        check_takes(model.answers, graph, features)
        return
    if isinstance(model, FitOnLabelled) and features is None:
        raise InvalidTypeError(
            f"{type(model.estimator).__name__} learns from features, and there is only a graph. "
            "Pass the features; a graph of them may be passed beside them where simulate takes it."
        )
    known = isinstance(model, GraphClassifier) and not isinstance(model, LabelSpreading)
    if known and isinstance(graph, DiskGraph):
        raise InvalidTypeError(
            f"{type(model).__name__} needs the graph in memory, and this one is on disk. Take "
            "model=LabelSpreading(), or pass graph.to_memory() if it fits."
        )


def expected_shares(model: object, classes: Iterable[object] | None) -> ExpectedShares:
    """Return the shares that a model expects; "auto" is for the model to say."""
    prior = model.class_prior if isinstance(model, GraphClassifier) else None
    is_auto = isinstance(prior, str) and prior == "auto"
    return ExpectedShares(None if is_auto else prior, classes)


class KeptUpModel:
    """A model that is brought to the labels by what changed since the last time.

    Parameters
    ----------
    model : estimator
        Unfitted, as :func:`checked_model` returned it; it is fitted in place.
    points : GraphPoints
        A :class:`FewLabelsClassifier` learns from the features, too, and a classifier of
        scikit-learn from these alone.
    classes : sequence of labels, or None
        All there are, if they are known: the model's `class_prior` may hold a share for each.
    rule : QueryRule, default=None
        Who asks. What it has solved for to choose the questions serves again for the answers.
    trust : mapping from point to float, default=None
        How much the label of a point counts, if not 1; only for a :class:`FewLabelsClassifier`.
        What it says of a point must not change once the model has learned its label.
    """

    def __init__(
        self,
        model: Estimator,
        points: GraphPoints,
        classes: Iterable[object] | None,
        rule: QueryRule | None = None,
        trust: Mapping[int, float] | None = None,
    ) -> None:
        self.model = model
        self._trust = trust if isinstance(model, FewLabelsClassifier) else None
        self._points = points
        self._shares = expected_shares(model, classes)
        self._rule = rule
        self._fitted: dict[int, Label] = {}

    def at(self, labels: Mapping[int, Label]) -> Estimator:
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
        anew = len(added) == len(labels) or not isinstance(self.model, RelabelledModel)
        try:
            # of labels it was said when the answer was told
            with unsaid(UnreachedWarning, LabelWarning), quiet_blas(self._points.graph):
                if anew and (added or removed):
                    self._expect(labels)
                    self._fit(labels)
                elif added:
                    self._expect({**self._fitted, **labels})
                    self._add(added)
                if removed and not anew:
                    self._expect(labels)
                    self.model.remove_labels(removed)
            if not isinstance(self.model, GraphClassifier):
                _check_answers(self.model, self._points.graph.n_nodes, labels)
        except BaseException as error:
            self._fitted = {}  # whatever it holds now, the next fit is a new one
            if not isinstance(self.model, GraphClassifier):
                error.add_note(_about_fit(self.model, labels, self._points.graph.n_nodes))
            raise
        self._fitted = dict(labels)
        return self.model

    def foresee(self, point: int) -> bool:
        """Find what a label at a point would do to the model; False where the rule knows nothing.

        For when there is time: the label is then learned sooner, whatever it is.
        """
        responses = None if self._rule is None else self._rule.responses(self.model, [point])
        if responses is None or not isinstance(self.model, LabelSpreading):
            return False
        with unsaid(UnreachedWarning, LabelWarning):
            self.model.foresee([point], responses=responses)
        return True

    def for_rules(self, labels: Mapping[int, Label]) -> Estimator:
        """Return what rules look at: the model at these labels, or what it says on the graph."""
        model = self.at(labels)
        if isinstance(model, GraphClassifier):
            return model
        graph = self._points.graph
        column = label_column(labels, graph.n_nodes)
        classes = np.asarray(model.classes_).tolist()
        ascending = LabelledGraph(graph, column).classes_.tolist()
        said = model.label_distributions_[:, [classes.index(label) for label in ascending]]
        return LabelledGraph(graph, column, said, model=model)

    def _fit(self, labels: Mapping[int, Label]) -> None:
        points = self._points
        column = label_column(labels, points.graph.n_nodes)
        if isinstance(self.model, FitOnLabelled):
            self.model.fit(points.values, column)
        elif isinstance(self.model, FewLabelsClassifier):
            weights, trusted = None, self._trusted(labels)
            if trusted is not None:
                weights = np.ones(len(column))
                weights[list(labels)] = trusted
            if points.features is None:
                self.model.fit(points.graph, column, weights)
            else:
                self.model.fit(points.features, column, weights, graph=points.graph)
        else:
            self.model.fit(points.graph, column)

    def _trusted(self, labels: Iterable[int]) -> list[float] | None:
        """Return how much the labels of some points count; None where each counts as one."""
        if not self._trust:
            return None
        trusted = [self._trust.get(point, 1.0) for point in labels]
        return None if min(trusted) == 1.0 else trusted

    def _add(self, added: dict[int, Label]) -> None:
        points, labels = list(added), list(added.values())
        responses = None if self._rule is None else self._rule.responses(self.model, points)
        if responses is None:
            trusted = self._trusted(points)
            more = {} if trusted is None else {"sample_weight": trusted}
            self.model.add_labels(points, labels, **more)
        else:
            self.model.add_labels(points, labels, responses=responses)

    def _expect(self, labels: Mapping[int, Label]) -> None:
        """Bring the model's `class_prior` to the classes of these labels."""
        if self._shares.known:
            self.model.class_prior = self._shares.among(labels.values())


def _about_fit(model: object, labels: Mapping[int, Label], n_points: int) -> str:
    """Return what somebody whose model raised an error should know of what it was given."""
    learner = model.estimator if isinstance(model, FitOnLabelled) else model
    said = f"{type(learner).__name__} was being fitted on the labels of {len(labels)} points"
    if isinstance(model, FitOnLabelled):
        return f"{said}."
    marker = "-1" if label_column(labels, n_points).dtype.kind == "i" else "None"
    return f"{said}; the other {n_points - len(labels):,} entries of y are {marker}."


def _check_answers(model: object, n_points: int, labels: Mapping[int, Label]) -> None:
    """Raise unless a model that is not ours says of each point how probable each class is."""
    name = type(model).__name__
    refuse_masked(
        getattr(model, "label_distributions_", ()), f"{name}.label_distributions_", _EQUAL_SHARES
    )
    classes = np.asarray(getattr(model, "classes_", ()))
    said = np.asarray(getattr(model, "label_distributions_", ()))
    seen = set(labels.values())
    if classes.ndim != 1 or len(classes) != len(seen) or set(classes.tolist()) != seen:
        raise InvalidInputError(
            f"{name}.fit must set classes_ to the {len(seen)} classes that have a label; it is "
            f"{classes.tolist()!r:.200}."
        )
    if said.shape != (n_points, len(classes)):
        raise InvalidInputError(
            f"{name}.fit must set label_distributions_ to an array of shape (n_points, n_classes), "
            f"({n_points}, {len(classes)}); its shape is {said.shape}."
        )
    wrong = ~((said >= 0).all(axis=1) & (np.abs(said.sum(axis=1) - 1) <= _SUM_TOLERANCE))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInputError(
            f"each row of label_distributions_ of {name} must be non-negative and sum to 1; row "
            f"{row} is {said[row]}. {_EQUAL_SHARES}."
        )


def reached(model: FittedModel) -> npt.NDArray[np.bool_]:
    """Tell where a label reaches a point, by the fitted model; everywhere if it does not say."""
    found: npt.NDArray[np.bool_] | None = getattr(model, "reached_", None)
    return np.ones(len(model.label_distributions_), dtype=bool) if found is None else found


def answered(model: Estimator) -> npt.NDArray[np.bool_]:
    """Tell where a fitted model has an answer, shape (n_points,)."""
    has: npt.NDArray[np.bool_] = reached(model)
    return model.answered_ if isinstance(model, FewLabelsClassifier) else has


def label_column(labels: Mapping[int, Label], n_points: int) -> np.ndarray:
    """Return a label for each point, and where there is none -1 for numbers, None for others."""
    numbers = bool(labels) and all(type(label) is int for label in labels.values())
    column: np.ndarray = (
        np.full(n_points, -1, dtype=np.int64) if numbers else np.full(n_points, None, dtype=object)
    )
    if labels:
        column[list(labels)] = list(labels.values())
    return column
