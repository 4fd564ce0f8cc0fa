"""What every model comes down to here: a function from items to rows, and what is known of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fewlabels._files import explaining_errors
from fewlabels._typing import Cells, Package, State
from fewlabels.exceptions import DataFileError, InvalidTypeError
from fewlabels.features._cache import digest

Takes = Literal["texts", "images"]

#: Told how many items more are done.
Report = Callable[[int], object]


@dataclass(frozen=True)
class Embedder:
    """A loaded model.

    Attributes
    ----------
    embed : callable
        From a list of items, and a function to report to, to a row each.
    name : str
        As messages call it.
    takes : "texts", "images" or None
        None: what the items are is the model's affair.
    n_at_once : int
        Items that are embedded, checked and kept together.
    identity : dict or None
        What its rows depend on but the items, as JSON values. None: not known, so that nothing can
        be kept for another time.
    choices : tuple of str
    warnings : callable
        Returns what is to be said of the items embedded since it was called last.
    """

    embed: Callable[[Cells, Report], object]
    name: str
    takes: Takes | None = None
    n_at_once: int = 1024
    identity: State | None = None
    choices: tuple[str, ...] = ()
    warnings: Callable[[], tuple[str, ...]] = tuple


def content_keys(items: Sequence[object], takes: Takes | None) -> list[bytes]:
    """Return a hash of the content of each item: of a file what is in it, not its name."""
    return [_content_key(item, takes) for item in items]


def _content_key(item: Package, takes: Takes | None) -> bytes:
    if isinstance(item, os.PathLike) or (isinstance(item, str) and takes == "images"):
        try:
            return digest(b"file", Path(item).read_bytes())
        except OSError:  # the reader says what is wrong, and goes on
            return digest(b"unreadable", os.fsencode(item))
    if isinstance(item, str):
        return digest(b"text", item.encode("utf-8", "surrogatepass"))
    if isinstance(item, np.ndarray) and not item.dtype.hasobject:
        about = f"{item.dtype.str} {item.shape}".encode()
        return digest(b"array", about, np.ascontiguousarray(item).tobytes())
    if hasattr(item, "tobytes") and hasattr(item, "mode"):  # a picture of Pillow
        palette = item.getpalette() if item.mode == "P" else None
        about = f"{item.mode} {item.size} {palette}".encode()
        return digest(b"picture", about, item.tobytes())
    try:
        return digest(b"value", json.dumps(item, sort_keys=True).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidTypeError(
            "what was computed before is found by the content of texts, paths, pictures and "
            f"arrays, and there is a {type(item).__name__}. Leave name out, so that nothing is "
            "kept."
        ) from error


def hash_of_files(paths: Iterable[Path]) -> str:
    """Return a hash of what files hold, and of their names."""
    parts: list[bytes] = []
    for path in sorted(paths):
        with explaining_errors(path, writing=False, raising=DataFileError), path.open("rb") as file:
            parts += [path.name.encode(), hashlib.file_digest(file, hashlib.blake2b).digest()]
    return digest(*parts).hex()
