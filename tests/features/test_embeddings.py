"""Embeddings of any source: what is accepted, what is kept, and what is refused."""

from __future__ import annotations

import contextlib
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fewlabels import Embeddings, make_points
from fewlabels.exceptions import (
    DataFileError,
    InvalidInputError,
    InvalidTypeError,
    MissingDependencyError,
)
from fewlabels.features import cache_entries, cache_folder, clear_cache

TEXTS = ["a tree", "an oak in the park", "bees", "a tree"]


class Counting:
    """A model that counts letters, and how often it was asked for what."""

    def __init__(self, wrong: Any = None) -> None:
        self.asked: list[list[Any]] = []
        self.wrong = wrong

    def encode(self, texts: list[str]) -> Any:
        self.asked.append(list(texts))
        if self.wrong is not None:
            return self.wrong
        return np.array([[len(text), text.count("e"), 1.0] for text in texts])

    def __call__(self, texts: list[str]) -> Any:
        return self.encode(texts)


EXPECTED = np.array([[6, 2, 1], [18, 1, 1], [4, 2, 1], [6, 2, 1]], np.float32)


@pytest.mark.parametrize(
    "model", [Counting(), Counting().__call__, lambda texts: Counting()(texts).tolist()]
)
def test_objects_and_functions_embed(model: Any) -> None:
    embeddings = Embeddings(model, normalize=False)
    rows = embeddings.fit_transform(TEXTS)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, EXPECTED)
    np.testing.assert_array_equal(embeddings.transform(TEXTS[1:]), EXPECTED[1:])
    assert embeddings.get_feature_names_out().tolist() == [f"embeddings_{i}" for i in range(3)]


def test_rows_have_length_one_whatever_their_size() -> None:
    for size in (1.0, 1e30, 1e-30):
        rows = Embeddings(EXPECTED * np.float32(size)).fit_transform(TEXTS)
        unit = EXPECTED / np.linalg.norm(EXPECTED, axis=1, keepdims=True)
        np.testing.assert_allclose(rows, unit, rtol=1e-5)


def test_a_fitted_transformer_embeds_and_stays_sparse() -> None:
    vectorizer = TfidfVectorizer().fit(TEXTS)
    rows = Embeddings(vectorizer).fit_transform(TEXTS)
    np.testing.assert_allclose(rows.toarray(), vectorizer.transform(TEXTS).toarray(), rtol=1e-6)
    assert rows.dtype == np.float32
    again = clone(Embeddings(vectorizer))
    assert again.model is vectorizer
    np.testing.assert_array_equal(again.fit_transform(TEXTS).toarray(), rows.toarray())


def test_it_stands_in_a_pipeline() -> None:
    scaled = make_pipeline(Embeddings(Counting()), StandardScaler()).fit(TEXTS)
    assert scaled.transform(TEXTS[:2]).shape == (2, 3)


def test_batches_are_as_asked_and_progress_is_told() -> None:
    model, shares = Counting(), list[float]()
    Embeddings(model, batch_size=3, verbose=shares.append).fit_transform(TEXTS)
    assert [len(batch) for batch in model.asked] == [3, 1]
    assert shares == [0.75, 1.0]


def test_arrays_and_files_are_the_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "e.npy", EXPECTED.astype(np.float64))
    for source in (EXPECTED, EXPECTED.tolist(), tmp_path / "e.npy", str(tmp_path / "e.npy")):
        embeddings = Embeddings(source, normalize=False)
        np.testing.assert_array_equal(embeddings.fit_transform(TEXTS), EXPECTED)
        np.testing.assert_array_equal(embeddings.transform(EXPECTED[:1] + 1), EXPECTED[:1] + 1)
        with pytest.raises(InvalidTypeError, match="says nothing of new items"):
            embeddings.transform(TEXTS)
        with pytest.raises(InvalidInputError, match="rows of 2 numbers where 3 are due"):
            embeddings.transform(EXPECTED[:, :2])


def test_points_are_made_by_embeddings() -> None:
    points = make_points(TEXTS, embeddings=Counting())
    assert points.kind == "embeddings"
    np.testing.assert_array_equal(points.transform(TEXTS), points.values)


