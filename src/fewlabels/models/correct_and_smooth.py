"""Correct and Smooth (Huang, He, Singh, Lim, Benson, ICLR 2021)."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.base import MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from fewlabels._arrays import refuse_masked, sound_csr
from fewlabels._labels import Labels
from fewlabels._progress import iteration_progress
from fewlabels._same_rows import refuse_other_rows
from fewlabels._turns import in_turn
from fewlabels._typing import Estimator
from fewlabels._validation import check_real, check_same_length
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import DiskGraph, Graph
from fewlabels.models._base import GraphClassifier
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._corrections import Correction
from fewlabels.models._kernels import KernelFunction
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.models._targets import RowLabels
from fewlabels.models._warnings import warn_of_answers
from fewlabels.models._wrapped import (
    check_has_probabilities,
    fitted_on_labelled,
    probabilities_over,
    with_known_classes,
)
from fewlabels.solvers import Method
from fewlabels.solvers._solution import IterationSettings
from fewlabels.systems import SpreadingSystem, StreamedScores, solve_signed


class CorrectAndSmooth(MetaEstimatorMixin, GraphClassifier):
    """Correct and Smooth: improve a classifier's probabilities over a graph.

    Any classifier with `predict_proba` gives Z, a class distribution for each point, which is
    improved in two steps. *Correct*: neighbours have similar errors, so the errors at the labelled
    points are spread over the graph and added. *Smooth*: neighbours have similar classes, so the
    corrected distributions are spread, after the labels were put in place.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        Cloned, and fitted on the labelled points only. To use a fitted one as it is, wrap it:
        ``sklearn.frozen.FrozenEstimator(fitted)``.
    kernel : {"self-tuning", "knn", "rbf"} or callable, default="self-tuning"
        How features become a graph; see :class:`LabelSpreading`. Has no effect if a graph is passed
        to :meth:`fit`, which is also the way to use affinities (:meth:`Graph.from_affinity`).
    gamma : float, default=20
        Of the rbf kernel; at least 0.
    n_neighbors : int, default=10
        Of the knn and self-tuning kernels; at least 1.
    correction : {"autoscale", "fdiff"} or None, default="autoscale"
        ``"autoscale"``: errors are spread as labels are in label spreading, and what arrives is
        brought to the mean size of the errors. ``"fdiff"``: errors stay fixed at the labelled
        points, every other point takes its neighbours' mean, times `correction_scale`. None: only
        smooth.
    correction_alpha : float, default=0.9
        In [1e-12, 1): how far errors are spread, with ``"autoscale"``.
    correction_scale : float, default=1.0
        s of ``"fdiff"``; at least 0.
    smoothing_alpha : float, default=0.9
        In [1e-12, 1): how much of a point's answer comes from its neighbours. The larger it is, the
        less the estimator counts.
    max_iter : int, default=1000
        Most sweeps or iterations of each of the two solves; at least 1.
    tol : float, default=1e-3
        No row of either solve is off by more, relative to what arrives there; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "cg", "direct"}, default="auto"
        As in :class:`LabelSpreading`.
    verbose : bool, default=False
        Show progress bars on standard error.
    class_prior : {"uniform", "labels"}, array-like of shape (n_classes,), mapping, default=None
        The expected shares of the classes among the unlabelled points, to which their answers are
        brought nearer; see :class:`LabelSpreading`. None: no such correction.

    Attributes
    ----------
    estimator_ : classifier
        The fitted `estimator`; a DummyClassifier if all labels are of one class, because most
        classifiers refuse to learn from one class.
    classes_ : ndarray of shape (n_classes,)
        The distinct labels, and any other classes that a frozen `estimator` knows.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        The smoothed distributions. Rows sum to 1; float32 if `X` is, or the given graph.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class. A point that no label reaches has one, too: from the estimator.
    corrections_ : ndarray of shape (n_samples, n_classes)
        What was added to the estimator's probabilities, in [-2, 2]; rows sum to 0. Zeros where no
        error arrives.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label. Where not, the answer is the
        estimator's, smoothed.
    evidence_ : ndarray of shape (n_samples,), float64
        How much evidence the labels give here: the row sums of label spreading's F at
        `smoothing_alpha`.
    residual_ : ndarray of shape (n_classes,)
        The largest residual of each class's columns in either solve, relative to its right-hand
        side.
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to.
    n_iter_ : int
        Sweeps and iterations of both solves; a factorisation counts as one.
    graph_ : Graph
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where a graph was given.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    With S = D^-1/2 W D^-1/2, Y one-hot and L the labelled points:

    - E_L = Y_L - Z_L, E = 0 elsewhere. (The paper prints E = Z - Y, and adds it; its code has the
      sign that is meant.)
    - ``"autoscale"``: E' = (1 - alpha) (I - alpha S)^-1 E (equation 2 at its fixed point), then
      C_i = sigma E'_i / |E'_i|_1, sigma = mean over L of |e_j|_1 (section 2.2).
    - ``"fdiff"``: E'_L = E_L, E'_U = (D^-1 W E')_U, C = s E'.
    - G = Z + C, G_L = Y_L; the answer is (1 - alpha) (I - alpha S)^-1 G (section 2.3), of which
      negative entries are set to 0 and rows are divided by their sums. That leaves the largest
      entry of a row in its place.

    Signed right-hand sides are split into positive and negative parts, so that rows far from the
    labels, which autoscaling enlarges, are accurate in themselves. Where the parts cancel to
    within `tol` of their sum, no error is said to arrive.

    `Z_L` is the estimator's prediction for the points that it was trained on, as in the paper. An
    estimator that reproduces its labels (such as a fully grown tree) leaves no error to spread, and
    ``"autoscale"`` a small sigma; only smoothing then has an effect. Because sigma is a mean, it
    also does not suit an estimator that is right about most labels and very wrong about a few;
    ``"fdiff"`` does.

    New points receive from the fitted points, and do not change them: with the kernel's weights
    over fitted points, (1 - alpha) (z + mean of `corrections_`) + alpha (mean of
    `label_distributions_`), z being the estimator's own. One near no fitted point gets z.

    `add_labels` and `remove_labels` refit the estimator and solve again, on the same graph.

    Cost: the estimator; the graph; two solves as that of :class:`LabelSpreading`, of up to twice
    as many columns.

    References
    ----------
    Q. Huang, H. He, A. Singh, S.-N. Lim, A. R. Benson, "Combining label propagation and simple
    models out-performs graph neural networks", ICLR 2021,
    https://doi.org/10.48550/arXiv.2010.13993.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from fewlabels import CorrectAndSmooth
    >>> X, truth = load_digits(return_X_y=True)
    >>> y = np.where(np.arange(len(truth)) < 50, truth, -1)
    >>> base = LogisticRegression(max_iter=1000)
    >>> alone = base.fit(X[:50], y[:50]).score(X[50:], truth[50:])
    >>> model = CorrectAndSmooth(base).fit(X, y)
    >>> spread = np.mean(model.transduction_[50:] == truth[50:])
    >>> f"{alone:.2f} {spread:.2f}"
    '0.79 0.87'
    """

    _takes_multilabel = False
    _features: object

    def __init__(
        self,
        estimator: Estimator,
        *,
        kernel: str | KernelFunction = "self-tuning",
        gamma: float = 20,
        n_neighbors: int = 10,
        correction: str | None = "autoscale",
        correction_alpha: float = 0.9,
        correction_scale: float = 1.0,
        smoothing_alpha: float = 0.9,
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
        class_prior: ClassPrior = None,
    ) -> None:
        self.estimator = estimator
        self.kernel = kernel
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.correction = correction
        self.correction_alpha = correction_alpha
        self.correction_scale = correction_scale
        self.smoothing_alpha = smoothing_alpha
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose
        self.class_prior = class_prior

    @in_turn
    def fit(
        self, X: object, y: object, sample_weight: object = None, *, graph: Graph | None = None
    ) -> Self:
        """Fit the estimator on the labelled points; correct and smooth its probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features, from which the graph is built. With `graph`, anything that `estimator`
            accepts, such as a list of texts for a pipeline that reads them.
        y : array-like of shape (n_samples,)
            Labels. Unlabelled are None, NaN, ``pandas.NA`` and masked entries; and -1 among
            numbers, where none of these occurs (else it is a class). A pandas or polars
            ``Series`` is read in its order; its index is not looked at.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each label is trusted; not read where unlabelled, and 0 is as unlabelled.
            Passed to the estimator, and its errors there count as often. None: 1 each.
        graph : Graph, default=None
            The graph of the points, instead of one built from `X`. New points can't be predicted
            then.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If no point is labelled, `X`, `y` and `graph` differ in length, a value is not finite,
            `estimator` gives no probabilities or takes no weights where there are some, or a
            frozen one knows none of the classes.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended an iteration before `tol` was reached.
        """
        if isinstance(X, Graph):
            raise InvalidTypeError(
                "CorrectAndSmooth needs the features that its estimator takes, got a Graph as X. "
                "Pass both: fit(X, y, graph=graph)."
            )
        if graph is not None:
            _check_graph(graph)
            check_same_length(X, graph.degrees)
        if sparse.issparse(X):
            X = sound_csr(X)
        refuse_masked(X, "X")
        refuse_other_rows(X, y)
        with self._unchanged_on_failure():
            self._features = X
            self._fit(X if graph is None else graph, y, sample_weight)
            if graph is not None:
                for name in ("n_features_in_", "feature_names_in_"):
                    if hasattr(self.estimator_, name):
                        setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict_proba(self, X: object) -> npt.NDArray[np.floating]:
        """Return the class distribution of new points.

        The estimator's, corrected and smoothed by the fitted points nearby; see the class's notes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows sum to 1; columns in the order of `classes_`.

        Raises
        ------
        InvalidInputError
            If a graph was given to :meth:`fit`, in which new points have no place.
        """
        check_is_fitted(self)
        if sparse.issparse(X):
            X = sound_csr(X)
        n_classes = len(self.classes_)
        ones = np.ones((len(self.reached_), 1))
        votes = self._votes(X, np.hstack([self.corrections_, self.label_distributions_, ones]))
        totals = votes[:, -1:]
        means = np.divide(votes, totals, out=np.zeros_like(votes), where=totals > 0)
        alpha = np.where(totals > 0, self.smoothing_alpha, 0.0)
        corrected = probabilities_over(self.classes_, self.estimator_, X) + means[:, :n_classes]
        mixed = (1 - alpha) * corrected + alpha * means[:, n_classes:-1]
        np.maximum(mixed, 0, out=mixed)
        mixed /= mixed.sum(axis=1, keepdims=True)
        return np.asarray(mixed, dtype=self.label_distributions_.dtype)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if isinstance(self.kernel, str) and self.kernel == "precomputed":
            raise InvalidInputError(
                'kernel="precomputed" leaves the estimator without features. Pass both: fit(X, y, '
                "graph=Graph.from_affinity(affinity))."
            )
        check_has_probabilities(self.estimator)
        self._correction().check()
        check_real("smoothing_alpha", self.smoothing_alpha, minimum=1e-12, below=1)

    def _encode(self, y: object, sample_weight: object) -> Labels:
        labels = super()._encode(y, sample_weight)
        if isinstance(labels, RowLabels):
            raise InvalidInputError(
                "CorrectAndSmooth takes one class per point, on which its estimator can be fitted, "
                f"and y holds distributions over {len(labels.classes)} classes. Give the most "
                "probable class of each point."
            )
        return labels

    def _accept(self, labels: Labels) -> None:
        super()._accept(with_known_classes(self.estimator, labels))

    def _warn_of(self, scores: Scores | StreamedScores) -> None:
        # Out of every label's reach, the estimator still has something to say.
        everywhere = np.ones_like(self.reached_)
        warn_of_answers(
            scores, everywhere, self.max_iter, self.tol, self.solver, self._unreached_answer, ""
        )

    def _solve(self) -> Scores:
        labels = self._labels
        self.estimator_ = fitted_on_labelled(self.estimator, self._features, labels)
        Z = probabilities_over(labels.classes, self.estimator_, self._features)
        n_classes, labelled = Z.shape[1], labels.labelled
        Y = np.zeros_like(Z)
        Y[labelled, labels.codes[labelled]] = 1
        with iteration_progress(self.verbose, self.max_iter) as callback:
            settings: IterationSettings = {
                "tol": self.tol,
                "max_iter": self.max_iter,
                "callback": callback,
            }
            corrections, solved = self._correction().spread(
                self.graph_, labels, Y, Z, solver=self.solver, **settings
            )
            G = np.where(labelled[:, None], Y, Z + corrections)
            system = SpreadingSystem(self.graph_, self.smoothing_alpha, self.solver)
            # One column more: what label spreading would give all labels together.
            answer = solve_signed(system, np.hstack([G, labelled[:, None]]), **settings)
        self.corrections_ = corrections.astype(self._dtype, copy=False)
        self._evidence = answer.scores[:, -1]
        residual, converged = answer.residual[:n_classes], answer.converged[:n_classes]
        if solved is not None:
            residual = np.maximum(residual, solved.residual[:n_classes])
            converged = converged & solved.converged[:n_classes]
        values = np.maximum(answer.values[:, :n_classes], 0)
        n_iter = answer.n_iter + (0 if solved is None else solved.n_iter)
        return Scores.from_answer(
            replace(answer, values=values, residual=residual, converged=converged, n_iter=n_iter)
        )

    def _solve_change(self, change: Relabelling) -> Scores:
        return self._solve()  # the estimator may say something else everywhere

    def _publish(self, scores: Scores | StreamedScores) -> None:
        super()._publish(scores)
        self.evidence_ = self.__dict__.pop("_evidence")

    def _correction(self) -> Correction:
        return Correction(self.correction, self.correction_alpha, self.correction_scale)


def _check_graph(graph: object) -> None:
    if not isinstance(graph, Graph):
        raise InvalidTypeError(
            f"graph must be a fewlabels.Graph or None, got {type(graph).__name__}. Make one with "
            "knn_graph(X), or with Graph.from_affinity of a matrix of weights."
        )
    if isinstance(graph, DiskGraph):
        raise InvalidInputError(
            "CorrectAndSmooth needs the graph in memory, and this one is on disk. Pass "
            "graph=graph.to_memory()."
        )
