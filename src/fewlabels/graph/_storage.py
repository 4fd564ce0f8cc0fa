"""One graph, one NPZ file, no pickle."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy import sparse

from fewlabels._array_files import read_arrays
from fewlabels._damage import UNREADABLE, reason
from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._typing import Fields, Json, Loaded, Package, State
from fewlabels.exceptions import DataFileError, FewLabelsError, GraphFileError
from fewlabels.graph._affinities import Affinity, FloatArray

_DTYPES = (np.dtype(np.float32), np.dtype(np.float64))

FORMAT = "fewlabels-graph"
VERSION = 1


def save_arrays(
    path: str | os.PathLike[str],
    affinity: Affinity,
    local_scales: FloatArray | None,
    build_info: Fields,
) -> None:
    """Write the arrays and a JSON header; the file appears only when it is whole."""
    arrays: Loaded = {
        "header": np.array(json.dumps({"format": FORMAT, "version": VERSION, "build": build_info}))
    }
    if sparse.issparse(affinity):
        arrays |= {
            "data": affinity.data,
            "indices": affinity.indices,
            "indptr": affinity.indptr,
        }
    else:
        arrays["dense"] = affinity
    if local_scales is not None:
        arrays["local_scales"] = local_scales
    with explaining_errors(path, writing=True), replace_when_whole(path) as file:
        np.savez(file, **arrays)


def load_arrays(path: str | os.PathLike[str]) -> tuple[Affinity, FloatArray | None, State]:
    """Read what :func:`save_arrays` wrote and check that it is a graph.

    Returns
    -------
    affinity : csr_array or ndarray of shape (n_nodes, n_nodes)
    local_scales : ndarray of shape (n_nodes,) or None
    build_info : dict
    """
    name = os.fspath(path)
    try:
        arrays = read_arrays(Path(path), "Write it to disk where there is more (write_graph).")
    except FewLabelsError:  # not enough memory
        raise
    except OSError as error:
        kind = None if isinstance(error, FileNotFoundError) else GraphFileError
        with explaining_errors(path, writing=False, raising=kind):
            raise
    except UNREADABLE as error:
        raise GraphFileError(
            f"{name} is not a graph file saved by fewlabels, or is damaged: {reason(error)}."
        ) from error
    if not isinstance(arrays, dict):
        raise GraphFileError(f"{name} is not a graph file saved by fewlabels.")
    build_info = _read_header(arrays, name)
    try:
        affinity = checked_affinity(arrays)
    except UNREADABLE as error:
        raise GraphFileError(
            f"{name} is damaged: {reason(error)}. Build the graph again."
        ) from error
    local_scales = arrays.get("local_scales")
    if local_scales is not None and local_scales.shape != (affinity.shape[0],):
        raise GraphFileError(f"{name} is damaged: local_scales has shape {local_scales.shape}.")
    return affinity, local_scales, build_info


def _read_header(arrays: Mapping[str, object], name: str) -> Json:
    try:
        header = json.loads(str(arrays["header"]))
        recognised = header["format"] == FORMAT
        version, build_info = int(header["version"]), dict(header["build"])
    except UNREADABLE as error:
        raise GraphFileError(f"{name} holds arrays, but not a graph saved by fewlabels.") from error
    if not recognised:
        raise GraphFileError(f"{name} holds arrays, but not a graph saved by fewlabels.")
    if version > VERSION:
        raise GraphFileError(
            f"{name} has layout version {version}; this fewlabels reads up to {VERSION}. "
            "Install a newer fewlabels, or build the graph again."
        )
    return build_info


def checked_affinity(arrays: Mapping[str, np.ndarray]) -> Affinity:
    """Return the weights that arrays by their names hold; a ValueError if they are no graph's."""
    if "dense" in arrays:
        dense = arrays["dense"]
        if dense.ndim != 2 or dense.shape[0] != dense.shape[1] or dense.dtype not in _DTYPES:
            raise ValueError(f"the weights have shape {dense.shape} and dtype {dense.dtype}")
        _check_weights(dense, dense)
        return dense
    data, indices, indptr = arrays["data"], arrays["indices"], arrays["indptr"]
    if data.dtype not in _DTYPES or indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        raise ValueError(
            f"dtypes {data.dtype}, {indices.dtype} and {indptr.dtype} are not those of a CSR matrix"
        )
    n_nodes = len(indptr) - 1
    affinity = sparse.csr_array((data, indices, indptr), shape=(n_nodes, n_nodes))
    affinity.check_format(full_check=True)
    if not affinity.has_canonical_format:
        raise ValueError("the indices are not sorted")
    if not data.all():
        raise ValueError("zeros are stored as edges")
    _check_weights(affinity, data)
    return affinity


def checked_state(state: Package) -> tuple[Affinity, FloatArray | None, State]:
    """Return weights, local scales and build information of a graph that was saved with a model.

    Raises
    ------
    DataFileError
        If they are no graph's.
    """
    try:
        affinity, scales = state["affinity"], state["local_scales"]
        names = ("data", "indices", "indptr")
        is_sparse = sparse.issparse(affinity)
        affinity = checked_affinity(
            {name: getattr(affinity, name) for name in names} if is_sparse else {"dense": affinity}
        )
        if scales is not None:
            fits = scales.shape == (affinity.shape[0],) and scales.dtype in _DTYPES
            if not fits or not np.isfinite(scales).all() or (scales < 0).any():
                raise ValueError("its local scales are none")
        return affinity, scales, dict(state["build"])
    except UNREADABLE as error:
        raise DataFileError(f"the graph in it is damaged: {reason(error)}") from error


def _check_weights(affinity: Affinity, values: np.ndarray) -> None:
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError("some weights are negative or not finite")
    if affinity.diagonal().any():
        raise ValueError("some points are joined to themselves")
    different = affinity != affinity.T
    if different.nnz if sparse.issparse(different) else different.any():
        raise ValueError("the weights are not symmetric")
