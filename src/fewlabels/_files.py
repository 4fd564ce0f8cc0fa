"""Write files whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from fewlabels._parts import part_file
from fewlabels._rename import rename_without_replacing
from fewlabels.exceptions import FewLabelsError

_TO_READ = {
    errno.ENOENT: "there is no such file; look at the name and the folder",
    errno.EISDIR: "it is a folder; name the file in it",
    errno.ENOTDIR: "a part of its path is a file, not a folder; look at the path",
    errno.EACCES: "you may not read it; ask for its permission",
}
_TO_WRITE = {
    errno.ENOENT: "its folder does not exist; create that first, or choose another",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.EEXIST: "another file has appeared there, which was not replaced; choose another name",
    errno.ENOTDIR: "a part of its path is a file, not a folder; choose another path",
    errno.EACCES: "you may not write there; choose another place",
    errno.EROFS: "its disk can only be read; choose another place",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ENOSPC: "the disk is full; free some of it, or choose another place",
}


@contextlib.contextmanager
def explaining_errors(
    path: str | os.PathLike[str], *, writing: bool, raising: type[FewLabelsError] | None = None
) -> Iterator[None]:
    """Raise an OSError of the block again, with `path`, what is wrong and what to do.

    It stays of the same class, such as FileNotFoundError, unless it is to become an error of class
    `raising`; one without a number, as Python code raises it, becomes a plain OSError. Of what is
    read or written only `path` is named, for the user has never heard of the temporary file that
    the system may speak of.
    """
    try:
        yield
    except OSError as error:
        known, verb = (_TO_WRITE, "written") if writing else (_TO_READ, "read")
        code = error.errno
        # without a number: raised by Python code, such as NumPy's, which says what it is
        why = error if code is None else known.get(code) or error.strerror
        if raising is not None:
            raise raising(f"{os.fspath(path)} can't be {verb}: {why}.") from error
        if code is None:
            raise OSError(f"{os.fspath(path)} can't be {verb}: {why}") from error
        raise OSError(code, f"can't be {verb}: {why}", os.fspath(path)) from error


@contextlib.contextmanager
def replace_when_whole(path: str | os.PathLike[str], *, replace: bool = True) -> Iterator[IO[Any]]:
    """Open a binary file that takes the place of `path` only once the block has ended well.

    The bytes go to a temporary file in the same folder. If the block raises (or is
    interrupted), that file is removed and whatever stood at `path` is still there, untouched.
    A symbolic link at `path` is followed, and stays a link. A device or a pipe, such as
    ``/dev/null``, is written to and never replaced. The new file has the permissions of the one
    that it replaces, but belongs to whoever writes it; other hard links to the old one keep that.

    Parameters
    ----------
    path : path-like
    replace : bool, default=True
        Whether a file that stands there at the end is replaced; else FileExistsError is raised,
        and that file stays.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not (target.is_file() or target.is_dir()):
        with target.open("wb") as file:
            yield file
        return
    with part_file(target.parent) as (temporary, file):
        with contextlib.suppress(FileNotFoundError):
            # What the owner had set holds from the first byte on.
            temporary.chmod(target.stat().st_mode & 0o777)
        yield file
        file.flush()
        os.fsync(file.fileno())
        file.close()
        if replace:
            temporary.replace(target)
        else:
            rename_without_replacing(temporary, target)
