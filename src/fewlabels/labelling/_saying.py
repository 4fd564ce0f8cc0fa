"""What the models say, as the page shows it: of the labels they learned, and of those since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.labelling._mind import Mind, Opinion
from fewlabels.labelling._snapshot import DOUBTS, PREDICTED, Predicted, Proven, Snapshot, Suspect
from fewlabels.models import FewLabelsClassifier
from fewlabels.models._protocol import AnsweringModel
from fewlabels.session._labels import Label, is_same
from fewlabels.session._model import answered
from fewlabels.session._outlook import FEWEST_CHECKS
from fewlabels.session._points import quiet_blas
from fewlabels.session._questions import Answers, answers_by
from fewlabels.session._remarks import remarks_of_model
from fewlabels.session._state import SessionState
from fewlabels.session.advice import Advice
from fewlabels.session.audit import checks_of, estimate_shares
from fewlabels.session.proof import sequences_of, taken_back
from fewlabels.stopping import ErrorCurve, most_wrong

FloatArray = npt.NDArray[np.floating]

_CURVE_POINTS = 24
# Points of which the model that asks changed its mind by less stay as they were; and shares below
# this are as good as none.
_MOVED, _LEAST_SHARE = 1e-3, 1e-3
_SURE = 0.8


@dataclass(frozen=True, eq=False)
class Said:
    """What the model that answers says, with the labels up to one row of the log.

    Attributes
    ----------
    seq : int
    classes : list of str
    shares : ndarray of shape (n_points, n_classes)
    predicted : Predicted
        With the numbers of the classes.
    answers : Answers
        What random checks are about.
    """

    seq: int
    classes: list[str]
    shares: FloatArray
    predicted: Predicted
    answers: Answers


@dataclass(frozen=True)
class Reviewed:
    """What the model that answers says of the labels themselves, up to one row of the log."""

    seq: int
    suspects: tuple[Suspect, ...] = ()
    remarks: tuple[str, ...] = ()


def said_by_model(
    model: AnsweringModel, n_labels: int, seq: int, numbers: Mapping[str, int]
) -> Said:
    """Return what a fitted classifier says; `numbers` are those of the classes."""
    shares = model.label_distributions_
    classes = model.classes_.tolist()
    has = answered(model)
    codes, second, confidence = _read_off(shares, has, classes, numbers)
    predicted = Predicted(
        codes=codes,
        second=second,
        confidence=confidence,
        evidence=np.asarray(model.evidence_, dtype=np.float32),
        doubt=_doubts(model, len(codes)),
    )
    return Said(seq, classes, shares, predicted, Answers.of(model, n_labels))


def reviewed_by_model(
    model: object, graph: Graph, labels: Mapping[int, Label], seq: int, numbers: Mapping[str, int]
) -> Reviewed:
    """Return what a classifier that was fitted on some labels says of them."""
    return Reviewed(seq, _suspects(model, numbers), remarks_of_model(graph, labels, model))


def first_said(now: Opinion, numbers: Mapping[str, int]) -> Predicted:
    """Return what the model that asks thinks, where the one that answers has said nothing yet."""
    codes, second, confidence = _read_off(now.shares, now.reached, now.classes, numbers)
    doubt = np.where(now.reached, DOUBTS.index("too few labels"), DOUBTS.index("unreached"))
    return Predicted(
        codes=codes,
        second=second,
        confidence=confidence,
        evidence=np.zeros(len(codes), dtype=np.float32),
        doubt=doubt.astype(np.uint8),
    )


def moved(said: Said, then: Opinion, now: Opinion, numbers: Mapping[str, int]) -> Predicted:
    """Return what a model said, moved as far as the quick model has moved since.

    The model that answers takes longer to learn a label than the one that asks. With p what it
    said, and a, b what the other thought then and thinks now, its answer is taken to be ::

        p_ic b_ic / a_ic,   each row over its sum:

    the labels that came since count as much as they do for the model that asks.

    Parameters
    ----------
    said : Said
    then : Opinion
        By the labels of which `said` is.
    now : Opinion
    numbers : mapping from class name to class number
    """
    before, after = _among(now.classes, then.classes, then.shares), now.shares
    changed = np.abs(after - before).max(axis=1) > _MOVED
    silent = said.predicted.codes < 0
    rows = np.flatnonzero((changed | silent) & now.reached)
    base = _among(now.classes, said.classes, said.shares)[rows]
    new = ~np.isin(now.classes, said.classes)  # it is for the model that asks to say how much
    ratio = (after[rows] + _LEAST_SHARE) / (before[rows] + _LEAST_SHARE)
    shares = (base + _LEAST_SHARE * new) * ratio
    totals = shares.sum(axis=1, keepdims=True)
    told_before = (totals > 0) & ~silent[rows, None]
    shares = np.where(told_before, shares / np.where(totals > 0, totals, 1), after[rows])
    found = _read_off(shares, np.ones(len(rows), dtype=bool), now.classes, numbers)
    told = said.predicted
    codes, second, confidence = told.codes.copy(), told.second.copy(), told.confidence.copy()
    doubt = told.doubt.copy()
    unsure = (found[0] != codes[rows]) | (found[2] < _SURE)
    doubt[rows[unsure]] = DOUBTS.index("classes disagree")
    codes[rows], second[rows], confidence[rows] = found
    return replace(told, codes=codes, second=second, confidence=confidence, doubt=doubt)


def predicted_now(
    mind: Mind, accuracy: float, confidence: float, numbers: Mapping[str, int]
) -> Predicted:
    """Return what the model that answers says by the labels of now, however long that takes.

    With the answers that are proven right as often as wanted, if they are.
    """
    labels = mind.state.labels
    with quiet_blas(mind.graph):
        model = mind.learner.answering(labels)
        predicted = said_by_model(model, len(labels), 0, numbers).predicted
        if mind.to_hold is not None:
            mind.held.of(mind.to_hold, answers_by(mind.learner))
        advice, _ = mind.advice(accuracy, confidence, ())
        proven = mind.proven_sequence(advice)
        if proven is None:
            return predicted
        held = mind.standing(proven, mind.held.of(proven, answers_by(mind.learner)))
        return replace(predicted, held=_numbered(held, numbers))


def snapshot_of(
    mind: Mind,
    predicted: Predicted,
    reviewed: Reviewed,
    advice: Advice,
    *,
    seq: int,
    learned: int,
    held: Answers | None,
    numbers: Mapping[str, int],
) -> Snapshot:
    """Put together what the models and the checks say.

    Parameters
    ----------
    mind : Mind
    predicted : Predicted
    reviewed : Reviewed
    advice : Advice
    seq, learned : int
    held : Answers or None
        Those of which the accuracy wanted is proven, as far as they stand.
    numbers : mapping from class name to class number
    """
    checks = checks_of(mind.state)
    confidence = advice.estimate.confidence
    shares = estimate_shares(mind.state, checks, confidence)
    curve: tuple[tuple[int, float], ...] = ()
    of_model = checks.of_model
    if len(of_model.audits) >= FEWEST_CHECKS:
        fitted = ErrorCurve(of_model.n_labels, of_model.right)
        at = np.unique(np.linspace(1, len(mind.state.labels), _CURVE_POINTS).astype(int)).tolist()
        curve = tuple((n, float(fitted.accuracy_at(n, (0.5,))[0])) for n in at)
    return Snapshot(
        **{name: getattr(predicted, name) for name in PREDICTED},
        held=None if held is None else _numbered(held, numbers),
        seq=seq,
        learned=learned,
        n_labels=len(mind.state.labels),
        suspects=reviewed.suspects,
        advice=advice,
        shares={numbers[str(label)]: share for label, share in shares.items()},
        curve=curve,
        proven=proven_by(mind.state, confidence, mind.last_held, mind.unread),
    )


def proven_by(
    state: SessionState,
    confidence: float,
    held: Answers | None = None,
    unread: npt.NDArray[np.bool_] | None = None,
) -> Proven | None:
    """Return what the checks of the last sequence say of the labels of now, from both sides.

    Labels that people gave alone count as right, and so do those that checks gave. A label that was
    given to many at a glance counts as the answer that was checked, if it is the same; else as
    wrong for the lower bound and as right for the upper one.

    Parameters
    ----------
    state : SessionState
    confidence : float
    held : Answers or None
        Those that the last sequence is about, where they are known.
    unread : ndarray of shape (n_points,), bool, or None
        Points whose answers are told nobody, and are not counted. None: there are none.
    """
    sequences = sequences_of(state, (1 + confidence) / 2, held, unread)
    if not sequences or not len(sequences[-1].wrong):
        return None
    last = sequences[-1]
    wrong, n_wrong = last.wrong, int(last.wrong.sum())

    def most(which: npt.NDArray[np.bool_]) -> int:
        found = most_wrong(which, last.n_drawn_from, last.n_points, confidence=last.confidence)
        return int(found)

    sequence = state.sequences[-1]
    counted = set(last.points)
    others = others_alone = 0
    changed = len(taken_back(state, sequence))  # what is answered now may be right
    for point, label in state.labels.items():
        if not sequence.members[point]:
            others += 1
            others_alone += point not in state.together
        elif point not in counted:
            changed += not is_same(sequence.labels.get(point), label)
    # an answer that was found wrong has its right label since, and so may one labelled unasked
    low = max(last.n_answers - most(wrong) + n_wrong - last.n_overruled, 0) + others_alone
    high = min(most(~wrong) + n_wrong + changed, last.n_answers) + others
    return Proven(last.n_answers + others, low, high, confidence, len(wrong))


def _read_off(
    shares: FloatArray, has: npt.NDArray[np.bool_], classes: list[str], numbers: Mapping[str, int]
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Return the numbers of the likeliest class and of the next, and how probable the first is."""
    rows = np.arange(len(shares))
    best = shares.argmax(axis=1)
    ids = np.array([numbers[name] for name in classes], dtype=np.int16)
    codes = np.where(has, ids[best], -1).astype(np.int16)
    second = np.full(len(best), -1, dtype=np.int16)
    if len(ids) > 1 and len(rows):
        top = np.argpartition(shares, -2, axis=1)[:, -2:]
        next_best = np.where(top[:, 0] == best, top[:, 1], top[:, 0])
        possible = has & (shares[rows, next_best] > 0)
        second[possible] = ids[next_best][possible]
    return codes, second, shares[rows, best].astype(np.float32)


