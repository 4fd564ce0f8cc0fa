"""What a rule looks at: a graph, its labels, and what a model makes of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import NotFittedError

from fewlabels._labels import encode_labels
from fewlabels._typing import Estimator
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import DiskGraph, Graph
from fewlabels.queries._checks import FloatArray, IntArray, check_distributions


class LabelledGraph:
    """A graph with labels for some nodes, and predictions if there are any.

    Rules take a fitted classifier; where the predictions come from elsewhere, or were changed
    afterwards (:func:`fewlabels.normalize_class_mass`), they take this in its place.

    Parameters
    ----------
    graph : Graph
    y : array-like of shape (n_nodes,), default=None
        Labels as an estimator takes them: -1, None or NaN where there is none. None: no label.
    distributions : array-like of shape (n_nodes, n_classes), default=None
        Class probabilities, columns in the ascending order of the classes; each row sums to 1.
    model : object, default=None
        Whose predictions these are.

    Attributes
    ----------
    graph_ : Graph
    labelled_ : ndarray of shape (n_nodes,), bool
    classes_ : ndarray of shape (n_classes,)
        The classes that were seen.
    label_codes_ : ndarray of shape (n_nodes,), intp
        Index of each label into `classes_`, -1 where there is none.
    label_distributions_ : ndarray of shape (n_nodes, n_classes), float64, or None
    model_ : object
        As given; a rule of your own may ask it for more.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `graph` is none, or the others do not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import LabelledGraph, Margin
    >>> path = Graph.from_affinity(np.eye(4, k=1) + np.eye(4, k=-1))
    >>> shares = [[1, 0], [0.9, 0.1], [0.4, 0.6], [0, 1]]
    >>> Margin().query(LabelledGraph(path, ["a", None, None, "b"], shares))
    array([2])
    """

    def __init__(
        self,
        graph: Graph,
        y: object = None,
        distributions: npt.ArrayLike | None = None,
        *,
        model: Estimator = None,
    ) -> None:
        if not isinstance(graph, Graph):
            raise InvalidTypeError(f"graph must be a Graph, got {type(graph).__name__}.")
        labels = encode_labels(np.full(graph.n_nodes, -1) if y is None else y)
        if len(labels.codes) != graph.n_nodes:
            raise InvalidInputError(
                f"y must have one entry for each of the {graph.n_nodes} nodes, got "
                f"{len(labels.codes)}."
            )
        self.graph_ = graph
        self.model_ = model
        self.classes_ = labels.classes
        self.label_codes_: IntArray = labels.codes
        self.labelled_ = labels.labelled
        self.label_distributions_: FloatArray | None = None
        if distributions is not None:
            values = check_distributions(distributions)
            expected = (graph.n_nodes, len(labels.classes))
            if values.shape != expected:
                raise InvalidInputError(
                    f"distributions must have shape {expected}, a row a node and a column a class "
                    f"that y holds; got {values.shape}."
                )
            self.label_distributions_ = values

    @property
    def labelled_nodes(self) -> IntArray:
        """The labelled nodes, ascending."""
        return np.flatnonzero(self.labelled_)

    @property
    def predictions(self) -> FloatArray | None:
        """The class distributions, if they can tell nodes apart: None below two classes."""
        return self.label_distributions_ if len(self.classes_) > 1 else None

    @classmethod
    def of(cls, model: Estimator) -> LabelledGraph:
        """Return what `model` knows: a fitted classifier, a graph, or a LabelledGraph."""
        if isinstance(model, cls):
            return model
        if isinstance(model, Graph):
            return cls(model)
        labels = getattr(model, "_labels", None)
        graph = getattr(model, "graph_", None)
        if labels is None or graph is None:
            if hasattr(model, "fit"):
                raise NotFittedError(
                    f"this {type(model).__name__} is not fitted yet. Fit it; before the first "
                    "label, pass the graph itself."
                )
            raise InvalidTypeError(
                "a rule takes a fitted classifier of fewlabels, a Graph or a LabelledGraph, got "
                f"{type(model).__name__}."
            )
        known = cls.__new__(cls)
        known.graph_ = graph
        known.model_ = model
        known.classes_ = labels.classes
        known.label_codes_ = labels.codes
        known.labelled_ = labels.labelled
        known.label_distributions_ = model.label_distributions_
        return known


def in_memory(graph: Graph, rule: str) -> Graph:
    """Return `graph`, or raise if it is on disk."""
    if isinstance(graph, DiskGraph):
        raise InvalidTypeError(
            f"{rule} needs the graph in memory, and this one is on disk. Pass graph.to_memory() in "
            'a LabelledGraph if it fits, or choose by Margin(batch="top"), which reads the '
            "predictions only."
        )
    return graph
