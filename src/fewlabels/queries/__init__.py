"""What to ask next: one published rule a file.

A rule is an object with ``query(model, batch_size, candidates, random_state)``, which returns
the points to label next, and ``scores_``. `model` is a fitted classifier, or a graph before there
is any label. :func:`make_rule` makes a rule from its name.

Some rules look at the predictions alone (:class:`Margin`, :class:`Entropy`), some at the graph
and at which points have a label (:class:`VOptimality`, :class:`SigmaOptimality`,
:class:`Typicality`, :class:`FarthestFirst`), some at both. ``"auto"``, the default everywhere, is
:class:`UncertainInfluence`.
"""

from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._registry import RULES, FunctionRule, make_rule
from fewlabels.queries._rule import QueryRule
from fewlabels.queries.decaying_norm import DecayingNorm
from fewlabels.queries.density_weighted import DensityWeighted
from fewlabels.queries.dirichlet_variance import DirichletVariance
from fewlabels.queries.entropy import Entropy, entropy
from fewlabels.queries.expected_error_reduction import ExpectedErrorReduction
from fewlabels.queries.farthest_first import FarthestFirst
from fewlabels.queries.least_confidence import LeastConfidence, least_confidence
from fewlabels.queries.margin import Margin, least_margin
from fewlabels.queries.model_change import (
    ModelChange,
    ModelChangeSigmaOptimality,
    ModelChangeVOptimality,
)
from fewlabels.queries.random import Random
from fewlabels.queries.sigma_optimality import SigmaOptimality
from fewlabels.queries.top import most_uncertain
from fewlabels.queries.typicality import Typicality
from fewlabels.queries.uncertain_influence import UncertainInfluence
from fewlabels.queries.v_optimality import VOptimality

__all__ = [
    "RULES",
    "DecayingNorm",
    "DensityWeighted",
    "DirichletVariance",
    "Entropy",
    "ExpectedErrorReduction",
    "FarthestFirst",
    "FunctionRule",
    "LabelledGraph",
    "LeastConfidence",
    "Margin",
    "ModelChange",
    "ModelChangeSigmaOptimality",
    "ModelChangeVOptimality",
    "QueryRule",
    "Random",
    "SigmaOptimality",
    "Typicality",
    "UncertainInfluence",
    "VOptimality",
    "entropy",
    "least_confidence",
    "least_margin",
    "make_rule",
    "most_uncertain",
]
