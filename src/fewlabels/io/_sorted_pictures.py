"""Put pictures into a folder for each class, all of them or none."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from fewlabels._files import explaining_errors
from fewlabels._parts import part_folder
from fewlabels._rename import rename_without_replacing
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text
from fewlabels.io._picture_folder import UNSORTED, PictureFolder
from fewlabels.io._table import Progress, counted

# Pictures without an answer go here; read again, the folder is one of pictures without a class.
_WITHOUT_ANSWER = UNSORTED[-1]

# Signs that some system keeps for itself, and names that Windows has devices behind.
_SIGNS = '<>:"/\\|?*'
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)))
)
# Bytes of a name: what systems allow is 255, and a number may be added.
_LONGEST = 200


def check_sorted(target: str | os.PathLike[str], source: str | os.PathLike[str]) -> None:
    """Raise if pictures of the folder `source` can't be sorted into `target`.

    Raises
    ------
    DataFileError
        If `target` is there and not an empty folder, lies in `source`, or can't be made.

    Examples
    --------
    >>> from fewlabels.io import check_sorted
    >>> check_sorted("photos/sorted", "photos")
    Traceback (most recent call last):
        ...
    fewlabels.exceptions.DataFileError: can't sort pictures into photos/sorted: ...
    """
    target, root = Path(target), Path(os.path.realpath(source))
    place = Path(os.path.realpath(target))
    if place == root or root in place.parents:
        raise DataFileError(
            f"can't sort pictures into {target}: it lies in {source}, where the copies would be "
            "pictures of the next run. Name a folder beside it."
        )
    with explaining_errors(target, writing=True, raising=DataFileError):
        if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
            raise DataFileError(f"{target} exists, and nothing in it is replaced. Name another.")
        if not place.parent.is_dir():
            raise DataFileError(
                f"can't sort pictures into {target}: there is no folder {str(place.parent)!r}. "
                "Create it first."
            )
        with part_folder(place.parent):
            pass


@contextlib.contextmanager
def sorted_pictures(
    table: PictureFolder,
    labels: Sequence[object],
    target: str | os.PathLike[str],
    *,
    link: bool = False,
    progress: Progress | None = None,
) -> Iterator[dict[str, int]]:
    """Put each picture into a folder named after its label, once the block has ended without error.

    The pictures are copied, with their times, to a temporary folder, which is renamed in one step:
    nobody ever sees half of them, and nothing is replaced. If the block or the copying fails,
    nothing is left.

    Parameters
    ----------
    table : PictureFolder
    labels : sequence of length n_rows
        None where a picture has no answer: it goes into "unsorted".
    target : str or path-like
        Must not exist, or be an empty folder.
    link : bool, default=False
        Make symbolic links to the pictures instead of copies.
    progress : callable, optional
        Called from time to time with the share done, from 0 to 1.

    Yields
    ------
    dict of str to int
        The folders' names, and how many pictures are in each.

    Raises
    ------
    DataFileError
        If `target` can't be made (see :func:`check_sorted`), or the disk has no room.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from fewlabels.io import read_picture_folder, sorted_pictures
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> for name in ("a.png", "b.png"):
    ...     Image.new("L", (8, 8)).save(folder / "photos" / name)
    >>> photos = read_picture_folder(folder / "photos")
    >>> with sorted_pictures(photos, ["cat", None], folder / "sorted"):
    ...     pass  # write what belongs to them; if it fails, nothing is sorted
    >>> sorted(path.parent.name for path in (folder / "sorted").glob("*/*.png"))
    ['cat', 'unsorted']
    """
    target = Path(target)
    check_sorted(target, table.root)
    if not link:
        _check_room(table, target)
    place = Path(os.path.realpath(target))
    folders = _folder_names(labels)
    counts: dict[str, int] = {}
    with (
        explaining_errors(target, writing=True, raising=DataFileError),
        part_folder(place.parent) as part,
    ):
        used: dict[str, set[str]] = {}
        for row, (picture, label) in enumerate(zip(table.files, labels, strict=True)):
            name = folders[_key(label)]
            if name not in used:
                (part / name).mkdir()
                used[name] = set()
            own = _free(PurePosixPath(picture).name, used[name])
            _put(picture, part / name / own, link=link)
            counts[name] = counts.get(name, 0) + 1
            if progress is not None:
                progress((row + 1) / table.n_rows)
        yield dict(sorted(counts.items()))
        if place.is_dir():
            place.rmdir()  # which is empty, or it fails
        rename_without_replacing(part, place)


def _put(picture: Path, place: Path, *, link: bool) -> None:
    if not link:
        shutil.copy2(picture, place)
        return
    try:
        place.symlink_to(picture.resolve())
    except (NotImplementedError, PermissionError) as error:
        raise DataFileError(f"this disk or system has no links for {place.name}: {error}") from None


def _check_room(table: PictureFolder, target: Path) -> None:
    with explaining_errors(target, writing=True, raising=DataFileError):
        needed = sum(picture.stat().st_size for picture in table.files)
        free = shutil.disk_usage(Path(os.path.realpath(target)).parent).free
    if needed > free:
        raise DataFileError(
            f"{counted(table.n_rows, 'picture')} need {needed / 1e9:,.2f} GB, and {target} has "
            f"{free / 1e9:,.2f} GB free. Make links (link=True), or name another disk."
        )


def _key(label: object) -> str | None:
    return None if label is None else as_text(label)


def _folder_names(labels: Sequence[object]) -> dict[str | None, str]:
    """Return a folder's name for each label; no two are the same, even without case."""
    used: set[str] = set()
    keys = list(dict.fromkeys(map(_key, labels)))
    named = sorted(key for key in keys if key is not None)
    names: dict[str | None, str] = {key: _free(safe_name(key), used) for key in named}
    if None in keys:
        names[None] = _free(_WITHOUT_ANSWER, used)
    return names


def safe_name(text: str) -> str:
    """Return text as a name that every system takes for a file or folder."""
    kept = (sign if sign.isprintable() and sign not in _SIGNS else "_" for sign in text)
    name = "".join(kept).strip(" .").encode()[:_LONGEST].decode(errors="ignore").strip(" .")
    if not name:
        return "_"
    return f"{name}_" if name.split(".")[0].casefold() in _DEVICES else name


def _free(name: str, used: set[str]) -> str:
    """Return a name that is not used yet, whatever the case: "a (2).png" after "a.png"."""
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - of a name alone
    free, number = name, 1
    while free.casefold() in used:
        number += 1
        free = f"{stem} ({number}){ending}"
    used.add(free.casefold())
    return free
