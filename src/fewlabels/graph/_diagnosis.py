"""What may go wrong on a graph, said before a model is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fewlabels._labels import encode_labels
from fewlabels.exceptions import InvalidInputError

if TYPE_CHECKING:
    from fewlabels.graph._graph import Graph

QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)

# A node with ten times the median number of neighbours (and more than ten) draws the answers
# of many points through itself.
_HUB_RATIO = 10

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class GraphDiagnosis:
    """The structure of a graph, and what hinders the spread of labels in it.

    Attributes
    ----------
    n_nodes, n_edges : int
    component_sizes : ndarray of shape (n_components,)
        Number of nodes of each component, indexed as ``Graph.component_labels``.
    isolated : ndarray of int
        Nodes without any neighbour.
    hubs : ndarray of int
        Nodes with more than ten times the median number of neighbours, most first.
    degree_quantiles : dict of float to float
        Minimum, quartiles and maximum of the degrees d_i = sum_j w_ij.
    neighbor_quantiles : dict of float to float
        The same of the number of neighbours.
    n_duplicates : int or None
        Points with another point at distance 0; None where distances are not known.
    asymmetry : float or None
        max |w_ij - w_ji| / max w_ij before the graph was made symmetric.
    unlabelled_components : ndarray of int, or None
        Components that hold no label; None where no labels were given.
    n_unreached : int or None
        Nodes in those components: no evidence can reach them.

    Examples
    --------
    >>> from fewlabels import knn_graph
    >>> found = knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1).diagnose([0, -1, -1, -1])
    >>> found.n_nodes, found.n_edges, found.component_sizes
    (4, 2, array([2, 2]))
    """

    n_nodes: int
    n_edges: int
    component_sizes: IntArray
    isolated: IntArray
    hubs: IntArray
    degree_quantiles: dict[float, float]
    neighbor_quantiles: dict[float, float]
    n_duplicates: int | None
    asymmetry: float | None
    unlabelled_components: IntArray | None
    n_unreached: int | None

    @property
    def n_components(self) -> int:
        """Number of connected components."""
        return len(self.component_sizes)

    @property
    def n_isolated(self) -> int:
        """Number of nodes without any neighbour."""
        return len(self.isolated)

    def __str__(self) -> str:
        lines = [
            f"{_count(self.n_nodes, 'node')}, {_count(self.n_edges, 'edge')}, "
            f"{_quantile_text(self.neighbor_quantiles)} neighbours a node (least, median, most)",
            f"{_count(self.n_components, 'component')}, the largest of "
            f"{int(self.component_sizes.max(initial=0)):,} nodes",
        ]
        if self.n_isolated:
            lines.append(f"{_count(self.n_isolated, 'isolated node')}: {_some(self.isolated)}")
        if len(self.hubs):
            lines.append(f"{_count(len(self.hubs), 'hub')}: {_some(self.hubs)}")
        if self.n_duplicates:
            lines.append(f"{_count(self.n_duplicates, 'point')} with an exact duplicate")
        if self.unlabelled_components is not None:
            n_without = len(self.unlabelled_components)
            if n_without:
                lines.append(
                    f"{_count(n_without, 'component')} without a label: "
                    f"{_count(self.n_unreached or 0, 'node')} can't be reached. "
                    "Label a point in each, or raise n_neighbors."
                )
            else:
                lines.append("every component holds a label")
        return "\n".join(lines)


def diagnose(graph: Graph, labels: object = None) -> GraphDiagnosis:
    """Measure the graph; with labels, also what they can reach."""
    counts = graph.neighbor_counts
    sizes = np.bincount(graph.component_labels, minlength=graph.n_components)
    threshold = _HUB_RATIO * max(float(np.median(counts)) if len(counts) else 0.0, 1.0)
    hubs = np.flatnonzero(counts > threshold)
    unlabelled_components = n_unreached = None
    if labels is not None:
        labelled = encode_labels(labels).labelled
        if len(labelled) != graph.n_nodes:
            raise InvalidInputError(
                f"labels must have one entry per node: got {len(labelled)} labels for "
                f"{graph.n_nodes} nodes."
            )
        holds = np.zeros(graph.n_components, dtype=bool)
        holds[graph.component_labels[labelled]] = True
        unlabelled_components = np.flatnonzero(~holds)
        n_unreached = int(sizes[~holds].sum())
    info = graph.build_info
    return GraphDiagnosis(
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        component_sizes=sizes,
        isolated=np.flatnonzero(counts == 0),
        hubs=hubs[np.argsort(-counts[hubs], kind="stable")],
        degree_quantiles=_quantiles(graph.degrees),
        neighbor_quantiles=_quantiles(counts),
        n_duplicates=info.get("n_duplicates"),
        asymmetry=info.get("asymmetry"),
        unlabelled_components=unlabelled_components,
        n_unreached=n_unreached,
    )


def _quantiles(values: np.ndarray) -> dict[float, float]:
    if len(values) == 0:
        return dict.fromkeys(QUANTILES, 0.0)
    return dict(zip(QUANTILES, np.quantile(values, QUANTILES).tolist(), strict=True))


def _quantile_text(quantiles: dict[float, float]) -> str:
    return " / ".join(f"{quantiles[q]:,.10g}" for q in (0.0, 0.5, 1.0))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _some(nodes: IntArray, most: int = 5) -> str:
    listed = ", ".join(str(node) for node in nodes[:most])
    return listed if len(nodes) <= most else f"{listed}, ... ({len(nodes) - most:,} more)"
