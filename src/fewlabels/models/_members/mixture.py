"""Several members as one model: weighed by the labels left out, calibrated as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.models._members.among import Among
from fewlabels.models._members.feature_member import FeatureMember
from fewlabels.models._members.graph_member import GraphMember, divided
from fewlabels.models._members.redrawn import few_of, staying, usual_accuracy
from fewlabels.models._members.settling import settled
from fewlabels.models._members.sharpness import (
    Taught,
    expected_sharpness,
    fitted_sharpness,
    logits_of,
    sharpened,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# What is believed before any label is left out. Answers of a member on the graph are sure to this
# degree on average, and the logarithm of their sharpness is known within so much.
_CONFIDENCE, _MEMBER_DEVIATION = 0.75, 0.7
# The members on the graph together weigh 4.5 x 2.5 / (2.5 + r), r labels a class, the kernels of
# features 1, the forest up to 1.4 (`forest_weight`); the graph the more, the more points there are:
# by sqrt(n / 2000). So many labels are these beliefs worth.
_GRAPH_WEIGHT, _HALVED_AT, _USUAL_POINTS, _PRIOR_LABELS = 4.5, 2.5, 2_000, 14.0
# Of the two voices of a member, the one with equal masses of the classes weighs this / (this +
# (r - 1)^2) of them.
_EQUAL_MASSES = 8.0
# The mixture is a little less sure than it should be, for its members disagree.
_SHARPNESS, _SHARPNESS_DEVIATION = 1.2, 0.2
# No voice says that a class is less probable than this over n_classes.
_LEAST_PROBABILITY = 1e-3
_ROUNDS = 100
_MOST_MEASURED = 500
_BLOCK_ROWS = 50_000


@dataclass
class _Voice:
    """One way in which a member speaks.

    Attributes
    ----------
    name : str
    member : GraphMember or FeatureMember
    offsets : ndarray of shape (n_classes,)
        Added to the logarithms of the shares.
    sharpness : float
    weight : float
        In the mixture.
    left_out : ndarray of shape (n_taught, n_classes)
        Distributions of the labels that were left out to learn from.
    """

    name: str
    member: GraphMember | FeatureMember
    offsets: FloatArray
    sharpness: float
    weight: float
    left_out: FloatArray

    def distributions(self, shares: FloatArray) -> FloatArray:
        return _floored(sharpened(logits_of(shares) + self.offsets, self.sharpness))


class Mixture:
    """P_i = w_g G_i + w_f H_i, sharpened as a whole: what the graph says, and the features.

    Voices on the graph are the members as they are, and with the masses of the classes made equal:
    softmax(s_v (log p_v,i + o_v)). Their mean by weights is then settled on the graph (`settled`).
    Sharpness s_v, weights and that of the whole are the most probable ones, given what the labels
    left out say and what is usual; the weights by expectation and maximisation. Where no label can
    be left out, the whole is as sure as fits are right of which as many answers would stay, had
    other points been labelled (`staying`).

    Parameters
    ----------
    members : list of GraphMember
    features : list of FeatureMember
    targets : ndarray of shape (n_labelled, n_classes)
        Distributions of the labels.
    taught : Taught
    unlabelled : ndarray of int
        Points without a label.
    prior : ndarray of shape (n_classes,)
        The answer where no member has one.
    equal_masses : bool
        Whether members on the graph also speak with equal masses of the classes.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,), float64
        As given.
    graph_part : ndarray of shape (n_samples, n_classes), float64
        G; rows of zeros where no label reaches.
    taught_left_out : ndarray of shape (n_taught, n_classes), float64
        Distributions of the labels that were left out to learn from, before settling.
    sharpness : float
        Of the whole.
    stays : float
        The share of answers that would stay if other points had been labelled; NaN where labels
        left out tell more.
    """

    def __init__(
        self,
        members: list[GraphMember],
        features: list[FeatureMember],
        targets: FloatArray,
        taught: Taught,
        unlabelled: IntArray,
        prior: FloatArray,
        *,
        equal_masses: bool,
    ) -> None:
        self._members, self.features, self.prior = members, features, prior
        self.taught = taught
        self._targets = targets
        self._among = Among(members, taught.rows)
        n_samples = members[0].graph.n_nodes
        labels_a_class = len(targets) / targets.shape[1]
        graph_weight = _GRAPH_WEIGHT * _HALVED_AT / (_HALVED_AT + labels_a_class) / len(members)
        graph_weight *= max(1.0, np.sqrt(n_samples / _USUAL_POINTS))
        balanced = _EQUAL_MASSES / (_EQUAL_MASSES + (labels_a_class - 1) ** 2) * equal_masses
        self.voices: list[_Voice] = []
        for member, said in zip(members, self._said_of_taught(), strict=True):
            self._add_voices(member, said, unlabelled, graph_weight, balanced)
        for each in features:
            left_out = _floored(each.left_out()[taught.rows])
            voice = _Voice(each.name, each, np.zeros(1), 1.0, each.prior_weight, left_out)
            self.voices.append(voice)
        self._weigh()
        self.graph_part = settled(
            members[0].graph, self._on_graph(n_samples), members[0].nodes, targets, balanced
        )
        left = np.asarray(sum(v.weight * v.left_out for v in self.voices))
        self.sharpness, self.stays = _SHARPNESS, float("nan")
        if len(taught):
            self.sharpness = fitted_sharpness(
                logits_of(left), taught, _SHARPNESS, _SHARPNESS_DEVIATION
            )
        else:
            self._be_as_sure_as_usual(unlabelled)
        self.taught_left_out = sharpened(logits_of(left), self.sharpness)

    def _be_as_sure_as_usual(self, unlabelled: IntArray) -> None:
        """Set the sharpness by how many answers would stay, had other points been labelled."""
        n_classes = len(self.prior)
        points = few_of(unlabelled, len(self.graph_part))
        said = [each.distributions(points) for each in self.features]
        total = self._total(self.graph_part[points], said)
        points, total = points[total.any(axis=1)], divided(total[total.any(axis=1)])
        self.stays = staying(self._members[0], points, total.argmax(axis=1), n_classes)
        if not np.isnan(self.stays):
            accuracy = usual_accuracy(self.stays, n_classes)
            self.sharpness = expected_sharpness(logits_of(total), accuracy)

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
            usual = expected_sharpness(logits_of(member.shares(measured)) + offsets, _CONFIDENCE)
            logits = logits_of(said) + offsets
            sharpness = fitted_sharpness(logits, self.taught, usual, _MEMBER_DEVIATION)
            left_out = sharpened(logits, sharpness)
            left_out[silent] = self.prior
            voice = _Voice(name, member, offsets, sharpness, weight * share, _floored(left_out))
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

    def kinds(self) -> dict[str, float]:
        """What kinds of features speak, with their shares of what features say."""
        kinds: dict[str, float] = {}
        for each in self.features:
            kinds |= each.kinds()
        return kinds

    def distributions(self) -> FloatArray:
        """Distributions of all fitted points, shape (n_samples, n_classes), float64."""
        result = np.empty(self.graph_part.shape)
        for block in row_blocks(len(result), _BLOCK_ROWS):
            said = [each.distributions(block) for each in self.features]
            result[block] = self.joined(self.graph_part[block], said)
        return result

    def joined(self, on_graph: FloatArray, said: list[FloatArray]) -> FloatArray:
        """Average what graph and features say; where one says nothing, it has no part in it.

        Parameters
        ----------
        on_graph : ndarray of shape (n_points, n_classes)
            Rows of distributions, or of zeros.
        said : list of ndarray of shape (n_points, n_classes)
            What each of the members that listen to features says.
        """
        total = self._total(on_graph, said)
        heard = total.any(axis=1)
        result = np.tile(self.prior, (len(total), 1))
        result[heard] = sharpened(logits_of(divided(total[heard])), self.sharpness)
        return result

    def _total(self, on_graph: FloatArray, said: list[FloatArray]) -> FloatArray:
        """Sum by weights of what graph and features say; 0 in rows where neither says anything."""
        weights = [self._weight_of(each) for each in self.features]
        total = (1 - sum(weights)) * on_graph
        for weight, of_features in zip(weights, said, strict=True):
            total += weight * _floored(of_features)
        return total

    def left_out(self) -> FloatArray:
        """Each labelled point as the others have it, shape (n_labelled, n_classes)."""
        shares = [weights @ self._targets for weights in self._among.weights]
        return self.joined(self._spoken(shares), [each.left_out() for each in self.features])

    def left_out_weights(self) -> FloatArray:
        """How much each label says of each other, the members by their weights; signed."""
        found = self._weighed(self._among.weights)
        for each in self.features:
            found += self._weight_of(each) * each.left_out_weights()
        return found

    def say(self, node: int) -> FloatArray:
        """How much each label says of a fitted point, shape (n_labelled,); signed."""
        rows = zip(self._members, self._among.responses, strict=True)
        found = self._weighed([member.say(node, response) for member, response in rows])
        for each in self.features:
            found += self._weight_of(each) * each.say(node)
        return found

    def _weighed(self, said: list[FloatArray]) -> FloatArray:
        """Sum of what the members on the graph say, by their weights."""
        weights = [self._weight_of(member) for member in self._members]
        return np.asarray(sum(w * each for w, each in zip(weights, said, strict=True)))

    def _weight_of(self, member: GraphMember | FeatureMember) -> float:
        return sum(voice.weight for voice in self.voices if voice.member is member)

    def _on_graph(self, n_samples: int) -> FloatArray:
        """What the voices on the graph say of all fitted points."""
        result = np.empty((n_samples, len(self.prior)))
        for block in row_blocks(n_samples, _BLOCK_ROWS):
            result[block] = self._spoken([member.shares(block) for member in self._members])
        return result

    def _spoken(self, shares: list[FloatArray]) -> FloatArray:
        """Mean by weights of the voices on the graph; 0 in rows where they say nothing."""
        total = np.zeros(shares[0].shape)
        for member, said in zip(self._members, shares, strict=True):
            speaks = said.any(axis=1, keepdims=True)
            for voice in self.voices:
                if voice.member is member:
                    total += np.where(speaks, voice.weight * voice.distributions(said), 0)
        return divided(total)


def _floored(probabilities: FloatArray) -> FloatArray:
    found = np.maximum(probabilities, _LEAST_PROBABILITY / probabilities.shape[1])
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _equalizing(shares: FloatArray) -> FloatArray:
    """Offsets to the logarithms of shares that take class masses to equal ones in one step."""
    masses = shares.sum(axis=0)
    found = np.zeros(len(masses))
    found[masses > 0] = -np.log(masses[masses > 0] / masses.sum())
    return found
