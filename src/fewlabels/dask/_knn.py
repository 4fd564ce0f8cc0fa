"""Build a graph of nearest neighbours on the workers of a Dask cluster."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from dask.delayed import delayed

from fewlabels._checksums import checksum
from fewlabels._rename import exchange, rename_without_replacing
from fewlabels._validation import check_choice, check_integer, check_real
from fewlabels.dask._cluster import client_of
from fewlabels.dask._crew import Crew, checked_crew, gather_tasks, run_tasks
from fewlabels.dask._edges import weigh_shard, write_shard
from fewlabels.dask._frame import METRICS
from fewlabels.dask._layout import HEADER, RegionGraph, finish_graph, open_graph
from fewlabels.dask._partition import collect_truth, part_rows, true_neighbours
from fewlabels.dask._plan import OVERLAPS, Plan, choose_overlap, make_plan, n_sampled
from fewlabels.dask._rows import Source, check_survey, source_of, survey
from fewlabels.dask._search import (
    MOST_POINTS,
    Attempt,
    merge_shard,
    number_rows,
    read_order,
    search_piece,
)
from fewlabels.dask._stages import Said, Stage
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph._progress import Progress, reporting_share
from fewlabels.graph._symmetric import SYMMETRIZATIONS, Symmetrize

# What the stages take of the time.
_SHARES = {
    "rows": 0.05,
    "truth": 0.05,
    "parts": 0.1,
    "search": 0.6,
    "merged": 0.08,
    "weights": 0.05,
    "graph": 0.07,
}
_BUILDING = ".building"


def knn_graph(
    X: Any,
    n_neighbors: int = 10,
    *,
    path: str | os.PathLike[str],
    client: Any = None,
    columns: Sequence[str] | None = None,
    metric: Literal["euclidean", "cosine"] = "euclidean",
    weights: Literal["self-tuning", "binary"] = "self-tuning",
    symmetrize: Symmetrize = "mean",
    min_recall: float = 0.98,
    n_regions: int | Literal["auto"] = "auto",
    overwrite: bool = False,
    progress: Progress = False,
) -> RegionGraph:
    """Join every point to its nearest neighbours, on the workers of a Dask cluster.

    Neighbours, weights and edges are those of :func:`fewlabels.knn_graph`, up to what an
    approximate search may miss; no process ever holds all of the rows or edges.

    Parameters
    ----------
    X : dask array, columns of a dask dataframe, path-like, or ndarray
        Features, finite, of shape (n_samples, n_features). A path is that of an ``.npy`` file, a
        Parquet file, or a folder of Parquet files (in the order of their names) on a disk that
        all workers share. A column of a dataframe or of Parquet may hold lists of numbers.
    n_neighbors : int, default=10
        k, the number of *other* points that each point is joined to, at least 1; with fewer
        than k + 1 points, all the others.
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
        True shows a progress bar on standard error; a function is called with the share that
        is done, from 0 to 1.

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
        If something stands at `path`.
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
    settings = {
        "input": source.identity,
        "n_neighbors": k,
        "metric": metric,
        "weights": weights,
        "symmetrize": symmetrize,
        "min_recall": float(min_recall),
        "n_regions": wanted,
    }
    _start_or_go_on(building, settings, overwrite)
    crew = checked_crew(client, building)
    if not (building / HEADER).exists():  # finished, and ended before it was put in place
        with reporting_share(progress, 1_000_000) as report:
            build = _Build(crew, source, building, settings, report)
            build.run(k, metric, weights, symmetrize, min_recall, wanted)
    _put_in_place(building, target, overwrite)
    return open_graph(target)


