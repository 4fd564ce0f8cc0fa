"""A scorer that leaves unlabelled rows out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from sklearn.base import is_regressor
from sklearn.metrics import get_scorer, get_scorer_names, log_loss, make_scorer
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.metadata_routing import get_routing_for_object

from fewlabels._labels import has_minus_one
from fewlabels._typing import Estimator, Package
from fewlabels._validation import check_same_length
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.model_selection._targets import read_targets
from fewlabels.models._scoring import no_label_to_score

Scoring: TypeAlias = str | Callable[..., float] | None


class LabelledScorer:
    """What :func:`labelled_scorer` returns: ``scorer(estimator, X, y)`` over labelled rows.

    Examples
    --------
    >>> from fewlabels import LabelSpreading, labelled_scorer
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
    >>> model = LabelSpreading("self-tuning", n_neighbors=2).fit(X, [0, -1, -1, 1, -1, -1])
    >>> labelled_scorer("accuracy")(model, X, [0, 0, -1, 1, 1, -1])  # two rows don't count
    1.0
    """

    def __init__(self, scoring: Scoring) -> None:
        self.scoring = check_scoring_name(scoring)

    def __call__(
        self,
        estimator: Estimator,
        X: object,
        y: object,
        sample_weight: object = None,
        **params: object,
    ) -> Package:
        """Score `estimator` on the labelled rows of `X`.

        Parameters
        ----------
        estimator : object
            Fitted.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            True labels; the unlabelled marker where there are none. Of soft labels the most
            probable class is the true one.
        sample_weight : array-like of shape (n_samples,), default=None
            Passed on for the labelled rows, where it is given.
        **params
            Passed on as they are.

        Returns
        -------
        float
            What the wrapped scorer returns.

        Raises
        ------
        InvalidInputError
            If no row is labelled, or `X`, `y` and `sample_weight` differ in length.
        """
        classes = getattr(estimator, "classes_", None)
        minus_one = has_minus_one(classes) if isinstance(classes, np.ndarray) else None
        targets = read_targets(y, continuous=is_regressor(estimator), minus_one=minus_one)
        rows = np.flatnonzero(targets.known)
        check_same_length(X, sample_weight, targets.known)
        if len(rows) == 0:
            return no_label_to_score(len(targets.known))
        X, sample_weight = indexable(X, sample_weight)
        if len(rows) < len(targets.known):
            X = _safe_indexing(X, rows)
            if sample_weight is not None:
                sample_weight = _safe_indexing(sample_weight, rows)
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        scorer = resolved_scorer(self.scoring, estimator)
        return scorer(estimator, X, targets.values(rows), **params)

    def get_metadata_routing(self) -> object:
        """Return what the wrapped scorer asks of scikit-learn's metadata routing."""
        return get_routing_for_object(None if self.scoring is None else get_scorer(self.scoring))

    def __repr__(self) -> str:
        return f"labelled_scorer({self.scoring!r})"


def labelled_scorer(scoring: Scoring = "accuracy") -> LabelledScorer:
    """Make a scorer that ignores unlabelled rows.

    ``scorer(estimator, X, y)`` applies `scoring` to the rows of `X` that are labelled in `y`. Use
    it if rows to score on may be unlabelled: with ``return_train_score=True``, with a splitter
    other than :class:`LabelledKFold`, or by hand on a partly labelled set. (``score`` of the
    estimators of this package ignores them, too.)

    Parameters
    ----------
    scoring : str, callable or None, default="accuracy"
        Name of one of scikit-learn's scorers, a callable ``scorer(estimator, X, y)`` such as
        :func:`sklearn.metrics.make_scorer` returns, or None for the estimator's own ``score``.
        ``"neg_log_loss"`` is computed over all classes that the estimator knows: scikit-learn's
        scorer fails if a small test set lacks one of them.

    Returns
    -------
    LabelledScorer
        Can be pickled if `scoring` can. `scoring` receives labels in the dtype of the classes,
        never as objects if they are numbers.

    Raises
    ------
    InvalidInputError
        If there is no scorer of that name. By the scorer: if no row is labelled.
    InvalidTypeError
        If `scoring` is neither a name nor callable nor None.

    See Also
    --------
    LabelledKFold : Folds of the labelled points.

    Examples
    --------
    >>> from fewlabels import LabelSpreading, labelled_scorer
    >>> from sklearn.metrics import get_scorer
    >>> X = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> y = [0, -1, -1, 1, -1, -1]
    >>> model = LabelSpreading("self-tuning", n_neighbors=2).fit(X, y)
    >>> get_scorer("accuracy")(model, X, y)  # takes the marker -1 for a class
    0.33...
    >>> labelled_scorer("accuracy")(model, X, y)
    1.0
    """
    return LabelledScorer(scoring)


def check_scoring_name(scoring: object) -> Scoring:
    """Return `scoring` if it is None, callable, or names a scorer; or raise."""
    if scoring is None or callable(scoring):
        checked: Scoring = scoring
        return checked
    if not isinstance(scoring, str):
        raise InvalidTypeError(
            "scoring must be the name of a scorer, a callable scorer(estimator, X, y) or None, got "
            f"{scoring!r} of type {type(scoring).__name__}."
        )
    if scoring not in get_scorer_names():
        raise InvalidInputError(
            f"scoring={scoring!r} is the name of no scorer; sklearn.metrics.get_scorer_names() "
            "lists them."
        )
    return scoring


def resolved_scorer(scoring: Scoring, estimator: Estimator) -> Callable[..., float]:
    """Return the callable that `scoring` means for `estimator`."""
    scorer: Callable[..., float]
    if scoring is None:
        scorer = _own_score
    elif scoring == "neg_log_loss":
        scorer = make_scorer(
            log_loss,
            greater_is_better=False,
            response_method="predict_proba",
            labels=estimator.classes_,
        )
    else:
        scorer = get_scorer(scoring)
    return scorer


def _own_score(estimator: Estimator, X: object, y: object, **params: object) -> float:
    score: float = estimator.score(X, y, **params)  # or what stands in where no row is labelled
    return score
