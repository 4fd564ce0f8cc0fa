"""Sittings that end when an accuracy is proven, and what the best bet in hindsight would take.

A sitting is a session, or a process that stands for one: with t labels the model is right about a
share of the points that is known, and advice is asked for after every five answers. Within a
sequence of checks a proof is found at the very answer that completes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.works.work import Clock, Work

_AT_A_TIME = 5
_CONFIDENCE = 0.95
# Sequences that are begun at once, however bad the model is, and given up after so many checks.
_MOST_SEQUENCES, _MOST_CHECKS = 5, 300

# How often the model is right with t labels.
LEARNERS: dict[str, Callable[[float], float]] = {
    "a model that learns quickly": lambda t: 1 - 0.005 - 0.145 * (t / 10) ** -1.2,
    "a model that learns slowly": lambda t: 1 - 0.02 - 0.28 * (t / 10) ** -0.8,
    "a model right about 97 %": lambda t: 0.97,
    "a model that stays just too bad": lambda t: 0.895,
}


def checks_of_the_best_bet(wrong: Any, n_allowed: int) -> int:
    """Return after how many draws who knows how many are wrong would have proven it.

    The bet on that number alone against one more than allowed, with all the error to spend.

    Parameters
    ----------
    wrong : ndarray of shape (n_points,), bool
        All points, in the order in which they are drawn.
    n_allowed : int
        More than are wrong.
    """
    pool = np.arange(len(wrong), 0, -1)
    found = np.cumsum(wrong) - wrong
    against, true = n_allowed + 1 - found, wrong.sum() - found
    impossible = (against > pool) | ((against == pool) & ~wrong)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(
            wrong, np.log(true) - np.log(against), np.log(pool - true) - np.log(pool - against)
        )
    wealth = np.cumsum(np.where(impossible, np.inf, steps))
    return int(np.argmax(wealth >= -math.log1p(-_CONFIDENCE))) + 1


def learning_sittings(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Sit with models that learn as `LEARNERS` say, a sitting a seed.

    Settings: ``n_points``, ``wanted``, ``most`` answers a sitting. Returns what :func:`_figures`
    does, each of shape (n_learners, n_seeds).
    """
    del inputs
    found = []
    for number, learner in enumerate(LEARNERS.values()):
        with clock("sittings"):
            found.append(
                [
                    _sitting(
                        learner,
                        settings["n_points"],
                        settings["wanted"],
                        settings["most"],
                        np.random.default_rng([seed, number]),
                    )
                    for seed in settings["seeds"]
                ]
            )
    return {name: np.array([[one[name] for one in of] for of in found]) for name in found[0][0]}


