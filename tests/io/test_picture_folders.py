"""Folders of pictures as tables, and pictures sorted into folders: whole, and nothing replaced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fewlabels.exceptions import DataFileError
from fewlabels.io import (
    check_sorted,
    read_labels,
    read_picture_folder,
    sorted_pictures,
)
from fewlabels.io._sorted_pictures import safe_name
from fewlabels.io._table import Categories, Unusable


def made(root: Path, *paths: str) -> Path:
    """Make files that hold their own path; no picture is opened here."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


def paths_of(root: Path) -> list[str]:
    return read_picture_folder(root).values("path")


def test_pictures_are_found_however_deep_and_stand_in_order(tmp_path: Path) -> None:
    root = made(tmp_path, "b.png", "a/z.JPG", "a/deep/er/y.webp", "a b/x.tiff", "B/x.gif")
    table = read_picture_folder(root)
    assert paths_of(root) == ["B/x.gif", "a/deep/er/y.webp", "a/z.JPG", "a b/x.tiff", "b.png"]
    assert table.values("folder") == ["B", "a", "a", "a b", None]
    assert table.files == [root / path for path in table.values("path")]
    assert table.names == ("path", "folder")
    assert table.notes == ("3 folders, 1 picture in none of them",)
    assert isinstance(table.view("path"), Unusable)
    view = table.view("folder")
    assert isinstance(view, Categories)
    assert view.levels == ("B", "a", "a b")


def test_unsorted_pictures_have_no_class(tmp_path: Path) -> None:
    root = made(tmp_path, "cat/1.png", "dog/2.png", "Unlabelled/3.png", "unsorted/x/4.png", "5.png")
    labels = read_labels(read_picture_folder(root), "folder")
    assert labels.classes == ("cat", "dog")
    assert sorted(labels.codes.tolist()) == [-1, -1, -1, 0, 1]
    more = made(root, "todo/6.png", "todo/7.png")
    assert read_labels(read_picture_folder(more), "folder").classes == ("cat", "dog", "todo")
    table = read_picture_folder(more, missing=["TODO"])
    assert read_labels(table, "folder").classes == ("cat", "dog")


def test_names_of_folders_stay_text(tmp_path: Path) -> None:
    root = made(tmp_path, "007/a.png", "10/a.png", "9/a.png")
    assert read_labels(read_picture_folder(root), "folder").classes == ("007", "10", "9")


def test_what_is_skipped_is_counted(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        *("1.png", ".hidden.png", ".git/2.png", "Thumbs.db", "a.txt", "b.txt", "README"),
        *("c.svg", "d.svg", "e.pdf"),
    )
    table = read_picture_folder(root)
    assert table.values("path") == ["1.png"]
    assert table.notes == (
        "skipped: 2 hidden names",
        "skipped: 2 .txt, 1 without an ending, 1 .db, no pictures by their names",
    )
    assert table.warnings == (
        "2 .svg, 1 .pdf left out: they hold lines and words, not pixels. Export them as PNG to use "
        "them.",
    )


def test_a_folder_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"holds no picture .*; it is empty\. Give"):
        read_picture_folder(tmp_path)
    made(tmp_path, "a.txt", "b.mp4", ".c")
    with pytest.raises(DataFileError, match=r"it holds 1 \.mp4, 1 \.txt and 1 hidden name"):
        read_picture_folder(tmp_path)
    with pytest.raises(DataFileError, match="does not exist"):
        read_picture_folder(tmp_path / "no")
    with pytest.raises(DataFileError, match="is not a folder"):
        read_picture_folder(tmp_path / "a.txt")


