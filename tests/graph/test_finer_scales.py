"""Scales of points by a finer distance: to the k-th nearest of those that a point is joined to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fewlabels.graph import Graph
from fewlabels.graph._reranked import FinerScales

PLACES = np.array([0.0, 1.0, 3.0, 7.0, 15.0])


class Apart:
    """Distances of numbers, and which were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def between(self, rows: Any, candidates: Any) -> np.ndarray:
        self.asked += rows.tolist()
        return np.abs(PLACES[rows][:, None] - PLACES[candidates])


@pytest.mark.parametrize("layout", ["csr", "dense"])
def test_scales_are_those_of_the_neighbours_and_found_once(layout: Any) -> None:
    joined = np.zeros((5, 5))
    for a, b in ((0, 1), (0, 2), (0, 3), (1, 2)):  # 4 is joined to none
        joined[a, b] = joined[b, a] = 1
    distance = Apart()
    scales = FinerScales(Graph.from_affinity(joined, layout=layout), distance)
    found = scales.of(np.array([[0, 1], [4, 1]]), k=2)
    assert found[[0, 1, 4]].tolist() == [3.0, 2.0, 0.0]
    assert np.isnan(found[[2, 3]]).all()
    assert sorted(distance.asked) == [0, 0, 0, 1, 1]
    assert scales.of(np.arange(5), k=2).tolist() == [3.0, 2.0, 3.0, 7.0, 0.0]
    assert sorted(distance.asked) == [0, 0, 0, 1, 1, 2, 2, 3]
