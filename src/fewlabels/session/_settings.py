"""The settings of a session: checked, and as a file holds them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from fewlabels import models
from fewlabels._typing import Estimator, Fields, Json, Loaded, Package
from fewlabels._validation import check_integer, check_real
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.models import ModelPair
from fewlabels.models._class_prior import shares_by_class
from fewlabels.queries import RULES, QueryRule, make_rule
from fewlabels.session._answers import checked_classes
from fewlabels.session._labels import Label
from fewlabels.session._model import checked_model, expected_shares

NAMES = {"classes", "model", "query", "audit_share", "n_start", "random_state"}

_PLAIN = (str, int, float, bool, type(None))
# A mapping goes into a file as the list of its pairs: keys in JSON are strings only.
_PAIRS = "pairs"
# What a file says of no model, and of two.
_RECOMMENDED, _PAIR = "recommended", ("asks", "answers")


@dataclass(frozen=True)
class Settings:
    """What `Session` takes besides its data, checked.

    Attributes
    ----------
    classes : tuple of labels, or None
    model : estimator, ModelPair or None
        Unfitted; a copy of what was given. None: what is recommended for the points.
    query : QueryRule
    audit_share : float
    n_start : int
    random_state : int
    """

    classes: tuple[Label, ...] | None
    model: Estimator
    query: QueryRule
    audit_share: float
    n_start: int
    random_state: int

    @classmethod
    def checked(
        cls,
        *,
        classes: Iterable[object] | None,
        model: Estimator,
        query: Package,
        audit_share: object,
        n_start: object,
        random_state: object,
    ) -> Self:
        """Check the settings, or raise InvalidInputError or InvalidTypeError."""
        share = check_real("audit_share", audit_share, minimum=0, maximum=1)
        start = check_integer("n_start", n_start, minimum=1)
        seed = check_integer("random_state", random_state, minimum=0, maximum=2**32 - 1)
        rule = make_rule(query)
        rule._check_parameters()
        fresh = checked_model(model)
        fixed = None if classes is None else checked_classes(classes)
        each = (fresh.asks, fresh.answers) if isinstance(fresh, ModelPair) else (fresh,)
        for one in each:
            expected_shares(one, fixed)  # now, rather than once there is a label
        return cls(fixed, fresh, rule, share, start, seed)

    def to_json(self) -> Json:
        """Return the settings as JSON holds them."""
        return {
            "classes": None if self.classes is None else list(self.classes),
            "model": _described(self.model),
            "query": _described(self.query),
            "audit_share": self.audit_share,
            "n_start": self.n_start,
            "random_state": self.random_state,
        }


def loaded_settings(entries: Fields, path: str | os.PathLike[str], **own: object) -> Loaded:
    """Return what `Session` takes, from the settings of a file; or raise.

    Parameters
    ----------
    entries : mapping
        As :meth:`Settings.to_json` returns it, and as nobody checked it.
    path : path
        Named in errors.
    **own : estimator, rule or None
        `model` and `query` in place of those of the file.

    Raises
    ------
    SessionFileError
        If a setting of the file can't be used.
    InvalidInputError
        If the file holds no model or rule, and none is given.
    """
    found: Loaded = dict(entries)
    for name, given in own.items():
        if given is None and found[name] is None:
            raise InvalidInputError(
                f"the session was saved with a {name} of its user's own, which the file can't "
                f"hold. Pass it again: Session.load(..., {name}=...)."
            )
    try:
        for name, given in own.items():
            # None and "auto" stand in for what the user gave: its errors are no damage
            stand_in = None if name == "model" else "auto"
            found[name] = _restored(found[name], name) if given is None else stand_in
        if found["classes"] is not None and not isinstance(found["classes"], list):
            raise SessionFileError(f"classes must be a list, got {found['classes']!r:.200}.")
        Settings.checked(**found)
    except (InvalidInputError, SessionFileError) as error:
        raise SessionFileError(f"{path} is damaged, in its settings: {error}") from error
    return found | {name: given for name, given in own.items() if given is not None}


def _described(thing: Estimator) -> object:
    """Return class and parameters of a model or rule of this package, or None of another."""
    if thing is None:
        return _RECOMMENDED
    if isinstance(thing, ModelPair):
        both = [_described(thing.asks), _described(thing.answers)]
        return None if None in both else dict(zip(_PAIR, both, strict=True))
    kind = type(thing)
    known = _known(kind.__name__)
    if known is not kind:
        return None
    parameters = {name: _plain(value) for name, value in thing.get_params(deep=False).items()}
    if not all(map(_is_plain, parameters.values())):
        return None
    return {"class": kind.__name__, "parameters": parameters}


def _plain(value: object) -> Package:
    """Turn what came from NumPy, as of a grid search, and mappings into what JSON holds."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    by_class = shares_by_class(value)
    if by_class is not None:
        return {_PAIRS: [[_plain(key), _plain(entry)] for key, entry in by_class.items()]}
    return value


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return _is_plain(value[_PAIRS])
    if isinstance(value, (list, tuple)):
        return all(_is_plain(entry) for entry in value)
    return type(value) in _PLAIN


def _restored(entry: Package, what: str) -> Estimator:
    """Return the model or rule that :func:`_described` described, or raise."""
    if what == "model" and entry == _RECOMMENDED:
        return None
    if what == "model" and isinstance(entry, dict) and set(entry) == set(_PAIR):
        return ModelPair(*(_restored(entry[name], name) for name in _PAIR))
    try:
        kind = _known(entry["class"])
        if kind is None:
            raise SessionFileError(f"the saved {what} is of an unknown class, {entry['class']!r}.")
        parameters = {
            name: dict(value[_PAIRS]) if isinstance(value, dict) else value
            for name, value in entry["parameters"].items()
        }
        return kind(**parameters)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, SessionFileError):
            raise
        raise SessionFileError(f"the saved {what} can't be read: {entry!r:.200}.") from error


def _known(name: str) -> type | None:
    """Return the model or rule of that name that a file may speak of."""
    rules: dict[str, type[QueryRule]] = {kind.__name__: kind for kind in RULES.values()}
    if name in rules:
        return rules[name]
    found = getattr(models, name, None) if name in models.__all__ else None
    return found if isinstance(found, type) else None
