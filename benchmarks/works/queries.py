"""Labels given where a rule asks, with known answers; ours and the peers'.

Settings of all: ``seeds``, a list: one start each. Accuracies are of the points without a label, of
shape (n_contenders, n_seeds, n_rounds) where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.data import draw_labels
from benchmarks.packages import load
from benchmarks.works.work import Clock, Work

# Contenders of `digit_questions`; a fit of ours and the rule that asks.
DEFAULT, RANDOM = "the default rule", "random questions"
GRADIENTS = f"{DEFAULT}, oriented gradients"
THEIRS, AS_PUBLISHED = "scikit-learn, largest entropy", "the published recipe"
OURS_ON_DIGITS = (DEFAULT, RANDOM, GRADIENTS)
PUBLISHED = (AS_PUBLISHED, THEIRS)  # need labels to begin with

# Rules of GraphLearning: the name of the acquisition function, and whether it needs eigenvectors.
RULES_OF_GRAPHLEARNING = {
    "uncertainty": ("unc_sampling", False),
    "V-optimality": ("var_opt", True),
    "Sigma-optimality": ("sigma_opt", True),
    "model change": ("model_change", True),
    "model change, V-optimality": ("model_change_var_opt", True),
}


class TheirRecipe:
    """scikit-learn's example: a fit of its own each round, and questions of largest entropy."""

    def __init__(self, X: Any) -> None:
        self._X, self._y = X, np.full(len(X), -1)

    def learn(self, points: Any, labels: Any) -> Any:
        """Fit anew."""
        from sklearn.semi_supervised import LabelSpreading

        from fewlabels.session.simulation.rounds import Fit

        self._y[points] = labels
        self._model = LabelSpreading(gamma=0.25, max_iter=20).fit(self._X, self._y)
        return Fit(self._model.classes_, self._model.label_distributions_)

    def ask(self, count: int) -> Any:
        """Return the points without a label of largest entropy."""
        from scipy.stats import entropy

        order = np.argsort(entropy(self._model.label_distributions_.T))[::-1]
        return order[self._y[order] < 0][:count]