class _Build:
    """A build, stage by stage; what an earlier run has finished is not done again."""

    def __init__(
        self,
        crew: Crew,
        source: Source,
        building: Path,
        settings: Said,
        report: Callable[[float], object],
    ) -> None:
        self._crew, self._source, self._building = crew, source, building
        self._settings = settings
        self._stages = building / "stages"
        self._report, self._done = report, 0.0

    def run(
        self,
        k: int,
        metric: str,
        weights: Any,
        symmetrize: str,
        min_recall: float,
        n_regions: int | None,
    ) -> None:
        """Build the graph in its folder."""
        n_rows, width, largest = self._survey(n_sampled(self._source, n_regions))
        self._source = self._source.without_blocks()
        if sum(n_rows) > MOST_POINTS:
            raise InvalidInputError(f"X has {sum(n_rows):,} rows; at most {MOST_POINTS:,} can be.")
        plan = make_plan(
            self._crew,
            self._stages,
            n_rows,
            width,
            largest,
            k=k,
            metric=metric,
            n_regions=n_regions,
            min_recall=min_recall,
        )
        chunks = range(plan.n_chunks)
        self._run("truth", true_neighbours, plan.stage("truth"), chunks, plan, self._source)
        reach, near = collect_truth(plan)
        attempt, found = self._search(plan, reach, choose_overlap(plan, near))
        shards = range(len(attempt.shards) - 1)
        told = self._run(
            "weights",
            weigh_shard,
            plan.stage(attempt.stage("weights")),
            shards,
            plan,
            attempt,
            weights,
        )
        self._run(
            "graph", write_shard, None, shards, plan, attempt, str(self._building), symmetrize
        )
        finish_graph(
            self._building,
            attempt.shards,
            read_order(plan, attempt),
            metric=metric,
            k=plan.k,
            recall=found["recall"],
            n_features=width,
            build_info={
                "kind": "knn",
                "n_neighbors": plan.k,
                "metric": metric,
                "weights": weights,
                "symmetrize": symmetrize,
                "recall": found["recall"],
                "n_duplicates": found["n_duplicates"],
                "n_regions": plan.n_regions,
                "overlap": attempt.overlap[0],
                "copies": round(found["copies"], 4),
                "halo": round(sum(each["n_halo"] for each in told) / plan.n_points, 4),
                "chunks": self._chunks(n_rows),
                "settings": checksum(self._settings),
            },
        )

    def _survey(self, n_drawn: int) -> tuple[list[int], int, float]:
        source, stage = self._source, Stage(self._stages, "rows")
        numbers = range(len(source.chunks))
        told = [stage.said(number) for number in numbers]
        missing = [number for number, said in zip(numbers, told, strict=True) if said is None]
        shared, small = str(self._stages), source.without_blocks()
        report = self._stage_report("rows", len(numbers), len(missing))
        if source.blocks is None:
            new = run_tasks(
                self._crew, "rows", survey, missing, small, shared, n_drawn, report=report
            )
        elif source.lazy:
            task = delayed(survey, pure=False)
            tasks = [
                task(
                    n, small, shared, n_drawn, source.blocks[n], dask_key_name=f"fewlabels-rows-{n}"
                )
                for n in missing
            ]
            new = gather_tasks(self._crew, "rows", self._crew.client.compute(tasks), report)
        else:
            new = [survey(n, small, shared, n_drawn, source.blocks[n]) for n in missing]
        for number, said in zip(missing, new, strict=True):
            told[number] = said
        return check_survey([said for said in told if said is not None], "X")

    def _search(self, plan: Plan, reach: npt.NDArray[Any], overlap: int) -> tuple[Attempt, Said]:
        """Search with more and more overlap, until enough is found."""
        min_recall, verdicts, best = plan.min_recall, Stage(self._stages, "verdicts"), 0.0
        for number in range(len(OVERLAPS) + 1):
            attempt = Attempt(number, OVERLAPS[overlap], min_recall)
            verdict = verdicts.said(number)
            if verdict is None or verdict["is_enough"]:
                attempt = self._partition(plan, attempt)
            if verdict is None:
                verdict = verdicts.make(number, self._judging(plan, attempt, reach))
            if verdict["is_enough"]:
                return attempt, verdict
            best = max(best, float(verdict["recall"]))
            for name in ("parts", "search", "merged"):
                shutil.rmtree(self._stages / attempt.stage(name), ignore_errors=True)
            if overlap == len(OVERLAPS) - 1:
                break
            overlap = min(overlap + 2, len(OVERLAPS) - 1)
            min_recall = (min_recall + 1) / 2
        raise InvalidInputError(
            f"{best:.4f} of the true neighbours were found where regions overlap most; "
            f"min_recall is {plan.min_recall}. Lower it, or make fewer than {plan.n_regions} "
            "regions (n_regions), which takes workers with more memory."
        )

    def _partition(self, plan: Plan, attempt: Attempt) -> Attempt:
        name = attempt.stage("parts")
        self._run(
            "parts",
            part_rows,
            plan.stage(name),
            range(plan.n_chunks),
            plan,
            self._source,
            name,
            attempt.overlap,
        )
        return number_rows(plan, attempt)

    def _judging(
        self, plan: Plan, attempt: Attempt, reach: npt.NDArray[Any]
    ) -> Callable[[Path], Said]:
        pieces, shards = range(len(attempt.pieces)), range(len(attempt.shards) - 1)
        stage = plan.stage(attempt.stage("search"))
        self._run("search", search_piece, stage, pieces, plan, attempt)
        stage = plan.stage(attempt.stage("merged"))
        told = self._run("merged", merge_shard, stage, shards, plan, attempt, reach)
        n_true = sum(each["n_asked"] for each in told) * plan.k
        recall = sum(each["hits"] for each in told) / n_true if n_true else 1.0
        n_short = sum(each["n_short"] for each in told)
        n_copies = sum(last - first for _, first, last in attempt.pieces)
        return lambda work: {
            "recall": recall,
            "is_enough": bool(recall >= plan.min_recall and n_short == 0),
            "copies": n_copies / plan.n_points,
            "n_duplicates": sum(each["n_duplicates"] for each in told),
        }

    def _run(
        self, name: str, function: Any, stage: Stage | None, numbers: range, *shared: Any
    ) -> list[Said]:
        """Have the missing outputs of a stage made; return what all say of themselves."""
        told = [None if stage is None else stage.said(number) for number in numbers]
        missing = [number for number, said in zip(numbers, told, strict=True) if said is None]
        report = self._stage_report(name, len(numbers), len(missing))
        new = run_tasks(self._crew, name, function, missing, *shared, report=report)
        for number, said in zip(missing, new, strict=True):
            told[number] = said
        return [said for said in told if said is not None]

    def _stage_report(self, name: str, n_all: int, n_missing: int) -> Callable[[int], object]:
        start, share, done = self._done, _SHARES[name], n_all - n_missing
        self._done = min(1.0, start + share)

        def report(n_more: int) -> None:
            nonlocal done
            done += n_more
            self._report(min(1.0, start + share * done / n_all))

        return report

    def _chunks(self, n_rows: Sequence[int]) -> list[int]:
        """Return the rows of each file or Dask chunk."""
        ends = np.cumsum(self._source.files)
        return [int(sum(n_rows[a:b])) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


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


def _start_or_go_on(building: Path, settings: Said, overwrite: bool) -> None:
    """Make the folder of a build, or check that what stands there is of the same one."""
    stage = Stage(building / "stages", "settings")
    building.mkdir(exist_ok=True)
    if (building / HEADER).exists():
        if open_graph(building).build_info.get("settings") == checksum(settings):
            return
        shutil.rmtree(building)  # nobody waits for it
        building.mkdir()
    known = stage.make(0, lambda work: settings)
    if known == settings:
        return
    if not overwrite:
        other = ", ".join(sorted(name for name in settings if known.get(name) != settings[name]))
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
