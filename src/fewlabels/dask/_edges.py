"""The tasks that make the graph of the neighbours: weights, and both directions of every edge.

Point i has an edge to each of its neighbours j, and w_ij joins what i says with what j says. What
leads into another shard is sent there, so that each shard has all that it needs for its own rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._rows import row_blocks
from fewlabels.dask._plan import Plan
from fewlabels.dask._regions import write_region
from fewlabels.dask._search import NONE, Attempt
from fewlabels.dask._stages import Said, save
from fewlabels.graph._weights import Weights, edge_weights

AnyArray = np.ndarray
IntArray = npt.NDArray[np.int64]

_ROWS_AT_ONCE = 50_000


def weigh_shard(number: int, plan: Plan, attempt: Attempt, weights: Weights) -> Said:
    """Weigh the edges from a shard's rows; sort those that lead elsewhere by where they lead.

    The sign of a weight tells of duplicates: it is negative where the distance is 0.
    """

    def write(work: Path) -> Said:
        first, last = attempt.shards[number : number + 2]
        merged = plan.stage(attempt.stage("merged"))
        found = merged.read(number, "found")
        distances = plan.frame.distances(merged.read(number, "distances"))
        own = merged.read(number, "scales")
        known = found != NONE
        other = _scales_of(plan, attempt, np.where(known, found, first).astype(np.int64))
        distances[~known] = 1.0  # of no edge
        values = np.empty(found.shape, np.float32)
        for rows in row_blocks(len(found), _ROWS_AT_ONCE):
            part = edge_weights(distances[rows], own[rows], other[rows], weights)
            values[rows] = np.minimum(part, np.finfo(np.float32).max)
        values[~known] = 0
        np.negative(values, out=values, where=known & (distances == 0))
        outside = known & ((found < first) | (found >= last))
        source, place = np.nonzero(outside)
        target = found[source, place]
        order = np.argsort(target, kind="stable")  # and by the source
        save(
            work,
            values=values,
            target=target[order],
            source=(source + first)[order].astype(np.uint32),
            sent=values[outside][order],
            bounds=np.searchsorted(target[order], attempt.shards),
        )
        return {"n_sent": len(target)}

    return plan.stage(attempt.stage("weights")).make(number, write)


def _scales_of(plan: Plan, attempt: Attempt, found: IntArray) -> npt.NDArray[np.float64]:
    """Return the scales of rows of any shards."""
    stage = plan.stage(attempt.stage("merged"))
    shard = np.searchsorted(attempt.shards, found, side="right") - 1
    scales = np.empty(found.shape)
    for number in np.unique(shard).tolist():
        here = shard == number
        held = stage.read(number, "scales")
        scales[here] = held[found[here] - attempt.shards[number]]
    return scales


def write_shard(number: int, plan: Plan, attempt: Attempt, graph: str, how: str) -> Said:
    """Write a shard's rows of the graph, with both directions of every edge joined."""
    region = write_region(graph, number, attempt.shards, _blocks(plan, attempt, number, how))
    outside = np.empty(0, np.int64)
    for _, rows in region.blocks():
        columns = rows.indices[(rows.indices < region.first) | (rows.indices >= region.stop)]
        outside = np.union1d(outside, columns)
    return {"n_halo": len(outside)}


def _blocks(plan: Plan, attempt: Attempt, number: int, how: str) -> Iterator[sparse.csr_array]:
    first, last = attempt.shards[number : number + 2]
    said = _said_by(plan, attempt, number, first, last)
    heard = _heard_by(plan, attempt, number, first, last, said)
    for rows in row_blocks(last - first, _ROWS_AT_ONCE):
        yield joined(said[rows], heard[rows], how)


def _said_by(plan: Plan, attempt: Attempt, number: int, first: int, last: int) -> sparse.csr_array:
    """Return the directed edges from a shard's rows, to all."""
    found = plan.stage(attempt.stage("merged")).read(number, "found")
    values = plan.stage(attempt.stage("weights")).read(number, "values")
    known = found != NONE
    ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    dtype = np.int32 if max(plan.n_points, ends[-1]) <= np.iinfo(np.int32).max else np.int64
    parts = (values[known], found[known].astype(dtype), ends.astype(dtype))
    said = sparse.csr_array(parts, shape=(last - first, plan.n_points))
    said.sort_indices()
    return said


def _heard_by(
    plan: Plan, attempt: Attempt, number: int, first: int, last: int, said: sparse.csr_array
) -> sparse.csr_array:
    """Return the directed edges to a shard's rows, from all, by the rows that they lead to."""
    stage = plan.stage(attempt.stage("weights"))
    dtype = said.indices.dtype
    source = np.repeat(np.arange(first, last, dtype=dtype), np.diff(said.indptr))
    inside = (said.indices >= first) & (said.indices < last)
    targets, sources, values = [said.indices[inside] - first], [source[inside]], [said.data[inside]]
    for other in range(len(attempt.shards) - 1):
        if other == number:
            continue
        a, b = stage.read(other, "bounds", number, number + 2).tolist()
        if a < b:
            targets.append((stage.read(other, "target", a, b) - first).astype(dtype))
            sources.append(stage.read(other, "source", a, b).astype(dtype))
            values.append(stage.read(other, "sent", a, b))
    entries = (np.concatenate(values), (np.concatenate(targets), np.concatenate(sources)))
    heard = sparse.csr_array(entries, shape=said.shape)
    heard.sort_indices()
    return heard


def joined(said: sparse.csr_array, heard: sparse.csr_array, how: str) -> sparse.csr_array:
    """Join both directions of the edges of some rows; they come out the same from either end.

    Parameters
    ----------
    said, heard : csr_array
        w_ij and w_ji of the same rows i, sorted; negative where i and j are duplicates.
    how : {"mean", "union", "mutual"}
    """
    if (said.data < 0).any() or (heard.data < 0).any():
        # Of more duplicates than k, a point lists some only. All are equally near, so that each
        # of these edges holds both ways, whatever joins the two directions.
        from_said, from_heard = _negative(said), _negative(heard)
        said = sparse.csr_array(abs(said).maximum(from_heard))
        heard = sparse.csr_array(abs(heard).maximum(from_said))
    if how == "mean":
        half = np.float32(0.5)  # of each, for the sum may overflow
        return sparse.csr_array(said * half + heard * half)
    return sparse.csr_array(said.maximum(heard) if how == "union" else said.minimum(heard))


def _negative(edges: sparse.csr_array) -> sparse.csr_array:
    """Return the edges of negative weight, with it positive."""
    kept = edges.copy()
    kept.data = np.maximum(-kept.data, 0)
    kept.eliminate_zeros()
    return kept
