"""Play the labelling loop where the answers are known, and see what each query rule is worth."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from fewlabels._arrays import checked_array
from fewlabels._same_rows import refuse_other_rows
from fewlabels._validation import check_integer, check_n_jobs, check_seed
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features import Points as DataPoints
from fewlabels.graph import DiskGraph, Graph
from fewlabels.graph._progress import Progress, reporting
from fewlabels.models import ModelPair, recommended_models
from fewlabels.models._data import DataEstimator
from fewlabels.models._shared_kernel import check_beside
from fewlabels.queries import FunctionRule, QueryRule, make_rule
from fewlabels.session._model import (
    Points,
    as_features,
    check_takes,
    checked_model,
    expected_shares,
)
from fewlabels.session.simulation._known_answers import Answers, known_answers, start_of
from fewlabels.session.simulation._learner import ModelLearner, graph_of
from fewlabels.session.simulation._many_runs import played
from fewlabels.session.simulation._runs import Run
from fewlabels.session.simulation._runs_file import PathLike, RunsFile, data_fingerprint
from fewlabels.session.simulation.learning_curve import LearningCurve
from fewlabels.session.simulation.rounds import IntArray, play

Query: TypeAlias = str | QueryRule | type[QueryRule] | Callable[[Any, IntArray], Any]

BASELINE = "random"
_DEFAULT_BUDGET = 100
_MOST_ANSWERED_IN_FULL = 20_000


@dataclass(frozen=True)
class _Plan:
    """What every run of a simulation shares."""

    points: Points
    answers: Answers
    model: Any
    initial: str | int | IntArray
    n_labels: IntArray
    seed: int


def simulate(
    X_or_graph: Any,
    y: Any,
    *,
    query: Query | Sequence[Query] | Mapping[str, Query] = "auto",
    model: Any = None,
    initial: str | int | npt.ArrayLike = "one per class",
    batch_size: int = 5,
    budget: int | None = None,
    repeats: int = 1,
    random_state: int | np.random.RandomState | None = None,
    save_to: PathLike | None = None,
    progress: Progress = False,
    n_jobs: int | None = None,
    graph: Graph | None = None,
) -> LearningCurve:
    """Label points one batch after the other as query rules want, and measure how well it goes.

    Each rule begins with the same labels, gets `batch_size` answers at a time, and the model
    learns them without a new graph. After each batch, the points that have no label
    yet are predicted and compared with the truth. All is done `repeats` times, each time from
    other first labels, and beside the rules always with random questions, from the same first
    labels: a rule that does not beat these is not worth its while.

    Parameters
    ----------
    X_or_graph : {array-like, sparse matrix, Graph} of shape (n_points, n_features), or other data
        Features, of which a graph is made, once; or a graph. Tables, texts and pictures become
        points by :func:`fewlabels.make_points`, once and without the labels.
    y : array-like of shape (n_points,), or callable
        The true labels. Points without one (-1, None or NaN, as an estimator takes them) are
        in the graph, but never asked about, and not in any accuracy. Or an oracle:
        ``y(indices) -> labels``, called once with all the point numbers.
    query : str, QueryRule, class, function, or list or mapping of these, default="auto"
        What to ask by; see :func:`fewlabels.queries.make_rule`. A mapping names its rules, such
        as two settings of the same. ``"random"`` is added if it is not there.
    model : classifier of fewlabels, or ModelPair, default=None
        Unfitted; of features it makes its own graph. Of a pair one asks and the other answers, on
        :func:`fewlabels.graph.shared_neighbor_graph` of features. None:
        :func:`fewlabels.models.recommended_models`; above 20,000 points, where
        :class:`FewLabelsClassifier` would take seconds after each batch, the one that asks
        answers, too.
    initial : "one per class", int, or array-like of int, default="one per class"
        The first labels: one random point of each class; so many random points; these points
        (in every repeat). 0: none, so that the first batch too is the rule's choice.
    batch_size : int, default=5
        Questions at a time; at least 1. The last batch may be smaller.
    budget : int, default=None
        Labels in all, the first ones included; fewer than there are points with a true label.
        None: 100, or half of those points if that is less.
    repeats : int, default=1
        At least 1. Intervals need two or more.
    random_state : int, RandomState or None, default=None
        Each run has a generator of its own, which depends on this, the rule's name and the number
        of the repeat: a run comes out the same whatever else is run, and in whatever order.
    save_to : path, default=None
        A file of JSON lines to which each finished run is appended. If it exists, its runs are
        taken from there, so that an interrupted simulation goes on, and rules and repeats may
        be added to a finished one. With ``random_state=None`` it goes on with the file's own.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share that
        is done, from 0 to 1.
    n_jobs : int, default=None
        Runs at a time, one a repeat of a rule, as in scikit-learn: None is 1 outside a
        :func:`joblib.parallel_config`, -1 one for each core. Each of several is played in a
        process of its own, whatever backend joblib is set to. The curves are the same for any
        number; only `seconds` are longer where runs share cores and memory.
    graph : Graph, default=None
        Of the rows of `X_or_graph`, where these are features: in place of the one made.

    Returns
    -------
    LearningCurve

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If a setting is out of range or does not fit the data; if the oracle raises, or gives no
        answer for some point; if a rule returns something else than it was asked for.
    DataFileError
        If `save_to` holds runs of other data or settings, no runs at all, a damaged one, or can't
        be written.

    Notes
    -----
    Unreached points count as answered wrongly. Each run has one thread for dense linear algebra
    (BLAS); with one job the whole process has, while a run lasts.
    If a class has no label yet, a `class_prior` that holds a share for each class is used as far
    as it goes, as a :class:`Session` does. Cost: that of the rule and of `add_labels`, times
    the number of batches, rules and repeats; the graph is made once.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fewlabels.session import simulate
    >>> X, y = load_iris(return_X_y=True)
    >>> curve = simulate(X, y, query="auto", budget=15, batch_size=4, repeats=2, random_state=0)
    >>> curve.labels
    array([ 3,  7, 11, 15])
    >>> curve.queries
    ('auto', 'random')
    >>> curve.accuracy["auto"].shape
    (2, 4)
    """
    rules = _named_rules(query)
    check_integer("batch_size", batch_size, minimum=1)
    check_integer("repeats", repeats, minimum=1)
    check_seed(random_state)
    check_n_jobs(n_jobs)
    estimator = checked_model(model)
    refuse_other_rows(X_or_graph, y)
    X_or_graph = as_features(X_or_graph)
    if graph is not None:
        check_beside(graph, X_or_graph)
    known = X_or_graph if isinstance(X_or_graph, Graph) else graph
    answers = known_answers(y, _n_points(X_or_graph))
    if estimator is None:
        estimator = _recommended(len(answers.codes), known)
    if known is not None:
        check_takes(estimator, known)
    _check_shares(estimator, answers)
    start = start_of(initial, answers)
    n_labels = _label_counts(start.count, batch_size, budget, answers)
    file = None
    seed = _drawn_seed(random_state)
    if save_to is not None:
        settings = {
            "model": _described(estimator),
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
            done = None if file is None else file.run_of(name, _described(rule), repeat)
            if done is None:
                missing.append((name, rule, repeat))
            else:
                runs.append(done)
    if missing:
        makes_graph = not (model is None or isinstance(model, ModelPair))
        points = _points(X_or_graph, known, estimator, answers, makes_graph=makes_graph)
        plan = _Plan(points, answers, estimator, start.value, n_labels, seed)
        tasks = [partial(_run, plan, *which) for which in missing]
        with reporting(
            progress, len(missing) * len(n_labels), doing="simulating", unit="rounds"
        ) as report:
            for run in played(tasks, n_jobs, len(n_labels), report):
                if file is not None:
                    file.append(run, _described(rules[run.query]))
                runs.append(run)
    return LearningCurve.from_runs(runs, tuple(rules), answers.classes)


def _recommended(n_points: int, graph: Graph | None) -> Any:
    pair = recommended_models(n_points, on_disk=isinstance(graph, DiskGraph))
    return pair if n_points <= _MOST_ANSWERED_IN_FULL else pair.asks


def _points(
    X: Any, graph: Graph | None, model: Any, answers: Answers, *, makes_graph: bool
) -> Points:
    """Return the points with their graph: the one there is, the model's own, or the usual one."""
    if isinstance(X, Graph):
        return Points(X)
    if graph is not None:
        return Points(graph, X)
    if not makes_graph:
        return Points.of(X)
    if isinstance(X, DataPoints) and not isinstance(model, DataEstimator):
        return Points(graph_of(X.values, model, answers.truth, answers.known), X)
    return Points(graph_of(X, model, answers.truth, answers.known), X)


