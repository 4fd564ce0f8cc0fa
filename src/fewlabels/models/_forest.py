"""A random forest as a model that is linear in the labels, given its trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels._way import give_way
from fewlabels.models._tree_growing import Tree, grower
from fewlabels.solvers import run_giving_way

FloatArray = npt.NDArray[np.float64]
Points = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.intp]

# No split gains less: a label that is hardly trusted gets no leaf of its own.
_LEAST_GAIN = 1e-8
# Trust beyond that makes no difference to where trees split.
_MOST_TRUST = 1e6
# Numbers of rows that are held at once: they should stay in the cache for all trees.
_BLOCK_NUMBERS = 1_000_000


@dataclass(frozen=True)
class _Tree:
    """One tree, the mean labels at its nodes, and of each label how much it saw, and the leaf."""

    tree: Tree
    means: FloatArray
    counts: FloatArray
    known: IntArray

    def leaves(self, points: Points) -> IntArray:
        """The leaf of each point."""
        return self.tree.apply(points)


class Forest:
    """Trees that part the labelled points by one column after the other.

    Each tree sees a draw of the labels with replacement, and leaves hold the mean of their labels,
    so that the answers

        F_i = 1 / T sum_t sum_j [j in the leaf of i] w_tj Y_j / sum_j [j in the leaf of i] w_tj

    are linear in the labels, given the trees. A label is left out by asking only the trees that
    did not see it. Trees see no distances: columns of any scale, columns that tell nothing, and
    what several columns tell only together are the same to them.

    Parameters
    ----------
    points : ndarray of shape (n_labelled, n_columns), float32
    Y : ndarray of shape (n_labelled, n_outputs)
        Distributions, or numbers.
    trust : ndarray of shape (n_labelled,)
        Positive, around 1.
    columns : {"sqrt", "all"}
        How many columns a split is chosen from.
    n_trees : int, default=100

    Notes
    -----
    The same labels make the same trees, in whatever order points and classes come. Cost of a tree:
    about 0.1 ms for 30 labels, and 2 ms for 1,000; then n_points x n_trees x depth comparisons.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 2001; section 3.1 on trees that did not see a
    label.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.models._forest import Forest
    >>> points = np.array([[0], [1], [8], [9]], dtype=np.float32)
    >>> forest = Forest(points, np.eye(2)[[0, 0, 1, 1]], np.ones(4), columns="all")
    >>> forest.answers(np.array([[0.5]], dtype=np.float32)).argmax(axis=1)
    array([0])
    """

    def __init__(
        self,
        points: Points,
        Y: FloatArray,
        trust: FloatArray,
        *,
        columns: Literal["sqrt", "all"],
        n_trees: int = 100,
    ) -> None:
        self._n_labelled, self._n_outputs = Y.shape
        self._n_columns = points.shape[1]
        rng = np.random.default_rng(0)
        # labels in an order of their own, that of the points along a direction, and classes in the
        # order in which they then come: ties between splits are broken alike
        order = np.argsort(points @ rng.normal(size=points.shape[1]), kind="stable")
        outputs = _as_they_come(Y[order].argmax(axis=1), Y.shape[1])
        back = np.argsort(outputs)
        known, targets = points[order], Y[order][:, outputs]
        trust = np.clip(trust[order], 1 / _MOST_TRUST, _MOST_TRUST)
        some = max(1, int(np.sqrt(self._n_columns)))
        grow = grower(
            known,
            targets,
            max_features=some if columns == "sqrt" else self._n_columns,
            least_gain=_LEAST_GAIN,
        )
        self._trees: list[_Tree] = []
        for seed in range(n_trees):
            give_way()
            drawn = rng.integers(len(order), size=len(order))
            seen = np.bincount(drawn, minlength=len(order)) * trust
            tree = grow(seen, seed)
            counts = np.empty(len(order))
            counts[order] = seen
            self._trees.append(_Tree(tree, tree.value[:, back, 0], counts, tree.apply(points)))

    def answers(self, points: Points) -> FloatArray:
        """Return F, of shape (n_points, n_outputs)."""
        total = np.zeros((len(points), self._n_outputs))
        blocks = row_blocks(len(points), max(1, _BLOCK_NUMBERS // self._n_columns))

        def answer(k: int) -> None:
            here = np.ascontiguousarray(points[blocks[k]])
            for tree in self._trees:
                give_way()
                total[blocks[k]] += tree.means[tree.leaves(here)]

        run_giving_way(answer, len(blocks))
        return total / len(self._trees)

    def left_out(self, otherwise: FloatArray) -> FloatArray:
        """Return what trees say that did not see a label, of its point, (n_labelled, n_outputs).

        Parameters
        ----------
        otherwise : ndarray of shape (n_outputs,)
            What is said where every tree saw the label.
        """
        total = np.zeros((self._n_labelled, self._n_outputs))
        asked = np.zeros(self._n_labelled)
        for tree in self._trees:
            unseen = tree.counts == 0
            total[unseen] += tree.means[tree.known[unseen]]
            asked += unseen
        total[asked == 0] = otherwise
        return total / np.maximum(asked, 1)[:, None]

    def left_out_weights(self) -> FloatArray:
        """Return the matrix B with ``left_out = B @ Y``; its diagonal is 0, rows sum to 1."""
        total = np.zeros((self._n_labelled, self._n_labelled))
        asked = np.zeros(self._n_labelled)
        for tree in self._trees:
            unseen = tree.counts == 0
            total[unseen] += _shares(tree.known[unseen], tree.known, tree.counts)
            asked += unseen
        return total / np.maximum(asked, 1)[:, None]

    def response(self, points: Points) -> FloatArray:
        """Return how much each label counts at points, (n_points, n_labelled); rows sum to 1."""
        total = np.zeros((len(points), self._n_labelled))
        for tree in self._trees:
            total += _shares(tree.leaves(points), tree.known, tree.counts)
        return total / len(self._trees)


def _as_they_come(codes: IntArray, n_codes: int) -> IntArray:
    """All codes, in the order in which they first come; those that don't, last."""
    _, first = np.unique(codes, return_index=True)
    come = codes[np.sort(first)]
    return np.concatenate([come, np.setdiff1d(np.arange(n_codes), come)])


def _shares(of: IntArray, leaves: IntArray, counts: FloatArray) -> FloatArray:
    """How much each label counts in some leaves, shape (n_leaves, n_labels); rows sum to 1."""
    found = (of[:, None] == leaves) * counts
    return np.asarray(found / found.sum(axis=1, keepdims=True))
