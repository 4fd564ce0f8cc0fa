"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fewlabels import _rename
from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._parts import part_file, part_folder
from fewlabels._rename import exchange, rename_without_replacing
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


@pytest.fixture(params=["the system's call", "a link", "a look"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way in which a rename can be kept from replacing anything."""
    if request.param != "the system's call":
        monkeypatch.setattr(_rename, "_renamed", lambda *_, **__: False)
    if request.param == "a look":

        def no_links(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(Path, "hardlink_to", no_links)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"

    def write_while_another_does() -> None:
        with replace_when_whole(path, replace=False) as file:
            file.write(b"mine")
            path.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        write_while_another_does()
    assert path.read_bytes() == b"theirs"
    assert _names(tmp_path) == ["file.bin"]
    path.unlink()
    with replace_when_whole(path, replace=False) as file:
        file.write(b"mine")
    assert path.read_bytes() == b"mine"
    assert _names(tmp_path) == ["file.bin"]


@pytest.mark.usefixtures("way")
def test_a_link_to_nothing_that_appeared_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        rename_without_replacing(tmp_path / "new", tmp_path / "link")
    assert _names(tmp_path) == ["link", "new"]


@pytest.mark.usefixtures("way")
def test_a_folder_is_renamed_without_replacing(tmp_path: Path) -> None:
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    with pytest.raises(FileExistsError):
        rename_without_replacing(tmp_path / "new", tmp_path / "old")
    assert _names(tmp_path / "old") == ["old"]
    rename_without_replacing(tmp_path / "new", tmp_path / "newer")
    assert _names(tmp_path) == ["newer", "old"]


def test_two_folders_exchange_their_names_or_it_is_said_that_they_cannot(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"of {name}").touch()
    done = exchange(tmp_path / "one", tmp_path / "other")
    assert _names(tmp_path / "one") == ["of other" if done else "of one"]
    assert _names(tmp_path / "other") == ["of one" if done else "of other"]


def test_an_exchange_with_nothing_is_an_error_or_not_possible(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    try:
        assert not exchange(tmp_path / "one", tmp_path / "none")
    except FileNotFoundError as error:
        assert error.filename == str(tmp_path / "none")  # noqa: PT017 - it need not be raised
    assert _names(tmp_path) == ["one"]


_DIES = """
import os, sys
from pathlib import Path
from fewlabels._parts import part_file, part_folder
with part_folder(Path(sys.argv[1])) as folder, part_file(Path(sys.argv[1])) as (path, file):
    (folder / "half").touch()
    file.write(b"half")
    file.flush()
    os._exit(9)
"""


def test_what_a_process_that_died_left_over_is_removed_by_the_next(tmp_path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", _DIES, str(tmp_path)], check=False)
    assert died.returncode == 9
    assert len(_names(tmp_path)) == 2
    for name in (".fewlabels-notes.txt", "other.part"):
        (tmp_path / name).touch()  # of other names, so not ours
    _write(tmp_path / "new.bin", b"new")
    assert _names(tmp_path) == [".fewlabels-notes.txt", "new.bin", "other.part"]


def test_what_is_being_written_is_left_alone_by_others(tmp_path: Path) -> None:
    with (
        replace_when_whole(tmp_path / "one") as one,
        part_folder(tmp_path) as folder,
        part_file(tmp_path) as (path, _),
    ):
        one.write(b"one")
        (folder / "half").touch()
        _write(tmp_path / "other", b"other")
        assert path.exists()
        assert (folder / "half").exists()
    assert _names(tmp_path) == ["one", "other"]
    assert (tmp_path / "one").read_bytes() == b"one"


def test_where_nothing_can_be_locked_files_are_written_and_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    (tmp_path / ".fewlabels-0123456789abcdef.part").touch()
    _write(tmp_path / "new.bin", b"new")
    assert _names(tmp_path) == [".fewlabels-0123456789abcdef.part", "new.bin"]
    monkeypatch.setattr("fewlabels._parts.fcntl", None)  # no Unix
    _write(tmp_path / "newer.bin", b"newer")
    assert _names(tmp_path) == [".fewlabels-0123456789abcdef.part", "new.bin", "newer.bin"]


def test_other_hard_links_keep_the_file_that_is_replaced(tmp_path: Path) -> None:
    _write(tmp_path / "file", b"before")
    (tmp_path / "link").hardlink_to(tmp_path / "file")
    _write(tmp_path / "file", b"after")
    assert (tmp_path / "file").read_bytes() == b"after"
    assert (tmp_path / "link").read_bytes() == b"before"
