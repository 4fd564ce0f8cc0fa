"""The model and query rule that the package recommends today."""

from __future__ import annotations

import numpy as np

from fewlabels.graph import Graph
from fewlabels.models import LabelPropagation, normalize_class_mass
from fewlabels.queries import LabelledGraph, UncertainInfluence
from fewlabels.session.simulation import AnyArray, Fit, Fitter, IntArray, Rule

N_NEIGHBORS = 10

DESCRIPTION = (
    "self-tuned graph of 10 neighbours; harmonic functions; class masses made equal; "
    "queries by margin x Sigma-optimality over the margins, the batch chosen one by one"
)


def recommended_fit(graph: Graph) -> Fitter:
    """Return the fit: harmonic functions on `graph`, normalised to equal class masses.

    Zhu, Ghahramani and Lafferty, ICML 2003, both the functions and the normalisation.

    Parameters
    ----------
    graph : Graph
        Chosen on digits: :func:`fewlabels.graph.knn_graph` with its defaults.
    """

    def fit(labelled: IntArray, labels: AnyArray) -> Fit:
        classes, codes = np.unique(labels, return_inverse=True)
        y = np.full(graph.n_nodes, -1)
        y[labelled] = codes
        model = LabelPropagation(kernel="self-tuning", n_neighbors=N_NEIGHBORS).fit(graph, y)
        distributions = normalize_class_mass(
            model.label_distributions_, np.flatnonzero(y < 0), reached=model.reached_
        )
        return Fit(classes, distributions)

    return fit


def recommended_rule(graph: Graph) -> Rule:
    """Return the rule: :class:`fewlabels.queries.UncertainInfluence` on `graph`."""
    influence = UncertainInfluence()

    def rule(fit: Fit, labelled: IntArray, n_queries: int) -> IntArray:
        y = np.full(graph.n_nodes, None)
        y[labelled] = fit.predicted[labelled]  # harmonic functions are clamped to the labels
        return influence.query(LabelledGraph(graph, y, fit.distributions), n_queries)

    return rule
