"""The classifier to start with: no settings, and it says what it chose."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from fewlabels._class_names import warn_of_counts
from fewlabels._labels import Labels
from fewlabels._turns import in_turn
from fewlabels._typing import Matrix
from fewlabels.graph import Graph
from fewlabels.models._base import GraphClassifier
from fewlabels.models._choices import Choices, graph_choice
from fewlabels.models._class_prior import ClassPrior, resolve_class_prior
from fewlabels.models._data import DataEstimator
from fewlabels.models._fitted_mixture import ExpectedShares, FittedMixture, GraphMembers, Said
from fewlabels.models._in_memory import refuse_disk
from fewlabels.models._kernels import PrecomputedKernel
from fewlabels.models._members import FeatureSpace
from fewlabels.models._mixture_answers import MixtureAnswers
from fewlabels.models._mixture_choices import label_notes, mixture_choices
from fewlabels.models._relabel import Relabelling
from fewlabels.models._remoteness import remote, usual_remoteness
from fewlabels.models._saved import can_be_saved
from fewlabels.models._scores import Scores
from fewlabels.models._shared_kernel import GraphMaker, check_beside
from fewlabels.models._targets import RowLabels
from fewlabels.solvers import Method
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Features speak for themselves up to so many points: beyond, they cost more than they tell.
_MOST_POINTS = 200_000


@can_be_saved
class FewLabelsClassifier(MixtureAnswers, DataEstimator, GraphClassifier):
    """The recommended classifier: give it points and a few labels.

    It combines several models, its members, each weighted by how probable it makes the labels that
    are left out. `choices_` lists the members and their weights:

    - the mean of each class's labels, spread over the graph;
    - harmonic functions: labels absorb the walks that meet them;
    - the features themselves, up to 200,000 points: kernel ridge classifiers, linear and not, of
      the features, of their ranks and of their means over the graph;
    - a forest of decision trees, which needs no distances between points; it takes no part while
      classes have a single label.

    Members on the graph count twice: as they are, and with equal masses of the classes, which helps
    with few labels. With few labels, the graph is also trusted more than the features. All members
    are linear in the labels, except for their sharpness; the mixture is calibrated as a whole.

    Pass your data as it is: :func:`fewlabels.make_points` turns tables, texts and pictures into
    points, and new data are transformed in the same way. The columns of a table are brought to one
    scale. Arrays of numbers are used as they are (``table.to_numpy()``, too): their columns should
    be on comparable scales.

    Parameters
    ----------
    kernel : {"auto", "precomputed"}, default="auto"
        How features become a graph. ``"auto"``: :func:`fewlabels.graph.shared_neighbor_graph`,
        which looks at the hubs among the points. ``"precomputed"``: `X` holds the affinities.
        Has no effect if `X` is a Graph, which is used as it is. With affinities or a graph the
        features are unknown, so only members on the graph are used.
    n_neighbors : int, default=None
        Of the graph; at least 1. None: 10, or 15 where many points are hubs.
    class_prior : {"auto", "uniform", "labels"}, array-like of shape (n_classes,), mapping or \
