"""Questions about a fit on a cluster: the best of each region, merged."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from distributed import Client

from fewlabels._rows import row_blocks
from fewlabels._validation import check_choice, check_integer
from fewlabels.dask._brought import Answered
from fewlabels.dask._crew import gather_tasks
from fewlabels.queries._measures import MEASURES

IntArray = npt.NDArray[np.intp]
FloatArray = npt.NDArray[np.float64]

_ROWS_AT_ONCE = 100_000


def most_uncertain(
    client: Client,
    answered: Answered,
    labelled: IntArray,
    n_rows: int,
    measure: str,
) -> IntArray:
    """Return the rows, of those that have no label and an answer, with the largest scores."""
    count = check_integer("n_rows", n_rows, minimum=0)
    check_choice("measure", measure, tuple(MEASURES))
    graph = answered.graph
    places = np.sort(graph.places_of(labelled))
    look = partial(_of_region, answered, places, count, measure)
    parts = client.map(look, range(graph.n_regions), pure=False)
    found: list[tuple[FloatArray, IntArray]] = gather_tasks(client, "questions", parts)
    scores = np.concatenate([part[0] for part in found])
    rows = np.concatenate([part[1] for part in found])
    return np.asarray(rows[np.lexsort((rows, -scores))[:count]], dtype=np.intp)


def _of_region(
    answered: Answered, labelled: IntArray, count: int, measure: str, number: int
) -> tuple[FloatArray, IntArray]:
    """The largest scores of a region and their rows, by the caller's numbers."""
    graph = answered.graph
    first, n_rows = int(graph.starts[number]), int(np.diff(graph.starts)[number])
    best: tuple[FloatArray, IntArray] = (np.empty(0), np.empty(0, dtype=np.int64))
    for rows in row_blocks(n_rows, _ROWS_AT_ONCE):
        start, stop = first + rows.start, first + rows.stop
        a, b = np.searchsorted(labelled, (start, stop))
        block = answered.region_shares(number, rows)
        asked = np.asarray(block.any(axis=1))
        asked[labelled[a:b] - start] = False
        here = np.flatnonzero(asked)
        scores = np.asarray(MEASURES[measure](block[here]))
        numbers = graph.order(start, stop)[here]
        scores, numbers = np.append(best[0], scores), np.append(best[1], numbers)
        kept = np.lexsort((numbers, -scores))[:count]
        best = (scores[kept], numbers[kept])
    return best
