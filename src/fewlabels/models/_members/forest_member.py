"""What single columns say, one after the other: a forest of decision trees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.models._forest import Forest
from fewlabels.models._members.among import LARGE, chosen_places
from fewlabels.models._members.feature_member import MOST_LABELS, FeatureMember
from fewlabels.models._members.feature_space import FeatureSpace, Seen
from fewlabels.models._members.sharpness import Taught, fitted_sharpness, logits_of, sharpened
from fewlabels.solvers import run_giving_way

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Of many points each tree costs time, and the graph says most.
_TREES, _TREES_IN_LARGE = 100, 40
# This share of what it says is the shares of the labels: leaves know few of them.
_OF_PRIOR = 0.05
# What sharpness its shares are expected to need, and how well that is known.
_SHARPNESS, _SHARPNESS_DEVIATION = 1.3, 0.3
# Beside kernels that weigh 1, it weighs 1.4 (r - 1) / (r + 3), r labels a class: trees of single
# labels part points by chance.
_MOST_WEIGHT, _HALVED_AT = 1.4, 3.0
# Numbers of columns that are held at once.
_BLOCK_NUMBERS = 1_000_000


class ForestMember(FeatureMember):
    """A random forest, whose trees need no distances: softmax(s log(0.95 F + 0.05 pi)).

    F are the shares of the classes that `Forest` says, and pi those of the labels. At one label a
    class it has nothing to say.

    Parameters
    ----------
    space : FeatureSpace
    nodes : ndarray of int, shape (n_labelled,)
        The labelled points.
    Y : ndarray of shape (n_labelled, n_classes)
        Distributions of their labels.
    trust : ndarray of shape (n_labelled,)
        Positive, around 1.
    taught : Taught
        The labels that are left out.
    """

    name = "forest"

    def __init__(
        self, space: FeatureSpace, nodes: IntArray, Y: FloatArray, trust: FloatArray, taught: Taught
    ) -> None:
        super().__init__(space)
        self.prior_weight = forest_weight(*Y.shape)
        self._places = chosen_places(len(nodes), taught.rows, MOST_LABELS)
        self._n_labelled, self._all_nodes = len(nodes), nodes
        Y, trust = Y[self._places], trust[self._places]
        counts = (Y * trust[:, None]).sum(axis=0)
        self.prior = np.where(counts > 0, counts + 1, 0)
        self.prior /= self.prior.sum()
        known = space.at(nodes[self._places]).columns()
        n_trees = _TREES if len(space.plain) < LARGE else _TREES_IN_LARGE
        self._forest = Forest(known, Y, trust, columns="sqrt", n_trees=n_trees)
        logits = self._logits(self._forest.left_out(self.prior))
        rows = np.searchsorted(self._places, taught.rows)
        self.sharpness = fitted_sharpness(
            logits[rows], replace(taught, rows=rows), _SHARPNESS, _SHARPNESS_DEVIATION
        )
        self._left_out = sharpened(logits, self.sharpness)

    def distributions_of(self, seen: Seen) -> FloatArray:
        result = np.empty((len(seen.plain), len(self.prior)))
        blocks = row_blocks(len(result), max(1, _BLOCK_NUMBERS // seen.n_columns))

        def say(k: int) -> None:
            shares = self._forest.answers(seen.part(blocks[k]).columns())
            result[blocks[k]] = sharpened(self._logits(shares), self.sharpness)

        run_giving_way(say, len(blocks))
        return result

    def left_out(self) -> FloatArray:
        found = np.empty((self._n_labelled, len(self.prior)))
        found[self._places] = self._left_out
        others = np.delete(np.arange(self._n_labelled), self._places)  # it never saw these
        found[others] = self.distributions(self._all_nodes[others])
        return found

    def left_out_weights(self) -> FloatArray:
        found = np.zeros((self._n_labelled, self._n_labelled))
        found[np.ix_(self._places, self._places)] = self._forest.left_out_weights()
        return found

    def say(self, node: int) -> FloatArray:
        total = np.zeros(self._n_labelled)
        total[self._places] = self._forest.response(self._space.at(np.array([node])).columns())[0]
        return total

    def _logits(self, shares: FloatArray) -> FloatArray:
        return logits_of((1 - _OF_PRIOR) * shares + _OF_PRIOR * self.prior)


def forest_weight(n_labelled: int, n_classes: int) -> float:
    """How much a forest is trusted before any label is left out; none at one label a class."""
    labels_a_class = n_labelled / n_classes
    return _MOST_WEIGHT * max(0.0, labels_a_class - 1) / (labels_a_class + _HALVED_AT)
