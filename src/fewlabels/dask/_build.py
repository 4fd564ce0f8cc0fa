"""The stages of a graph of nearest neighbours, one after the other, on the workers of a cluster."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from dask.delayed import delayed

from fewlabels._checksums import checksum
from fewlabels.dask._crew import Crew, gather_tasks, run_tasks
from fewlabels.dask._edges import weigh_shard, write_shard
from fewlabels.dask._finish import finish_graph
from fewlabels.dask._partition import collect_truth, part_rows, true_neighbours
from fewlabels.dask._plan import OVERLAPS, Plan, choose_overlap, make_plan, n_sampled, recall_within
from fewlabels.dask._rows import Source, check_survey, survey
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
from fewlabels.graph._weights import Weights

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


@dataclass(frozen=True)
class Settings:
    """What a graph is built of, and how."""

    input: str
    n_neighbors: int
    metric: str
    weights: Weights
    symmetrize: str
    min_recall: float
    n_regions: int | None

    @property
    def said(self) -> Said:
        """As what is kept on the disk."""
        return asdict(self)

    @property
    def checksum(self) -> str:
        """Of all of them."""
        return checksum(self.said)


class Build:
    """A build, stage by stage; what an earlier run has finished is not done again."""

    def __init__(
        self,
        crew: Crew,
        source: Source,
        building: Path,
        settings: Settings,
        report: Callable[[float], object],
    ) -> None:
        self._crew, self._source, self._building = crew, source, building
        self._settings = settings
        self._stages = building / "stages"
        self._report, self._done = report, 0.0

    def run(self) -> None:
        """Build the graph in its folder."""
        settings = self._settings
        n_rows, width, largest = self._survey(n_sampled(self._source, settings.n_regions))
        self._source = self._source.without_blocks()
        if sum(n_rows) > MOST_POINTS:
            raise InvalidInputError(f"X has {sum(n_rows):,} rows; at most {MOST_POINTS:,} can be.")
        plan = make_plan(
            self._crew,
            self._stages,
            n_rows,
            width,
            largest,
            k=settings.n_neighbors,
            metric=settings.metric,
            n_regions=settings.n_regions,
            min_recall=settings.min_recall,
        )
        chunks = range(plan.n_chunks)
        self._run("truth", true_neighbours, plan.stage("truth"), chunks, plan, self._source)
        reach, near = collect_truth(plan)
        attempt, found = self._search(plan, reach, choose_overlap(plan, near))
        shards = range(len(attempt.shards) - 1)
        self._run(
            "weights",
            weigh_shard,
            plan.stage(attempt.stage("weights")),
            shards,
            plan,
            attempt,
            settings.weights,
        )
        folder, how = str(self._building), settings.symmetrize
        told = self._run("graph", write_shard, None, shards, plan, attempt, folder, how)
        finish_graph(
            self._building,
            attempt.shards,
            read_order(plan, attempt),
            metric=settings.metric,
            k=plan.k,
            recall=found["recall"],
            n_features=width,
            build_info={
                "kind": "knn",
                "n_neighbors": plan.k,
                "metric": settings.metric,
                "weights": settings.weights,
                "symmetrize": settings.symmetrize,
                "recall": found["recall"],
                "n_duplicates": found["n_duplicates"],
                "n_regions": plan.n_regions,
                "overlap": attempt.overlap[0],
                "copies": round(found["copies"], 4),
                "halo": round(sum(each["n_halo"] for each in told) / plan.n_points, 4),
                "chunks": self._chunks(n_rows),
                "settings": settings.checksum,
            },
        )

    def _survey(self, n_drawn: int) -> tuple[list[int], int, float]:
        source, stage, client = self._source, Stage(self._stages, "rows"), self._crew.client
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
            new = gather_tasks(client, "rows", client.compute(tasks), report)
        else:
            new = [survey(n, small, shared, n_drawn, source.blocks[n]) for n in missing]
        for number, said in zip(missing, new, strict=True):
            told[number] = said
        return check_survey([said for said in told if said is not None], "X")

    def _search(self, plan: Plan, reach: np.ndarray, overlap: int) -> tuple[Attempt, Said]:
        """Search with more and more overlap, until enough is found."""
        verdicts, best = Stage(self._stages, "verdicts"), 0.0
        min_recall = recall_within(plan.min_recall)
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
            overlap += 1
            min_recall = recall_within(min_recall)
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

    def _judging(self, plan: Plan, attempt: Attempt, reach: np.ndarray) -> Callable[[Path], Said]:
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
        self,
        name: str,
        function: Callable[..., Said],
        stage: Stage | None,
        numbers: range,
        *shared: object,
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