None, default="auto"
        The shares of the classes that are expected among the unlabelled points: equal, those of
        the labels, or given in the order of `classes_` or by class. They must sum to 1.
        ``"auto"``: members on the graph also answer with equal shares, which counts with one or two
        labels per class; with more, the labels left out decide. A word is a guess: the answers take
        a step towards these shares, class-mass normalisation (Zhu et al., ICML 2003;
        :func:`fewlabels.normalize_class_mass`). Given shares count for more: each class is weighted
        by the geometric mean of that step and of the weight that would give the answers exactly
        these shares. A class with share 0 is never an answer. None: no such correction.
    max_iter : int, default=1000
        Most iterations of each solve; at least 1.
    tol : float, default=1e-3
        Largest relative error of a row of scores, of each member on the graph; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        As of :class:`fewlabels.LabelSpreading`.
    verbose : bool, default=False
        Show progress bars on standard error.

    Attributes
    ----------
    choices_ : Choices
        What was chosen and why: ``graph``, ``members``, ``class_prior`` and ``calibration``, and
        notes on the labels. Print it.
    classes_ : ndarray of shape (n_classes,)
        The distinct labels.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        Calibrated probabilities; rows sum to 1; float32 if `X` is. Where no member has an answer,
        the shares of the labels, or those of `class_prior`.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the given label where labelled; the unlabelled marker of `y`
        where no member has an answer. Where there are features, all points have one.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label. Elsewhere only the features are
        used.
    answered_ : ndarray of shape (n_samples,), bool
        Whether some member has an answer: with features, everywhere except for unreadable pictures;
        otherwise as `reached_`.
    evidence_ : ndarray of shape (n_samples,), float64
        Row sums of the scores of the class means, in units in which a random walk that has
        forgotten its start has 1; 0 where no label reaches, or less than float64 can hold.
    residual_ : ndarray of shape (n_classes,)
        Residual of each column of the class means, relative to its right-hand side (Euclidean
        norm).
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to; None of ``"auto"`` and None.
    doubt_ : ndarray of shape (n_samples,), str
        :meth:`doubt` of the fitted points, at 0.8.
    loo_labelled_ : ndarray of shape (n_labelled,), intp
        The labelled points, ascending: the order of all that is left out one by one.
    loo_label_distributions_ : ndarray of shape (n_labelled, n_classes), float64
        The prediction for each labelled point from the other labels: what `label_distributions_`
        would hold there if its label were removed and the members kept their weights and sharpness,
        except for the rounds described in the notes.
    loo_score_ : float
        Mean logarithm of the probability of the labels left out, weighted as they are; the higher
        the better, 0 at best. Labels of classes with share 0 in `class_prior` don't count; NaN if
        there is no other.
    n_iter_ : int
        Iterations of the class means; a factorisation counts as one.
    graph_ : Graph
    points_ : Points
        The data as points; print them. Absent where `X` was a graph or affinities.
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    Weights and sharpness are the most probable ones given the labels left out, each with another of
    its class (at most 96 of them; 48 with more than 10,000 points), and a prior of typical values;
    if no class has two labels, they are the typical values. A few labels therefore move them
    little. With one label per class, the confidence is learned from 32 data sets of many kinds,
    given how many answers would stay the same if other points with the same answers had been
    labelled: a guess, often off by 20 points.

    With 1,000 or more unlabelled points, the mean answer of the members on the graph is smoothed
    over the graph in two rounds: each point takes the mean of its neighbours, and labels stay
    fixed.

    Cost: the graph; two solves for n_classes columns, and the left-out labels: some 40 products
    with n_classes columns and one for each label, of 512 at most (48 in large graphs), and solves
    for as many; 15 products with 64 columns, and n_samples x n_labelled x 64 operations for the
    features; 100 trees (40 in large graphs), and n_samples x 100 times their depth. Graphs are
    large from 10,000 points on. Memory O(n_samples (n_classes + n_features)).
    `add_labels` and `remove_labels` solve only for what changed on the graph, and repeat the rest.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003. X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using
    Gaussian fields and harmonic functions", ICML 2003. R. Rifkin, R. Lippert, "Notes on
    regularized least squares", MIT-CSAIL-TR-2007-025. D. H. Wolpert, "Stacked generalization",
    Neural Networks 1992, on weighing models by what they say of data left out,
    https://doi.org/10.1016/S0893-6080(05)80023-1. L. Breiman, "Random forests", Machine Learning
    2001, https://doi.org/10.1023/A:1010933404324.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels import FewLabelsClassifier
    >>> X, truth = load_iris(return_X_y=True)
    >>> y = [None] * 150
    >>> y[10], y[60], y[110] = "setosa", "versicolor", "virginica"
    >>> model = FewLabelsClassifier().fit(X, y)
    >>> model.predict([[5.0, 3.4, 1.4, 0.2], [6.9, 3.1, 5.6, 2.2]]).tolist()
    ['setosa', 'virginica']
    """

    _takes_multilabel = False

    def __init__(
        self,
        kernel: str = "auto",
        *,
        n_neighbors: int | None = None,
        class_prior: ClassPrior = "auto",
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
    ) -> None:
        self.kernel = kernel
        self.n_neighbors = n_neighbors  # type: ignore[assignment]
        self.class_prior = class_prior
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose

    # Fitting

    def _n_arrays(self) -> int:
        given = not (self.class_prior is None or isinstance(self.class_prior, str))
        return 14 if given else 12

    @in_turn
    def fit(
        self,
        X: object,
        y: object,
        sample_weight: object = None,
        *,
        graph: Graph | GraphMaker | None = None,
    ) -> Self:
        """Fit on points and the labels of some; see :meth:`LabelSpreading.fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix, Graph} of shape (n_samples, n_features), or other data
            What :func:`fewlabels.make_points` takes: a table, texts, pictures; or Points.
        y : array-like of shape (n_samples,), or (n_samples, n_classes) of soft labels
        sample_weight : array-like of shape (n_samples,), default=None
            As of :meth:`LabelSpreading.fit`.
        graph : Graph or callable, default=None
            A graph of the rows of `X`, which must then be features: to save time, or to use another
            metric. Or a function that builds it from the numeric features. None: built as `kernel`
            says.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            As :meth:`LabelSpreading.fit`; also if `graph` does not belong to `X`.
        """
        if graph is not None:
            check_beside(graph, X, self.kernel)
        self._graph_beside = graph
        try:
            return self._fit(X, y, sample_weight)
        finally:
            del self._graph_beside

    def _accept(self, labels: Labels) -> None:
        self._labels = labels
        self.class_prior_ = (
            None if self._is_automatic else resolve_class_prior(self.class_prior, labels)
        )
        self._prior_is_guessed = isinstance(self.class_prior, str)

    def _encode(self, y: object, sample_weight: object) -> Labels:
        labels = super()._encode(y, sample_weight)
        if not isinstance(labels, RowLabels):
            warn_of_counts(labels.classes, int(labels.labelled.sum()))
        return labels

    def _build(self, points: Matrix | Graph) -> None:
        super()._build(points)
        graph = refuse_disk(self, self.graph_)
        known = self._known
        few = known is not None and graph.n_nodes <= _MOST_POINTS
        self._space = FeatureSpace(known, graph) if few else None
        self._unreached_answer = GraphClassifier._unreached_answer
        if few:
            self._unreached_answer = "Their features alone answer for them"
            if len(self._unread()):
                self._unreached_answer += " (nothing does for what can't be read)"
        self._remembered: dict[str, float] = {}  # predictions change no attribute

    def _solve(self) -> Scores:
        self._members = GraphMembers(self.graph_, self._labels, self._solver_settings())
        return self._members.means.scores

    def _solve_change(self, change: Relabelling) -> Scores:
        self._members = self._members.relabelled(change, self._solver_settings())
        return self._members.means.scores

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores = scores
        labels: Labels = self._labels
        expected = ExpectedShares(
            self.class_prior_, self._prior_is_guessed, self._is_automatic, self._prior()
        )
        found = FittedMixture(self._members, self._space, labels, expected, self._unread())
        self._fitted = found
        self.classes_ = labels.classes
        self.reached_, self.answered_ = found.reached, found.answered
        self.evidence_, self.insight_ = found.evidence, found.insight
        self.transduction_ = labels.decide(found.distributions, found.answered)
        self.transduction_[labels.labelled] = labels.decode(labels.codes[labels.labelled])
        found.distributions = found.distributions.astype(self._dtype, copy=False)
        self.label_distributions_ = found.distributions
        self.residual_ = scores.residual
        self.n_iter_ = max(1, scores.n_iter)

    @property
    def _is_automatic(self) -> bool:
        return isinstance(self.class_prior, str) and self.class_prior == "auto"

    # What is known of new points

    def predict(self, X: object) -> np.ndarray:
        """Return the most probable class of new points.

        Parameters
        ----------
        X : as of :meth:`predict_proba`

        Returns
        -------
        ndarray of shape (n_queries,)
            The unlabelled marker (None, NaN or -1, as `y` has it) for points about which nothing is
            known: unreadable pictures, texts without any known word.

        Warns
        -----
        FeatureWarning
            Of these, by name.
        """
        return self._decided(self._said_of(X))

    def predict_proba(self, X: object) -> npt.NDArray[np.floating]:
        """Return the class distribution of new points; columns in the order of `classes_`.

        Members on the graph take the mean of the shares of the fitted points nearby, weighted by
        the kernel; those of the features predict directly. A point about which nothing is known,
        such as an unreadable picture, gets the prior, and a warning names it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), or data as in `fit`
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).

        Returns
        -------
        ndarray of shape (n_queries, n_classes)

        Raises
        ------
        InvalidInputError
            If the estimator was fitted on a Graph, which has no features; or if a point lies over
            1e30 times as far away as the fitted ones from one another.
        """
        found = self._said_of(X).distributions
        return found.astype(self.label_distributions_.dtype, copy=False)

    @np.errstate(under="ignore")  # what is far fades to 0
    def _said_of(self, X: object) -> Said:
        """What is said of new points, or of the fitted ones where `X` is None."""
        check_is_fitted(self)
        if X is None:
            found = np.asarray(self.label_distributions_, dtype=np.float64)
            unlabelled = ~self._labels.labelled
            return Said(found, self.evidence_, self.reached_, None, self.answered_, unlabelled)
        new = self._validated_new(X)
        placed = self._placed_among_known(new)
        unlike = remote(self._kernel, self.graph_, placed, self._usual_remoteness)
        return self._fitted.of_new(new.values, placed, unlike, new.unread)

    def _usual_remoteness(self, scales: npt.NDArray[np.floating]) -> float:
        if "remoteness" not in self._remembered:
            self._remembered["remoteness"] = usual_remoteness(self.graph_, scales)
        return self._remembered["remoteness"]

    @property
    def choices_(self) -> Choices:
        """What was chosen, and why."""
        check_is_fitted(self)
        own = self._kernel is not None and "hubness" in self.graph_.build_info
        precomputed = isinstance(self._kernel, PrecomputedKernel)
        return mixture_choices(
            graph_choice(
                self.graph_,
                own=own,
                precomputed=precomputed,
                beside=self._kernel is not None and not precomputed,
            ),
            self._fitted.mixture,
            self._fitted_params["class_prior"],
            label_notes(self._labels, self.reached_, by_features=self._space is not None),
        )
