"""What models made of texts and pictures before, kept in a folder: by model, settings and content.

::

    FOLDER/                 one for all; see `cache_folder`
      3f0c.../              one a model with its settings: a hash of what its answers depend on
        model.json          what that was, for people
        91ab....npz         some items: the hashes of their content, and their float32 rows

A file of rows appears when it is whole, under a name made of its keys. So two processes may work
at once: at worst both compute the same, and the later file takes the place of an equal one. The
archive's own checksums find damage; such a file is removed, and its rows are computed again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._array_files import read_arrays
from fewlabels._damage import UNREADABLE
from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._typing import Package, State
from fewlabels.exceptions import InvalidTypeError, NotEnoughMemoryError

Float32Array = npt.NDArray[np.float32]

_VARIABLE = "FEWLABELS_CACHE"
_LAYOUT = 1  # of the files; part of the hash of a model, so that others are left alone
_KEY_BYTES = 16
_MODEL, _ROWS = "model.json", ".npz"
_OURS = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}")
_UNFINISHED = re.compile(r"\.fewlabels-[0-9a-f]+\.part")
_INSTEAD = "Clear the cache (fewlabels cache --clear), or name another folder for it."


def cache_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    r"""Return the folder in which embeddings are cached; it need not exist.

    Parameters
    ----------
    folder : path-like, optional
        None: what FEWLABELS_CACHE names in the environment, else the system's folder for what can
        be made again: ``~/.cache/fewlabels`` (or in XDG_CACHE_HOME), ``~/Library/Caches/fewlabels``
        on macOS, ``%LOCALAPPDATA%\fewlabels\Cache`` on Windows.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.features import cache_folder
    >>> folder = Path(tempfile.mkdtemp())
    >>> cache_folder(folder) == folder
    True
    """
    if folder is not None:
        if not isinstance(folder, (str, os.PathLike)):
            raise InvalidTypeError(f"cache must be a folder's path or None, got {folder!r:.200}.")
        return Path(folder).expanduser()
    if named := os.environ.get(_VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
            .expanduser()
            .joinpath("fewlabels", "Cache")
        )
    usual = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or usual).expanduser() / "fewlabels"


def digest(*parts: bytes) -> bytes:
    """Return a hash of some bytes, each part with its length, so that no two lists are the same."""
    state = blake2b(digest_size=_KEY_BYTES)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


class KeptRows:
    """The rows that one model made, found by the content of items.

    Parameters
    ----------
    folder : Path
        That of the whole cache.
    identity : dict
        All that the rows depend on but the items: JSON values.
    """

    def __init__(self, folder: Path, identity: State) -> None:
        self._about = json.dumps(identity, sort_keys=True, indent=1)
        name = digest(str(_LAYOUT).encode(), self._about.encode()).hex()
        self._folder = folder / name

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Float32Array]:
        """Return the row of each key that has one. Cost: reads all that is kept for the model."""
        wanted = set(keys)
        found: dict[bytes, Float32Array] = {}
        width = None
        for path in sorted(self._folder.glob(f"*{_ROWS}")):
            kept = _read(path)
            if kept is None or (width is not None and kept[1].shape[1] != width):
                with contextlib.suppress(OSError):  # another process may have removed it
                    path.unlink()
                continue
            width = kept[1].shape[1]
            for key, row in zip(kept[0], kept[1], strict=True):
                if key in wanted:
                    found[key] = row.copy()  # not a view, which would hold the whole file
        with contextlib.suppress(OSError):
            os.utime(self._folder / _MODEL)  # it is in use
        return found

    def add(self, keys: Sequence[bytes], rows: Float32Array) -> None:
        """Keep rows.

        Raises
        ------
        OSError
            If they can't be written.
        """
        if not len(rows):
            return
        with explaining_errors(self._folder, writing=True):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not (self._folder / _MODEL).exists():
                with replace_when_whole(self._folder / _MODEL) as file:
                    file.write(self._about.encode())
            path = self._folder / f"{digest(*keys).hex()}{_ROWS}"
            as_bytes = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), _KEY_BYTES)
            with replace_when_whole(path) as file:
                np.savez(file, keys=as_bytes, rows=rows)


def _read(path: Path) -> tuple[list[bytes], Float32Array] | None:
    """Return keys and rows of a file, or None if it is damaged or gone."""
    try:
        arrays = read_arrays(path, _INSTEAD)
    except NotEnoughMemoryError:
        raise
    except UNREADABLE:
        return None
    if not isinstance(arrays, dict) or set(arrays) != {"keys", "rows"}:
        return None
    keys, rows = arrays["keys"], arrays["rows"]
    if keys.dtype != np.uint8 or keys.ndim != 2 or keys.shape[1] != _KEY_BYTES:
        return None
    if rows.dtype != np.float32 or rows.ndim != 2 or len(rows) != len(keys):
        return None
    if not np.isfinite(rows).all():
        return None
    return [key.tobytes() for key in keys], rows


@dataclass(frozen=True)
class CacheEntry:
    """What the cache stores for one model and its settings.

    Attributes
    ----------
    path : Path
    about : dict
        The model and its settings.
    n_bytes : int
    used_at : float
        When it was last used, in seconds since 1970.

    Examples
    --------
    >>> import tempfile
    >>> from fewlabels.features import cache_entries
    >>> cache_entries(tempfile.mkdtemp())  # an empty cache
    []
    """

    path: Path
    about: State
    n_bytes: int
    used_at: float


def cache_entries(folder: str | os.PathLike[str] | None = None) -> list[CacheEntry]:
    """Return the contents of the cache, the last used first; nothing if there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from fewlabels.features import cache_entries
    >>> cache_entries(tempfile.mkdtemp())
    []
    """
    entries = []
    for path in _entries(cache_folder(folder)):
        about: Package = None
        with contextlib.suppress(OSError, ValueError, RecursionError):
            about = json.loads((path / _MODEL).read_text(encoding="utf-8"))
        sizes, times = [], [path.stat().st_mtime]
        for file in _files(path):
            with contextlib.suppress(OSError):  # gone meanwhile
                status = file.stat()
                sizes.append(status.st_size)
                times.append(status.st_mtime)
        entries.append(
            CacheEntry(path, about if isinstance(about, dict) else {}, sum(sizes), max(times))
        )
    return sorted(entries, key=lambda entry: -entry.used_at)


def clear_cache(folder: str | os.PathLike[str] | None = None) -> list[CacheEntry]:
    """Remove the contents of the cache, but no other files in its folder; return them.

    Examples
    --------
    >>> import tempfile
    >>> from fewlabels.features import clear_cache
    >>> clear_cache(tempfile.mkdtemp())  # what was removed
    []
    """
    entries = cache_entries(folder)
    for entry in entries:
        with explaining_errors(entry.path, writing=True):
            for file in _files(entry.path):
                file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something of another's is in it
                entry.path.rmdir()
    return entries


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    with explaining_errors(folder, writing=False):
        return [path for path in folder.iterdir() if _OURS.fullmatch(path.name) and path.is_dir()]


def _files(entry: Path) -> Iterator[Path]:
    for path in entry.iterdir():
        of_rows = path.suffix == _ROWS and _OURS.fullmatch(path.stem)
        if of_rows or path.name == _MODEL or _UNFINISHED.fullmatch(path.name):
            yield path
