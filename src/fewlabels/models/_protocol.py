"""What a model has to offer to take part in the labelling loop."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from fewlabels._typing import Cells
from fewlabels.graph import Graph
from fewlabels.models._answers import Answers


@runtime_checkable
class TransductiveModel(Protocol):
    """A model for all points of a graph, fitted on the labels of some.

    This is all that :class:`fewlabels.Session` and :func:`fewlabels.simulate` need. A class of your
    own need not inherit from anything, but the first parameter of its `fit` must be called `graph`,
    which distinguishes it from a classifier of features.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        After :meth:`fit`: the classes that had a label.
    label_distributions_ : ndarray of shape (n_points, n_classes)
        The probability of each class for each point, columns as `classes_`; rows sum to 1.

    Notes
    -----
    Optional members:

    ``add_labels(indices, labels)`` and ``remove_labels(indices)``
        Add or remove labels at a lower cost than a refit. Without them, it is refitted.
    ``reached_`` : ndarray of shape (n_points,), bool
        Where it has an answer; elsewhere it counts as wrong. Without it: everywhere.
    ``evidence_`` : ndarray of shape (n_points,)
        How much evidence the labels give about a point.

    A query rule may offer solutions for the points that it chose; `add_labels` receives them as
    ``responses`` if it has a parameter of that name.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session, knn_graph
    >>> from fewlabels.models import TransductiveModel
    >>> class Shares:  # answers every point with the shares of the labels
    ...     def fit(self, graph, y):
    ...         self.classes_, counts = np.unique(y[y != -1], return_counts=True)
    ...         self.label_distributions_ = np.tile(counts / counts.sum(), (len(y), 1))
    ...         return self
    >>> graph = knn_graph([[0.0], [1.0], [2.0], [3.0]], n_neighbors=1)
    >>> isinstance(Shares().fit(graph, np.array([0, 1, 1, -1])), TransductiveModel)
    True
    >>> session = Session(graph, model=Shares(), query="random").tell([0, 1, 2], [0, 1, 1])
    >>> session.predictions().labels
    array([0, 1, 1, 1])
    """

    classes_: np.ndarray
    label_distributions_: np.ndarray

    def fit(self, graph: Graph, y: np.ndarray) -> object:
        """Fit on a graph and a label for each node: -1 (numbers) or None where there is none."""


class FittedModel(Protocol):
    """What is read off any model that has learned labels, whatever it was fitted on."""

    @property
    def classes_(self) -> np.ndarray:
        """The classes, shape (n_classes,)."""

    @property
    def label_distributions_(self) -> np.ndarray:
        """The probability of each class for each point, shape (n_points, n_classes)."""


class AnsweringModel(FittedModel, Protocol):
    """What the classifiers of this package that leave labels out say besides."""

    @property
    def reached_(self) -> np.ndarray:
        """Where there is an answer, shape (n_points,)."""

    @property
    def evidence_(self) -> np.ndarray:
        """How much the labels say of a point, shape (n_points,)."""

    @property
    def doubt_(self) -> np.ndarray:
        """A word for each point, shape (n_points,)."""

    def predict_set(self, *, coverage: float, allow_empty: bool) -> np.ndarray:
        """Return the classes that a point may be of, shape (n_points, n_classes), bool."""

    def answers(self, X: object, *, coverage: float) -> Answers:
        """Return all of this of new points."""


@runtime_checkable
class RelabelledModel(Protocol):
    """A model to which labels can be added, and from which they can be removed, without a refit.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> from fewlabels.models import RelabelledModel
    >>> isinstance(LabelSpreading(), RelabelledModel)
    True
    """

    def add_labels(self, indices: list[int], labels: Cells) -> object:
        """Label more points, or relabel some."""

    def remove_labels(self, indices: list[int]) -> object:
        """Remove the labels of some points."""
