"""Random checks that were drawn, and the sequences in which they are drawn of the same answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.session._events import Audit
from fewlabels.session._labels import Label


@dataclass(frozen=True)
class DrawnAudit:
    """An audit, the number of the event that drew it, and that of its sequence, if any."""

    audit: Audit
    event: int
    sequence: int | None = None


@dataclass(frozen=True)
class CheckSequence:
    """Checks of the answers that the model gave when the sequence began.

    Attributes
    ----------
    number : int
        How many sequences there were before.
    event : int
        The number of the event that began it.
    members : ndarray of shape (n_points,), bool
        The points whose answers are checked: those that were open then and at the first draw, and
        those of labels that were given together. Until one is drawn, what people choose to label
        can't tell which answers the draws will find.
    labels : dict from point to label
        What the model had learned then. Of members, which have it from labels that were given
        together, it is the answer that is checked.
    together : bool
        Whether labels that are given together are checked, too.
    """

    number: int
    event: int
    members: npt.NDArray[np.bool_]
    labels: dict[int, Label]
    together: bool = False

    @property
    def n_points(self) -> int:
        """How many points the answers are for."""
        return int(self.members.sum())

    @property
    def n_given(self) -> int:
        """How many of the answers are labels that were given together before."""
        return int(self.members[list(self.labels)].sum())