@pytest.mark.parametrize(
    ("rows", "error", "match"),
    [
        (np.ones((3, 2)), InvalidInputError, "gave 3 rows for 4 items"),
        (np.ones(4), InvalidInputError, r"shape \(4,\); one row of numbers an item is due"),
        (np.ones((4, 0)), InvalidInputError, r"shape \(4, 0\)"),
        ([[1, np.nan]] * 2 + [[1, 2]] * 2, InvalidInputError, "in 2 of 4 rows.*: 0, 1"),
        (np.full((4, 1), 1e300), InvalidInputError, "more than a float32 holds"),
        ([["a"]] * 4, InvalidTypeError, "where numbers are due"),
        ([[1], [1, 2], [1], [1]], InvalidInputError, "different lengths"),
    ],
)
def test_wrong_rows_are_refused(rows: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Embeddings(Counting(rows)).fit_transform(TEXTS)
    if "items" not in match:
        with pytest.raises(error, match=match):
            Embeddings(rows).fit_transform(TEXTS)


def test_arrays_of_other_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="has 3 rows, and there are 4 items"):
        Embeddings(EXPECTED[:3]).fit_transform(TEXTS)
    (tmp_path / "e.npy").write_bytes(b"\x93NUMPY nonsense")
    with pytest.raises(DataFileError, match=r"e\.npy can't be read as an array"):
        Embeddings(tmp_path / "e.npy").fit_transform(TEXTS)
    with pytest.raises(DataFileError, match="there is no such file"):
        Embeddings(tmp_path / "no.npy").fit_transform(TEXTS)


@pytest.mark.parametrize(
    ("model", "likely"),
    [
        ("MiniLM", "sentence-transformers:MiniLM"),
        ("hub:minilm", "sentence-transformers:minilm"),
        ("onnx:", "onnx:FILE"),
        ("", "onnx:FILE"),
        ("model.onx", "onnx:model.onx"),
        (Path("x"), "sentence-transformers:x"),
    ],
)
def test_a_name_without_a_kind_says_what_is_allowed(model: Any, likely: str) -> None:
    message = f"names no model.* as in embeddings={likely!r}. There are onnx:FILE, sentence-tran"
    with pytest.raises(InvalidInputError, match=message):
        Embeddings(model).fit_transform(TEXTS)


@pytest.mark.parametrize("model", [7, None, Counting])
def test_unknown_models_are_refused(model: Any) -> None:
    with pytest.raises(InvalidInputError, match="an object with encode or transform"):
        Embeddings(model).fit_transform(TEXTS)


def test_one_text_is_no_list_of_texts() -> None:
    with pytest.raises(InvalidTypeError, match="Pass a list of it"):
        Embeddings(Counting()).fit_transform("a tree")
    with pytest.raises(InvalidInputError, match="no items"):
        Embeddings(Counting()).fit_transform([])


# What is kept.


def kept(model: Any, folder: Path, **settings: Any) -> Embeddings:
    return Embeddings(model, name="counting", cache=folder, normalize=False, **settings)


def test_equal_texts_are_computed_once_and_kept_for_another_time(tmp_path: Path) -> None:
    model = Counting()
    np.testing.assert_array_equal(kept(model, tmp_path).fit_transform(TEXTS), EXPECTED)
    assert model.asked == [TEXTS[:3]]
    more = [*reversed(TEXTS), "new"]
    rows = kept(model, tmp_path).fit_transform(more)
    assert model.asked == [TEXTS[:3], ["new"]]
    np.testing.assert_array_equal(rows[:4], EXPECTED[::-1])
    np.testing.assert_array_equal(rows[4], [3, 1, 1])


def test_nothing_is_kept_of_a_model_without_a_name(tmp_path: Path) -> None:
    for settings in ({"cache": tmp_path}, {"cache": False, "name": "n"}):
        Embeddings(Counting(), **settings).fit_transform(TEXTS)
        assert list(tmp_path.iterdir()) == []


def test_another_name_is_another_model(tmp_path: Path) -> None:
    model = Counting()
    for name in ("one", "two", "one"):
        Embeddings(model, name=name, cache=tmp_path).fit_transform(TEXTS)
    assert len(model.asked) == 2
    assert {entry.about["model"] for entry in cache_entries(tmp_path)} == {"one", "two"}


