"""Answers to the caller's rows `start` to `stop`, in their order: chunks of dask arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.dask import _answers
from fewlabels.dask._labels import FewLabels
from fewlabels.dask._layout import RegionGraph
from fewlabels.insight import Calibration

AnyArray = npt.NDArray[Any]
IntArray = npt.NDArray[np.intp]


def codes_of(shares: AnyArray) -> IntArray:
    """The column of each row's most probable class; -1 where there is no answer."""
    return np.where(shares.any(axis=1), np.argmax(shares, axis=1), -1)


def shares_of(
    graph: RegionGraph, folder: Path, start: int, stop: int, prior: npt.NDArray[np.float64]
) -> AnyArray:
    """Distributions, the prior where there is no answer."""
    places = graph.places(start, stop)
    shares = _answers.gather(graph, folder, "shares", places)
    shares[~shares.any(axis=1)] = prior
    return shares


def coded(graph: RegionGraph, folder: Path, start: int, stop: int) -> IntArray:
    """The columns of the most probable classes, -1 where there is no answer."""
    return codes_of(_answers.gather(graph, folder, "shares", graph.places(start, stop)))


def decided(graph: RegionGraph, folder: Path, start: int, stop: int, labels: FewLabels) -> AnyArray:
    """The most probable classes, the marker where there is no answer."""
    places = graph.places(start, stop)
    return labels.decode(codes_of(_answers.gather(graph, folder, "shares", places)))


def reached(
    graph: RegionGraph, folder: Path, start: int, stop: int, known: IntArray | None
) -> npt.NDArray[np.bool_]:
    """Whether the rows are in one of the `known` components; None is all."""
    if known is None or start == stop:
        return np.ones(stop - start, dtype=bool)
    places = graph.places(start, stop)
    first = int(places.min())
    return np.isin(graph.components(first, int(places.max()) + 1)[places - first], known)


def calibrated(
    graph: RegionGraph,
    folder: Path,
    start: int,
    stop: int,
    calibration: Calibration,
    prior: npt.NDArray[np.float64],
) -> AnyArray:
    """Calibrated distributions, the prior where there is no answer."""
    places = graph.places(start, stop)
    shares = _answers.gather(graph, folder, "shares", places).astype(np.float64)
    totals = _answers.gather(graph, folder, "totals", places)
    answered = shares.any(axis=1)
    shares[~answered] = prior
    shares = calibration.apply(shares, totals)
    shares[~answered] = prior
    return shares