def test_circles_of_links_end_and_no_folder_is_read_twice(tmp_path: Path) -> None:
    root = made(tmp_path / "root", "a/1.png", "a/b/2.png")
    made(tmp_path / "elsewhere", "3.png")
    (root / "a" / "b" / "up").symlink_to(root)
    (root / "0 same").symlink_to(root / "a")
    (root / "far").symlink_to(tmp_path / "elsewhere")
    (root / "link.png").symlink_to(root / "a" / "1.png")
    (root / "nowhere.png").symlink_to(root / "gone.png")
    (root / "nowhere").symlink_to(root / "gone")
    assert paths_of(root) == ["a/1.png", "a/b/2.png", "far/3.png", "link.png", "nowhere.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_folders_that_may_not_be_opened_are_named(tmp_path: Path) -> None:
    root = made(tmp_path, "a/1.png", "b/2.png")
    (root / "b").chmod(0)
    try:
        table = read_picture_folder(root)
    finally:
        (root / "b").chmod(0o700)
    assert table.values("path") == ["a/1.png"]
    assert "1 path can't be opened, and what is in them was left out: 'b'." in table.warnings


def test_names_that_no_table_can_hold_are_left_out_and_named(tmp_path: Path) -> None:
    made(tmp_path, "a.png")
    with open(os.fsencode(tmp_path) + b"/\xff.png", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"x")
    table = read_picture_folder(tmp_path)
    assert table.values("path") == ["a.png"]
    assert "1 path have names that are not UTF-8" in table.warnings[0]


# Sorting


def sorted_into(root: Path, labels: list[object], target: Path, **settings: bool) -> dict[str, int]:
    with sorted_pictures(read_picture_folder(root), labels, target, **settings) as counts:
        pass
    return counts


def files_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_pictures_go_into_a_folder_a_class_and_stay_where_they_were(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "1.png", "2.png", "x/3.png")
    before = files_of(root)
    counts = sorted_into(root, ["cat", None, "dog"], tmp_path / "out")
    assert counts == {"cat": 1, "dog": 1, "unsorted": 1}
    assert files_of(tmp_path / "out") == {
        "cat/1.png": "1.png",
        "dog/3.png": "x/3.png",
        "unsorted/2.png": "2.png",
    }
    assert files_of(root) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_what_was_sorted_is_read_as_labels(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "1.png", "2.png", "3.png")
    sorted_into(root, ["cat", None, "dog"], tmp_path / "out")
    labels = read_labels(read_picture_folder(tmp_path / "out"), "folder")
    assert labels.classes == ("cat", "dog")
    assert labels.codes.tolist() == [0, 1, -1]


def test_equal_names_get_numbers(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "a/x.png", "b/X.PNG", "c/x.png", "d/x (2).png")
    sorted_into(root, ["k"] * 4, tmp_path / "out")
    assert files_of(tmp_path / "out") == {
        "k/x.png": "a/x.png",
        "k/X (2).PNG": "b/X.PNG",
        "k/x (3).png": "c/x.png",
        "k/x (2) (2).png": "d/x (2).png",
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cat", "cat"),
        ("../../etc", "_.._etc"),
        ("a/b\\c:d", "a_b_c_d"),
        ("..", "_"),
        ("", "_"),
        (" end. ", "end"),
        ("con", "con_"),
        ("LPT1.x", "LPT1.x_"),
        ("new\nline\0", "new_line_"),
        ("ö" * 300, "ö" * 100),
        (".hidden", "hidden"),
    ],
)
def test_names_of_classes_become_names_that_every_system_takes(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_classes_whose_names_come_out_the_same_stay_apart(tmp_path: Path) -> None:
    root = made(tmp_path / "in", *(f"{number}.png" for number in range(6)))
    labels = ["a/b", "a:b", "A_B", "unsorted", None, 7]
    counts = sorted_into(root, labels, tmp_path / "out")
    assert sorted(counts.values()) == [1] * 6
    assert len(files_of(tmp_path / "out")) == 6
    assert len({name.casefold() for name in counts}) == 6


def test_links_lead_to_the_pictures(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "1.png", "2.png")
    sorted_into(root, ["a", "b"], tmp_path / "out", link=True)
    link = tmp_path / "out" / "a" / "1.png"
    assert link.is_symlink()
    assert link.resolve() == (root / "1.png").resolve()
    assert link.read_text() == "1.png"


def test_an_empty_folder_may_be_the_target_and_nothing_else_that_is_there(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "1.png", "2.png")
    (tmp_path / "empty").mkdir()
    sorted_into(root, ["a", "b"], tmp_path / "empty")
    assert len(files_of(tmp_path / "empty")) == 2
    made(tmp_path, "file")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    for name in ("empty", "file", "dangling"):
        with pytest.raises(DataFileError, match="exists, and nothing in it is replaced"):
            sorted_into(root, ["a", "b"], tmp_path / name)
    with pytest.raises(DataFileError, match="there is no folder"):
        check_sorted(tmp_path / "no" / "out", root)
    for inside in (root / "out", root, tmp_path / "in" / ".." / "in" / "x"):
        with pytest.raises(DataFileError, match=r"it lies in .*|exists"):
            check_sorted(inside, root)


def break_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: Path, target: Path) -> None:
        if source.name == "2.png":
            raise OSError(28, "No space left on device")
        shutil.copyfile(source, target)

    monkeypatch.setattr(shutil, "copy2", fail)


def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


@pytest.mark.parametrize(
    ("breaks", "message"), [(break_copy, "the disk is full"), (no_room, "GB free. Make links")]
)
def test_if_anything_fails_nothing_is_left(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaks: Callable[[pytest.MonkeyPatch], None],
    message: str,
) -> None:
    root = made(tmp_path / "in", "1.png", "2.png")
    breaks(monkeypatch)
    with pytest.raises(DataFileError, match=message):
        sorted_into(root, ["a", "b"], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_if_the_block_fails_nothing_is_left(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "1.png", "2.png")
    table = read_picture_folder(root)
    with pytest.raises(KeyboardInterrupt), sorted_pictures(table, ["a", "b"], tmp_path / "out"):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    root = made(tmp_path / "in", "1.png", "2.png")
    table = read_picture_folder(root)
    with (
        pytest.raises(DataFileError, match="can't be written"),
        sorted_pictures(table, ["a", "b"], tmp_path / "out"),
    ):
        made(tmp_path / "out", "mine.txt")
    assert files_of(tmp_path / "out") == {"mine.txt": "mine.txt"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
