"""Sessions as JSON files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from fewlabels._checksums import checksum
from fewlabels._damage import UNREADABLE, reason
from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._typing import Json
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.graph import Graph
from fewlabels.session._events import Event, event_from_json, event_to_json
from fewlabels.session._fingerprint import fingerprint
from fewlabels.session._settings import NAMES

FORMAT = "fewlabels-session"
# 1 had no checksum, 2 nothing that was withdrawn or dropped, 3 no labels given together
VERSION = 4

_SQLITE = b"SQLite format 3\x00"
_GRAPH, _FEATURES = "a graph", "features"
_DIGEST = re.compile("[0-9a-f]{64}")


def write_session(
    path: str | os.PathLike[str],
    graph_or_X: object,
    settings: dict[str, object],
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
    entries = [event_to_json(event) for event in events]
    document["checksum"] = checksum(document | {"events": entries})
    head = json.dumps(document, indent=1)
    lines = ",\n".join(json.dumps(entry, allow_nan=False) for entry in entries)
    with explaining_errors(path, writing=True), replace_when_whole(path) as file:
        file.write(f'{head[:-2]},\n "events": [\n{lines}\n ]\n}}\n'.encode())


def read_session(path: str | os.PathLike[str], graph_or_X: object) -> tuple[Json, list[Event]]:
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
    with explaining_errors(path, writing=False):
        content = Path(path).read_bytes()
    if content.startswith(_SQLITE):
        raise SessionFileError(
            f"{path} is a SQLite file and no session. If it is the label file of the labelling "
            "page, use fewlabels.labelling.load_session."
        )
    try:
        document = json.loads(content.decode("utf-8"))
    except UNREADABLE as error:  # no JSON, or no UTF-8
        raise SessionFileError(
            f"{path} is damaged, or holds no session: {reason(error)}."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SessionFileError(f"{path} holds no session of fewlabels.")
    version = document.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:  # True is no version
        raise SessionFileError(
            f"{path} holds a session of version {version!r:.80}, and this version of fewlabels "
            f"reads versions 1 to {VERSION}. Load it with the version that wrote it, or update."
        )
    _check_sum(document, version, path)
    try:
        data, known, settings = (document[name] for name in ("data", "fingerprint", "settings"))
        entries = document["events"]
    except KeyError as error:
        raise SessionFileError(f"{path} is damaged: {error} is missing.") from error
    if data not in (_GRAPH, _FEATURES) or not (isinstance(known, str) and _DIGEST.fullmatch(known)):
        raise SessionFileError(
            f"{path} is damaged: it does not say what data it is about ({data!r:.80}, fingerprint "
            f"{known!r:.80})."
        )
    if not isinstance(settings, dict) or set(settings) != NAMES:
        raise SessionFileError(
            f"{path} is damaged: its settings must be {', '.join(sorted(NAMES))}, got "
            f"{settings!r:.200}."
        )
    if not isinstance(entries, list):
        raise SessionFileError(f"{path} is damaged: its events must be a list: {entries!r:.200}.")
    _check_same_data(data, known, graph_or_X, path)
    events = []
    for number, entry in enumerate(entries):
        try:
            events.append(event_from_json(entry))
        except SessionFileError as error:
            raise SessionFileError(f"{path} is damaged: event {number}: {error}") from error
    return settings, events


def _check_sum(document: dict[str, object], version: int, path: str | os.PathLike[str]) -> None:
    """Raise if a document of version 2 is not as it was written, or one of version 1 claims so."""
    known = document.pop("checksum", None)
    if version == 1 and known is None:
        return
    if version == 1 or known != checksum(document):
        raise SessionFileError(
            f"{path} is damaged, or was changed by hand: its checksum does not match. Go back to "
            "a copy of it."
        )


def _check_same_data(
    data: object, known: object, graph_or_X: object, path: str | os.PathLike[str]
) -> None:
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


def _kind(graph_or_X: object) -> str:
    return _GRAPH if isinstance(graph_or_X, Graph) else _FEATURES
