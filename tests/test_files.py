"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels.exceptions import DataFileError


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _write(path: Path | str, content: bytes) -> None:
    with replace_when_whole(path) as file:
        file.write(content)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_appears_with_its_content(tmp_path: Path) -> None:
    _write(os.fspath(tmp_path / "new.bin"), b"new")
    assert (tmp_path / "new.bin").read_bytes() == b"new"
    assert _names(tmp_path) == ["new.bin"]


def test_the_file_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new.bin"
    with replace_when_whole(path) as file:
        file.write(b"half")
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("existed", [False, True])
def test_an_error_leaves_everything_as_it_was(
    tmp_path: Path, error: type[BaseException], existed: bool
) -> None:
    path = tmp_path / "file.bin"
    if existed:
        path.write_bytes(b"before")

    def write_half() -> None:
        with replace_when_whole(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert _names(tmp_path) == (["file.bin"] if existed else [])
    if existed:
        assert path.read_bytes() == b"before"


def test_a_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"before")
    path.chmod(0o640)
    _write(path, b"after")
    assert path.read_bytes() == b"after"
    assert _mode(path) == 0o640


def test_a_private_file_is_private_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "secret.bin"
    path.write_bytes(b"before")
    path.chmod(0o600)
    with replace_when_whole(path) as file:
        (part,) = set(tmp_path.iterdir()) - {path}
        assert _mode(part) == 0o600
        file.write(b"after")
    assert path.read_bytes() == b"after"


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    _write(tmp_path / "new.bin", b"new")
    assert _mode(tmp_path / "new.bin") == _mode(tmp_path / "other")


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed_and_stays(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "far" / "file.bin", tmp_path / "link"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"before")
    link.symlink_to(target)
    _write(link, b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"
    assert _names(tmp_path) == ["far", "link"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        _write(pipe, b"through the pipe")
        assert os.read(reader, 100) == b"through the pipe"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        _write(folder, b"content")
    assert _names(tmp_path) == ["folder"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _write(tmp_path / "missing" / "file.bin", b"content")
    assert _names(tmp_path) == []


def test_names_as_long_as_names_can_be_are_written(tmp_path: Path) -> None:
    name = "n" * os.pathconf(tmp_path, "PC_NAME_MAX")
    _write(tmp_path / name, b"content")
    assert _names(tmp_path) == [name]


@pytest.mark.parametrize(("writing", "verb"), [(True, "written"), (False, "read")])
def test_an_error_without_a_number_names_the_file_and_says_the_same(
    tmp_path: Path, writing: bool, verb: str
) -> None:
    path = tmp_path / "graph.npz"
    told = OSError("8000 requested and 512 written")  # as of NumPy's tofile
    with (
        pytest.raises(OSError, match="8000 requested and 512 written") as caught,
        explaining_errors(path, writing=writing),
    ):
        raise told
    assert str(caught.value) == f"{path} can't be {verb}: {told}"
    assert caught.value.__cause__ is told


@pytest.mark.parametrize(
    ("writing", "code", "told"),
    [
        (False, errno.EACCES, "can't be read: you may not read it; ask for its permission."),
        (True, errno.EROFS, "can't be written: its disk can only be read; choose another place."),
        (True, errno.EIO, "can't be written: Input/output error."),
        (False, None, "can't be read: 8 were read."),
    ],
)
def test_an_error_becomes_one_of_the_class_asked_for_and_says_what_to_do(
    tmp_path: Path, writing: bool, code: int | None, told: str
) -> None:
    path = tmp_path / "table.csv"
    raised = OSError("8 were read") if code is None else OSError(code, os.strerror(code), "other")
    with (
        pytest.raises(DataFileError) as caught,
        explaining_errors(path, writing=writing, raising=DataFileError),
    ):
        raise raised
    assert str(caught.value) == f"{path} {told}"


def test_other_errors_pass_through_whatever_class_is_asked_for(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyError, match="name"),
        explaining_errors(tmp_path, writing=True, raising=DataFileError),
    ):
        raise KeyError("name")
