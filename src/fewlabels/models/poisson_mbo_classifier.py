"""Poisson learning under volume constraints (Calder, Cook, Thorpe, Slepcev, ICML 2020)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._progress import iteration_progress
from fewlabels._validation import check_integer, check_real
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._kernels import KernelFunction
from fewlabels.models._poisson_base import PoissonLearning
from fewlabels.models._potentials import PotentialScores
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.systems import Partition, PoissonMethod, poisson_mbo

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]


class PoissonMBOClassifier(PoissonLearning):
    """Poisson MBO: a partition of the graph with a small cut and classes of given sizes.

    Starts from the decisions of Poisson learning, and alternates two steps: diffusion, u <- u - dt
    (L u - mu B) with the sources B of Poisson learning, and decisions under the constraint that the
    classes have their sizes, argmax_c u_ic + s_c.

    Parameters
    ----------
    kernel : {"rbf", "knn", "self-tuning", "precomputed"} or callable, default="self-tuning"
        How features become a graph; see :class:`PoissonClassifier`.
    gamma : float, default=20
        Of the rbf kernel; at least 0.
    n_neighbors : int, default=10
        Of the knn and self-tuning kernels; at least 1.
    n_rounds : int, default=20
        Most rounds of diffusion and decision; at least 1. It ends when no decision changes.
    n_steps : int, default=40
        Steps of diffusion a round; at least 1.
    fidelity : float, default=1.0
        mu, how much the labels weigh; at least 0.
    iterations : {"mixing", "converged"} or int, default="mixing"
        Of the Poisson learning that it begins with; so are `max_iter`, `tol` and `solver`.
    max_iter : int, default=1000
        At least 1.
    tol : float, default=1e-3
        At least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "cg", "direct"}, default="auto"
    verbose : bool, default=False
        Show progress bars on standard error.
    class_prior : {"uniform", "labels"}, array-like of shape (n_classes,), mapping, default=None
        The shares of the classes among the points that labels reach: equal, those of the labels,
        or given in the order of `classes_` or by class. They must sum to 1. None: those that
        Poisson learning comes to by itself.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The distinct labels.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        u_i + s after the last diffusion, negative entries taken for 0, divided by the sum; float32
        if `X` is. Rows sum to 1. All of it for the class decided on, where no entry is positive;
        the expected shares where no label reaches.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the unlabelled marker of `y` where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        The sums that the distributions were divided by: about 1 where a label reaches, else 0.
    residual_ : ndarray of shape (n_classes,)
        Of the Poisson learning that it began with.
    class_prior_ : ndarray of shape (n_classes,)
        The shares that the classes were held to.
    n_iter_ : int
        Steps, of Poisson learning and diffusion together.
    n_rounds_ : int
        Rounds of diffusion and decision.
    graph_ : Graph
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    dt = 1 / max d, a stable step. The offsets s solve the dual of the assignment of points to
    classes of these sizes; the paper multiplies by s_c, found by gradient steps. Sizes are met
    within 0.1 % of the points, or one point. Labels are not clamped; they are sources.

    Cost: that of Poisson learning, and 800 products with the weights at most, O(E c) each.
    `add_labels` and `remove_labels` begin anew, but for the graph.

    References
    ----------
    J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning: graph based semi-supervised
    learning at very low label rates", ICML 2020, algorithm 2,
    https://doi.org/10.48550/arXiv.2006.11184. M. Jacobs, E. Merkurjev, S. Esedoglu, "Auction
    dynamics: a volume constrained MBO scheme", J. Comput. Phys. 354 (2018),
    https://doi.org/10.1016/j.jcp.2017.10.036.

    Examples
    --------
    >>> from fewlabels.models import PoissonMBOClassifier
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0]]
    >>> y = [0, -1, 1, -1, -1, -1, -1, -1]
    >>> model = PoissonMBOClassifier(n_neighbors=2, class_prior=[0.25, 0.75]).fit(X, y)
    >>> model.transduction_
    array([0, 0, 1, 1, 1, 1, 1, 1])
    """

    def __init__(
        self,
        kernel: str | KernelFunction = "self-tuning",
        *,
        gamma: float = 20,
        n_neighbors: int = 10,
        n_rounds: int = 20,
        n_steps: int = 40,
        fidelity: float = 1.0,
        iterations: str | int = "mixing",
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: PoissonMethod = "auto",
        verbose: bool = False,
        class_prior: ClassPrior = None,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.n_rounds = n_rounds
        self.n_steps = n_steps
        self.fidelity = fidelity
        self.iterations = iterations
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose
        self.class_prior = class_prior

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_integer("n_rounds", self.n_rounds, minimum=1)
        check_integer("n_steps", self.n_steps, minimum=1)
        check_real("fidelity", self.fidelity, minimum=0)

    def _solve(self) -> Scores:
        first: Any = super()._solve()
        self._scores = first
        labels = self._labels
        answered = first.answered
        distributions = first.distributions(labels.shares())
        free = first.potentials.unit > 0
        if self.class_prior_ is None:
            codes = np.argmax(distributions, axis=1)
            sizes = np.bincount(codes[answered], minlength=len(labels.classes))
            self.class_prior_ = sizes / sizes.sum()
        else:
            begun = super()._apply_prior(distributions, np.flatnonzero(free))
            codes = np.argmax(begun, axis=1)
        codes = np.where(answered, codes, -1)
        with iteration_progress(self.verbose, self.n_rounds) as callback:
            found = poisson_mbo(
                self._prepared(),
                labels.label_matrix(),
                codes,
                free,
                self.class_prior_,
                n_rounds=self.n_rounds,
                n_steps=self.n_steps,
                fidelity=self.fidelity,
                callback=callback,
            )
        self.n_rounds_ = found.n_rounds
        return partition_scores(found, first, free)

    def _solve_change(self, change: Relabelling) -> Scores:
        return self._solve()

    def _n_arrays(self) -> int:
        return 17

    def _apply_prior(self, distributions: FloatArray, points: IntArray) -> FloatArray:
        """Leave them as they are: the decisions have the shares already."""
        return distributions


def partition_scores(
    found: Partition, first: PotentialScores, free: npt.NDArray[np.bool_]
) -> Scores:
    """Scores whose rows are read as distributions: values and offsets, not below 0."""
    values = found.values.copy()
    values[free] += found.offsets
    decided = np.argmax(values, axis=1)
    np.maximum(values, 0, out=values)
    # near labels of a class without a share, nothing need speak for another: the decision stands
    bare = np.flatnonzero(free & ~values.any(axis=1))
    values[bare, decided[bare]] = 1
    return Scores(
        values,
        np.zeros(len(values)),
        first.residual,
        first.converged,
        first.n_iter + found.n_steps,
        [],
    )
