"""Answers that are brought to the shares of the classes that a user expects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from distributed import Client

from fewlabels._rows import row_blocks
from fewlabels.dask._answers import gather, read_region
from fewlabels.dask._crew import gather_tasks
from fewlabels.dask._labels import FewLabels
from fewlabels.dask._layout import RegionGraph
from fewlabels.models.class_mass import offsets_to_shares, with_offsets

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]
FloatArray = npt.NDArray[np.float64]

# Rows that the counts of answers are taken of, as in memory; rows that are read at a time.
_MOST_COUNTED, _ROWS_AT_ONCE = 200_000, 50_000


@dataclass(frozen=True, eq=False)
class Brought:
    """What `class_prior` does to the answers of unlabelled rows; see ``models.class_mass``.

    Attributes
    ----------
    labelled : ndarray of intp
        Internal rows with a label, in ascending order, which stay as they are.
    shares : ndarray of shape (n_classes,)
    factors : ndarray of shape (n_classes,), or None
        Of one step of class-mass normalisation, where the shares are a guess.
    offsets : ndarray of shape (n_classes,), or None
        Logarithms of factors, where the shares are given.
    """

    labelled: IntArray
    shares: FloatArray
    factors: FloatArray | None = None
    offsets: FloatArray | None = None

    def applied(self, found: AnyArray, places: AnyArray) -> AnyArray:
        """Return distributions of internal rows as they are published; zeros stay."""
        here = np.flatnonzero(found.any(axis=1) & ~np.isin(places, self.labelled))
        rows = found[here].astype(np.float64)
        if self.factors is not None:
            weighed = rows * self.factors
            totals = weighed.sum(axis=1, keepdims=True)
            np.divide(weighed, totals, out=rows, where=totals > 0)
        elif self.offsets is not None:
            rows = with_offsets(rows, self.offsets, self.shares)
        found = found.copy()
        found[here] = rows
        return found


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers of a fit: where they are, and what is done to them when they are read.

    Attributes
    ----------
    graph : RegionGraph
    folder : Path
    prior : ndarray of shape (n_classes,)
        In place of an answer where there is none.
    brought : Brought or None
    """

    graph: RegionGraph
    folder: Path
    prior: FloatArray
    brought: Brought | None = None

    def shares(self, places: AnyArray) -> AnyArray:
        """Distributions of internal rows, zeros where there is no answer."""
        found = gather(self.graph, self.folder, "shares", places)
        return found if self.brought is None else self.brought.applied(found, places)

    def region_shares(self, number: int, rows: slice) -> AnyArray:
        """Return the same of some rows of a region."""
        found = np.asarray(read_region(self.folder, "shares", number)[rows])
        if self.brought is None:
            return found
        places = np.arange(rows.start, rows.stop) + self.graph.starts[number]
        return self.brought.applied(found, places)


def brought_to(
    client: Client,
    graph: RegionGraph,
    folder: Path,
    labels: FewLabels,
    shares: FloatArray,
    *,
    guessed: bool,
) -> Brought:
    """Find what brings the answers to the `shares`, which are `guessed` or known.

    Where they are known, answers are counted on a sample of 200,000 unlabelled rows.
    """
    labelled = np.sort(graph.places_of(labels.rows))
    if guessed:
        parts = client.map(
            _masses, range(graph.n_regions), graph=graph, folder=folder, labelled=labelled
        )
        masses = np.sum(gather_tasks(client, "masses", parts), axis=0)  # region by region
        factors = np.divide(shares, masses, out=np.zeros_like(masses), where=masses > 0)
        return Brought(labelled, shares, factors=factors)
    n_open = graph.n_nodes - len(labels.rows)
    drawn = np.arange(n_open)
    if n_open > _MOST_COUNTED:
        drawn = np.random.default_rng(0).choice(n_open, _MOST_COUNTED, replace=False)
    # of the unlabelled rows, which are numbered past the labelled ones
    ahead = labels.rows - np.arange(len(labels.rows))
    rows = drawn + np.searchsorted(ahead, drawn, side="right")
    found = gather(graph, folder, "shares", graph.places_of(rows))
    found = found[found.any(axis=1)]
    offsets = offsets_to_shares(found, np.arange(len(found)), shares)
    return Brought(labelled, shares, offsets=offsets)


def _masses(number: int, graph: RegionGraph, folder: Path, labelled: IntArray) -> FloatArray:
    """The sums of the unlabelled rows' distributions in a region."""
    found = read_region(folder, "shares", number)
    first = int(graph.starts[number])
    masses = np.zeros(found.shape[1])
    for rows in row_blocks(len(found), _ROWS_AT_ONCE):
        block = np.array(found[rows], dtype=np.float64)
        a, b = np.searchsorted(labelled, (first + rows.start, first + rows.stop))
        block[labelled[a:b] - first - rows.start] = 0
        masses += block.sum(axis=0)
    return masses
