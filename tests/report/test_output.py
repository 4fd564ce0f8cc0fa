"""Files are written whole or not at all."""

import pytest

from fewlabels.exceptions import DataFileError
from fewlabels.report.output import (
    check_can_write_file,
    check_can_write_folder,
    write_folder,
    write_text_file,
)


def put(text):
    return lambda path: path.write_text(text)


def fail(path):
    path.write_text("half")
    raise OSError("disk full")


def contents(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*")}


def test_a_missing_folder_is_created_with_its_parents(tmp_path):
    folder = tmp_path / "a" / "b"
    check_can_write_folder(folder)
    assert contents(tmp_path) == set()  # checking creates nothing
    assert write_folder(folder, {"x.txt": put("1"), "y.txt": put("2")}) == [
        folder / "x.txt",
        folder / "y.txt",
    ]
    assert contents(folder) == {"x.txt", "y.txt"}


def test_earlier_files_are_replaced_and_others_stay(tmp_path):
    (tmp_path / "x.txt").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    write_folder(tmp_path, {"x.txt": put("new")})
    assert (tmp_path / "x.txt").read_text() == "new"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_failure_leaves_an_existing_folder_as_it_was(tmp_path):
    (tmp_path / "x.txt").write_text("old")
    with pytest.raises(DataFileError, match="disk full"):
        write_folder(tmp_path, {"x.txt": put("new"), "y.txt": fail})
    assert contents(tmp_path) == {"x.txt"}
    assert (tmp_path / "x.txt").read_text() == "old"


def test_a_failure_leaves_no_new_folder(tmp_path):
    with pytest.raises(DataFileError):
        write_folder(tmp_path / "a" / "b", {"y.txt": fail})
    assert contents(tmp_path) == set()


def test_an_interruption_leaves_nothing_either(tmp_path):
    def interrupted(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "a", {"x.txt": put("1"), "y.txt": interrupted})
    assert contents(tmp_path) == set()


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_replaced(tmp_path):
    (tmp_path / "y.txt").mkdir()
    with pytest.raises(DataFileError, match="is a folder"):
        write_folder(tmp_path, {"x.txt": put("1"), "y.txt": put("2")})
    assert contents(tmp_path) == {"y.txt"}


def test_a_text_file_is_written_in_utf8_with_plain_line_ends(tmp_path):
    write_text_file(tmp_path / "x.json", "é\n")
    assert (tmp_path / "x.json").read_bytes() == b"\xc3\xa9\n"


def test_places_that_can_not_be_written_to_are_refused_beforehand(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataFileError, match="is not a folder"):
            check_can_write_folder(path)
    with pytest.raises(DataFileError, match="is a folder"):
        check_can_write_file(tmp_path)
    with pytest.raises(DataFileError, match="there is no folder"):
        check_can_write_file(tmp_path / "missing" / "x.json")


def test_a_folder_that_refuses_files_is_named(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fewlabels.report.output.tempfile.TemporaryFile", refuse)
    for check, path in (
        (check_can_write_folder, tmp_path),
        (check_can_write_file, tmp_path / "x.json"),
    ):
        with pytest.raises(
            DataFileError, match=f"{tmp_path}.* you may not write there; choose another"
        ):
            check(path)
