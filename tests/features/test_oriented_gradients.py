"""Oriented gradients: against the textbook, against closed forms, and under changes of images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels.exceptions import InvalidInputError, InvalidTypeError, NotEnoughMemoryError
from fewlabels.features import OrientedGradients, oriented_gradients
from tests.features.images import enlarged, textbook

DIGITS = load_digits().data


def features(images: np.ndarray, **settings: object) -> np.ndarray:
    """Return the features, of shape (n, p, q, K), of images of shape (n, h, w) or (n, h, w, c)."""
    model = OrientedGradients(images.shape[1:], **settings).fit(images.reshape(len(images), -1))
    found = model.transform(images.reshape(len(images), -1))
    return found.reshape(len(images), *model.n_cells_, -1)


@st.composite
def pictures(draw: st.DrawFn, most_channels: int = 3) -> np.ndarray:
    """Images of small whole numbers, so that ties and flat parts are common."""
    side = st.integers(1, 7)
    shape = draw(st.tuples(st.integers(1, 3), side, side, st.integers(1, most_channels)))
    seed, levels = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from((2, 4, 256)))
    return np.random.default_rng(seed).integers(0, levels, shape).astype(np.uint8)


@parametrize_with_checks([OrientedGradients((1, -1)), OrientedGradients((-1, 1), n_cells=2)])
def test_scikit_learns_checks(estimator, check) -> None:
    check(estimator)


# Against the textbook


@given(pictures(), st.integers(2, 9), st.integers(1, 8), st.sampled_from((0.01, 0.2, 5.0)))
def test_features_are_those_of_the_textbook(images, n_orientations, n_cells, damping) -> None:
    settings = {"n_orientations": n_orientations, "n_cells": n_cells, "damping": damping}
    if images.shape[3] > 1 and longest_is_tied(images):
        return  # which of the channels speaks is then open
    found = features(images, smallest_side=1, **settings).reshape(len(images), -1)
    expected = [textbook(image, **settings) for image in images]
    # A share is right to the float32 of the largest of its image, its root to the root of that.
    np.testing.assert_allclose(found**2, np.square(expected), atol=2e-6)


def longest_is_tied(images: np.ndarray) -> bool:
    """Whether two channels have about the same longest difference at some pixel."""
    padded = np.pad(images.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    lengths = np.sort(dx**2 + dy**2, axis=3)
    tied = np.isclose(lengths[..., -1], lengths[..., -2], rtol=1e-5, atol=0)
    return bool((tied & (lengths[..., -1] > 0)).any())


def enlarged_to(images: np.ndarray, side: int) -> np.ndarray:
    """Return images whose longer side is at least so long."""
    height, width = images.shape[1:3]
    scale = max(side, height, width) / max(height, width)
    # A half is rounded to the even number, as Python does.
    sizes = max(1, round(scale * height)), max(1, round(scale * width))
    return np.array([enlarged(image.astype(float), *sizes) for image in images])


def test_digits_are_those_of_the_textbook() -> None:
    found = OrientedGradients().fit_transform(DIGITS[:20])
    large = [enlarged(row.reshape(8, 8, 1), 16, 16) for row in DIGITS[:20]]
    expected = [textbook(image, 12, 8, 0.2) for image in large]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@given(pictures(most_channels=2), st.integers(1, 20))
def test_small_images_are_enlarged_first(images, side) -> None:
    large = enlarged_to(images, side)
    if images.shape[3] > 1 and longest_is_tied(large):
        return
    found = features(images, smallest_side=side)
    np.testing.assert_allclose(found**2, features(large, smallest_side=1) ** 2, atol=1e-4)


# Closed forms


@pytest.mark.parametrize("direction", range(12))
def test_a_ramp_is_all_in_the_direction_that_it_rises_to(direction) -> None:
    y, x = np.mgrid[:9, :9] - 4.0
    angle = 2 * np.pi * direction / 12
    ramp = np.cos(angle) * x + np.sin(angle) * y
    inner = features(ramp[None], n_cells=9, smallest_side=1)[0, 1:-1, 1:-1]
    share = (inner**2).sum(axis=(0, 1)) / (inner**2).sum()
    # Windows of neighbouring cells reach the border, where the ramp ends on one side.
    assert share[direction] == pytest.approx(1, abs=0.03)
    centre = inner[3, 3] ** 2
    np.testing.assert_allclose(centre / centre.sum(), np.eye(12)[direction], atol=1e-4)


def test_a_ramp_between_two_directions_is_shared_by_the_angle() -> None:
    y, x = np.mgrid[:15, :15] - 7.0
    angle = 2 * np.pi * 1.25 / 12
    ramp = np.cos(angle) * x + np.sin(angle) * y
    centre = features(ramp[None], n_cells=15, smallest_side=1)[0, 7, 7] ** 2
    expected = np.array([0, 0.75, 0.25, *[0] * 9])
    np.testing.assert_allclose(centre / centre.sum(), expected, atol=1e-5)


def test_light_on_dark_and_dark_on_light_have_opposite_directions() -> None:
    step = np.repeat([[0.0, 0, 0, 1, 1, 1]], 6, axis=0)
    rising, falling = features(np.array([step, -step]))
    np.testing.assert_allclose(rising[:, :, 0], falling[:, :, 6], atol=1e-6)
    assert rising[:, :, 1:].max() < 1e-6


# Invariants


@given(pictures())
def test_rows_have_length_1_or_0_where_an_image_is_constant(images) -> None:
    found = features(images).reshape(len(images), -1)
    assert (found >= 0).all()
    flat = images.reshape(len(images), -1)
    # A difference of neighbours that skips the pixel between them can vanish everywhere.
    lengths = (found**2).sum(axis=1)
    assert (np.isclose(lengths, 1, atol=1e-5) | (lengths == 0)).all()
    assert (lengths[np.ptp(flat, axis=1) == 0] == 0).all()


@given(pictures(), st.floats(-1e3, 1e3), st.sampled_from((1e-3, 0.5, 7.0, 1e6)))
def test_brightness_and_contrast_of_the_whole_image_change_nothing(images, shift, scale) -> None:
    if images.shape[3] > 1 and longest_is_tied(enlarged_to(images, 16)):
        return  # which of the channels is taken depends on how they are rounded
    changed = scale * (images.astype(float) + shift)
    np.testing.assert_allclose(features(changed) ** 2, features(images) ** 2, atol=2e-5)


@given(pictures(most_channels=1))
def test_a_mirrored_image_has_mirrored_features(images) -> None:
    mirrored = features(images[:, :, ::-1])[:, :, ::-1]
    turned = mirrored[..., [(6 - k) % 12 for k in range(12)]]
    np.testing.assert_allclose(turned**2, features(images) ** 2, atol=1e-5)


@given(pictures(most_channels=1))
def test_a_transposed_image_has_transposed_features(images) -> None:
    transposed = features(images.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)
    turned = transposed[..., [(3 - k) % 12 for k in range(12)]]
    np.testing.assert_allclose(turned**2, features(images) ** 2, atol=1e-5)


@given(pictures(most_channels=1))
def test_channels_that_are_alike_count_as_one(images) -> None:
    coloured = np.repeat(images, 3, axis=3)
    np.testing.assert_array_equal(features(coloured), features(images))


@pytest.mark.parametrize("largest", [1e-300, 1e-40, 1e300])
def test_extreme_pixels_neither_overflow_nor_vanish(largest) -> None:
    expected = features(DIGITS[:5].reshape(-1, 8, 8))
    found = features(DIGITS[:5].reshape(-1, 8, 8) / 16 * largest)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_pixels_of_both_signs_near_the_largest_float_do_not_overflow() -> None:
    image = np.finfo(float).max * np.array([[-1.0, 1.0], [-1.0, 1.0]])
    assert features(image[None])[..., 0].sum() > 0


def test_a_faint_image_on_a_large_constant_is_kept() -> None:
    faint = 1e6 + 1e-4 * DIGITS[:5].reshape(-1, 8, 8)
    expected = features(DIGITS[:5].reshape(-1, 8, 8))
    np.testing.assert_allclose(features(faint), expected, atol=1e-2)


def test_rounding_is_not_an_image() -> None:
    constant = np.full((1, 6, 6), 0.1)
    constant[0, 3, 3] = np.nextafter(0.1, 1)
    assert (features(constant) == 0).all()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, object])
def test_every_kind_of_number_gives_the_same_features(dtype) -> None:
    images = (DIGITS[:10] > 7) if dtype is bool else DIGITS[:10]
    found = OrientedGradients().fit_transform(images.astype(dtype))
    assert found.dtype == np.float32
    expected = OrientedGradients().fit_transform(images.astype(float))
    np.testing.assert_allclose(found, expected, atol=1e-5)


# Batches and threads


@pytest.mark.parametrize("n_jobs", [1, 2, 5, -1, -100])
def test_threads_change_nothing(n_jobs) -> None:
    expected = OrientedGradients().fit_transform(DIGITS)
    found = OrientedGradients(n_jobs=n_jobs).fit_transform(DIGITS)
    np.testing.assert_array_equal(found, expected)


def test_the_size_of_the_batches_changes_nothing_but_rounding(monkeypatch) -> None:
    expected = OrientedGradients().fit_transform(DIGITS[:300])
    monkeypatch.setattr(oriented_gradients, "_BATCH_ENTRIES", 1)
    found = OrientedGradients().fit_transform(DIGITS[:300])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_error_in_a_batch_is_raised_and_no_further_batch_begun(monkeypatch) -> None:
    seen = []

    def failing(rows, shape):
        seen.append(len(rows))
        raise RuntimeError("the first batch")

    model = OrientedGradients(n_jobs=2).fit(DIGITS)
    monkeypatch.setattr(oriented_gradients, "_BATCH_ENTRIES", 1)
    monkeypatch.setattr(oriented_gradients, "rescaled", failing)
    with pytest.raises(RuntimeError, match="the first batch"):
        model.transform(DIGITS)
    assert len(seen) < len(DIGITS)


def test_features_that_do_not_fit_the_memory_are_refused(monkeypatch) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 1_000_000)
    with pytest.raises(NotEnoughMemoryError, match=r"1,797 x 768 features needs 5\.52 MB"):
        OrientedGradients().fit_transform(DIGITS)


# scikit-learn's habits


def test_names_say_cell_and_direction_and_name_the_columns_of_a_table() -> None:
    model = OrientedGradients(n_cells=2, n_orientations=3).set_output(transform="pandas")
    table = model.fit_transform(DIGITS[:4])
    assert list(table.columns[:4]) == [f"orientedgradients_0_0_{k}" for k in range(3)] + [
        "orientedgradients_0_1_0"
    ]
    np.testing.assert_array_equal(table.columns, model.get_feature_names_out())
    assert (table.dtypes == np.float32).all()


def test_a_clone_is_unfitted_and_new_settings_count_from_the_next_fit() -> None:
    model = OrientedGradients(n_cells=3).fit(DIGITS)
    assert not hasattr(clone(model), "image_shape_")
    before = model.transform(DIGITS[:5])
    model.set_params(n_cells=4, n_orientations=5)
    np.testing.assert_array_equal(model.transform(DIGITS[:5]), before)
    assert model.fit(DIGITS).transform(DIGITS[:5]).shape == (5, 4 * 4 * 5)


def test_it_stands_at_the_head_of_a_pipeline() -> None:
    truth = load_digits().target
    pixels, shapes = (
        KNeighborsClassifier(1),
        make_pipeline(OrientedGradients(), KNeighborsClassifier(1)),
    )
    scores = [m.fit(DIGITS[:50], truth[:50]).score(DIGITS, truth) for m in (pixels, shapes)]
    assert scores[1] > scores[0]


# Shapes, and input that can't be used


@pytest.mark.parametrize(
    ("shape", "found", "n_cells"),
    [
        (None, (8, 8, 1), (8, 8)),
        ((8, 8), (8, 8, 1), (8, 8)),
        ([16, 4], (16, 4, 1), (8, 4)),
        ((4, -1), (4, 16, 1), (4, 8)),
        ((-1, 4, 2), (8, 4, 2), (8, 8)),
        (np.array([4, 4, 4]), (4, 4, 4), (8, 8)),
        ((2, 32), (2, 32, 1), (2, 8)),
    ],
)
def test_the_shape_is_given_or_found(shape, found, n_cells) -> None:
    model = OrientedGradients(shape).fit(DIGITS)
    assert model.image_shape_ == found
    assert model.n_cells_ == n_cells


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8, 9), r"X has 64 features, which image_shape=\(8, 9\) does not fit \(8 x 9\)"),
        ((-1, 5), r"image_shape=\(-1, 5\) does not fit"),
        ((128, -1), "does not fit"),
        ((-1, -1), "only one of the numbers"),
        ((8,), "must be .height, width. or"),
        ((8, 0), "each number of image_shape must be at least 1, got 0"),
        ((-2, -32), "at least 1, got -2"),
        ((8, 8.0), "each number of image_shape must be an integer"),
        ((8, True), "must be an integer"),
        (8, "must be .height, width. or"),
        ("8x8", "must be .height, width. or"),
    ],
)
def test_a_shape_that_does_not_fit_is_an_error_that_says_what_does(shape, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        OrientedGradients(shape).fit(DIGITS)


def test_rows_that_are_no_square_image_ask_for_the_shape() -> None:
    with pytest.raises(
        InvalidInputError, match=r"63 features.*7 x 7 = 49, 8 x 8 = 64.*image_shape"
    ):
        OrientedGradients().fit(DIGITS[:, :63])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_an_error_that_names_the_rows(value) -> None:
    broken = DIGITS[:9].copy()
    broken[[2, 7], 5] = value
    for call in (OrientedGradients().fit, OrientedGradients().fit(DIGITS).transform):
        with pytest.raises(InvalidInputError, match=r"counted from 0: 2, 7 \(2 in all\)"):
            call(broken)


def test_images_that_are_not_rows_are_told_how_to_become_rows() -> None:
    with pytest.raises(InvalidInputError, match=r"X.reshape\(len\(X\), -1\)"):
        OrientedGradients().fit(DIGITS.reshape(-1, 8, 8))


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"n_orientations": 1}, InvalidInputError),
        ({"n_orientations": 8.0}, InvalidTypeError),
        ({"n_cells": 0}, InvalidInputError),
        ({"n_cells": (4, 4)}, InvalidTypeError),
        ({"damping": 0}, InvalidInputError),
        ({"damping": np.nan}, InvalidInputError),
        ({"smallest_side": 0}, InvalidInputError),
        ({"n_jobs": 0}, InvalidInputError),
    ],
)
def test_settings_that_can_not_be_used_are_errors(settings, kind) -> None:
    with pytest.raises(kind, match=next(iter(settings))):
        OrientedGradients(**settings).fit(DIGITS)
