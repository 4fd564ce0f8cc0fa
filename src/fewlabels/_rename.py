"""Renames that never replace anything, and that leave no moment without a file at the path."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_HERE = -100  # AT_FDCWD: paths are relative to the working directory

# What a system or a file system answers that does not know the call or the flag.
_UNKNOWN = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP)
_NO_LINKS = (*_UNKNOWN, errno.EPERM, errno.EMLINK, errno.EXDEV)


def rename_without_replacing(source: Path, target: Path) -> None:
    """Rename a file or folder, or raise FileExistsError if there is something at `target`.

    Where the system has no such rename, a file is linked to its new name, which fails if the name
    is taken; only where there are no links either, and for a folder, is the name looked at first.
    """
    if _renamed(source, target, exchanging=False):
        return
    if not source.is_dir():
        try:
            target.hardlink_to(source)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        else:
            source.unlink()
            return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def exchange(one: Path, other: Path) -> bool:
    """Give each of two files or folders the other's name, at once; False if that can't be done."""
    return _renamed(one, other, exchanging=True)


def _renamed(source: Path, target: Path, *, exchanging: bool) -> bool:
    """Use the system's own call; False where there is none for this file system."""
    import ctypes  # loaded when a file takes its place, and not before

    paths = os.fsencode(source), os.fsencode(target)
    if sys.platform == "linux":
        name, arguments = "renameat2", (_HERE, paths[0], _HERE, paths[1], 2 if exchanging else 1)
        types = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    elif sys.platform == "darwin":
        name, arguments = "renamex_np", (*paths, 2 if exchanging else 4)
        types = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
    else:
        return False
    call = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if call is None:  # a C library that is older, or another one
        return False
    call.argtypes = types
    if call(*arguments) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNKNOWN:
        return False
    raise OSError(code, os.strerror(code), str(target))
