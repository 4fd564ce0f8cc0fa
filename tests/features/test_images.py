"""Pictures as points: the recipe by their look, the same points however they come, none made up."""

from __future__ import annotations

import colorsys
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from fewlabels import (
    FeatureWarning,
    FewLabelsClassifier,
    Images,
    OrientedGradients,
    make_points,
)
from fewlabels.exceptions import (
    DataFileError,
    InvalidInputError,
    InvalidTypeError,
    UnreachedWarning,
)
from fewlabels.features import _picture_recipe as recipes
from fewlabels.features import images as module
from fewlabels.features._colours import N_COLOURS, colour_shares
from fewlabels.features._picture_looks import look_of, things_in
from fewlabels.features._reach import Reach
from fewlabels.features.image_distortion import ImageDistortion
from fewlabels.io import read_picture_folder

DIGITS = load_digits().images[:60]
DIGIT_BYTES = (DIGITS * 15.9).astype(np.uint8)


def photos(n: int = 12, side: int = 40) -> np.ndarray:
    """Return pictures with colours up to their borders."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (n, 5, 5, 3), dtype=np.uint8)
    return coarse.repeat(side // 5, axis=1).repeat(side // 5, axis=2)


def saved(folder: Path, arrays: Any, ending: str = "png") -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number:03d}.{ending}" for number in range(len(arrays))]
    for path, array in zip(paths, arrays, strict=True):
        Image.fromarray(array).save(path)
    return paths


# The recipe


def test_digits_are_shapes_and_their_points_are_oriented_gradients() -> None:
    images = Images()
    points = images.fit_transform(DIGITS)
    rows = DIGITS.reshape(len(DIGITS), -1)
    np.testing.assert_array_equal(points, OrientedGradients().fit_transform(rows))
    assert (images.recipe_, images.shape_, images.warnings_) == ("shapes", (8, 8), ())
    (choice,) = images.choices_
    ordered = "neighbours: put into order by how little a picture has to be bent"
    assert make_points(DIGITS).choices == (choice, ordered)
    assert choice.startswith("60 pictures: where edges run (oriented gradients); grey, ")
    assert "8 x 8 pixels" in choice


def test_colours_are_told_and_the_line_that_mends_it_is_said() -> None:
    images = Images()
    points = images.fit_transform(photos())
    assert images.recipe_ == "shapes and colours"
    assert images.distance_ is None
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-5)
    assert "100% in colour, 0% show one thing on an empty ground" in images.choices_[0]
    (warning,) = images.warnings_
    assert "embeddings='onnx:FILE'" in warning
    with pytest.warns(FeatureWarning, match="told apart poorly"):
        made = make_points(photos())
    assert made.warnings == images.warnings_
    np.testing.assert_array_equal(made.values, points)


@pytest.mark.parametrize(
    ("pictures", "recipe"),
    [
        (np.zeros((3, 100, 100), np.uint8), "shapes"),  # large, but on an empty ground
        (np.random.default_rng(0).integers(0, 255, (3, 100, 100)), "shapes and colours"),  # grey
        (np.random.default_rng(0).integers(0, 255, (3, 30, 30)), "shapes"),  # small
        (photos(side=30), "shapes and colours"),  # small, in colour
    ],
)
def test_the_recipe_is_chosen_by_colour_ground_and_size(pictures: Any, recipe: str) -> None:
    assert Images().fit(pictures).recipe_ == recipe


@pytest.mark.parametrize("recipe", ["shapes", "shapes and colours"])
def test_the_recipe_may_be_said(recipe: str) -> None:
    for pictures in (DIGITS, photos()):
        images = Images(recipe).fit(pictures)
        assert images.recipe_ == recipe
        assert "as recipe says" in images.choices_[0]


def test_a_look_counts_grey_pictures_and_those_on_an_empty_ground() -> None:
    plain = np.full((4, 20, 20, 3), 250, np.uint8)
    plain[1, 5:15, 5:15] = [200, 0, 0]  # in colour, within
    plain[2, :, :10] = 0  # grey, to the border
    plain[3] += np.random.default_rng(0).integers(0, 5, (20, 20, 3), dtype=np.uint8)  # as JPEG
    look = look_of(plain, np.array([[20, 20], [20, 20], [20, 20], [40, 20]]))
    assert (look.grey, look.centred) == (0.75, 0.75)
    assert (look.height, look.width, look.same_size) == (20, 20, False)


def test_few_of_many_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Images().fit_transform(DIGITS)
    monkeypatch.setattr(module, "_LOOKED_AT", 3)
    looked: list[int] = []
    monkeypatch.setattr(
        module,
        "look_of",
        lambda pixels, sizes: (looked.append(len(pixels)), look_of(pixels, sizes))[1],
    )
    paths = saved(tmp_path, DIGIT_BYTES)
    for path in paths[1:]:
        path.write_bytes(b"?")
    for source in (DIGITS, paths):  # of the files only one can be read, and is looked for
        points = Images(random_state=5).fit_transform(source)
        np.testing.assert_allclose(points[0], whole[0], atol=1e-2)
    assert looked == [3, 1]


# Where they come from


def test_files_pictures_arrays_and_folders_give_the_same_points(tmp_path: Path) -> None:
    expected = Images().fit_transform(DIGIT_BYTES)
    paths = saved(tmp_path / "p", DIGIT_BYTES)
    opened = [Image.open(path) for path in paths]
    for source in (
        paths,
        [str(path) for path in paths],
        tuple(paths),
        np.array([str(path) for path in paths]),
        opened,
        list(DIGIT_BYTES),
        tmp_path / "p",
        str(tmp_path / "p"),
        read_picture_folder(tmp_path / "p"),
        DIGIT_BYTES[..., None],
    ):
        np.testing.assert_array_equal(Images().fit_transform(source), expected)
    for picture in opened:
        picture.close()


def test_the_type_of_numbers_makes_no_difference() -> None:
    pictures = photos()
    expected = Images().fit_transform(pictures)
    for other in (pictures / 255, pictures.astype(np.int32), pictures.astype(np.float32)):
        np.testing.assert_allclose(Images().fit_transform(other), expected, atol=1e-6)


def test_pictures_of_any_size_are_brought_to_one(tmp_path: Path) -> None:
    sizes = [(30, 40), (300, 200), (1, 50), (64, 64), (90, 90)]
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    images = Images()
    points = images.fit_transform(saved(tmp_path, arrays))
    assert (images.shape_, len(points)) == ((64, 64), 5)
    assert "64 x 64 pixels in the middle, brought to 64 x 64" in images.choices_[0]
    large = Images().fit(np.zeros((3, 200, 100), np.uint8))
    assert large.shape_ == (32, 32)
    assert "200 x 100 pixels, brought to 32 x 32" in large.choices_[0]


def test_alpha_in_arrays_lies_on_white() -> None:
    pictures = photos()
    alpha = np.full((*pictures.shape[:3], 1), 255, np.uint8)
    expected = Images().fit_transform(pictures)
    found = Images().fit_transform(np.concatenate([pictures, alpha], axis=3))
    np.testing.assert_array_equal(found, expected)


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    paths = saved(tmp_path, photos(40))
    one = Images(n_jobs=1).fit_transform(paths)
    np.testing.assert_array_equal(Images(n_jobs=4).fit_transform(paths), one)


# What can't be read


def test_damaged_files_are_rows_of_zeros_and_named(tmp_path: Path) -> None:
    paths: list[Any] = saved(tmp_path, DIGIT_BYTES)
    whole = Images().fit_transform(paths)
    paths[3].write_bytes(b"")
    paths[7].write_bytes(paths[8].read_bytes()[:50])
    images = Images()
    points = images.fit_transform([*paths, None])
    assert list(images.unread_) == [3, 7, 60]
    assert not points[[3, 7, 60]].any()
    there = np.setdiff1d(np.arange(60), [3, 7])
    np.testing.assert_array_equal(points[there], whole[there])
    (warning,) = images.warnings_
    assert warning.startswith("2 of 61 pictures can't be read, so that nothing is known of them: ")
    assert f"{paths[3]} (the file is empty), {paths[7]} (cut short" in warning
    with pytest.warns(FeatureWarning, match="1 of 2 pictures can't be read"):
        new = images.transform([paths[3], paths[4]])
    assert not new[0].any()
    np.testing.assert_allclose(new[1], whole[4], atol=1e-6)


def test_a_row_without_a_picture_is_no_damage(tmp_path: Path) -> None:
    images = Images().fit([*saved(tmp_path, DIGIT_BYTES), None, np.nan])
    assert images.unread_ == {60: "", 61: ""}
    assert images.warnings_ == ()


def test_of_many_that_can_not_be_read_some_are_named(tmp_path: Path) -> None:
    paths = saved(tmp_path, DIGIT_BYTES)
    for path in paths[:20]:
        path.write_bytes(b"?")
    (warning,) = Images().fit(paths).warnings_
    assert warning.startswith("20 of 60 pictures")
    assert warning.count(".png (") == 5
    assert warning.endswith("and 15 more.")


def test_if_none_can_be_read_that_is_an_error(tmp_path: Path) -> None:
    for path in (paths := [tmp_path / "a.png", tmp_path / "b.png"]):
        path.write_bytes(b"?")
    with pytest.raises(DataFileError, match=r"none of 2 pictures can be read: .*a\.png \(no pict"):
        Images().fit(paths)


def test_what_can_not_be_read_is_not_answered(tmp_path: Path) -> None:
    paths = saved(tmp_path, DIGIT_BYTES)
    paths[40].write_bytes(b"?")
    y = np.where(np.arange(60) < 30, load_digits().target[:60], -1)
    with pytest.warns((FeatureWarning, UnreachedWarning)) as caught:
        model = FewLabelsClassifier().fit(paths, y)
    assert {str(w.message)[:11] for w in caught} == {"1 of 60 pic", "1 of 60 poi"}
    assert np.flatnonzero(~model.reached_).tolist() == [40]
    assert model.points_.unread.tolist() == [40]
    model.save(tmp_path / "digits.model")
    loaded = FewLabelsClassifier.load(tmp_path / "digits.model")
    assert loaded.points_.transformer.unread_ == model.points_.transformer.unread_
    np.testing.assert_array_equal(loaded.label_distributions_, model.label_distributions_)
    assert np.mean(model.predict(paths[:30]) == y[:30]) > 0.9


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (np.zeros((5, 64)), InvalidInputError, r"got \(5, 64\). Reshape it: X.reshape"),
        (np.zeros((5, 3, 8, 8)), InvalidInputError, r"the channels last; got \(5, 3, 8, 8\)"),
        (np.zeros((0, 8, 8)), InvalidInputError, "no pictures in an array of shape"),
        (np.full((2, 8, 8), np.nan), InvalidInputError, "2 of the pictures hold NaN or infinity"),
        (
            np.zeros((2, 8, 8), complex),
            InvalidTypeError,
            "must be numbers; got an array of complex",
        ),
        ([], InvalidInputError, "the list is empty"),
        (7, InvalidTypeError, "got a int"),
        ("/no/such/folder", DataFileError, "does not exist"),
    ],
)
def test_what_is_no_picture_is_refused(data: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        Images().fit(data)


@pytest.mark.parametrize(
    "settings", [{"recipe": "photos"}, {"recipe": 1}, {"n_jobs": 0}, {"random_state": -1}]
)
def test_settings_that_can_not_be_used_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(settings))):
        Images(**settings).fit(DIGITS)


# As a transformer


def test_new_pictures_pass_through_what_was_chosen(tmp_path: Path) -> None:
    images = Images().fit(photos(side=100))
    one = images.transform(photos(side=100)[:1])
    np.testing.assert_array_equal(one, Images().fit_transform(photos(side=100))[:1])
    grey = images.transform(np.zeros((2, 30, 50), np.uint8))
    assert grey.shape == (2, one.shape[1])
    with pytest.raises(NotFittedError):
        Images().transform(DIGITS)


def test_it_stands_in_pipelines_can_be_cloned_and_names_its_columns() -> None:
    for pictures in (DIGITS, photos()):
        images = clone(Images(n_jobs=2)).fit(pictures)
        points = make_pipeline(images, Normalizer()).fit_transform(pictures)
        names = images.get_feature_names_out()
        assert len(names) == points.shape[1] == len(set(names))
    frame = Images().set_output(transform="pandas").fit_transform(photos())
    assert list(frame.columns) == list(names)


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "_BATCH", 20)
    told: list[float] = []
    make_points(DIGITS, progress=told.append)
    assert told == pytest.approx([1 / 3, 2 / 3, 1])


def test_shapes_have_a_distance_and_new_pictures_too() -> None:
    images = Images().fit(DIGITS)
    rows = DIGITS.reshape(len(DIGITS), -1)
    expected = ImageDistortion().fit(rows)
    candidates = np.array([[1, 2], [5, 9]])
    np.testing.assert_array_equal(
        images.distance_.between([0, 3], candidates), expected.between([0, 3], candidates)
    )
    new = images._of_new(DIGITS[[0, 3]])
    assert new.compared is not None
    np.testing.assert_array_equal(
        new.compared(np.array([1, 0]), candidates), expected.between([3, 0], candidates)
    )


def test_a_distance_that_leaves_pictures_out_of_reach_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "reach_of", lambda *_: Reach(0.1, 0.13))
    images = Images().fit(DIGITS)
    assert images.distance_ is None
    assert make_points(DIGITS).choices == images.choices_


# Colours


def textbook(picture: np.ndarray) -> np.ndarray:
    """Return the shares of colours pixel by pixel, by the standard library's hue and saturation."""
    counts = np.zeros((12, 3, 4))
    for pixel in picture.reshape(-1, 3) / 255:
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        position = np.array([12 * hue, 2 * saturation, 3 * value])
        for step in itertools.product(range(13), range(3), range(4)):
            near = np.maximum(0, 1 - np.abs(position - step))
            counts[step[0] % 12, step[1], step[2]] += near.prod()
    return np.sqrt(counts / counts.sum()).ravel()


