"""A graph of images: from their pixels, and from features of them.

Inputs: X of shape (n_points, n_pixels), float32. Settings: k.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.works.neighbors import MANY_ENOUGH
from benchmarks.works.work import Clock, Work


def oriented_gradients(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Make the features, then the graph."""
    import fewlabels

    with clock("features"):
        features = fewlabels.OrientedGradients().fit_transform(inputs["X"])
    with clock("graph"):
        graph = fewlabels.knn_graph(features, settings["k"])
    return {"recall": np.array(graph.recall_)}


def pixels(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Make the graph of the pixels themselves."""
    import fewlabels

    with clock("graph"):
        graph = fewlabels.knn_graph(inputs["X"], settings["k"])
    return {"recall": np.array(graph.recall_)}


def few_images(folder: Path) -> dict[str, Any]:
    """Return inputs for a first run that does not count."""
    del folder
    rng = np.random.default_rng(0)
    return {"X": rng.random((MANY_ENOUGH, 64), dtype=np.float32)}


WORKS = {
    "ours oriented gradients": Work(oriented_gradients, ("fewlabels",), few_images),
    "ours pixels": Work(pixels, ("fewlabels",), few_images),
}
