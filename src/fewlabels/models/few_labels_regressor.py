"""The regressor to start with: no settings, and it says what it chose."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from fewlabels._validation import check_choice, check_integer, check_n_jobs, check_real
from fewlabels.exceptions import UnreachedWarning
from fewlabels.models._choices import Choice, Choices, graph_choice
from fewlabels.models._kernels import Kernel, PrecomputedKernel
from fewlabels.models._method_choice import HARMONIC, choose_method
from fewlabels.models._numbers import NumberChange
from fewlabels.models._regressor import GraphRegressor
from fewlabels.models._scores import Scores
from fewlabels.models._shared_kernel import SharedNeighborKernel
from fewlabels.models.harmonic_regressor import HarmonicRegressor
from fewlabels.models.spreading_regressor import SpreadingRegressor
from fewlabels.solvers import METHODS_WITH_GROUND, Method
from fewlabels.systems import Response

FloatArray = npt.NDArray[np.float64]


class FewLabelsRegressor(GraphRegressor):
    """The regressor to start with: give it points, and numbers for a few of them.

    It builds the graph, takes :class:`fewlabels.HarmonicRegressor` or
    :class:`fewlabels.SpreadingRegressor` with one of three alphas, and says in `choices_` which
    and why. Harmonic functions suit smooth values without noise; spreading averages noise out.

    Parameters
    ----------
    kernel : {"auto", "precomputed"}, default="auto"
        How features become a graph. ``"auto"``: :func:`fewlabels.graph.shared_neighbor_graph`.
        ``"precomputed"``: `X` holds the affinities. Of no effect where `X` is a Graph, which is
        used as it is.
    n_neighbors : int, default=None
        Of the graph; at least 1. None: 10, or 15 where many points are hubs.
    method : {"auto", "harmonic", "spreading"}, default="auto"
        ``"spreading"``: with alpha 0.9. ``"auto"``: this, or what meets left-out labels better:
        see Notes.
    max_iter : int, default=1000
        Most sweeps or iterations; at least 1.
    tol : float, default=1e-3
        No value is off by more than this share of the labels' range; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        As of :class:`fewlabels.LabelSpreading`; harmonic functions take ``"auto"`` for
        ``"chebyshev"``.
    verbose : bool, default=False
        Show progress bars on standard error.

    Attributes
    ----------
    choices_ : Choices
        What was chosen and why: ``graph`` and ``method``, and notes on the labels. Print it.
    model_ : HarmonicRegressor or SpreadingRegressor
        The method at work, fitted on `graph_`. Its kind stays when labels change.
    transduction_ : ndarray of shape (n_samples,)
        The fitted values, in the precision of `y` (float64 if it is not of floats); the mean of
        the labels where none reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        As of `model_`.
    residual_ : float
        The largest residual of a column that was solved for, relative to its right-hand side.
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
    From 10 labels on that share their component with others, labels are left out (64 of them at
    most; of harmonic functions in 8 folds where there are more), and spreading with alpha 0.5,
    0.9 and 0.98 and harmonic functions are compared by their squared errors. Another than 0.9
    is taken if its mean is less by over two standard errors of the differences: with 20 labels,
    the least error is often luck.

    Standard deviations, `explain`, `influence` and `loo_predictions_` are those of the method: see
    there.

    Cost: the graph; the fit of the method; and for the choice some 20 products with 66 columns,
    and 64 columns of a harmonic function.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import FewLabelsRegressor
    >>> X = np.linspace(0, 3, 60)[:, None]
    >>> y = np.full(60, np.nan)
    >>> y[::5] = np.sin(X[::5, 0])
    >>> model = FewLabelsRegressor().fit(X, y)
    >>> sorted(model.choices_)
    ['graph', 'method']
    >>> bool(np.abs(model.transduction_ - np.sin(X[:, 0])).mean() < 0.1)
    True
    """

    _solvers = METHODS_WITH_GROUND
    gamma = 0.0  # of no kernel here

    def __init__(
        self,
        kernel: str = "auto",
        *,
        n_neighbors: int | None = None,
        method: str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
    ) -> None:
        self.kernel = kernel
        self.n_neighbors = n_neighbors  # type: ignore[assignment]
        self.method = method
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose

    @property
    def choices_(self) -> Choices:
        """What was chosen, and why."""
        own = self._kernel is not None and self.kernel != "precomputed"
        graph = graph_choice(self.graph_, own=own, precomputed=self._kernel is not None and not own)
        notes = []
        if self._labels.span == 0:
            notes.append("all labels are equal, and so are all answers")
        unreached = int((~self.reached_).sum())
        if unreached:
            notes.append(
                f"{unreached} of {len(self.reached_)} points can't be reached from any label"
            )
        return Choices({"graph": graph, "method": self._method_choice}, tuple(notes))

    def _check_parameters(self) -> None:
        check_choice("kernel", self.kernel, ("auto", "precomputed"))
        if self.n_neighbors is not None:
            check_integer("n_neighbors", self.n_neighbors, minimum=1)
        check_choice("method", self.method, ("auto", "harmonic", "spreading"))
        check_integer("max_iter", self.max_iter, minimum=1)
        check_real("tol", self.tol, minimum=0)
        check_n_jobs(self.n_jobs)
        check_choice("solver", self.solver, self._solvers)

    def _make_kernel(self) -> Kernel:
        if self.kernel == "precomputed":
            return PrecomputedKernel()
        return SharedNeighborKernel(self.n_neighbors, self.n_jobs, bool(self.verbose))

    def _solve(self) -> Scores:
        self._method_choice, kind = self._choose()
        settings: dict[str, Any] = {"max_iter": self.max_iter, "tol": self.tol}
        settings |= {"n_jobs": self.n_jobs, "verbose": self.verbose}
        if kind == HARMONIC:
            solver: Method = "auto" if self.solver == "chebyshev" else self.solver
            model: Any = HarmonicRegressor(solver=solver, **settings)
        else:
            model = SpreadingRegressor(alpha=kind, solver=self.solver, **settings)
        with _silent():
            model.fit(self.graph_, self._labels.values, sample_weight=self._labels.weights)
        self.model_ = model
        scores: Scores = model._scores
        return scores

    def _solve_change(self, change: NumberChange) -> Scores:
        model = self.model_._shallow()  # the one there is stays as it was, should this fail
        model.set_params(max_iter=self.max_iter, tol=self.tol)
        with _silent():
            model._relabel(change)
        self.model_ = model
        scores: Scores = model._scores
        return scores

    def _choose(self) -> tuple[Choice, Any]:
        if self.method == "auto":
            choice = choose_method(self.graph_, self._labels, self.solver, self.tol)
        else:
            choice = Choice(HARMONIC if self.method == HARMONIC else 0.9, "as given")
        kind = choice.value
        name = kind if kind == HARMONIC else f"spreading, alpha {kind:g}"
        return Choice(name, choice.why, choice.figures), kind

    def _response(self) -> Response:
        response: Response = self.model_._the_response()
        return response

    def _unit_variances(self, V: FloatArray) -> FloatArray:
        variances: FloatArray = self.model_._unit_variances(V)
        return variances

    def _field_scale(self) -> tuple[float, bool]:
        scale: tuple[float, bool] = self.model_._field_scale()
        return scale


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What there is to warn of is said once, by the estimator around."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreachedWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
