"""The classifier to start with: no settings, and it says what it chose."""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels._validation import check_choice, check_integer, check_n_jobs, check_real
from fewlabels.insight import Calibration, Explanation, fit_calibration
from fewlabels.models._choices import Choice, Choices, graph_choice
from fewlabels.models._class_means import ClassMeanSpreading
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._kernels import Kernel, PrecomputedKernel
from fewlabels.models._progress import iteration_progress
from fewlabels.models._scores import Scores
from fewlabels.models._self_training import Clamp, self_trained
from fewlabels.models._shared_kernel import SharedNeighborKernel
from fewlabels.models._warnings import warn_unconverged
from fewlabels.solvers import METHODS_WITH_GROUND, Method
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# The walk of the rounds: long enough to hear the neighbours' neighbours, and no farther.
_BETA = 0.9
# Points on which the calibration of the final shares is fitted: two numbers need no more.
_MOST_TAUGHT = 2_000


class FewLabelsClassifier(ClassMeanSpreading):
    """The classifier to start with: give it points and a few labels.

    It builds the graph, chooses what there is to choose, and says in `choices_` what and why. In
    three steps:

    1. Labels spread, and every class speaks with one voice, however many labels it has:
       F_ic = d_i^-1/2 sum_j R_ij d_j^-1/2 Y_jc / sum_j Y_jc, R = (1 - alpha) (I - alpha S)^-1.
    2. The classes are brought nearer to their expected shares: see `class_prior`.
    3. Self-training: `n_rounds` times, labels are clamped, the distributions of all points spread
       once more with alpha 0.9, and the classes are brought nearer to their shares again.

    Features should be on comparable scales: columns of a table in different units through
    :class:`sklearn.preprocessing.StandardScaler` first, pictures through
    :class:`fewlabels.OrientedGradients`.

    Parameters
    ----------
    kernel : {"auto", "precomputed"}, default="auto"
        How features become a graph. ``"auto"``: :func:`fewlabels.graph.shared_neighbor_graph`,
        which looks at the hubs among the points. ``"precomputed"``: `X` holds the affinities.
        Of no effect where `X` is a Graph, which is used as it is.
    n_neighbors : int, default=None
        Of the graph; at least 1. None: 10, or 15 where many points are hubs.
    alpha : "auto" or float, default="auto"
        In [1e-12, 1): how much of a point's scores comes from its neighbours in the first step.
        ``"auto"``: 0.995, unless labels that are left out say clearly that 0.9, 0.98 or 0.998 is
        better: see Notes.
    class_prior : {"uniform", "labels"}, array-like of shape (n_classes,), mapping or None, \
default="uniform"
        The shares of the classes that are expected among the unlabelled points: equal, those of
        the labels, or given in the order of `classes_` or by class. They must sum to 1.
        A word is a guess: the unlabelled points' distributions take a step towards these shares,
        class-mass normalisation (Zhu et al., ICML 2003; :func:`fewlabels.normalize_class_mass`).
        Shares that are given count for more: each class is weighed by the geometric mean of that
        step and of what would make the answers come in these shares. A class with share 0 is no
        answer. None: no such correction.
        Few labels tell nothing of the shares; give them if they are known and uneven.
    n_rounds : int, default=2
        Rounds of self-training; at least 0.
    calibration : {"loo"} or None, default="loo"
        ``"loo"``: `label_distributions_` and `predict_proba` hold calibrated probabilities; see
        Notes. None: shares, as the last round leaves them. The most probable class is the same.
    max_iter : int, default=1000
        Most iterations of each solve; at least 1.
    tol : float, default=1e-3
        No row of F is off by more, relative to its sum, nor any distribution in each round by
        what is solved for there; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        As of :class:`fewlabels.LabelSpreading`.
    verbose : bool, default=False
        Show progress bars on standard error.

    Attributes
    ----------
    choices_ : Choices
        What was chosen and why: ``graph``, ``alpha``, ``class_prior`` and ``calibration``, and
        notes on the labels. Print it.
    alpha_ : float
        As chosen when the model was fitted; changes of labels leave it.
    classes_ : ndarray of shape (n_classes,)
        The distinct labels.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        Rows sum to 1; float32 if `X` is. Computed when first read, for calibration takes time.
        The expected shares where no label reaches.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the given label where labelled; the unlabelled marker of `y`
        where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        sum_c F_ic, in units in which a walk that has forgotten where it started hears 1; 0 where
        no label reaches, or less than float64 can hold.
    residual_ : ndarray of shape (n_classes,)
        Residual of each class's column, relative to its right-hand side (Euclidean norm).
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to.
    n_iter_ : int
        Sweeps and iterations of the first step; a factorisation counts as one.
    graph_ : Graph
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    Insight (`loo_label_distributions_`, `loo_score_`, `explain`, `suspect_labels`, `predict_set`)
    speaks of the first two steps, which are linear but for the class masses; `influence` of all.

    Why one default, and not the best of many models by leave-one-out: with two or five labels a
    class, the best of sixteen so chosen was worse than this one on most data; the best is then the
    luckiest. So alpha leaves its default only where at least 20 labels have another of their
    class, and the labels left out (32 of them at most) become more probable by over two standard
    errors of their differences, each alpha being calibrated.

    Calibration: shares of F are calibrated on left-out labels
    (:class:`fewlabels.insight.Calibration`; at most 64 of them). The shares of the last round have
    heard every label, so that nothing can be left out there; they are given the sharpness and
    caution with which they come closest (in cross-entropy, over 2,000 unlabelled points) to the
    calibrated shares of F. `loo_calibration_` is this second one.

    A label that is trusted less than the median one (`sample_weight`) is clamped in part.

    Cost: the graph; then one solve for n_classes columns, a quicker one in each round, and the
    left-out labels, some 40 products with n_classes + 32 columns. Shares that are given as
    `class_prior` take, after the first step and in each round, some 50 passes over the
    distributions of 200,000 unlabelled points at most, of n_classes^2 operations a point; a word
    takes two passes. `add_labels` and `remove_labels` solve for the columns that changed, and for
    the rounds.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003. X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using
    Gaussian fields and harmonic functions", ICML 2003, section 4, on class mass.

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
    >>> model.choices_["alpha"].value
    0.995
    """

    _solvers = METHODS_WITH_GROUND
    _takes_multilabel = False
    gamma = 0.0  # of no kernel here

    def __init__(
        self,
        kernel: str = "auto",
        *,
        n_neighbors: int | None = None,
        alpha: str | float = "auto",
        class_prior: ClassPrior = "uniform",
        n_rounds: int = 2,
        calibration: str | None = "loo",
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
    ) -> None:
        self.kernel = kernel
        self.n_neighbors = n_neighbors  # type: ignore[assignment]
        self.alpha = alpha
        self.class_prior = class_prior
        self.n_rounds = n_rounds
        self.calibration = calibration
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose

    @property
    def label_distributions_(self) -> npt.NDArray[np.floating[Any]]:
        """Distribution of each fitted point, shape (n_samples, n_classes)."""
        found: FloatArray = self._kept("label_distributions", self._fitted_distributions)
        return found

    @property
    def choices_(self) -> Choices:
        """What was chosen, and why."""
        found: Choices = self._kept("choices", self._say_choices)
        return found

    def explain(self, node: Hashable) -> Explanation:
        """Say what each labelled point adds to the scores of a fitted point, in the first step.

        See :meth:`LinearInsight.explain`, which has the parameters, too.

        Parameters
        ----------
        node : int, or name of a row
            From 0 to n_samples - 1; labelled or not. What is no integer is looked up in the index
            of `X`, where this was a pandas table.

        Returns
        -------
        Explanation
            Its `note`, and its text, say so where `transduction_` is another class than the one
            with the largest share, and which later step made it so.
        """
        found = super().explain(node)
        answer = self.transduction_[[found.node]]
        if found.message or not self._scores.answered[found.node]:
            return found
        if found.classes[[found.scores.argmax()]] == answer:
            return found
        if self._labels.labelled[found.node]:
            step = "labelled points keep their label"
        elif self.classes_[[self._linear_distributions[found.node].argmax()]] == answer:
            step = "the classes were brought nearer to their expected shares (class_prior)"
        else:
            step = "self-training settled on it"
        note = f"but the answer is {answer.tolist()[0]!r}: after this, {step}"
        return replace(found, note=note)

    def predict_set(
        self, X: Any = None, *, coverage: float = 0.9, allow_empty: bool = True
    ) -> npt.NDArray[np.bool_]:
        """Return for each point a set of classes that holds the true one with this probability.

        Conformal prediction on the shares of the first two steps, of which labels can be left
        out: see :meth:`LinearInsight.predict_set`, which has the parameters, too.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            New points. None: the fitted ones.
        coverage : float, default=0.9
            In (0, 1).
        allow_empty : bool, default=True
            False: a set that would be empty holds the most probable class.

        Returns
        -------
        ndarray of shape (n_points, n_classes), bool
        """
        self._refuse_rows("predict_set")
        self._loo()  # kept here
        linear = copy.copy(self)
        linear._plain_distributions = self._linear_distributions
        linear._insight = self._insight | {"calibration": self._linear_calibration()}
        return super(FewLabelsClassifier, linear).predict_set(
            X, coverage=coverage, allow_empty=allow_empty
        )

    def _check_parameters(self) -> None:
        check_choice("kernel", self.kernel, ("auto", "precomputed"))
        if self.n_neighbors is not None:
            check_integer("n_neighbors", self.n_neighbors, minimum=1)
        if isinstance(self.alpha, str):
            check_choice("alpha", self.alpha, ("auto",), other=", or a number")
        else:
            check_real("alpha", self.alpha, minimum=1e-12, below=1)
        check_integer("n_rounds", self.n_rounds, minimum=0)
        if self.calibration is not None:
            check_choice("calibration", self.calibration, ("loo",), other=", or None")
        check_integer("max_iter", self.max_iter, minimum=1)
        check_real("tol", self.tol, minimum=0)
        check_n_jobs(self.n_jobs)
        check_choice("solver", self.solver, self._solvers)

    def _make_kernel(self) -> Kernel:
        if self.kernel == "precomputed":
            return PrecomputedKernel()
        return SharedNeighborKernel(self.n_neighbors, self.n_jobs, bool(self.verbose))

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores: Any = scores
        self._forget()
        labels: Labels = self._labels
        self.classes_ = labels.classes
        self.reached_ = self.graph_.reached_from(labels.labelled)
        answered = scores.answered  # not all that are reached, where the solve ended too early
        self.evidence_ = self._evidence(scores.totals, slice(None))
        unlabelled = np.flatnonzero(answered & ~labels.labelled)

        def balance(distributions: Any) -> FloatArray:
            balanced: Any = self._apply_prior(distributions, unlabelled)
            return np.asarray(balanced, dtype=np.float64)

        linear = balance(scores.distributions(self._prior()))
        self._linear_distributions = linear
        clamp = Clamp.of(self.loo_labelled_, self._label_rows())
        with iteration_progress(self.verbose, self.max_iter) as callback:
            self._plain_distributions, self._rounds_converged = self_trained(
                self._system_of(_BETA),
                self._root,
                linear.copy(),
                clamp,
                answered,
                balance,
                n_rounds=self.n_rounds,
                tol=self.tol,
                max_iter=self.max_iter,
                callback=callback,
            )
        self.transduction_ = labels.decide(self._plain_distributions, answered)
        self.residual_ = scores.residual
        self.n_iter_ = max(1, scores.n_iter)

    def _warn_of(self, scores: Scores | StreamedScores) -> None:
        if not self._rounds_converged:
            warn_unconverged("the rounds of self-training", self.max_iter, self.tol)
        super()._warn_of(scores)

    def _fitted_distributions(self) -> FloatArray:
        found: FloatArray = self._plain_distributions
        if self.calibration is not None:
            found = self._calibrated(*self._evidence_of(None))
        return np.asarray(found.astype(self._dtype, copy=False))

    def _calibrated_loo(self) -> FloatArray:
        loo = self._loo()
        result = self._linear_calibration().apply(loo.values, loo.evidence)
        result[~loo.answered] = self._prior()
        return result

    def _fit_calibration(self) -> Calibration:
        """Of the final shares: those that come closest to the calibrated shares of F."""
        linear = self._linear_calibration()
        points = np.flatnonzero(self._scores.answered & ~self._labels.labelled)
        if self.n_rounds == 0 or len(points) == 0:
            return linear
        if len(points) > _MOST_TAUGHT:
            points = points[np.linspace(0, len(points) - 1, _MOST_TAUGHT).astype(int)]
        evidence = self.evidence_[points]
        taught = linear.apply(self._linear_distributions[points], evidence)
        found = fit_calibration(
            self._plain_distributions[points],
            evidence,
            taught,
            reference=linear.reference,
            excluded=self._excluded(),
        )
        return replace(linear, sharpness=found.sharpness, caution=found.caution)

    def _say_choices(self) -> Choices:
        own = self._kernel is not None and self.kernel != "precomputed"
        graph = graph_choice(self.graph_, own=own, precomputed=self._kernel is not None and not own)
        chosen = {"graph": graph, "alpha": self._alpha_choice}
        prior = self.class_prior
        known = prior if prior is None or isinstance(prior, str) else "given"
        why = {
            "uniform": "equal shares; few labels tell nothing of the true ones",
            "labels": "the shares of the labels",
            "given": "as given",
            None: "the classes are not brought to any shares",
        }[known]
        chosen["class_prior"] = Choice(known, why)
        chosen["calibration"] = self._calibration_choice()
        return Choices(chosen, self._notes())

    def _calibration_choice(self) -> Choice:
        if self.calibration is None:
            return Choice(None, "shares are left as they are")
        fitted = self.loo_calibration_
        figures = {"sharpness": fitted.sharpness, "caution": fitted.caution}
        told = f"{fitted.n_points} labels left out, each with another of its class"
        if fitted.n_points == 0:
            told = "what is usual, for no label has another of its class that could tell"
        return Choice("loo", f"fitted to {told}", figures)

    def _notes(self) -> tuple[str, ...]:
        labels: Labels = self._labels
        notes = []
        counts = np.bincount(labels.codes[labels.labelled], minlength=len(labels.classes))
        single = labels.classes[counts == 1].tolist()
        if len(labels.classes) == 1:
            notes.append(f"all labels are {labels.classes.tolist()[0]!r}, and so are all answers")
        elif single:
            shown = ", ".join(map(repr, single[:5]))
            if len(single) > 5:
                shown += f" and {len(single) - 5} more"
            notes.append(
                f"{len(single)} of {len(labels.classes)} classes have a single label: {shown}. "
                "A second label of each would tell how sure to be"
            )
        unreached = int((~self.reached_).sum())
        if unreached:
            notes.append(
                f"{unreached} of {len(self.reached_)} points can't be reached from any label"
            )
        return tuple(notes)
