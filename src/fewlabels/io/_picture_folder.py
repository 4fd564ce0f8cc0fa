"""A folder of pictures as a table: a row a picture, with its path and the folder it lies in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from fewlabels._files import explaining_errors
from fewlabels._typing import Cells
from fewlabels.exceptions import DataFileError
from fewlabels.io._picture_names import ending_of, has_no_pixels, is_picture_name
from fewlabels.io._table import Reading, Table, Unusable, View, a_few, counted, quoted
from fewlabels.io._views import categories_of

# Folders of this name, in any case, hold pictures that have no class yet.
UNSORTED = ("unlabelled", "unlabeled", "unsorted")

_LISTED = 5


class PictureFolder(Table):
    """The pictures in a folder and the folders below it.

    Columns: ``path``, from the folder on, with slashes; ``folder``, the name of the folder right
    below in which a picture lies, however deep: None if it lies at the top, or in one that is
    called "unlabelled", "unlabeled" or "unsorted".

    Attributes
    ----------
    root : Path
    paths : list of str
        As in the column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from fewlabels.io import read_picture_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> (root / "cats").mkdir()
    >>> Image.new("L", (8, 8)).save(root / "cats" / "1.png")
    >>> read_picture_folder(root).values("path")
    ['cats/1.png']
    """

    def __init__(self, root: Path, paths: list[str]) -> None:
        super().__init__(str(root), ("path", "folder"), len(paths))
        self.root = root
        self.paths = paths
        self._folders = [_folder(path) for path in paths]

    @property
    def files(self) -> list[Path]:
        """The pictures' files, row by row."""
        return [self.root / path for path in self.paths]

    def values(self, name: str) -> Cells:
        """Return a column: text, or None where a picture lies in no folder."""
        return list(self.paths if name == "path" else self._folders)

    def rows_said(self, indices: Iterable[int] | npt.NDArray[np.intp]) -> str:
        """Return the paths of pictures; of many, a few."""
        return a_few([self.paths[int(index)] for index in indices], _LISTED)

    def view(self, name: str) -> View:
        """Return what a model can make of a column; of the pictures, features make more."""
        if name == "path":
            return Unusable("paths of the pictures")
        return categories_of(self._folders)


def read_picture_folder(
    path: str | os.PathLike[str], *, missing: Iterable[str] | None = None
) -> PictureFolder:
    """Return the table of the pictures in a folder and all folders below it.

    Sorted by path. Names that begin with a point are left out, and so is what has not the ending
    of a picture: both are counted in the notes. Links to folders are followed, but no folder is
    read twice, so that a circle of links ends. No picture is opened.

    Parameters
    ----------
    path : str or path-like
    missing : iterable of str, optional
        Names of folders that hold pictures without a class, beside "unlabelled", "unlabeled" and
        "unsorted"; without case.

    Returns
    -------
    PictureFolder

    Raises
    ------
    DataFileError
        If there is no such folder, or no picture in it; names what there is.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from fewlabels.io import read_picture_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for name in ("cats", "unsorted"):
    ...     (root / name).mkdir()
    ...     Image.new("L", (8, 8)).save(root / name / "1.png")
    >>> read_picture_folder(root).values("folder")
    ['cats', None]
    """
    root = Path(path)
    with explaining_errors(root, writing=False, raising=DataFileError):
        if not root.is_dir():
            what = "is not a folder" if root.exists() else "does not exist"
            raise DataFileError(f"{root} {what}. Give a folder of pictures.")
        found = _Found()
        _walk(root, found)
    if not found.paths:
        raise DataFileError(
            f"{root} holds no picture (.png, .jpg, .webp, .tif and others){_aside(found)}. Give a "
            "folder in which, or below which, pictures lie."
        )
    table = PictureFolder(root, sorted(found.paths, key=lambda each: PurePosixPath(each).parts))
    table.notes = tuple(_notes(table, found))
    table.warnings = tuple(_warnings(found))
    if missing is not None:
        table.reading = Reading(missing=frozenset(word.strip().casefold() for word in missing))
    return table


@dataclass
class _Found:
    paths: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # by ending
    hidden: int = 0
    unreadable: list[str] = field(default_factory=list)  # folders
    unspeakable: list[str] = field(default_factory=list)  # names that are not text


def _walk(root: Path, found: _Found) -> None:
    """Collect what is below `root`: real folders first, then those that only links lead to."""
    seen: set[tuple[int, int]] = set()
    waiting, linked = [""], list[str]()
    while waiting or linked:
        here = waiting.pop() if waiting else linked.pop(0)
        try:
            status = os.stat(root / here)  # noqa: PTH116 - of the folder that a link leads to
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(root / here) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            if not here:
                raise
            found.unreadable.append(here)
            continue
        for entry in listed:
            path = f"{here}/{entry.name}" if here else entry.name
            if entry.name.startswith("."):
                found.hidden += 1
            elif entry.is_dir():
                (linked if entry.is_symlink() else waiting).append(path)
            elif not is_picture_name(entry.name):
                found.others[ending_of(entry.name)] += 1
            elif _is_text(path):
                found.paths.append(path)
            else:
                found.unspeakable.append(path)


def _is_text(path: str) -> bool:
    """Tell whether a path can be written to a table: bytes that are no UTF-8 can't."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folder(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    return parts[0] if len(parts) > 1 and parts[0].casefold() not in UNSORTED else None


def _notes(table: PictureFolder, found: _Found) -> Iterator[str]:
    folders = [folder for folder in table.values("folder") if folder is not None]
    if folders:
        unsorted_ = table.n_rows - len(folders)
        without = f", {counted(unsorted_, 'picture')} in none of them" if unsorted_ else ""
        yield f"{counted(len(set(folders)), 'folder')}{without}"
    if found.hidden:
        yield f"skipped: {counted(found.hidden, 'hidden name')}"
    plain = {ending: n for ending, n in found.others.items() if not has_no_pixels(ending)}
    if plain:
        yield f"skipped: {_endings(plain)}, no pictures by their names"


def _warnings(found: _Found) -> Iterator[str]:
    drawn = {ending: n for ending, n in found.others.items() if has_no_pixels(ending)}
    if drawn:
        yield (
            f"{_endings(drawn)} left out: they hold lines and words, not pixels. Export them as "
            "PNG to use them."
        )
    for paths, what in (
        (found.unreadable, "can't be opened, and what is in them was left out"),
        (found.unspeakable, "have names that are not UTF-8, and were left out; rename them"),
    ):
        if paths:
            yield f"{counted(len(paths), 'path')} {what}: {quoted(paths, _LISTED)}."


def _aside(found: _Found) -> str:
    parts = [_endings(found.others)] if found.others else []
    parts += [counted(found.hidden, "hidden name")] if found.hidden else []
    return f"; it holds {' and '.join(parts)}" if parts else "; it is empty"


def _endings(counts: dict[str, int]) -> str:
    """Return "3 .txt, 1 .svg": the most frequent first, and no more than a few."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    listed = [f"{n:,} {ending or 'without an ending'}" for ending, n in ranked[:_LISTED]]
    rest = sum(n for _, n in ranked[_LISTED:])
    return ", ".join([*listed, f"{rest:,} others"] if rest else listed)
