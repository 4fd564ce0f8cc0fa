"""Ask where the answer would change the model most."""

from __future__ import annotations

import numpy as np

from fewlabels.queries._checks import FloatArray, IntArray, check_distributions
from fewlabels.queries._covariance_rule import CovarianceRule, shares
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.systems import Lookahead


class _ModelChangeRule(CovarianceRule):
    """Gains times the distance of each prediction from the label it would most likely get."""

    def _weights(
        self, known: LabelledGraph, candidates: IntArray, targets: FloatArray | None
    ) -> FloatArray:
        if known.predictions is None:
            return np.ones(len(candidates))
        return pseudo_residuals(known.predictions[candidates])


def pseudo_residuals(distributions: FloatArray) -> FloatArray:
    """|e_k - p| of each row p, k its largest entry."""
    p = check_distributions(distributions)
    largest = p.max(axis=1)
    squares = np.einsum("ij,ij->i", p, p) - largest**2 + (1 - largest) ** 2
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


class ModelChange(_ModelChangeRule):
    """Model change: ask where the most likely answer would change the scores most.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, p
    a point's class distribution and k its most probable class, ::

        s_v = |e_k - p_v| |C e_v| / (C_vv + noise)

    the norm of what the answer k would add to the scores.
    The largest is chosen, C is downdated by it, and again. Before there are two classes,
    |e_k - p_v| is taken as 1.

    Parameters
    ----------
    alpha : float in (0, 1], default=None
        Of the field: c = (1 - alpha) / alpha. 1 is that of harmonic functions, which has an
        exact covariance only. None: 1 where it is exact, 0.99 where it is sketched.
    noise : float, default=0.0
        Variance of a label, in units of 1 / mean degree; at least 0. 0 takes labels as they are.
    covariance : {"auto", "exact", "sketch"}, default="auto"
        Dense, for up to some thousand nodes; or a random projection. "auto" is exact up to 3,000.
    n_columns : int, default=64
        Of the projection. Scores have a relative standard deviation of about
        sqrt(2 / n_columns).

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Gains at the start of the batch; NaN where a node was no candidate.

    Notes
    -----
    The covariance is kept for the next query on the same graph object: one more label is a
    downdate. Exact: O(n^3) at first, then O(n^2) a label. Sketch: 2 n_columns + 1 columns at
    first, then one a label, each about 40 products with the weights for alpha = 0.99.

    References
    ----------
    K. Miller and A. L. Bertozzi, "Model change active learning in graph-based semi-supervised
    learning", Communications on Applied Mathematics and Computation, 2024,
    https://doi.org/10.48550/arXiv.2110.07739.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import ModelChange
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> ModelChange().query(model)
    array([2])
    """

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return shares(np.sqrt(ahead.squared_norms), ahead.variances, noise)


class ModelChangeVOptimality(_ModelChangeRule):
    """Model change times V-optimality.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, p
    a point's class distribution and k its most probable class, ::

        s_v = |e_k - p_v| |C e_v|^2 / (C_vv + noise)

    V-optimality where the model is unsure.

    Parameters, attributes and cost are those of :class:`ModelChange`.

    References
    ----------
    Miller and Bertozzi 2024, as :class:`ModelChange`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import ModelChangeVOptimality
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> ModelChangeVOptimality().query(model)
    array([2])
    """

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return shares(ahead.squared_norms, ahead.variances, noise)


class ModelChangeSigmaOptimality(_ModelChangeRule):
    """Model change times Sigma-optimality.

    With C the covariance of the scores in the Gaussian field model, given the labels so far, p
    a point's class distribution and k its most probable class, ::

        s_v = |e_k - p_v| (1' C e_v)^2 / (C_vv + noise)

    Sigma-optimality where the model is unsure.

    Parameters, attributes and cost are those of :class:`ModelChange`.

    References
    ----------
    Miller and Bertozzi 2024, as :class:`ModelChange`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph, LabelPropagation
    >>> from fewlabels.queries import ModelChangeSigmaOptimality
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> model = LabelPropagation().fit(path, [0, -1, -1, -1, 1])
    >>> ModelChangeSigmaOptimality().query(model)
    array([2])
    """

    _needs_norms = False

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return shares(ahead.row_sums**2, ahead.variances, noise)
