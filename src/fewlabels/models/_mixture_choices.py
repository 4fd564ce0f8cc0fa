"""What a mixture chose, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels.models._choices import Choice, Choices
from fewlabels.models._class_prior import ClassPrior
from fewlabels.models._members import Mixture

_PRIORS = {
    "auto": "members on the graph also speak with equal shares, where labels are few",
    "uniform": "equal shares",
    "labels": "the shares of the labels",
    "given": "as given",
    None: "the classes are not brought to any shares",
}
# Classes with a single label that are named in a note.
_NAMED = 5


def mixture_choices(
    graph: Choice, mixture: Mixture, class_prior: ClassPrior, notes: tuple[str, ...]
) -> Choices:
    """Say which members speak, with what weight, and what the labels left out said.

    Parameters
    ----------
    graph : Choice
    mixture : Mixture
    class_prior : as of the estimator
    notes : tuple of str
    """
    taught = len(mixture.taught)
    told = f"{taught} labels left out, each with another of its class"
    if taught == 0:
        told = "what is usual, for no label has another of its class that could tell"
    members = Choice(
        ", ".join(f"{name} {w:.0%}" for name, w in mixture.weights.items() if w >= 0.005),
        f"weighed by {told}",
        mixture.weights | {f"features: {kind}": w for kind, w in mixture.kinds().items()},
    )
    known = class_prior if class_prior is None or isinstance(class_prior, str) else "given"
    chosen = {
        "graph": graph,
        "members": members,
        "class_prior": Choice(known, _PRIORS[known]),
        "calibration": Choice(f"sharpness {mixture.sharpness:.2f}", _why_so_sharp(mixture, told)),
    }
    return Choices(chosen, notes)


def _why_so_sharp(mixture: Mixture, told: str) -> str:
    if np.isnan(mixture.stays):
        return f"fitted to {told}"
    return (
        f"usual where {mixture.stays:.0%} of the answers would stay if other points had been "
        "labelled; no label can be left out to tell more"
    )


def label_notes(
    labels: Labels, reached: npt.NDArray[np.bool_], *, by_features: bool
) -> tuple[str, ...]:
    """Say what a user should know of the labels besides.

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
            "A second label of each would tell how sure to be"
        )
    unreached = int((~reached).sum())
    if unreached:
        answered = " and are answered by their features" if by_features else ""
        notes.append(
            f"{unreached} of {len(reached)} points can't be reached from any label{answered}"
        )
    return tuple(notes)
