"""What the random checks of a session say: how often the model is right, and how large classes are.

Some questions are not chosen by a rule but drawn, each open point as likely as any other, and the
model's prediction is written down at that moment. Nothing else enters these figures: points that a
rule chose are harder than most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_real
from fewlabels.session._events import Audit
from fewlabels.session._labels import Label, is_same
from fewlabels.session._state import SessionState
from fewlabels.stopping import mean_interval, share_interval

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class AccuracyEstimate:
    """How often the model was right about points drawn at random.

    Let A_j be the share of the open points about which the model was right when check j was drawn.
    The interval is for the mean of the A_j over the checks so far. With probability `confidence`
    or more it is right at *every* look: one may look after every answer, and stop because of it.
    It needs no assumption about the model, the rule or the order. It is about the model as it
    was at the checks, and in a sequence of checks as it was when that began: the mean of the past.
    Labels that were given together are among what such a sequence checks.
    What is proven of the answers of one time is in :class:`fewlabels.session.Proof`.

    Attributes
    ----------
    accuracy : float
        Share of the checks that the model got right; NaN without any.
    low, high : float
        The interval; 0 and 1 without any check.
    n_checks : int
    confidence : float

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session
    >>> session = Session(np.random.default_rng(0).normal(size=(60, 2))).tell([0, 1], ["a", "b"])
    >>> session.estimate().n_checks  # no random check has been answered yet
    0
    """

    accuracy: float
    low: float
    high: float
    n_checks: int
    confidence: float

    def __str__(self) -> str:
        if self.n_checks == 0:
            return "not known: no random check was answered"
        return (
            f"{100 * self.accuracy:.1f} %, between {100 * self.low:.1f} and {100 * self.high:.1f} "
            f"% ({self.n_checks} checks, {100 * self.confidence:g} % sure at every look)"
        )


@dataclass(frozen=True)
class ShareEstimate:
    """The share of a class among all points.

    Attributes
    ----------
    share : float
        NaN without a check.
    low, high : float
        An interval that holds at every look, for this class.
    n_checks : int
    confidence : float

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session
    >>> session = Session(np.random.default_rng(0).normal(size=(60, 2))).tell([0, 1], ["a", "b"])
    >>> share = session.class_shares()["a"]
    >>> share.n_checks, share.low < 0.5 < share.high  # nothing is known yet
    (0, True)
    """

    share: float
    low: float
    high: float
    n_checks: int
    confidence: float


@dataclass(frozen=True)
class Checks:
    """The random checks that count, in the order in which they were drawn.

    Attributes
    ----------
    audits : tuple of Audit
    labels : tuple of label
        What the labeller says of these points, by the last word.
    events : ndarray of shape (n_checks,), intp
        The number of the event that drew each.
    of_label : ndarray of shape (n_checks,), bool
        Whether what is checked is a label that was given together with others, and no answer of the
        model.
    among_labels : ndarray of shape (n_checks,), bool
        Whether it was drawn from such labels, too.
    """

    audits: tuple[Audit, ...]
    labels: tuple[Label, ...]
    events: IntArray
    of_label: BoolArray
    among_labels: BoolArray

    @property
    def of_model(self) -> Checks:
        """Those of the model's answers."""
        kept = np.flatnonzero(~self.of_label).tolist()
        return Checks(
            tuple(self.audits[place] for place in kept),
            tuple(self.labels[place] for place in kept),
            self.events[kept],
            self.of_label[kept],
            self.among_labels[kept],
        )

    @property
    def right(self) -> BoolArray:
        """Whether the model was right, shape (n_checks,). No prediction is a wrong one."""
        return np.array(
            [
                is_same(audit.predicted, label)
                for audit, label in zip(self.audits, self.labels, strict=True)
            ],
            dtype=bool,
        )

    @property
    def n_labels(self) -> IntArray:
        """The labels that the model had at each, shape (n_checks,)."""
        return np.array([audit.n_labels for audit in self.audits], dtype=np.intp)


