"""Texts near by their topics are put into order by topics and words together."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from fewlabels import FewLabelsClassifier, Points, Tables, Texts, make_points
from fewlabels.exceptions import DataFileError
from fewlabels.features import _word_distance
from fewlabels.features._word_distance import WordDistance
from fewlabels.features.points_state import points_of_state, points_state
from fewlabels.graph import shared_neighbor_graph

RNG = np.random.default_rng(7)
SUBJECTS = RNG.integers(4, size=320)
# 4 subjects of 30 words each, and 40 things of 6 words within a subject
THINGS = RNG.integers(10, size=320)
TEXTS = [
    " ".join(
        [f"subject{subject}word{word}" for word in RNG.integers(30, size=8)]
        + [f"thing{subject}x{thing}word{word}" for word in RNG.integers(6, size=4)]
    )
    for subject, thing in zip(SUBJECTS, THINGS, strict=True)
]
ONE_EACH = np.full(320, -1)
ONE_EACH[[np.flatnonzero(code == SUBJECTS)[0] for code in range(4)]] = range(4)


@pytest.fixture(scope="module")
def points() -> Points:
    return make_points(TEXTS, ONE_EACH)


def textbook(topics: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Return the distances of all texts from all."""
    return np.maximum(1 - 0.3 * topics @ topics.T - 0.7 * words @ words.T, 0)


def test_distances_are_those_of_topics_and_words(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(40, 5)).astype(np.float32)
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    words = sparse.random_array((40, 30), density=0.1, rng=rng, dtype=np.float32, format="csr")
    words[[0, 7, 39]] *= 0  # without any known word
    words.eliminate_zeros()
    distance = WordDistance(topics, words)
    rows, candidates = rng.integers(40, size=25), rng.integers(40, size=(25, 6))
    expected = textbook(topics, words.toarray())[rows[:, None], candidates]
    found = distance.between(rows, candidates)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    new = distance.to_new(topics[rows], words[rows])
    assert np.array_equal(new(np.arange(25), candidates), found)
    assert distance.between(rows[:0], candidates[:0]).shape == (0, 6)
    monkeypatch.setattr(_word_distance, "_BLOCK_NUMBERS", 100)
    assert np.array_equal(distance.between(rows, candidates), found)


def test_rows_are_cut_by_their_sizes_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_word_distance, "_BLOCK_NUMBERS", 10)
    sizes = np.array([4, 6, 1, 25, 3, 3, 3, 3])
    found = [(block.start, block.stop) for block in _word_distance._blocks(sizes)]
    assert found == [(0, 2), (2, 3), (3, 4), (4, 7), (7, 8)]
    found = [(block.start, block.stop) for block in _word_distance._blocks(np.zeros(600, int))]
    assert found == [(0, 256), (256, 512), (512, 600)]


def test_texts_of_many_words_take_little_memory_at_once() -> None:
    words = sparse.csr_array(np.full((40, 3000), 3000**-0.5, dtype=np.float32))
    distance = WordDistance(np.eye(40, dtype=np.float32), words)
    candidates = np.tile(np.arange(30), (256, 1))
    tracemalloc.start()
    try:
        found = distance.between(np.arange(256) % 40, candidates)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000  # 572 million with all rows at once
    np.testing.assert_allclose(found[35], 0.3, atol=1e-3)


def test_texts_of_no_word_at_all_are_compared_by_their_topics() -> None:
    topics = np.eye(3, dtype=np.float32)
    distance = WordDistance(topics, sparse.csr_array((3, 0), dtype=np.float32))
    found = distance.between(np.arange(3), np.array([[0, 1], [1, 2], [0, 0]]))
    np.testing.assert_allclose(found, [[0.7, 1], [0.7, 1], [1, 1]], atol=1e-6)


def test_neighbours_are_the_nearest_by_words_of_the_nearest_by_topics(points: Points) -> None:
    distance: Any = points.distance
    topics, words = distance._topics, distance._words.toarray()
    by_topics = -(topics @ topics.T).astype(np.float64)
    np.fill_diagonal(by_topics, np.inf)
    near = np.argsort(by_topics, axis=1)[:, :30]
    finer = np.take_along_axis(textbook(topics, words), near, axis=1)
    nearest = np.take_along_axis(near, np.argsort(finer, axis=1)[:, :15], axis=1)
    listed = np.zeros((320, 320))
    np.put_along_axis(listed, nearest, 0.5, axis=1)
    graph = shared_neighbor_graph(points)
    assert np.mean(graph.affinity.toarray() != listed + listed.T) < 1e-4  # ties, by rounding


