"""New data beside fitted points: parts of it, rows of zeros, and all that is said of it once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from fewlabels import Embeddings, FeatureWarning, FewLabelsClassifier, make_points
from fewlabels.exceptions import InvalidInputError
from fewlabels.features import NewPoints
from fewlabels.features.new_points import is_zero


def test_a_part_knows_its_own_rows() -> None:
    asked: list[Any] = []

    def compared(rows: Any, candidates: Any) -> np.ndarray:
        asked.append(rows.tolist())
        return np.zeros(candidates.shape)

    new = NewPoints(np.arange(10.0).reshape(5, 2), np.array([1, 3]), compared, ("look",))
    part = new.part(slice(2, 5))
    assert (len(new), len(part)) == (5, 3)
    assert part.values.tolist() == [[4, 5], [6, 7], [8, 9]]
    assert part.unread.tolist() == [1]
    assert part.warnings == ("look",)
    assert part.compared is not None
    part.compared(np.array([0, 2]), np.zeros((2, 4), int))
    assert asked == [[2, 4]]
    assert NewPoints(new.values).part(slice(1)).compared is None


@pytest.mark.parametrize("of", [np.asarray, sparse.csr_array])
def test_rows_of_zeros_are_told_also_where_zeros_are_stored(of: Any) -> None:
    values = of(np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 0.0], [3.0, -3.0]]))
    if sparse.issparse(values):
        values.data[1] = 0
    else:
        values[1] = 0
    assert is_zero(values).tolist() == [False, True, True, False]


def test_models_take_new_points_and_refuse_others_widths() -> None:
    images = load_digits().images
    y = np.where(np.arange(100) < 50, load_digits().target[:100], -1)
    model = FewLabelsClassifier().fit(images[:100], y)
    new = model.points_.of_new(images[100:105])
    np.testing.assert_array_equal(model.predict_proba(new), model.predict_proba(images[100:105]))
    with pytest.raises(InvalidInputError, match="2 features, and those that were fitted 768"):
        model.predict(NewPoints(np.zeros((1, 2))))


def test_of_new_says_what_transform_warns_of() -> None:
    points = make_points(["a cat sat", "a cat ran", "the dog sat", "the dog ran"] * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        new = points.of_new(["a cat", "\u4e00"])
    assert new.unread.tolist() == [1]
    (line,) = new.warnings
    assert "1 of 2 texts hold no word" in line
    with pytest.warns(FeatureWarning, match="nothing is known of them, and they get no answer"):
        values = points.transform(["a cat", "\u4e00"])
    assert abs(values - new.values).max() == 0


def test_embeddings_change_nothing_when_they_transform() -> None:
    embeddings = Embeddings(lambda texts: [[len(text), 1.0 * bool(text)] for text in texts])
    embeddings.fit_transform(["one", "three"])
    before = dict(vars(embeddings))
    with pytest.warns(FeatureWarning, match="1 of 2 rows of embeddings are zeros"):
        embeddings.transform(["four", ""])
    assert vars(embeddings) == before
    assert embeddings._of_new(["four", ""]).unread.tolist() == [1]
