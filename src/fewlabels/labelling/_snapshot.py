"""What the models said at one moment; nobody changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Estimator, Frame

if TYPE_CHECKING:
    from fewlabels.graph import Graph
    from fewlabels.session.advice import Advice
    from fewlabels.session.audit import ShareEstimate

DOUBTS = ("sure", "classes disagree", "little evidence", "too few labels", "unreached")


class Suspect(NamedTuple):
    """A label that the others contradict."""

    point: int
    class_id: int
    suggested: int
    margin: float
    against: int | None


#: What is predicted of each point, by the names of `Predicted`.
PREDICTED = ("codes", "second", "confidence", "evidence", "doubt")


@dataclass(frozen=True, eq=False, kw_only=True)
class Predicted:
    """What the models say of each point.

    Attributes
    ----------
    codes : ndarray of shape (n_points,), int16
        The number of the class that a model gives each point; -1 where it has no answer.
    second : ndarray of shape (n_points,), int16
        The next most probable class; -1 where there is none.
    confidence : ndarray of shape (n_points,), float32
    evidence : ndarray of shape (n_points,), float32
        How much evidence arrived at all.
    doubt : ndarray of shape (n_points,), uint8
        Places in `DOUBTS`.
    held : ndarray of shape (n_points,), int16, or None
        The answers of which the accuracy wanted is proven, as `codes`; None before it is.
    """

    codes: npt.NDArray[np.int16]
    second: npt.NDArray[np.int16]
    confidence: npt.NDArray[np.float32]
    evidence: npt.NDArray[np.float32]
    doubt: npt.NDArray[np.uint8]
    held: npt.NDArray[np.int16] | None = None

    def without_unread(self, graph: Graph) -> Predicted:
        """Return the same without answers to points that have no edges in the graph.

        Nothing is known of them: they are pictures that can't be read, or rows without values. A
        model of the features gives all of them one answer, that of a point without features.
        """
        has = graph.neighbor_counts > 0
        if has.all():
            return self
        return replace(
            self,
            codes=np.where(has, self.codes, -1).astype(np.int16),
            second=np.where(has, self.second, -1).astype(np.int16),
            confidence=np.where(has, self.confidence, 0).astype(np.float32),
            evidence=np.where(has, self.evidence, 0).astype(np.float32),
            doubt=np.where(has, self.doubt, DOUBTS.index("unreached")).astype(np.uint8),
            held=None if self.held is None else np.where(has, self.held, -1).astype(np.int16),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Snapshot(Predicted):
    """What the models said with the labels up to one row of the log.

    Attributes
    ----------
    seq : int
    learned : int
        The row up to which the model that answers has learned. What came since is told by the
        model that asks (:func:`fewlabels.labelling._saying.moved`).
    n_labels : int
    suspects : tuple of Suspect
        The most suspect first.
    advice : Advice
    shares : dict from class number to ShareEstimate
    curve : tuple of (int, float)
        Numbers of labels, and how often the model was about right then; empty where it is too
        early to say.
    proven : Proven or None
        None before the first check of a sequence.
    """

    seq: int
    learned: int
    n_labels: int
    suspects: tuple[Suspect, ...]
    advice: Advice
    shares: Mapping[int, ShareEstimate]
    curve: tuple[tuple[int, float], ...]
    proven: Proven | None


@dataclass(frozen=True)
class Proven:
    """How many labels, given and predicted, are right, by the last sequence of checks.

    Attributes
    ----------
    n_points : int
        Those that had a label, and those whose answers are checked.
    low, high : int
        At least, and at most, so many are right. A label counts as right if it was given alone:
        those that were given to many points at a glance are checked like the model's answers.
    confidence : float
        That both hold, at every look and for all sequences of checks.
    n_checks : int
    """

    n_points: int
    low: int
    high: int
    confidence: float
    n_checks: int


@dataclass(frozen=True)
class Reasons:
    """Why a point has its answer: labelled points, their share, and the row they are as of."""

    seq: int
    class_id: int | None
    shares: tuple[tuple[int, float, int], ...]


class Learned(NamedTuple):
    """What has been learned so far, and of what.

    Attributes
    ----------
    model : classifier of fewlabels
        Its labels are the names of classes.
    data : object
        What :func:`fewlabels.make_points` takes.
    label_column : str or None
        The column of `data` that held labels.
    name : str
        Of the data.
    sentence : str or None
        What random checks have proven, to be handed on.
    """

    model: Estimator
    data: Frame
    label_column: str | None
    name: str
    sentence: str | None
