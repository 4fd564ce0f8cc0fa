"""One model on one set of points: its runs, played or read from a file."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from fewlabels._arrays import checked_array
from fewlabels._callers import callers_level
from fewlabels._progress import Progress, reporting
from fewlabels._same_rows import refuse_other_rows
from fewlabels._typing import Estimator, Frame
from fewlabels._validation import check_integer, check_n_jobs, check_seed
from fewlabels.exceptions import InvalidInputError, InvalidTypeError, UnreachedWarning
from fewlabels.features import Points
from fewlabels.graph import DiskGraph, Graph
from fewlabels.models import ModelPair, recommended_models
from fewlabels.models._base import GraphClassifier
from fewlabels.models._data import DataEstimator
from fewlabels.models._shared_kernel import GraphMaker, check_beside, made_of
from fewlabels.queries import QueryRule
from fewlabels.session._learner import ModelLearner
from fewlabels.session._model import check_takes, checked_model, expected_shares
from fewlabels.session._points import GraphPoints, as_features
from fewlabels.session.simulation._known_answers import Answers, known_answers, start_of
from fewlabels.session.simulation._many_runs import played
from fewlabels.session.simulation._names import Query, described, named_rules
from fewlabels.session.simulation._runs import Run
from fewlabels.session.simulation._runs_file import PathLike, RunsFile, data_fingerprint
from fewlabels.session.simulation._taught import Taught, graph_of
from fewlabels.session.simulation.learning_curve import LearningCurve
from fewlabels.session.simulation.rounds import IntArray, play

_DEFAULT_BUDGET = 100
_MOST_ANSWERED_IN_FULL = 20_000


@dataclass(frozen=True)
class _Plan:
    """What every run of a simulation shares."""

    points: GraphPoints
    answers: Answers
    model: Estimator
    initial: str | int | IntArray
    n_labels: IntArray
    seed: int


def simulate_one(
    X_or_graph: object,
    y: object,
    *,
    query: Query | Sequence[Query] | Mapping[str, Query] = "auto",
    model: Estimator = None,
    initial: str | int | npt.ArrayLike = "one per class",
    batch_size: int = 5,
    budget: int | None = None,
    repeats: int = 1,
    random_state: int | np.random.RandomState | None = None,
    save_to: PathLike | None = None,
    progress: Progress = False,
    n_jobs: int | None = None,
    graph: Graph | GraphMaker | None = None,
) -> LearningCurve:
    """Return the curves of one model on one set of points; see :func:`simulate`."""
    rules = named_rules(query)
    check_integer("batch_size", batch_size, minimum=1)
    check_integer("repeats", repeats, minimum=1)
    check_seed(random_state)
    check_n_jobs(n_jobs)
    estimator = checked_model(model)
    refuse_other_rows(X_or_graph, y)
    X_or_graph = as_features(X_or_graph)
    if graph is not None:
        check_beside(graph, X_or_graph)
        graph = made_of(graph, X_or_graph)
    known = X_or_graph if isinstance(X_or_graph, Graph) else graph
    answers = known_answers(y, _n_points(X_or_graph))
    if estimator is None:
        estimator = _recommended(len(answers.codes), known)
    check_takes(estimator, known, None if isinstance(X_or_graph, Graph) else X_or_graph)
    _check_shares(estimator, answers)
    start = start_of(initial, answers)
    n_labels = _label_counts(start.count, batch_size, budget, answers)
    file = None
    seed = drawn_seed(random_state)
    if save_to is not None:
        settings = {
            "model": described(estimator),
            "initial": start.text,
            "batch_size": batch_size,
            "budget": int(n_labels[-1]),
        }
        if random_state is not None:
            settings["random_state"] = seed
        data = data_fingerprint(X_or_graph, answers, graph)
        file = RunsFile.opened(save_to, data, settings, seed, answers, n_labels.tolist())
        seed = file.seed
    runs: list[Run] = []
    missing = []
    for repeat in range(repeats):
        for name, rule in rules.items():
            done = None if file is None else file.run_of(name, described(rule), repeat)
            if done is None:
                missing.append((name, rule, repeat))
            else:
                runs.append(done)
    if missing:
        own = isinstance(model, GraphClassifier)
        points = _points(X_or_graph, known, estimator, answers, makes_graph=own)
        if own and isinstance(points.graph, Graph):
            _warn_of_alone(points.graph, type(model).__name__)
        plan = _Plan(points, answers, estimator, start.value, n_labels, seed)
        tasks = [partial(_run, plan, *which) for which in missing]
        with reporting(
            progress, len(missing) * len(n_labels), doing="simulating", unit="rounds"
        ) as report:
            for run in played(tasks, n_jobs, len(n_labels), report):
                if file is not None:
                    file.append(run, described(rules[run.query]))
                runs.append(run)
    return LearningCurve.from_runs(runs, tuple(rules), answers.classes)


def _recommended(n_points: int, graph: Graph | None) -> Estimator:
    pair = recommended_models(n_points, on_disk=isinstance(graph, DiskGraph))
    return pair if n_points <= _MOST_ANSWERED_IN_FULL else pair.asks


def _points(
    X: object, graph: Graph | None, model: object, answers: Answers, *, makes_graph: bool
) -> GraphPoints:
    """Return the points with their graph: the one there is, the model's own, or the usual one."""
    if isinstance(X, Graph):
        return GraphPoints(X)
    if graph is not None:
        return GraphPoints(graph, X)
    if not makes_graph:
        return GraphPoints.of(X)
    if isinstance(X, Points) and not isinstance(model, DataEstimator):
        return GraphPoints(graph_of(X.values, model, answers.truth, answers.known), X)
    return GraphPoints(graph_of(X, model, answers.truth, answers.known), X)


