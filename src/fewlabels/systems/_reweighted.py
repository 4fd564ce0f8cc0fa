"""Weights that are larger near the labels, for harmonic functions with few labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph import Graph
from fewlabels.solvers import Callback, in_float64
from fewlabels.systems._poisson import PoissonSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]

# Gamma's free constant puts this quantile at 0, and no value may be below that share of the mean.
# The minimum in place of the quantile is that of one outlier, which flattens all the others: on
# Fashion-MNIST with 1 and 5 labels a class, 0.58 and 0.62 were right in place of 0.64 and 0.74.
_LOW = 0.01
_FLOOR = 0.05


@dataclass(frozen=True)
class Factors:
    """The factors gamma of each node's edges, and how well they were solved for.

    Attributes
    ----------
    values : ndarray of shape (n_nodes,), float64
        Positive; 1 in components of one node, or without a label.
    n_iter : int
    converged : bool

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonSystem, poisson_factors
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> labelled = np.array([True, False, False])
    >>> factors = poisson_factors(PoissonSystem(path), labelled, tol=1e-6, max_iter=1000)
    >>> int(factors.values.argmax()), factors.converged
    (0, True)
    """

    values: FloatArray
    n_iter: int
    converged: bool


def poisson_factors(
    system: PoissonSystem,
    labelled: npt.NDArray[np.bool_],
    *,
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
) -> Factors:
    """Solve for gamma, L gamma = sum_j (delta_j - 1 / n), and make it positive.

    The equation holds for each component separately, with its own n and labels, up to a constant.
    This is chosen such that 1 % of the component's values are not above 0; then all are raised to
    at least 5 % of their mean. (The authors' program takes the minimum, plus 1e-5.)

    Parameters
    ----------
    system : PoissonSystem
        Of the graph.
    labelled : ndarray of shape (n_nodes,), bool
    tol : float
        No value may be off by more, relative to the mean of |gamma| before it is raised.
    max_iter, callback
        As :meth:`PoissonSystem.solve`.

    References
    ----------
    K. Miller, J. Calder, "Poisson reweighted Laplacian uncertainty sampling for graph-based active
    learning", SIAM J. Math. Data Sci. 5 (2023), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonSystem, poisson_factors
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> labelled = np.array([True, False, False])
    >>> factors = poisson_factors(PoissonSystem(path), labelled, tol=1e-6, max_iter=1000)
    >>> np.round(factors.values / factors.values[0], 2)  # largest at the label
    array([1.  , 0.33, 0.02])
    """
    graph = system.graph
    components = graph.component_labels
    sizes = np.bincount(components)
    counts = np.bincount(components, weights=labelled, minlength=len(sizes))
    source = labelled - (counts / sizes)[components]
    found = system.solve_sources(source[:, None], tol=tol, max_iter=max_iter, callback=callback)
    gamma = _raised(found.values[:, 0], components, sizes)
    return Factors(gamma, found.n_iter, bool(found.converged.all()))


def _raised(gamma: FloatArray, components: IntArray, sizes: IntArray) -> FloatArray:
    """Choose the free constant of each component, and cut off what is below."""
    order = np.lexsort((gamma, components))
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    low = gamma[order[first + (_LOW * (sizes - 1)).astype(np.intp)]]
    above = gamma - low[components]
    mean = np.bincount(components, weights=above) / sizes
    return np.where(mean[components] > 0, np.maximum(above, _FLOOR * mean[components]), 1.0)


def nonlocal_factors(graph: Graph, labelled: npt.NDArray[np.bool_]) -> FloatArray:
    """Return mu, n / m at the m labelled nodes and 1 elsewhere: the weighted nonlocal Laplacian.

    Edges then weigh w_ij (mu_i + mu_j) / 2, in each component with its own n and m.

    References
    ----------
    Z. Shi, S. Osher, W. Zhu, "Weighted nonlocal Laplacian on interpolation from sparse data",
    J. Sci. Comput. 73 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import nonlocal_factors
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> nonlocal_factors(path, np.array([True, False, False]))
    array([3., 1., 1.])
    """
    components = graph.component_labels
    sizes = np.bincount(components)
    counts = np.bincount(components, weights=labelled, minlength=len(sizes))
    ratio = sizes / np.maximum(counts, 1)
    return np.where(labelled, ratio[components], 1.0)


def reweighted_graph(graph: Graph, factors: FloatArray, *, product: bool) -> Graph:
    """Return the graph with weights w_ij f_i f_j (`product`) or w_ij (f_i + f_j) / 2, in float64.

    Parameters
    ----------
    graph : Graph
    factors : ndarray of shape (n_nodes,)
        Positive.
    product : bool

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import reweighted_graph
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> reweighted_graph(path, np.array([2.0, 1.0, 1.0]), product=True).affinity.toarray()
    array([[0., 2., 0.],
           [2., 0., 1.],
           [0., 1., 0.]])
    """
    weights = in_float64(graph.affinity)
    if isinstance(weights, np.ndarray):
        left, right = factors[:, None], factors
        return Graph._of_checked(weights * (left * right if product else (left + right) / 2))
    left = np.repeat(factors, np.diff(weights.indptr))
    right = factors[weights.indices]
    data = weights.data * (left * right if product else (left + right) / 2)
    return Graph._of_checked(
        sparse.csr_array((data, weights.indices, weights.indptr), shape=weights.shape)
    )
