"""What came out of one run of a simulation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fewlabels.session._known_answers import Answers
from fewlabels.session.rounds import Round


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
        classes, places = np.unique(answers.codes[round_.labelled], return_index=True)
        first_seen = np.zeros(len(answers.classes), dtype=np.intp)
        first_seen[classes] = places + 1
        self.first_seen = first_seen.tolist()
