"""The members of the recommended model, fitted: what they say of all points, and of new ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._labels import Labels
from fewlabels._typing import Matrix
from fewlabels.graph import Graph
from fewlabels.models._class_frequency import ClassFrequency
from fewlabels.models._kernels import Placed, averages
from fewlabels.models._members import (
    LARGE,
    Absorbing,
    ClassMeans,
    FeatureMember,
    FeatureSpace,
    ForestMember,
    KernelMember,
    Mixture,
    Taught,
    divided,
    forest_weight,
)
from fewlabels.models._mixture_insight import MixtureInsight
from fewlabels.models._relabel import Relabelling
from fewlabels.models._solver_settings import SolverSettings
from fewlabels.models.class_mass import offsets_to_shares, offsets_towards, with_offsets
from fewlabels.systems import relative_trust

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

# Labels that are left out to learn from: more cost time, and tell little that these don't.
# In a large graph each costs more.
_MOST_TAUGHT, _MOST_IN_LARGE = 96, 48
# Points, up to twice as many, of which the shares of the classes are found: they are off by 1 %.
_MOST_COUNTED = 5_000


@dataclass(frozen=True)
class Said:
    """What is said of some points: an entry, or a row, a point.

    Attributes
    ----------
    distributions : ndarray of shape (n_points, n_classes)
    evidence : ndarray of shape (n_points,)
    reached : ndarray of shape (n_points,), bool
        Whether a label reaches it on the graph.
    unlike : ndarray of shape (n_points,), bool; or None
        Whether it is unlike all fitted points; None where that can't be told.
    answered : ndarray of shape (n_points,), bool
        Whether anything is known of it.
    unlabelled : ndarray of shape (n_points,), bool
        Whether it is a fitted point without a label.
    """

    distributions: FloatArray
    evidence: FloatArray
    reached: BoolArray
    unlike: BoolArray | None
    answered: BoolArray
    unlabelled: BoolArray


@dataclass(frozen=True)
class ExpectedShares:
    """The shares of the classes among the unlabelled points, as they are expected.

    Attributes
    ----------
    shares : ndarray of shape (n_classes,), or None
        None: the classes are not brought to any.
    guessed : bool
        Whether they are a guess, so that only a step is taken towards them.
    automatic : bool
        Whether members on the graph also speak with equal shares.
    otherwise : ndarray of shape (n_classes,)
        The answer where no member has one.
    """

    shares: FloatArray | None
    guessed: bool
    automatic: bool
    otherwise: FloatArray

    @property
    def excluded(self) -> BoolArray:
        """Classes that no unlabelled point is of, shape (n_classes,)."""
        return np.asarray(self.shares == 0) & np.ones(len(self.otherwise), dtype=bool)

    def offsets(self, found: FloatArray, points: IntArray) -> FloatArray | None:
        """What brings the answers to these shares, as offsets to their logarithms."""
        if self.shares is None:
            return None
        bring = offsets_towards if self.guessed else offsets_to_shares
        return bring(found, points, self.shares)


class GraphMembers:
    """The members on the graph, and how they follow changed labels.

    Parameters
    ----------
    graph : Graph
    labels : Labels
    settings : dict
        ``solver``, ``tol``, ``max_iter`` and ``verbose``, as of :class:`fewlabels.LabelSpreading`.
    """

    def __init__(self, graph: Graph, labels: Labels, settings: SolverSettings) -> None:
        self._settings = settings
        self.means = ClassMeans(graph, labels, **settings)
        self.absorbing = Absorbing(graph, labels, **settings)

    def relabelled(self, change: Relabelling, settings: SolverSettings) -> GraphMembers:
        """Return the members with other labels, solved for by what changes; these stay."""
        if settings != self._settings:  # set since
            return GraphMembers(self.means.graph, change.labels, settings)
        other = object.__new__(GraphMembers)
        other._settings = settings
        other.means = self.means.relabelled(change)
        other.absorbing = self.absorbing.relabelled(change)
        return other


class FittedMixture:
    """Members weighed by the labels left out, and what they say together.

    Parameters
    ----------
    members : GraphMembers
    space : FeatureSpace or None
        None: the features are not known, or the points are too many.
    labels : Labels
    expected : ExpectedShares
    unread : ndarray of int
        Points of which nothing is known.

    Attributes
    ----------
    mixture : Mixture
    distributions : ndarray of shape (n_samples, n_classes), float64
        Of the fitted points.
    answered, reached : ndarray of shape (n_samples,), bool
    evidence : ndarray of shape (n_samples,), float64
    balanced : bool
        Whether the classes were brought to shares.
    insight : MixtureInsight
        What is known of these answers.
    """

    def __init__(
        self,
        members: GraphMembers,
        space: FeatureSpace | None,
        labels: Labels,
        expected: ExpectedShares,
        unread: IntArray,
    ) -> None:
        self._space, self._expected = space, expected
        graph = members.means.graph
        self.reached = graph.reached_from(labels.labelled)
        self.evidence = members.means.evidence()
        self.mixture = _mixed(members, space, labels, expected)
        known = space is not None
        self.answered = np.ones(graph.n_nodes, bool) if known else members.means.scores.answered
        self.answered = self.answered.copy()
        self.answered[unread] = False
        found = self.mixture.distributions()
        found[~self.answered] = self.mixture.prior
        unlabelled = np.flatnonzero(self.answered & ~labels.labelled)
        self._offsets = expected.offsets(found, unlabelled)
        found[unlabelled] = self._brought(found[unlabelled])
        self.distributions = found
        self._some_unlabelled = unlabelled[:: max(1, len(unlabelled) // _MOST_COUNTED)]
        heard = self.evidence[~labels.labelled & (self.evidence > 0)]
        typical = float(np.median(heard)) if len(heard) else 1.0
        known = not expected.guessed
        given = labels.shares(), expected.shares, known, self._said_of_some
        part = len(self._some_unlabelled) / len(unlabelled) if len(unlabelled) else 1.0
        self.insight = MixtureInsight(
            self.mixture,
            labels,
            expected.excluded,
            self._brought,
            typical,
            ClassFrequency(*given),
            ClassFrequency(*given, labelled=part * _targets(labels).sum(axis=0)),
        )

    @property
    def balanced(self) -> bool:
        """Whether the classes were brought to shares."""
        return self._offsets is not None

    def of_new(
        self, points: Matrix, placed: Placed, unlike: BoolArray | None, unread: IntArray
    ) -> Said:
        """What is said of new points.

        Parameters
        ----------
        points : {ndarray, csr_matrix} of shape (n_queries, n_features)
        placed : Placed
            The same, beside the fitted ones.
        unlike : as of `Said`
        unread : ndarray of int
            Of which nothing is known, as of some fitted ones.
        """
        speaking = self.reached.astype(np.float64)
        spoken = [self.mixture.graph_part, self.evidence * speaking, speaking]
        votes = placed.votes(np.column_stack(spoken))
        near = votes[:, -1]
        features = []
        if self._space is not None:
            seen = self._space.of_new(points, averages(placed, self._space.smooth))
            features = [member.distributions_of(seen) for member in self.mixture.features]
        on_graph = divided(np.asarray(votes[:, :-2], dtype=np.float64))
        found = self.mixture.joined(on_graph, features)
        evidence = np.divide(votes[:, -2], near, out=np.zeros_like(near), where=near > 0)
        found, reached = self._brought(found), near > 0
        answered = np.ones(len(found), dtype=bool)
        answered[unread] = reached[unread] = False
        found[unread], evidence[unread] = self.mixture.prior, 0
        return Said(found, evidence, reached, unlike, answered, np.zeros(len(found), dtype=bool))

    def _said_of_some(self) -> FloatArray:
        """Distributions of some points without a label, evenly spaced ones of all."""
        return np.asarray(self.distributions[self._some_unlabelled], dtype=np.float64)

    def _brought(self, distributions: FloatArray) -> FloatArray:
        """Bring distributions to the expected shares, as far as those of the fitted points were."""
        if self._offsets is None:
            return distributions
        return with_offsets(distributions, self._offsets, self._expected.otherwise)


def _targets(labels: Labels) -> FloatArray:
    """What each labelled point is, whatever its weight, (n_labelled, n_classes); rows sum to 1."""
    Y = labels.label_matrix(nodes=np.flatnonzero(labels.labelled))
    return np.asarray(Y / Y.sum(axis=1, keepdims=True))


def _mixed(
    members: GraphMembers, space: FeatureSpace | None, labels: Labels, expected: ExpectedShares
) -> Mixture:
    """Weigh the members by what they say of the labels left out."""
    nodes = np.flatnonzero(labels.labelled)
    Y = labels.label_matrix(nodes=nodes)
    trust, targets = Y.sum(axis=1), _targets(labels)
    large = members.means.graph.n_nodes >= LARGE
    taught = Taught.of(Y, _MOST_IN_LARGE if large else _MOST_TAUGHT)
    features: list[FeatureMember] = []
    if space is not None:
        given = space, nodes, targets, relative_trust(trust), taught
        features = [KernelMember(*given)]
        if forest_weight(*targets.shape) > 0:
            features.append(ForestMember(*given))
    return Mixture(
        [members.means, members.absorbing],
        features,
        targets,
        taught,
        np.flatnonzero(~labels.labelled),
        expected.otherwise,
        equal_masses=expected.automatic,
    )
