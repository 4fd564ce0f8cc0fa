"""The labelling loop with known answers, on a graph in regions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from distributed import Client
from sklearn.base import clone

from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._recommended import RecommendedRule
from fewlabels.dask.label_spreading import LabelSpreading
from fewlabels.session.simulation._known_answers import Answers
from fewlabels.session.simulation._runs import Run
from fewlabels.session.simulation.learning_curve import LearningCurve

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# What can be asked by on a cluster; the baseline first.
RECOMMENDED = "uncertain-influence"
RULES = ("random", RECOMMENDED, "margin", "entropy", "least-confidence")


def simulate_graph(
    graph: RegionGraph,
    answers: Answers,
    *,
    client: Client,
    rules: Sequence[str],
    initial: str | int,
    batch_size: int,
    budget: int,
    repeats: int,
    seed: int,
    alpha: float = 0.99,
    progress: Callable[[float], object],
) -> LearningCurve:
    """Play the loop by each rule from the same starts; see :func:`fewlabels.session.simulate`.

    Parameters
    ----------
    graph : RegionGraph
    answers : Answers
        The true label of every row.
    client : Client
    rules : sequence of str
        Of `RULES`.
    initial : "one per class" or int
    batch_size, budget, repeats, seed : int
    alpha : float, default=0.99
    progress : callable
        Told the share that is done.
    """
    names = tuple(dict.fromkeys([*rules, "random"]))
    runs = []
    model = LabelSpreading(alpha=alpha)
    by_sketch = RecommendedRule(graph, graph.path, alpha, model.n_recoveries)
    for repeat in range(repeats):
        for number, rule in enumerate(names):
            loop = _Loop(graph, answers, client, rule, by_sketch, clone(model))
            start = np.random.SeedSequence([seed, repeat])
            random = np.random.RandomState(np.random.MT19937(start))
            labelled = answers.drawn(initial, random)
            runs.append(loop.run(repeat, labelled, batch_size, budget, random))
            progress((repeat * len(names) + number + 1) / (repeats * len(names)))
    return LearningCurve.from_runs(runs, names, answers.classes)


class _Loop:
    """A loop of asking by one rule, answering and learning."""

    def __init__(
        self,
        graph: RegionGraph,
        answers: Answers,
        client: Client,
        rule: str,
        by_sketch: RecommendedRule,
        model: LabelSpreading,
    ) -> None:
        self._graph, self._answers, self._client = graph, answers, client
        self._rule, self._by_sketch, self._model = rule, by_sketch, model

    def run(
        self,
        repeat: int,
        labelled: IntArray,
        batch_size: int,
        budget: int,
        random: np.random.RandomState,
    ) -> Run:
        """Play the loop from some labels until there are `budget`."""
        answers, model, run = self._answers, self._model, Run(self._rule, repeat)
        begun = time.perf_counter()
        given = (labelled, answers.classes[answers.codes[labelled]])
        model.fit(self._graph, given, client=self._client)
        try:
            while True:
                seconds = time.perf_counter() - begun
                _measure(run, model, answers, labelled, seconds)
                count = min(batch_size, budget - len(labelled))
                if count <= 0:
                    return run
                begun = time.perf_counter()
                asked = self._asked(labelled, count, random)
                model.add_labels(asked, answers.classes[answers.codes[asked]])
                labelled = np.concatenate([labelled, asked])
        finally:
            model.close()

    def _asked(self, labelled: IntArray, count: int, random: np.random.RandomState) -> IntArray:
        """Return the rows to ask about; random ones where the rule knows of too few."""
        if self._rule == RECOMMENDED:
            none = np.empty(0, np.intp)
            looked_at = self._model._seen_by_rules() if len(self._model.classes_) > 1 else {}
            return self._by_sketch.choose(
                self._client, count, labelled=labelled, closed=none, **looked_at
            )
        found = np.empty(0, np.intp)
        if self._rule != "random":
            found = self._model.most_uncertain(count, measure=self._rule)
        while len(found) < count:
            drawn = random.randint(len(self._answers.codes), size=2 * count)
            taken = np.concatenate([labelled, found])
            _, first = np.unique(drawn, return_index=True)
            new = drawn[np.sort(first)]
            new = new[~np.isin(new, taken)]
            found = np.concatenate([found, new[: count - len(found)]]).astype(np.intp)
        return found


def _measure(
    run: Run, model: LabelSpreading, answers: Answers, labelled: IntArray, seconds: float
) -> None:
    accuracy, macro_recall = answers.measured(_right(model, answers), labelled)
    run.points = labelled.tolist()
    run.n_labels.append(len(labelled))
    run.accuracy.append(accuracy)
    run.macro_recall.append(macro_recall)
    run.seconds.append(seconds)
    codes, place = np.unique(answers.codes[labelled], return_index=True)
    seen = np.zeros(len(answers.classes), int)
    seen[codes] = place + 1
    run.first_seen = seen.tolist()


def _right(model: LabelSpreading, answers: Answers) -> BoolArray:
    """Return whether each row is answered rightly, block by block."""
    decided, reached = model.transduction_, model.reached_
    ends = np.cumsum([0, *decided.chunks[0]]).tolist()
    right = np.zeros(len(answers.codes), bool)
    for number, (start, stop) in enumerate(pairwise(ends)):
        found = decided.blocks[number].compute() == answers.classes[answers.codes[start:stop]]
        right[start:stop] = found & reached.blocks[number].compute()
    return right
