"""Ask the models all that the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.labelling._mind import Mind
from fewlabels.labelling._snapshot import DOUBTS, Proven, Snapshot, Suspect
from fewlabels.models import FewLabelsClassifier
from fewlabels.session._model import answered
from fewlabels.session._questions import Answers
from fewlabels.session._state import SessionState
from fewlabels.session.advice import FEWEST_CHECKS, Advice
from fewlabels.session.audit import checks_of, estimate_shares
from fewlabels.session.proof import sequences_of
from fewlabels.stopping import ErrorCurve, most_wrong

_CURVE_POINTS = 24


def snapshot_of(
    mind: Mind, model: Any, advice: Advice, seq: int, numbers: Mapping[str, int]
) -> Snapshot:
    """Return what the models say now.

    Parameters
    ----------
    mind : Mind
    model : classifier
        That of :meth:`Mind.answering`.
    advice : Advice
    seq : int
    numbers : mapping from class name to class number
    """
    distributions = model.label_distributions_
    best = distributions.argmax(axis=1)
    ids = np.array([numbers[name] for name in model.classes_.tolist()], dtype=np.int16)
    has = answered(model)
    codes = np.where(has, ids[best], -1).astype(np.int16)
    second = np.full(len(best), -1, dtype=np.int16)
    if len(ids) > 1:
        top = np.argpartition(distributions, -2, axis=1)[:, -2:]
        next_best = np.where(top[:, 0] == best, top[:, 1], top[:, 0])
        possible = has & (distributions[np.arange(len(best)), next_best] > 0)
        second[possible] = ids[next_best][possible]
    held = mind.proven_answers(advice)
    checks = checks_of(mind.state)
    shares = estimate_shares(mind.state, checks, advice.estimate.confidence)
    curve: tuple[tuple[int, float], ...] = ()
    if len(checks.audits) >= FEWEST_CHECKS:
        fitted = ErrorCurve(checks.n_labels, checks.right)
        n_labels = len(mind.state.labels)
        at = np.unique(np.linspace(1, n_labels, _CURVE_POINTS).astype(int)).tolist()
        curve = tuple((n, float(fitted.accuracy_at(n, (0.5,))[0])) for n in at)
    return Snapshot(
        seq=seq,
        n_labels=len(mind.state.labels),
        codes=codes,
        second=second,
        evidence=np.asarray(model.evidence_, dtype=np.float32),
        confidence=distributions[np.arange(len(best)), best].astype(np.float32),
        doubt=_doubts(model, len(best)),
        suspects=_suspects(model, numbers),
        advice=advice,
        shares={numbers[str(label)]: share for label, share in shares.items()},
        curve=curve,
        proven=proven_by(mind.state, advice.estimate.confidence),
        held=None if held is None else _numbered(held, numbers),
    )


def _numbered(answers: Answers, numbers: Mapping[str, int]) -> npt.NDArray[np.int16]:
    ids = [*(numbers[str(label)] for label in answers.classes), -1]
    return np.array(ids, dtype=np.int16)[answers.codes]


def proven_by(state: SessionState, confidence: float) -> Proven | None:
    """Return what the checks of the last sequence say, from both sides."""
    one_sided = (1 + confidence) / 2
    sequences = sequences_of(state, one_sided)
    if not sequences or not len(sequences[-1].wrong):
        return None
    last = sequences[-1]
    wrong, n_wrong = last.wrong, int(last.wrong.sum())

    def most(which: npt.NDArray[np.bool_]) -> int:
        found = most_wrong(which, last.n_drawn_from, last.n_points, confidence=last.confidence)
        return int(found)

    members = state.sequences[-1].members
    inside = sum(bool(members[point]) for point in state.labels)
    others = len(state.labels) - inside
    # an answer that was found wrong has its right label since, and so may one labelled unasked
    low = last.n_points - most(wrong) + n_wrong + others
    high = min(most(~wrong) + n_wrong + inside - len(wrong), last.n_points) + others
    return Proven(last.n_points + others, low, high, confidence, len(wrong))


def _doubts(model: Any, n_points: int) -> npt.NDArray[np.uint8]:
    found = np.zeros(n_points, dtype=np.uint8)
    if not isinstance(model, FewLabelsClassifier):
        found[~answered(model)] = DOUBTS.index("unreached")
        return found
    said = model.doubt_
    for place, word in enumerate(DOUBTS):
        found[said == word] = place
    return found


def _suspects(model: Any, numbers: Mapping[str, int]) -> tuple[Suspect, ...]:
    """Return the labels that the others contradict, where the model lets them be."""
    if not isinstance(model, FewLabelsClassifier) or len(model.classes_) < 2:
        return ()
    ranked = model.suspect_labels()
    return tuple(
        Suspect(
            each.node,
            numbers[each.label],
            numbers[each.suggested],
            float(each.margin),
            int(each.rival) if each.rival >= 0 else None,
        )
        for each in ranked[: ranked.n_suspects]
    )
