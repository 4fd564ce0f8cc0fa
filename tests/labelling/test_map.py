"""The map of a label file: laid out once, kept, and never a word too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import fewlabels.graph as graph_package
from fewlabels.exceptions import LabellingError, NotEnoughMemoryError
from fewlabels.graph import Graph, layout
from fewlabels.labelling import Labelling
from fewlabels.labelling._cache import Cache
from fewlabels.labelling._map import Mapper, packed_map
from tests.labelling.conftest import answer_rows

Open = Callable[..., Labelling]
TIMEOUT = 180


def ring(n: int) -> Graph:
    dense = np.zeros((n, n))
    at = np.arange(n)
    dense[at, (at + 1) % n] = dense[(at + 1) % n, at] = 1
    return Graph.from_affinity(dense)


def laid_out(mapper: Mapper, graph: Graph) -> bytes:
    mapper.places(graph)
    assert mapper._thread is not None
    mapper._thread.join(TIMEOUT)
    places = mapper.places(graph)
    assert places is not None
    return places


def test_the_map_is_the_layout_of_the_graph_and_is_kept(tmp_path, monkeypatch) -> None:
    told: list[bool] = []
    graph = ring(20)
    mapper = Mapper(Cache(tmp_path, {}), lambda: told.append(True))
    places = laid_out(mapper, graph)
    assert told == [True]
    assert places == layout(graph).tobytes()
    monkeypatch.setattr(graph_package, "layout", lambda *_: pytest.fail("laid out again"))
    assert laid_out(Mapper(Cache(tmp_path, {}), lambda: None), graph) == places


def test_a_map_of_other_points_is_not_taken(tmp_path) -> None:
    cache = Cache(tmp_path, {})
    cache.put("map", np.full((20, 2), np.nan, dtype=np.float32))
    graph = ring(20)
    assert laid_out(Mapper(cache, lambda: None), graph) == layout(graph).tobytes()
    cache.put("map", np.zeros((19, 2), dtype=np.float32))
    assert laid_out(Mapper(cache, lambda: None), graph) == layout(graph).tobytes()


def test_a_layout_that_is_under_way_ends_when_the_file_is_closed(tmp_path) -> None:
    mapper = Mapper(Cache(tmp_path, {}), lambda: pytest.fail("it was not laid out"))
    mapper._stopped = True
    mapper._lay_out(ring(20))
    mapper.stop()
    assert mapper.places(ring(20)) is None


@pytest.mark.parametrize(
    ("error", "told"),
    [(NotEnoughMemoryError("it is too large."), "it is too large"), (MemoryError(), "MemoryError")],
)
def test_a_map_that_can_not_be_laid_out_is_told(tmp_path, monkeypatch, error, told) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(graph_package, "layout", fail)
    changes: list[bool] = []
    mapper = Mapper(Cache(tmp_path, {}), lambda: changes.append(True))
    mapper.places(ring(20))
    assert mapper._thread is not None
    mapper._thread.join(TIMEOUT)
    assert changes == [True]
    with pytest.raises(LabellingError, match=f"The map can't be laid out: {told}"):
        mapper.places(ring(20))


def unpacked(found: dict[str, Any]) -> dict[str, np.ndarray]:
    kinds = {"positions": "<f4", "label": "<i2", "prediction": "<i2", "doubt": "u1"}
    return {name: np.frombuffer(found[name], kind) for name, kind in kinds.items()}


def test_before_any_model_all_is_unknown_and_doubtful() -> None:
    places = np.arange(8, dtype=np.float32).tobytes()
    found = unpacked(packed_map(places, 3, {2: 5}, None, []))
    np.testing.assert_array_equal(found["positions"], np.arange(8))
    np.testing.assert_array_equal(found["label"], [-1, -1, 5, -1])
    np.testing.assert_array_equal(found["prediction"], [-1] * 4)
    np.testing.assert_array_equal(found["doubt"], [255, 255, 0, 255])


def test_the_map_shows_labels_and_predictions_but_none_of_open_checks(
    opened: Open, digits: tuple[Any, Any], keys: Iterator[str]
) -> None:
    labelling = opened()
    assert labelling.map() is None
    truth = digits[1]
    answer_rows(labelling, truth, keys, range(0, 300, 7))
    labelling.map()
    mapper = labelling._known._mapper
    assert mapper._thread is not None
    mapper._thread.join(TIMEOUT)
    found = labelling.map()
    assert found is not None
    assert found["n"] == 300
    assert len(found["positions"]) == 8 * 300
    held = unpacked(found)
    assert (held["label"] >= 0).sum() == 43
    assert (held["prediction"] >= 0).sum() > 200
    shown = held["prediction"] >= 0
    assert (held["prediction"][shown] == truth[shown]).mean() > 0.9
    checks = [p for p in labelling._desk.pending if labelling._desk.is_open_check(p)]
    assert (held["prediction"][checks] == -1).all()
    assert (held["doubt"][checks] == 255).all()