def test_after_a_failure_it_goes_on_at_the_last_whole_batch(tmp_path: Path) -> None:
    class Failing(Counting):
        def encode(self, texts: list[str]) -> Any:
            if len(self.asked) == 1:
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        kept(Failing(), tmp_path, batch_size=2).fit_transform(TEXTS)
    model = Counting()
    np.testing.assert_array_equal(
        kept(model, tmp_path, batch_size=2).fit_transform(TEXTS), EXPECTED
    )
    assert model.asked == [["bees"]]


def test_damaged_files_are_made_anew(tmp_path: Path) -> None:
    kept(Counting(), tmp_path).fit_transform(TEXTS)
    (path,) = tmp_path.rglob("*.npz")
    whole = path.read_bytes()
    damages = [whole[:-30], b"", bytes([*whole[:200], whole[200] ^ 1, *whole[201:]])]
    for damaged in damages:
        path.write_bytes(damaged)
        model = Counting()
        np.testing.assert_array_equal(kept(model, tmp_path).fit_transform(TEXTS), EXPECTED)
        assert model.asked == [TEXTS[:3]]
        assert path.read_bytes() == whole


def test_files_of_pictures_are_known_by_their_content(tmp_path: Path) -> None:
    one, two = tmp_path / "1.bin", tmp_path / "2.bin"
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    seen: list[Any] = []

    def sizes(paths: list[Path]) -> Any:
        seen.extend(paths)
        return [[path.stat().st_size, 1] for path in paths]

    for _ in range(2):
        Embeddings(sizes, name="sizes", cache=tmp_path / "c").fit_transform([one, two])
    assert seen == [one]
    one.write_bytes(b"other")
    Embeddings(sizes, name="sizes", cache=tmp_path / "c").fit_transform([one, two])
    assert seen == [one, one]


