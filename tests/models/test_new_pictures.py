"""New pictures: put beside the fitted ones as these are beside each other; none answered unseen."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from fewlabels import FeatureWarning, FewLabelsClassifier, FewLabelsRegressor, make_points
from fewlabels.exceptions import DataFileError
from fewlabels.features import ImageDistortion, NewPoints
from fewlabels.features.points_state import points_of_state, points_state
from fewlabels.graph import shared_neighbor_graph

DIGITS, TRUTH = load_digits(return_X_y=False).images[:330], load_digits().target[:330]
KNOWN, NEW = DIGITS[:250], DIGITS[250:]
Y = np.where(np.arange(250) < 40, TRUTH[:250], -1)


@pytest.fixture(scope="module")
def model() -> FewLabelsClassifier:
    return FewLabelsClassifier().fit(KNOWN, Y)


def textbook(scores: np.ndarray, graph: Any, points: Any) -> np.ndarray:
    """Return the votes of known pictures for new ones, a picture at a time."""
    distortion = ImageDistortion().fit(KNOWN.reshape(len(KNOWN), -1))
    values = points.transform(NEW)
    k = graph.build_info["n_neighbors"]
    affinity = graph.affinity.toarray()
    found = np.zeros((len(NEW), scores.shape[1]))
    for row, value in enumerate(values):
        near = np.argsort(np.linalg.norm(points.values - value, axis=1), kind="stable")[:60]
        finer = distortion.to_new(NEW[row].reshape(1, -1), near[None])[0].astype(float)
        order = np.argsort(finer, kind="stable")[:k]
        own_scale = finer[order[-1]]
        for place in order:
            known = near[place]
            joined = np.flatnonzero(affinity[known])
            scale = np.sort(distortion.between([known], joined[None])[0])[k - 1]
            weight = np.exp(-4 * finer[place] ** 2 / (own_scale * scale))
            found[row] += weight * scores[known]
    return found


def test_neighbours_of_new_pictures_are_put_into_order_by_the_distance_of_the_fit(
    model: FewLabelsClassifier,
) -> None:
    assert model.points_.distance is not None
    scores = np.random.default_rng(0).random((len(KNOWN), 3))
    placed = model._placed_among_known(model._validated_new(NEW))
    expected = textbook(scores, model.graph_, model.points_)
    np.testing.assert_allclose(placed.votes(scores), expected, rtol=1e-5)
    # by features still, which tell what is unlike the rest
    lengths = np.linalg.norm(model.X_ - model.points_.transform(NEW[:1]), axis=1)
    np.testing.assert_allclose(placed.nearest[0][0], np.sort(lengths)[:10], rtol=1e-5)


def test_new_pictures_are_answered_alike_one_by_one_and_by_any_number_of_threads(
    model: FewLabelsClassifier,
) -> None:
    together = model.predict_proba(NEW)
    assert np.mean(model.predict(NEW) == TRUTH[250:]) > 0.9
    apart = FewLabelsClassifier(n_jobs=2).fit(KNOWN, Y)
    one_by_one = np.vstack([apart.predict_proba(NEW[row : row + 1]) for row in range(10)])
    np.testing.assert_allclose(one_by_one, together[:10], rtol=1e-5, atol=1e-6)


def test_a_saved_model_puts_new_pictures_into_the_same_order(
    model: FewLabelsClassifier, tmp_path: Path
) -> None:
    model.save(tmp_path / "digits.model")
    loaded = FewLabelsClassifier.load(tmp_path / "digits.model")
    np.testing.assert_array_equal(loaded.predict_proba(NEW), model.predict_proba(NEW))
    # the distance takes 2 bytes a pixel of 16 x 16
    plain = FewLabelsClassifier().fit(
        make_points(KNOWN).values, Y, graph=shared_neighbor_graph(make_points(KNOWN))
    )
    plain.save(tmp_path / "plain.model")
    added = (tmp_path / "digits.model").stat().st_size - (tmp_path / "plain.model").stat().st_size
    assert len(KNOWN) * 512 <= added < len(KNOWN) * 512 + 4_000


def test_a_regressor_puts_new_pictures_into_order_too() -> None:
    numbers = np.where(Y >= 0, Y.astype(float), np.nan)
    model = FewLabelsRegressor().fit(KNOWN, numbers)
    values, std = model.predict(NEW, return_std=True)
    new = model.points_.of_new(NEW)
    assert new.compared is not None
    plain = model.predict(NewPoints(new.values))
    assert np.abs(values - plain).max() > 0.01
    assert np.isfinite(std).all()
    assert np.mean((values - TRUTH[250:]) ** 2) < np.mean((plain - TRUTH[250:]) ** 2) * 1.1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gradients", np.zeros((250, 2, 16, 15), np.int8)),
        ("gradients", np.zeros((249, 2, 16, 16), np.int8)),
        ("gradients", np.zeros((250, 2, 16, 16), np.int16)),
        ("gradients", np.full((250, 2, 16, 16), -128, np.int8)),
        ("gradients", None),
        ("channels", 0),
        ("warp_range", 9),
        ("warp_range", None),
    ],
)
def test_damaged_distances_are_refused(model: FewLabelsClassifier, key: str, value: Any) -> None:
    state = points_state(model.points_)
    assert points_of_state(state).distance is not None
    assert points_of_state({**state, "distance": None}).distance is None
    with pytest.raises(DataFileError, match="the saved features are damaged"):
        points_of_state({**state, "distance": {**state["distance"], key: value}})


def test_a_distance_of_what_has_none_is_refused() -> None:
    state = points_state(make_points([[1.0], [2.0]]))
    with pytest.raises(DataFileError, match="nothing made their distance"):
        points_of_state({**state, "distance": {}})


# What can't be read


def files(folder: Path, arrays: np.ndarray) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number:03d}.png" for number in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        Image.fromarray((array * 15.9).astype(np.uint8)).save(path)
    return paths


@pytest.mark.parametrize(
    ("labels", "marker"), [(Y, -1), (np.where(Y >= 0, Y.astype(str), None), None)]
)
def test_new_pictures_that_can_not_be_read_get_no_answer_and_are_named(
    tmp_path: Path, labels: Any, marker: Any
) -> None:
    model = FewLabelsClassifier().fit(files(tmp_path / "known", KNOWN), labels)
    new = files(tmp_path / "new", NEW[:5])
    expected = model.predict(new)
    new[1].write_bytes(b"?")
    new[3].unlink()
    calls: list[Any] = [
        model.predict,
        model.predict_proba,
        model.predict_or_abstain,
        model.predict_set,
        model.doubt,
        model.answers,
    ]
    found = []
    for call in calls:
        with pytest.warns(FeatureWarning, match=r"2 of 5 pictures can't be read.*001\.png") as told:
            found.append(call(new))
        assert len(told) == 1
    answers, shares, abstaining, sets, doubt, told_all = found
    read = [0, 2, 4]
    assert [answers[row] for row in (1, 3)] == [marker, marker]
    assert answers[read].tolist() == expected[read].tolist()
    np.testing.assert_allclose(shares[[1, 3]], np.tile(model._fitted.mixture.prior, (2, 1)))
    assert [abstaining[row] for row in (1, 3)] == [marker, marker]
    assert sets[[1, 3]].all()
    assert doubt[[1, 3]].tolist() == ["unreached"] * 2
    assert told_all.labels.tolist() == answers.tolist()
    assert told_all.reached.tolist() == [True, False, True, False, True]
    assert told_all.evidence[[1, 3]].tolist() == [0, 0]


def test_a_regressor_gives_pictures_that_can_not_be_read_the_mean(tmp_path: Path) -> None:
    paths = files(tmp_path / "known", KNOWN)
    paths[100].write_bytes(b"?")
    numbers = np.where(Y >= 0, Y.astype(float), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = FewLabelsRegressor().fit(paths, numbers)
    mean = np.nanmean(numbers)
    assert model.transduction_[100] == pytest.approx(mean, abs=1.0)
    assert not model.reached_[100]
    new = [tmp_path / "gone.png", paths[0]]
    with pytest.warns(FeatureWarning, match=r"1 of 2 pictures can't be read.*gone\.png"):
        values = model.predict(new)
    assert values[0] == model.transduction_[100]


def test_a_column_of_pictures_knows_those_that_can_not_be_read(tmp_path: Path) -> None:
    paths = files(tmp_path / "known", KNOWN)
    paths[100].write_bytes(b"?")
    alone = {"photo": [str(path) for path in paths]}
    with pytest.warns(UserWarning, match="can't be read|can't be reached") as told:
        model = FewLabelsClassifier().fit(alone, Y)
    assert any("column 'photo': 1 of 250 pictures can't be read" in str(w.message) for w in told)
    assert model.points_.unread.tolist() == [100]
    assert model.transduction_[100] == -1
    new = {"photo": [str(tmp_path / "gone.png"), str(paths[1])]}
    with pytest.warns(FeatureWarning, match=r"column 'photo': 1 of 2 pictures can't be read"):
        assert model.predict(new).tolist() == [-1, TRUTH[1]]
    model.save(tmp_path / "photos.model")
    loaded = FewLabelsClassifier.load(tmp_path / "photos.model")
    assert loaded.points_.unread.tolist() == [100]


def test_beside_other_columns_a_picture_that_can_not_be_read_counts_as_the_mean(
    tmp_path: Path,
) -> None:
    paths = files(tmp_path / "known", KNOWN)
    paths[100].write_bytes(b"?")
    names = [str(path) for path in paths]
    with pytest.warns(FeatureWarning, match="column 'photo': 1 of 250 pictures can't be read"):
        points = make_points({"photo": names, "size": np.arange(250) ** 2 % 17})
    assert points.unread.tolist() == []
    assert points.transformer._fitted[0].encoder.transformer.distance_ is None
    photo = points.values[:, :-1]
    np.testing.assert_allclose(photo[100], 0, atol=1e-6)
    with pytest.warns(FeatureWarning, match="column 'photo': 1 of 1 picture can't be read"):
        new = points.transform({"photo": [names[100]], "size": [4]})
    np.testing.assert_allclose(new[0, :-1], 0, atol=1e-6)


# Named by their files


def test_pictures_are_called_by_their_files(tmp_path: Path) -> None:
    paths = files(tmp_path / "known", KNOWN)
    wrong = Y.copy()
    wrong[3] = 9 if Y[3] != 9 else 8
    for data, name in ((paths, str(paths[3])), (tmp_path / "known", "003.png")):
        model = FewLabelsClassifier().fit(data, wrong)
        assert model.position_of(name) == 3
        assert model.explain(name).node == 3
        assert f"\n{name}: labelled {wrong[3]}, the others say {Y[3]}" in str(
            model.suspect_labels()
        )
    assert "\npoint 3: labelled" in str(FewLabelsClassifier().fit(KNOWN, wrong).suspect_labels())
