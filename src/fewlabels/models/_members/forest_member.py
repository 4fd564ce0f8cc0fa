"""What single columns say, one after the other: a forest of decision trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeRegressor

from fewlabels._rows import row_blocks
from fewlabels.models._members.among import chosen_places
from fewlabels.models._members.feature_member import MOST_LABELS, FeatureMember
from fewlabels.models._members.feature_space import FeatureSpace, Seen
from fewlabels.models._members.sharpness import Taught, fitted_sharpness, logits_of, sharpened

FloatArray = npt.NDArray[np.float64]
Points = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

_TREES = 100
# This share of what it says is the shares of the labels: leaves know few of them.
_OF_PRIOR = 0.05
# What sharpness its shares are expected to need, and how well that is known.
_SHARPNESS, _SHARPNESS_DEVIATION = 1.3, 0.3
_PRIOR_WEIGHT = 0.6
# Numbers of rows that are held at once: they should stay in the cache for all trees.
_BLOCK_NUMBERS = 1_000_000
# No split gains less: a label that is hardly trusted gets no leaf of its own.
_LEAST_GAIN = 1e-8
# Trust beyond that makes no difference to where trees split.
_MOST_TRUST = 1e6


@dataclass(frozen=True)
class _Tree:
    """One tree, the shares of the classes at its nodes, and how much of each label it saw."""

    tree: Any
    shares: FloatArray
    counts: FloatArray

    def leaves(self, points: Points) -> IntArray:
        """The leaf of each point."""
        found: IntArray = self.tree.apply(points)
        return found


class ForestMember(FeatureMember):
    """A random forest: trees that part the labelled points by one column after the other.

    Each tree sees a draw of the labels with replacement and, at each split, about the root of the
    number of columns. Leaves hold the mean of their labels, so that the shares

        F_i = 1 / T sum_t sum_j [j in the leaf of i] w_tj Y_j / sum_j [j in the leaf of i] w_tj

    are linear in the labels, given the trees. A label is left out by asking only trees that did
    not see it. Shares become probabilities by softmax(s log(0.95 F + 0.05 pi)), pi being the
    shares of the labels. Unlike kernels, trees see no distances: columns of any scale, columns
    that tell nothing, and classes that several columns tell only together are the same to them.

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

    Notes
    -----
    The same labels make the same trees, in whatever order points and classes come. Cost: 100 trees
    on at most 1,000 labels, and n_samples x 100 x depth comparisons.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 2001; section 3.1 on trees that did not see a
    label.
    """

    name, prior_weight = "forest", _PRIOR_WEIGHT

    def __init__(
        self, space: FeatureSpace, nodes: IntArray, Y: FloatArray, trust: FloatArray, taught: Taught
    ) -> None:
        super().__init__(space)
        self._places = chosen_places(len(nodes), taught.rows, MOST_LABELS)
        self._n_labelled, self._all_nodes = len(nodes), nodes
        self._Y, trust = Y[self._places], trust[self._places]
        taught = replace(taught, rows=np.searchsorted(self._places, taught.rows))
        counts = (self._Y * trust[:, None]).sum(axis=0)
        self.prior = np.where(counts > 0, counts + 1, 0)
        self.prior /= self.prior.sum()
        self._known = space.at(nodes[self._places]).columns()
        self._trees = _grown(self._known, self._Y, np.clip(trust, 1 / _MOST_TRUST, _MOST_TRUST))
        left_out = self._unseen_shares()
        logits = self._logits(left_out)
        self.sharpness = fitted_sharpness(
            logits[taught.rows], taught, _SHARPNESS, _SHARPNESS_DEVIATION
        )
        self._left_out = sharpened(logits, self.sharpness)

    def distributions_of(self, seen: Seen) -> FloatArray:
        result = np.empty((len(seen.plain), len(self.prior)))
        for block in row_blocks(len(result), max(1, _BLOCK_NUMBERS // self._known.shape[1])):
            points = np.ascontiguousarray(seen.part(block).columns())
            total = np.zeros((len(points), len(self.prior)))
            for tree in self._trees:
                total += tree.shares[tree.leaves(points)]
            result[block] = sharpened(self._logits(total / len(self._trees)), self.sharpness)
        return result

    def left_out(self) -> FloatArray:
        found = np.empty((self._n_labelled, len(self.prior)))
        found[self._places] = self._left_out
        others = np.delete(np.arange(self._n_labelled), self._places)  # it never saw these
        found[others] = self.distributions(self._all_nodes[others])
        return found

    def left_out_weights(self) -> FloatArray:
        total = np.zeros((len(self._places),) * 2)
        asked = np.zeros(len(self._places))
        for tree in self._trees:
            leaves = tree.leaves(self._known)
            unseen = tree.counts == 0
            total[unseen] += _shares_of_leaves(leaves[unseen], leaves, tree.counts)
            asked += unseen
        found = np.zeros((self._n_labelled, self._n_labelled))
        found[np.ix_(self._places, self._places)] = total / np.maximum(asked, 1)[:, None]
        return found

    def say(self, node: int) -> FloatArray:
        point = self._space.at(np.array([node])).columns()
        said = np.zeros(len(self._places))
        for tree in self._trees:
            said += _shares_of_leaves(tree.leaves(point), tree.leaves(self._known), tree.counts)[0]
        total = np.zeros(self._n_labelled)
        total[self._places] = said / len(self._trees)
        return total

    def _logits(self, shares: FloatArray) -> FloatArray:
        return logits_of((1 - _OF_PRIOR) * shares + _OF_PRIOR * self.prior)

    def _unseen_shares(self) -> FloatArray:
        """What trees that did not see a label say of its point; the prior where all saw it."""
        total, asked = np.zeros(self._Y.shape), np.zeros(len(self._Y))
        for tree in self._trees:
            unseen = tree.counts == 0
            total[unseen] += tree.shares[tree.leaves(self._known[unseen])]
            asked += unseen
        total[asked == 0] = self.prior
        return total / np.maximum(asked, 1)[:, None]


def _grown(points: Points, Y: FloatArray, trust: FloatArray) -> list[_Tree]:
    """Grow the trees on labels in an order of their own, that of the points along a direction."""
    rng = np.random.default_rng(0)
    order = np.argsort(points @ rng.normal(size=points.shape[1]), kind="stable")
    codes = Y[order].argmax(axis=1)
    _, first = np.unique(codes, return_index=True)
    columns = codes[np.sort(first)]  # classes in the order in which they first come
    columns = np.concatenate([columns, np.setdiff1d(np.arange(Y.shape[1]), columns)])
    back = np.argsort(columns)
    known, targets = points[order], Y[order][:, columns]
    trees = []
    for seed in range(_TREES):
        seen = np.bincount(rng.integers(len(order), size=len(order)), minlength=len(order))
        grown = DecisionTreeRegressor(
            max_features="sqrt", min_impurity_decrease=_LEAST_GAIN, random_state=seed
        )
        grown.fit(known, targets, sample_weight=seen * trust[order], check_input=False)
        counts = np.empty(len(order))
        counts[order] = seen * trust[order]
        trees.append(_Tree(grown.tree_, grown.tree_.value[:, back, 0], counts))
    return trees


def _shares_of_leaves(of: IntArray, leaves: IntArray, counts: FloatArray) -> FloatArray:
    """How much each label counts in some leaves, shape (n_leaves, n_labels); rows sum to 1."""
    found = (of[:, None] == leaves) * counts
    return np.asarray(found / found.sum(axis=1, keepdims=True))
