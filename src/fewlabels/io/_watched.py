"""Bytes on their way into memory, which end in an error where what is to come would not fit."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, cast

from fewlabels._memory import require_memory, resident_memory

# A file that has not given more than this yet is not looked at.
_LOOK_EVERY = 32_000_000  # bytes
_BUFFER = 1 << 18


def watched(file: IO[bytes], share: Callable[[], float], name: str) -> IO[bytes]:
    """Return a file from which the same can be read as from `file`, as long as it will fit.

    A table takes more memory than its file, and a packed one of 10 MB may hold 10 GB. So what the
    process has grown by is compared with the share of the file that it has read, every 32 MB.

    Parameters
    ----------
    file : binary file
        Unpacked already.
    share : callable
        Returns how much of the file on the disk has been read, from 0 to 1.
    name : str
        For the message.

    Returns
    -------
    binary file
        Whose methods raise NotEnoughMemoryError, with the estimate, where what is left of the
        file would not fit the free memory.
    """
    return cast(IO[bytes], io.BufferedReader(_Watched(file, share, name), _BUFFER))


class _Watched(io.RawIOBase):
    def __init__(self, file: IO[bytes], share: Callable[[], float], name: str) -> None:
        self._file, self._share, self._name = file, share, name
        self._given = self._looked_at = 0
        self._before = resident_memory()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # as io calls it
        part = self._file.read(len(buffer))
        buffer[: len(part)] = part
        self._given += len(part)
        if self._given - self._looked_at >= _LOOK_EVERY:
            self._looked_at = self._given
            self._look()
        return len(part)

    def _look(self) -> None:
        share = self._share()
        grown = resident_memory() - self._before
        if share > 0 and grown > 0:
            require_memory(
                int(grown * max(0.0, 1 - share) / share),
                f"what is left of {self._name}, {1 - share:.0%},",
                "Use fewer rows or columns.",
            )
