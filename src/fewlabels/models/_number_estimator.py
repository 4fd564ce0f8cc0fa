"""What all regressors share: numbers in, and changes of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from fewlabels._same_rows import refuse_other_rows
from fewlabels._turns import in_turn
from fewlabels.exceptions import InvalidTypeError
from fewlabels.graph import DiskGraph
from fewlabels.models._estimator import GraphEstimator
from fewlabels.models._number_insight import NumberInsight
from fewlabels.models._scores import Scores
from fewlabels.models._scoring import NoScore, r_squared
from fewlabels.models._targets import (
    KnownNumbers,
    NumberChange,
    add_numbers,
    encode_numbers,
    read_numbers,
    remove_numbers,
)


class NumberEstimator(NumberInsight, RegressorMixin, GraphEstimator):
    """Base of the regressors on a graph.

    `self._labels` holds the numbers when `_solve` is called.
    """

    _unreached_answer = "Their value is the mean of the labels"

    def fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """Spread the numbers `y` over the graph of `X`.

        Parameters
        ----------
        X : {array-like, sparse matrix, Graph} of shape (n_samples, n_features)
            Features; or affinities, with ``kernel="precomputed"``, of shape
            (n_samples, n_samples); or a graph in memory, whatever the kernel.
        y : array-like of shape (n_samples,)
            Numbers; NaN, None, ``pandas.NA`` or masked where unlabelled. (-1 is a number.)
            A pandas or polars ``Series`` is read in its order; its index is not looked at.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each label is trusted beside others: one of weight 2 counts as two at that
            place, one of weight 0 as none. Finite and at least 0; not read where unlabelled.
            None: 1 each.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        InvalidInputError
            If no point is labelled, `X` and `y` differ in length, or a value is not finite.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended the iteration before `tol` was reached.
        UnreachedWarning
            If some points lie in components of the graph that hold no label.
        ScaleWarning
            If a few columns of `X` decide all distances.
        AsymmetryWarning
            If affinities were not symmetric; their mean is taken.
        UserWarning
            If more than half of a `y` of integers is -1, as classifiers mark unlabelled points, or
            the largest number of an unsigned dtype, which -1 becomes there.
        """
        if isinstance(X, DiskGraph):
            raise InvalidTypeError(
                f"{type(self).__name__} needs the graph in memory, and this one is on disk. Fit on "
                "graph.to_memory() if it fits."
            )
        return self._fit(X, y, sample_weight)

    def fit_predict(self, X: object, y: object, sample_weight: object = None) -> np.ndarray:
        """Fit, and return `transduction_`: a number for every point of `X`.

        Parameters
        ----------
        X, y, sample_weight
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        fitted: np.ndarray = self.fit(X, y, sample_weight).transduction_
        return fitted

    @in_turn
    def add_labels(
        self, indices: npt.ArrayLike, labels: object, sample_weight: object = None
    ) -> Self:
        """Label more points, or correct labels, on the same graph.

        Parameters
        ----------
        indices : array-like of int of shape (n_added,), or boolean mask of shape (n_samples,)
            Points of the fitted `X`, each at most once. Labelled points are relabelled.
        labels : array-like of shape (n_added,)
            Their numbers.
        sample_weight : array-like of shape (n_added,), or float, default=None
            How much each is trusted; 0 takes a label back. None: 1 each.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If an index is out of range or stands twice, or a label or weight can't be used. The
            estimator is then as it was.
        """
        check_is_fitted(self)
        self._check_parameters()
        return self._relabel(add_numbers(self._labels, indices, labels, sample_weight))

    @in_turn
    def remove_labels(self, indices: npt.ArrayLike) -> Self:
        """Take labels back, on the same graph.

        Parameters
        ----------
        indices : array-like of int of shape (n_removed,), or boolean mask of shape (n_samples,)
            Labelled points of the fitted `X`, each at most once.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError
            If a point is not labelled, or no label would be left. The estimator is then as it was.
        """
        check_is_fitted(self)
        self._check_parameters()
        return self._relabel(remove_numbers(self._labels, indices))

    def score(self, X: object, y: object, sample_weight: object = None) -> float | NoScore:
        """Return R^2 of :meth:`predict` on the rows of `X` that have a number in `y`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            True numbers; rows of NaN, None or ``pandas.NA`` do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. Not read where unlabelled.

        Returns
        -------
        float
            1 at best; NaN of a single row, with scikit-learn's warning.

        Raises
        ------
        InvalidInputError
            If no row has a number.
        """
        check_is_fitted(self)
        refuse_other_rows(X, y)
        score: float | NoScore = r_squared(self, X, read_numbers(y), sample_weight)
        return score

    def _encode(self, y: object, sample_weight: object) -> KnownNumbers:
        return encode_numbers(y, sample_weight)

    @abstractmethod
    def _solve(self) -> Scores:
        """Solve for numbers on the graph, in two columns whose ratio says where in a range."""

    def _solve_change(self, change: NumberChange) -> Scores:
        """Two columns: there is little that a difference could spare."""
        return self._solve()
