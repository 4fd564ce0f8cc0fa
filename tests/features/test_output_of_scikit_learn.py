"""Whatever scikit-learn is told to return from transformers, points are made of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from PIL import Image
from scipy import sparse
from sklearn.decomposition import PCA

from fewlabels import Embeddings, FewLabelsClassifier, Images, Tables, Texts, make_points

RNG = np.random.default_rng(5)
N = 40
TEXTS = [
    " ".join(f"subject{row % 4}word{word}" for word in RNG.integers(20, size=9)) for row in range(N)
]
PICTURES = RNG.integers(255, size=(N, 9, 9), dtype=np.uint8)
CODES = np.where(np.arange(N) < 8, np.arange(N) % 2, -1)
TABLE = {"text": TEXTS, "x": np.arange(N) % 7 + 0.5}
DATA = {"texts": TEXTS, "table of texts": {"text": TEXTS}, "table": TABLE, "pictures": PICTURES}


def as_dense(values: Any) -> np.ndarray:
    return values.toarray() if sparse.issparse(values) else values


@pytest.fixture(params=["pandas", "polars"])
def frame(request: pytest.FixtureRequest) -> Any:
    """Have tables returned of all transformers, and give their type."""
    with sklearn.config_context(transform_output=request.param):
        yield {"pandas": pd, "polars": pl}[request.param].DataFrame


@pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
@pytest.mark.parametrize("y", [None, CODES], ids=["no labels", "labels"])
def test_points_are_the_same(data: Any, y: Any, frame: type) -> None:
    made = make_points(data, y)
    with sklearn.config_context(transform_output="default"):
        expected = make_points(data, y)
    assert type(made.values) is type(expected.values)
    assert np.array_equal(as_dense(made.values), as_dense(expected.values))
    new = (
        {name: values[:3] for name, values in data.items()} if isinstance(data, dict) else data[:3]
    )
    assert np.array_equal(as_dense(made.transform(new)), as_dense(expected.transform(new)))


def test_embeddings_and_columns_of_pictures_are_made_too(tmp_path: Path, frame: type) -> None:
    names = [str(tmp_path / f"{row}.png") for row in range(6)]
    for name, pixels in zip(names, PICTURES, strict=False):
        Image.fromarray(pixels).save(name)
    assert isinstance(make_points({"image": names, "x": np.arange(6) % 4}).values, np.ndarray)
    numbers = RNG.normal(size=(N, 6))
    model = Embeddings(PCA(2).fit(numbers))
    assert isinstance(make_points(list(numbers), embeddings=model).values, np.ndarray)


def test_a_classifier_fits_texts_and_tables(frame: type) -> None:
    for data in (TEXTS, TABLE):
        assert FewLabelsClassifier().fit(data, CODES).predict_proba(data).shape == (N, 2)


def test_who_calls_a_transformer_gets_the_table_that_was_asked_for(frame: type) -> None:
    dense = Tables({"text": "drop"})  # a data frame holds no sparse points
    made: list[tuple[Any, Any]] = [(Texts("topics"), TEXTS), (dense, TABLE), (Images(), PICTURES)]
    for transformer, data in made:
        assert isinstance(transformer.fit_transform(data), frame)
        assert isinstance(transformer.transform(data), frame)