def _sitting(
    accuracy: Callable[[float], float],
    n_points: int,
    wanted: float,
    most: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    from fewlabels.session._events import Audit
    from fewlabels.session.advice import advise
    from fewlabels.session.audit import Checks, estimate_accuracy
    from fewlabels.session.proof import SequenceChecks, confidence_of, n_allowed

    n_labels, share, seen = 10, 0.1, []
    sequences: list[Any] = []
    pool = np.empty(0, dtype=bool)
    figures = _figures()
    while n_labels < most:
        audits = tuple(Audit(i, right, t, n_points, ()) for i, (t, right) in enumerate(seen))
        no = np.zeros(len(seen), dtype=bool)  # of labels that were given together there are none
        checks = Checks(audits, (True,) * len(seen), np.arange(len(seen)), no, no)
        advice, turn = advise(
            wanted,
            estimate_accuracy(checks, _CONFIDENCE),
            checks,
            n_labels=n_labels,
            n_open=n_points - n_labels,
            sequences=sequences,
        )
        if advice.action == "stop":
            n, right = advice.proof.n_points, ~pool
            allowed = n_allowed(wanted, n)
            surplus = _checks_too_many(sequences[-1], wanted)
            figures["stopped"], figures["answers"] = 1, n_labels - surplus
            figures["wrong"] = float(right.mean() < advice.proof.low)
            figures["checks"] = sum(len(one.wrong) for one in sequences) - surplus
            figures["before"] = len(seen) - sum(len(one.wrong) for one in sequences)
            if pool.sum() <= allowed:
                figures["best"] = checks_of_the_best_bet(pool, allowed)
            return figures
        if turn == "checks_began":
            n = n_points - n_labels
            pool = rng.permutation(n) < round((1 - accuracy(n_labels)) * n)
            confidence = confidence_of(len(sequences), _CONFIDENCE)
            sequences.append(SequenceChecks.of_none(n_labels, n, confidence))
        elif turn == "checks_ended":
            sequences[-1] = _longer(sequences[-1], pool, 0, is_on=False)
        if sequences and sequences[-1].is_on:
            t, done = sequences[-1].n_labels, len(sequences[-1].wrong)
            sequences[-1] = _longer(sequences[-1], pool, _AT_A_TIME)
            seen += [(t, not wrong) for wrong in pool[done : done + _AT_A_TIME].tolist()]
        else:
            drawn = rng.random(rng.binomial(_AT_A_TIME, share)) < accuracy(n_labels)
            seen += [(n_labels, right) for right in drawn.tolist()]
        n_labels += _AT_A_TIME
    return figures


def _figures() -> dict[str, float]:
    """Return a sitting without a proof.

    `stopped`; `wrong`: fewer are right than is proven; `answers` in all; `checks` in sequences, and
    `before` them; `best`: those of the best bet.
    """
    nothing = float("nan")
    return {
        "stopped": 0,
        "wrong": 0,
        **dict.fromkeys(("answers", "checks", "before", "best"), nothing),
    }


def _longer(checks: Any, pool: Any, more: int, *, is_on: bool = True) -> Any:
    from fewlabels.session.proof import SequenceChecks

    n = min(len(checks.wrong) + more, len(pool))
    drawn_from = len(pool) - np.arange(n)
    return SequenceChecks(
        checks.n_labels, len(pool), pool[:n], drawn_from, checks.confidence, is_on
    )


def _checks_too_many(checks: Any, wanted: float) -> int:
    """Return how many answers came after the one that completed the proof."""
    from fewlabels.session.proof import n_allowed
    from fewlabels.stopping import log_wealth_without_replacement

    wealth = log_wealth_without_replacement(
        n_allowed(wanted, checks.n_points) + 1, checks.wrong, checks.n_drawn_from, checks.n_points
    )
    reached = int(np.argmax(wealth >= -math.log1p(-checks.confidence)))
    return len(checks.wrong) - reached - 1


def hasty_sittings(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Begin five sequences one after another with answers that are just too bad, in each run.

    Settings: ``runs`` a seed; ``n_points``; ``wanted``. One looks after every answer. Returns
    whether nothing was proven, of shape (1, n_runs).
    """
    del inputs
    from fewlabels.session.proof import confidence_of, n_allowed
    from fewlabels.stopping import log_wealth_without_replacement

    n = settings["n_points"]
    n_wrong = n_allowed(settings["wanted"], n) + 1
    drawn_from = n - np.arange(min(_MOST_CHECKS, n))
    limits = [-math.log1p(-confidence_of(i, _CONFIDENCE)) for i in range(_MOST_SEQUENCES)]
    held = []
    for seed in settings["seeds"]:
        rng = np.random.default_rng(seed)
        with clock("runs"):
            for _ in range(settings["runs"]):
                wealth = (
                    log_wealth_without_replacement(
                        n_wrong, (rng.permutation(n) < n_wrong)[: len(drawn_from)], drawn_from, n
                    ).max()
                    for _ in limits
                )
                held.append(all(w < limit for w, limit in zip(wealth, limits, strict=True)))
    return {"held": np.array([held])}


def proof_sessions(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Label in sessions at their defaults until the accuracy wanted is proven, one a seed.

    Inputs: graph and truth. Settings: ``wanted``, ``most`` labels. Returns what :func:`_figures`
    does, each of shape (n_seeds,).
    """
    import fewlabels
    from fewlabels.session import Session
    from fewlabels.session.proof import n_allowed, sequences_of

    graph, truth = fewlabels.Graph.load(inputs["graph"]), inputs["truth"]
    found = []
    for seed in settings["seeds"]:
        session = Session(graph, random_state=seed)
        figures, wrong = _figures(), np.empty(0, dtype=bool)
        with clock("session"):
            while len(session.labelled) < settings["most"]:
                n_events = len(session.history)
                advice = session.advice(settings["wanted"], _CONFIDENCE)
                if advice.action == "stop":
                    break
                if advice.action == "check" and len(session.history) > n_events:
                    wrong = session.predictions().labels != truth
                asked = session.ask(_AT_A_TIME)
                session.tell(asked, truth[asked])
        if advice.action == "stop" and advice.proof is not None:
            state = session._state
            sequence, checks = state.sequences[-1], sequences_of(state, _CONFIDENCE)
            surplus = _checks_too_many(checks[-1], settings["wanted"])
            drawn = [d.audit.point for d in state.audits if d.sequence == sequence.number]
            rest = np.setdiff1d(np.flatnonzero(sequence.members), drawn)
            order = np.append(drawn, np.random.default_rng(seed).permutation(rest)).astype(int)
            n_checks = sum(len(one.wrong) for one in checks)
            allowed = n_allowed(settings["wanted"], sequence.n_points)
            figures |= {
                "stopped": 1,
                "wrong": float(1 - wrong[order].mean() < advice.proof.low),
                "answers": len(session.labelled) - surplus,
                "checks": n_checks - surplus,
                "before": len(state.audits) - n_checks,
            }
            if wrong[order].sum() <= allowed:
                figures["best"] = checks_of_the_best_bet(wrong[order], allowed)
        found.append(figures)
    return {name: np.array([one[name] for one in found]) for name in found[0]}


WORKS = {
    "learning sittings": Work(learning_sittings, ("fewlabels",)),
    "hasty sittings": Work(hasty_sittings, ("fewlabels",)),
    "proof sessions": Work(proof_sessions, ("fewlabels",)),
}
