"""The map of the points: laid out once somebody looks at it, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from fewlabels._typing import Json
from fewlabels.exceptions import FewLabelsError, LabellingError
from fewlabels.labelling._cache import Cache
from fewlabels.labelling._snapshot import Snapshot

if TYPE_CHECKING:
    from fewlabels.graph import Graph

_log = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The label file was closed meanwhile."""


class Mapper:
    """The places of the points.

    Parameters
    ----------
    cache : Cache
        Places that are kept there are taken, if they are of as many points.
    changed : callable
        Called when the places are there.
    """

    def __init__(self, cache: Cache, changed: Callable[[], object]) -> None:
        self._cache = cache
        self._changed = changed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._places: bytes | None = None
        self._problem = ""

    def places(self, graph: Graph) -> bytes | None:
        """Return x and y of each point as float32; None at first, and begin to lay them out.

        Raises
        ------
        LabellingError
            If they can't be laid out.
        """
        if self._problem:
            raise LabellingError(self._problem)
        with self._lock:
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(
                    target=self._lay_out, args=(graph,), name="fewlabels-map", daemon=True
                )
                self._thread.start()
        return self._places

    def stop(self) -> None:
        """End; waits for the round that is under way."""
        with self._lock:
            self._stopped = True
        if self._thread is not None:
            self._thread.join()

    def _lay_out(self, graph: Graph) -> None:
        from fewlabels.graph import layout  # loaded with the first points, not with the page

        try:
            kept = self._cache.array("map")
            if not _is_map(kept, graph.n_nodes):
                kept = layout(graph, progress=self._go_on)
                self._cache.put("map", kept)
            self._places = np.ascontiguousarray(kept, dtype="<f4").tobytes()
            self._changed()
        except _StoppedError:
            pass
        except Exception as error:  # noqa: BLE001 - labelling goes on without it
            if not isinstance(error, FewLabelsError):
                _log.exception("the map can't be laid out")
            what = str(error) if isinstance(error, FewLabelsError) else type(error).__name__
            self._problem = (
                f"The map can't be laid out: {what} All else works without it; to try again, end "
                "the command and start it anew."
            )
            self._changed()

    def _go_on(self, _: float) -> None:
        if self._stopped:
            raise _StoppedError


def packed_map(
    places: bytes,
    version: int,
    labels: Mapping[int, int],
    snapshot: Snapshot | None,
    hidden: Iterable[int],
) -> Json:
    """Return what the page draws, as little-endian arrays.

    Parameters
    ----------
    places : bytes
    version : int
    labels : mapping of points to classes
    snapshot : Snapshot or None
    hidden : iterable of int
        Points whose predictions are not told: checks that are not answered yet.
    """
    n = len(places) // 8
    label = np.full(n, -1, dtype="<i2")
    if labels:
        label[list(labels)] = list(labels.values())
    prediction = np.full(n, -1, dtype="<i2")
    confidence = np.zeros(n, dtype=np.float32)
    if snapshot is not None:
        prediction[:] = snapshot.codes
        confidence[:] = np.where(snapshot.codes >= 0, snapshot.confidence, 0)
    kept_back = list(hidden)
    prediction[kept_back], confidence[kept_back] = -1, 0
    doubt = np.round(255 * (1 - np.clip(confidence, 0, 1))).astype(np.uint8)
    doubt[label >= 0] = 0
    return {
        "version": version,
        "n": n,
        "positions": places,
        "label": label.tobytes(),
        "prediction": prediction.tobytes(),
        "doubt": doubt.tobytes(),
    }


def _is_map(kept: object, n: int) -> bool:
    return (
        isinstance(kept, np.ndarray)
        and kept.shape == (n, 2)
        and kept.dtype == np.float32
        and bool(np.isfinite(kept).all())
    )
