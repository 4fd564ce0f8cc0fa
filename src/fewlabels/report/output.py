"""Write the demo's files, whole or not at all."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._parts import part_folder
from fewlabels.exceptions import DataFileError


def check_can_write_file(path: Path) -> None:
    """Raise :class:`DataFileError` if a file can't be written at `path`; before the work."""
    if path.is_dir():
        raise DataFileError(f"can't write {path}: it is a folder. Name a file.")
    if not path.parent.is_dir():
        raise DataFileError(
            f"can't write {path}: there is no folder {str(path.parent)!r}. Create it first."
        )
    _check_writable(path.parent)


def check_can_write_folder(folder: Path) -> None:
    """Raise :class:`DataFileError` if files can't be written into `folder`; before the work.

    The folder need not exist; its closest existing parent is looked at then.
    """
    existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise DataFileError(f"can't write to {folder}: {existing} is not a folder. Name another.")
    _check_writable(existing)


def write_text_file(path: Path, text: str) -> None:
    """Write `text` as UTF-8 in place of `path`, whole or not at all."""
    with _explaining(path), replace_when_whole(path) as file:
        file.write(text.encode("utf-8"))


def write_folder(folder: Path, writers: Mapping[str, Callable[[Path], object]]) -> list[Path]:
    """Write several files into `folder`, which is created if it is missing.

    All are written beside their places first. Only when every one is whole do they take their
    places, so that a failure leaves the folder as it was. Other files in it stay.

    Parameters
    ----------
    folder : Path
    writers : mapping of file name to callable
        Each is called with the path to write to, which has the same name.

    Returns
    -------
    list of Path
        The files, in the order of `writers`.

    Raises
    ------
    DataFileError
        If a file can't be written.
    """
    with _explaining(folder), _folder_or_nothing(folder), part_folder(folder) as part:
        for name, write in writers.items():
            if (folder / name).is_dir():
                raise DataFileError(f"can't write {folder / name}: it is a folder.")
            write(part / name)
        for name in writers:
            (part / name).replace(folder / name)
    return [folder / name for name in writers]


@contextlib.contextmanager
def _folder_or_nothing(folder: Path) -> Iterator[None]:
    """Create `folder` with its parents; if the block raises, remove those that were created."""
    missing = [p for p in (folder, *folder.absolute().parents) if not p.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for created in missing:
            created.rmdir()
        raise


def _check_writable(folder: Path) -> None:
    with _explaining(folder), tempfile.TemporaryFile(dir=folder):
        pass


def _explaining(path: Path) -> contextlib.AbstractContextManager[None]:
    return explaining_errors(path, writing=True, raising=DataFileError)
