"""Models in ONNX files, against the same by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import TensorProto, helper
from PIL import Image

from fewlabels import Embeddings
from fewlabels.exceptions import DataFileError, InvalidInputError, MissingDependencyError
from tests.features.onnx_models import (
    KERNEL,
    VECTORS,
    WORDS,
    picture_model,
    save,
    text_model,
    write_json,
)

TEXTS = ["cat dog", "kitten", "", "stock share market cat cat", "zebra dog"]


def tokens(text: str) -> npt.NDArray[Any]:
    return VECTORS[[WORDS.index(word) if word in WORDS else 1 for word in text.split()]]


def unit(rows: Any) -> npt.NDArray[Any]:
    rows = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def means(texts: list[str]) -> npt.NDArray[Any]:
    return unit([tokens(text).mean(axis=0) if text else np.zeros(5) for text in texts])


def made(path: Path, items: Any, **settings: Any) -> tuple[npt.NDArray[Any], Embeddings]:
    embeddings = Embeddings(f"onnx:{path}", cache=False, **settings)
    return embeddings.fit_transform(items), embeddings


@pytest.mark.parametrize("dtype", [TensorProto.INT64, TensorProto.INT32])
@pytest.mark.parametrize("mask", [True, False])
def test_a_text_is_the_mean_of_its_tokens(tmp_path: Path, dtype: int, mask: bool) -> None:
    path = text_model(tmp_path, dtype=dtype, mask=mask, outputs=["pooler_output",
                                                                 "last_hidden_state"])  # fmt: skip
    rows, embeddings = made(path, TEXTS)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, means(TEXTS), atol=1e-6)
    assert "mean of its tokens" in " ".join(embeddings.choices_)
    assert any("1 of 5 rows of embeddings are zeros" in line for line in embeddings.warnings_)


def test_a_row_does_not_depend_on_the_texts_beside_it(tmp_path: Path) -> None:
    path = text_model(tmp_path)
    many, _ = made(path, TEXTS * 30)
    np.testing.assert_array_equal(many, np.tile(made(path, TEXTS)[0], (30, 1)))
    rows = np.vstack([made(path, [text])[0] for text in TEXTS])
    np.testing.assert_array_equal(rows, many[:5])


@pytest.mark.parametrize(("asked", "which"), [("cls_token", 0), ("lasttoken", -1)])
def test_the_file_beside_the_model_says_which_token_stands_for_a_text(
    tmp_path: Path, asked: str, which: int
) -> None:
    path = text_model(tmp_path)
    write_json(
        tmp_path,
        "1_Pooling/config.json",
        {f"pooling_mode_{asked}": True, "pooling_mode_mean_tokens": False},
    )
    texts = [text for text in TEXTS if text]
    np.testing.assert_allclose(
        made(path, texts)[0], unit([tokens(text)[which] for text in texts]), atol=1e-6
    )


def test_a_model_that_embeds_texts_itself_is_taken_at_its_word(tmp_path: Path) -> None:
    path = text_model(tmp_path, outputs=["last_hidden_state", "sentence_embedding"])
    texts = ["cat dog", "dog share"]  # of one length, so that nothing is filled up
    rows, embeddings = made(path, texts)
    np.testing.assert_allclose(rows, unit([tokens(text).max(axis=0) for text in texts]), atol=1e-6)
    assert "the model itself" in " ".join(embeddings.choices_)


def test_files_are_found_above_a_folder_of_exports(tmp_path: Path) -> None:
    text_model(tmp_path)
    inner = tmp_path / "onnx"
    inner.mkdir()
    (tmp_path / "model.onnx").rename(inner / "model.onnx")
    np.testing.assert_allclose(made(inner / "model.onnx", TEXTS)[0], means(TEXTS), atol=1e-6)


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    path = text_model(tmp_path)
    write_json(tmp_path, "sentence_bert_config.json", {"max_seq_length": 2})
    rows, embeddings = made(path, TEXTS)
    np.testing.assert_allclose(
        rows, means([" ".join(text.split()[:2]) for text in TEXTS]), atol=1e-6
    )
    assert "1 text of more than 2 tokens" in embeddings.warnings_[0]
    assert "sentence_bert_config.json" in embeddings.choices_[0]
    np.testing.assert_allclose(made(path, TEXTS, max_length=9)[0], means(TEXTS), atol=1e-6)


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(2)
    return [Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)) for _ in range(5)]


def convolved(arrays: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the means over places of the convolution of arrays (n, 8, 8, 3), by the formula."""
    windows = np.lib.stride_tricks.sliding_window_view(arrays, (3, 3), axis=(1, 2))
    maps = np.einsum("nijchw,kchw->nkij", windows, KERNEL.astype(np.float64))
    return unit(maps.mean(axis=(2, 3)))


def plain(factor: float = 1 / 255) -> dict[str, Any]:
    return {
        "size": {"height": 8, "width": 8},
        "rescale_factor": factor,
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.5, 0.6, 0.7],
    }