def _among(classes: list[str], own: list[str], shares: FloatArray) -> FloatArray:
    """Return the columns of some classes; 0 for those that are not among its own."""
    if own == classes:
        return shares
    found = np.zeros((len(shares), len(classes)), dtype=shares.dtype)
    for column, name in enumerate(classes):
        if name in own:
            found[:, column] = shares[:, own.index(name)]
    return found


def _numbered(answers: Answers, numbers: Mapping[str, int]) -> npt.NDArray[np.int16]:
    ids = [*(numbers[str(label)] for label in answers.classes), -1]
    return np.array(ids, dtype=np.int16)[answers.codes]


def _doubts(model: object, n_points: int) -> npt.NDArray[np.uint8]:
    found = np.zeros(n_points, dtype=np.uint8)
    if not isinstance(model, FewLabelsClassifier):
        found[~answered(model)] = DOUBTS.index("unreached")
        return found
    said = model.doubt_
    for place, word in enumerate(DOUBTS):
        found[said == word] = place
    return found


def _suspects(model: object, numbers: Mapping[str, int]) -> tuple[Suspect, ...]:
    """Return the labels that the others contradict, where the model lets them be."""
    if not isinstance(model, FewLabelsClassifier) or len(model.classes_) < 2:
        return ()
    ranked = model.suspect_labels()
    return tuple(
        Suspect(
            each.node,
            numbers[str(each.label)],
            numbers[str(each.suggested)],
            float(each.margin),
            int(each.rival) if each.rival >= 0 else None,
        )
        for each in ranked[: ranked.n_suspects]
    )
