"""From the items to points and their graph, kept so that the next start needs neither."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from fewlabels._typing import Estimator, Matrix
from fewlabels.exceptions import FeatureWarning
from fewlabels.features import Points, make_points
from fewlabels.graph import Graph, shared_neighbor_graph
from fewlabels.io._earlier import EARLIER
from fewlabels.io._table import quoted
from fewlabels.labelling._cache import Cache
from fewlabels.labelling._items import Items

#: Called with what is being made, and the share that is done, or None.
Stage = Callable[[str, float | None], None]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What models learn from.

    Attributes
    ----------
    values : {ndarray, csr_matrix} of shape (n_points, n_features)
    graph : Graph
    warnings : tuple of str
        What may be meant otherwise, or will do poorly.
    """

    values: Matrix
    graph: Graph
    warnings: tuple[str, ...] = ()


def prepare(
    items: Items,
    cache: Cache,
    stage: Stage,
    *,
    columns: Mapping[str, str] | None = None,
    embeddings: object = None,
) -> Prepared:
    """Make points and graph, or take those that are kept.

    Parameters
    ----------
    items : Items
    cache : Cache
    stage : callable
        Told what is going on.
    columns, embeddings : as of :func:`fewlabels.make_points`
    """
    values, graph = cache.array("points"), cache.graph()
    told = _kept_warnings(cache)
    n = items.n_points
    if values is None or values.shape[0] != n or graph is None or graph.n_nodes != n:
        stage("points", 0.0)
        points = _points(items, columns, embeddings, lambda share: stage("points", share))
        values, told = points.values, (*points.warnings, *_about_earlier(points))
        cache.put("points", values)
        stage("graph", 0.0)
        graph, doubts = _joined(points, lambda share: stage("graph", share))
        told += doubts
        cache.put_graph(graph)
        cache.put("warnings", np.array(told, dtype=np.str_))
    return Prepared(values, graph, told)


def _kept_warnings(cache: Cache) -> tuple[str, ...]:
    found = cache.array("warnings")
    return () if found is None or found.dtype.kind != "U" else tuple(found.tolist())


def _joined(points: Points, progress: Callable[[float], None]) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph of points, and what is to be said of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        graph = shared_neighbor_graph(points, progress=progress)
    return graph, tuple(str(each.message) for each in caught)


def _points(
    items: Items,
    columns: Mapping[str, str] | None,
    embeddings: Estimator,
    progress: Callable[[float], object],
) -> Points:
    kind = items.kind
    if columns is None and items.label_column is not None and kind == "table":
        columns = {}
    if columns is not None and items.label_column is not None:
        columns = {**columns, items.label_column: "drop"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FeatureWarning)  # kept in the points
        return make_points(
            items.data(), kind=kind, columns=columns, embeddings=embeddings, progress=progress
        )


def _about_earlier(points: Points) -> Iterator[str]:
    """Say which columns are left out as answers, in case they are the user's own."""
    columns = getattr(points.transformer, "columns_", ())
    names = [each.name for each in columns if each.note == EARLIER]
    if names:
        yield (
            f"left out, as an earlier run wrote them: {quoted(names)}. If one is your own, say so: "
            f"--column {names[0]}=use."
        )
