"""Ask where a label tells the most about the sum of all that is unknown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray, check_node_indices
from fewlabels.queries._covariance import GroundedCovariance


def sigma_optimality(
    graph: Graph,
    labelled: npt.ArrayLike,
    n_points: int = 1,
    *,
    weights: npt.ArrayLike | None = None,
) -> IntArray:
    """Choose points greedily by Sigma-optimality, if wanted weighted by their uncertainty.

    With C the covariance of the unlabelled scores in the Gaussian field model, a label at v
    moves the sum of all scores by a standard deviation of ::

        s_v = sum_u C_uv / sqrt(C_vv)

    The unlabelled point with the largest ``weights_v * s_v`` is chosen, C is conditioned on it
    (a rank-one downdate), and again: a second point near the first then has little left to
    tell, so that the points of a batch differ. Without weights, this is the greedy
    Sigma-optimal design (which is written with s_v squared, and chooses the same points). It
    does not look at any label's value; ``weights=least_margin(distributions)`` makes it prefer
    the points that the model is unsure of.

    Parameters
    ----------
    graph : Graph
    labelled : array-like of int
        Node numbers that have a label already; they are never chosen. May be empty.
    n_points : int, default=1
        How many to choose, from 0; all unlabelled nodes if there are fewer.
    weights : array-like of shape (n_nodes,), default=None
        Non-negative factors for all nodes (those of labelled nodes are not used). None: all 1.

    Returns
    -------
    ndarray of shape (min(n_points, n_unlabelled),), intp
        Node numbers in the order in which they were chosen.

    Raises
    ------
    InvalidInputError
        If `labelled`, `n_points` or `weights` are out of range.
    NotEnoughMemoryError
        If the dense covariance does not fit. Time is O(m^3) and memory O(m^2)
        for m unlabelled points: for graphs of some thousands of nodes.

    References
    ----------
    Y. Ma, R. Garnett and J. Schneider, "Sigma-Optimality for active learning on Gaussian random
    fields", NIPS 2013. The weighting by uncertainty is this package's.

    Examples
    --------
    On a path of seven nodes, the middle tells most, and then the middles of what is left:

    >>> import numpy as np
    >>> from fewlabels.graph import Graph
    >>> from fewlabels.queries import sigma_optimality
    >>> path = Graph.from_affinity(np.eye(7, k=1) + np.eye(7, k=-1))
    >>> sigma_optimality(path, labelled=[0, 6], n_points=1)
    array([3])
    """
    count = check_integer("n_points", n_points, minimum=0)
    known = check_node_indices(labelled, graph.n_nodes)
    factors = _checked_weights(weights, graph.n_nodes)
    if count == 0:  # the covariance is the whole cost
        return np.empty(0, dtype=np.intp)
    covariance = GroundedCovariance(graph, known)
    factors = factors[covariance.unlabelled]
    open_ = np.ones(len(factors), dtype=bool)
    chosen: list[int] = []
    for _ in range(min(count, len(factors))):
        variances = np.where(open_ & (covariance.variances > 0), covariance.variances, np.inf)
        moves = np.abs(covariance.row_sums) / np.sqrt(variances)
        best = int(np.argmax(np.where(open_, factors * moves, -1.0)))
        chosen.append(best)
        open_[best] = False
        covariance.condition_on(best)
    return covariance.unlabelled[chosen]


def _checked_weights(weights: npt.ArrayLike | None, n_nodes: int) -> FloatArray:
    if weights is None:
        return np.ones(n_nodes)
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (n_nodes,):
        raise InvalidInputError(
            f"weights must have one entry for each of the {n_nodes} nodes, got shape "
            f"{values.shape}."
        )
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InvalidInputError("weights must be finite and not negative.")
    return values
