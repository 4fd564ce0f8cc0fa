"""What a mixture chose, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels.models._choices import Choice, Choices
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._members import Mixture

_PRIORS = {
    "auto": "with few labels, graph members also answer as if all classes were equally frequent",
    "uniform": "equal shares",
    "labels": "the shares of the labels",
    "given": "as given",
    None: "shares of the classes are not used",
}
# Classes with a single label that are named in a note.
_NAMED = 5


def mixture_choices(
    graph: Choice, mixture: Mixture, class_prior: ClassPrior, notes: tuple[str, ...]
) -> Choices:
    """Describe the members, their weights, and what these were learned from.

    Parameters
    ----------
    graph : Choice
    mixture : Mixture
    class_prior : as of the estimator
    notes : tuple of str
    """
    taught = len(mixture.taught)
    learned = f"learned from {taught} labels, each left out in turn"
    if taught == 0:
        learned = "typical values, because no class has a second label to learn from"
    members = Choice(
        ", ".join(f"{name} {w:.0%}" for name, w in mixture.weights.items() if w >= 0.005),
        learned,
        mixture.weights | {f"features: {kind}": w for kind, w in mixture.kinds().items()},
    )
    known = class_prior if class_prior is None or isinstance(class_prior, str) else "given"
    sharpness = Choice(f"sharpness {mixture.sharpness:.2f}", _why_so_sharp(mixture, learned))
    chosen = {
        "graph": graph,
        "members": members,
        "class_prior": Choice(known, _PRIORS[known]),
        "calibration": sharpness,
    }
    return Choices(chosen, notes)


def _why_so_sharp(mixture: Mixture, learned: str) -> str:
    if np.isnan(mixture.stays):
        return learned
    return (
        f"typical where {mixture.stays:.0%} of the answers would stay the same if other points "
        "had been labelled, because no class has a second label to learn from"
    )


def label_notes(
    labels: Labels, reached: npt.NDArray[np.bool_], *, by_features: bool
) -> tuple[str, ...]:
    """Return what else a user should know about the labels.

    Parameters
    ----------
    labels : Labels
    reached : ndarray of shape (n_samples,), bool
    by_features : bool
        Whether points that no label reaches are answered by their features.
    """
    notes = []
    counts = np.bincount(labels.codes[labels.labelled], minlength=len(labels.classes))
    single = labels.classes[counts == 1].tolist()
    if len(labels.classes) == 1:
        notes.append(f"all labels are {labels.classes.tolist()[0]!r}, and so are all answers")
    elif single:
        shown = ", ".join(map(repr, single[:_NAMED]))
        if len(single) > _NAMED:
            shown += f" and {len(single) - _NAMED} more"
        notes.append(
            f"{len(single)} of {len(labels.classes)} classes have a single label: {shown}. "
            "A second label of each would show how sure the model can be"
        )
    unreached = int((~reached).sum())
    if unreached:
        answered = " and are answered by their features" if by_features else ""
        notes.append(
            f"{unreached} of {len(reached)} points can't be reached from any label{answered}"
        )
    return tuple(notes)
