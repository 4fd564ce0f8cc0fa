"""The layout of a graph on disk: the names of its files, and the header that tells of them."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import zlib
from pathlib import Path
from typing import TypedDict

from fewlabels._checksums import checksum
from fewlabels._damage import UNREADABLE, reason
from fewlabels._rename import rename_without_replacing
from fewlabels._typing import Loaded
from fewlabels.exceptions import GraphFileError

FORMAT = "fewlabels-graph-folder"
VERSION = 2  # 1 had no checksums
HEADER = "header.json"
ARRAYS = ("indptr", "indices", "data", "degrees", "components")


class Header(TypedDict):
    """What the header says of the arrays, and how the graph was built."""

    n_nodes: int
    n_entries: int
    n_components: int
    local_scales: bool
    crc32: dict[str, int]  # of each array; empty, of a file of an earlier version
    build: dict[str, object]


def read_header(path: Path) -> Header:
    """Return the header of the graph in the folder `path`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    GraphFileError
        If it holds no graph, or one of a later version.
    """
    recover(path)
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such graph", str(path))
    if not path.is_dir():
        raise GraphFileError(
            f"{path} is a file; a graph on disk is a folder that write_graph made. Read a file "
            "that Graph.save wrote with Graph.load."
        )
    try:
        header = json.loads((path / HEADER).read_text(encoding="utf-8"))
        if header["format"] != FORMAT:
            raise ValueError(f"its format is {header['format']!r}")
        version = int(header["version"])
        if version <= VERSION:
            counts = [header[key] for key in ("n_nodes", "n_entries", "n_components")]
            if not all(type(count) is int and count >= 0 for count in counts):
                raise ValueError(f"its counts are {counts}")
            if not isinstance(header["build"], dict) or not isinstance(
                header["local_scales"], bool
            ):
                raise ValueError("its entries are of the wrong kind")
        if version == VERSION:
            _check_sums(header)
    except UNREADABLE as error:
        raise GraphFileError(
            f"{path} holds no graph that write_graph wrote, or a damaged one: {HEADER}: "
            f"{reason(error)}."
        ) from error
    if version > VERSION:
        raise GraphFileError(
            f"{path} has layout version {version}; this fewlabels reads up to {VERSION}. Install a "
            "newer fewlabels, or write the graph again."
        )
    checked: Header = {"crc32": {}} | header
    return checked


def _check_sums(header: Loaded) -> None:
    sums = header["crc32"]
    due = {*ARRAYS, "local_scales"} if header["local_scales"] else {*ARRAYS}
    if set(sums) != due or not all(type(each) is int for each in sums.values()):
        raise ValueError("its checksums are not those of its files")
    if (
        checksum({key: value for key, value in header.items() if key != "checksum"})
        != header["checksum"]
    ):
        raise ValueError("its checksum does not match")


def write_header(folder: Path, entries: dict[str, object]) -> None:
    """Write the header into a folder that has none; return when the disk has it."""
    whole = {"format": FORMAT, "version": VERSION} | entries
    text = json.dumps(whole | {"checksum": checksum(whole)}, indent=1)
    with (folder / HEADER).open("x", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def is_graph(folder: Path) -> bool:
    """Tell whether a graph stands there, of whatever version."""
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and header.get("format") == FORMAT


def aside_of(path: Path) -> Path:
    """Return where a graph stands for the moment in which another one takes its place.

    Only on disks that can't exchange two names at once.
    """
    return path.with_name(f".fewlabels-{zlib.crc32(os.fsencode(path.name)):08x}.old")


def recover(path: Path) -> None:
    """Put the graph of `path` back that a process which died had put aside."""
    aside = aside_of(path)
    if not os.path.lexists(path) and is_graph(aside):
        with contextlib.suppress(OSError):  # another process was quicker, or the disk is full
            rename_without_replacing(aside, path)
