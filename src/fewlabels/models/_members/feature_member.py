"""What members that listen to features have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from fewlabels.models._members.feature_space import FeatureSpace, Seen

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Labels that a member is taught by, at most: decompositions grow with their cube.
MOST_LABELS = 1_000


class FeatureMember(ABC):
    """A model of the features alone, taught by the labelled points.

    Attributes
    ----------
    name : str
        As `choices_` has it.
    prior_weight : float
        How much it is trusted before any label is left out; members on the graph: see `Mixture`.
    """

    name: str
    prior_weight: float

    def __init__(self, space: FeatureSpace) -> None:
        self._space = space

    def distributions(self, rows: slice | IntArray) -> FloatArray:
        """Distributions of fitted points, shape (n_rows, n_classes)."""
        return self.distributions_of(self._space.at(rows))

    def kinds(self) -> dict[str, float]:
        """What kinds of models it is made of, with their shares; of a single one, nothing."""
        return {}

    @abstractmethod
    def distributions_of(self, seen: Seen) -> FloatArray:
        """Distributions of points by their features, shape (n_points, n_classes)."""

    @abstractmethod
    def left_out(self) -> FloatArray:
        """What the others say of each labelled point: distributions, (n_labelled, n_classes)."""

    @abstractmethod
    def left_out_weights(self) -> FloatArray:
        """How much each label says of each other, (n_labelled, n_labelled); the diagonal is 0."""

    @abstractmethod
    def say(self, node: int) -> FloatArray:
        """How much each label says of a fitted point, signed, shape (n_labelled,)."""