def _warn_of_alone(graph: Graph, name: str) -> None:
    """Warn where a graph, which may be a model's own, leaves points without any neighbour."""
    n_alone = int(np.count_nonzero(graph.degrees == 0))
    if n_alone:
        warnings.warn(
            f"{n_alone} of {graph.n_nodes} points have no neighbour in the graph of {name}: no "
            "label reaches them, and they count as wrong. Choose its kernel and gamma for these "
            "features, scale them, or pass graph=.",
            UnreachedWarning,
            stacklevel=callers_level(),
        )


def _check_shares(model: object, answers: Answers) -> None:
    """Raise now, rather than in a run, if a model's `class_prior` does not fit the classes."""
    each = (model.asks, model.answers) if isinstance(model, ModelPair) else (model,)
    for one in each:
        expected_shares(one, answers.classes.tolist())


def _run(
    plan: _Plan, name: str, rule: QueryRule, repeat: int, report: Callable[[int], object]
) -> Run:
    """Play the loop once."""
    answers = plan.answers
    learner = ModelLearner(plan.model, plan.points, clone(rule), answers.classes.tolist())
    taught = Taught(
        learner,
        len(answers.codes),
        candidates=answers.known,
        random_state=derived_seed(plan.seed, "query", name, repeat),
    )
    start_rng = np.random.RandomState(derived_seed(plan.seed, "start", repeat))
    initial = answers.drawn(plan.initial, start_rng)
    first = int(plan.n_labels[0]) - len(initial)
    batches = [*np.diff(plan.n_labels).tolist(), 0]
    recorded = Run(name, repeat)
    for round_ in play(taught, answers.truth, initial, batches, n_first=first):
        recorded.add(round_, answers)
        report(1)
    return recorded


def derived_seed(seed: int, *parts: str | int) -> int:
    """Return a seed that depends on `seed` and `parts`, and looks independent of any other."""
    key = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in parts]
    return int(np.random.SeedSequence([seed, *key]).generate_state(1)[0])


def drawn_seed(random_state: int | np.random.RandomState | None) -> int:
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**32, dtype=np.uint64))
    return int(random_state)


def _n_points(X: Frame) -> int:
    if isinstance(X, Graph):
        return X.n_nodes
    if isinstance(X, Points):
        return len(X)
    X = checked_array(X, "X_or_graph")
    shape = getattr(X, "shape", None)
    if not shape and not hasattr(X, "__len__"):
        raise InvalidTypeError(
            f"X_or_graph must be features of shape (n_points, n_features), or a Graph; got {X!r}."
        )
    return int(shape[0]) if shape else len(X)


def _label_counts(
    n_initial: int, batch_size: int, budget: int | None, answers: Answers
) -> IntArray:
    """Return the numbers of labels after which to measure."""
    n_known = len(answers.known)
    if budget is None:
        budget = max(n_initial, 1, min(_DEFAULT_BUDGET, n_known // 2))
    check_integer("budget", budget, minimum=1)
    if budget >= n_known:
        raise InvalidInputError(
            f"budget must be less than {n_known}, the number of points with a true label, so that "
            f"one is left to measure the accuracy on; got {budget}.",
            parameter="budget",
        )
    if budget < n_initial:
        raise InvalidInputError(
            f"budget counts the first labels too: it must be at least {n_initial}, their number; "
            f"got {budget}.",
            parameter="budget",
        )
    first = n_initial or min(batch_size, budget)
    return np.unique(np.append(np.arange(first, budget, batch_size), budget))
