"""New rows are read as the fitted ones were, and what nothing is known of is said."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fewlabels import FewLabelsClassifier, make_points
from fewlabels.exceptions import FeatureWarning, InvalidInputError, InvalidTypeError
from fewlabels.features import Embeddings, Images, Tables

N = 24
TEXTS = ["cats purr loud", "a cat purred", "stocks fell", "the stock falls"] * 5


def points(tables: Tables, cells: list[Any]) -> Any:
    return tables.transform({"x": cells})


@pytest.mark.parametrize(
    ("fitted", "new"),
    [
        ([f"01/{day + 2:02d}/2026" for day in range(N)], "02/03/2026"),
        ([f"{day + 2:02d}/01/2026" for day in range(N)], "02/03/2026"),
    ],
    ids=["month first", "day first"],
)
def test_dates_are_read_in_the_order_of_those_that_were_fitted(fitted: list[str], new: str) -> None:
    tables = Tables(scale=False).fit({"x": fitted})
    alone, beside = points(tables, [new]), points(tables, [*fitted, new])
    np.testing.assert_array_equal(alone[0], beside[-1])
    kept = Tables._from_state(tables._state())
    np.testing.assert_array_equal(points(kept, [new]), alone)
    month, day, _ = fitted[-1].split("/")
    with pytest.raises(InvalidInputError, match="can't be read as one"):
        points(tables, [f"{day}/{month}/2026", f"{day}/{month}/2025"])


def test_a_column_said_to_be_dates_is_not_read_in_two_orders_at_once() -> None:
    with pytest.raises(InvalidInputError, match="'01/31/2026'"):
        Tables({"x": "date"}).fit({"x": ["31/01/2026", "30/01/2026", "01/31/2026"]})


def test_times_are_no_dates_and_dates_no_numbers() -> None:
    dates = Tables().fit({"x": [f"2026-01-{day + 1:02d}" for day in range(N)]})
    with pytest.raises(InvalidInputError, match="times of day without a date"):
        points(dates, ["12:30"])
    with pytest.warns(FeatureWarning, match="1 of 1 row holds nothing"):
        assert np.isfinite(points(dates, [None])).all()
    numbers = Tables().fit({"x": [1.5 * row for row in range(N)]})
    with pytest.raises(InvalidInputError, match="'2026-01-01'"):
        points(numbers, ["2026-01-01"])
    days = Tables({"x": "number"}).fit({"x": ["2026-01-01", "2026-01-03", "2026-02-01"]})
    assert np.isfinite(points(days, ["2026-01-02"])).all()


@pytest.mark.parametrize(
    ("fitted", "new", "means"),
    [
        (["1.5", "2.25", "40.75"], "1.500", "1.5"),
        (["1,5", "2,25", "40,75"], "1.500", "1500"),
        (["1.500.000", "2.250.000"], "1.500", "1500"),
        (["1,500,000", "2,250,000"], "1,500", "1500"),
    ],
)
def test_numbers_have_the_decimal_mark_of_those_that_were_fitted(
    fitted: list[str], new: str, means: str
) -> None:
    tables = Tables(scale=False).fit({"x": fitted * 8})
    other = {"other": ["0,5", "0,25"] if "," in new else ["0.5", "0.25"]}
    found = tables.transform({"x": [new, new], **other})
    np.testing.assert_array_equal(found, points(tables, [means, means]))


def test_arrays_have_the_width_of_those_that_were_fitted_and_gaps_its_medians() -> None:
    values = 1000 + np.random.default_rng(0).random((N, 3))
    tables = Tables(scale=False).fit({"x": values})
    for other in ([1.0, 2.0], np.ones((2, 2)), np.ones((2, 4))):
        with pytest.raises(InvalidInputError, match="held 3 when the features were fitted"):
            tables.transform({"x": other})
    gap = tables.transform({"x": np.array([[np.nan, 5.0, 5.0]])})
    assert gap[0, 0] == np.median(values[:, 0])


def test_texts_without_a_known_word_are_told() -> None:
    fitted = make_points(TEXTS)
    with pytest.warns(FeatureWarning, match=r"^1 of 2 texts hold no word"):
        found = fitted.transform(["cats", "9"])
    assert found[[0]].sum() > 0
    assert found[[1]].sum() == 0


def test_embeddings_of_new_items_that_are_zeros_are_told() -> None:
    def lengths(texts: list[str]) -> list[list[int]]:
        return [[len(text), text.count("e")] for text in texts]

    fitted = make_points(TEXTS, embeddings=Embeddings(lengths))
    with pytest.warns(FeatureWarning, match="1 of 2 rows of embeddings are zeros"):
        fitted.transform(["tree", ""])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.transform(["tree"])


def test_pictures_on_another_scale_are_told() -> None:
    pixels = (255 * np.random.default_rng(0).random((12, 9, 9, 3))).astype(np.uint8)
    images = Images("shapes and colours").fit(pixels)
    with pytest.warns(FeatureWarning, match="go up to 1, where 255 was white"):
        images.transform(pixels / pixels.max())
    shares = Images("shapes and colours").fit(pixels / 255)
    with pytest.warns(FeatureWarning, match="go up to 255, where 0.99"):
        shares.transform(pixels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(
            images.transform(pixels.astype(np.float64)), images.transform(pixels)
        )


def test_codes_of_classes_may_be_any_whole_numbers() -> None:
    small = np.where(np.arange(20) < 12, np.arange(20) // 2 % 2, -1)
    large = np.where(small > 0, 10**15, small)
    assert make_points(TEXTS, small).choices == make_points(TEXTS, large).choices


def test_a_number_that_float32_cannot_hold_is_far_away_and_its_row_is_named() -> None:
    numbers = np.arange(24) % 2 * 4 + np.arange(24) / 10
    model = FewLabelsClassifier().fit(
        {"x": numbers, "z": numbers[::-1]}, [*(np.arange(24) % 2)[:8], *[None] * 16]
    )
    with pytest.raises(InvalidInputError, match=r"times as far from the fitted points.*: 1 \("):
        model.predict({"x": [1.0, 1e308], "z": [1.0, 1.0]})


def told_of(fitted: dict[str, list[Any]], new: dict[str, list[Any]]) -> tuple[str, ...]:
    return make_points(fitted).of_new(new).warnings


def test_numbers_of_another_size_than_the_fitted_ones_are_said() -> None:
    amounts = [1200 + 17.3 * (i % 40) + 2000 * (i % 2) for i in range(60)]
    kept = {"x": [float(i % 7) for i in range(60)]}
    for factor in (0.001, 0.01, 1000):
        (line,) = told_of({"a": amounts} | kept, {"a": [a * factor for a in amounts]} | kept)
        assert "column 'a' holds numbers of another size" in line
    assert told_of({"a": amounts} | kept, {"a": amounts[::2]} | kept_half(kept)) == ()
    assert told_of({"a": amounts} | kept, {"a": [1.2] * 9} | {"x": kept["x"][:9]}) == ()  # few


def kept_half(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: cells[::2] for name, cells in columns.items()}


def test_numbers_around_nought_and_with_heavy_tails_have_no_size() -> None:
    rng = np.random.default_rng(0)
    for draw in (rng.normal, lambda size: rng.lognormal(0, 2, size)):
        values = draw(size=400)
        for _ in range(15):
            new = rng.choice(values, 12)
            assert told_of({"a": values.tolist()}, {"a": new.tolist()}) == ()
    far = np.sort(values)[-12:]
    assert (
        told_of({"a": rng.normal(size=400).tolist()}, {"a": [2.5 + i / 9 for i in range(12)]}) == ()
    )
    assert "another size" in told_of({"a": values.tolist()}, {"a": (far * 1e4).tolist()})[0]


def test_names_that_were_not_there_are_said_where_most_are_such() -> None:
    colours = ["red", "green", "blue"] * 20
    x = [float(i % 7) for i in range(60)]
    (line,) = told_of({"c": colours, "x": x}, {"c": [c.upper() for c in colours], "x": x})
    assert "in 60 of 60 filled cells (such as" in line
    some = [c.upper() if i % 3 else c for i, c in enumerate(colours[:12])]
    assert told_of({"c": colours, "x": x}, {"c": colours[:30] + some, "x": x[:42]}) == ()


def test_new_rows_without_the_names_of_columns_are_told_what_to_pass() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0, 4.0] * 10, "b": [3.0, 1.0, 2.0] * 10})
    points = make_points(table)
    with pytest.raises(InvalidInputError, match=r"lacks 'a', 'b' .* An array has no names: pass a"):
        points.transform(table.to_numpy())
    with pytest.raises(InvalidTypeError, match=r"If it is one row: X\.to_frame\(\)\.T"):
        points.transform(table.iloc[0])