def _check_shares(model: Any, answers: Answers) -> None:
    """Raise now, rather than in a run, if a model's `class_prior` does not fit the classes."""
    each = (model.asks, model.answers) if isinstance(model, ModelPair) else (model,)
    for one in each:
        expected_shares(one, answers.classes.tolist())


def _run(
    plan: _Plan, name: str, rule: QueryRule, repeat: int, report: Callable[[int], object]
) -> Run:
    """Play the loop once."""
    answers = plan.answers
    learner = ModelLearner(
        plan.model,
        plan.points,
        clone(rule),
        candidates=answers.known,
        classes=answers.classes.tolist(),
        random_state=derived_seed(plan.seed, "query", name, repeat),
    )
    start_rng = np.random.RandomState(derived_seed(plan.seed, "start", repeat))
    initial = answers.drawn(plan.initial, start_rng)
    first = int(plan.n_labels[0]) - len(initial)
    batches = [*np.diff(plan.n_labels).tolist(), 0]
    recorded = Run(name, repeat)
    for round_ in play(learner, answers.truth, initial, batches, n_first=first):
        recorded.add(round_, answers)
        report(1)
    return recorded


def derived_seed(seed: int, *parts: str | int) -> int:
    """Return a seed that depends on `seed` and `parts`, and looks independent of any other."""
    key = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in parts]
    return int(np.random.SeedSequence([seed, *key]).generate_state(1)[0])


