"""The simulation of grids runs, and counts what it says."""

from __future__ import annotations

from sklearn.datasets import load_digits

from benchmarks import neighbourhoods
from fewlabels.graph import shared_neighbor_graph


def test_grids_of_digits_cost_fewer_keystrokes_than_their_labels() -> None:
    X, y = load_digits(n_class=3, return_X_y=True)
    X, y = X[:240], y[:240]
    seen: list[tuple[int, float]] = []
    tally = neighbourhoods.run(
        X, shared_neighbor_graph(X), y, 60, 0, lambda now: seen.append((now.labels, now.right_now))
    )
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert all(0.9 < right <= 1 for _, right in seen)
    assert tally.grids > 1
    assert 60 <= tally.labels < 60 + neighbourhoods.GRID
    assert neighbourhoods.FIRST + tally.grids <= tally.keystrokes < tally.labels
    assert tally.errors < 0.1
