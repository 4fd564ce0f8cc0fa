"""Rules and models by the names that curves and files of runs have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from fewlabels._typing import Function, Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.models import ModelPair
from fewlabels.models._fit_on_labelled import FitOnLabelled
from fewlabels.queries import RULES, FunctionRule, QueryRule, make_rule

Query: TypeAlias = str | QueryRule | type[QueryRule] | Function

BASELINE = "random"
ALL = "all"


def named_rules(query: Package) -> dict[str, QueryRule]:
    """Return the rules by name, the random baseline among them."""
    if isinstance(query, str) and query == ALL:
        query = [name for name in sorted(RULES) if name != "auto"]  # which is one of the others
    if isinstance(query, Mapping):
        rules = {str(name): make_rule(rule) for name, rule in query.items()}
    else:
        several = query if isinstance(query, (list, tuple)) else [query]
        rules = {}
        for each in several:
            name, rule = _name_of(each), make_rule(each)
            if name in rules:
                raise InvalidInputError(
                    f"query names {name!r} twice. Name each rule once, or pass a mapping from "
                    "names of your own to rules."
                )
            rules[name] = rule
    if not rules:
        raise InvalidInputError("query is empty: name one rule or more.")
    if BASELINE not in rules:
        rules[BASELINE] = make_rule(BASELINE)
    return rules


def _name_of(query: object) -> str:
    if isinstance(query, str):
        return query
    if isinstance(query, QueryRule) and not isinstance(query, FunctionRule):
        return repr(query)
    function = query.function if isinstance(query, FunctionRule) else query
    return str(getattr(function, "__name__", type(function).__name__))


def described(model: object) -> str:
    """Return the class of a model or rule with all its settings; functions by their name."""
    if isinstance(model, ModelPair):
        return f"{described(model.asks)} asks, {described(model.answers)} answers"
    if isinstance(model, FitOnLabelled):
        return described(model.estimator)
    given = model.get_params(deep=False) if hasattr(model, "get_params") else vars(model)
    settings = ", ".join(
        f"{name}={_function_name(value) if callable(value) else repr(value)}"
        for name, value in sorted(given.items())
    )
    return f"{type(model).__name__}({settings})"


def _function_name(function: object) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))
