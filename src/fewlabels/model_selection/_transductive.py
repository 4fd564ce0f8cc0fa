"""Cross-validation of the points that are in the graph: labels are hidden, points are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone, is_regressor
from sklearn.pipeline import Pipeline

from fewlabels._typing import Estimator, Package, State
from fewlabels._validation import check_same_length
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph
from fewlabels.model_selection._scorer import Scoring, check_scoring_name, resolved_scorer
from fewlabels.model_selection._split import LabelledKFold
from fewlabels.model_selection._targets import Targets, read_targets
from fewlabels.models import CorrectAndSmooth
from fewlabels.models._estimator import GraphEstimator
from fewlabels.models._targets import IndicatorLabels, RowLabels

IntArray = npt.NDArray[np.intp]


def transductive_cross_val_score(
    estimator: object,
    X: object,
    y: object,
    *,
    cv: object = None,
    scoring: Scoring = None,
    params: Mapping[str, object] | None = None,
) -> npt.NDArray[np.float64]:
    """Score a transductive model by cross-validation that keeps every point in the graph.

    For each fold, the labels of its points are hidden, the model is fitted on *all* points, and its
    answers for the hidden ones (`transduction_`, `label_distributions_`) are scored. This is how a
    graph model is used: the points of interest are known when it is fitted. ``cross_val_score``
    removes test points from the graph instead, and predicts them as new ones.

    Parameters
    ----------
    estimator : estimator with ``fit(X, y)`` and, once fitted, ``transduction_``
        Any classifier or regressor of this package, scikit-learn's semi-supervised ones, or a
        Pipeline that ends in one. Cloned, not fitted itself.
    X : {array-like, sparse matrix, Graph} of shape (n_samples, n_features)
        What `estimator` is fitted on. From features, the graph is built once, by the first fit, and
        reused. To compare settings that don't change the graph, pass the Graph.
    y : array-like of shape (n_samples,) or (n_samples, n_classes)
        Labels; -1, None or NaN where unlabelled. Soft labels are scored by their most probable
        class.
    cv : int, splitter, iterable of (train, test) or None, default=None
        None: ``LabelledKFold()``; a number: that many splits of it. With other test sets, given as
        indices, only their labelled points are tested; training sets are ignored.
    scoring : str, callable or None, default=None
        As :func:`labelled_scorer` takes it. None: accuracy for classifiers, R^2 for regressors. A
        callable ``scorer(estimator, X, y)`` is called with a stand-in for the fitted model, which
        has `predict`, `predict_proba` and `classes_` and takes for `X` the numbers of points, a
        column of shape (n_test, 1).

    params : mapping of str to object, default=None
        Other arguments of `fit`, passed unchanged at every split: ``{"sample_weight": weights}``,
        or for :class:`CorrectAndSmooth` ``{"graph": graph}``.

    Returns
    -------
    ndarray of shape (n_splits,), float64

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `X` and `y` differ in length, a test set holds no label, `cv` or `scoring` can't be
        used, or the fitted `estimator` has no ``transduction_``.

    See Also
    --------
    LabelledKFold : For induction: ``cross_val_score(model, X, y, cv=LabelledKFold())``.

    Notes
    -----
    A test point that no label reaches is scored by its distribution, which is the prior.

    Test labels are hidden from all steps of a Pipeline, but every step sees the test points. With a
    Pipeline, the graph is built again for every fold.

    Cost: one graph, and a fit on it for each split. This is cheaper than removing labels from one
    fitted model and adding them again, which takes two solves for each split.

    Examples
    --------
    >>> from fewlabels import LabelSpreading, knn_graph, transductive_cross_val_score
    >>> X = [[0.0], [0.5], [1.0], [1.5], [2.5], [3.0], [3.5], [4.0]]
    >>> y = ["low", None, "low", None, "high", None, "high", None]
    >>> model = LabelSpreading("self-tuning", n_neighbors=3)
    >>> transductive_cross_val_score(model, X, y, cv=2)
    array([1., 1.])

    Compare settings on one graph:

    >>> graph = knn_graph(X, 3)
    >>> for alpha in (0.2, 0.9):
    ...     model = LabelSpreading(alpha=alpha)
    ...     losses = transductive_cross_val_score(model, graph, y, cv=2, scoring="neg_log_loss")
    ...     print(alpha, losses.mean().round(3))
    0.2 -0.025
    0.9 -0.072
    """
    check_scoring_name(scoring)
    targets = read_targets(y, continuous=is_regressor(estimator))
    n_samples = len(targets.known)
    if isinstance(X, Graph):
        if X.n_nodes != n_samples:
            raise InvalidInputError(
                f"the graph has {X.n_nodes} points and y {n_samples} entries. Give one label, or "
                "the unlabelled marker, per point."
            )
    else:
        check_same_length(X, targets.known)
    splits = list(_test_sets(cv, X, y, targets))
    scores = np.empty(len(splits))
    fitted = None
    for i, test in enumerate(splits):
        fitted = _fit(estimator, X, targets.without(test), fitted, dict(params or {}))
        stand_in = _stand_in(fitted, estimator, targets)
        scorer = resolved_scorer(scoring, stand_in)
        scores[i] = scorer(stand_in, test[:, None], targets.values(test))
    return scores


def _test_sets(cv: object, X: object, y: object, targets: Targets) -> Iterator[IntArray]:
    """Yield the labelled points of each test set."""
    if cv is None or isinstance(cv, Integral):
        cv = LabelledKFold(5 if cv is None else int(cv), stratified=targets.have_strata)
    if isinstance(cv, str) or not (hasattr(cv, "split") or isinstance(cv, Iterable)):
        raise InvalidTypeError(
            "cv must be None, a number of splits, a splitter such as LabelledKFold(), or (train, "
            f"test) pairs, got {cv!r} of type {type(cv).__name__}."
        )
    if isinstance(cv, LabelledKFold):
        splits: Package = cv._splits_of(targets)  # which knows measurements from classes
    elif hasattr(cv, "split"):
        splits = cv.split(np.zeros(len(targets.known)) if isinstance(X, Graph) else X, y)
    else:
        splits = cv
    for i, (_, test) in enumerate(splits):
        labelled = np.asarray(test)[targets.known[test]]
        if len(labelled) == 0:
            raise InvalidInputError(
                f"the test set of split {i} (from 0) of {cv!r} holds no labelled point. Use "
                "LabelledKFold, which tests on labelled points only."
            )
        yield labelled


def _fit(
    estimator: Estimator, X: object, y: np.ndarray, before: Estimator, params: State
) -> Estimator:
    """Fit a clone on all points, on the graph of the one before if there is one."""
    model = clone(estimator)
    if before is not None and isinstance(model, CorrectAndSmooth):
        params.setdefault("graph", before.graph_)
    elif before is not None and isinstance(model, GraphEstimator):
        X = before.graph_
    return model.fit(X, y, **params)


class _StandIn(BaseEstimator):
    """Answers of a fitted model, asked for by the numbers of its points."""

    def __init__(self, answers: np.ndarray) -> None:
        self.answers = answers

    def predict(self, X: IntArray) -> np.ndarray:
        return self.answers[X[:, 0]]

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _Classes(ClassifierMixin, _StandIn):
    def __init__(self, answers: np.ndarray, distributions: np.ndarray, classes: np.ndarray) -> None:
        super().__init__(answers)
        self.distributions = distributions
        self.classes_ = self.classes = classes

    def predict_proba(self, X: IntArray) -> np.ndarray:
        return self.distributions[X[:, 0]]

    def score(self, X: IntArray, y: np.ndarray) -> float:
        """Accuracy, of classes that scikit-learn's metrics don't take, too: dates, tuples."""
        right = self.predict(X) == y
        return float(np.mean(right if right.ndim == 1 else right.all(axis=1)))


class _Numbers(RegressorMixin, _StandIn):
    pass


def _stand_in(fitted: Estimator, estimator: Estimator, targets: Targets) -> Estimator:
    """Wrap what `fitted` says of its own points."""
    model = fitted[-1] if isinstance(fitted, Pipeline) else fitted
    if not hasattr(model, "transduction_"):
        raise InvalidTypeError(
            f"{type(estimator).__name__} is not transductive: fitted, it has no transduction_, "
            "what it says of the points it was fitted on. Use cross_val_score with "
            "cv=LabelledKFold()."
        )
    if is_regressor(model):
        return _Numbers(model.transduction_)
    distributions = model.label_distributions_
    if isinstance(targets.labels, IndicatorLabels):
        answers = (distributions > 0.5).astype(targets.labels.dtype)
        return _Classes(answers, distributions, model.classes_)
    classes = model.classes_
    if isinstance(targets.labels, RowLabels):  # hidden as an array, without the columns' names
        classes = targets.labels.classes
    # the most probable class even where transduction_ holds the marker, out of every label's reach
    return _Classes(classes[np.argmax(distributions, axis=1)], distributions, classes)
