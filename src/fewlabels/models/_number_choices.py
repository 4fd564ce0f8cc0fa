"""What a mixture of regressors chose, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.models._choices import Choice, Choices
from fewlabels.models._number_members import NumberMixture
from fewlabels.models._targets import KnownNumbers


def number_choices(
    graph: Choice,
    mixture: NumberMixture,
    numbers: KnownNumbers,
    reached: npt.NDArray[np.bool_],
    *,
    n_taught: int,
    without_features: str,
) -> Choices:
    """Say which members speak, with what weight, and what a user should know of the labels.

    Parameters
    ----------
    graph : Choice
    mixture : NumberMixture
    numbers : KnownNumbers
    reached : ndarray of shape (n_samples,), bool
    n_taught : int
        Labels that are learned from.
    without_features : str
        Why features don't speak; empty where they do.
    """
    kinds = sorted(mixture.kinds().items(), key=lambda kind: -kind[1])
    why = f"by the density that each gives to {n_taught} labels left out one by one"
    if n_taught == 1 or numbers.span == 0:
        why = "alike; nothing can be told from labels left out"
    if without_features:
        why = f"only the graph speaks: {without_features}"
    value = ", ".join(f"{name} {weight:.0%}" for name, weight in kinds)
    notes = []
    if numbers.span == 0:
        notes.append("all labels are equal, and so are all answers")
    unreached = int((~reached).sum())
    if unreached:
        notes.append(f"{unreached} of {len(reached)} points can't be reached from any label")
    n_labelled = len(numbers.nodes)
    if n_labelled > n_taught:
        notes.append(f"of {n_labelled} labels, {n_taught} are learned from")
    return Choices({"graph": graph, "members": Choice(value, why, dict(kinds))}, tuple(notes))
