"""What the graph-based classifiers share: labels to codes, answers out."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from fewlabels._labels import Labels
from fewlabels._memory import require_memory, require_scores
from fewlabels._same_rows import refuse_other_rows
from fewlabels._turns import in_turn
from fewlabels._typing import Matrix, Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import DiskGraph, Graph
from fewlabels.models._class_prior import ClassPrior, resolve_class_prior
from fewlabels.models._estimator import GraphEstimator
from fewlabels.models._relabel import add_codes, remove_codes
from fewlabels.models._scores import Scores
from fewlabels.models._scoring import accuracy
from fewlabels.models._targets import IndicatorLabels, encode_targets
from fewlabels.models.class_mass import approach_shares, share_out
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]


class GraphClassifier(ClassifierMixin, TransformerMixin, GraphEstimator):
    """Base of the classifiers that spread labels over a graph.

    `self._labels` holds the targets, and `class_prior_` the expected shares, when `_solve` and
    `_solve_change` are called. A subclass with its own constraint on the shares of the classes
    overrides `_apply_prior`; one that needs one class per point sets `_takes_multilabel` to False.
    """

    class_prior: ClassPrior = None  # of subclasses that take none
    _takes_multilabel = True
    _own_answers = "transduction_ or label_distributions_"
    _unreached_answer = "Their distribution is the prior, transduction_ marks them as unlabelled"

    def fit(self, X: object, y: object, sample_weight: object = None) -> Self:
        """Spread the labels `y` over the graph of `X`.

        Parameters
        ----------
        X : {array-like, sparse matrix, Graph} of shape (n_samples, n_features)
            Features; or affinities, with ``kernel="precomputed"``, of shape
            (n_samples, n_samples); or a graph, in memory or on disk, whatever the kernel.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Labels. Unlabelled are None, NaN, ``pandas.NA`` and masked entries; and -1 among
            numbers, where none of these occurs (else it is a class). In several columns: floats
            are soft labels, each row a distribution, all NaN where unlabelled; integers and
            booleans say by 0 and 1 which classes hold of a point, all -1 where unlabelled. The
            columns of a table name the classes.
            Rows are taken as they stand. A pandas ``Series`` whose index holds the rows of `X` in
            another order, or only some of them, is refused.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each label is trusted: a label of weight 2 counts as two at that place, one
            of weight 0 as none. Finite and at least 0; not read where unlabelled. The point stays
            a node of the graph whatever its weight. None: 1 each.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        InvalidInputError
            If no point is labelled, `X` and `y` differ in length, a value is not finite, a row of
            `y` or a weight can't be used, or `class_prior` does not fit the classes.
        NotEnoughMemoryError
            If the scores, a number a point and class in several arrays, would not fit the free
            memory. Raised before the graph is built.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended the iteration before `tol` was reached.
        UnreachedWarning
            If some points lie in components of the graph that hold no label.
        LabelWarning
            If labels may not mean what they say: classes with nearly the same name, words such as
            "NA", -1 beside another marker, 255 in an array of uint8.
        ScaleWarning
            If a few columns of `X` decide all distances.
        AsymmetryWarning
            If affinities were not symmetric; their mean is taken.
        """
        return self._fit(X, y, sample_weight)

    def fit_predict(self, X: object, y: object, sample_weight: object = None) -> np.ndarray:
        """Fit, and return `transduction_`: a label for every point of `X`.

        Parameters
        ----------
        X, y, sample_weight
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_classes) where several classes may hold
            The unlabelled marker of `y` where no label can reach.
        """
        transduction: np.ndarray = self.fit(X, y, sample_weight).transduction_
        return transduction

    def predict(self, X: object) -> np.ndarray:
        """Return the most probable class of new points, or all that are likely to hold.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)

        Returns
        -------
        ndarray of shape (n_queries,), or (n_queries, n_classes) where several classes may hold
            In the latter 1 where a class is more probable than not, else 0.
        """
        probabilities = self.predict_proba(X)  # which says where nothing is fitted
        labels: Labels = self._labels
        return labels.decide(probabilities)

    def predict_proba(self, X: object) -> FloatArray:
        """Return the class distribution of new points.

        Each is the mean of `label_distributions_` over the fitted points that evidence reached,
        weighted by the kernel: with ``"knn"`` over the `n_neighbors` nearest, with
        ``"self-tuning"`` over those with their self-tuned weights, with ``"rbf"`` over all. A
        new point near none of them gets the prior: `class_prior_`, or the shares of the classes
        among the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows sum to 1, but where several classes may hold of a point: there each entry is the
            probability of one class. Columns in the order of `classes_`.

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
        if self._is_multilabel:
            votes = self._votes(X, np.column_stack([speaking, self.reached_]))
            result = self._over(votes[:, :-1], votes[:, -1:])
        else:
            result = self._shares_of(self._votes(X, speaking))
        np.minimum(result, 1, out=result)  # a sum of weights may be off by rounding
        with np.errstate(under="ignore"):
            return result.astype(self.label_distributions_.dtype, copy=False)

    def transform(self, X: object) -> Matrix:
        """Return the class distribution of new points as features; see :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)

        Returns
        -------
        {ndarray, table} of shape (n_queries, n_classes)
            A table after ``set_output(transform="pandas")`` or ``"polars"``.
        """
        return self.predict_proba(X)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
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
        name = type(self).__name__.lower()
        return np.array([f"{name}_{label}" for label in self.classes_], dtype=object)

    @in_turn
    def add_labels(
        self, indices: npt.ArrayLike, labels: object, sample_weight: object = None
    ) -> Self:
        """Label more points, or correct labels, without a refit.

        Solves only for what changes. The result is that of a refit, within `tol` for each class
        that was solved for separately.

        Parameters
        ----------
        indices : array-like of int of shape (n_added,), or boolean mask of shape (n_samples,)
            Points of the fitted `X`, each at most once. Labelled points are relabelled.
        labels : array-like of shape (n_added,) or (n_added, n_classes)
            Their classes, which may be new. Or rows like those of the fitted `y`.
        sample_weight : array-like of shape (n_added,), or float, default=None
            How much each is trusted; 0 removes a label. None: 1 each, even if a point had another
            weight.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If an index is out of range or stands twice, a label is missing, or its type does not
            fit the other labels, a weight can't be used, or `class_prior` does not fit the
            classes that there are now. The estimator is then as it was.

        Warns
        -----
        LabelWarning
            If a new class has nearly the name of another, or a name such as "NA".
        """
        check_is_fitted(self)
        self._check_parameters()
        return self._relabel(add_codes(self._labels, indices, labels, sample_weight))

    @in_turn
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

    def score(self, X: object, y: object, sample_weight: object = None) -> float:
        """Return the accuracy of :meth:`predict` on the rows of `X` that have a label in `y`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            True labels, as :meth:`fit` takes them. Unlabelled rows do not count; -1 is a class if
            it is one of `classes_`. Of several classes per point, all must be right; of
            distributions, the most probable class is the true one.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. Not read where unlabelled.

        Returns
        -------
        float
            From 0 to 1. A class that the fit did not know counts as wrong.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If no row has a label, or labels are of another kind than the fitted ones.
        """
        check_is_fitted(self)
        refuse_other_rows(X, y)
        result: float = accuracy(self, X, y, sample_weight)
        return result

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self._takes_multilabel
        return tags

    def _require_memory(self, labels: Package, points: Matrix | Graph) -> None:
        if isinstance(points, DiskGraph):
            return  # solved for by groups of classes, which asks for what that needs
        n_points, n_classes = len(labels.labelled), len(labels.classes)
        require_scores(n_points, n_classes, self._n_arrays(), type(self).__name__)

    def _n_arrays(self) -> int:
        """Arrays of a number a point and class, in float64, that a fit holds at a time at most."""
        return 16

    def _encode(self, y: object, sample_weight: object) -> Labels:
        labels = y if isinstance(y, Labels) else encode_targets(y, sample_weight)
        if isinstance(labels, IndicatorLabels) and not self._takes_multilabel:
            raise InvalidInputError(
                f"{type(self).__name__} takes one class per point; y holds {len(labels.classes)} "
                "columns of 0 and 1. Fit one class at a time, or use LabelSpreading."
            )
        return labels

    def _accept(self, labels: Labels) -> None:
        super()._accept(labels)
        self.class_prior_ = resolve_class_prior(self.class_prior, labels)
        self._prior_is_guessed = isinstance(self.class_prior, str)

    @property
    def _is_multilabel(self) -> bool:
        return isinstance(self._labels, IndicatorLabels)

    def _prior(self) -> npt.NDArray[np.float64]:
        """Distribution of points without evidence, shape (n_classes,)."""
        labels: Labels = self._labels
        return labels.shares() if self.class_prior_ is None else self.class_prior_

    def _excluded(self) -> npt.NDArray[np.bool_]:
        """Which classes no unlabelled point is of, shape (n_classes,): their share is 0."""
        if self.class_prior_ is None:
            return np.zeros(len(self._labels.classes), dtype=bool)
        return np.asarray(self.class_prior_ == 0)

    def _of_expected(self, Y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Labels of classes with a share: the others don't tell how sure answers may be."""
        return np.asarray(~Y[:, self._excluded()].any(axis=1))

    def _shares_of(self, votes: FloatArray) -> FloatArray:
        """Return votes, which may be changed, over their sums; the prior where there are none."""
        votes[:, self._excluded()] = 0
        return self._over(votes, votes.sum(axis=1, keepdims=True))

    def _over(self, votes: FloatArray, totals: FloatArray) -> FloatArray:
        result = np.tile(self._prior(), (len(votes), 1))
        np.divide(votes, totals, out=result, where=totals > 0)
        return result

    def _apply_prior(self, distributions: FloatArray, points: IntArray) -> FloatArray:
        """Bring the classes to their expected shares over `points`.

        Equal shares, or those of the labels, are guesses: class-mass normalisation takes a step
        towards them. With shares that are given, the counts of the answers have a say, too.

        Parameters
        ----------
        distributions : ndarray of shape (n_samples, n_classes)
            May be changed.
        points : ndarray of int
            The unlabelled points that have an answer.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        if self.class_prior_ is not None:
            bring = share_out if self._prior_is_guessed else approach_shares
            bring(distributions, points, self.class_prior_)
        return distributions

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores = scores
        labels: Labels = self._labels
        self.classes_ = labels.classes
        self.reached_ = self.graph_.reached_from(labels.labelled)
        answered = scores.answered  # not all are where the solve ended too early
        if self._is_multilabel and isinstance(scores, Scores):
            distributions: np.ndarray = scores.marginals(self._prior())
            self.evidence_ = scores.true_values()[:, -1].copy()
        else:
            distributions = scores.distributions(self._prior())
            self.evidence_ = scores.totals
        if self.class_prior_ is not None:
            if not distributions.flags.writeable:  # those of a graph on disk may be large
                require_memory(
                    distributions.nbytes,
                    f"a second array of {len(distributions):,} distributions, for class_prior,",
                    "Leave class_prior=None.",
                )
                distributions = distributions.copy()
            points = np.flatnonzero(answered & ~labels.labelled)
            distributions = self._apply_prior(distributions, points)
        self.transduction_ = labels.decide(distributions, answered)
        self.label_distributions_ = distributions.astype(self._dtype, copy=False)
        self.residual_ = scores.residual[: len(labels.classes)]
        self.n_iter_ = max(1, scores.n_iter)  # 0 where every point is labelled, say