def test_colours_are_shared_between_steps_as_the_textbook_does() -> None:
    levels = (np.linspace(0, 1, 32) * 255).round().astype(np.uint8)
    rng = np.random.default_rng(0)
    pixels = rng.choice(levels, (3, 6, 5, 3))
    pixels[1] = pixels[1][..., :1]  # grey
    pixels[2, :3] = [[255, 0, 0], [0, 0, 0], [255, 255, 255], [0, 255, 255], [255, 0, 255]]
    expected = np.array([textbook(picture) for picture in pixels])
    found = colour_shares(pixels, n_jobs=2)
    assert found.shape == (3, N_COLOURS)
    # levels are rounded to bytes here, and roots are steep near nought
    np.testing.assert_allclose(found**2, expected**2, atol=2e-3)


def test_colours_of_things_are_those_of_their_pixels_alone() -> None:
    pixels = np.full((3, 20, 20, 3), 255, dtype=np.uint8)
    pixels[:, 5:15, 5:15] = photos(3, 10)
    pixels[2] = 255  # there is no thing
    things = things_in(pixels)
    assert not things[:, :5].any()
    assert things[0, 5:15, 5:15].mean() > 0.9
    whole, alone = np.split(colour_shares(pixels, things), 2, axis=1)
    np.testing.assert_array_equal(whole, colour_shares(pixels))
    for row in (0, 1):
        own = pixels[row][things[row]][None, None]
        np.testing.assert_allclose(alone[row], colour_shares(own)[0], atol=1e-6)
    np.testing.assert_array_equal(alone[2], whole[2])