def _drawn_seed(random_state: int | np.random.RandomState | None) -> int:
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**32, dtype=np.uint64))
    return int(random_state)


def _n_points(X: Any) -> int:
    if isinstance(X, Graph):
        return X.n_nodes
    if isinstance(X, DataPoints):
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


def _named_rules(query: Any) -> dict[str, QueryRule]:
    """Return the rules by name, the random baseline among them."""
    if isinstance(query, Mapping):
        rules = {str(name): make_rule(rule) for name, rule in query.items()}
    else:
        several = query if isinstance(query, (list, tuple)) else [query]
        rules = {}
        for each in several:
            name, rule = _name_of(each), make_rule(each)
            if name in rules:
                raise InvalidInputError(
                    f"query names {name!r} twice. Name each rule once, or pass a mapping from "
                    "names of your own to rules."
                )
            rules[name] = rule
    if not rules:
        raise InvalidInputError("query is empty: name one rule or more.")
    if BASELINE not in rules:
        rules[BASELINE] = make_rule(BASELINE)
    return rules


def _name_of(query: Any) -> str:
    if isinstance(query, str):
        return query
    if isinstance(query, QueryRule) and not isinstance(query, FunctionRule):
        return repr(query)
    function = query.function if isinstance(query, FunctionRule) else query
    return str(getattr(function, "__name__", type(function).__name__))


def _described(model: Any) -> str:
    """Return the class of a model or rule with all its settings; functions by their name."""
    if isinstance(model, ModelPair):
        return f"{_described(model.asks)} asks, {_described(model.answers)} answers"
    settings = ", ".join(
        f"{name}={_function_name(value) if callable(value) else repr(value)}"
        for name, value in sorted(model.get_params(deep=False).items())
    )
    return f"{type(model).__name__}({settings})"


def _function_name(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__name__))
