"""What a run found, and the file that keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT, VERSION = "fewlabels-benchmark", 2
# Kinds of findings, each a list of the document.
KINDS = ("rows", "series", "steps", "curves")


class ResultsError(Exception):
    """The file of results can't be used; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """What one contender came to.

    Attributes
    ----------
    name : str
    value : float
        In the unit of the row.
    recall, accuracy : float or None
        Shares, from 0 to 1, beside a time.
    peak : int or None
        Largest resident memory, in bytes, of a process that did this work and nothing else.
    runs : int or None
        The time is the median of so many runs; or the mean is over so many.
    multiple : float or None
        A memory, as a multiple of the bytes of features and graph.
    error : float or None
        Standard error of a mean over draws, in the unit of the row.
    note : str
        Anything else to read beside the value.
    """

    name: str
    value: float
    recall: float | None = None
    accuracy: float | None = None
    peak: int | None = None
    runs: int | None = None
    multiple: float | None = None
    error: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Gap:
    """One result less another, draw by draw.

    Attributes
    ----------
    name : str
        What goals find it by: whose result it is, or what it is compared with.
    against : str
        Who is subtracted.
    value, error : float
        Mean of the differences and its standard error, in the unit of the row.
    """

    name: str
    against: str
    value: float
    error: float


@dataclass(frozen=True)
class Row:
    """The same work, done by us and by the peers.

    Attributes
    ----------
    work, measure : str
    unit : {"s", "share", "count", "error", "B", "exponent", "number"}
    ours : Entry
    peers : list of Entry
        May be empty, where no other package does this.
    also : list of Entry
        Other ways of ours; never the best peer.
    gaps : list of Gap
    headline : bool
        Whether the README shows it.
    """

    work: str
    measure: str
    unit: str
    ours: Entry
    peers: list[Entry] = field(default_factory=list)
    also: list[Entry] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    headline: bool = True


@dataclass(frozen=True)
class Series:
    """Seconds against the number of points, for the plot."""

    name: str
    n_points: list[int]
    seconds: list[float]


@dataclass(frozen=True)
class Steps:
    """Seconds of each step of one piece of work, for the plot."""

    work: str
    seconds: dict[str, float]


@dataclass(frozen=True)
class Curve:
    """Mean accuracy against the number of labels, for the plot.

    Attributes
    ----------
    work, name : str
        Of the row that the curve belongs to, and of its entry.
    labels : list of int
    mean, error : list of float
        Over the starts, and its standard error.
    """

    work: str
    name: str
    labels: list[int]
    mean: list[float]
    error: list[float]


Finding = Row | Series | Steps | Curve
_KIND = {Row: "rows", Series: "series", Steps: "steps", Curve: "curves"}


def empty() -> dict[str, Any]:
    """Return a document without results."""
    return {"format": FORMAT, "version": VERSION, "runs": {}} | {kind: [] for kind in KINDS}


def read(path: Path) -> dict[str, Any]:
    """Return the stored document; an empty one where there is no file.

    Raises
    ------
    ResultsError
        If the file is of another format or version, or damaged.
    """
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return empty()
    except json.JSONDecodeError as error:
        raise ResultsError(
            f"{path.name} is not JSON ({error}). Restore it, or delete it."
        ) from error
    known = isinstance(document, dict) and document.get("format") == FORMAT
    if not known or document.get("version") != VERSION:
        raise ResultsError(
            f"{path.name} is not of the format {FORMAT!r}, version {VERSION}. Delete it and "
            "measure again."
        )
    return {kind: [] for kind in KINDS} | document  # a kind may be younger than the file


def write(path: Path, document: dict[str, Any]) -> None:
    """Store a document; the file is replaced when it is whole."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def merge(
    document: dict[str, Any],
    run: str,
    about: dict[str, Any],
    case: str,
    findings: Iterable[Finding],
    order: list[str],
) -> dict[str, Any]:
    """Return `document` with the findings of one case in place of its former ones.

    Every finding is stamped with the run that it comes from and with the size, and replaces only
    those of the same case and size. Runs of which nothing is left are dropped.

    Parameters
    ----------
    document : dict
    run : str
        Name of the run: when it began.
    about : dict
        The run's ``size``, ``machine`` and ``packages``.
    case : str
    findings : iterable of Row, Series, Steps and Curve
    order : list of str
        Names of all cases, in the order of the table; cases that are no longer are dropped.
    """
    size = about["size"]
    stamp = {"case": case, "size": size, "run": run}
    lists: dict[str, list[dict[str, Any]]] = {
        kind: [
            found
            for found in document[kind]
            if (found["case"], found["size"]) != (case, size) and found["case"] in order
        ]
        for kind in KINDS
    }
    for finding in findings:
        lists[_KIND[type(finding)]].append(stamp | _plain(finding))
    for found in lists.values():
        found.sort(key=lambda finding: (order.index(finding["case"]), finding["size"]))
    used = {finding["run"] for found in lists.values() for finding in found}
    runs = {name: what for name, what in {**document["runs"], run: about}.items() if name in used}
    return {"format": FORMAT, "version": VERSION, "runs": dict(sorted(runs.items()))} | lists


def _plain(finding: Finding) -> dict[str, Any]:
    """Return data for JSON, without the fields that say nothing."""
    plain = asdict(finding)
    if isinstance(finding, Row):
        plain["ours"] = _said(plain["ours"])
        plain["peers"] = [_said(peer) for peer in plain["peers"]]
        plain["also"] = [_said(other) for other in plain["also"]]
        for name in ("also", "gaps"):
            if not plain[name]:
                del plain[name]
    return plain


def _said(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, "")}