def test_outlines_are_the_same_whatever_the_colours_within() -> None:
    inner = photos(2, 10)
    pixels = np.full((2, 40, 40, 3), 255, dtype=np.uint8)
    pixels[:, 15:25, 15:25] = inner
    images = Images("shapes and colours")
    points = images.fit_transform(np.where(pixels < 255, pixels // 2, pixels))
    names = images.get_feature_names_out()
    outlines = points[:, [name.startswith("images_outline_") for name in names]]
    assert np.linalg.norm(outlines, axis=1).min() > 0.1
    np.testing.assert_allclose(outlines[0], outlines[1], atol=1e-6)
    assert np.linalg.norm(points[0] - points[1]) > 0.1
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-6)


def test_colours_that_are_nearly_the_same_are_near() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(10, 245, (20, 8, 8, 3), dtype=np.uint8)
    moved = pixels + rng.integers(0, 5, pixels.shape, dtype=np.uint8)
    apart = np.linalg.norm(colour_shares(pixels) - colour_shares(moved), axis=1)
    others = np.linalg.norm(colour_shares(pixels) - colour_shares(pixels[::-1].copy()), axis=1)
    assert apart.max() < others.min()


# Saved


@pytest.mark.parametrize("pictures", [DIGITS, photos()])
def test_what_was_saved_makes_the_same_points(pictures: np.ndarray) -> None:
    images = Images().fit(pictures)
    state = images._state()
    assert json.loads(json.dumps(state)) == state
    again = Images._from_state(state)
    np.testing.assert_array_equal(again.transform(pictures), images.transform(pictures))
    assert (again.choices_, again.warnings_) == (images.choices_, images.warnings_)
    assert list(again.get_feature_names_out()) == list(images.get_feature_names_out())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("recipe", "auto"), ("recipe", None), ("height", 0), ("width", 10**9), ("white", "x")),
        *(("black", float("nan")), ("choices", [1]), ("warnings", None), ("height", None)),
    ],
)
def test_damaged_states_are_refused(key: str, value: Any) -> None:
    state = Images().fit(DIGITS)._state()
    with pytest.raises(DataFileError, match="the saved features are damaged"):
        Images._from_state({**state, key: value})
    del state[key]
    with pytest.raises(DataFileError, match="the saved features are damaged"):
        Images._from_state(state)
