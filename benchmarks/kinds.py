"""How models do on sets of many kinds, over draws of labels: `evaluate`.

For a script:

>>> from benchmarks.kinds import evaluate
>>> found = evaluate("logistic regression", ["sonar", "glass"], draws=2)  # doctest: +SKIP
>>> found["accuracy"].shape  # sets, budgets, draws  # doctest: +SKIP
(2, 4, 2)
>>> from fewlabels import FewLabelsClassifier
>>> evaluate(FewLabelsClassifier, "tuned on")["accuracy"].mean(axis=2)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score

from benchmarks import sets
from benchmarks.data import FIRST_SEED
from benchmarks.plain import Answer, answered, started

# A kind of draw, and its number: of each class, or of all points.
Budget = tuple[str, int]
BUDGETS: tuple[Budget, ...] = (("each", 1), ("each", 5), ("each", 20), ("random", 50))
MEASURES = ("accuracy", "balanced", "calibration", "loss")
LEAST = 1e-3  # of a probability, where its logarithm is taken
WORDS = ("sure", "too few labels", "classes disagree", "little evidence", "unreached")
N_SUSPECTED, FLIPPED = 100, 0.1  # labels at random, and the share of them that is made wrong


def evaluate(
    model: str | Callable[[], Any],
    of: str | Sequence[Any],
    budgets: Sequence[Budget] = BUDGETS,
    draws: int = 10,
    *,
    first_seed: int = FIRST_SEED,
    largest: int | None = None,
    n_jobs: int = 1,
) -> dict[str, Any]:
    """Return how a model does on each set, with each budget of labels, in each draw.

    Parameters
    ----------
    model : str or callable
        A name of `benchmarks.plain.MODELS`; or what makes an estimator of this package when
        called without arguments, its class for one.
    of : str or sequence of str or (X, y)
        "tuned on", "never tuned on" or "all"; names of sets; or points, standardised where they
        should be, and the class of each.
    budgets : sequence of (str, int)
        "each" and labels a class, or "random" and labels in all.
    draws : int, default=10
    first_seed : int, default=1000
        Of the first draw.
    largest : int or None, default=None
        Points of a set that is named, at most.
    n_jobs : int, default=1
        Sets at a time, each in a process of its own.

    Returns
    -------
    dict of str to ndarray of shape (n_sets, n_budgets, n_draws)
        ``accuracy``; ``balanced``, mean recall; ``calibration``, the expected calibration error;
        ``loss``, the mean -log of the true class's probability, at least 0.001. All of the points
        without a label. NaN where the model gives no probabilities. ``count`` and ``right``, of
        shape (n_sets, n_budgets, n_draws, 4): points of each word of doubt, and how many of them
        are right.
    """
    names = _named(of) if isinstance(of, str) else of
    found = Parallel(n_jobs=n_jobs)(
        delayed(of_set)(model, data, budgets, draws, first_seed, largest) for data in names
    )
    return {key: np.stack([of_one[key] for of_one in found]) for key in found[0]}


def of_set(
    model: str | Callable[[], Any],
    data: Any,
    budgets: Sequence[Budget],
    draws: int,
    first_seed: int = FIRST_SEED,
    largest: int | None = None,
) -> dict[str, Any]:
    """Return what `evaluate` does, of one set: shape (n_budgets, n_draws)."""
    if isinstance(data, str):
        prepared = sets.load(data, largest)
        X, truth = prepared.X, prepared.y
    else:
        X, truth = np.asarray(data[0]), np.unique(data[1], return_inverse=True)[1]
    shape = (len(budgets), draws)
    found: dict[str, Any] = {name: np.full(shape, np.nan) for name in MEASURES}
    found |= {name: np.zeros((*shape, len(WORDS))) for name in ("count", "right")}
    ask = started(model)(X)
    for j, budget in enumerate(budgets):
        for draw in range(draws):
            y = drawn(truth, budget, first_seed + draw)
            answer = answered(ask, y)
            for name, value in judged(answer, truth, y < 0).items():
                found[name][j, draw] = value
    return found


def drawn(truth: Any, budget: Budget, seed: int) -> Any:
    """Return labels of some random points, the others -1.

    Of each class half of its points at most, and of all points half. Of points at random, some
    classes may have none.
    """
    kind, number = budget
    rng = np.random.default_rng(seed)
    if kind == "random":
        chosen = rng.choice(len(truth), min(number, len(truth) // 2), replace=False)
    else:
        of_classes = [np.flatnonzero(truth == c) for c in np.unique(truth)]
        chosen = np.concatenate(
            [rng.choice(of, min(number, len(of) // 2), replace=False) for of in of_classes]
        )
    y = np.full(len(truth), -1)
    y[chosen] = truth[chosen]
    return y


def judged(answer: Answer, truth: Any, hidden: Any) -> dict[str, Any]:
    """Return the measures of one answer, of the hidden points."""
    from fewlabels.insight import expected_calibration_error

    classes = truth[hidden]
    right = answer.predicted[hidden] == classes
    sizes = np.bincount(classes)
    hits = np.bincount(classes, weights=right, minlength=len(sizes))
    found: dict[str, Any] = {
        "accuracy": right.mean(),
        "balanced": (hits[sizes > 0] / sizes[sizes > 0]).mean(),
    }
    if answer.proba is not None:
        whole = np.zeros((len(classes), int(truth.max()) + 1))
        whole[:, answer.classes] = answer.proba[hidden]
        found["calibration"] = expected_calibration_error(classes, whole)
        of_truth = whole[np.arange(len(classes)), classes]
        found["loss"] = -np.log(np.maximum(of_truth, LEAST)).mean()
    if answer.doubt is not None:
        said = answer.doubt[hidden]
        found["count"] = [np.sum(said == word) for word in WORDS]
        found["right"] = [np.sum(right[said == word]) for word in WORDS]
    return found


def suspected(find: Callable[[Any, Any, Any, int], Any], data: Any, draws: int) -> Any:
    """Return the average precision of suspects in each draw, shape (n_draws,).

    100 labels at random (a third of the points at most), of which a tenth is flipped to any other
    class.

    Parameters
    ----------
    find : callable
        Takes points, which are labelled, their labels and the number of classes; returns how
        trustworthy each label is.
    data : sets.Data
    draws : int
    """
    X, truth = data.X, data.y
    n_labels = min(N_SUSPECTED, len(truth) // 3)
    found = np.empty(draws)
    for draw in range(draws):
        rng = np.random.default_rng(FIRST_SEED + draw)
        labelled = np.sort(rng.choice(len(truth), n_labels, replace=False))
        wrong = np.zeros(n_labels, dtype=bool)
        wrong[rng.choice(n_labels, round(FLIPPED * n_labels), replace=False)] = True
        n_classes = len(data.classes)
        given = truth[labelled].copy()
        given[wrong] = (given[wrong] + rng.integers(1, n_classes, int(wrong.sum()))) % n_classes
        trust = find(X, labelled, given, n_classes)
        found[draw] = average_precision_score(wrong, -trust)
    return found


def _named(which: str) -> list[str]:
    known = {"all": (True, False), "tuned on": (True,), "never tuned on": (False,)}
    return [about.name for about in sets.SETS if about.tuned_on in known[which]]
