"""Label spreading (Zhou et al., NIPS 2003)."""

from __future__ import annotations

from typing import Self, cast

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from fewlabels._progress import iteration_progress
from fewlabels._turns import in_turn
from fewlabels._typing import Matrix, State
from fewlabels._validation import check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import DiskGraph
from fewlabels.models._ahead import AHEAD_TOL, Ahead
from fewlabels.models._base import GraphClassifier
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._insight import SpreadingInsight
from fewlabels.models._kernels import KernelFunction
from fewlabels.models._relabel import Relabelling, add_codes, checked_responses, point_indices
from fewlabels.models._scores import Scores
from fewlabels.models._targets import RowLabels
from fewlabels.solvers import METHODS_WITH_GROUND, Method
from fewlabels.solvers._solution import IterationSettings
from fewlabels.systems import (
    SpreadingSystem,
    StreamedScores,
    StreamedSpreadingSystem,
    normalized_affinity,
)


class LabelSpreading(SpreadingInsight, GraphClassifier):
    """Label spreading: every point adopts its neighbours' labels, and keeps some of its own.

    F = (1 - alpha) (I - alpha S)^-1 Y, S = D^-1/2 W D^-1/2, Y one-hot on the labelled points, times
    their weights; each row of F, divided by its sum, is a point's class distribution.

    Parameters
    ----------
    kernel : {"rbf", "knn", "self-tuning", "precomputed"} or callable, default="rbf"
        How features become a graph. ``"rbf"``: exp(-gamma |x - x'|^2), dense. ``"knn"``: connects
        points of which one is among the `n_neighbors` nearest of the other (counting itself, as in
        scikit-learn), with weight 1. ``"self-tuning"``: :func:`fewlabels.knn_graph`, which connects
        each point to `n_neighbors` others; recommended. ``"precomputed"``: `X` holds the
        affinities. A function of two arrays of points returns their affinities. Has no effect if
        `X` is a Graph.
    gamma : float, default=20
        Of the rbf kernel; at least 0.
    n_neighbors : int, default=7
        Of the knn and self-tuning kernels; at least 1.
    alpha : float, default=0.2
        In [1e-12, 1): how much of a point's scores comes from its neighbours. 0.9 is a good choice
        for most data; with 0.99, labels travel farther, as large graphs need.
    max_iter : int, default=30
        Most sweeps or iterations; at least 1.
    tol : float, default=1e-3
        The largest error of a point's distribution; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        The iteration as published; the same accelerated by Chebyshev polynomials; conjugate
        gradients; elimination. ``"auto"`` takes the first or the last up to 1,000 points (3,000
        with a dense kernel), the second above, and the third for an alpha beyond 0.999.
    verbose : bool, default=False
        Show progress bars on standard error.
    class_prior : {"uniform", "labels"}, array-like of shape (n_classes,), mapping, default=None
        The shares of the classes that are expected among the unlabelled points: equal, those of
        the labels, or given in the order of `classes_` or by class. They must sum to 1.
        A word is a guess: the distributions of the unlabelled points take one step towards these
        shares, class-mass normalisation (Zhu et al., ICML 2003;
        :func:`fewlabels.normalize_class_mass`). Given shares count for more: each class is weighted
        by the geometric mean of that step and of the weight that would give the answers exactly
        these shares. A class with share 0 is never an answer. None: no such correction.
    calibration : {"loo"}, default=None
        ``"loo"``: `label_distributions_` and what `predict_proba` returns are calibrated on the
        labels left out one by one: see :class:`fewlabels.insight.Calibration`. The most probable
        class stays the same. This takes a solve with one right-hand side per label, at every fit
        and change of labels. None: shares of evidence, as the method defines them.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The distinct labels.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        Rows sum to 1; float32 if `X` is. The prior, the shares of the classes among the labels,
        where no label reaches.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the unlabelled marker of `y` where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        The row sums of F: how much evidence reached the point, in [0, inf); 0 if none did, or less
        than float64 can hold.
    residual_ : ndarray of shape (n_classes,)
        Residual of each class's column, relative to its right-hand side (Euclidean norm).
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to.
    n_iter_ : int
        Sweeps and iterations; a factorisation counts as one.
    graph_ : Graph
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    Stopping rule: max_i m_i / t_i <= tol (1 - rho) / rho, m_i being the change of row i in a step,
    t_i its sum and rho the rate at which changes shrink: measured for sweeps, known in advance
    for Chebyshev's iteration; the like with the residual, and 1 - alpha, for conjugate gradients.
    Scores decay geometrically away from the labels; each row is accurate in itself, however small.

    Cost: the graph; then, with E edges and c classes, O(E c) a sweep, of which about
    log(tol) / log(alpha) are needed, or accelerated about log(1 / tol) / sqrt(1 - alpha). Memory
    O(E + n c).

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003.

    Examples
    --------
    >>> from fewlabels import LabelSpreading
    >>> X = [[0.0], [0.1], [0.3], [5.0], [5.1], [5.3]]
    >>> y = ["low", None, None, "high", None, None]
    >>> model = LabelSpreading(kernel="self-tuning", n_neighbors=2).fit(X, y)
    >>> model.transduction_.tolist()
    ['low', 'low', 'low', 'high', 'high', 'high']
    >>> model.predict([[0.2], [4.0]]).tolist()
    ['low', 'high']
    """

    _solvers = METHODS_WITH_GROUND

    def __init__(
        self,
        kernel: str | KernelFunction = "rbf",
        *,
        gamma: float = 20,
        n_neighbors: int = 7,
        alpha: float = 0.2,
        max_iter: int = 30,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
        class_prior: ClassPrior = None,
        calibration: str | None = None,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose
        self.class_prior = class_prior
        self.calibration = calibration

    @in_turn
    def foresee(self, indices: npt.ArrayLike, *, responses: npt.ArrayLike | None = None) -> Self:
        """Solve ahead for labels that may come, while there is time.

        What a label does to the scores does not depend on its class, nor on the other labels.
        Where all points of an :meth:`add_labels` were foreseen, and no weight is above 32, it
        adds what is known instead of solving.

        Parameters
        ----------
        indices : array-like of int of shape (n_points,), or boolean mask of shape (n_samples,)
            Points of the fitted `X`, each at most once. Nothing is done for those with a label.
        responses : array-like of shape (n_samples, n_points), float, default=None
            Where the iteration begins; as :meth:`add_labels` takes it.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If an index is out of range or stands twice, or the responses or a parameter can't be
            used.

        Notes
        -----
        Columns are kept for the last 16 points, 8 or 16 bytes a row each, until the next fit or
        until any label is removed or corrected; not in copies by pickle. They are solved for to
        1 / 64 of the `tol` that the scores were solved for to, and a class is solved for anew when
        what was added to it might be off by a half of that. Of no effect with a graph on disk, and
        where `max_iter` is too low.

        Examples
        --------
        >>> from fewlabels import LabelSpreading, knn_graph
        >>> graph = knn_graph([[0.0], [0.1], [0.3], [0.4], [0.6]], n_neighbors=2)
        >>> model = LabelSpreading(alpha=0.9, max_iter=1000).fit(graph, [0, -1, -1, -1, 1])
        >>> model.foresee([3]).add_labels([3], [1]).transduction_.tolist()
        [0, 0, 1, 1, 1]
        """
        check_is_fitted(self)
        self._check_parameters()
        n = len(self._labels.labelled)
        rows = point_indices(indices, n)
        begin = None if responses is None else checked_responses(responses, n, len(rows))
        if isinstance(self.graph_, DiskGraph) or not self._can_change():
            return self
        ahead = self._foreseen()
        for k, row in enumerate(rows.tolist()):
            if self._labels.labelled[row] or row in ahead:
                continue
            label = np.zeros((n, 1))
            label[row] = 1
            answer = self._fitted_system().solve(
                label,
                tol=AHEAD_TOL * self._solved_tol / self._labels.row_mass,
                max_iter=self.max_iter,
                start=None if begin is None else np.maximum(begin[:, k : k + 1], 0),
                other_totals=self._scores.totals,
            )
            ahead.keep(row, answer)
        return self

    @in_turn
    def add_labels(
        self,
        indices: npt.ArrayLike,
        labels: object,
        sample_weight: object = None,
        *,
        responses: npt.ArrayLike | None = None,
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
        responses : array-like of shape (n_samples, n_added), float, default=None
            Approximately what a label of weight 1 at each of the points adds to the scores of all:
            columns of (1 - alpha) (I - alpha S)^-1. Some query rules know them already. The
            iteration starts from them, and then takes fewer steps to the same accuracy, however
            rough they are. Ignored with a graph on disk.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If an index is out of range or appears twice, a label is missing or of another type than
            the others, a weight or the responses can't be used, or `class_prior` does not fit the
            new classes. The estimator is then unchanged.

        Warns
        -----
        LabelWarning
            If a new class has nearly the name of another, or a name such as "NA".
        """
        check_is_fitted(self)
        self._check_parameters()
        change = add_codes(self._labels, indices, labels, sample_weight)
        if responses is not None and not isinstance(self.graph_, DiskGraph):
            n_samples = self.graph_.n_nodes
            rows = point_indices(indices, n_samples)
            known = checked_responses(responses, n_samples, len(rows))
            change = change.with_responses(self._labels, rows, known)
        return self._relabel(change)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_real("alpha", self.alpha, minimum=1e-12, below=1)

    def _n_arrays(self) -> int:
        n_arrays = 5 if self.solver in ("auto", "chebyshev") else 8
        return n_arrays if self.calibration is None else n_arrays + 2

    def _solve(self) -> Scores | StreamedScores:
        self.__dict__.pop("_ahead", None)
        if isinstance(self.graph_, DiskGraph):
            return self._solve_on_disk(self.graph_)
        self._solved_tol, self._settings = self.tol, (self.alpha, self.solver)
        system = self._system = SpreadingSystem(self.graph_, *self._settings)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = system.solve(
                self._labels.label_matrix(),
                tol=self.tol / self._labels.row_mass,
                max_iter=self.max_iter,
                callback=callback,
            )
        return Scores.from_answer(answer)

    def _solve_change(self, change: Relabelling) -> Scores | StreamedScores:
        if isinstance(self.graph_, DiskGraph):
            return self._solve_on_disk(self.graph_, change)
        if not self._can_change():
            return self._solve()
        # The matrix does not depend on the labels: only the touched classes' columns change.
        scores = cast(Scores, self._scores).select(change.old_columns, n_iter=0)
        if not self._foreseen().add(scores, change):
            self._solve_columns(scores, change.touched, change.expected)
        if change.lost_any and scores.have_thinned:
            # What is left in a row that held much of what was lost was small beside it, and is no
            # more accurate than that.
            self._solve_columns(scores, np.arange(change.labels.n_columns))
        return scores

    def _foreseen(self) -> Ahead:
        """Return what labels that may come would add; a copy knows nothing of it."""
        ahead: Ahead = self.__dict__.setdefault("_ahead", Ahead())
        return ahead

    def _can_change(self) -> bool:
        """Tell whether the scores are those of the settings, so that columns suffice."""
        same = self._settings == (self.alpha, self.solver) and self.tol >= self._solved_tol
        return bool(same and self._scores.converged.all())

    def _solve_columns(
        self,
        scores: Scores,
        columns: npt.NDArray[np.intp],
        expected: npt.NDArray[np.float64] | None = None,
    ) -> None:
        """Solve for some classes, from the scores that there are, and put the answer in place.

        `expected`, of shape (n_samples, n_columns), is added to where the solve begins.
        """
        if len(columns) == 0:
            return
        start = scores.true_values()[:, columns]
        if expected is not None:
            start += expected
            np.maximum(start, 0, out=start)  # rough as they are
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = self._fitted_system().solve(
                self._labels.label_matrix(columns),
                tol=self.tol / self._labels.row_mass,
                max_iter=self.max_iter,
                start=start,
                other_totals=scores.totals_without(columns),
                callback=callback,
            )
        self._solved_tol = max(self._solved_tol, self.tol)  # a narrower one needs all of them anew
        scores.replace_columns(columns, answer)
        scores.n_iter += answer.n_iter

    def _solve_on_disk(self, graph: DiskGraph, change: Relabelling | None = None) -> StreamedScores:
        if self.solver not in ("auto", "chebyshev"):
            raise InvalidInputError(
                f"solver={self.solver!r} needs the graph in memory, and this one is on disk. Leave "
                'solver="auto", which is "chebyshev" there, or fit on graph.to_memory().'
            )
        if isinstance(self._labels, RowLabels):
            raise InvalidInputError(
                "y of several columns needs the graph in memory, and this one is on disk. Give one "
                "class a point, or fit on graph.to_memory()."
            )
        system = StreamedSpreadingSystem(graph, self.alpha)
        codes, n_classes = self._labels.codes, len(self._labels.classes)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            settings: IterationSettings = {
                "tol": self.tol,
                "max_iter": self.max_iter,
                "callback": callback,
            }
            weights = self._labels.weights
            last = getattr(self, "_system", None)  # before the first fit, there is none
            same = isinstance(last, StreamedSpreadingSystem) and last.settings == system.settings
            if change is None or not same:
                scores = system.solve(codes, n_classes, weights=weights, **settings)
            else:
                # What is left of a row that lost its label is no more accurate than that was.
                touched = np.arange(n_classes) if change.lost_any else change.touched
                before = cast(StreamedScores, self._scores)
                scores = system.solve_change(
                    before, codes, change.old_columns, touched, weights=weights, **settings
                )
        self._system = system
        return scores

    def __getstate__(self) -> State:
        """Leave out the system and what was foreseen: both are large, and follow from the graph."""
        state = super().__getstate__()
        state = {name: value for name, value in state.items() if name != "_ahead"}
        large = isinstance(state.get("_system"), SpreadingSystem)
        return state | {"_system": None} if large else state

    def _build_graph(self) -> Matrix:
        """Return S, as scikit-learn's private method of this name does."""
        return normalized_affinity(self.graph_)
