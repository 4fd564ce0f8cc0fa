"""The model and query rule that the package recommends for the published digit examples."""

from __future__ import annotations

from fewlabels.graph import Graph
from fewlabels.models import LabelPropagation
from fewlabels.queries import QueryRule, make_rule
from fewlabels.session._learner import ModelLearner

# By the angle between two images, so that thick and thin strokes of one shape are near. The
# weights then fall off with the fourth power of the chord, which few labels gain from too.
METRIC = "cosine"
N_NEIGHBORS = 10

DESCRIPTION = (
    "self-tuned graph of 10 neighbours by cosine distance; harmonic functions; class masses made "
    "equal; queries by doubt x Sigma-optimality over the doubts, the batch chosen one by one; "
    "doubt: the margin, and that a class may be unseen where evidence is thin"
)


def recommended_model() -> LabelPropagation:
    """Return harmonic functions, normalised towards equal class masses.

    Zhu, Ghahramani and Lafferty, ICML 2003, both the functions and the normalisation. On a few
    hundred points they beat label spreading, which is what :func:`fewlabels.session.simulate`
    takes by itself: at 70,000 points it is the other way round.
    """
    return LabelPropagation("self-tuning", n_neighbors=N_NEIGHBORS, class_prior="uniform")


def recommended_recipe(
    graph: Graph, query: str | QueryRule = "auto", *, random_state: int = 0
) -> ModelLearner:
    """Return a learner with the recommended model, which asks by the recommended rule.

    Parameters
    ----------
    graph : Graph
        Chosen on digits: :func:`fewlabels.graph.knn_graph` with ``metric="cosine"``.
    query : str or QueryRule, default="auto"
    random_state : int, default=0
        For rules that draw.
    """
    return ModelLearner(recommended_model(), graph, make_rule(query), random_state=random_state)
