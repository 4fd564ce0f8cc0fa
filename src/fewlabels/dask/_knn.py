"""Build a graph of nearest neighbours on the workers of a Dask cluster."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from fewlabels._progress import Progress, reporting_share
from fewlabels._rename import exchange, rename_without_replacing
from fewlabels._validation import check_choice, check_integer, check_real
from fewlabels.dask._build import Build, Settings
from fewlabels.dask._crew import checked_crew
from fewlabels.dask._frame import METRICS
from fewlabels.dask._layout import HEADER, RegionGraph, open_graph
from fewlabels.dask._rows import source_of
from fewlabels.dask._stages import Stage
from fewlabels.dask._workers import client_of
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.graph._symmetric import SYMMETRIZATIONS, Symmetrize

_BUILDING = ".building"
# What progress is told in, where only the chunks know how many rows they have.
_UNKNOWN_ROWS = 1_000_000


def knn_graph(
    X: object,
    n_neighbors: int = 10,
    *,
    path: str | os.PathLike[str],
    client: object = None,
    columns: Sequence[str] | None = None,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    weights: Literal["self-tuning", "binary"] = "self-tuning",
    symmetrize: Symmetrize = "mean",
    min_recall: float = 0.98,
    n_regions: int | Literal["auto"] = "auto",
    overwrite: bool = False,
    progress: Progress = False,
) -> RegionGraph:
    """Connect every point to its nearest neighbours, on the workers of a Dask cluster.

    Neighbours, weights and edges are those of :func:`fewlabels.knn_graph`, up to what an
    approximate search may miss; no process ever holds all of the rows or edges.

    Parameters
    ----------
    X : dask array, columns of a dask dataframe, path-like, or ndarray
        Features, finite, of shape (n_samples, n_features). A path is that of an ``.npy`` file, a
        Parquet file, or a folder of Parquet files (in the order of their names) on a disk that
        all workers share. A column of a dataframe or of Parquet may hold lists of numbers.
    n_neighbors : int, default=10
        k, the number of *other* points that each point is connected to, at least 1; with fewer than
        k + 1 points, all the others.
    path : path-like
        The folder to make, on a disk that all workers share. What is made on the way stands in
        a folder beside it, with ``.building`` at the end of its name: a build that was ended
        goes on from there when it is called again.
    client : distributed.Client, default=None
        None is the current one. Workers are best started with one thread each.
    columns : sequence of str, default=None
        Columns of Parquet files to use; None is all.
    metric : {"euclidean", "cosine"}, default="euclidean"
    weights : {"self-tuning", "binary"}, default="self-tuning"
        As of :func:`fewlabels.knn_graph`.
    symmetrize : {"mean", "union", "mutual"}, default="mean"
        As of :func:`fewlabels.knn_graph`.
    min_recall : float, default=0.98
        In (0, 1]: the share of the true neighbours that has to be found, measured on a sample
        of all rows. Regions overlap as much as that takes.
    n_regions : int or "auto", default="auto"
        Regions in which neighbours are searched, and shards of the graph. ``"auto"``: four for
        each worker of at least 20,000 rows, and as many as fit the workers' memory.
    overwrite : bool, default=False
        Whether a graph in regions that stands at `path` may be replaced, when the new one is
        whole; and whether what is left of a build of other rows may be removed.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share done, from
        0 to 1.

    Returns
    -------
    RegionGraph
        float32 weights. `build_info` tells of the regions, too: `n_regions`, `copies` a row, and
        `halo`, the rows of other shards for each own row of a shard.

    Raises
    ------
    InvalidInputError, InvalidTypeError, DataFileError
        If `X` holds NaN, infinity or no numbers, or a setting is out of range; or if
        `min_recall` can't be reached with these regions.
    ClusterError
        If there is no client or worker, workers lack the package or have other versions, do not
        see `path`, or have all ended.
    FileExistsError
        If `path` exists.
    NotEnoughMemoryError
        If a worker's memory is too small for any region.

    Notes
    -----
    Rows are parted by k-means. Each goes to the region of the nearest centre and to those whose
    centres are within a factor of that distance, up to 1.1 mostly, so that neighbours meet in at
    least one. Each region is searched as in memory; a row keeps the nearest of all that its
    regions have found. Tasks may be done again, and leave their results as files: when a worker
    ends, only what it had not finished is computed anew, and the graph comes out the same.

    Cost: up to twice that of :func:`fewlabels.knn_graph`, shared by the workers. Disk, while it is
    built: 2 copies of the rows in float32, and 200 bytes a row.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from distributed import Client
    >>> from fewlabels.dask import knn_graph
    >>> X = np.random.default_rng(0).normal(size=(2000, 5))
    >>> with Client(processes=False, n_workers=1, threads_per_worker=1,
    ...             dashboard_address=":0") as client:
    ...     graph = knn_graph(X, path=f"{tempfile.mkdtemp()}/graph", client=client)
    >>> graph.n_nodes, graph.recall_
    (2000, 1.0)
    """
    k = check_integer("n_neighbors", n_neighbors, minimum=1)
    check_choice("metric", metric, METRICS)
    check_choice("weights", weights, ("self-tuning", "binary"))
    check_choice("symmetrize", symmetrize, SYMMETRIZATIONS)
    check_real("min_recall", min_recall, above=0, maximum=1)
    wanted = None if n_regions == "auto" else check_integer("n_regions", n_regions, minimum=1)
    target = Path(os.path.realpath(path))
    _check_target(target, overwrite)
    source = source_of(X, columns)
    client = client_of(client)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, "there is no such folder to build a graph in", str(target.parent)
        )
    building = target.with_name(target.name + _BUILDING)
    settings = Settings(source.identity, k, metric, weights, symmetrize, float(min_recall), wanted)
    _start_or_go_on(building, settings, overwrite)
    crew = checked_crew(client, building)
    if not (building / HEADER).exists():  # finished, and ended before it was put in place
        with reporting_share(progress, source.n_rows or _UNKNOWN_ROWS) as report:
            build = Build(crew, source, building, settings, report)
            try:
                build.run()
            except (InvalidInputError, DataFileError):  # nothing of it can be gone on with
                shutil.rmtree(building, ignore_errors=True)
                raise
    _put_in_place(building, target, overwrite)
    return open_graph(target)


def build_or_open(
    X: Path,
    n_neighbors: int,
    *,
    path: Path,
    client: object,
    columns: Sequence[str],
    progress: Progress,
) -> RegionGraph:
    """Build a graph of Parquet files as :func:`knn_graph` does, unless the same stands there."""
    if (path / HEADER).exists():
        identity = source_of(X, columns).identity
        chosen = Settings(identity, n_neighbors, "euclidean", "self-tuning", "mean", 0.98, None)
        graph = open_graph(path)
        if graph.build_info.get("settings") == chosen.checksum:
            return graph
    return knn_graph(
        X,
        n_neighbors,
        path=path,
        client=client,
        columns=columns,
        overwrite=True,
        progress=progress,
    )


def _check_target(target: Path, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise FileExistsError(
            errno.EEXIST,
            "something stands there already; remove it, pass overwrite=True if it is a graph in "
            "regions, or choose another path",
            str(target),
        )
    if not (target / HEADER).is_file():
        raise FileExistsError(
            errno.EEXIST,
            "what stands there is no graph in regions, and is not overwritten",
            str(target),
        )


def _start_or_go_on(building: Path, settings: Settings, overwrite: bool) -> None:
    """Make the folder of a build, or check that what stands there is of the same one."""
    stage = Stage(building / "stages", "settings")
    building.mkdir(exist_ok=True)
    if (building / HEADER).exists():
        if open_graph(building).build_info.get("settings") == settings.checksum:
            return
        shutil.rmtree(building)  # nobody waits for it
        building.mkdir()
    known, asked = stage.make(0, lambda work: settings.said), settings.said
    if known == asked:
        return
    if not overwrite and any(path.name != stage.name for path in stage.folder.parent.iterdir()):
        other = ", ".join(sorted(name for name in asked if known.get(name) != asked[name]))
        raise FileExistsError(
            errno.EEXIST,
            f"a build that was not finished stands there, of another {other}. Call it as it was "
            "to go on, remove the folder, or pass overwrite=True",
            str(building),
        )
    shutil.rmtree(building)
    _start_or_go_on(building, settings, overwrite)


def _put_in_place(building: Path, target: Path, overwrite: bool) -> None:
    try:
        rename_without_replacing(building, target)
    except FileExistsError:
        _check_target(target, overwrite)  # building took long
        if not exchange(building, target):
            shutil.rmtree(target)
            rename_without_replacing(building, target)
    shutil.rmtree(building, ignore_errors=True)
