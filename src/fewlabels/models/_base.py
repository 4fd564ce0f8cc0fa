"""What the graph-based classifiers share: labels to codes, answers out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from fewlabels._labels import Labels, encode_labels
from fewlabels.exceptions import InvalidInputError
from fewlabels.models._estimator import GraphEstimator
from fewlabels.models._relabel import add_codes, refuse_continuous, remove_codes
from fewlabels.models._scores import Scores
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.floating[Any]]


class GraphClassifier(ClassifierMixin, TransformerMixin, GraphEstimator):
    """Base of the classifiers that spread labels over a graph."""

    _own_answers = "transduction_ or label_distributions_"

    def fit(self, X: Any, y: Any) -> Self:
        """Spread the labels `y` over the graph of `X`.

        Parameters
        ----------
        X : {array-like, sparse matrix, Graph} of shape (n_samples, n_features)
            Features; or affinities, with ``kernel="precomputed"``, of shape
            (n_samples, n_samples); or a graph, in memory or on disk, whatever the kernel.
        y : array-like of shape (n_samples,)
            Labels. Unlabelled is -1 where labels are numbers, and None, NaN or ``pandas.NA``
            everywhere.

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
        """
        return self._fit(X, y)

    def fit_predict(self, X: Any, y: Any) -> npt.NDArray[Any]:
        """Fit, and return `transduction_`: a label for every point of `X`.

        Parameters
        ----------
        X, y
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            The unlabelled marker of `y` where no label can reach.
        """
        transduction: npt.NDArray[Any] = self.fit(X, y).transduction_
        return transduction

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable class of new points.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)

        Returns
        -------
        ndarray of shape (n_queries,)
        """
        probabilities = self.predict_proba(X)
        predicted: npt.NDArray[Any] = self.classes_[np.argmax(probabilities, axis=1)]
        return predicted

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the class distribution of new points.

        Each is the mean of `label_distributions_` over the fitted points that evidence reached,
        weighted by the kernel: with ``"knn"`` over the `n_neighbors` nearest, with
        ``"self-tuning"`` over those with their self-tuned weights, with ``"rbf"`` over all. A
        new point near none of them gets the prior, the shares of the classes among the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows sum to 1; columns in the order of `classes_`.

        Raises
        ------
        InvalidInputError
            If the estimator was fitted on a Graph, which has no features.

        Notes
        -----
        Delalleau, Bengio, Le Roux, "Efficient non-parametric function induction in
        semi-supervised learning", AISTATS 2005, equation 4.
        """
        check_is_fitted(self)
        speaking = np.where(self.reached_[:, None], self.label_distributions_, 0)
        votes = self._votes(X, speaking)
        totals = votes.sum(axis=1, keepdims=True)
        result = np.tile(self._prior(), (len(votes), 1))
        np.divide(votes, totals, out=result, where=totals > 0)
        return result.astype(self.label_distributions_.dtype, copy=False)

    def transform(self, X: Any) -> Any:
        """Return the class distribution of new points as features; see :meth:`predict_proba`.

        A table with a column a class after ``set_output(transform="pandas")`` or ``"polars"``.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)

        Returns
        -------
        {ndarray, table} of shape (n_queries, n_classes)
        """
        return self.predict_proba(X)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """Return the names of the columns of :meth:`transform`: class name and label.

        Parameters
        ----------
        input_features : ignored
            As scikit-learn's transformers take it.

        Returns
        -------
        ndarray of str of shape (n_classes,), dtype object
            Such as ``"labelspreading_cat"``.
        """
        check_is_fitted(self)
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}_{label}" for label in self.classes_], dtype=object)

    def add_labels(self, indices: npt.ArrayLike, labels: Any) -> Self:
        """Label more points, or correct labels, without a refit.

        Only what changes is solved for. The answer is that of a refit, within `tol` for each of
        the classes that were solved for apart.

        Parameters
        ----------
        indices : array-like of int of shape (n_added,), or boolean mask of shape (n_samples,)
            Points of the fitted `X`, each at most once. Labelled ones are relabelled.
        labels : array-like of shape (n_added,)
            Their classes; new ones are welcome.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If an index is out of range or stands twice, a label is missing, or its type does not
            fit the other labels. The estimator is then as it was.
        """
        check_is_fitted(self)
        self._check_parameters()
        return self._relabel(add_codes(self._labels, indices, labels))

    def remove_labels(self, indices: npt.ArrayLike) -> Self:
        """Take labels back without a refit.

        Only what changes is solved for; the answer is that of a refit, within `tol`.

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
            If a point is not labelled, or no label would be left. The estimator is then as it
            was. (Warnings, as of points that are now unreached, come after the change.)
        """
        check_is_fitted(self)
        self._check_parameters()
        return self._relabel(remove_codes(self._labels, indices))

    def _encode(self, y: Any) -> Labels:
        labels = encode_labels(y)
        if not labels.labelled.any():
            raise InvalidInputError(
                f"y holds no label: all {len(labels.codes)} points are marked as unlabelled "
                "(-1, None or NaN). Label at least one point of each class."
            )
        refuse_continuous(labels.classes)
        return labels

    def _prior(self) -> npt.NDArray[np.float64]:
        """Share of each class among the labels, shape (n_classes,)."""
        codes = self._labels.codes
        counts = np.bincount(codes[codes >= 0], minlength=len(self._labels.classes))
        return np.asarray(counts / counts.sum())

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores: Any = scores
        labels = self._labels
        self.classes_ = labels.classes
        self.reached_ = self.graph_.reached_from(labels.labelled)
        distributions = scores.distributions(self._prior())
        # not all are answered where the solve ended too early
        codes = np.where(scores.answered, np.argmax(distributions, axis=1), -1)
        self.transduction_ = labels.decode(codes)
        self.label_distributions_ = distributions.astype(self._dtype, copy=False)
        self.evidence_ = scores.totals
        self.residual_ = scores.residual
        self.n_iter_ = max(1, scores.n_iter)  # 0 where every point is labelled, say
