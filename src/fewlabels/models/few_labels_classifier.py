"""The classifier to start with: no settings, and it says what it chose."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from fewlabels._labels import Labels
from fewlabels._validation import check_choice, check_integer, check_n_jobs, check_real
from fewlabels.models._base import GraphClassifier
from fewlabels.models._choices import Choice, Choices, graph_choice
from fewlabels.models._class_prior import ClassPrior, resolve_class_prior
from fewlabels.models._in_memory import refuse_disk
from fewlabels.models._kernels import Kernel, Placed, PrecomputedKernel
from fewlabels.models._members import (
    Absorbing,
    ClassMeans,
    FeatureSpace,
    GraphMember,
    KernelMember,
    Mixture,
    Taught,
)
from fewlabels.models._mixture_insight import MixtureInsight
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.models._shared_kernel import SharedNeighborKernel
from fewlabels.solvers import METHODS_WITH_GROUND, Method
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Labels that are left out to learn from: more cost time, and tell little that these don't.
_MOST_TAUGHT = 96
# Features speak for themselves up to so many points: beyond, they cost more than they tell.
_MOST_POINTS = 200_000
_ABSTAIN_BELOW = 0.8


class FewLabelsClassifier(GraphClassifier):
    """The classifier to start with: give it points and a few labels.

    Several models speak, each weighed by how probable it makes the labels that are left out, and
    `choices_` says which, and with what weight:

    - the mean of each class's labels, spread over the graph;
    - harmonic functions, up to 20,000 points: labels absorb the walks that meet them;
    - the features themselves, up to 200,000 points: kernel ridge classifiers, linear and not, of
      the features and of their means over the graph.

    Members on the graph speak twice: as they are, and with equal masses of the classes, which
    helps where labels are few. Where labels are few, the graph is trusted more than the features.
    All are linear in the labels, but for how sharply they speak; the mixture is calibrated as a
    whole.

    Features should be on comparable scales: columns of a table in different units through
    :class:`sklearn.preprocessing.StandardScaler` first, pictures through
    :class:`fewlabels.OrientedGradients`.

    Parameters
    ----------
    kernel : {"auto", "precomputed"}, default="auto"
        How features become a graph. ``"auto"``: :func:`fewlabels.graph.shared_neighbor_graph`,
        which looks at the hubs among the points. ``"precomputed"``: `X` holds the affinities.
        Of no effect where `X` is a Graph, which is used as it is. Of affinities and graphs the
        features are not known, so that only members on the graph speak.
    n_neighbors : int, default=None
        Of the graph; at least 1. None: 10, or 15 where many points are hubs.
    class_prior : {"auto", "uniform", "labels"}, array-like of shape (n_classes,), mapping or \
