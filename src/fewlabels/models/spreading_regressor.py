"""Label spreading for numbers: the mean of the labels that spread to a point."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from fewlabels._progress import iteration_progress
from fewlabels._validation import check_real
from fewlabels.models._kernels import KernelFunction
from fewlabels.models._regressor import GraphRegressor
from fewlabels.models._response_insight import TOL
from fewlabels.models._scores import Scores
from fewlabels.models._targets import KnownNumbers, NumberChange
from fewlabels.models._warnings import warn_unconverged
from fewlabels.solvers import METHODS_WITH_GROUND, Answer, Method
from fewlabels.systems import SpreadingResponse, SpreadingSystem

FloatArray = npt.NDArray[np.float64]

# The labels that are left out in turn to learn the scale; more would make it little better.
_MOST_LEFT_OUT = 256


class SpreadingRegressor(GraphRegressor):
    """Label spreading for numbers: every point takes the mean of the labels that reach it.

    f_i = sum_j R_ij w_j y_j / sum_j R_ij w_j over the labelled points j, with label spreading's
    response R = (1 - alpha) (I - alpha S)^-1, S = D^-1/2 W D^-1/2: the mean of the distribution
    that :class:`fewlabels.LabelSpreading` gives if each number is a class. Labelled points are
    smoothed, too.

    Parameters
    ----------
    kernel : {"rbf", "knn", "self-tuning", "precomputed"} or callable, default="self-tuning"
        How features become a graph; as of :class:`fewlabels.LabelSpreading`.
    gamma : float, default=20
        Of the rbf kernel; at least 0.
    n_neighbors : int, default=10
        Of the knn and self-tuning kernels; at least 1.
    alpha : float, default=0.9
        In [1e-12, 1): how much of a point's scores comes from its neighbours. The larger it is, the
        farther labels travel and the smoother the values are: towards 1, all approach one mean.
    max_iter : int, default=1000
        Most sweeps or iterations; at least 1.
    tol : float, default=1e-3
        The largest error of a value, as a share of the labels' range; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        As of :class:`fewlabels.LabelSpreading`.
    verbose : bool, default=False
        Show progress bars on standard error.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,)
        The fitted values, in the precision of `y` (float64 if it is not of floats); the mean of
        the labels where none reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        sum_j R_ij w_j: how much evidence arrived at all; 0 where none did, or less than float64
        can hold.
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
    Why a normalised mean, and not the posterior mean of the field with ground: that one, with the
    covariance C = (D - alpha W)^-1 about an unknown level, goes back to the level some
    1 / (1 - alpha) steps from every label, and with few labels most points are farther. The
    normalised mean, as the row-normalised scores of label spreading, does not.

    Standard deviation: the root mean square of v' (f - fitted) if f is a Gaussian field of
    covariance sigma^2 C about any level. With e_i = v - p_i, p_i the weights above, it is
    sigma^2 e_i' C e_i; the level drops out, as the weights sum to 1. sigma^2 is such that the
    errors at labels that are left out in turn (at most 256 of them, evenly spread) are as large on
    average as this predicts. So the deviations are of what is seen to happen at unlabelled
    points, rather than of what the field's own likelihood says.

    `explain` returns how much each label contributes to a number, `influence` what one label
    changed, and `loo_predictions_` holds the prediction for each labelled point from the others.

    For a constant target, the answer is that constant with deviation 0, and a warning is issued.

    Cost: the graph; then, for two columns, as :class:`fewlabels.LabelSpreading`. A standard
    deviation takes three more columns each, and so does every label that is left out, once.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003. The mean square error of a linear predictor: N. Cressie, "Statistics
    for spatial data", Wiley 1993, section 3.2, https://doi.org/10.1002/9781119115151.

    Examples
    --------
    >>> from fewlabels import SpreadingRegressor
    >>> X = [[0.0], [0.1], [0.3], [5.0], [5.1], [5.3]]
    >>> y = [10.0, None, None, 30.0, None, None]
    >>> model = SpreadingRegressor(kernel="rbf", gamma=1.0).fit(X, y)
    >>> model.transduction_.round(3).tolist()
    [10.0, 10.0, 10.0, 30.0, 30.0, 30.0]
    """

    _solvers = METHODS_WITH_GROUND

    def __init__(
        self,
        kernel: str | KernelFunction = "self-tuning",
        *,
        gamma: float = 20,
        n_neighbors: int = 10,
        alpha: float = 0.9,
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
    ) -> None:
        super().__init__(
            kernel,
            gamma=gamma,
            n_neighbors=n_neighbors,
            max_iter=max_iter,
            tol=tol,
            n_jobs=n_jobs,
            solver=solver,
            verbose=verbose,
        )
        self.alpha = alpha

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_real("alpha", self.alpha, minimum=1e-12, below=1)

    def _solve(self, start: FloatArray | None = None) -> Scores:
        if start is None:
            self._settings: tuple[float, Method] = (self.alpha, self.solver)
            self._system: SpreadingSystem | None = SpreadingSystem(self.graph_, *self._settings)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = self._fitted_system().solve(
                self._labels.matrix(),
                tol=self.tol,
                max_iter=self.max_iter,
                start=start,
                callback=callback,
            )
        return Scores.from_answer(answer)

    def _solve_change(self, change: NumberChange) -> Scores:
        changed = self._settings != (self.alpha, self.solver)
        if changed or not self._scores.converged.all():
            return self._solve()
        # The matrix is the same; the range of the labels need not be.
        shares = change.labels.shares(self.transduction_.astype(np.float64))
        start = np.column_stack([shares, 1 - shares]) * self._scores.totals[:, None]
        return self._solve(start)

    def _response(self) -> SpreadingResponse:
        return SpreadingResponse(self.graph_, self._fitted_system(), self.loo_labelled_, TOL)

    def _unit_variances(self, V: FloatArray) -> FloatArray:
        row = self._respond(V * self._inverse_evidence()[:, None])
        converged = bool(row.converged.all())
        numbers: KnownNumbers = self._labels
        labelled = numbers.nodes
        weights = self._at(row, labelled) * numbers.weights_at(labelled)[:, None]
        met = weights.any(axis=0)  # all, unless a solve was cut short
        variances = np.full(V.shape[1], np.inf)
        variances[met], sound = self._mean_squares(V[:, met], _normalised(weights[:, met]))
        if not (converged and sound):
            warn_unconverged("standard deviations", self.max_iter, self._share_of_tol(V))
        return variances

    def _field_scale(self) -> tuple[float, bool]:
        numbers: KnownNumbers = self._labels
        labelled = numbers.nodes
        components = self.graph_.component_labels[labelled]
        _, place, sizes = np.unique(components, return_inverse=True, return_counts=True)
        paired = np.flatnonzero(sizes[place] > 1)
        if len(paired) > _MOST_LEFT_OUT:
            paired = paired[np.linspace(0, len(paired) - 1, _MOST_LEFT_OUT).astype(int)]
        shares = numbers.shares(numbers.values[labelled])
        ratios, converged = [], True
        step = self._columns_at_once()
        for first in range(0, len(paired), step):
            left_out = paired[first : first + step]
            columns = np.arange(len(left_out))
            V = np.zeros((len(self.reached_), len(left_out)))
            V[labelled[left_out], columns] = 1
            answer = self._respond(V)
            weights = self._at(answer, labelled)
            weights[left_out, columns] = 0
            met = weights.any(axis=0)  # all, unless a solve was cut short
            weights = _normalised((weights * numbers.weights_at(labelled)[:, None])[:, met])
            errors = shares[left_out[met]] - shares @ weights
            squares, sound = self._mean_squares(V[:, met], weights)
            converged &= sound and bool(answer.converged.all())
            ratios.append(errors**2 / squares)
        found = np.concatenate(ratios)
        return float(found.mean()) if len(found) else np.inf, converged

    def _mean_squares(self, V: FloatArray, weights: FloatArray) -> tuple[FloatArray, bool]:
        """E' C e with e = v - p: columns v of `V`, of `weights` at the labelled points p.

        Also whether what was solved for it converged.
        """
        labelled = self._labels.nodes
        P = np.zeros_like(V)
        P[labelled] = weights
        degrees = self.graph_.degrees
        root = np.sqrt(np.where(degrees == 0, 1.0, degrees))[:, None]
        E = V - P
        # Right row by row, parts of one sign are solved for apart.
        forth = self._respond(np.maximum(E, 0) / root)
        back = self._respond(np.maximum(-E, 0) / root)
        squares = np.einsum("ij,ij->j", E, (forth.scores - back.scores) / root)
        converged = bool(forth.converged.all() and back.converged.all())
        return squares / (1 - self._settings[0]), converged

    def _respond(self, V: FloatArray) -> Answer:
        """R V, each column relative to itself."""
        answer: Answer = self._fitted_system().solve(
            V, tol=self._share_of_tol(V), max_iter=self.max_iter
        )
        return answer

    def _share_of_tol(self, V: FloatArray) -> float:
        """A row is right beside its sum over all columns."""
        return float(self.tol / max(1, V.shape[1]))

    @staticmethod
    def _at(answer: Answer, nodes: npt.NDArray[np.intp]) -> FloatArray:
        """Rows of an answer up to one factor for all, so that far rows are not lost."""
        log_scale = answer.log_scale[nodes]
        with np.errstate(under="ignore"):
            factors = np.exp(log_scale - log_scale.max())
        return np.asarray(answer.values[nodes] * factors[:, None])

    def _inverse_evidence(self) -> FloatArray:
        """1 / sum_j R_ij w_j up to one factor for all points; 0 where nothing arrived."""
        answered = self._scores.answered
        logs = np.full(len(answered), np.inf)
        logs[answered] = cast(Scores, self._scores).log_totals()[answered]
        with np.errstate(under="ignore"):
            return np.asarray(np.exp(logs[answered].min(initial=np.inf) - logs))

    def _fitted_system(self) -> SpreadingSystem:
        """The system of the last solve, whatever was set since."""
        if self._system is None:  # a pickle leaves it out
            self._system = SpreadingSystem(self.graph_, *self._settings)
        return self._system

    def __getstate__(self) -> dict[str, object]:
        """Leave out the system: it is as large as the graph, and follows from it."""
        state: dict[str, object] = super().__getstate__()
        return state | {"_system": None} if "_system" in state else state


def _normalised(weights: FloatArray) -> FloatArray:
    return np.asarray(weights / weights.sum(axis=0))
