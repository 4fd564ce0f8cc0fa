"""The regressor to start with: no settings, and it says what it chose."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from fewlabels._callers import callers_level
from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidInputError
from fewlabels.features import NewPoints
from fewlabels.graph import Graph
from fewlabels.insight import NumberExplanation
from fewlabels.models._choices import Choices, graph_choice
from fewlabels.models._data import DataEstimator
from fewlabels.models._fitted_numbers import FittedNumbers
from fewlabels.models._kernels import PrecomputedKernel
from fewlabels.models._members import Projection
from fewlabels.models._number_choices import number_choices
from fewlabels.models._number_estimator import NumberEstimator
from fewlabels.models._relabel import point_indices
from fewlabels.models._scores import Scores
from fewlabels.models._targets import KnownNumbers
from fewlabels.solvers import Method
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.float64]

# Features speak for themselves up to so many points.
_MOST_POINTS = 200_000


class FewLabelsRegressor(DataEstimator, NumberEstimator):
    """The recommended regressor: give it points, and numbers for a few of them.

    It combines Gaussian processes and a forest, each weighted by the density that it gives to the
    labels left out. `choices_` lists the members and their weights:

    - a linear trend of the features, alone and with what nearby points have in common, at two
      scales;
    - the graph: harmonic functions of labels that are smoothed first;
    - a linear trend, and over the graph what is left of it;
    - a forest of decision trees, of features, which needs no distances between points.

    Each is linear in the labels, and so are the answers.

    :func:`fewlabels.make_points` turns tables, texts and pictures into points, and new data are
    transformed in the same way. Arrays of numbers are used as they are: their columns should be on
    comparable scales.

    Parameters
    ----------
    kernel : {"auto", "precomputed"}, default="auto"
        How features become a graph. ``"auto"``: :func:`fewlabels.graph.shared_neighbor_graph`.
        ``"precomputed"``: `X` holds the affinities. Has no effect if `X` is a Graph, which is used
        as it is. With affinities or a graph the features are unknown, so only the graph is used.
    n_neighbors : int, default=None
        Of the graph; at least 1. None: 10, or 15 where many points are hubs.
    max_iter : int, default=1000
        Most sweeps or iterations; at least 1.
    tol : float, default=1e-3
        On the graph, no value is off by more than this share of the range of the smoothed labels;
        at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        As of :class:`fewlabels.LabelPropagation`; ``"chebyshev"`` is ``"auto"`` here.
    verbose : bool, default=False
        Show progress bars on standard error.

    Attributes
    ----------
    choices_ : Choices
        What was chosen and why: ``graph`` and ``members``, and notes on the labels. Print it.
    transduction_ : ndarray of shape (n_samples,)
        The fitted values, in the precision of `y` (float64 if it is not of floats). Labelled
        points, too, have what all labels say of them. They may leave the range of the labels.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label. Elsewhere only the features are
        used.
    evidence_ : ndarray of shape (n_samples,), float64
        1 up to the solver's error where a label reaches, else 0.
    residual_ : float
        The largest residual of a column that was solved for, relative to its right-hand side.
    n_iter_ : int
        Sweeps and iterations; a factorisation counts as one.
    loo_labelled_ : ndarray of shape (n_labelled,), intp
        The labelled points, ascending: the order of all that is left out one by one.
    loo_predictions_ : ndarray of shape (n_labelled,), float64
        The number of each labelled point as the others have it, if members keep their weights,
        scales and relevant columns. Its own number where there is no other label.
    loo_score_ : float
        R^2 of `loo_predictions_`, weighted as the labels are; 1 at best, and below 0 where the mean
        of all labels would do better. As scikit-learn has it, where all labels are equal: 1 or 0.
        NaN with a single label.
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
    The level of each process is estimated along with it (kriging), and its scale is that which
    makes the labels left out most probable; their means and variances are exact. Its kernel is one
    of features (linear; exp(-distance) of ranks; exp(-squared distance)), the covariance of the
    Gaussian field on the graph, or the mean of two, with five amounts of noise. Columns count by
    how much of the labels a line through them explains, shrunk where labels are few.

    Standard deviations are of what a label at the point might be: those of the members, and how
    far these disagree, widened by 4 / n_labelled of the variance, as scales are fitted to labels.

    `sample_weight`: a label of weight 2 has half the variance of noise.

    Of more than 1,000 labels, 1,000 evenly spread ones are learned from.

    Cost: the graph; n_labelled columns of a harmonic function, and n_samples x n_labelled x
    n_features for the features, of which there are at most 64, by principal components. Above
    200,000 points only the graph speaks. A standard deviation takes a solve.

    References
    ----------
    C. E. Rasmussen, C. K. I. Williams, "Gaussian processes for machine learning", MIT Press 2006,
    section 5.4.2, on the density of labels left out,
    https://doi.org/10.7551/mitpress/3206.001.0001. X. Zhu, J. Lafferty, Z. Ghahramani,
    "Semi-supervised learning: from Gaussian fields to Gaussian processes", CMU-CS-03-175, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import FewLabelsRegressor
    >>> X = np.linspace(0, 3, 60)[:, None]
    >>> y = np.full(60, np.nan)
    >>> y[::5] = np.sin(X[::5, 0])
    >>> model = FewLabelsRegressor().fit(X, y)
    >>> sorted(model.choices_)
    ['graph', 'members']
    >>> bool(np.abs(model.transduction_ - np.sin(X[:, 0])).mean() < 0.05)
    True
    """

    _unreached_answer = "Only the features speak there, or a mean of the labels"

    def __init__(
        self,
        kernel: str = "auto",
        *,
        n_neighbors: int | None = None,
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
    ) -> None:
        self.kernel = kernel
        self.n_neighbors = n_neighbors  # type: ignore[assignment]
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose

    # Fitting

    def _build(self, points: Matrix | Graph) -> None:
        super()._build(points)
        known = self._known
        few = known is not None and self.graph_.n_nodes <= _MOST_POINTS
        self._projection = Projection(known) if few else None
        self._plain = None if self._projection is None else self._projection.of(known)

    def _solve(self) -> Scores:
        self._fitted = FittedNumbers(
            self.graph_, self._labels, self._plain, self._solver_settings()
        )
        return Scores.from_answer(self._fitted.answer)

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores = scores
        self._forget()
        self.reached_ = self._fitted.reached
        unread = self._unread()
        self.transduction_ = self._fitted.values(unread[~self._labels.labelled[unread]])
        self.evidence_ = scores.totals
        self.residual_ = float(scores.residual.max())
        self.n_iter_ = max(1, scores.n_iter)

    # New points

    def predict(self, X: object, return_std: bool = False) -> Any:
        """Return the numbers of new points.

        The features predict directly; on the graph, a new point is the mean of the fitted points
        that a label reaches, weighted by the kernel. A point about which nothing is known, such as
        an unreadable picture, gets the mean of the labels, and a warning names it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), or data as in `fit`
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).
        return_std : bool, default=False
            Also return standard deviations, as :meth:`posterior_std` defines them. A solve each.

        Returns
        -------
        values : ndarray of shape (n_queries,)
        std : ndarray of shape (n_queries,), float64
            Only with `return_std`.

        Raises
        ------
        InvalidInputError
            If the estimator was fitted on a Graph, which has no features; if a point lies over
            1e30 times as far away as the fitted ones from one another; with `return_std`, as
            :meth:`posterior_std`.

        Warns
        -----
        ConvergenceWarning, UserWarning
            With `return_std`, as :meth:`posterior_std`.
        """
        new = self._validated_new(X)
        placed = self._placed_among_known(new)
        plain = None if self._projection is None else self._projection.of(new.values)
        values = self._fitted.of_new(placed, plain, new.unread)
        return (values, self._std_of_new(new, plain)) if return_std else values

    def _std_of_new(self, new: NewPoints, plain: npt.NDArray[np.floating] | None) -> FloatArray:
        def columns(block: slice) -> FloatArray:
            weights = sparse.csr_array(self._weights_among_known(new.part(block), self.reached_))
            V = np.asarray(weights.toarray(), dtype=np.float64).T
            totals = V.sum(axis=0)
            return V / np.where(totals > 0, totals, 1)

        return self._deviations(len(new), columns, plain)

    # What it knows of its own answers

    @property
    def choices_(self) -> Choices:
        """What was chosen, and why."""
        check_is_fitted(self)
        precomputed = isinstance(self._kernel, PrecomputedKernel)
        own = self._kernel is not None and not precomputed
        silent = ""
        if self._plain is None:
            silent = "no features are known" if self._known is None else "too many points"
        return number_choices(
            graph_choice(self.graph_, own=own, precomputed=precomputed),
            self._fitted.mixture,
            self._labels,
            self.reached_,
            n_taught=len(self._fitted.nodes),
            without_features=silent,
        )

    def posterior_std(self, nodes: npt.ArrayLike | None = None) -> FloatArray:
        """Return the standard deviations of what labels at fitted points might be.

        Parameters
        ----------
        nodes : array-like of int of shape (n_nodes,), or boolean mask, default=None
            Fitted points, each at most once. None: all, which takes a solve a point.

        Returns
        -------
        ndarray of shape (n_nodes,), float64
            In the unit of `y`; infinity where neither a label nor features reach. 0 where all
            labels are equal, which is no reason to be sure, so that it warns.

        Raises
        ------
        InvalidInputError
            If there is a single label: nothing tells the scale.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended an iteration before `tol` was reached.
        UserWarning
            If all labels are equal.
        """
        check_is_fitted(self)
        n = len(self.reached_)
        chosen = np.arange(n) if nodes is None else point_indices(nodes, n)

        def columns(block: slice) -> FloatArray:
            here = chosen[block]
            V = np.zeros((n, len(here)))
            V[here, np.arange(len(here))] = 1
            return V

        return self._deviations(
            len(chosen), columns, None if self._plain is None else self._plain[chosen]
        )

    def _deviations(
        self,
        n_points: int,
        columns: Callable[[slice], FloatArray],
        plain: npt.NDArray[np.floating] | None,
    ) -> FloatArray:
        self._check_scale()
        return self._fitted.deviations(
            n_points, columns, plain, tol=self.tol, max_iter=self.max_iter
        )

    def _check_scale(self) -> None:
        numbers: KnownNumbers = self._labels
        n_labelled = len(numbers.nodes)
        if n_labelled == 1:
            raise InvalidInputError(
                "there is one label only, so that nothing tells by how much values differ. Label a "
                "second point."
            )
        if numbers.span == 0:  # every time: each answer is one not to trust
            warnings.warn(
                f"all {n_labelled} labels are equal, so that nothing tells by how much values "
                "differ: the standard deviations are 0, which is no reason to be sure. Label a "
                "point with another value.",
                UserWarning,
                stacklevel=callers_level(),
            )

    def explain(self, node: Hashable) -> NumberExplanation:
        """Say how much each labelled point counts in the number of a fitted point.

        Parameters
        ----------
        node : int, or name of a row
            From 0 to n_samples - 1; labelled or not. Anything but an integer is looked up in the
            index of `X`, if it was a pandas table.

        Returns
        -------
        NumberExplanation
            The shares, which sum to 1, times the labels sum to the point's `transduction_`. A
            trend has negative shares, too: a high label on one side of the middle speaks for low
            numbers on the other.

        Notes
        -----
        One solve, for a single right-hand side.
        """
        check_is_fitted(self)
        position = self._position(node)
        numbers: KnownNumbers = self._labels
        nodes = numbers.nodes
        shares, value = self._fitted.shares_at(position, tol=self.tol, max_iter=self.max_iter)
        return NumberExplanation(position, nodes, numbers.values[nodes], shares, value)

    def _leave_out(self) -> FloatArray:
        nodes = self._labels.nodes
        found = np.asarray(
            self.transduction_[nodes], dtype=np.float64
        )  # of labels not learned from
        found[np.searchsorted(nodes, self._fitted.nodes)] = self._fitted.left_out()
        return found
