"""A graph of regions that are all written is finished: checked, and given what they share."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.dask._layout import (
    ARRAYS,
    FORMAT,
    HEADER,
    STAGES,
    VERSION,
    RegionGraph,
    open_graph,
)
from fewlabels.dask._regions import Region, region_folder, write_checked
from fewlabels.exceptions import GraphFileError, InvalidInputError, InvalidTypeError
from fewlabels.graph.disk._arrays import ArrayWriter
from fewlabels.graph.disk._checks import upper_edges
from fewlabels.graph.disk._components import ComponentMerger

AnyArray = np.ndarray
IntArray = npt.NDArray[np.int64]


def finish_graph(
    path: str | os.PathLike[str],
    starts: npt.ArrayLike,
    order: npt.ArrayLike,
    *,
    metric: str | None = None,
    k: int | None = None,
    recall: float | None = None,
    n_features: int | None = None,
    build_info: dict[str, object] | None = None,
) -> RegionGraph:
    """Make a graph of regions that are all written: check that they fit, write what they share.

    Parameters
    ----------
    path : path-like
    starts : array-like of int of shape (n_regions + 1,)
        As :func:`write_region` took them.
    order : array-like of int of shape (n_nodes,)
        The caller's row of each internal row.
    metric, k, recall, n_features
        As the attributes of :class:`RegionGraph`.
    build_info : dict, default=None
        Plain numbers and strings to keep with the graph.

    Raises
    ------
    GraphFileError
        If a region is missing, or is another one.
    InvalidInputError
        If the regions are not symmetric together, or `order` is no order of all rows.

    Notes
    -----
    ``regions.json`` is written last and at once: a graph without it is not finished. Cost: one
    pass over the edges for the components; memory 24 bytes a node.
    """
    folder = Path(os.path.realpath(path))
    bounds = np.asarray(starts, dtype=np.int64)
    n_nodes, n_regions = int(bounds[-1]), len(bounds) - 1
    regions = [Region(region_folder(folder, number)) for number in range(n_regions)]
    for number, region in enumerate(regions):
        found = (region.number, region.first, region.stop, region.n_nodes)
        if found != (number, bounds[number], bounds[number + 1], n_nodes):
            raise GraphFileError(f"{region.folder} holds rows of another graph. Remove it.")
    _refuse_asymmetry(regions)
    rows = _checked_order(order, n_nodes)
    places = np.empty(n_nodes, dtype=np.int64)
    places[rows] = np.arange(n_nodes)
    labels = _components(regions, n_nodes)
    sums = {
        name: _write_array(folder / f"{name}.npy", values)
        for name, values in zip(ARRAYS, (rows, places, labels), strict=True)
    }
    _write_header(
        folder,
        {
            "n_points": n_nodes,
            "n_features": n_features,
            "n_regions": n_regions,
            "starts": bounds.tolist(),
            "metric": metric,
            "k": k,
            "recall": recall,
            "n_entries": sum(region.n_entries for region in regions),
            "n_components": int(labels.max()) + 1,
            "regions": [region.checksum for region in regions],
            "crc32": sums,
            "build": build_info or {},
        },
    )
    shutil.rmtree(folder / STAGES, ignore_errors=True)
    return open_graph(folder)


def _refuse_asymmetry(regions: list[Region]) -> None:
    for region in regions:
        if region.number in region.links:
            raise InvalidInputError(
                f"the affinity is not symmetric within region {region.number}. Give w_ij and w_ji "
                "the same value, to the last bit."
            )
        for other, total in region.links.items():
            if regions[other].links.get(region.number) != total:
                raise InvalidInputError(
                    f"the affinity is not symmetric between regions {region.number} and {other}. "
                    "Give w_ij and w_ji the same value, to the last bit."
                )


def _checked_order(order: npt.ArrayLike, n_nodes: int) -> IntArray:
    rows = np.asarray(order)
    if rows.dtype.kind not in "iu" or rows.shape != (n_nodes,):
        raise InvalidTypeError(
            f"order must be {n_nodes} row numbers, got dtype {rows.dtype} and shape {rows.shape}."
        )
    seen = np.zeros(n_nodes, dtype=bool)
    if n_nodes and not 0 <= rows.min() <= rows.max() < n_nodes:
        raise InvalidInputError(f"order must hold row numbers below {n_nodes}.")
    seen[rows] = True
    if not seen.all():
        raise InvalidInputError(
            f"order must hold every row once; {int((~seen).sum())} are missing, the first is "
            f"{int(np.argmin(seen))}."
        )
    return rows.astype(np.int64, copy=False)


def _components(regions: list[Region], n_nodes: int) -> AnyArray:
    merger = ComponentMerger(n_nodes, np.int32 if n_nodes <= 2**31 - 1 else np.int64)
    for rows, first in _all_blocks(regions):
        merger.join(*upper_edges(rows, first))
    return merger.labels()


def _all_blocks(regions: list[Region]) -> Iterator[tuple[sparse.csr_array, int]]:
    for region in regions:
        for first, rows in region.blocks():
            yield rows, first


def _write_array(path: Path, values: AnyArray) -> int:
    """Write a file anew, which a run that was ended may have left; return its checksum."""
    path.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(ArrayWriter(path, values.dtype))
        file.append(values)
        file.finish()
    return file.crc32


def _write_header(folder: Path, entries: dict[str, object]) -> None:
    whole = {"format": FORMAT, "version": VERSION} | entries
    try:
        json.dumps(whole)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(
            f"build_info must hold plain numbers and strings: {error}."
        ) from error
    work = folder / f".{HEADER}.part"
    write_checked(work, whole)
    work.replace(folder / HEADER)
