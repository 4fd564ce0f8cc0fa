"""What is decided before the rows are parted: regions, cells, and how much regions overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels.dask._cells import k_means, region_centres
from fewlabels.dask._crew import Crew
from fewlabels.dask._frame import Frame
from fewlabels.dask._rows import Source
from fewlabels.dask._stages import Said, Stage, save
from fewlabels.exceptions import NotEnoughMemoryError
from fewlabels.graph._scales import warn_of_scales
from fewlabels.graph.search._codes import bytes_of_codes

AnyArray = np.ndarray
IntArray = npt.NDArray[np.int64]

# Rows that the centres are made of: of each cell, of each region, at most, and bytes of them.
A_CELL, _A_REGION, _MOST_SAMPLED, _SAMPLE_BYTES = 40, 256, 200_000, 64_000_000
_CELLS, _MOST_CELLS, _CELLS_A_REGION = 512, 2_048, 8
# Operations to spend on the sample's true neighbours, and the sizes that the sample may have.
_TRUTH_COST, _FEWEST_ASKED, _MOST_ASKED = 4e10, 300, 800

# Rows of a region: of own ones at most; as few as pay; and regions for each task at a time, so that
# no worker waits long for the last one.
_LARGEST_REGION, _SMALLEST_REGION, _REGIONS_A_THREAD = 750_000, 20_000, 4
# A region with its copies may have so many times the rows of an even share.
_UNEVEN = 2.5
# Of a worker's memory, the share that may be used, and what Python and the libraries take of it.
_USABLE, _LIBRARIES = 0.75, 230_000_000

# How far beyond its nearest region's centre a row is copied, as a factor, to how many regions at
# most; the first of these that suffices is taken. Where there are few features, few rows lie near a
# border, and regions without overlap would find enough neighbours, but none across it.
OVERLAPS = (
    *((1.06, 3), (1.08, 3), (1.1, 3), (1.125, 3), (1.15, 3), (1.2, 3)),
    *((1.25, 4), (1.35, 5), (1.5, 6), (2.0, 8)),
)
MOST_REGIONS = 8
# Of what may be missed, the share that may be lost between regions, and within them. They add up to
# more than 1, for a row that is in two regions is looked for twice; and so little, for the search
# would have to be done again.
_LOST_BETWEEN, _LOST_WITHIN = 0.3, 0.8


@dataclass(frozen=True)
class Plan:
    """What all tasks know; it stays the same when a build goes on.

    Attributes
    ----------
    folder : str
        Of the stages.
    starts : tuple of int
        The first row of each chunk, and the number of all rows.
    k, n_features, n_regions, n_cells, n_shards : int
    region_rows : int
        A region with more rows, copies among them, is searched in pieces.
    frame : Frame
    min_recall : float
    """

    folder: str
    starts: tuple[int, ...]
    k: int
    n_features: int
    n_regions: int
    n_cells: int
    n_shards: int
    region_rows: int
    frame: Frame
    min_recall: float

    @property
    def n_points(self) -> int:
        return self.starts[-1]

    @property
    def n_chunks(self) -> int:
        return len(self.starts) - 1

    def stage(self, name: str) -> Stage:
        """Return a stage by its name."""
        return Stage(Path(self.folder), name)

    def array(self, name: str) -> AnyArray:
        """Return ``region_centres``, ``cell_centres``, ``queries`` or ``query_rows``."""
        return self.stage("plan").read(0, name)


def n_sampled(source: Source, n_regions: int | None) -> int:
    """Return how many rows of each chunk are drawn for the sample."""
    n_regions = n_regions or (source.n_rows or 0) // _LARGEST_REGION
    wanted = max(A_CELL * _CELLS, _A_REGION * n_regions)
    # Chunks may differ in size: twice as many as an even one has to give.
    return max(50, -(-2 * wanted // len(source.chunks)))


def make_plan(
    crew: Crew,
    folder: Path,
    n_rows: Sequence[int],
    n_features: int,
    largest: float,
    *,
    k: int,
    metric: str,
    n_regions: int | None,
    min_recall: float,
) -> Plan:
    """Decide what is not decided yet, and remember it on the disk."""
    starts = tuple(np.concatenate([[0], np.cumsum(n_rows)]).tolist())

    def write(work: Path) -> Said:
        return _decide(
            crew, folder, work, starts, n_features, largest, k, metric, n_regions, min_recall
        )

    said = Stage(folder, "plan").make(0, write)
    frame = Frame(metric, said["middle"], said["scale"])
    counts = {
        name: int(said[name]) for name in ("k", "n_regions", "n_cells", "n_shards", "region_rows")
    }
    return Plan(
        folder=str(folder),
        starts=starts,
        n_features=n_features,
        frame=frame,
        min_recall=min_recall,
        **counts,
    )


def _decide(
    crew: Crew,
    folder: Path,
    work: Path,
    starts: tuple[int, ...],
    n_features: int,
    largest: float,
    k: int,
    metric: str,
    n_regions: int | None,
    min_recall: float,
) -> Said:
    n = starts[-1]
    k = min(k, n - 1)
    width = n_features + (metric == "cosine")
    sample, rows = _sample(Stage(folder, "rows"), starts, width)
    warn_of_scales(sample, metric)
    frame = Frame.of(sample, metric, largest)
    points = frame.points(sample)
    room = _region_room(crew, width, k)
    if n_regions is None:
        n_regions = _how_many(n, k, crew.n_threads, room)
    share = 1 / n_regions
    # Copies come on top of a region's own rows.
    most = min(_UNEVEN * share, room / (2 * n)) if n_regions > 1 else 1.0
    centres = region_centres(points, n_regions, most, least=min(share / 10, 0.5))
    n_cells = max(_CELLS, min(_MOST_CELLS, _CELLS_A_REGION * len(centres)))
    cells = k_means(points, max(1, min(n_cells, len(points) // A_CELL + 1)))
    n_asked = int(np.clip(_TRUTH_COST / (n * width), _FEWEST_ASKED, _MOST_ASKED))
    asked = np.random.default_rng(1).choice(len(points), min(n_asked, len(points)), replace=False)
    asked = asked[np.argsort(rows[asked])]
    save(
        work,
        region_centres=centres,
        cell_centres=cells,
        queries=points[asked],
        query_rows=rows[asked],
    )
    return {
        "k": k,
        "n_regions": len(centres),
        "n_cells": len(cells),
        "n_shards": max(1, min(max(n_regions, len(centres)), n)),
        "region_rows": room,
        "middle": frame.middle,
        "scale": frame.scale,
    }


def _sample(stage: Stage, starts: tuple[int, ...], width: int) -> tuple[AnyArray, IntArray]:
    """Return sampled rows and their numbers: of each chunk as many as fit its share."""
    n, n_chunks = starts[-1], len(starts) - 1
    drawn = [stage.read(number, "drawn") for number in range(n_chunks)]
    sizes = np.diff(starts)
    # As many as there are of the chunk that has drawn the fewest for its size.
    share = min(len(d) / size for d, size in zip(drawn, sizes.tolist(), strict=True) if size)
    share = min(share, _MOST_SAMPLED / n, max(2_000, _SAMPLE_BYTES // (4 * width)) / n)
    kept = [
        min(len(d), int(np.ceil(share * s))) for d, s in zip(drawn, sizes.tolist(), strict=True)
    ]
    parts = [stage.read(number, "sample", 0, m) for number, m in enumerate(kept) if m]
    rows = [d[:m] + start for d, m, start in zip(drawn, kept, starts, strict=False)]
    return np.concatenate(parts), np.concatenate(rows)


def bytes_a_row(width: int, k: int) -> int:
    """Return what the search of a region takes for each of its rows."""
    return 8 * width + bytes_of_codes(width) + 4 * min(width, 128) + 48 * k + 60


def _region_room(crew: Crew, width: int, k: int) -> int:
    """Return how many rows, copies among them, a task can search."""
    most = int(_UNEVEN * _LARGEST_REGION)
    if crew.memory is None:
        return most
    room = int((_USABLE * crew.memory - _LIBRARIES) / bytes_a_row(width, k))
    if room < 10 * (k + 1):
        raise NotEnoughMemoryError(
            f"the workers have {crew.memory / 1e6:,.0f} MB for each of their threads, which is too "
            f"little for rows of {width} features: {_LIBRARIES / _USABLE / 1e6:,.0f} MB are needed "
            "by Python and its libraries. Start workers with one thread and a larger memory_limit."
        )
    return min(room, most)


def _how_many(n: int, k: int, n_threads: int, room: int) -> int:
    few = max(n_threads, min(_REGIONS_A_THREAD * n_threads, n // _SMALLEST_REGION))
    many = max(few, -(-n // _LARGEST_REGION), int(np.ceil(_UNEVEN * n / room)))
    # Every row has to find k others in its region.
    return max(1, min(many, n // max(1_000, 50 * (k + 1))))


def predicted(
    plan: Plan, found: Sequence[AnyArray], overlap: tuple[float, int]
) -> tuple[float, float]:
    """Return what share of the sample's true neighbours meet in a region, and copies a row.

    Parameters
    ----------
    plan : Plan
    found : sequence of ndarray
        Of each query (first entry) and its true neighbours the regions that are nearest, and
        the ratios of their distances to that of the nearest: `near` and `ratio` of `truth`.
    overlap : tuple of float and int
    """
    near, ratio = found
    factor, most = overlap
    inside = (ratio <= factor) & (np.arange(ratio.shape[2]) < most)
    copies = float(inside[:, 0].sum(axis=1).mean())
    own, others = np.where(inside[:, :1], near[:, :1], -1), np.where(inside[:, 1:], near[:, 1:], -2)
    meets = (own[:, :, :, None] == others[:, :, None, :]).any(axis=(2, 3))
    return float(meets.mean()), copies


def recall_within(min_recall: float) -> float:
    """Return the recall that a region has to have."""
    return 1 - _LOST_WITHIN * (1 - min_recall)


def choose_overlap(plan: Plan, found: Sequence[AnyArray]) -> int:
    """Return which of OVERLAPS lets enough true neighbours meet, with the fewest copies."""
    wanted = 1 - _LOST_BETWEEN * (1 - plan.min_recall)
    for number, overlap in enumerate(OVERLAPS):
        if predicted(plan, found, overlap)[0] >= wanted:
            return number
    return len(OVERLAPS) - 1
