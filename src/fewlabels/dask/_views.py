"""Answers to the caller's rows `start` to `stop`, in their order: chunks of dask arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.dask import _answers
from fewlabels.dask._brought import Answered
from fewlabels.dask._labels import FewLabels
from fewlabels.insight import Calibration

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]


def codes_of(shares: AnyArray) -> IntArray:
    """The column of each row's most probable class; -1 where there is no answer."""
    return np.where(shares.any(axis=1), np.argmax(shares, axis=1), -1)


def filled(shares: AnyArray, prior: npt.NDArray[np.float64]) -> AnyArray:
    """Distributions, the prior where there is no answer; in place."""
    shares[~shares.any(axis=1)] = prior
    return shares


def shares_of(answered: Answered, start: int, stop: int) -> AnyArray:
    """Distributions, the prior where there is no answer."""
    return filled(answered.shares(answered.graph.places(start, stop)), answered.prior)


def coded(answered: Answered, start: int, stop: int) -> IntArray:
    """The columns of the most probable classes, -1 where there is no answer."""
    return codes_of(answered.shares(answered.graph.places(start, stop)))


def decided(answered: Answered, start: int, stop: int, labels: FewLabels) -> AnyArray:
    """The most probable classes, the marker where there is no answer."""
    return labels.decode(coded(answered, start, stop))


def totals(answered: Answered, start: int, stop: int) -> AnyArray:
    """The sums of scores."""
    return _answers.read_rows(answered.graph, answered.folder, "totals", start, stop)


def reached(
    answered: Answered, start: int, stop: int, known: IntArray | None
) -> npt.NDArray[np.bool_]:
    """Whether the rows are in one of the `known` components; None is all."""
    graph = answered.graph
    if known is None or start == stop:
        return np.ones(stop - start, dtype=bool)
    places = graph.places(start, stop)
    first = int(places.min())
    return np.isin(graph.components(first, int(places.max()) + 1)[places - first], known)


def calibrated(answered: Answered, start: int, stop: int, calibration: Calibration) -> AnyArray:
    """Calibrated distributions, the prior where there is no answer."""
    places = answered.graph.places(start, stop)
    shares = answered.shares(places).astype(np.float64)
    sums = _answers.gather(answered.graph, answered.folder, "totals", places)
    without = ~shares.any(axis=1)
    shares[without] = answered.prior
    shares = calibration.apply(shares, sums)
    shares[without] = answered.prior
    return shares
