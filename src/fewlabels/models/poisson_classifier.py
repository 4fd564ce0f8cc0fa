"""Poisson learning (Calder, Cook, Thorpe, Slepcev, ICML 2020)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._kernels import KernelFunction
from fewlabels.models._poisson_base import PoissonLearning
from fewlabels.models._poisson_insight import PoissonInsight
from fewlabels.systems import PoissonMethod


class PoissonClassifier(PoissonInsight, PoissonLearning):
    """Poisson learning: labelled points are sources of their class and sinks of the others.

    L u = sum_j (y_j - ybar) delta_j, L = D - W, with sum_i d_i u_i = 0; ybar is the mean label.
    A point is assigned the class with its largest potential u_ic. With few labels, harmonic
    functions are constant except for spikes at the labels, but potentials are not: this is a method
    for very few labels per class.

    Parameters
    ----------
    kernel : {"rbf", "knn", "self-tuning", "precomputed"} or callable, default="self-tuning"
        How features become a graph. ``"rbf"``: exp(-gamma |x - x'|^2), dense. ``"knn"``: joins
        points of which one is among the `n_neighbors` nearest of the other (counting itself,
        as scikit-learn does), with weight 1. ``"self-tuning"``: :func:`fewlabels.knn_graph`, each
        point joined to `n_neighbors` others. ``"precomputed"``: `X` holds the affinities. A
        function of two arrays of points returns their affinities. Has no effect if `X` is a Graph.
    gamma : float, default=20
        Of the rbf kernel; at least 0.
    n_neighbors : int, default=10
        Of the knn and self-tuning kernels; at least 1.
    iterations : {"mixing", "converged"} or int, default="mixing"
        The paper's iteration from 0, u <- u + D^-1 (B - L u), is stopped when a random walk from
        the labels is mixed, max_i |p_i - d_i / sum(d)| <= 1 / n, and after at least 50 steps; or
        after this number of steps. ``"converged"``: its fixed point, the solution of the equation.
        If it is stopped early, labels have more effect on nearby points, which is usually better.
    max_iter : int, default=1000
        Most steps, or iterations of conjugate gradients; at least 1. A walk that is not mixed by
        then is stopped without a warning, as in the authors' program. (On bipartite graphs, such as
        a path, it is never mixed.)
    tol : float, default=1e-3
        Of ``"converged"``: no row of potentials is off by more, relative to the mean evidence of
        its component; at least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "cg", "direct"}, default="auto"
        Of ``"converged"``: conjugate gradients, or elimination. ``"auto"`` takes the latter up to
        1,000 points (3,000 with a dense kernel).
    verbose : bool, default=False
        Show progress bars on standard error.
    class_prior : {"uniform", "labels"}, array-like of shape (n_classes,), mapping, default=None
        The shares of the classes that are expected among the unlabelled points: equal, those of
        the labels, or given in the order of `classes_` or by class. They must sum to 1. The
        decision is then argmax_c u_ic + s_c, with the s that lead to these shares. None: s = 0.
    calibration : {"loo"}, default=None
        ``"loo"``: `label_distributions_` and what `predict_proba` returns are calibrated on the
        labels left out one by one: see :class:`fewlabels.insight.Calibration`. The most probable
        class stays what it was. Takes as many columns as there are labels, at every fit and
        change of labels. None: the softmax below.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The distinct labels.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        Rows sum to 1; float32 if `X` is. softmax_c(k (u_ic + s_c) / m) over the classes that the
        component's labels hold, m being the component's mean evidence: a point with so much
        evidence, all of it for one class, is of that class with odds of 99 to 1, which gives k.
        The prior, the shares of the classes among the labels, where no label reaches.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the unlabelled marker of `y` where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        sum_c |u_ic| / 2, in [0, inf): how much evidence there is for some classes and against
        others. 0 where no label reaches, and in components in which all labels agree.
    potentials_ : ndarray of shape (n_samples, n_classes), float64
        u. Rows sum to 0.
    residual_ : ndarray of shape (n_classes,)
        |B - L u| / |B| of each class's column (Euclidean norm): what an early stop leaves, too.
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to.
    n_iter_ : int
        Steps or iterations; a factorisation counts as one.
    graph_ : Graph
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    There is no solution unless sources and sinks are balanced in each connected component, so that
    the mean label is that of the component's own labels. Classes that none of those hold have
    probability 0 there; where all agree, so does every point.

    Weights of labels and soft labels go into B and ybar as one would think: B_j = w_j (y_j -
    ybar), ybar the weighted mean. The paper multiplies u by s_c, which can't move points of
    negative potential; the sum is the dual of the assignment with the largest sum of potentials,
    and was more accurate.

    Stopping rules: see `iterations`; for ``"converged"``, a bound on every row's error by the
    residual and the smallest Ritz value.

    Insight: the potentials are linear in the labels, and a label left out is exact: the others are
    balanced among themselves, and the mean evidence of the component is what it is without it. The
    number of classes stays, and so does the number of steps, where a walk was stopped when mixed.
    (With the steps left to change, no probability of a left-out label of digits moved by over
    0.007, of 12 labels in 40.) With `class_prior` the offsets s stay nearly what they are with the
    label, so that left-out labels look less sure than new points: of sets asked to hold the truth
    in 90 % of the cases, on digits with 50 random labels, 94 % did, and 92 % without `class_prior`.
    `explain` parts the potentials, over the evidence; a label counts against its class where it is
    farther than the labels are on average. Calibration reads the softmax alone: it is less sure
    where less evidence came.

    Cost: the graph; then O(E c) a step, with E edges and c classes. T steps of a walk need some
    7 sqrt(T) products only (Chebyshev polynomials), and T of a single vector to see that it is
    mixed. Memory O(E + n c). Of ``"converged"``, `add_labels` and `remove_labels` solve for a
    column a label.

    References
    ----------
    J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning: graph based semi-supervised
    learning at very low label rates", ICML 2020, equations 2.1 to 2.3 and algorithm 1,
    https://doi.org/10.48550/arXiv.2006.11184.

    Examples
    --------
    >>> from fewlabels.models import PoissonClassifier
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    >>> y = [0, -1, -1, -1, 1]
    >>> model = PoissonClassifier("knn", n_neighbors=2, iterations="converged").fit(X, y)
    >>> model.potentials_[:, 1].round(2).tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """

    def __init__(
        self,
        kernel: str | KernelFunction = "self-tuning",
        *,
        gamma: float = 20,
        n_neighbors: int = 10,
        iterations: str | int = "mixing",
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: PoissonMethod = "auto",
        verbose: bool = False,
        class_prior: ClassPrior = None,
        calibration: str | None = None,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.iterations = iterations
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose
        self.class_prior = class_prior
        self.calibration = calibration

    def _n_arrays(self) -> int:
        return 11 if self.calibration is None else 13

    @property
    def potentials_(self) -> npt.NDArray[np.float64]:
        """u, shape (n_samples, n_classes)."""
        values: npt.NDArray[np.float64] = self._scores.values
        return values
