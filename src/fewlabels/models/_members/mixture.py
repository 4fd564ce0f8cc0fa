"""Several members as one model: weighed by the labels left out, calibrated as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.models._members.among import Among
from fewlabels.models._members.graph_member import GraphMember
from fewlabels.models._members.kernel_member import KernelMember
from fewlabels.models._members.sharpness import (
    Taught,
    expected_sharpness,
    fitted_sharpness,
    sharpened,
)

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# What is believed before any label is left out. Answers of a member on the graph are sure to this
# degree on average, and the logarithm of their sharpness is known within so much.
_CONFIDENCE, _MEMBER_DEVIATION = 0.75, 0.7
# The members on the graph together weigh 2 x 5 / (5 + r), r labels a class, and the features 1: so
# many labels are those beliefs worth.
_GRAPH_WEIGHT, _HALVED_AT, _PRIOR_LABELS = 2.0, 5.0, 20.0
# Of the two voices of a member, the one with equal masses of the classes weighs this / (this +
# (r - 1)^2) of them.
_EQUAL_MASSES = 3.0
# The mixture is a little less sure than it should be, for its members disagree.
_SHARPNESS, _SHARPNESS_DEVIATION = 1.2, 0.2
# No voice says that a class is less probable than this over n_classes; no share counts as less.
_LEAST_PROBABILITY, _LEAST_SHARE = 1e-3, 1e-7
_ROUNDS = 100
_MOST_MEASURED = 500
_BLOCK_ROWS = 50_000


@dataclass
class _Voice:
    """One way in which a member speaks.

    Attributes
    ----------
    name : str
    member : GraphMember or KernelMember
    offsets : ndarray of shape (n_classes,)
        Added to the logarithms of the shares.
    sharpness : float
    weight : float
        In the mixture.
    left_out : ndarray of shape (n_taught, n_classes)
        Distributions of the labels that were left out to learn from.
    """

    name: str
    member: GraphMember | KernelMember
    offsets: FloatArray
    sharpness: float
    weight: float
    left_out: FloatArray

    def distributions(self, shares: FloatArray) -> FloatArray:
        return _floored(sharpened(_logits(shares) + self.offsets, self.sharpness))


class Mixture:
    """P_i = sum_v w_v softmax(s_v (log p_v,i + o_v)), sharpened once more as a whole.

    The voices v are the members on the graph, as they are and with the masses of the classes made
    equal, and the features. Their sharpness s_v, weights w_v and that of the whole are the most
    probable ones, given what the labels left out say and what is usual: the weights by
    expectation and maximisation.

    Parameters
    ----------
    members : list of GraphMember
    kernel : KernelMember or None
    targets : ndarray of shape (n_labelled, n_classes)
        Distributions of the labels.
    taught : Taught
    unlabelled : ndarray of int
        Points without a label.
    prior : ndarray of shape (n_classes,)
        The answer where no member has one.
    labels_a_class : float
    equal_masses : bool
        Whether members on the graph also speak with equal masses of the classes.
    """

    def __init__(
        self,
        members: list[GraphMember],
        kernel: KernelMember | None,
        targets: FloatArray,
        taught: Taught,
        unlabelled: IntArray,
        prior: FloatArray,
        labels_a_class: float,
        *,
        equal_masses: bool,
    ) -> None:
        self._members, self._kernel, self._prior = members, kernel, prior
        self.taught = taught
        self._targets = targets
        self._among = Among(members, taught.rows)
        graph_weight = _GRAPH_WEIGHT * _HALVED_AT / (_HALVED_AT + labels_a_class) / len(members)
        balanced = _EQUAL_MASSES / (_EQUAL_MASSES + (labels_a_class - 1) ** 2) * equal_masses
        self.voices: list[_Voice] = []
        for member, said in zip(members, self._said_of_taught(), strict=True):
            self._add_voices(member, said, unlabelled, graph_weight, balanced)
        if kernel is not None:
            left_out = _floored(kernel.left_out()[taught.rows])
            self.voices.append(_Voice("features", kernel, np.zeros(1), 1.0, 1.0, left_out))
        self._weigh()
        expected = _SHARPNESS if len(taught) else 1.0
        self._sharpness = 1.0
        left = sum(v.weight * v.left_out for v in self.voices)
        self._sharpness = fitted_sharpness(
            _logits(np.asarray(left)), taught, expected, _SHARPNESS_DEVIATION
        )

    def _add_voices(
        self,
        member: GraphMember,
        said: FloatArray,
        unlabelled: IntArray,
        weight: float,
        balanced: float,
    ) -> None:
        """Add what a member says as it is, and with equal masses of the classes."""
        points = unlabelled[member.scores.answered[unlabelled]]
        shares = member.shares(points)
        measured = points[:: max(1, len(points) // _MOST_MEASURED)]
        silent = ~said.any(axis=1)
        for name, share, offsets in (
            (member.name, 1 - balanced, np.zeros(shares.shape[1])),
            (f"{member.name}, equal classes", balanced, _equalizing(shares)),
        ):
            if share == 0:
                continue
            usual = expected_sharpness(_logits(member.shares(measured)) + offsets, _CONFIDENCE)
            logits = _logits(said) + offsets
            sharpness = fitted_sharpness(logits, self.taught, usual, _MEMBER_DEVIATION)
            left_out = sharpened(logits, sharpness)
            left_out[silent] = self._prior
            voice = _Voice(
                name, member, offsets, sharpness, weight * share, _floored(left_out)
            )
            self.voices.append(voice)

    def _said_of_taught(self) -> list[FloatArray]:
        """What each member on the graph says of the labels left out to learn from."""
        if len(self.taught) == 0:
            empty = np.empty((0, self._targets.shape[1]))
            return [empty for _ in self._members]
        places = self._among.places
        rows = np.searchsorted(places, self.taught.rows)
        return [w[rows] @ self._targets[places] for w in self._among.taught_weights]

    def _weigh(self) -> None:
        """Bring the weights to the most probable ones, a Dirichlet prior worth some labels."""
        prior = np.array([v.weight for v in self.voices])
        prior /= prior.sum()
        weights = prior.copy()
        if len(self.taught):
            likely = np.array([self.taught.likelihoods(v.left_out) for v in self.voices])
            counts = self.taught.weights
            for _ in range(_ROUNDS):
                parts = weights[:, None] * likely
                parts /= parts.sum(axis=0)
                weights = parts @ counts + _PRIOR_LABELS * prior
                weights /= weights.sum()
        for voice, weight in zip(self.voices, weights, strict=True):
            voice.weight = float(weight)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each voice, by name; they sum to 1."""
        return {voice.name: voice.weight for voice in self.voices}

    @property
    def sharpness(self) -> float:
        """That of the whole."""
        return self._sharpness

    def distributions(self, n_samples: int) -> FloatArray:
        """Distributions of all fitted points, shape (n_samples, n_classes), float64."""
        result = np.empty((n_samples, len(self._prior)))
        for block in row_blocks(n_samples, _BLOCK_ROWS):
            shares = {id(member): member.shares(block) for member in self._members}
            features = None if self._kernel is None else self._kernel.distributions(block)
            result[block] = self._joined(shares, features)
        return result

    def distributions_of(
        self, shares: list[FloatArray], features: FloatArray | None
    ) -> FloatArray:
        """Distributions of new points.

        Parameters
        ----------
        shares : list of ndarray of shape (n_points, n_classes)
            Of each member on the graph; rows of zeros where it says nothing.
        features : ndarray of shape (n_points, n_classes), or None
            The distributions of the features' member.
        """
        by_member = {id(m): said for m, said in zip(self._members, shares, strict=True)}
        return self._joined(by_member, features)

    def left_out(self) -> FloatArray:
        """Each labelled point as the others have it, shape (n_labelled, n_classes)."""
        weights = zip(self._members, self._among.weights, strict=True)
        shares = {id(member): found @ self._targets for member, found in weights}
        features = None if self._kernel is None else self._kernel.left_out()
        return self._joined(shares, features)

    def left_out_weights(self) -> FloatArray:
        """How much each label says of each other, the members by their weights; signed."""
        found = self._weighed(self._among.weights)
        if self._kernel is not None:
            found += self._weight_of(self._kernel) * self._kernel.left_out_weights()
        return found

    def say(self, node: int) -> FloatArray:
        """How much each label says of a fitted point, shape (n_labelled,); signed."""
        rows = zip(self._members, self._among.responses, strict=True)
        found = self._weighed([member.say(node, response) for member, response in rows])
        if self._kernel is not None:
            found += self._weight_of(self._kernel) * self._kernel.say(node)
        return found

    def _weighed(self, said: list[FloatArray]) -> FloatArray:
        """Sum of what the members on the graph say, by their weights."""
        weights = [self._weight_of(member) for member in self._members]
        return np.asarray(sum(w * each for w, each in zip(weights, said, strict=True)))

    def _weight_of(self, member: GraphMember | KernelMember) -> float:
        return sum(voice.weight for voice in self.voices if voice.member is member)

    def _joined(self, shares: dict[int, FloatArray], features: FloatArray | None) -> FloatArray:
        """Average what the voices say; those that say nothing of a point have no part in it."""
        n_points = len(next(iter(shares.values())))
        total = np.zeros((n_points, len(self._prior)))
        spoken = np.zeros((n_points, 1))
        for voice in self.voices:
            if isinstance(voice.member, KernelMember):
                assert features is not None
                total += voice.weight * _floored(features)
                spoken += voice.weight
                continue
            said = shares[id(voice.member)]
            speaks = said.any(axis=1, keepdims=True)
            total += np.where(speaks, voice.weight * voice.distributions(said), 0)
            spoken += voice.weight * speaks
        heard = spoken[:, 0] > 0
        result = np.tile(self._prior, (n_points, 1))
        result[heard] = sharpened(np.log(total[heard] / spoken[heard]), self._sharpness)
        return result


def _logits(shares: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(shares, _LEAST_SHARE)))


def _floored(probabilities: FloatArray) -> FloatArray:
    found = np.maximum(probabilities, _LEAST_PROBABILITY / probabilities.shape[1])
    found /= found.sum(axis=1, keepdims=True)
    return found


def _equalizing(shares: FloatArray) -> FloatArray:
    """Offsets to the logarithms of shares that take class masses to equal ones in one step."""
    masses = shares.sum(axis=0)
    found = np.zeros(len(masses))
    found[masses > 0] = -np.log(masses[masses > 0] / masses.sum())
    return found
