"""Labels of pictures in a table: found however the path is written, never another picture's."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.io import joined_labels, read_picture_folder, read_table
from fewlabels.io._picture_keys import PictureKeys, column_of_pictures

PATHS = ("top.png", "cats/1.png", "cats/2.JPG", "dogs/1.png", "dogs/deep/3.png", "caf\u00e9/4.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "My Photos"
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")  # nothing is opened
    return root


@pytest.mark.parametrize(
    ("key", "path"),
    [
        *(("cats/1.png", "cats/1.png"), ("./cats/1.png", "cats/1.png")),
        *(("cats\\1.png", "cats/1.png"), ("cats//1.png", "cats/1.png")),
        *(("dogs/../cats/1.png", "cats/1.png"), (" cats/1.png ", "cats/1.png")),
        *(("Cats/1.PNG", "cats/1.png"), ("cats/2.jpg", "cats/2.JPG")),
        *(("2.jpg", "cats/2.JPG"), ("2", "cats/2.JPG"), ("3", "dogs/deep/3.png")),
        *(("deep/3.png", "dogs/deep/3.png"), ("cats/1", "cats/1.png"), ("top", "top.png")),
        *(("My Photos/cats/1.png", "cats/1.png"), ("my photos\\top.png", "top.png")),
        (unicodedata.normalize("NFD", "caf\u00e9/4.png"), "caf\u00e9/4.png"),
        *(("1.png", None), ("1", None), ("cats/3.png", None), ("birds/2.jpg", None)),
        *(("other/top.png", None), ("5.png", None), ("", None), (".", None), ("2.png", None)),
    ],
)
def test_a_picture_is_found_by_any_spelling_of_its_own_path(
    folder: Path, key: str, path: str | None
) -> None:
    keys = PictureKeys(read_picture_folder(folder))
    assert keys.path_of(key) == path
    assert keys.is_of_several(key) == (key in ("1.png", "1"))


def test_absolute_paths_are_those_of_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    for root in (folder, Path(folder.name)):
        keys = PictureKeys(read_picture_folder(root))
        assert keys.path_of(str(folder / "dogs" / "1.png")) == "dogs/1.png"
        assert keys.path_of("/elsewhere/dogs/1.png") is None


@pytest.mark.parametrize(
    ("header", "cells", "column"),
    [
        ("path,label", "a.png,x", "path"),
        ("label,File Name", "x,a.png", "File Name"),
        ("image_id,label", "a,x", "image_id"),
        ("name,picture,label", "Ann,a.png,x", "picture"),
        ("what,label", "a.png,x", "what"),
        ("what,label", "a,x", "path"),
    ],
)
def test_the_column_of_pictures_may_be_called_otherwise(
    tmp_path: Path, header: str, cells: str, column: str
) -> None:
    (tmp_path / "labels.csv").write_text(f"{header}\n{cells}\n{cells.replace('a', 'b')}\n")
    assert column_of_pictures(read_table(tmp_path / "labels.csv")) == column


def test_what_was_found_otherwise_and_what_was_not_are_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "filename,label\ncats\\1.png,cat\n./dogs/1.png,dog\n3,dog\n1.png,cat\ngone.png,dog\n"
    )
    pictures = read_picture_folder(folder)
    labels = read_table(tmp_path / "labels.csv")
    found = joined_labels(pictures, labels, "label", "path")
    named = dict(zip(pictures.values("path"), found.codes.tolist(), strict=True))
    classes = ["none", *found.classes]
    assert {path: classes[code + 1] for path, code in named.items() if code >= 0} == {
        "cats/1.png": "cat",
        "dogs/1.png": "dog",
        "dogs/deep/3.png": "dog",
    }
    assert found.notes[0].endswith("labels.csv by 'filename'")
    said = joined_labels(pictures, labels, "label", "filename")
    assert said.codes.tolist() == found.codes.tolist()
    assert found.notes[1].startswith("3 pictures found by another spelling, such as ")
    (doubt,) = found.warnings
    assert "2 labels of" in doubt
    assert "'filename' '1.png', 'gone.png'." in doubt
    assert "'1.png' is the name of several pictures: write the folder in front of it" in doubt


def test_two_labels_of_one_picture_in_two_spellings_are_an_error(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "labels.csv").write_text("path,label\ncats/2.JPG,cat\n2.jpg,dog\ntop.png,dog\n")
    with pytest.raises(InvalidInputError, match=r"two labels for 'path' 'cats/2\.JPG'"):
        joined_labels(
            read_picture_folder(folder), read_table(tmp_path / "labels.csv"), "label", "path"
        )


def test_if_none_is_found_both_spellings_are_shown(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label\nx/9.png,cat\ny/8.png,dog\n")
    with pytest.raises(InvalidInputError, match=r"there are 'x/9\.png', 'y/8\.png', where .*caf"):
        joined_labels(
            read_picture_folder(folder), read_table(tmp_path / "labels.csv"), "label", "path"
        )
