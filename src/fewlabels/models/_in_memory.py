"""Methods that need their graph in memory."""

from __future__ import annotations

from fewlabels.exceptions import InvalidTypeError
from fewlabels.graph import DiskGraph, Graph


def refuse_disk(estimator: object, graph: Graph) -> Graph:
    """Return the graph, or raise if it is on disk."""
    if isinstance(graph, DiskGraph):
        raise InvalidTypeError(
            f"{type(estimator).__name__} needs the graph in memory, and this one is on disk. Fit "
            "on graph.to_memory() if it fits; LabelSpreading is fitted from the disk."
        )
    return graph
