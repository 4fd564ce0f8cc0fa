"""Models in files: the same answers, no pickle, and clear refusals."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

from fewlabels import FewLabelsClassifier, Graph, LabelSpreading, knn_graph, make_points
from fewlabels.exceptions import DataFileError, InvalidInputError, LabelWarning
from tests.features.onnx_models import text_model

X, TRUTH = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"], dtype=object)
ROWS = np.arange(0, 150, 9)


def labels(classes: npt.NDArray[Any], unlabelled: Any) -> npt.NDArray[Any]:
    y = np.full(150, unlabelled, dtype=object if unlabelled is None else None)
    y = y.astype(classes.dtype) if y.dtype != object else y
    y[ROWS] = classes[TRUTH[ROWS]]
    return y


TARGETS: dict[str, Any] = {
    "text": labels(NAMES, None),
    "integers": labels(np.array([3, 5, 70]), -1),
    "floats": labels(np.array([4.0, 5.0, -1.0]), np.nan),
    "floats, -1": labels(np.array([4.0, 5.0, 2.0]), -1.0),
    "booleans": labels(np.array([True, False, False], dtype=object), None),
    "mixed": labels(np.array(["a", 1, 2.5], dtype=object), None),
    "dates": labels(np.array(["2026-01-01", "2026-02-01", "2026-03-01"], "datetime64[D]"),
                    np.datetime64("NaT", "D")),
    "soft": np.where(np.isin(np.arange(150), ROWS)[:, None],
                     0.8 * np.eye(3)[TRUTH] + 0.2 / 3, np.nan),
}  # fmt: skip


def fitted(y: Any, X: Any = X, **settings: Any) -> FewLabelsClassifier:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabelWarning)
        return FewLabelsClassifier(**settings).fit(X, y)


def again(model: FewLabelsClassifier, folder: Path) -> FewLabelsClassifier:
    model.save(folder / "m.model")
    return FewLabelsClassifier.load(folder / "m.model")


def same(one: FewLabelsClassifier, other: FewLabelsClassifier) -> None:
    for name in ("label_distributions_", "transduction_", "evidence_", "doubt_", "classes_"):
        found, expected = getattr(other, name), getattr(one, name)
        assert found.dtype == expected.dtype, name
        np.testing.assert_array_equal(found, expected, err_msg=name)
    assert str(other.choices_) == str(one.choices_)


@pytest.mark.parametrize("kind", TARGETS)
def test_a_model_says_the_same_again(tmp_path: Path, kind: str) -> None:
    model = fitted(TARGETS[kind])
    loaded = again(model, tmp_path)
    same(model, loaded)
    new = X[:20] + 0.05
    np.testing.assert_array_equal(loaded.predict_proba(new), model.predict_proba(new))
    np.testing.assert_array_equal(loaded.predict(new), model.predict(new))


@pytest.mark.parametrize(
    "features",
    [X.astype(np.float32), sparse.csr_array(X), pd.DataFrame(X, columns=list("abcd"))],
    ids=["float32", "sparse", "table"],
)
def test_features_of_all_kinds_are_kept(tmp_path: Path, features: Any) -> None:
    model = fitted(TARGETS["text"], features)
    loaded = again(model, tmp_path)
    same(model, loaded)
    np.testing.assert_array_equal(loaded.predict_proba(features), model.predict_proba(features))


@pytest.mark.parametrize("as_affinity", [False, True])
def test_a_model_on_a_graph_is_kept(tmp_path: Path, as_affinity: bool) -> None:
    graph = knn_graph(X, 8)
    kernel = "precomputed" if as_affinity else "auto"
    model = fitted(TARGETS["text"], graph.affinity if as_affinity else graph, kernel=kernel)
    loaded = again(model, tmp_path)
    same(model, loaded)
    if as_affinity:
        new = graph.affinity[:5]
        np.testing.assert_array_equal(loaded.predict_proba(new), model.predict_proba(new))


def test_a_dense_graph_weights_and_settings_are_kept(tmp_path: Path) -> None:
    weights = np.where(np.arange(150) % 2, 2.0, 0.5)
    graph = Graph.from_affinity(knn_graph(X, 8).affinity.toarray(), layout="dense")
    settings: dict[str, Any] = {"class_prior": {"setosa": 0.5, "versicolor": 0.25,
                                                "virginica": 0.25}, "tol": 1e-5}  # fmt: skip
    model = FewLabelsClassifier(**settings).fit(graph, TARGETS["text"], sample_weight=weights)
    loaded = again(model, tmp_path)
    np.testing.assert_array_equal(loaded.label_distributions_, model.label_distributions_)
    assert loaded.tol == 1e-5


def test_it_goes_on_learning(tmp_path: Path) -> None:
    model = fitted(TARGETS["text"])
    model.add_labels([5, 60], ["setosa", "versicolor"])
    loaded = again(model, tmp_path)
    np.testing.assert_allclose(loaded.label_distributions_, model.label_distributions_, atol=1e-2)
    loaded.add_labels([110], ["virginica"])
    assert loaded.transduction_[110] == "virginica"


def test_equal_models_are_equal_files_and_hold_no_pickle(tmp_path: Path) -> None:
    fitted(TARGETS["text"]).save(tmp_path / "a")
    fitted(TARGETS["text"]).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as archive:
        for name in archive.namelist():
            assert name == "state.json" or name.endswith(".npy")
            if name.endswith(".npy"):
                with archive.open(name) as entry:
                    np.lib.format.read_magic(entry)


def test_what_cannot_be_written_is_said_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(b"old")
    y = np.full(150, None, dtype=object)
    for row in ROWS:
        y[row] = (int(TRUTH[row]), "x")
    with pytest.raises(InvalidInputError, match=r"\(0, 'x'\) is a tuple. Fit on their names"):
        fitted(y).save(path)
    assert path.read_bytes() == b"old"
    with pytest.raises(FileNotFoundError, match="its folder does not exist"):
        fitted(TARGETS["text"]).save(tmp_path / "none" / "m")


def rewritten(path: Path, change: Any) -> None:
    """Change the tree of a file, with a checksum that fits."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tree = json.loads(members["state.json"])
    change(tree)
    members["state.json"] = json.dumps(tree).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_later_versions_other_files_and_other_models_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m"
    fitted(TARGETS["text"]).save(path)
    whole = path.read_bytes()
    rewritten(path, lambda tree: tree.update(version=2))
    with pytest.raises(DataFileError, match=r"layout version 2, and this .* up to 1\. Install"):
        FewLabelsClassifier.load(path)
    for content in (b"", b"PK", whole[:-100], b"label,x\n"):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match="no model file that fewlabels saved"):
            FewLabelsClassifier.load(path)
    np.savez(path.with_suffix(".npz"), x=X)
    with pytest.raises(DataFileError, match="no model file"):
        FewLabelsClassifier.load(path.with_suffix(".npz"))
    with pytest.raises(DataFileError, match="there is no such file"):
        FewLabelsClassifier.load(tmp_path / "none")


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.update(model="os"),
        lambda state: state.pop("graph"),
        lambda state: state["settings"].update(evil=1),
        lambda state: state["settings"].update(tol="x"),
        lambda state: state["labels"].update(marker="q"),
        lambda state: state["labels"].update(classes=["a", "a", "b"]),
        lambda state: state["labels"].update(classes=["a"]),
        lambda state: state["labels"].update(weights={"$": "array", "member": "1.npy"}),
        lambda state: state["points"].update(transformer={"name": "os.system", "state": {}}),
        lambda state: state["points"].update(values=[1, 2]),
        lambda state: state["points"].update(kind=7),
        lambda state: state["graph"].update(affinity={"$": "pickle"}),
        lambda state: state["graph"]["affinity"].update(shape=[3, 3]),
    ],
)
def test_wrong_contents_are_refused_in_one_line(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "m.model"
    fitted(TARGETS["text"]).save(path)
    rewritten(path, lambda tree: change(tree["state"]))
    with pytest.raises(DataFileError, match=r"m\.model") as caught:
        FewLabelsClassifier.load(path)
    assert len(str(caught.value).splitlines()) == 1


def test_other_estimators_have_no_such_files() -> None:
    assert not hasattr(LabelSpreading(), "save")


def data_of(kind: str, folder: Path) -> tuple[Any, Any]:
    """Return data of a kind, 60 rows of two classes in turn, and new rows of it."""
    rng = np.random.default_rng(0)
    words = [["cat", "dog", "kitten"], ["stock", "share", "market"]]
    texts = [" ".join(rng.choice(words[row % 2], 6)) for row in range(70)]
    if kind == "texts":
        return texts[:60], texts[60:]
    if kind == "pictures":
        pixels = rng.integers(0, 60, (70, 12, 12)).astype(np.uint8)
        pixels[::2, 3:6] = 250
        pixels[1::2, :, 3:6] = 250
        return pixels[:60], pixels[60:]
    if kind == "embeddings":
        points = make_points(texts[:60], embeddings=f"onnx:{text_model(folder)}")
        return points, texts[60:]
    table = pd.DataFrame(
        {"text": texts, "size": np.arange(70) % 2 + rng.normal(0, 0.1, 70),
         "day": pd.date_range("2026-01-01", periods=70), "kind": rng.choice(["a", "b"], 70)}
    )  # fmt: skip
    return table.iloc[:60], table.iloc[60:]


@pytest.mark.filterwarnings("ignore::fewlabels.FeatureWarning")
@pytest.mark.parametrize("kind", ["table", "texts", "pictures", "embeddings"])
def test_new_data_passes_through_what_was_fitted(tmp_path: Path, kind: str) -> None:
    data, new = data_of(kind, tmp_path)
    y = [("pet", "money")[row % 2] if row < 12 else None for row in range(60)]
    model = FewLabelsClassifier().fit(data, y)
    loaded = again(model, tmp_path)
    same(model, loaded)
    assert (loaded.points_.kind, loaded.points_.choices) == (
        model.points_.kind,
        model.points_.choices,
    )
    np.testing.assert_array_equal(loaded.predict_proba(new), model.predict_proba(new))


def test_other_columns_are_refused_by_name(tmp_path: Path) -> None:
    data, new = data_of("table", tmp_path)
    y = [("pet", "money")[row % 2] if row < 12 else None for row in range(60)]
    loaded = again(FewLabelsClassifier().fit(data, y), tmp_path)
    with pytest.raises(InvalidInputError, match="lacks 'size'"):
        loaded.predict(new.drop(columns="size"))


def test_embeddings_by_a_function_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    points = make_points(
        [f"{row}" for row in range(60)], embeddings=lambda texts: [[len(t), 1] for t in texts]
    )
    y = [row % 2 if row < 12 else -1 for row in range(60)]
    with pytest.raises(InvalidInputError, match="an object of Python, can't be saved"):
        FewLabelsClassifier().fit(points, y).save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_asks_for_one_array_twice_is_refused(tmp_path: Path) -> None:
    """So that the memory which was asked for at first is all that is taken."""
    path, other = tmp_path / "a.model", tmp_path / "b.model"
    FewLabelsClassifier().fit(X, TARGETS["integers"]).save(path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for member in source.namelist():
            held = source.read(member)
            if member == "state.json":
                tree = json.loads(held)
                tree["state"]["about"]["again"] = tree["state"]["points"]["values"]
                held = json.dumps(tree).encode()
            target.writestr(member, held)
    with pytest.raises(DataFileError, match=r"'\d\.npy' in it is missing, or there twice"):
        FewLabelsClassifier.load(other)
