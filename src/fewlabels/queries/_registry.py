"""Rules by name, and rules of a user's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import refuse_masked
from fewlabels._typing import Estimator
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._rule import Batch, QueryRule, ScoreRule
from fewlabels.queries.decaying_norm import DecayingNorm
from fewlabels.queries.density_weighted import DensityWeighted
from fewlabels.queries.dirichlet_variance import DirichletVariance
from fewlabels.queries.entropy import Entropy
from fewlabels.queries.expected_error_reduction import ExpectedErrorReduction
from fewlabels.queries.farthest_first import FarthestFirst
from fewlabels.queries.least_confidence import LeastConfidence
from fewlabels.queries.margin import Margin
from fewlabels.queries.model_change import (
    ModelChange,
    ModelChangeSigmaOptimality,
    ModelChangeVOptimality,
)
from fewlabels.queries.random import Random
from fewlabels.queries.sigma_optimality import SigmaOptimality
from fewlabels.queries.typicality import Typicality
from fewlabels.queries.uncertain_influence import UncertainInfluence
from fewlabels.queries.v_optimality import VOptimality

ScoreFunction = Callable[[Estimator, IntArray], npt.ArrayLike]

RULES: dict[str, type[QueryRule]] = {
    "auto": UncertainInfluence,
    "decaying-norm": DecayingNorm,
    "density-weighted": DensityWeighted,
    "dirichlet-variance": DirichletVariance,
    "entropy": Entropy,
    "expected-error-reduction": ExpectedErrorReduction,
    "farthest-first": FarthestFirst,
    "least-confidence": LeastConfidence,
    "margin": Margin,
    "model-change": ModelChange,
    "model-change-sigma-optimality": ModelChangeSigmaOptimality,
    "model-change-v-optimality": ModelChangeVOptimality,
    "random": Random,
    "sigma-optimality": SigmaOptimality,
    "typicality": Typicality,
    "uncertain-influence": UncertainInfluence,
    "v-optimality": VOptimality,
}
"""Every rule by its name; "auto" is the recommended one."""


class FunctionRule(ScoreRule):
    """A user's own function as a rule.

    Parameters
    ----------
    function : callable
        ``function(model, candidates) -> scores``: what :meth:`query` was given, and the nodes
        that may be chosen, ascending; one finite number for each, larger is better. Before the
        first labels, `model` is a graph, or a LabelledGraph without answers.
    batch : {"local-max", "top"}, default="local-max"
        Of neighbours in the graph only the one of largest score; or the largest of all.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import FunctionRule
    >>> path = Graph.from_affinity(np.eye(5, k=1) + np.eye(5, k=-1))
    >>> FunctionRule(lambda model, candidates: -candidates).query(path, batch_size=2)
    array([0, 2])
    """

    def __init__(self, function: ScoreFunction, *, batch: Batch = "local-max") -> None:
        self.function = function
        self.batch = batch

    def _scores(
        self, model: object, known: LabelledGraph, candidates: IntArray, rng: np.random.RandomState
    ) -> FloatArray:
        returned = self._asked(model, known, candidates.copy())
        refuse_masked(returned, "scores", "Give those nodes the lowest score")
        values = np.asarray(returned)
        if values.shape != candidates.shape or values.dtype.kind not in "fiub":
            raise InvalidInputError(
                "a rule's function must return one number for each of the "
                f"{len(candidates)} candidates, got shape {values.shape} and dtype {values.dtype}."
            )
        scores = values.astype(np.float64)
        if not np.isfinite(scores).all():
            node = candidates[np.flatnonzero(~np.isfinite(scores))[0]]
            raise InvalidInputError(
                f"a rule's function must return finite scores; that of node {node} is "
                f"{scores[np.searchsorted(candidates, node)]}. For nodes that must not be chosen, "
                "pass candidates."
            )
        return scores

    def _asked(self, model: object, known: LabelledGraph, candidates: IntArray) -> object:
        try:
            inspect.signature(self.function).bind(model, candidates)
        except TypeError as error:
            raise InvalidTypeError(
                f"a rule's function is called with (model, candidates): {error}."
            ) from error
        except ValueError:  # of some functions in C nobody knows
            pass
        try:
            return self.function(model, candidates)
        except (AttributeError, TypeError) as error:
            if known.label_distributions_ is not None:
                raise
            raise InvalidInputError(
                f"a rule's function raised {type(error).__name__}: {error}. Before the first "
                "labels there is no model that answers: it is given the graph, or what is known of "
                "it (LabelledGraph, whose label_distributions_ is None then). Let it return scores "
                "for these, too, such as zeros, or begin with labels."
            ) from error


def make_rule(rule: str | QueryRule | type[QueryRule] | ScoreFunction = "auto") -> QueryRule:
    """Return a rule from its name, its class, itself, or a function that scores.

    Parameters
    ----------
    rule : str, QueryRule, class or callable, default="auto"
        A key of :data:`fewlabels.queries.RULES`; a rule, which is returned as it is; a rule's
        class; or ``function(model, candidates) -> scores``, see :class:`FunctionRule`.

    Raises
    ------
    InvalidInputError
        If there is no rule of that name.
    InvalidTypeError
        If it is none of these.

    Examples
    --------
    >>> from fewlabels.queries import make_rule
    >>> make_rule("margin")
    Margin()
    """
    if isinstance(rule, str):
        if rule not in RULES:
            raise InvalidInputError(
                f"there is no query rule {rule!r}. The rules are: {', '.join(sorted(RULES))}; or "
                "pass a function of (model, candidates) that returns scores."
            )
        return RULES[rule]()
    given: object = rule
    if isinstance(given, QueryRule):
        return given
    if isinstance(given, type):
        if issubclass(given, QueryRule):
            return given()
    elif callable(given):
        return FunctionRule(given)
    raise InvalidTypeError(
        "a query rule is a name, a rule, or a function of (model, candidates), got "
        f"{type(rule).__name__}."
    )
