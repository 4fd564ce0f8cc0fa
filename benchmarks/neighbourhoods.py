"""What confirming neighbourhoods saves, simulated with a labeller who errs.

Usage: python -m benchmarks.neighbourhoods [digits|fashion|texts] [LABELS] [DRAWS] [POINTS] [SEED]

LABELS 0 labels all points; each tenth of them is told, with how many of all points have the right
class by then, given or predicted. Fashion-MNIST is another part of its 70,000 pictures for each
draw.

The labeller answers single questions, one keystroke each, and gives a wrong class to 2 % of them.
In a grid of 24 points one keystroke confirms all, and one takes out each point that is seen to be
of another class; 10 % of those are overlooked, and 0.5 % of the right ones are taken out. Grids are
confirmed as long as the engine has one, else questions are answered, of what was taken out first,
as the page asks it. From a question to grids is one more keystroke, also where there is none; the
page comes back by itself after the last. Beside it: questions alone.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fewlabels import OrientedGradients, Texts
from fewlabels.graph import shared_neighbor_graph
from fewlabels.labelling._grids import Grid, GridRecord, to_ask
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._near import Shown, neighbourhood
from fewlabels.labelling._points import Prepared
from fewlabels.session._events import Event
from fewlabels.session._model import answered

WRONG, OVERLOOKED, TAKEN_OUT = 0.02, 0.1, 0.005
GRID = 24
# So many questions before the first grid, and until one is looked for again where there was none.
FIRST, NO_GRID = 20, 5


@dataclass
class Tally:
    """What a run cost and gave."""

    keystrokes: int = 0
    wrong: int = 0
    labels: int = 0
    grids: int = 0
    looks: int = 0
    offered: int = 0
    right: int = 0
    confirmed: int = 0
    wrong_in_grids: int = 0
    confidence: float = 0.0
    right_now: float = 0.0

    @property
    def a_right_label(self) -> float:
        return self.keystrokes / (self.labels - self.wrong)

    @property
    def errors(self) -> float:
        return self.wrong / self.labels

    @property
    def errors_in_grids(self) -> float:
        return self.wrong_in_grids / max(self.confirmed, 1)


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
        self.tally.grids += 1
        self.tally.offered += len(points)
        self.tally.right += int(right.sum())
        self.tally.confirmed += len(kept)
        self.tally.wrong_in_grids += int((self.truth[kept] != label).sum())
        return kept

    def look(self) -> None:
        """Go from the questions to the grids."""
        self.tally.keystrokes += 1
        self.tally.looks += 1

    def _count(self, keystrokes: int, points: list[int], label: int) -> None:
        self.tally.keystrokes += keystrokes
        self.tally.labels += len(points)
        self.tally.wrong += int((self.truth[points] != label).sum())


def questions_alone(truth: Any, n_labels: int, seed: int) -> Tally:
    """Which questions are asked changes neither the keystrokes nor who errs."""
    labeller = Labeller(truth, seed)
    for point in np.random.default_rng(seed).permutation(len(truth))[:n_labels]:
        labeller.answer(int(point))
    return labeller.tally


@dataclass(frozen=True)
class Said:
    """What grids read of a snapshot."""

    codes: Any
    confidence: Any


def what_grids_read(model: Any, numbers: dict[str, int]) -> Said:
    distributions = model.label_distributions_
    ids = np.array([numbers[name] for name in model.classes_.tolist()])
    codes = np.where(answered(model), ids[distributions.argmax(axis=1)], -1)
    return Said(codes, distributions.max(axis=1))


def right_now(said: Said, state: Any, truth: Any, numbers: dict[str, int]) -> float:
    """Return the share of all points that have the right class, given or predicted."""
    codes = said.codes.copy()
    codes[list(state.labels)] = [numbers[str(label)] for label in state.labels.values()]
    return float((codes == truth).mean())


def next_grid(
    graph: Any, said: Said, state: Any, record: GridRecord, shown: Shown, asked: list[int]
) -> tuple[int, list[int]] | None:
    """Return the class and the points of the grid that the page would show, or None."""
    n_labels = len(state.labels)
    counts = Counter(map(str, state.labels.values()))

    def fits(point: int) -> bool:
        class_id = int(said.codes[point])
        if point in state.labels or point in state.pending or point in asked:
            return False
        return shown.is_new(point, class_id, n_labels) and record.may_show(point, class_id)

    return neighbourhood(
        graph,
        said,
        fits,
        near=None,
        size=lambda class_id: record.size(class_id, GRID),
        n_labels=lambda class_id: counts[str(class_id)],
        random_state=len(state.events),
    )


def run(
    X: Any, graph: Any, truth: Any, n_labels: int, seed: int, seen: Callable[[Tally], object]
) -> Tally:
    """Label so many; `seen` is called after each tenth of them."""
    mind = Mind(Prepared(X, graph), seed)
    labeller = Labeller(truth, seed)
    numbers = {str(label): int(label) for label in labeller.classes}
    shown, taken_out = Shown(), list[int]()
    grids: list[tuple[Grid, int]] = []  # with the number of questions before it
    n_questions = next_look = looked_at = 0
    next_told = tenth = max(n_labels // 10, 1)
    while labeller.tally.labels < n_labels:
        state = mind.state
        if n_questions >= max(FIRST, next_look):
            said = what_grids_read(mind.learner.answering(state.labels), numbers)
            if labeller.tally.labels >= next_told:
                labeller.tally.right_now = right_now(said, state, truth, numbers)
                seen(labeller.tally)
                next_told += tenth
            told = (replace(grid, n_since=n_questions - at) for grid, at in grids)
            record = GridRecord(told, asked=taken_out)
            if looked_at != n_questions:  # the last one was not a grid
                looked_at = n_questions
                labeller.look()
            found = next_grid(graph, said, state, record, shown, taken_out)
            if found is None:
                next_look = n_questions + NO_GRID
            else:
                class_id, points = found
                shown.note(points, class_id, len(state.labels))
                kept = labeller.confirm(points, class_id)
                out = [point for point in points if point not in kept]
                labeller.tally.confidence += float(said.confidence[points].sum())
                grids.append((Grid(class_id, tuple(kept), tuple(out), 0), n_questions))
                if kept:
                    labels = (str(class_id),) * len(kept)
                    mind.take([Event("told", tuple(kept), labels, together=True)])
                taken_out += to_ask(out)
                continue
        if taken_out:
            asked = Event("asked", (taken_out.pop(0),), owed=state.owed)
        else:  # checks are questions like others
            choice = mind.choose(1, (), None)
            if choice.asked is None:
                break
            asked = choice.asked
        (point,) = asked.indices
        mind.take([asked, Event("told", (point,), (labeller.answer(point),))])
        n_questions += 1
    return labeller.tally


def data(name: str, n_points: int, draw: int) -> tuple[Any, Any]:
    if name == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return OrientedGradients((8, 8)).fit_transform(X), y
    if name == "texts":
        from benchmarks.sets import texts

        documents, y, _ = texts.load(texts.SETS[0], n_points)
        return Texts().fit_transform(documents), y
    from benchmarks.data import fashion_mnist

    X, y = fashion_mnist(70_000)
    chosen = np.random.default_rng(draw).choice(len(y), n_points, replace=False)
    X, y = X[chosen], y[chosen]
    return OrientedGradients((28, 28)).fit_transform(X), y


def tell(line: str) -> None:
    """Say how far a run is."""
    print(f"  {line}", file=sys.stderr, flush=True)


def compared(grids: Tally, alone: Tally) -> str:
    """Return what grids came to, beside questions alone, as a sentence."""
    offered = max(grids.offered, 1)
    return (
        f"{grids.labels} labels by {grids.keystrokes} keystrokes, {100 * grids.errors:.2f} % "
        f"wrong ({100 * grids.right_now:.1f} % of all points right); "
        f"by questions alone {100 * alone.errors:.2f} %; "
        f"{alone.a_right_label / grids.a_right_label:.1f} times fewer keystrokes a right label; "
        f"{grids.grids} grids in {grids.looks} turns, of {grids.offered} points, "
        f"{100 * grids.right / offered:.1f} % of them right "
        f"(the model said {100 * grids.confidence / offered:.1f} %), "
        f"{100 * grids.errors_in_grids:.2f} % of what was confirmed is not"
    )


def main(
    name: str = "digits",
    n_labels: int = 1000,
    draws: int = 3,
    n_points: int = 5_000,
    first: int = 0,
) -> None:
    for seed in range(first, first + draws):
        X, y = data(name, n_points, seed)
        graph = shared_neighbor_graph(X)
        wanted = min(n_labels, len(y)) or len(y)
        alone = questions_alone(y, wanted, seed)
        grids = run(X, graph, y, wanted, seed, seen=lambda now, a=alone: tell(compared(now, a)))
        print(f"{name} ({len(y):,}), draw {seed}: {compared(grids, alone)}", flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*given[:1], *map(int, given[1:]))
