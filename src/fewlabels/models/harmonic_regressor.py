"""Gaussian fields and harmonic functions for numbers (Zhu, Lafferty, Ghahramani 2003)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._progress import iteration_progress
from fewlabels._rows import row_blocks
from fewlabels.graph import Graph
from fewlabels.models._regressor import GraphRegressor
from fewlabels.models._response_insight import TOL
from fewlabels.models._scores import Scores
from fewlabels.models._warnings import warn_unconverged
from fewlabels.systems import HarmonicResponse, HarmonicSystem

FloatArray = npt.NDArray[np.float64]

_ROWS_AT_ONCE = 50_000
_DENSE_ROWS_AT_ONCE = 256


class HarmonicRegressor(GraphRegressor):
    """Harmonic functions: labels are fixed, and every other point is the mean of its neighbours.

    f_u = -L_uu^-1 L_ul y_l over the unlabelled points u, L = D - W: the mean of the Gaussian
    field p(f) ~ exp(-f' L f / (2 sigma^2)) given its values at the labelled points.

    Parameters
    ----------
    kernel : {"rbf", "knn", "self-tuning", "precomputed"} or callable, default="self-tuning"
        How features become a graph; as of :class:`fewlabels.LabelPropagation`.
    gamma : float, default=20
        Of the rbf kernel; at least 0.
    n_neighbors : int, default=10
        Of the knn and self-tuning kernels; at least 1.
    max_iter : int, default=1000
        Most sweeps or iterations; at least 1.
    tol : float, default=1e-3
        The largest error of a value, as a share of the labels' range; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "cg", "direct"}, default="auto"
        As of :class:`fewlabels.LabelPropagation`.
    verbose : bool, default=False
        Show progress bars on standard error.

    Attributes
    ----------
    transduction_ : ndarray of shape (n_samples,)
        The fitted values, in the precision of `y` (float64 if it has no floats): the labels
        themselves where labelled, and their mean where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        1 up to the solver's error where a label reaches, else 0; with sample weights, the mean of
        the weights met.
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
    With weights w the values are sum_j R_ij w_j y_j / sum_j R_ij w_j, R_ij being the probability
    that a walk from i meets the label j first.

    Posterior variance: sigma^2 [L_uu^-1]_uu, 0 where labelled. sigma^2 is the restricted
    maximum likelihood estimate y' Sigma y / (m - k) from the m labels, Sigma being the Schur
    complement of L on the labelled points and k the number of components that hold a label, the
    level of each of which is free. y' Sigma y = f' L f needs no further solve. Sample weights have
    no part in the variances.

    `explain` returns how much each label contributes to a number, `influence` what one label
    changed, and `loo_predictions_` holds the prediction for each labelled point from the others.

    For a constant target, the answer is that constant with variance 0, and a warning is issued.

    Cost: the graph; then, for two columns, as :class:`fewlabels.LabelPropagation`. A standard
    deviation is one more column each.

    References
    ----------
    X. Zhu, J. Lafferty, Z. Ghahramani, "Semi-supervised learning: from Gaussian fields to Gaussian
    processes", CMU-CS-03-175, 2003. X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning
    using Gaussian fields and harmonic functions", ICML 2003.

    Examples
    --------
    >>> from fewlabels import HarmonicRegressor
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    >>> y = [10.0, None, None, None, 30.0]
    >>> model = HarmonicRegressor(kernel="knn", n_neighbors=2).fit(X, y)
    >>> model.transduction_.round(6).tolist()
    [10.0, 15.0, 20.0, 25.0, 30.0]
    >>> model.posterior_std().round(2).tolist()
    [0.0, 8.66, 10.0, 8.66, 0.0]
    """

    def _solve(self) -> Scores:
        system = HarmonicSystem(self.graph_, self._labels.labelled, self.solver)
        self._system: HarmonicSystem | None = system
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = system.solve(
                self._labels.matrix(), tol=self.tol, max_iter=self.max_iter, callback=callback
            )
        return Scores.from_answer(answer)

    def _response(self) -> HarmonicResponse:
        return HarmonicResponse(self.graph_, self.loo_labelled_, self.solver, TOL)

    def _unit_variances(self, V: FloatArray) -> FloatArray:
        if self._system is None:  # a pickle leaves it out
            self._system = HarmonicSystem(self.graph_, self._labels.labelled, self.solver)
        variances, converged = self._system.variances(V, tol=self.tol, max_iter=self.max_iter)
        if not converged:
            warn_unconverged("standard deviations", self.max_iter, self.tol)
        return variances

    def _field_scale(self) -> tuple[float, bool]:
        components = self.graph_.component_labels[self._labels.nodes]
        freedom = len(components) - len(np.unique(components))
        shares, converged = self._split[:, 0], self._scores.converged
        if self._labels.weights is not None:  # of the field itself, which knows no weights
            unweighted = HarmonicSystem(self.graph_, self._labels.labelled, self.solver)
            values = self._labels.values[self._labels.nodes]
            Y = np.zeros((len(shares), 2))
            Y[self._labels.nodes, 0] = self._labels.shares(values)
            Y[self._labels.nodes, 1] = 1 - Y[self._labels.nodes, 0]
            answer = unweighted.solve(Y, tol=self.tol, max_iter=self.max_iter)
            shares, converged = answer.scores[:, 0], answer.converged
        energy = field_energy(self.graph_, np.where(self.reached_, shares, 0))
        return energy / freedom, bool(converged.all())

    def __getstate__(self) -> dict[str, object]:
        """Leave out the system: it is as large as the graph, and follows from it."""
        state: dict[str, object] = super().__getstate__()
        return state | {"_system": None} if "_system" in state else state


def field_energy(graph: Graph, f: FloatArray) -> float:
    """F' L f, half the sum of w_ij (f_i - f_j)^2: by differences, which do not cancel."""
    weights = graph.affinity
    n_at_once = _DENSE_ROWS_AT_ONCE if graph.is_dense else _ROWS_AT_ONCE
    energy = 0.0
    for rows in row_blocks(len(f), n_at_once):
        if isinstance(weights, np.ndarray):
            energy += float(np.sum(weights[rows] * (f[rows, None] - f) ** 2))
        else:
            block = sparse.coo_array(weights[rows])
            difference = f[rows][block.row] - f[block.col]
            energy += float(block.data.astype(np.float64) @ difference**2)
    return energy / 2
