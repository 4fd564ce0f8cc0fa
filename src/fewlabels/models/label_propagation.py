"""Label propagation to its fixed point: harmonic functions (Zhu et al., ICML 2003)."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import normalize

from fewlabels._progress import iteration_progress
from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidTypeError
from fewlabels.graph import DiskGraph
from fewlabels.models._base import GraphClassifier
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._insight import HarmonicInsight
from fewlabels.models._kernels import FunctionKernel, KernelFunction
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.solvers import Method
from fewlabels.systems import HarmonicSystem

# A change may add this share of tol to the error of every row. After as many labels as make it
# whole, all is solved for again.
_SHARE_OF_TOL = 1 / 16


class LabelPropagation(HarmonicInsight, GraphClassifier):
    """Label propagation: labels are fixed, and every other point is the mean of its neighbours.

    D_uu F_u = W_uu F_u + W_ul Y_l over the unlabelled points u: the fixed point of propagating
    and clamping, and the probability that a random walk from a point meets a label of each
    class first.

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
    max_iter : int, default=1000
        Most sweeps or iterations; at least 1.
    tol : float, default=1e-3
        The largest error of a point's distribution; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "cg", "direct"}, default="auto"
        The iteration as published; conjugate gradients; elimination. ``"auto"`` uses the first if
        it converges in few sweeps, otherwise elimination for up to 1,000 points (3,000 with a dense
        kernel), and conjugate gradients above.
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
        Rows sum to 1; float32 if `X` is. One-hot where labelled; the prior, the shares of the
        classes among the labels, where no label reaches.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the unlabelled marker of `y` where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        The row sums of F before they are divided by: 1 up to the solver's error where a label
        reaches, else 0.
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
    Stopping rule: max_i m_i / t_i <= tol (1 - rho) for sweeps, m_i being the change of row i,
    t_i its sum and rho the rate at which the largest change shrinks; the like with the residual
    and the smallest Ritz value for conjugate gradients.

    Cost: the graph; then O(E c) a sweep or iteration, with E edges and c classes. A path of n
    points needs some n^2 sweeps, but n iterations of conjugate gradients. Memory O(E + n c).

    References
    ----------
    X. Zhu, Z. Ghahramani, "Learning from labeled and unlabeled data with label propagation",
    CMU-CALD-02-107, 2002. X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using
    Gaussian fields and harmonic functions", ICML 2003.

    Examples
    --------
    >>> from fewlabels import LabelPropagation
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    >>> y = [0, -1, -1, -1, 1]
    >>> model = LabelPropagation(kernel="knn", n_neighbors=2).fit(X, y)
    >>> model.label_distributions_[:, 1].round(2).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """

    def __init__(
        self,
        kernel: str | KernelFunction = "rbf",
        *,
        gamma: float = 20,
        n_neighbors: int = 7,
        max_iter: int = 1000,
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
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose
        self.class_prior = class_prior
        self.calibration = calibration

    def _n_arrays(self) -> int:
        return 10 if self.calibration is None else 12

    def _solve(self) -> Scores:
        if isinstance(self.graph_, DiskGraph):
            raise InvalidTypeError(
                "LabelPropagation needs the graph in memory, and this one is on disk. Fit on "
                "graph.to_memory() if it fits; LabelSpreading is fitted from the disk, and with "
                "an alpha near 1 its answers come near to these."
            )
        self._solved_tol = self.tol
        self._was_one_hot = self._labels.is_one_hot
        self._owed = 0.0  # the share of tol that differences have added since
        system = HarmonicSystem(self.graph_, self._labels.labelled, self.solver)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = system.solve(
                self._labels.label_matrix(),
                tol=self.tol / self._labels.row_mass,
                max_iter=self.max_iter,
                callback=callback,
            )
        return Scores.from_answer(answer)

    def _solve_change(self, change: Relabelling) -> Scores:
        nodes = change.set_points
        if len(nodes) == 0 and not change.freed_any:
            return cast(Scores, self._scores).select(change.old_columns, n_iter=0)
        few = len(nodes) + 1 < len(change.labels.classes)
        share = _SHARE_OF_TOL * len(nodes)
        sound = self._scores.converged.all() and self.tol >= self._solved_tol
        # Rows of Y that are not one-hot, as weighted ones, are solved for from nothing.
        plain = self._was_one_hot and change.labels.is_one_hot
        if change.freed_any or not (few and sound and plain) or self._owed + share > 1:
            return self._solve()
        scores = self._solve_difference(nodes, change.old_columns)
        self._owed += share
        self._solved_tol = max(self._solved_tol, self.tol)  # a narrower one needs all of it anew
        return scores

    def _solve_difference(
        self, nodes: npt.NDArray[np.intp], old_columns: npt.NDArray[np.intp]
    ) -> Scores:
        """Clamp `nodes` to their new labels: F + sum_j q_j (y_j - F_j).

        q_ij is the probability that a walk from i meets j before any other label. These
        probabilities, with that of meeting another one first, are harmonic functions themselves:
        there is one column a node to solve for, and not one a class.
        """
        labelled = self._labels.labelled
        system = HarmonicSystem(self.graph_, labelled, self.solver)
        first_met = np.zeros((len(labelled), len(nodes) + 1))
        first_met[labelled, -1] = 1
        first_met[nodes] = np.eye(len(nodes), len(nodes) + 1)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = system.solve(
                first_met,
                tol=_SHARE_OF_TOL * self.tol / 2,  # what each q is multiplied by sums to 2 at most
                max_iter=self.max_iter,
                callback=callback,
            )
        Y = self._labels.label_matrix()
        F = cast(Scores, self._scores).select(old_columns, n_iter=0).true_values()
        values = F + answer.scores[:, :-1] @ (Y[nodes] - F[nodes])
        np.maximum(values, 0, out=values)
        values[labelled] = Y[labelled]
        settled = answer.converged.all() & self._scores.converged.all()
        return Scores.from_answer(
            replace(
                answer,
                values=values,
                log_scale=np.zeros(len(values)),
                residual=system.residual(values),
                converged=np.full(values.shape[1], settled),
            )
        )

    def _build_graph(self) -> Matrix:
        """Return T = D^-1 W, as scikit-learn's private method of this name does.

        With the kernel's own diagonal and direction, which the fit has no use for: a self-loop
        does not move the fixed point, and a graph here is undirected.
        """
        if isinstance(self._kernel, FunctionKernel):
            weights: Matrix = self._kernel.matrix(self.X_)
        elif self.kernel == "rbf":
            weights = rbf_kernel(self.X_, gamma=self.gamma)
        else:
            weights = self.graph_.affinity
        normalised: Matrix = normalize(weights, norm="l1")
        return normalised