@pytest.mark.parametrize(
    "shape", [("n", 3, 8, 8), ("n", 8, 8, 3), (2, 3, 8, 8), ("n", 3, "h", "w")]
)
@pytest.mark.parametrize("pooled", [True, False])
def test_pictures_are_prepared_as_the_file_beside_the_model_says(
    tmp_path: Path, shape: tuple[Any, ...], pooled: bool
) -> None:
    path = picture_model(tmp_path, shape=shape, pooled=pooled)
    write_json(tmp_path, "preprocessor_config.json", plain())
    pixels = np.stack([np.asarray(picture) for picture in pictures()]) / 255
    expected = convolved((pixels - [0.1, 0.2, 0.3]) / [0.5, 0.6, 0.7])
    rows, embeddings = made(path, pictures())
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    assert "as preprocessor_config.json says" in embeddings.choices_[0]


def test_a_model_of_bytes_gets_bytes(tmp_path: Path) -> None:
    path = picture_model(tmp_path, dtype=TensorProto.UINT8)
    write_json(tmp_path, "preprocessor_config.json", plain())
    pixels = np.stack([np.asarray(picture) for picture in pictures()]).astype(float)
    np.testing.assert_allclose(made(path, pictures())[0], convolved(pixels), atol=1e-5)


def test_without_a_file_pictures_are_prepared_as_for_imagenet(tmp_path: Path) -> None:
    path = picture_model(tmp_path)
    wide = [picture.resize((40, 20)) for picture in pictures()]
    rows, embeddings = made(path, wide)
    cut = []
    for picture in wide:  # the shorter side to 8 / 0.875, then 8 x 8 from the middle
        resized = picture.resize((18, 9), Image.Resampling.BICUBIC)
        cut.append(np.asarray(resized.crop((5, 0, 13, 8))) / 255)
    expected = convolved((np.stack(cut) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225])
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    assert "as for ImageNet (no preprocessor_config.json beside it)" in embeddings.choices_[0]


def test_pictures_come_from_files_too(tmp_path: Path) -> None:
    path = picture_model(tmp_path)
    names = []
    for number, picture in enumerate(pictures()):
        names.append(tmp_path / f"{number}.png")
        picture.save(names[-1])
    np.testing.assert_array_equal(made(path, names)[0], made(path, pictures())[0])


def test_what_is_missing_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataFileError, match=r"no\.onnx can't be read: there is no such file"):
        made(tmp_path / "no.onnx", TEXTS)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(DataFileError, match=r"bad\.onnx can't be read as an ONNX model"):
        made(tmp_path / "bad.onnx", TEXTS)
    path = text_model(tmp_path)
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_text("{}")
    with pytest.raises(DataFileError, match=r"tokenizer\.json can't be read as a tokenizer"):
        made(path, TEXTS)
    tokenizer.unlink()
    with pytest.raises(DataFileError, match=r"tokenizer\.json does not exist, and without it"):
        made(path, TEXTS)
    text_model(tmp_path)
    for package in ("tokenizers", "onnxruntime"):
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(MissingDependencyError, match=rf"{package}.*fewlabels\[embeddings\]"):
            made(path, TEXTS)


def test_settings_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    path = picture_model(tmp_path)
    for settings in ({"size": "large"}, {"image_std": [0, 0, 0]}, {"resample": 99}, {"size": [3]}):
        write_json(tmp_path, "preprocessor_config.json", settings)
        with pytest.raises(DataFileError, match=r"preprocessor_config\.json"):
            made(path, pictures())
    write_json(tmp_path, "preprocessor_config.json", [])
    with pytest.raises(DataFileError, match="an object in braces is due"):
        made(path, pictures())
    path = text_model(tmp_path)
    write_json(tmp_path, "1_Pooling/config.json", {"pooling_mode_weightedmean_tokens": True})
    with pytest.raises(InvalidInputError, match="pooling_mode_weightedmean_tokens"):
        made(path, TEXTS)


def test_models_of_other_things_are_refused(tmp_path: Path) -> None:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 7])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 7])
    node = helper.make_node("Identity", ["x"], ["y"])
    path = save([node], [given], [out], {}, tmp_path / "m.onnx")
    with pytest.raises(InvalidInputError, match=r"m\.onnx takes x \(tensor\(float\)"):
        made(path, TEXTS)


def test_a_network_with_its_last_layer_is_noticed(tmp_path: Path) -> None:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1000])
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    weights = {"w": np.random.default_rng(0).normal(size=(192, 1000)).astype(np.float32)}
    path = save(nodes, [given], [out], weights, tmp_path / "m.onnx")
    assert "without its last layer" in made(path, pictures())[1].warnings_[0]


def test_pictures_that_cannot_be_read_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    path = picture_model(tmp_path / "m")
    folder = tmp_path / "p"
    folder.mkdir()
    for number, picture in enumerate(pictures()):
        picture.save(folder / f"{number}.png")
    (folder / "1.png").write_bytes(b"no picture")
    whole, _ = made(path, pictures())
    embeddings = Embeddings(f"onnx:{path}", cache=tmp_path / "cache")
    for _ in range(2):  # of the second time, too, when the others are kept
        rows = embeddings.fit_transform(folder)
        np.testing.assert_array_equal(rows, np.where(np.arange(5)[:, None] == 1, 0, whole))
        assert "1 picture can't be read" in embeddings.warnings_[0]
        assert "1.png" in embeddings.warnings_[0]
    (none,) = made(path, [folder / "1.png"])[0]
    assert not none.any()
