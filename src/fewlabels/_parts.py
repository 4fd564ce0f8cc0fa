"""Unfinished files beside what they become; the next run removes those whose writer has died."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

# Where there is no Unix, there is none, and what is left over stays.
fcntl: Any = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None

_Made = TypeVar("_Made")

# Not of the name that it becomes, which may be as long as a name can be.
_PREFIX, _SUFFIX = ".fewlabels-", ".part"


@contextlib.contextmanager
def part_file(folder: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Yield the path of a new file in `folder` and the file; removed if it is there at the end."""
    with _part(folder, lambda path: path.open("xb")) as (path, file):
        try:
            yield path, file
        finally:
            # of what is buffered, if the block has failed, nothing can be written any more
            with contextlib.suppress(OSError):
                file.close()


@contextlib.contextmanager
def part_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder in `folder`; removed if it, or another in its place, is there at the end.

    Raises
    ------
    FileNotFoundError
        If `folder` does not exist.
    """
    with _part(folder, Path.mkdir) as (path, _):
        yield path


@contextlib.contextmanager
def _part(folder: Path, make: Callable[[Path], _Made]) -> Iterator[tuple[Path, _Made]]:
    remove_left_over(folder)
    path, made, held = _made_and_held(folder, make)
    try:
        yield path, made
    finally:
        _remove(path)
        if held is not None:
            os.close(held)


def _made_and_held(folder: Path, make: Callable[[Path], _Made]) -> tuple[Path, _Made, int | None]:
    """Make a file or folder and lock it: the system gives the lock up when the process ends."""
    while True:
        path = folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
        made = make(path)
        if fcntl is None:
            return path, made, None
        held = None
        try:
            held = os.open(path, os.O_RDONLY)
            fcntl.flock(held, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(held), os.stat(path)):  # noqa: PTH116 - of both a handle
                return path, made, held
        except FileNotFoundError:
            pass  # another run took it for left over, before it was locked
        except OSError:  # a disk without locks, on which nobody removes what is left over
            if held is not None:
                os.close(held)
            return path, made, None
        if held is not None:
            os.close(held)
        if (close := getattr(made, "close", None)) is not None:  # of a file that is gone
            close()


def remove_left_over(folder: Path) -> None:
    """Remove the unfinished files and folders in `folder` that no process writes any more."""
    if fcntl is None:
        return
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(_PREFIX)]
    except OSError:
        return  # the writer will say what is wrong with the folder
    for name in names:
        if not name.endswith(_SUFFIX):
            continue
        with contextlib.suppress(OSError):  # locked: still written; or another's
            handle = os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder / name)
            finally:
                os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
