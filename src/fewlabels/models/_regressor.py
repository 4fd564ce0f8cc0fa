"""What the graph-based regressors share: numbers in, fitted values and their deviations out."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from fewlabels._callers import callers_level
from fewlabels._rows import row_blocks
from fewlabels.exceptions import InvalidInputError
from fewlabels.models._kernels import Kernel, KernelFunction
from fewlabels.models._number_estimator import NumberEstimator
from fewlabels.models._relabel import point_indices
from fewlabels.models._scores import Scores
from fewlabels.models._targets import KnownNumbers
from fewlabels.models._warnings import warn_unconverged
from fewlabels.solvers import Method
from fewlabels.systems import StreamedScores

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# The columns that are solved for at once, for standard deviations, are held to about this size.
_BLOCK_BYTES = 64_000_000
_MOST_COLUMNS = 64


class GraphRegressor(NumberEstimator):
    """Base of the regressors whose numbers are means of the labels, by one response R.

    `_solve` solves for the two columns of `KnownNumbers.matrix`, whose ratio is where in the range
    of the labels a point lies.
    """

    def __init__(
        self,
        kernel: str | KernelFunction = "self-tuning",
        *,
        gamma: float = 20,
        n_neighbors: int = 10,
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose

    def predict(self, X: object, return_std: bool = False) -> Any:
        """Return the numbers of new points.

        Each is the mean of `transduction_` over the fitted points that a label reaches, weighted
        by the kernel; the mean of the labels where none of them is near.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            With ``kernel="precomputed"``, affinities to the fitted points, of shape
            (n_queries, n_samples).
        return_std : bool, default=False
            Also return the standard deviation of that mean, as :meth:`posterior_std` defines it.
            One or two solves a new point.

        Returns
        -------
        values : ndarray of shape (n_queries,)
        std : ndarray of shape (n_queries,), float64
            Only with `return_std`; infinity where no fitted point is near. 0 where all labels
            are equal, with a warning, as :meth:`posterior_std` has it.

        Raises
        ------
        InvalidInputError
            If the estimator was fitted on a Graph, which has no features; with `return_std`, as
            :meth:`posterior_std`.

        Warns
        -----
        ConvergenceWarning, UserWarning
            With `return_std`, as :meth:`posterior_std`.

        Notes
        -----
        Delalleau, Bengio, Le Roux, "Efficient non-parametric function induction in
        semi-supervised learning", AISTATS 2005, equation 4.
        """
        check_is_fitted(self)
        speaking = np.where(self._spoken[:, None], self._split, 0)
        votes = self._votes(X, speaking)
        totals = votes.sum(axis=1)
        numbers: KnownNumbers = self._labels
        shares = np.divide(votes[:, 0], totals, out=np.zeros(len(votes)), where=totals > 0)
        values = np.where(totals > 0, numbers.numbers(np.minimum(shares, 1)), numbers.mean())
        values = values.astype(numbers.dtype, copy=False)
        return (values, self._std_of_new(X)) if return_std else values

    def posterior_std(self, nodes: npt.ArrayLike | None = None) -> FloatArray:
        """Return the standard deviation of fitted values about the Gaussian field's own.

        Parameters
        ----------
        nodes : array-like of int of shape (n_nodes,), or boolean mask, default=None
            Fitted points, each at most once. None: all, which takes a solve or two a point.

        Returns
        -------
        ndarray of shape (n_nodes,), float64
            In the unit of `y`; infinity where no label reaches. 0 where all labels are equal:
            the field's own answer, but not one to trust, so that it warns.

        Raises
        ------
        InvalidInputError
            If no two labels lie in one component of the graph: nothing tells the scale.

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
        std = np.full(len(chosen), np.inf)
        known = np.flatnonzero(self.reached_[chosen])
        scale = self._scale()
        for rows in row_blocks(len(known), self._columns_at_once()):
            here = chosen[known[rows]]
            picks = np.zeros((n, len(here)))
            picks[here, np.arange(len(here))] = 1
            std[known[rows]] = self._deviations(picks, scale)
        return std

    @abstractmethod
    def _unit_variances(self, V: FloatArray) -> FloatArray:
        """Variances of v' (f - fitted) for the columns v of `V`, at field scale 1.

        Parameters
        ----------
        V : ndarray of shape (n_samples, n_columns)
            Non-negative columns that sum to 1, over points that labels reach.
        """

    @abstractmethod
    def _field_scale(self) -> tuple[float, bool]:
        """Estimate sigma^2, with y in units of the labels' span, from two unequal labels or more.

        Also tell whether what was solved for it converged. Raise :class:`InvalidInputError` if no
        two labels lie in one component.
        """

    def _publish(self, scores: Scores | StreamedScores) -> None:
        """Set the fitted attributes."""
        self._scores = scores
        self._known_scale: float | None = None
        self._forget()
        numbers: KnownNumbers = self._labels
        self.reached_ = self.graph_.reached_from(numbers.labelled)
        # Shares of the two columns; not all rows are answered where the solve ended too early.
        prior = numbers.shares(np.array([numbers.mean()]))[0]
        split = scores.distributions(np.array([prior, 1 - prior]))
        self._split: FloatArray = np.asarray(split, dtype=np.float64)
        self._spoken = np.asarray(scores.answered)
        values = numbers.numbers(self._split[:, 0])
        values[~self._spoken] = numbers.mean()
        self.transduction_ = values.astype(numbers.dtype, copy=False)
        self.evidence_ = scores.totals
        self.residual_ = float(scores.residual.max())
        self.n_iter_ = max(1, scores.n_iter)

    def _scale(self) -> float:
        """Standard deviation of the field's unit, in the unit of `y`; 0 where all labels agree."""
        span = self._labels.span
        if self._known_scale is None:
            self._check_two_labels()
            squared, converged = (0.0, True) if span == 0 else self._field_scale()
            scale = span * float(np.sqrt(squared)) if span else 0.0
            if not converged:  # and not kept, so that max_iter may be raised
                warn_unconverged("the scale of standard deviations", self.max_iter, self.tol)
                return scale
            self._known_scale = scale
        if span == 0:  # every time: each answer is one not to trust
            warnings.warn(
                f"all {len(self._labels.nodes)} labels are equal, so that nothing tells by how "
                "much values differ: the standard deviations are 0, which is no reason to be "
                "sure. Label a point with another value.",
                UserWarning,
                stacklevel=callers_level(),
            )
        return self._known_scale

    def _check_two_labels(self) -> None:
        components = self.graph_.component_labels[self._labels.nodes]
        if len(np.unique(components)) == len(components):
            where = (
                "there is one label only"
                if len(components) == 1
                else f"each of the {len(components)} labels lies in a component of the graph of "
                "its own"
            )
            raise InvalidInputError(
                f"{where}, so that nothing tells by how much values differ. Label a second point "
                f"in {'its' if len(components) == 1 else 'one'} component."
            )

    def _deviations(self, V: FloatArray, scale: float) -> FloatArray:
        if scale == 0 or np.isinf(scale):  # the latter where a solve was cut short
            return np.full(V.shape[1], scale)
        return np.asarray(scale * np.sqrt(np.maximum(self._unit_variances(V), 0)))

    def _std_of_new(self, X: object) -> FloatArray:
        """Standard deviations of the kernel's means at new points."""
        kernel = cast(Kernel, self._kernel)
        queries = self._validated(X, reset=False)
        std = np.full(queries.shape[0], np.inf)
        scale = self._scale()
        for rows in row_blocks(queries.shape[0], self._columns_at_once()):
            weights = sparse.csr_array(kernel.weigh(self._known, queries[rows], self._spoken))
            V = np.asarray(weights.toarray(), dtype=np.float64).T
            totals = V.sum(axis=0)
            near = np.flatnonzero(totals > 0)
            if len(near):
                std[rows.start + near] = self._deviations(V[:, near] / totals[near], scale)
        return std

    def _columns_at_once(self) -> int:
        fit = _BLOCK_BYTES // (8 * len(self.reached_))
        return max(1, min(_MOST_COLUMNS, fit))
