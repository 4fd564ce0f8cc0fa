"""What a labeller should know of a session besides the accuracy, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Cells, Estimator, Objects
from fewlabels.graph import Graph
from fewlabels.models import FewLabelsClassifier
from fewlabels.session._labels import Label
from fewlabels.session._model import answered
from fewlabels.session._state import SessionState

IntArray = npt.NDArray[np.intp]

_MOST_NAMED = 5
# What speaks for another class is so many times what speaks for the label, as a logarithm: labels
# that a rule asked for are the hard ones, and less would name many that are right.
_CLEARLY = -2.0


def remarks_on(state: SessionState, graph: Graph, model: object, n_checks: int) -> tuple[str, ...]:
    """Return what is worth saying; `model` is fitted on the state's labels, or None."""
    of_model = () if model is None else remarks_of_model(graph, state.labels, model)
    return remarks_beside(of_model, state, n_checks)


def remarks_of_model(graph: Graph, labels: Mapping[int, Label], model: object) -> tuple[str, ...]:
    """Return what a model says of reach and labels; this takes as long as a fit."""
    return (*_of_reach(graph, answered(model)), *_of_doubtful_labels(labels, model))


def remarks_beside(of_model: Sequence[str], state: SessionState, n_checks: int) -> tuple[str, ...]:
    """Return what is worth saying of the state, and what was found of the model."""
    found = list(of_model)
    if state.labels:
        found += _of_classes(state)
    else:
        found.append("No point has a label yet.")
    if n_checks == 0 and 0 < len(state.labels) < state.n_points:
        found.append(
            "No random check was answered, so the accuracy is not known. Questions that a rule "
            "chose can't tell it: they are harder than the rest."
        )
    skipped = sum(
        drawn.audit.point not in state.labels and drawn.audit.point not in state.pending
        for drawn in state.audits
    )
    if skipped:
        found.append(
            f"{_count(skipped, 'random check was', 'random checks were')} skipped: the figures "
            "speak of points like those that were answered."
        )
    if state.pending:
        found.append(f"{_count(len(state.pending), 'question is', 'questions are')} open.")
    return tuple(found)


def _of_reach(graph: Graph, reached: np.ndarray) -> list[str]:
    n_unreached = int((~reached).sum())
    if n_unreached == 0:
        return []
    n_components = len(np.unique(graph.component_labels[~reached]))
    return [
        f"{_count(n_unreached, 'point has', 'points have')} no prediction: no label reaches "
        f"{_count(n_components, 'component', 'components')} of the graph. Checks count it as wrong."
    ]


def _of_classes(state: SessionState) -> list[str]:
    counts = Counter(state.labels.values())
    found = []
    if len(counts) == 1:
        found.append("All labels are of one class, so the model knows no other.")
    else:
        single = [label for label, count in counts.items() if count == 1]
        if single:
            found.append(f"With one label only: {_named(single)}.")
    unseen = [label for label in state.classes or () if label not in counts]
    if unseen:
        found.append(f"Without any label: {_named(unseen)}.")
    return found


def _of_doubtful_labels(labels: Mapping[int, Label], model: Estimator) -> list[str]:
    """Name labels that the others contradict, where the model lets them be contradicted."""
    points = np.fromiter(labels, dtype=np.intp)
    counts = Counter(labels.values())
    said = _said_of_labels(model, points)
    doubtful = [
        point
        for (point, label), predicted in zip(labels.items(), said, strict=True)
        if predicted is not None and predicted != label and (counts[label] > 1)
    ]
    if not doubtful:
        return []
    return [
        f"Look again at {_named(doubtful)}: the other labels near "
        f"{'it' if len(doubtful) == 1 else 'them'} speak for another class."
    ]


def _said_of_labels(model: Estimator, points: IntArray) -> Cells:
    """What a model says of labelled points; None where it does not clearly contradict a label."""
    if not isinstance(model, FewLabelsClassifier):
        said: Cells = model.classes_[model.label_distributions_[points].argmax(axis=1)].tolist()
        return said
    contradicted = {
        suspect.node: suspect.suggested
        for suspect in model.suspect_labels()
        if suspect.margin <= _CLEARLY
    }
    return [contradicted.get(point) for point in points.tolist()]


def _named(values: Objects) -> str:
    shown = ", ".join(map(str, values[:_MOST_NAMED]))
    hidden = len(values) - _MOST_NAMED
    return shown + (f" and {hidden} more" if hidden > 0 else "")


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
