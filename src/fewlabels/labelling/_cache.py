"""What can be made again, and takes long: points, graph and map, in a folder of their own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fewlabels._array_files import read_arrays
from fewlabels._damage import UNREADABLE
from fewlabels._files import replace_when_whole
from fewlabels._typing import Fields, Matrix, Package
from fewlabels._version import __version__
from fewlabels.exceptions import FewLabelsError

if TYPE_CHECKING:
    from fewlabels.graph import Graph

_UNREADABLE: tuple[type[Exception], ...] = (*UNREADABLE, FewLabelsError)
_MATRIX = ("data", "indices", "indptr", "shape")


class Cache:
    """The folder of one data set and the settings by which its points are made.

    What is not there, or damaged, is made again; what can't be written is not kept.

    Parameters
    ----------
    folder : Path or None
        None: nothing is kept.
    made_of : mapping
        What decides the points, as JSON holds it.
    """

    def __init__(self, folder: Path | None, made_of: Fields) -> None:
        said = json.dumps({**made_of, "fewlabels": __version__}, sort_keys=True, default=str)
        name = hashlib.sha256(said.encode()).hexdigest()[:24]
        self.folder = None if folder is None else folder / name

    def array(self, name: str) -> Package:
        """Return an array or a sparse matrix, or None."""
        found = self.arrays(name)
        if set(found) == set(_MATRIX):
            from scipy import sparse  # not needed before there are points

            try:
                n_rows, width = map(int, found["shape"])
                parts = (found["data"], found["indices"], found["indptr"])
                return sparse.csr_matrix(parts, shape=(n_rows, width))
            except ValueError:
                return None
        return found.get("array")

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """Return arrays by their names; none where nothing is kept."""
        path = self._path(f"{name}.npz")
        if path is None:
            return {}
        try:
            found = read_arrays(path, "Delete the cache.")
        except _UNREADABLE:
            return {}
        return found if isinstance(found, dict) else {}

    def put(self, name: str, array: Matrix) -> None:
        """Keep an array or a sparse matrix."""
        if isinstance(array, np.ndarray):
            held = {"array": array}
        else:
            rows = array.tocsr()
            held = {part: getattr(rows, part) for part in _MATRIX[:3]}
            held["shape"] = np.array(rows.shape)
        self.put_arrays(name, held)

    def put_arrays(self, name: str, held: Mapping[str, np.ndarray]) -> None:
        """Keep arrays by their names."""
        path = self._path(f"{name}.npz")
        if path is None:
            return
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with replace_when_whole(path) as file:
                np.savez(file, allow_pickle=False, **held)

    def graph(self) -> Graph | None:
        """Return the graph, or None."""
        path = self._path("graph.npz")
        if path is None or not path.is_file():
            return None
        from fewlabels.graph import Graph  # not needed before there are points

        try:
            return Graph.load(path)
        except (OSError, FewLabelsError):
            return None

    def put_graph(self, graph: Graph) -> None:
        """Keep the graph."""
        path = self._path("graph.npz")
        if path is not None:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                graph.save(path)

    def _path(self, name: str) -> Path | None:
        return None if self.folder is None else self.folder / name


def usual_folder() -> Path:
    """Return where this system keeps what may be deleted."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "fewlabels" / "labelling"