None, default="auto"
        The shares of the classes that are expected among the unlabelled points: equal, those of
        the labels, or given in the order of `classes_` or by class. They must sum to 1.
        ``"auto"``: members on the graph also speak with equal shares, which counts where there
        are one or two labels a class; then as the labels left out say. A word is a guess: the
        answers take a step towards these shares, class-mass normalisation (Zhu et al., ICML 2003;
        :func:`fewlabels.normalize_class_mass`). Shares that are given count for more: each class
        is weighed by the geometric mean of that step and of what would make the answers come in
        these shares. A class with share 0 is no answer. None: no such correction.
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
        Whether the point's component of the graph holds a label. Elsewhere only the features
        speak.
    evidence_ : ndarray of shape (n_samples,), float64
        Row sums of the scores of the class means, in units in which a walk that has forgotten
        where it started hears 1; 0 where no label reaches, or less than float64 can hold.
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
        Each labelled point as the other labels have it: what `label_distributions_` would hold
        there if its label were taken back, and members kept their weights and sharpness.
    loo_score_ : float
        Mean logarithm of the probability of the labels left out, weighted as they are; the higher
        the better, 0 at best. Labels of classes with share 0 in `class_prior` don't count; NaN if
        there is no other.
    n_iter_ : int
        Iterations of the class means; a factorisation counts as one.
    graph_ : Graph
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    Weights and sharpness are the most probable ones given the labels left out (at most 96 of them,
    each with another of its class) and what is usual; where no class has two labels, what is
    usual. So few labels move them little.

    Cost: the graph; two solves for n_classes columns, and the left-out labels: some 40 products
    with n_classes + 64 columns, and solves for as many; 15 products with 64 columns, and n_samples
    x n_labelled x 64 operations for the features. Memory O(n_samples (n_classes + n_features)).
    `add_labels` and `remove_labels` solve for what changed on the graph, and do the rest again.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003. X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using
    Gaussian fields and harmonic functions", ICML 2003. D. H. Wolpert, "Stacked generalization",
    Neural Networks 1992, on weighing models by what they say of data left out.

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

    _solvers = METHODS_WITH_GROUND
    _takes_multilabel = False
    gamma = 0.0  # of no kernel here

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

    def _check_parameters(self) -> None:
        check_choice("kernel", self.kernel, ("auto", "precomputed"))
        if self.n_neighbors is not None:
            check_integer("n_neighbors", self.n_neighbors, minimum=1)
        check_integer("max_iter", self.max_iter, minimum=1)
        check_real("tol", self.tol, minimum=0)
        check_n_jobs(self.n_jobs)
        check_choice("solver", self.solver, self._solvers)

    def _make_kernel(self) -> Kernel:
        if self.kernel == "precomputed":
            return PrecomputedKernel()
        return SharedNeighborKernel(self.n_neighbors, self.n_jobs, bool(self.verbose))

    def _accept(self, labels: Labels) -> None:
        automatic = isinstance(self.class_prior, str) and self.class_prior == "auto"
        self._labels = labels
        self.class_prior_ = None if automatic else resolve_class_prior(self.class_prior, labels)
        self._prior_is_guessed = isinstance(self.class_prior, str)

    def _build(self, points: Any) -> None:
        super()._build(points)
        graph = refuse_disk(self, self.graph_)
        known = self._known
        few = known is not None and graph.n_nodes <= _MOST_POINTS
        self._space = FeatureSpace(known, graph) if few else None

    def _solve(self) -> Scores:
        settings: dict[str, Any] = {"solver": self.solver, "tol": self.tol}
        settings |= {"max_iter": self.max_iter, "verbose": self.verbose}
        self._members: list[GraphMember] = [
            kind(self.graph_, self._labels, **settings) for kind in (ClassMeans, Absorbing)
        ]
        return self._members[0].scores

    def _solve_change(self, change: Relabelling) -> Scores:
        self._members = [member.relabelled(change) for member in self._members]
        return self._members[0].scores

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores: Any = scores
        labels: Labels = self._labels
        self.classes_ = labels.classes
        self.reached_ = self.graph_.reached_from(labels.labelled)
        self.evidence_ = self._members[0].evidence()
        self._mixture = self._mixed()
        answered = scores.answered if self._space is None else np.ones(len(self.reached_), bool)
        unlabelled = np.flatnonzero(answered & ~labels.labelled)
        found = self._mixture.distributions(len(answered))
        found = self._apply_prior(found, unlabelled)
        self._insight = MixtureInsight(
            self._mixture, labels, self._excluded(), self._balanced, self._typical_evidence()
        )
        self.transduction_ = labels.decide(found, answered)
        self.transduction_[labels.labelled] = labels.decode(labels.codes[labels.labelled])
        self.label_distributions_ = found.astype(self._dtype, copy=False)
        self.residual_ = scores.residual
        self.n_iter_ = max(1, scores.n_iter)

    def _mixed(self) -> Mixture:
        """Weigh the members by what they say of the labels left out."""
        labels: Labels = self._labels
        nodes = np.flatnonzero(labels.labelled)
        Y = labels.label_matrix(nodes=nodes)
        trust = Y.sum(axis=1)
        taught = Taught.of(Y, _MOST_TAUGHT)
        targets, kernel = Y / trust[:, None], None
        if self._space is not None:
            kernel = KernelMember(self._space, nodes, targets, trust / np.median(trust), taught)
        return Mixture(
            self._members,
            kernel,
            targets,
            taught,
            np.flatnonzero(~labels.labelled),
            self._prior(),
            len(nodes) / len(labels.classes),
            equal_masses=isinstance(self.class_prior, str) and self.class_prior == "auto",
        )

    def _balanced(self, left_out: FloatArray) -> FloatArray:
        """Bring left-out distributions to the expected shares, as if their points were new."""
        if self.class_prior_ is None:
            return left_out
        stacked = np.vstack([self._mixture.distributions(len(self.reached_)), left_out])
        points = np.concatenate([~self._labels.labelled, np.ones(len(left_out), dtype=bool)])
        return self._apply_prior(stacked, np.flatnonzero(points))[len(self.reached_) :]

    def _typical_evidence(self) -> float:
        evidence = self.evidence_[~self._labels.labelled]
        known = evidence[evidence > 0]
        return float(np.median(known)) if len(known) else 1.0

    # Answers for new points

    def predict_proba(self, X: Any) -> npt.NDArray[np.floating[Any]]:
        """Return the class distribution of new points.

        Members on the graph take the mean of the shares of the fitted points nearby, weighted by
        the kernel; the features speak for themselves.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows sum to 1. Columns in the order of `classes_`.

        Raises
        ------
        InvalidInputError
            If the estimator was fitted on a Graph, which has no features.
        """
        found, _, _ = self._of_new(X)
        return found.astype(self.label_distributions_.dtype, copy=False)

    def _of_new(self, X: Any) -> tuple[FloatArray, FloatArray, Placed]:
        """Distributions and evidence of new points, and where they are."""
        placed = self._place(X)
        speaking = self.reached_[:, None]

        def averages(values: npt.NDArray[np.floating[Any]], near: FloatArray) -> FloatArray:
            return np.divide(values, near, out=np.zeros_like(values), where=near > 0)

        spoken = [member.shares(slice(None)) for member in self._members]
        n_classes = len(self.classes_)
        columns = [*spoken, self.evidence_[:, None] * speaking, np.ones_like(speaking) * speaking]
        votes = placed.votes(np.column_stack(columns).astype(np.float64))
        near = votes[:, -1:]
        shares = [votes[:, k * n_classes : (k + 1) * n_classes] for k in range(len(spoken))]
        features = None
        if self._space is not None and self._mixture.kernel is not None:
            everyone = placed.votes(np.ones((len(self.reached_), 1)))
            plain, smooth = self._space.of_new(
                self._checked_new(X), lambda values: averages(placed.votes(values), everyone)
            )
            features = self._mixture.kernel.distributions_of(plain, smooth)
        found = self._mixture.distributions_of([divided(said) for said in shares], features)
        found = self._apply_offsets(found)
        return found, averages(votes[:, -2:-1], near)[:, 0], placed
