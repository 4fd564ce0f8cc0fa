"""One process a label file: a lock beside it, which the system gives up when the process ends."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from fewlabels._parts import fcntl
from fewlabels.exceptions import LabellingError
from fewlabels.labelling._file import explaining

_LONGEST_ADDRESS = 300


class FileLock:
    """The lock of a label file, held until :meth:`release`.

    The lock file stays beside its label file, and is removed where that was never made. It holds
    the address at which the page is served, with its token where nobody else may read the file.
    Where the system has no such locks (Windows), or the disk none, nothing is refused.

    Raises
    ------
    LabellingError
        If another process holds it; the message names that one's address.
    """

    def __init__(self, path: Path) -> None:
        real = Path(os.path.realpath(path))  # one lock, whichever link leads to the file
        self._path = real.with_name(f"{real.name}.lock")
        self._handle: int | None = None
        if fcntl is None:
            return
        while self._handle is None:
            with explaining(self._path):
                # it is emptied, and no link that somebody else put there leads to a file of ours
                how = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                handle = os.open(self._path, how, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                address = os.read(handle, _LONGEST_ADDRESS).decode("utf-8", "replace").strip()
                os.close(handle)
                raise LabellingError(
                    f"{path} is open in another process. End that one, choose another file "
                    f"(file=...), or label there{f': {address}' if address else '.'}"
                ) from None
            except OSError:  # a disk without locks
                os.close(handle)
                return
            if not _is_at(handle, self._path):  # another process has removed it meanwhile
                os.close(handle)
                continue
            os.ftruncate(handle, 0)
            self._handle = handle

    def announce(self, address: str) -> None:
        """Note where the page is served."""
        if self._handle is not None:
            told = address if _is_private(self._handle) else address.partition("?")[0]
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, f"{told}\n".encode(), 0)

    def release(self, *, remove: bool = False) -> None:
        """Let other processes open the label file; without the lock file, if there is none."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, 0)
                if remove:  # while it is locked, so that nobody else's is removed
                    self._path.unlink()
            os.close(self._handle)
            self._handle = None


def _is_at(handle: int, path: Path) -> bool:
    """Tell whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _is_private(handle: int) -> bool:
    """Tell whether nobody but this user may read a file."""
    found = os.fstat(handle)
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077
