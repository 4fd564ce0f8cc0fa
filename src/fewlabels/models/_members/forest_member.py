"""What single columns say, one after the other: a forest of decision trees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.models._forest import Forest
from fewlabels.models._members.among import chosen_places
from fewlabels.models._members.feature_member import MOST_LABELS, FeatureMember
from fewlabels.models._members.feature_space import FeatureSpace, Seen
from fewlabels.models._members.sharpness import Taught, fitted_sharpness, logits_of, sharpened

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# This share of what it says is the shares of the labels: leaves know few of them.
_OF_PRIOR = 0.05
# What sharpness its shares are expected to need, and how well that is known.
_SHARPNESS, _SHARPNESS_DEVIATION = 1.3, 0.3
# Numbers of columns that are held at once.
_BLOCK_NUMBERS = 1_000_000


class ForestMember(FeatureMember):
    """A random forest, whose trees need no distances: softmax(s log(0.95 F + 0.05 pi)).

    F are the shares of the classes that `Forest` says, and pi those of
    the labels.

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

    name, prior_weight = "forest", 1.0

    def __init__(
        self, space: FeatureSpace, nodes: IntArray, Y: FloatArray, trust: FloatArray, taught: Taught
    ) -> None:
        super().__init__(space)
        self._places = chosen_places(len(nodes), taught.rows, MOST_LABELS)
        self._n_labelled, self._all_nodes = len(nodes), nodes
        Y, trust = Y[self._places], trust[self._places]
        counts = (Y * trust[:, None]).sum(axis=0)
        self.prior = np.where(counts > 0, counts + 1, 0)
        self.prior /= self.prior.sum()
        known = space.at(nodes[self._places]).columns()
        self._forest = Forest(known, Y, trust, columns="sqrt")
        logits = self._logits(self._forest.left_out(self.prior))
        rows = np.searchsorted(self._places, taught.rows)
        self.sharpness = fitted_sharpness(
            logits[rows], replace(taught, rows=rows), _SHARPNESS, _SHARPNESS_DEVIATION
        )
        self._left_out = sharpened(logits, self.sharpness)

    def distributions_of(self, seen: Seen) -> FloatArray:
        result = np.empty((len(seen.plain), len(self.prior)))
        for block in row_blocks(len(result), max(1, _BLOCK_NUMBERS // seen.n_columns)):
            shares = self._forest.answers(seen.part(block).columns())
            result[block] = sharpened(self._logits(shares), self.sharpness)
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
