"""Read what `numpy.save` and `numpy.savez` wrote, trusting nothing in it.

`numpy.load` believes a header: it allocates what that asks for, reads less than there is where a
shape became smaller, and then no checksum is looked at. Here the sizes have to fit one another and
the free memory first, and each member of an archive is read to its end, where its checksum is.
"""

from __future__ import annotations

import math
import os
import warnings
import zipfile
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.lib import format as npy

from fewlabels._damage import UNREADABLE, reason
from fewlabels._memory import require_memory

AnyArray = np.ndarray

_AT_ONCE = 1 << 20  # bytes
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")  # with members, without
_END_RECORD = 22  # bytes
_ENCRYPTED = 1  # a bit of the flags of a member


def read_arrays(
    path: Path, instead: str, source: IO[bytes] | None = None
) -> dict[str, AnyArray] | AnyArray:
    """Read the arrays of an archive by their names, or the only one of an ``.npy`` file.

    Parameters
    ----------
    path : Path
    instead : str
        What to do where they don't fit the memory, for the message.
    source : binary file, optional
        Where the bytes are, if they are not in the file at `path`; it is closed.

    Returns
    -------
    dict of ndarray, or ndarray

    Raises
    ------
    NotEnoughMemoryError
        If they would not fit the free memory; nothing is read then.
    ValueError, or another of `fewlabels._damage.UNREADABLE`
        If the file is damaged, no file of arrays, or holds Python objects.
    OSError
        If it can't be read.
    """
    with source or path.open("rb") as file:
        start = file.read(len(npy.MAGIC_PREFIX))
        file.seek(0)
        if start[:4] in _ARCHIVES:
            with zipfile.ZipFile(file) as archive:
                _check_number_of_members(file, archive)
                return _members(archive, path, instead)
        if start != npy.MAGIC_PREFIX:
            raise ValueError("it is not a file saved by NumPy")
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        _require(size, path, instead)
        return read_array(file, size)


def _check_number_of_members(file: IO[bytes], archive: zipfile.ZipFile) -> None:
    """Raise where members are lost: one wrong length in their list, and it swallows those after."""
    file.seek(-_END_RECORD, os.SEEK_END)
    record = file.read(_END_RECORD)
    count = int.from_bytes(record[10:12], "little")
    is_plain = record[:4] == _ARCHIVES[1] and record[-2:] == b"\0\0"  # without a comment
    if is_plain and count != 0xFFFF and count != len(archive.infolist()):  # that of ZIP64
        raise ValueError(
            f"it says that it has {count} members, and lists {len(archive.infolist())}"
        )


def _members(archive: zipfile.ZipFile, path: Path, instead: str) -> dict[str, AnyArray]:
    members = archive.infolist()
    _require(sum(member.file_size for member in members), path, instead)
    arrays: dict[str, AnyArray] = {}
    for member in members:
        name = member.filename.removesuffix(".npy")
        if member.flag_bits & _ENCRYPTED:
            raise ValueError(f"{member.filename!r} in it is encrypted")
        if name == member.filename:
            raise ValueError(f"{name!r} in it is not an array")
        if name in arrays:
            raise ValueError(f"it holds {name!r} twice")
        with archive.open(member) as entry:
            try:
                arrays[name] = read_array(entry, member.file_size)
            except UNREADABLE as error:
                raise ValueError(f"{member.filename!r} in it: {reason(error)}") from error
    return arrays


def _require(size: int, path: Path, instead: str) -> None:
    require_memory(size, f"what {path} holds when it is unpacked", instead)


def read_array(file: IO[bytes], size: int) -> AnyArray:
    """Read one array from a file of `size` bytes, all of it.

    The memory is not asked for here: `size` bytes have to be known to fit.

    Raises
    ------
    ValueError, or another of `fewlabels._damage.UNREADABLE`
    """
    shape, in_columns, dtype = read_npy_header(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects; save plain arrays of numbers or text")
    count = math.prod(shape)
    due = file.tell() + count * dtype.itemsize
    if due != size:
        raise ValueError(f"an array of {due:,} bytes is due, and there are {size:,}")
    if count and not dtype.itemsize:
        raise ValueError(f"its values, of dtype {dtype}, have no size")
    array = np.empty(count, dtype)
    wanted = array.view(np.uint8).data if array.nbytes else memoryview(b"")
    while wanted:
        n_read = cast(Any, file).readinto(wanted[:_AT_ONCE])
        if not n_read:
            raise ValueError("it is cut short")
        wanted = wanted[n_read:]
    if file.read(1):  # and with it the checksum of an archive is compared
        raise ValueError("it goes on after its end")
    return array.reshape(shape, order="F" if in_columns else "C")


def read_npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, whether column after column, and dtype; the file then stands at the values.

    Raises
    ------
    ValueError, or another of `fewlabels._damage.UNREADABLE`
    """
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:  # 3 is for names in other alphabets, of structured arrays
        raise ValueError(f"layout version {version} holds no plain numbers")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a damaged header looks like to Python
        shape, in_columns, dtype = read(file)
    if any(length < 0 for length in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, in_columns, dtype