def test_only_topics_that_count_alike_are_compared_so(points: Points) -> None:
    assert points.choices[-1] == "neighbours: put into order by topics and words together"
    assert make_points(TEXTS[:299]).distance is None
    for recipe in ("words", "spelling"):
        assert Texts(recipe).fit(TEXTS).distance_ is None
    assert make_points({"text": TEXTS, "x": SUBJECTS % 3}, ONE_EACH).distance is None


def test_a_saved_model_places_new_texts_as_before(points: Points, tmp_path: Path) -> None:
    model = FewLabelsClassifier().fit(points, ONE_EACH)
    new = [f"{TEXTS[3]} {TEXTS[5]}", TEXTS[200], "nothing known"]
    assert points.of_new(TEXTS[:9]).compared is not None
    with pytest.warns(UserWarning, match="1 of 3 texts"):
        expected = model.predict_proba(new)
    model.save(tmp_path / "texts.model")
    loaded = FewLabelsClassifier.load(tmp_path / "texts.model")
    with pytest.warns(UserWarning, match="1 of 3 texts"):
        assert np.array_equal(loaded.predict_proba(new), expected)


def test_a_table_of_texts_alone_compares_them_so(points: Points, tmp_path: Path) -> None:
    model = FewLabelsClassifier().fit({"text": TEXTS}, ONE_EACH)
    affinity = shared_neighbor_graph(points).affinity
    assert np.mean((model.graph_.affinity != affinity).toarray()) < 1e-4  # scaled, so rounded
    new = {"text": TEXTS[:40]}
    assert model.points_.of_new(new).compared is not None
    expected = model.predict_proba(new)
    model.save(tmp_path / "table.model")
    loaded = FewLabelsClassifier.load(tmp_path / "table.model")
    assert np.array_equal(loaded.predict_proba(new), expected)


def test_columns_that_tell_nothing_leave_the_texts_alone(points: Points) -> None:
    others = {"lang": ["en"] * 320, "row": np.arange(320), "none": [None] * 320}
    for name, values in others.items():
        made = make_points({"text": TEXTS, name: values})
        assert made.choices[-1] == points.choices[-1], name
        assert np.array_equal(made.distance._topics, points.distance._topics)
        assert made.of_new({"text": TEXTS[:3], name: list(values)[:3]}).compared is not None


def test_beside_other_columns_texts_hold_no_distance() -> None:
    tables = Tables().fit({"text": TEXTS, "again": TEXTS[::-1], "x": SUBJECTS % 3})
    assert tables.distance_ is None
    held: list[Any] = [column.encoder for column in tables._fitted]
    assert [each.transformer.distance_ for each in held[:2]] == [None, None]


def test_a_pickle_from_before_there_was_a_distance_still_places_new_texts() -> None:
    texts = Texts("topics").fit(TEXTS)
    expected = texts.transform(TEXTS[:5])
    del texts.distance_
    again = pickle.loads(pickle.dumps(texts))
    assert np.array_equal(again.transform(TEXTS[:5]), expected)


def test_beside_other_columns_the_nearest_count_alike_with_one_label_per_class() -> None:
    table = {"text": TEXTS, "x": SUBJECTS % 3}
    two = ONE_EACH.copy()
    two[[np.flatnonzero(code == SUBJECTS)[1] for code in range(2)]] = range(2)
    assert make_points(table, ONE_EACH).n_alike == 15
    assert make_points(table, two).n_alike is None
    assert make_points(table, np.full(320, -1)).n_alike is None
    assert make_points(table).n_alike is None
    assert make_points({"x": SUBJECTS}, ONE_EACH).n_alike is None


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no topics": lambda state: state.pop("topics"),
    "no words": lambda state: state.pop("words"),
    "topics of fewer texts": lambda state: state.update(topics=state["topics"][1:]),
    "words of fewer texts": lambda state: state.update(words=state["words"][1:]),
    "fewer words": lambda state: state.update(words=state["words"][:, 1:]),
    "other numbers": lambda state: state.update(words=state["words"].astype(np.float64)),
    "not a number": lambda state: state.update(topics=state["topics"] * np.float32(np.nan)),
    "infinite": lambda state: state.update(words=state["words"] * np.float32(np.inf)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("data", [TEXTS, {"text": TEXTS}], ids=["texts", "table"])
def test_a_damaged_distance_is_refused(data: Any, damage: Callable[[Any], object]) -> None:
    state = points_state(make_points(data))
    damage(state["distance"])
    with pytest.raises(DataFileError, match="damaged"):
        points_of_state(state)


def test_a_distance_that_nothing_made_is_refused() -> None:
    state = points_state(make_points({"text": TEXTS, "x": SUBJECTS % 3}))
    state["distance"] = points_state(make_points(TEXTS))["distance"]
    with pytest.raises(DataFileError, match="nothing made their distance"):
        points_of_state(state)
