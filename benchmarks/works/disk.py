"""A graph that is made, kept and fitted on disk.

Settings: ``path``, the graph's folder; ``n_nodes`` and ``n_classes`` of the lattice. Inputs of the
fits: y, -1 where a node has no label.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.data import draw_labels
from benchmarks.lattice import Lattice
from benchmarks.works.fits import label_spreading
from benchmarks.works.work import Clock, Work

_FEW_NODES, _FEW_CLASSES = 5_000, 4


def write(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Make the graph's rows, and write them."""
    del inputs
    from fewlabels.graph import write_graph

    lattice = Lattice(settings["n_nodes"], settings["n_classes"])
    with clock("write"):
        write_graph(settings["path"], lattice.blocks(), lattice.n_nodes, overwrite=True)
    return {}


def fit_on_disk(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Fit with the graph left where it is."""
    from fewlabels.graph import open_graph

    graph = open_graph(inputs.get("folder", settings["path"]))
    with clock("fit"):
        model = label_spreading().fit(graph, inputs["y"])
    return {"predicted": model.transduction_}


def fit_in_memory(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Read the graph, then fit."""
    from fewlabels.graph import open_graph

    graph = open_graph(inputs.get("folder", settings["path"])).to_memory()
    with clock("fit"):
        model = label_spreading().fit(graph, inputs["y"])
    return {"predicted": model.transduction_}


def few_nodes(folder: Path) -> dict[str, Any]:
    """Return inputs for a first run that does not count."""
    from fewlabels.graph import write_graph

    lattice = Lattice(_FEW_NODES, _FEW_CLASSES)
    write_graph(folder / "graph", lattice.blocks(), lattice.n_nodes)
    return {"folder": folder / "graph", "y": draw_labels(lattice.truth(), 5, seed=0)}


WORKS = {
    "ours disk write": Work(write, ("fewlabels",)),
    "ours disk fit": Work(fit_on_disk, ("fewlabels",), few_nodes),
    "ours memory fit": Work(fit_in_memory, ("fewlabels",), few_nodes),
}
