"""Functions of least p-energy on a graph (variational p-Laplacian)."""

from __future__ import annotations

import numpy as np

from fewlabels._progress import iteration_progress
from fewlabels._validation import check_real
from fewlabels.models._base import GraphClassifier
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._in_memory import refuse_disk
from fewlabels.models._kernels import KernelFunction
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores
from fewlabels.solvers import Method
from fewlabels.systems import p_harmonic

# Beyond this the weights of the last problems leave float64's range on any but small graphs.
_LARGEST_P = 100


class PLaplacianClassifier(GraphClassifier):
    """p-Laplacian learning: labels are fixed, and all other points change smoothly between them.

    u minimises sum_ij w_ij |u_i - u_j|^p / p with u = y on the labelled points, |.| the Euclidean
    norm over the classes. p = 2 gives harmonic functions, which with few labels are constant except
    for spikes at the labels; with a larger p, steep differences cost more, and the spikes
    disappear. As p grows, u becomes as flat as possible.

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
    p : float, default=3.0
        The exponent, from 2 to 100.
    max_iter : int, default=1000
        Most steps, and most iterations of the harmonic function of each; at least 1.
    tol : float, default=1e-3
        It ends when the next step of Newton's method would move no point's distribution by more; at
        least 0.
    n_jobs : int, default=None
        Of the neighbour search, as in scikit-learn.
    solver : {"auto", "sweeps", "cg", "direct"}, default="auto"
        Of the harmonic functions: the iteration as published; conjugate gradients; elimination.
        ``"auto"`` takes the last up to 1,000 points (3,000 with a dense kernel), conjugate
        gradients above.
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

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The distinct labels.
    label_distributions_ : ndarray of shape (n_samples, n_classes)
        u. Rows sum to 1; float32 if `X` is. The labels themselves where labelled; the prior, the
        shares of the classes among the labels, where no label reaches.
    transduction_ : ndarray of shape (n_samples,)
        The most probable class; the unlabelled marker of `y` where no label reaches.
    reached_ : ndarray of shape (n_samples,), bool
        Whether the point's component of the graph holds a label.
    evidence_ : ndarray of shape (n_samples,), float64
        The row sums of u before they are divided by: 1 up to the solver's error where a label
        reaches, else 0.
    residual_ : ndarray of shape (n_classes,)
        Of the last harmonic function, relative to its right-hand side (Euclidean norm).
    class_prior_ : ndarray of shape (n_classes,), or None
        The shares that `class_prior` came to.
    n_iter_ : int
        Steps: harmonic functions that were solved for.
    graph_ : Graph
        As built.
    X_ : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The fitted features; absent where `X` was a graph or affinities.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where `X` had column names, all strings.

    Notes
    -----
    The papers solve for each class against the rest separately, so their scores don't sum to 1.
    Here the classes share one energy, which is the same for two classes, and costs one harmonic
    function of all classes per step instead of one per class.

    The problem is not linear, so a label's weight can't count as a number of labels. Instead, the
    edges of a labelled point are multiplied by its weight. Soft labels are fixed as they are.

    Cost: 10 to 50 harmonic functions, O(E c) an iteration of each, with E edges and c classes. The
    larger p, the wider the range of the weights, and the more iterations. Memory O(E + n c).
    `add_labels` and `remove_labels` solve anew.

    References
    ----------
    M. Flores, J. Calder, G. Lerman, "Analysis and algorithms for Lp-based semi-supervised learning
    on graphs", Appl. Comput. Harmon. Anal. 60 (2022), https://doi.org/10.1016/j.acha.2022.01.004.
    D. Slepcev, M. Thorpe, "Analysis of p-Laplacian regularization in semi-supervised learning",
    SIAM J. Math. Anal. 51 (2019), https://doi.org/10.1137/17M115222X.

    Examples
    --------
    >>> from fewlabels.models import PLaplacianClassifier
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0]]
    >>> y = [0, -1, -1, -1, 1]
    >>> model = PLaplacianClassifier("knn", n_neighbors=2, p=4).fit(X, y)
    >>> model.label_distributions_[:, 1].round(2).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """

    _takes_multilabel = False
    _scores: Scores

    def __init__(
        self,
        kernel: str | KernelFunction = "self-tuning",
        *,
        gamma: float = 20,
        n_neighbors: int = 10,
        p: float = 3.0,
        max_iter: int = 1000,
        tol: float = 1e-3,
        n_jobs: int | None = None,
        solver: Method = "auto",
        verbose: bool = False,
        class_prior: ClassPrior = None,
    ) -> None:
        self.kernel = kernel
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.p = p
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.solver = solver
        self.verbose = verbose
        self.class_prior = class_prior

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_real("p", self.p, minimum=2, maximum=_LARGEST_P)

    def _solve(self) -> Scores:
        graph = refuse_disk(self, self.graph_)
        labelled, Y = self._labels.labelled, self._labels.label_matrix()
        trust = Y.sum(axis=1, keepdims=True)
        np.divide(Y, trust, out=Y, where=trust > 0)
        pull = np.where(labelled, trust[:, 0], 1.0)
        with iteration_progress(self.verbose, self.max_iter) as callback:
            answer = p_harmonic(
                graph,
                labelled,
                Y,
                float(self.p),
                pull=pull,
                method=self.solver,
                tol=self.tol,
                max_iter=self.max_iter,
                callback=callback,
            )
        return Scores.from_answer(answer)

    def _solve_change(self, change: Relabelling) -> Scores:
        return self._solve()