def test_a_cache_that_cannot_be_written_costs_no_result(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    embeddings = kept(Counting(), tmp_path / "file")
    np.testing.assert_array_equal(embeddings.fit_transform(TEXTS), EXPECTED)
    assert "not kept for another time" in embeddings.warnings_[0]


def test_the_cache_shows_and_clears_what_is_its_own(tmp_path: Path) -> None:
    assert cache_entries(tmp_path / "none") == []
    kept(Counting(), tmp_path).fit_transform(TEXTS)
    foreign = tmp_path / "holiday.npz"
    foreign.write_bytes(b"photo")
    (entry,) = cache_entries(tmp_path)
    assert entry.about == {"model": "counting"}
    assert entry.n_bytes == sum(path.stat().st_size for path in entry.path.iterdir())
    inside = entry.path / "notes.txt"
    inside.write_text("mine")
    assert [cleared.path for cleared in clear_cache(tmp_path)] == [entry.path]
    assert inside.read_text() == "mine"
    assert foreign.read_bytes() == b"photo"
    assert list(entry.path.iterdir()) == [inside]
    inside.unlink()
    clear_cache(tmp_path)
    assert not entry.path.exists()


def test_the_folder_is_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEWLABELS_CACHE", str(tmp_path / "e"))
    assert cache_folder() == tmp_path / "e"
    assert cache_folder(tmp_path) == tmp_path
    monkeypatch.delenv("FEWLABELS_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "fewlabels"


# Models of other packages, stood in for: that they get what they need, and no more.


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    module = types.ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def test_weights_are_looked_for_on_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    class Model(Counting):
        def __init__(self, folder: str, **settings: Any) -> None:
            super().__init__()
            asked.append((folder, settings))

        def encode(self, texts: list[str], **_: Any) -> Any:  # type: ignore[override]
            return super().encode(texts)

    def snapshot(repository: str, *, local_files_only: bool) -> str:
        assert local_files_only
        if "none" in repository:
            raise OSError("not there")
        return str(tmp_path)

    stand_in(monkeypatch, "sentence_transformers", SentenceTransformer=Model)
    stand_in(monkeypatch, "huggingface_hub", snapshot_download=snapshot)
    monkeypatch.setattr("fewlabels.features._named_models.version", lambda name: "9")
    embeddings = Embeddings("sentence-transformers:mini", cache=False, normalize=False)
    with pytest.raises(DataFileError, match=r"no weights in a \.safetensors file"):
        embeddings.fit_transform(TEXTS)
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    np.testing.assert_array_equal(embeddings.fit_transform(TEXTS), EXPECTED)
    ((folder, settings),) = asked
    assert folder == str(tmp_path)
    assert settings["trust_remote_code"] is False
    assert settings["local_files_only"] is True
    with pytest.raises(DataFileError, match="hf download sentence-transformers/none"):
        Embeddings("sentence-transformers:none").fit_transform(TEXTS)


class Tensor(np.ndarray[Any, Any]):
    """As much of a tensor as is asked for."""

    def float(self) -> Tensor:
        return self.astype(np.float32).view(Tensor)

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return np.asarray(self)


@pytest.mark.parametrize("name", ["timm:net", "open_clip:arch/tag"])
def test_pictures_go_through_other_packages_networks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"weights")
    asked: dict[str, Any] = {}

    class Network:
        def eval(self) -> Network:
            return self

        def __call__(self, batch: Any) -> Any:
            return batch.reshape(len(batch), -1)[:, :4].view(Tensor)

        encode_image = __call__

    def prepare(picture: Any) -> Any:
        return np.asarray(picture, np.float32)[:2, :2, 0]

    def create_model(name: str, **settings: Any) -> Network:
        asked.update(settings)
        return Network()

    def create_pair(name: str, **settings: Any) -> Any:
        asked.update(settings)
        return Network(), None, prepare

    data = types.SimpleNamespace(
        create_transform=lambda **_: prepare, resolve_model_data_config=lambda model: {}
    )
    config = types.SimpleNamespace(hf_hub_id="timm/net")
    stand_in(monkeypatch, "timm", get_pretrained_cfg=lambda name: config, data=data,
             create_model=create_model)  # fmt: skip
    stand_in(monkeypatch, "open_clip", create_model_and_transforms=create_pair,
             get_pretrained_cfg=lambda *_: {"hf_hub": "laion/net/", "mean": (0.5,) * 3,
                                            "resize_mode": "squash"})  # fmt: skip
    stand_in(monkeypatch, "torch", stack=np.stack, inference_mode=contextlib.nullcontext)
    found = types.SimpleNamespace(path=str(weights))
    stand_in(monkeypatch, "huggingface_hub", try_to_load_from_cache=lambda *_: found.path)
    monkeypatch.setattr("fewlabels.features._named_models.version", lambda name: "9")
    pictures: list[Any] = [np.full((4, 4, 3), value, np.uint8) for value in (9, 90)]
    embeddings = Embeddings(name, cache=False, normalize=False)
    rows = embeddings.fit_transform([*pictures, tmp_path / "none.png"])
    np.testing.assert_array_equal(rows, np.array([[9.0] * 4, [90.0] * 4, [0.0] * 4]))
    assert list(embeddings.unread_) == [2]
    assert str(weights) in str(asked)
    if name.startswith("open_clip"):  # which takes the settings of weights from their name only
        assert (asked["image_mean"], asked["image_resize_mode"]) == ((0.5,) * 3, "squash")
        assert asked["force_quick_gelu"] is False
    found.path = None
    with pytest.raises(DataFileError, match=r"hf download (timm|laion)/net"):
        embeddings.fit_transform(pictures)


def test_weights_that_timm_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise RuntimeError(f"Invalid pretrained tag for {name}.")

    stand_in(monkeypatch, "timm", get_pretrained_cfg=refuse)
    with pytest.raises(InvalidInputError, match="timm knows no weights of that name"):
        Embeddings("timm:resnet18.nothing").fit_transform([np.zeros((4, 4, 3), np.uint8)])


@pytest.mark.parametrize(
    ("name", "to_install"),
    [
        ("sentence-transformers:x", "sentence-transformers"),
        ("model2vec:x", "model2vec"),
        ("timm:resnet18", "timm"),
        ("open_clip:ViT-B-32/laion2b", "open_clip_torch"),
    ],
)
def test_a_missing_package_is_named(
    name: str, to_install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sentence_transformers", "model2vec", "timm", "open_clip"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=f"pip install {to_install}"):
        Embeddings(name).fit_transform(TEXTS)


def test_two_at_once_share_the_folder(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(200)]
    expected = Counting()(texts).astype(np.float32)

    def embed(_: int) -> Any:
        return kept(Counting(), tmp_path, batch_size=7).fit_transform(texts)

    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(embed, range(8)):
            np.testing.assert_array_equal(rows, expected)
    model = Counting()
    kept(model, tmp_path).fit_transform(texts)
    assert model.asked == []
    assert not list(tmp_path.rglob("*.part"))
