"""What several people's answers say of the people, and of points on which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fewlabels._typing import Json, Loaded
from fewlabels.labelling._agreement import krippendorff_alpha
from fewlabels.labelling._dawid_skene import Consensus, dawid_skene
from fewlabels.labelling._ledger import SKIPPED, Ledger

_FEWEST_SHARED = 10
_LONGEST_PAUSE = 300.0  # seconds: a longer answer was a break


@dataclass(frozen=True)
class Said:
    """The standing answers of people, but for labels that came with the data.

    Attributes
    ----------
    points, people, classes : sequence of int
        One entry an answer; people by their place in `names`.
    names : sequence of str
    """

    points: Sequence[int]
    people: Sequence[int]
    classes: Sequence[int]
    names: Sequence[str]


def said_by(ledger: Ledger, among: Iterable[int] | None = None) -> Said:
    """Collect the standing answers, of all points or of some."""
    points, people, classes = [], [], []
    names: dict[str, int] = {}
    for point in ledger.heard_points() if among is None else among:
        for who, word in ledger.words(point).items():
            if word.class_id != SKIPPED and who:
                points.append(point)
                people.append(names.setdefault(who, len(names)))
                classes.append(word.class_id)
    return Said(points, people, classes, list(names))


def consensus_of(said: Said) -> tuple[Consensus, list[int]] | None:
    """Return what the answers come to, and the points in the order of its rows; or None."""
    if len(said.names) < 2:
        return None
    places = {point: row for row, point in enumerate(dict.fromkeys(said.points))}
    rows = [places[point] for point in said.points]
    return dawid_skene(rows, said.people, said.classes), list(places)


def probable_of(said: Said) -> dict[int, int]:
    """Return the class that people's agreement makes most probable for each point.

    None before ten points were answered by two.
    """
    if len(set(said.points)) < _FEWEST_SHARED:
        return {}
    found = consensus_of(said)
    if found is None:
        return {}
    consensus, points = found
    return dict(zip(points, consensus.probabilities.argmax(axis=1).tolist(), strict=True))


def settled_by(ledger: Ledger, probable: Mapping[int, int]) -> dict[int, int]:
    """Return the points whose label is another than the most probable one, and that one.

    Only where people differ and nobody decided.
    """
    settled = {}
    for point, class_id in probable.items():
        said = {word.class_id for word in ledger.words(point).values()} - {SKIPPED}
        differ = len(said) > 1 and class_id in said and ledger.labels.get(point) != class_id
        if differ and not ledger.decided(point):
            settled[point] = class_id
    return settled


def seconds_by(ledger: Ledger) -> dict[str, list[float]]:
    """Return how long the standing answers of each person took, less breaks."""
    found: dict[str, list[float]] = {}
    for row in ledger.standing():
        if row.seconds is not None and 0 < row.seconds <= _LONGEST_PAUSE:
            found.setdefault(row.who, []).append(row.seconds)
    return found


def people_json(
    said: Said, seconds: Mapping[str, Sequence[float]], class_ids: Sequence[int]
) -> Json:
    """Return who answered how much, and how far they agree."""
    by_point: dict[int, list[int]] = {}
    for point, class_id in zip(said.points, said.classes, strict=True):
        by_point.setdefault(point, []).append(class_id)
    both = [answers for answers in by_point.values() if len(answers) > 1]
    found = consensus_of(said) if both else None
    return {
        "alpha": krippendorff_alpha(both),
        "n_both": len(both),
        "classes": list(class_ids),
        "people": [
            _person_json(number, said, by_point, seconds.get(who, ()), found and found[0])
            for number, who in enumerate(said.names)
        ],
    }


def _person_json(
    number: int,
    said: Said,
    by_point: dict[int, list[int]],
    seconds: Sequence[float],
    consensus: Consensus | None,
) -> Json:
    mine = [
        (point, class_id)
        for point, person, class_id in zip(said.points, said.people, said.classes, strict=True)
        if person == number
    ]
    shared = [
        (answers.count(class_id) - 1, len(answers) - 1)
        for point, class_id in mine
        if len(answers := by_point[point]) > 1
    ]
    pairs = sum(n for _, n in shared)
    known = consensus is not None and len(shared) > 0
    return {
        "who": said.names[number],
        "n": len(mine),
        "seconds": float(np.median(seconds)) if len(seconds) else None,
        "agrees": sum(same for same, _ in shared) / pairs if pairs else None,
        "reliability": float(consensus.reliability[number]) if consensus and known else None,
        "confusion": consensus.confusion[number].tolist() if consensus and known else None,
    }


def disagreements(ledger: Ledger) -> list[Loaded]:
    """Return the points that people answer differently and nobody decided, the latest first."""
    found = consensus_of(said_by(ledger, list(ledger.shared)))  # as `settled_by` finds labels
    if found is None:
        return []
    consensus, points = found
    places = {point: row for row, point in enumerate(points)}
    differing = []
    for point in reversed(points):
        words = {who: w for who, w in ledger.words(point).items() if w.class_id != SKIPPED and who}
        if len({word.class_id for word in words.values()}) < 2 or ledger.decided(point):
            continue
        probable = consensus.probabilities[places[point]]
        differing.append(
            {
                "point": point,
                "label": ledger.labels.get(point),
                "answers": [{"who": who, "class_id": w.class_id} for who, w in words.items()],
                "probabilities": [
                    {"class_id": int(c), "share": float(probable[c])}
                    for c in np.argsort(-probable, kind="stable")
                    if probable[c] > 0.005
                ],
            }
        )
    return differing
