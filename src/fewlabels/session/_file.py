"""Sessions as JSON files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fewlabels import models
from fewlabels._files import replace_when_whole
from fewlabels.exceptions import FewLabelsError, InvalidInputError, SessionFileError
from fewlabels.queries import RULES, QueryRule
from fewlabels.session._events import Event, Label, event_from_json, event_to_json

FORMAT = "fewlabels-session"
VERSION = 1

_PLAIN = (str, int, float, bool, type(None))


def write_session(path: str | os.PathLike[str], document: dict[str, Any]) -> None:
    """Write the document, an event a line, whole or not at all."""
    events = document.pop("events")
    head = json.dumps({"format": FORMAT, "version": VERSION, **document}, indent=1)
    lines = ",\n".join(json.dumps(event_to_json(event), allow_nan=False) for event in events)
    with replace_when_whole(path) as file:
        file.write(f'{head[:-2]},\n "events": [\n{lines}\n ]\n}}\n'.encode())


def read_session(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the document, its events as Event; or raise SessionFileError.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SessionFileError
        If it can't be read, or is no session, or one of a later version.
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
        document["events"] = [event_from_json(entry) for entry in document["events"]]
        if not isinstance(document["settings"], dict):
            raise TypeError("settings")
        for name in ("data", "fingerprint"):
            if not isinstance(document[name], str):
                raise TypeError(name)
    except (KeyError, TypeError) as error:
        raise SessionFileError(f"{path} is damaged: {error} is missing or of no use.") from error
    except FewLabelsError as error:
        raise SessionFileError(f"{path} is damaged: {error}") from error
    return document


def described(thing: Any) -> dict[str, Any] | None:
    """Return class and parameters of a model or rule of this package, or None of another."""
    kind = type(thing)
    known = _known(kind.__name__)
    if known is not kind:
        return None
    parameters = thing.get_params(deep=False)
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


__all__ = ["Event", "Label", "described", "read_session", "restored", "write_session"]