def checks_of(state: SessionState) -> Checks:
    """Return the answered checks up to the first that is open.

    A labeller who answers the easy ones first must not move the interval, so those beyond an
    open one wait. Skipped ones are left out: the figures speak of the points that the labeller
    would answer. So are those that got a label together with others: that is no answer.
    """
    counted = []
    for drawn in state.audits:
        if drawn.audit.point in state.pending:
            break
        if drawn.audit.point in state.labels and drawn.audit.point not in state.together:
            counted.append(drawn)
    of = [None if d.sequence is None else state.sequences[d.sequence] for d in counted]
    return Checks(
        tuple(drawn.audit for drawn in counted),
        tuple(state.labels[drawn.audit.point] for drawn in counted),
        np.array([drawn.event for drawn in counted], dtype=np.intp),
        np.array(
            [s is not None and d.audit.point in s.labels for d, s in zip(counted, of, strict=True)],
            dtype=bool,
        ),
        np.array([s is not None and s.together for s in of], dtype=bool),
    )


def estimate_accuracy(checks: Checks, confidence: float = 0.95) -> AccuracyEstimate:
    """Return how often the model was right; see :class:`AccuracyEstimate`."""
    n = len(checks.audits)
    n_right = int(checks.right.sum())
    low, high = mean_interval(n_right, n, confidence=confidence)
    return AccuracyEstimate(
        n_right / n if n else float("nan"), float(low), float(high), n, confidence
    )


def estimate_shares(
    state: SessionState, checks: Checks, confidence: float = 0.95
) -> dict[Label, ShareEstimate]:
    """Return the share of each class that was seen or fixed, among all points.

    Each check says how many points the model gave to a class, and whether it missed one or took
    one for it: :func:`fewlabels.stopping.share_interval`. Labelled points count as they are, but
    for labels that were given together where checks were drawn from them, too.
    """
    confidence = check_real("confidence", confidence, above=0, below=1)
    n_points, n = state.n_points, len(checks.audits)
    classes = dict.fromkeys((*(state.classes or ()), *state.labels.values()))
    given = dict.fromkeys(classes, 0)
    when: dict[Label, list[int]] = {label: [] for label in classes}
    together: dict[Label, list[int]] = {label: [] for label in classes}
    for point, label in state.labels.items():
        when[label].append(state.labelled_at[point])
        if point in state.together:
            together[label].append(state.labelled_at[point])
        else:
            given[label] += 1
    # Those that the model knew when each check was drawn, by what is said of them now.
    known = {
        label: np.searchsorted(np.sort(events), checks.events, side="left")
        for label, events in when.items()
    }
    # Where the check was drawn from labels that were given together, too, they were no others.
    for label, events in together.items():
        known[label] -= checks.among_labels * np.searchsorted(
            np.sort(events), checks.events, side="left"
        )
    drawn_from = np.array([audit.n_drawn_from for audit in checks.audits], dtype=np.intp)
    total_known = sum(known.values(), np.zeros(n, dtype=np.intp))
    unknown = np.maximum(n_points - drawn_from - total_known, 0) / n_points
    least = {label: given[label] / n_points for label in classes}
    n_given = sum(given.values())
    most = {label: 1 - (n_given - given[label]) / n_points for label in classes}
    if n == 0:
        return {
            label: ShareEstimate(float("nan"), least[label], most[label], 0, confidence)
            for label in classes
        }
    counts = [dict(audit.predicted_counts) for audit in checks.audits]
    predicted = np.array([[count.get(label, 0) for count in counts] for label in classes])
    is_it = np.array([[answer == label for answer in checks.labels] for label in classes])
    said_so = np.array(
        [[is_same(audit.predicted, label) for audit in checks.audits] for label in classes]
    )
    shares, lows, highs = share_interval(
        np.array(list(known.values())) / n_points,
        predicted / n_points,
        (is_it & ~said_so) * drawn_from / n_points,
        (said_so & ~is_it) * drawn_from / n_points,
        unknown=unknown,
        confidence=confidence,
    )
    answers = {}
    for label, share, low, high in zip(
        classes, shares.tolist(), lows.tolist(), highs.tolist(), strict=True
    ):
        low, high = max(low, least[label]), min(high, most[label])
        answers[label] = ShareEstimate(min(max(share, low), high), low, high, n, confidence)
    return answers
