"""Distances that forgive small shifts: against the textbook, compiled and not, and refusals."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from fewlabels.exceptions import InvalidInputError, InvalidTypeError, NotEnoughMemoryError
from fewlabels.features import ImageDistortion, _distortions, image_distortion
from fewlabels.features._distortions import LONGEST, summed_distortions
from fewlabels.features._gradients import sobel
from fewlabels.features._images import resized
from tests.features.images import one_way, textbook_share, textbook_sobel

DIGITS = load_digits().data[:40]
compiled = _distortions.compiled
needs_compiled = pytest.mark.skipif(compiled is None, reason="installed without a compiler")


class Plain:
    """What is compiled, without AVX2."""

    @staticmethod
    def distortions(*arrays) -> None:
        compiled.distortions(*arrays, False)


WAYS = {"numpy": None, "avx2": compiled, "plain": Plain}


@pytest.fixture(
    params=["numpy", *(pytest.param(way, marks=needs_compiled) for way in ("avx2", "plain"))]
)
def way(request, monkeypatch) -> str:
    monkeypatch.setattr(_distortions, "compiled", WAYS[request.param])
    return request.param


def gradient_fields(n: int, height: int, width: int, seed: int) -> np.ndarray:
    """Gradients of length up to the longest, but for rounding."""
    rng = np.random.default_rng(seed)
    angle, length = rng.uniform(0, 2 * np.pi, (2, n, height, width))
    length *= LONGEST / (2 * np.pi)
    return np.rint([np.cos(angle) * length, np.sin(angle) * length]).astype(np.int8).swapaxes(0, 1)


# Against the textbook


@settings(max_examples=25)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_distances_are_those_of_the_textbook(height, width, warp, seed) -> None:
    fields = gradient_fields(4, height, width, seed).copy(order="C")
    rows, candidates = np.array([0, 1]), np.array([[2, 3], [3, 1]])
    found = {}
    for name, module in WAYS.items():
        if name == "numpy" or compiled is not None:
            _distortions.compiled = module
            try:
                found[name] = summed_distortions(fields, rows, fields, candidates, warp)
            finally:
                _distortions.compiled = compiled
    for sums in found.values():
        for i, j in np.ndindex(2, 2):
            own, other = fields[rows[i]], fields[candidates[i, j]]
            assert sums[i, j] == one_way(own, other, warp) + one_way(other, own, warp)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("shape", [(16, 16), (28, 28), (1, 20), (31, 5), (17, 32)])
def test_all_ways_give_the_same_to_the_last_bit(shape) -> None:
    fields = gradient_fields(12, *shape, seed=1).copy(order="C")
    candidates = np.random.default_rng(0).integers(0, 12, size=(12, 5))
    found = summed_distortions(fields, np.arange(12), fields, candidates, 2)
    sums = np.empty_like(found)
    _distortions._in_numpy(fields, np.arange(12), fields, candidates, sums, warp=2)
    np.testing.assert_array_equal(found, sums)


@pytest.mark.usefixtures("way")
def test_the_longest_gradients_that_differ_most_do_not_overflow() -> None:
    fields = np.zeros((2, 2, 9, 9), dtype=np.int8)
    fields[:, 0] = [[[LONGEST]], [[-LONGEST]]]
    (sums,) = summed_distortions(fields, np.array([0]), fields, np.array([[0, 1]]), 0)
    # Of 81 pixels, 49 have all of their context in the image, 28 six of nine, 4 four.
    assert sums.tolist() == [0, 2 * (2 * LONGEST) ** 2 * (49 * 9 + 28 * 6 + 4 * 4)]


def test_an_image_without_settings_is_compared_as_the_textbook_does() -> None:
    model = ImageDistortion((6, 5), warp_range=1)
    images = np.random.default_rng(0).integers(0, 16, size=(3, 30))
    found = model.fit(images).between([0], [[1, 2]])
    large = resized(images.reshape(3, 6, 5, 1).astype(np.float32), *model._gradients.shape[2:])
    fields = []
    for image in large[..., 0]:
        field = np.array(textbook_sobel(image))
        fields.append(np.rint(field * LONGEST / np.hypot(*field).max()))
    expected = [textbook_share(fields[0], other, 1) for other in fields[1:]]
    np.testing.assert_allclose(found[0], expected, rtol=1e-3)  # a rounding may go the other way


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_sobel_is_the_textbooks(height, width, seed) -> None:
    plane = np.random.default_rng(seed).integers(0, 9, size=(height, width))
    found = sobel(plane[None, :, :, None].astype(np.float32))
    expected = textbook_sobel(plane)
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(own[0], other)


# What distances are like


@pytest.mark.usefixtures("way")
def test_distances_are_symmetric_and_0_to_itself() -> None:
    model = ImageDistortion().fit(DIGITS)
    everyone = np.arange(len(DIGITS))
    found = model.between(everyone, np.tile(everyone, (len(DIGITS), 1)))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 0)
    assert (found[~np.eye(len(DIGITS), dtype=bool)] > 0).all()


def test_a_shift_within_the_range_costs_nothing_and_one_beyond_does() -> None:
    image = np.zeros((20, 20))
    image[8:12, 7:13] = [[1, 5, 2, 4, 1, 2]] * 4
    moved = [np.roll(image, shift, axis=1).ravel() for shift in (0, 2, 4)]
    found = ImageDistortion().fit(moved).between([0], [[1, 2]])
    assert found[0, 0] == 0
    assert found[0, 1] > 0


def test_contrast_and_brightness_make_no_difference() -> None:
    found = ImageDistortion().fit(np.vstack([DIGITS[0], 3 * DIGITS[0] + 7])).between([0], [[1]])
    assert found[0, 0] == 0


def test_new_images_are_as_far_as_fitted_ones() -> None:
    model = ImageDistortion().fit(DIGITS)
    candidates = np.random.default_rng(0).integers(0, 40, size=(5, 7))
    np.testing.assert_array_equal(
        model.to_new(DIGITS[:5], candidates), model.between(np.arange(5), candidates)
    )


def test_the_number_of_threads_changes_nothing() -> None:
    candidates = np.random.default_rng(0).integers(0, 40, size=(40, 300))
    found = [
        ImageDistortion(n_jobs=n).fit(DIGITS).between(np.arange(40), candidates) for n in (1, 4)
    ]
    np.testing.assert_array_equal(*found)


def test_colours_speak_by_their_steepest_gradient() -> None:
    grey = np.random.default_rng(0).random((3, 12, 12, 1))
    coloured = np.concatenate([grey, 0.1 * grey], axis=3).reshape(3, -1)
    plain = ImageDistortion().fit(grey.reshape(3, -1)).between([0], [[1, 2]])
    found = ImageDistortion((12, 12, 2)).fit(coloured).between([0], [[1, 2]])
    np.testing.assert_allclose(found, plain, rtol=0.01)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8, 8, 1), (16, 16)), ((28, 28, 1), (28, 28)), ((4, 2, 1), (16, 8)), ((1, 200, 3), (1, 32))],
)
def test_images_are_compared_at_16_to_32_pixels(shape, expected) -> None:
    model = ImageDistortion(shape).fit(np.random.default_rng(0).random((2, int(np.prod(shape)))))
    assert model._gradients.shape == (2, 2, *expected)


def test_an_image_without_gradient_is_as_far_as_the_others_have_some() -> None:
    found = ImageDistortion().fit(np.vstack([np.ones(64), np.zeros(64), DIGITS[0]]))
    assert found.between([0], [[1, 2]])[0, 0] == 0
    assert found.between([0], [[1, 2]])[0, 1] > 0


def test_an_image_without_gradient_leaves_all_of_another_unmatched() -> None:
    images = np.vstack([np.ones(64), DIGITS])
    found = ImageDistortion().fit(images).between([0, 1], [[0, 1, 2], [1, 2, 3]])
    assert found[0, 0] == 0
    # But for the border; pixels without gradient find hardly any that have none, either.
    assert (found[0, 1:] > 0.9).all()
    assert (found[1, 1:] < 0.9).all()


# Refusals


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"warp_range": -1}, InvalidInputError),
        ({"warp_range": 9}, InvalidInputError),
        ({"warp_range": 1.5}, InvalidTypeError),
        ({"image_shape": (3, 3)}, InvalidInputError),
        ({"n_jobs": "all"}, InvalidTypeError),
    ],
)
def test_settings_that_cannot_be_are_refused(parameters, error) -> None:
    with pytest.raises(error):
        ImageDistortion(**parameters).fit(DIGITS)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("rows", "candidates", "message"),
    [
        ([0], [[40]], "from 0 to 39"),
        ([-1], [[0]], "from 0 to 39"),
        ([0], [[1], [2]], "a row for each"),
        ([0], [1], "2 dimensions"),
        ([0.5], [[1]], "integers"),
    ],
)
def test_what_is_no_image_is_refused(rows, candidates, message) -> None:
    with pytest.raises((InvalidInputError, InvalidTypeError), match=message):
        ImageDistortion().fit(DIGITS).between(rows, candidates)


def test_no_candidates_are_no_distances() -> None:
    model = ImageDistortion().fit(DIGITS)
    assert model.between([0, 1], np.empty((2, 0), dtype=int)).shape == (2, 0)
    assert model.between(np.empty(0, dtype=int), np.empty((0, 3), dtype=int)).shape == (0, 3)


def test_it_has_to_be_fitted_and_can_be_cloned() -> None:
    model = ImageDistortion((8, 8), warp_range=1)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        model.between([0], [[1]])


def test_other_features_than_were_fitted_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="63 features"):
        ImageDistortion().fit(DIGITS).to_new(DIGITS[:1, :63], [[0]])


def test_gradients_that_do_not_fit_the_memory_are_refused(monkeypatch) -> None:
    def refuse(*_args) -> None:
        raise NotEnoughMemoryError("no room")

    monkeypatch.setattr(image_distortion, "require_memory", refuse)
    with pytest.raises(NotEnoughMemoryError):
        ImageDistortion().fit(DIGITS)


# What is compiled trusts nothing


@needs_compiled
@pytest.mark.parametrize(
    ("which", "other"),
    [
        (0, np.zeros((2, 2, 4, 4), dtype=np.uint8)),
        (0, np.zeros((2, 3, 4, 4), dtype=np.int8)),
        (0, np.zeros((2, 2, 65, 4), dtype=np.int8)),
        (1, np.zeros(1, dtype=np.int32)),
        (1, np.zeros(2, dtype=np.int64)),
        (2, np.zeros((2, 2, 5, 4), dtype=np.int8)),
        (3, np.zeros((1, 2, 1), dtype=np.int64)),
        (4, 9),
        (4, -1),
        (5, np.zeros((1, 3), dtype=np.int64)),
        (5, np.zeros((1, 2), dtype=np.float64)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(which, other) -> None:
    pictures = np.zeros((2, 2, 4, 4), dtype=np.int8)
    places, candidates = np.zeros(1, dtype=np.int64), np.zeros((1, 2), dtype=np.int64)
    arguments = [pictures, places, pictures, candidates, 2, np.zeros((1, 2), dtype=np.int64)]
    compiled.distortions(*arguments)
    arguments[which] = other
    with pytest.raises(ValueError, match=r"must have|do not fit"):
        compiled.distortions(*arguments)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("row", "candidate"), [(2, 0), (-1, 0), (0, 2), (0, -1)])
def test_no_index_beyond_the_pictures_is_followed(row, candidate) -> None:
    fields = gradient_fields(2, 4, 4, seed=0).copy(order="C")
    with pytest.raises(IndexError):
        summed_distortions(fields, np.array([row]), fields, np.array([[candidate]]), 1)


@needs_compiled
def test_arrays_are_held_no_longer_than_a_call() -> None:
    fields = gradient_fields(2, 4, 4, seed=0).copy(order="C")
    out = np.empty((1, 1), dtype=np.int64)
    arguments = fields, np.array([0]), fields, np.array([[1]]), 1, out
    threads = [
        threading.Thread(target=compiled.distortions, args=(*arguments[:5], np.empty_like(out)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    compiled.distortions(*arguments)
    del arguments
    gc.collect()
    out.resize((2, 2), refcheck=False)  # a held buffer forbids that
    assert out.shape == (2, 2)