def digit_questions(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Ask about digits, 5 at a time, a shuffle a seed.

    Settings: ``contenders``; ``n_points``, the first so many of the shuffle; ``n_given``, of which
    the first so many have a label; ``budget``, labels in all.
    """
    del inputs, clock
    from fewlabels.session.simulation.digits import draw_digits

    found, n_labels = [], None
    for seed in settings["seeds"]:
        digits = draw_digits(settings["n_points"], seed=seed)
        curves = _on_digits(digits, settings, seed)
        n_labels = next(iter(curves.values()))[0]
        found.append([curves[name][1] for name in settings["contenders"]])
    return {"labels": np.array(n_labels), "accuracy": np.array(found).transpose(1, 0, 2)}


def _on_digits(digits: Any, settings: dict[str, Any], seed: int) -> dict[str, tuple[Any, Any]]:
    """Return the numbers of labels and the accuracies of each contender on one shuffle."""
    import fewlabels
    from fewlabels.session import simulate
    from fewlabels.session.simulation.digits import PUBLISHED_GAMMA
    from fewlabels.session.simulation.published_recipe import PublishedRecipe

    wanted, n_given = settings["contenders"], settings["n_given"]

    given = np.arange(n_given) if n_given else 0

    def ours(X: Any) -> Any:
        return simulate(
            X, digits.y, query="auto", initial=given,
            batch_size=5, budget=settings["budget"], random_state=seed,
        )  # fmt: skip

    curve = ours(digits.X)
    found = {
        DEFAULT: (curve.labels, curve.accuracy["auto"][0]),
        RANDOM: (curve.labels, curve.accuracy["random"][0]),
    }
    if GRADIENTS in wanted:
        features = fewlabels.OrientedGradients().fit_transform(digits.X)
        better = ours(features)
        found[GRADIENTS] = curve.labels, better.accuracy["auto"][0]
    n_rounds = len(curve.labels)
    if THEIRS in wanted:
        found[THEIRS] = _played(TheirRecipe(digits.X), digits.y, n_given, n_rounds)
    if AS_PUBLISHED in wanted:
        recipe = PublishedRecipe(fewlabels.graph.rbf_graph(digits.X, gamma=PUBLISHED_GAMMA))
        found[AS_PUBLISHED] = _played(recipe, digits.y, n_given, n_rounds)
    return found


def _played(learner: Any, truth: Any, n_given: int, n_rounds: int) -> tuple[Any, Any]:
    from fewlabels.session.simulation.rounds import play

    batches = [5] * (n_rounds - 1) + [0]
    rounds = list(play(learner, truth, np.arange(n_given), batches))
    return [len(one.labelled) for one in rounds], [one.accuracy(truth) for one in rounds]


def simulated(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Simulate rules of ours with a session's model; a random point of each class is given.

    Inputs: graph and truth. Settings: ``rules``, by the name for the table that of
    `fewlabels.queries.RULES` and its settings; ``batch_size``; ``budget``.
    """
    import fewlabels
    from fewlabels.queries import RULES
    from fewlabels.session import simulate

    graph, truth = fewlabels.Graph.load(inputs["graph"]), inputs["truth"]
    rules = {name: RULES[rule](**given) for name, (rule, given) in settings["rules"].items()}
    accuracies, areas = [], []
    for seed in settings["seeds"]:
        with clock("start"):
            curve = simulate(
                graph, truth, query=rules, initial=first_labels(truth, seed), random_state=seed,
                batch_size=settings["batch_size"], budget=settings["budget"],
            )  # fmt: skip
        area = curve.area()
        accuracies.append([curve.accuracy[name][0] for name in rules])
        areas.append([area[name][0] for name in rules])
    return {
        "labels": curve.labels,
        "accuracy": np.array(accuracies).transpose(1, 0, 2),
        "area": np.array(areas).T,
    }


def first_labels(truth: Any, seed: int) -> Any:
    """Return one random point of each class."""
    return np.flatnonzero(draw_labels(truth, 1, seed) >= 0)


class Unguided:
    """Random questions, as an acquisition function of GraphLearning."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def compute(self, scores: Any, candidates: Any) -> Any:
        """Return a value of each candidate; the largest are asked."""
        del scores
        return self._rng.random(len(candidates))

    def update(self, points: Any, labels: Any) -> None:
        """Learn nothing."""


def of_graphlearning(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Ask by GraphLearning's rules or at random; a model of its own, the same first labels.

    Inputs: W and truth, whose classes are 0, 1, .. Settings: ``rules``, of RULES_OF_GRAPHLEARNING,
    or RANDOM; ``model``, a name of `graphlearning.ssl` and its settings; ``eigenvectors``, how
    many; ``batch_size``; ``budget``. Returns the accuracy with the whole budget, of shape
    (n_rules, n_seeds). The model that answers is told of classes of equal size, as a session's of
    ours assumes. The rules ask by scores, which know nothing of sizes, and it takes long to bring
    answers to them: it is done once, at the end.
    """
    from scipy import sparse

    package = load("graphlearning")
    W, truth = sparse.csr_matrix(sparse.load_npz(inputs["W"])), inputs["truth"]
    values, vectors = package.graph(W).eigen_decomp(
        normalization="normalized", k=settings["eigenvectors"]
    )
    name, given = settings["model"]
    n_classes = len(np.unique(truth))
    shares = np.full(n_classes, 1 / n_classes)

    def model(**more: Any) -> Any:
        return getattr(package.ssl, name)(W, **given, **more)

    def learner(rule: str, points: Any, seed: int) -> Any:
        more: dict[str, Any] = {}
        if rule == RANDOM:
            asks, more = Unguided, {"seed": seed}
        else:
            function, by_eigenvectors = RULES_OF_GRAPHLEARNING[rule]
            asks = getattr(package.active_learning, function)
            if by_eigenvectors:  # as its documentation shows
                more = {"C": np.diag(1 / (values + 1e-11)), "V": vectors.copy()}
        return package.active_learning.active_learner(model(), asks, points, truth[points], **more)

    def accuracy(rule: str, points: Any, seed: int) -> float:
        asking = learner(rule, points, seed)
        _ask_all(asking, truth, settings["batch_size"], settings["budget"])
        labelled = asking.labeled_ind
        predicted = model(class_priors=shares).fit_predict(labelled, truth[labelled])
        hidden = np.ones(len(truth), dtype=bool)
        hidden[labelled] = False
        return float(np.mean((predicted == truth)[hidden]))

    accuracies = []
    for seed in settings["seeds"]:
        points = first_labels(truth, seed)
        with clock("start"):
            accuracies.append([accuracy(rule, points, seed) for rule in settings["rules"]])
    return {"accuracy": np.array(accuracies).T}


def _ask_all(learner: Any, truth: Any, batch_size: int, budget: int) -> None:
    while (count := min(batch_size, budget - len(learner.labeled_ind))) > 0:
        asked = learner.select_queries(batch_size=count)
        learner.update(asked, truth[asked])


def session_rounds(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Label in a session at its defaults: what comes before the first round, and then rounds.

    Inputs: graph and truth. Settings: ``rounds``, how many. Preparation is a new session on the
    graph, its first 5 questions, their answers, and the next 5 questions. A round is 5 answers,
    the update, and the next 5 questions.
    """
    import fewlabels
    from fewlabels.session import Session

    graph, truth = fewlabels.Graph.load(inputs["graph"]), inputs["truth"]
    with clock("preparation"):
        session = Session(graph, random_state=0)
        asked = session.ask(5)
        session.tell(asked, truth[asked])
        asked = session.ask(5)
    for _ in range(settings["rounds"]):
        with clock("round"):
            session.tell(asked, truth[asked])
            asked = session.ask(5)
    found = session.predictions()
    hidden = np.ones(len(truth), dtype=bool)
    hidden[session.labelled] = False
    return {"accuracy": np.mean((found.labels == truth)[hidden])}


def few_nodes(folder: Any) -> dict[str, Any]:
    """Return inputs for a first run that does not count."""
    import fewlabels
    from benchmarks.data import curved_classes

    X, truth = curved_classes(500, n_features=16, n_classes=4)
    path = folder / "graph.npz"
    fewlabels.knn_graph(X, 10).save(path)
    return {"graph": path, "truth": truth}


def peeking_sessions(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Look at the accuracy's interval after every answer of sessions on digits.

    Settings: ``n_points``; ``answers`` a session; ``confidence``. Half of the questions are
    checks. Returns whether the session's interval was right at every look, and whether that for
    one look was, each of shape (n_seeds,).
    """
    del inputs
    import fewlabels
    from fewlabels.session import Session
    from fewlabels.session.simulation.digits import draw_digits

    digits = draw_digits(settings["n_points"])
    graph, truth = fewlabels.knn_graph(digits.X), digits.y
    held, held_once = [], []
    for seed in settings["seeds"]:
        session = Session(graph, query="margin", audit_share=0.5, n_start=6, random_state=seed)
        first = session.ask(6)
        session.tell(first, truth[first])
        total, n_checks, n_right = 0.0, 0, 0
        looks = []
        with clock("session"):
            for _ in range(settings["answers"]):
                right = session.predictions().labels == truth
                (point,) = session.ask(1)
                if session.history[-1].audits:
                    open_ = np.ones(len(truth), dtype=bool)
                    open_[session.labelled] = False
                    total += right[open_].mean()
                    n_checks += 1
                    n_right += right[point]
                session.tell([point], truth[[point]])
                if n_checks:
                    said = session.estimate(settings["confidence"])
                    looks.append((said.low, said.high, total / n_checks, n_right, n_checks))
        low, high, mean, rights, n = np.array(looks).reshape(-1, 5).T
        held.append(np.all((low <= mean) & (mean <= high)))
        low, high = for_one_look(rights, n, confidence=settings["confidence"])
        held_once.append(np.all((low <= mean) & (mean <= high)))
    return {"held": np.array(held), "held_once": np.array(held_once)}


MOVES: dict[str, Callable[[Any], Any]] = {
    "an accuracy that stays": lambda t: np.full_like(t, 0.9),
    "an accuracy that grows": lambda t: 0.97 - 0.4 * np.exp(-4 * t),
}


def peeking_draws(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Look after every one of many draws, right or wrong, of an accuracy that stays or grows.

    Settings: ``runs`` a seed; ``draws`` a run; ``confidence``. Returns what `peeking_sessions`
    does, of shape (n_moves, n_runs).
    """
    del inputs
    from fewlabels.stopping import mean_interval

    n = np.arange(1, settings["draws"] + 1)
    held: dict[str, list[Any]] = {"held": [], "held_once": []}
    for number, move in enumerate(MOVES.values()):
        accuracy = move(n / len(n))
        means = np.cumsum(accuracy) / n
        rights = np.concatenate(
            [
                np.cumsum(
                    np.random.default_rng([seed, number]).random((settings["runs"], len(n)))
                    < accuracy,
                    axis=1,
                )
                for seed in settings["seeds"]
            ]
        )
        with clock("intervals"):
            for name, interval in (("held", mean_interval), ("held_once", for_one_look)):
                confidence = settings["confidence"]
                low, high = interval(
                    rights, np.broadcast_to(n, rights.shape), confidence=confidence
                )
                held[name].append(np.all((low <= means) & (means <= high), axis=1))
    return {name: np.array(values) for name, values in held.items()}


def for_one_look(n_right: Any, n: Any, *, confidence: float) -> tuple[Any, Any]:
    """Return the exact interval of a share for a single look (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    pairs, place = np.unique(  # many looks of many runs are few distinct ones
        np.stack([np.ravel(n_right), np.ravel(n)]), axis=1, return_inverse=True
    )
    right, wrong = pairs[0], pairs[1] - pairs[0]
    with np.errstate(invalid="ignore"):
        low = np.where(right == 0, 0.0, beta.ppf(tail, right, wrong + 1))
        high = np.where(wrong == 0, 1.0, beta.ppf(1 - tail, right + 1, wrong))
    shape = np.shape(n_right)
    return low[place].reshape(shape), high[place].reshape(shape)


WORKS = {
    "digit questions": Work(digit_questions, ("fewlabels", "scikit-learn")),
    "simulated": Work(simulated, ("fewlabels",)),
    "GraphLearning's questions": Work(of_graphlearning, ("graphlearning",)),
    "session rounds": Work(session_rounds, ("fewlabels",), few_nodes, {"rounds": 2}),
    "peeking sessions": Work(peeking_sessions, ("fewlabels",)),
    "peeking draws": Work(peeking_draws, ("fewlabels",)),
}
