"""What confirming neighbourhoods saves, simulated with a labeller who errs.

Usage: python -m benchmarks.neighbourhoods [digits|fashion] [LABELS] [DRAWS]

The labeller answers single questions, one keystroke each, and gives a wrong class to 2 % of them.
In a grid of 24 points one keystroke confirms all, and one takes out each point that is seen to be
of another class; 10 % of those are overlooked, and 0.5 % of the right ones are taken out. Grids are
confirmed wherever the engine has one, else a question is answered. Beside it: questions alone.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from fewlabels import OrientedGradients
from fewlabels.graph import shared_neighbor_graph
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._near import neighbourhood
from fewlabels.labelling._points import Prepared
from fewlabels.labelling._saying import predicted_now
from fewlabels.session._events import Event
from fewlabels.session._questions import Answers

WRONG, OVERLOOKED, TAKEN_OUT = 0.02, 0.1, 0.005
GRID = 24
# Before the first grid, so many questions; and after each grid that had a point taken out, as many.
FIRST, AFTER_A_MISTAKE = 20, 2


@dataclass
class Tally:
    """What a run cost and gave."""

    keystrokes: int = 0
    wrong: int = 0
    labels: int = 0

    @property
    def a_right_label(self) -> float:
        return self.keystrokes / (self.labels - self.wrong)

    @property
    def errors(self) -> float:
        return self.wrong / self.labels


class Labeller:
    def __init__(self, truth: Any, seed: int) -> None:
        self.truth = truth
        self.rng = np.random.default_rng(seed)
        self.classes = np.unique(truth)
        self.tally = Tally()

    def answer(self, point: int) -> str:
        label = self.truth[point]
        if self.rng.random() < WRONG:
            label = self.rng.choice(self.classes[self.classes != label])
        self._count(1, [point], label)
        return str(label)

    def confirm(self, points: list[int], label: int) -> list[int]:
        """Return the points that stay in the grid."""
        right = self.truth[points] == label
        out = np.where(right, self.rng.random(len(points)) < TAKEN_OUT, False)
        out |= ~right & (self.rng.random(len(points)) >= OVERLOOKED)
        kept = [point for point, gone in zip(points, out, strict=True) if not gone]
        self._count(1 + int(out.sum()), kept, label)
        return kept

    def _count(self, keystrokes: int, points: list[int], label: int) -> None:
        self.tally.keystrokes += keystrokes
        self.tally.labels += len(points)
        self.tally.wrong += int((self.truth[points] != label).sum())


def run(X: Any, graph: Any, truth: Any, n_labels: int, seed: int, *, grids: bool) -> Tally:
    mind = Mind(Prepared(X, graph), seed)
    labeller = Labeller(truth, seed)
    numbers = {str(label): int(label) for label in labeller.classes}
    questions = FIRST
    while labeller.tally.labels < n_labels:
        if grids and questions <= 0:
            _, turn = mind.advice(0.9, 0.95, ())
            if turn is not None:
                mind.take([Event(turn, ())])
            snapshot = predicted_now(mind, 0.9, 0.95, numbers)
            state = mind.state
            found = neighbourhood(
                graph,
                snapshot,
                lambda p, s=state: p not in s.labels and p not in s.pending,
                near=None,
                n=GRID,
                random_state=len(state.events),
            )
            if found is not None:
                kept = labeller.confirm(found[1], found[0])
                if kept:
                    told = tuple(str(found[0]) for _ in kept)
                    mind.take([Event("told", tuple(kept), told)])
                if len(kept) < len(found[1]):
                    questions = AFTER_A_MISTAKE
                continue
        choice = mind.choose(1, (), checked_answers(mind))
        if choice.asked is None:
            break
        mind.take([choice.asked])
        (point,) = choice.asked.indices
        mind.take([Event("told", (point,), (labeller.answer(point),))])
        questions -= 1
    return labeller.tally


def checked_answers(mind: Mind) -> Answers | None:
    """Return what random checks are about: the answers of now, or those held."""
    sequence = mind.state.current
    if sequence is None:
        labels = mind.state.labels
        return Answers.of(mind.models.answering(labels), len(labels)) if labels else None
    held = mind.held(sequence)
    if held is None:
        held = Answers.of(mind.models.answering(sequence.labels), len(sequence.labels))
        mind.hold(sequence, held)
    return held


def data(name: str) -> tuple[Any, Any]:
    if name == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return OrientedGradients((8, 8)).fit_transform(X), y
    from benchmarks.data import fashion_mnist

    X, y = fashion_mnist(10_000)
    return OrientedGradients((28, 28)).fit_transform(X), y


def main(name: str = "digits", n_labels: int = 1000, draws: int = 3) -> None:
    X, y = data(name)
    graph = shared_neighbor_graph(X)
    for seed in range(draws):
        alone = run(X, graph, y, min(n_labels, 100), seed, grids=False)
        grids = run(X, graph, y, n_labels, seed, grids=True)
        print(
            f"{name}, draw {seed}: {grids.labels} labels by {grids.keystrokes} keystrokes, "
            f"{100 * grids.errors:.2f} % wrong; by questions alone {100 * alone.errors:.2f} %; "
            f"{alone.a_right_label / grids.a_right_label:.1f} times fewer keystrokes a right label",
            flush=True,
        )


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*given[:1], *map(int, given[1:]))
