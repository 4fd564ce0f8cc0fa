"""Graphs of similar points: how they are built, held, saved and diagnosed."""

from fewlabels.graph._build import knn_graph, rbf_graph
from fewlabels.graph._components import component_labels
from fewlabels.graph._diagnosis import GraphDiagnosis
from fewlabels.graph._graph import Graph
from fewlabels.graph._shared_neighbors import shared_neighbor_graph
from fewlabels.graph._unread import without_edges
from fewlabels.graph._weights import edge_weights
from fewlabels.graph.disk._disk_graph import DiskGraph, open_graph
from fewlabels.graph.disk._writer import write_graph
from fewlabels.graph.layouts._layout import layout
from fewlabels.graph.search._neighbors import Neighbors, find_neighbors

__all__ = [
    "DiskGraph",
    "Graph",
    "GraphDiagnosis",
    "Neighbors",
    "component_labels",
    "edge_weights",
    "find_neighbors",
    "knn_graph",
    "layout",
    "open_graph",
    "rbf_graph",
    "shared_neighbor_graph",
    "without_edges",
    "write_graph",
]
