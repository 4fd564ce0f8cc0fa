"""The layout of a graph on disk: the names of its files, and the header that tells of them."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from fewlabels.exceptions import GraphFileError

FORMAT = "fewlabels-graph-folder"
VERSION = 1
HEADER = "header.json"
ARRAYS = ("indptr", "indices", "data", "degrees", "components")


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of the graph in the folder `path`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    GraphFileError
        If it holds no graph, or one of a later version.
    """
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
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise GraphFileError(
            f"{path} holds no graph that write_graph wrote, or a damaged one: {HEADER}: {error!s}."
        ) from error
    if version > VERSION:
        raise GraphFileError(
            f"{path} has layout version {version}; this fewlabels reads up to {VERSION}. Install a "
            "newer fewlabels, or write the graph anew."
        )
    checked: dict[str, Any] = header
    return checked


def write_header(folder: Path, entries: dict[str, Any]) -> None:
    """Write the header into a folder that has none; return when the disk has it."""
    text = json.dumps({"format": FORMAT, "version": VERSION} | entries, indent=1)
    with (folder / HEADER).open("x", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def is_graph(folder: Path) -> bool:
    """Tell whether a graph stands there, of whatever version."""
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(header, dict) and header.get("format") == FORMAT
