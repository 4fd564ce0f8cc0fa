"""Regression trees as scikit-learn grows them, without what each fit does around that."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeRegressor

FloatArray = npt.NDArray[np.float64]
Points = npt.NDArray[np.float32]


class Tree(Protocol):
    """What is used of a `sklearn.tree._tree.Tree`, in whose nodes points end by their columns."""

    feature: npt.NDArray[np.intp]
    threshold: FloatArray
    children_left: npt.NDArray[np.intp]
    children_right: npt.NDArray[np.intp]
    value: FloatArray

    def apply(self, X: Points, /) -> npt.NDArray[np.intp]:
        """Return the leaf in which each point ends."""


Grow = Callable[[FloatArray, int], Tree]  # from the weights of the points, and a seed


def grower(points: Points, targets: FloatArray, *, max_features: int, least_gain: float) -> Grow:
    """Return what grows trees on these points: those of scikit-learn's `DecisionTreeRegressor`.

    A fit of few points spends nine tenths of its time on checks and on an unused generator.
    Therefore the parts that it is made of are called. They are no public interface: where they
    don't grow the tree that a fit does, as they may not in another release, fits are used.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_columns)
    targets : ndarray of shape (n_points, n_outputs)
    max_features : int
        How many columns a split is chosen from.
    least_gain : float
        As ``min_impurity_decrease``.
    """
    make = _by_parts if _parts_fit() else _by_fits
    points, targets = np.ascontiguousarray(points), np.ascontiguousarray(targets)
    return make(points, targets, max_features, least_gain)


def _by_fits(points: Points, targets: FloatArray, max_features: int, least_gain: float) -> Grow:
    def grow(weights: FloatArray, seed: int) -> Tree:
        estimator = DecisionTreeRegressor(
            max_features=max_features, min_impurity_decrease=least_gain, random_state=seed
        )
        estimator.fit(points, targets, sample_weight=weights, check_input=False)
        return cast(Tree, estimator.tree_)

    return grow


def _by_parts(points: Points, targets: FloatArray, max_features: int, least_gain: float) -> Grow:
    # here, where it is found out whether they are there
    from sklearn.tree._criterion import MSE
    from sklearn.tree._splitter import BestSplitter
    from sklearn.tree._tree import DepthFirstTreeBuilder
    from sklearn.tree._tree import Tree as TheirTree

    n_outputs = targets.shape[1]
    of_numbers = np.ones(n_outputs, dtype=np.intp)  # what has one class an output
    any_depth = np.iinfo(np.int32).max
    random = np.random.RandomState()

    def grow(weights: FloatArray, seed: int) -> Tree:
        random.seed(seed)  # to make another takes as long as to grow a tree
        tree: Tree = TheirTree(points.shape[1], of_numbers, n_outputs)
        splitter = BestSplitter(MSE(n_outputs, len(points)), max_features, 1, 0.0, random, None)
        builder = DepthFirstTreeBuilder(splitter, 2, 1, 0.0, any_depth, least_gain)
        builder.build(tree, points, targets, weights, None)
        return tree

    return grow


@cache
def _parts_fit() -> bool:
    """Whether the parts grow the trees that fits do, with the release that is installed."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 3)).astype(np.float32)
    targets, weights = rng.normal(size=(40, 2)), rng.integers(3, size=40).astype(np.float64)
    try:
        grow = _by_parts(points, targets, 2, 1e-3)
        found = [_contents(grow(weights, seed)) for seed in (1, 2)]
    except Exception:  # noqa: BLE001 - whatever private parts raise in another release
        return False
    fit = _by_fits(points, targets, 2, 1e-3)
    return found == [_contents(fit(weights, seed)) for seed in (1, 2)]


def _contents(tree: Tree) -> tuple[object, ...]:
    """All that an answer depends on."""
    parts = tree.feature, tree.threshold, tree.children_left, tree.children_right, tree.value
    return tuple(part.tolist() for part in parts)
