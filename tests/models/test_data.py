"""Estimators, sessions and simulations take tables and texts as they are."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from fewlabels import (
    FewLabelsClassifier,
    FewLabelsRegressor,
    LabelSpreading,
    Points,
    Session,
    make_points,
    simulate,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError, LabelWarning, UnreachedWarning
from fewlabels.graph import shared_neighbor_graph
from fewlabels.io import Table, read_table

N = 60
RNG = np.random.default_rng(0)
TRUTH = np.arange(N) % 2
TABLE: dict[str, Any] = {
    "size": [None if i == 7 else float(v) for i, v in enumerate(TRUTH * 3 + RNG.normal(size=N))],
    "colour": [["red", "blue"][kind] if i % 5 else None for i, kind in enumerate(TRUTH)],
    "day": np.datetime64("2026-01-01") + RNG.permutation(N),
}
Y = np.where(np.arange(N) < 6, TRUTH, -1)


def written(folder: Path) -> Table:
    pd.DataFrame(TABLE).to_csv(folder / "t.csv", index=False)
    return read_table(folder / "t.csv")


def test_a_classifier_takes_a_table_however_it_is_stored(tmp_path: Path) -> None:
    model = FewLabelsClassifier().fit(pd.DataFrame(TABLE), Y)
    assert model.points_.kind == "table"
    assert model.n_features_in_ == 3
    assert model.feature_names_in_.tolist() == list(TABLE)
    assert (model.transduction_ == TRUTH).mean() > 0.9
    for data in (pl.DataFrame(TABLE), TABLE, written(tmp_path), tmp_path / "t.csv"):
        other = FewLabelsClassifier().fit(data, Y)
        np.testing.assert_array_equal(other.transduction_, model.transduction_)
        np.testing.assert_allclose(other.points_.values, model.points_.values, atol=1e-6)


def test_new_rows_pass_through_what_was_fitted() -> None:
    frame = pd.DataFrame(TABLE)
    model = FewLabelsClassifier().fit(frame, Y)
    expected = model.predict_proba(frame)
    np.testing.assert_allclose(model.predict_proba(frame[["day", "colour", "size"]]), expected)
    np.testing.assert_allclose(model.predict_proba(frame.iloc[:1]), expected[:1], atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(model.points_), expected)
    with pytest.raises(InvalidInputError, match="lacks 'colour'"):
        model.predict(frame.drop(columns="colour"))
    with pytest.raises(InvalidInputError, match="lacks 'size', 'colour', 'day'"):
        model.predict([[1.0, 2.0, 3.0]])


def test_points_stay_when_labels_are_added_and_a_copy_has_them() -> None:
    model = FewLabelsClassifier().fit(TABLE, Y)
    points = model.points_
    model.add_labels([10, 11], [0, 1])
    assert model.points_ is points
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(TABLE), model.predict(TABLE))
    assert not hasattr(clone(model), "points_")
    model.fit(shared_neighbor_graph(points.values), Y)
    assert not hasattr(model, "points_")


def test_points_of_ones_own_and_a_graph_beside_a_table() -> None:
    points = make_points(TABLE, columns={"day": "drop"})
    model = FewLabelsClassifier().fit(points, Y)
    assert model.points_ is points
    assert model.predict(TABLE).shape == (N,)
    graph = shared_neighbor_graph(points.values)
    assert FewLabelsClassifier().fit(TABLE, Y, graph=graph).graph_ is graph
    with pytest.raises(InvalidInputError, match="it has 60, and X 59 rows"):
        FewLabelsClassifier().fit({name: col[:-1] for name, col in TABLE.items()}, Y, graph=graph)


def test_numbers_are_points_as_they_are() -> None:
    X = RNG.normal(size=(N, 3))
    model = FewLabelsClassifier().fit(X, Y)
    assert model.points_.kind == "array"
    assert model.points_.values is model.X_
    assert model.X_ is X


def test_a_regressor_takes_a_table() -> None:
    numbers = np.where(np.arange(N) % 3 == 0, TRUTH * 2.0, np.nan)
    model = FewLabelsRegressor().fit(pl.DataFrame(TABLE), numbers)
    assert model.points_.kind == "table"
    assert np.abs(model.predict(TABLE) - TRUTH * 2.0).mean() < 0.5


def test_texts_are_data() -> None:
    words = [["sun", "rain", "wind", "snow"], ["goal", "team", "match", "score"]]
    texts = [" ".join(RNG.choice(words[kind], 6)) for kind in TRUTH]
    model = FewLabelsClassifier().fit(texts, Y)
    assert model.points_.kind == "texts"
    assert (model.transduction_ == TRUTH).mean() > 0.95
    assert model.predict(["rain and snow", "a match of the team"]).tolist() == [0, 1]


def test_a_session_goes_on_with_the_same_table_however_it_is_stored(tmp_path: Path) -> None:
    session = Session(pd.DataFrame(TABLE))
    assert isinstance(session.points, Points)
    asked = session.ask(4)
    session.tell(asked, TRUTH[asked])
    session.save(tmp_path / "s.json")
    for data in (pl.DataFrame(TABLE), TABLE):
        again = Session.load(tmp_path / "s.json", data)
        assert again.labelled.tolist() == session.labelled.tolist()
        np.testing.assert_array_equal(again.predictions().labels, session.predictions().labels)
    changed = TABLE | {"colour": ["red"] * N}
    with pytest.raises(InvalidInputError, match="the data has changed"):
        Session.load(tmp_path / "s.json", changed)
    assert Session(RNG.normal(size=(N, 2))).points is None


@pytest.mark.parametrize("model", [None, LabelSpreading("self-tuning")])
def test_a_simulation_takes_a_table(model: Any) -> None:
    settings = {"query": "random", "budget": 12, "random_state": 0, "model": model}
    curve = simulate(pd.DataFrame(TABLE), TRUTH, **settings)
    other = simulate(pl.DataFrame(TABLE), TRUTH, **settings)
    np.testing.assert_array_equal(curve.accuracy["random"], other.accuracy["random"])
    assert curve.accuracy["random"][0, -1] > 0.8


def test_a_session_joins_pictures_as_the_classifier_does() -> None:
    pictures = load_digits(n_class=2).images[:80]
    model = FewLabelsClassifier().fit(pictures, np.where(np.arange(80) < 6, np.arange(80) % 2, -1))
    assert model.points_.distance is not None
    for joined in (Session(pictures).graph, Session(pictures, model=FewLabelsClassifier()).graph):
        np.testing.assert_array_equal(joined.affinity.toarray(), model.graph_.affinity.toarray())


def test_what_could_not_be_read_has_no_answer() -> None:
    points = Points(RNG.normal(size=(N, 3)), "images", SimpleNamespace(unread_={20: "cut short"}))
    with pytest.warns(UnreachedWarning, match="nothing does for what can't be read"):
        model = FewLabelsClassifier().fit(points, Y)
    assert np.flatnonzero(~model.answered_).tolist() == [20]
    assert np.flatnonzero(model.transduction_ == -1).tolist() == [20]
    np.testing.assert_allclose(model.label_distributions_[20], 0.5)  # as many labels of each
    assert model.doubt_[20] == "unreached"


def test_other_estimators_say_what_to_do_with_a_table_of_words() -> None:
    with pytest.raises((InvalidInputError, InvalidTypeError)):
        LabelSpreading().fit(pd.DataFrame(TABLE), Y)


def test_labels_of_rows_with_the_same_features_are_named() -> None:
    words = ["the parcel is late again", "a fine and quiet room", "the lamp came broken"]
    texts = [f"{words[i % 3]} {i // 3}" for i in range(30)]
    y = [*(["a", "b"] * 15), "b", "a"]
    with pytest.warns(LabelWarning, match=r"\(positions 0, 30: 'a', 'b'\)"):
        FewLabelsClassifier().fit([*texts, texts[0], texts[2]], y)
    table = pd.DataFrame({"text": [*texts, texts[0]]}, index=[f"id{i}" for i in range(31)])
    with pytest.warns(LabelWarning, match=r"2 rows with a label.*\(id0, id30: 'a', 'b'\)"):
        FewLabelsClassifier().fit(table, pd.Series(y[:31], index=table.index))
