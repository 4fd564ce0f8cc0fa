"""Sessions as JSON files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fewlabels import models
from fewlabels._files import replace_when_whole
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.graph import Graph
from fewlabels.queries import RULES, QueryRule
from fewlabels.session._events import Event, event_from_json, event_to_json
from fewlabels.session._fingerprint import fingerprint

FORMAT = "fewlabels-session"
VERSION = 1
SETTINGS = {"classes", "model", "query", "audit_share", "n_start", "random_state"}

_PLAIN = (str, int, float, bool, type(None))


def write_session(
    path: str | os.PathLike[str],
    graph_or_X: Any,
    settings: dict[str, Any],
    events: Sequence[Event],
) -> None:
    """Write a session, an event a line, whole or not at all."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "data": _kind(graph_or_X),
        "fingerprint": fingerprint(graph_or_X),
        "settings": settings,
    }
    head = json.dumps(document, indent=1)
    lines = ",\n".join(json.dumps(event_to_json(event), allow_nan=False) for event in events)
    with replace_when_whole(path) as file:
        file.write(f'{head[:-2]},\n "events": [\n{lines}\n ]\n}}\n'.encode())


def read_session(
    path: str | os.PathLike[str], graph_or_X: Any
) -> tuple[dict[str, Any], list[Event]]:
    """Return the settings and the events of a session about `graph_or_X`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SessionFileError
        If it can't be read, or holds no session, or one of a later version.
    InvalidInputError
        If the session was about other data.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise SessionFileError(f"{path} is damaged, or holds no session: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SessionFileError(f"{path} holds no session of fewlabels.")
    if document.get("version") != VERSION:
        raise SessionFileError(
            f"{path} holds a session of version {document.get('version')!r}, and this version of "
            f"fewlabels reads version {VERSION}. Load it with the version that wrote it, or update."
        )
    try:
        data, known, settings = (document[name] for name in ("data", "fingerprint", "settings"))
        entries = document["events"]
    except KeyError as error:
        raise SessionFileError(f"{path} is damaged: {error} is missing.") from error
    if not isinstance(settings, dict) or set(settings) != SETTINGS or not isinstance(entries, list):
        raise SessionFileError(f"{path} is damaged: its settings or events can't be read.")
    _check_same_data(data, known, graph_or_X, path)
    try:
        return settings, [event_from_json(entry) for entry in entries]
    except SessionFileError as error:
        raise SessionFileError(f"{path} is damaged: {error}") from error


def _check_same_data(data: Any, known: Any, graph_or_X: Any, path: str | os.PathLike[str]) -> None:
    kind = _kind(graph_or_X)
    if data != kind:
        raise InvalidInputError(
            f"the session in {path} was made with {data}, got {kind}. Pass what it was made with."
        )
    if known != fingerprint(graph_or_X):
        raise InvalidInputError(
            f"the data has changed since the session in {path} was saved: its fingerprint is "
            "another one, so that point numbers may mean other points. Pass the data as it "
            "was, rows in the same order."
        )


def described(thing: Any) -> dict[str, Any] | None:
    """Return class and parameters of a model or rule of this package, or None of another."""
    kind = type(thing)
    known = _known(kind.__name__)
    if known is not kind:
        return None
    parameters = {
        # as a grid search leaves them, or a user gives shares
        name: value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
        for name, value in thing.get_params(deep=False).items()
    }
    if not all(_is_plain(value) for value in parameters.values()):
        return None
    return {"class": kind.__name__, "parameters": parameters}


def restored(entry: Any, what: str) -> Any:
    """Return the model or rule that :func:`described` described, or raise."""
    if entry is None:
        raise InvalidInputError(
            f"the session was saved with a {what} of its user's own, which the file can't hold. "
            f"Pass it again: Session.load(..., {what}=...)."
        )
    try:
        kind = _known(entry["class"])
        if kind is None:
            raise SessionFileError(f"the saved {what} is of an unknown class, {entry['class']!r}.")
        return kind(**entry["parameters"])
    except (KeyError, TypeError) as error:
        raise SessionFileError(f"the saved {what} can't be read: {entry!r:.200}.") from error


def _known(name: str) -> type | None:
    """Return the model or rule of that name that a file may speak of."""
    rules: dict[str, type[QueryRule]] = {kind.__name__: kind for kind in RULES.values()}
    if name in rules:
        return rules[name]
    found = getattr(models, name, None) if name in models.__all__ else None
    return found if isinstance(found, type) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(entry) for entry in value)
    return type(value) in _PLAIN


def _kind(graph_or_X: Any) -> str:
    return "a graph" if isinstance(graph_or_X, Graph) else "features"
