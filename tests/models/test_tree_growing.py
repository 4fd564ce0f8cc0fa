"""Trees grown of scikit-learn's parts are those of its fits."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor, _tree

from fewlabels.models import _tree_growing
from fewlabels.models._forest import Forest
from fewlabels.models._tree_growing import grower

RNG = np.random.default_rng(0)
POINTS = RNG.integers(12, size=(60, 5)).astype(np.float32)  # with ties
TARGETS = np.eye(3)[RNG.integers(3, size=60)]


@pytest.fixture(autouse=True)
def _parts_looked_at_anew():
    _tree_growing._parts_fit.cache_clear()
    yield
    _tree_growing._parts_fit.cache_clear()


def state(tree: Any) -> tuple[bytes, bytes]:
    kept = tree.__getstate__()
    return kept["nodes"].tobytes(), kept["values"].tobytes()


@pytest.mark.parametrize("max_features", [1, 2, 5])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_a_tree_is_that_of_a_fit_to_the_last_bit(max_features: int, n_outputs: int) -> None:
    targets = TARGETS[:, :n_outputs]
    grow = grower(POINTS, targets, max_features=max_features, least_gain=1e-3)
    for seed in range(10):
        weights = RNG.integers(3, size=60) * RNG.uniform(0.1, 2, size=60)
        fitted = DecisionTreeRegressor(
            max_features=max_features, min_impurity_decrease=1e-3, random_state=seed
        ).fit(POINTS, targets, sample_weight=weights)
        assert state(grow(weights, seed)) == state(fitted.tree_)


def test_the_parts_of_this_release_are_used() -> None:
    assert _tree_growing._parts_fit()


class OtherTree:
    """As of a release in which a tree takes something else."""

    def __init__(self, n_columns: int) -> None:
        raise AssertionError("called with too few arguments")


class BrokenTree:
    """As of a release in which something else is wrong."""

    def __init__(self, *_: object) -> None:
        raise RuntimeError("not here")


class DeeperBuilder(_tree.DepthFirstTreeBuilder):
    """As of a release in which an argument has another meaning."""

    def __new__(cls, splitter, least, leaf, weight, depth, gain):
        return super().__new__(_tree.DepthFirstTreeBuilder, splitter, least, leaf, weight, 2, gain)


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setitem(sys.modules, "sklearn.tree._splitter", None),
        lambda patch: patch.delattr(_tree, "DepthFirstTreeBuilder"),
        lambda patch: patch.setattr(_tree, "Tree", OtherTree),
        lambda patch: patch.setattr(_tree, "Tree", BrokenTree),
        lambda patch: patch.setattr(_tree, "DepthFirstTreeBuilder", DeeperBuilder),
    ],
    ids=["no module", "no class", "other arguments", "any error", "other trees"],
)
def test_where_the_parts_are_others_fits_grow_the_same_forest(change, monkeypatch) -> None:
    expected = Forest(POINTS, TARGETS, np.ones(60), columns="sqrt", n_trees=5).answers(POINTS)
    _tree_growing._parts_fit.cache_clear()
    change(monkeypatch)
    found = Forest(POINTS, TARGETS, np.ones(60), columns="sqrt", n_trees=5).answers(POINTS)
    assert not _tree_growing._parts_fit()
    np.testing.assert_array_equal(found, expected)
