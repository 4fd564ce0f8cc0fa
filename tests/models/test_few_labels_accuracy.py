"""The recommended classifier beside the best of two that everybody has, on sets of every kind."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fewlabels import FewLabelsClassifier, LabelPropagation
from fewlabels.graph import shared_neighbor_graph

LOADERS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
}
N_DRAWS = {"digits": 4}
# By how much the best of the two, chosen with the truth in hand, may be ahead in the mean of the
# draws; and in the mean of all sets.
WORST, MEAN = 0.03, 0.01


@functools.cache
def regret(name: str, n_each: int) -> float:
    """How far the better of two plain models is ahead, in the mean of some draws."""
    X, truth = LOADERS[name](return_X_y=True)
    if name in ("wine", "breast cancer"):
        X = StandardScaler().fit_transform(X)
    graph = shared_neighbor_graph(X)
    found = []
    for seed in range(N_DRAWS.get(name, 8)):
        order = np.random.default_rng(seed).permutation(len(truth))
        y = np.full(len(truth), -1)
        for c in np.unique(truth):
            y[order[truth[order] == c][:n_each]] = c
        free = y < 0
        linear = LogisticRegression(max_iter=5_000).fit(X[~free], y[~free])
        ours = FewLabelsClassifier().fit(X, y, graph=graph)  # which it would make itself
        found.append(
            [
                np.mean(ours.transduction_[free] == truth[free]),
                np.mean(linear.predict(X[free]) == truth[free]),
                np.mean(
                    LabelPropagation(class_prior="uniform").fit(graph, y).transduction_[free]
                    == truth[free]
                ),
            ]
        )
    ours, *plain = np.mean(found, axis=0)
    return float(max(plain) - ours)


@pytest.mark.parametrize("name", LOADERS)
def test_on_each_set_it_is_nearly_as_good_as_the_best_of_two_plain_models(name: str) -> None:
    assert regret(name, 5) < WORST


def test_on_all_sets_together_it_is_as_good_as_the_best_of_two_plain_models() -> None:
    assert np.mean([regret(name, 5) for name in LOADERS]) < MEAN
