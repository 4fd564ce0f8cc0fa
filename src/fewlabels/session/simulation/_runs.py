"""What came out of one run of a simulation."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf, isfinite

import numpy as np

from fewlabels._typing import Package
from fewlabels.session.simulation._known_answers import Answers
from fewlabels.session.simulation.rounds import Round


@dataclass
class Run:
    """One query rule from one start.

    Attributes
    ----------
    query : str
        The rule's name.
    repeat : int
        The start's number, from 0.
    points : list of int
        The points in the order in which they got their labels.
    n_labels : list of int
        Labels given, one entry a round.
    accuracy, macro_recall : list of float
        Of the points without a label, one entry a round.
    seconds : list of float
        What each round took: choosing, and learning the labels.
    first_seen : list of int
        For each class, the place of its first label among all labels, from 1; 0 if it had none.
    """

    query: str
    repeat: int
    points: list[int] = field(default_factory=list)
    n_labels: list[int] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    macro_recall: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    first_seen: list[int] = field(default_factory=list)

    def add(self, round_: Round, answers: Answers) -> None:
        """Measure a round against the truth."""
        accuracy, macro_recall = answers.measured(
            round_.fit.is_right(answers.truth), round_.labelled
        )
        self.points = round_.labelled.tolist()
        self.n_labels.append(len(round_.labelled))
        self.accuracy.append(accuracy)
        self.macro_recall.append(macro_recall)
        self.seconds.append(round_.seconds)
        self.first_seen = _first_seen(self.points, answers)


def run_from_json(entry: object, answers: Answers, n_labels: list[int]) -> tuple[str, Run]:
    """Return the rule and the run that a line of a file holds.

    Parameters
    ----------
    entry : object
        As JSON gave it: "rule", a text, and the attributes of a :class:`Run`.
    answers : Answers
        The true labels.
    n_labels : list of int
        Of each round.

    Raises
    ------
    ValueError
        If it is no run of these answers and numbers of labels; the message says why.
    """
    names = {"rule", *(entry_.name for entry_ in fields(Run))}
    if not isinstance(entry, dict) or set(entry) != names:
        raise ValueError(f"a run is made of {', '.join(sorted(names))}")
    run = Run(**{name: value for name, value in entry.items() if name != "rule"})
    if not (isinstance(entry["rule"], str) and isinstance(run.query, str)):
        raise ValueError("the rule has no name")
    if not _are_whole([run.repeat]) or run.repeat < 0:
        raise ValueError(f"repeat is {run.repeat!r:.80}")
    if not _are_whole(run.n_labels) or run.n_labels != n_labels:
        raise ValueError(f"n_labels are {run.n_labels!r:.80}, and should be {n_labels!r:.80}")
    for name, most in (("accuracy", 1.0), ("macro_recall", 1.0), ("seconds", inf)):
        values = getattr(run, name)
        fine = isinstance(values, list) and len(values) == len(n_labels)
        if not fine or not all(_is_real(value) and 0 <= value <= most for value in values):
            raise ValueError(f"{name} holds something else than a share or a time for each round")
    known = set(answers.known.tolist())
    fine = _are_whole(run.points) and len(run.points) == n_labels[-1]
    if not fine or len(set(run.points)) < len(run.points) or not set(run.points) <= known:
        raise ValueError(f"points are not {n_labels[-1]} different points with a true label")
    if not _are_whole(run.first_seen) or run.first_seen != _first_seen(run.points, answers):
        raise ValueError("first_seen is not what follows from points")
    return entry["rule"], run


def _first_seen(points: list[int], answers: Answers) -> list[int]:
    classes, places = np.unique(answers.codes[points], return_index=True)
    first_seen = np.zeros(len(answers.classes), dtype=np.intp)
    first_seen[classes] = places + 1
    return first_seen.tolist()


def _are_whole(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)


def _is_real(value: Package) -> bool:
    return type(value) in (int, float) and isfinite(value)
