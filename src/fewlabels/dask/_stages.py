"""What the stages of building leave on the disk, so that a build goes on where it was ended.

An output is a folder of arrays with ``said.json``, a small summary. It appears whole or not at all,
under a name of its own, so that two workers may make the same one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fewlabels._array_files import read_npy_header
from fewlabels._damage import UNREADABLE, reason
from fewlabels._parts import part_folder
from fewlabels._rename import rename_without_replacing
from fewlabels.exceptions import GraphFileError

AnyArray = np.ndarray
Said = dict[str, Any]

_SAID = "said.json"
_DAMAGE: tuple[type[Exception], ...] = (OSError, *UNREADABLE)


class Stage:
    """The outputs of one stage, numbered from 0.

    Parameters
    ----------
    folder : Path
        Of all stages.
    name : str

    Attributes
    ----------
    name : str
    folder : Path
        Of this one.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder / name

    def path(self, number: int) -> Path:
        """Return the folder of an output."""
        return self.folder / f"{number:06d}"

    def said(self, number: int) -> Said | None:
        """Return what an output says of itself; None where there is none yet."""
        try:
            said: Said = json.loads((self.path(number) / _SAID).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except _DAMAGE as error:
            raise self._damaged(self.path(number) / _SAID, reason(error)) from error
        return said

    def make(self, number: int, write: Callable[[Path], Said]) -> Said:
        """Have an output written into a new folder, unless it is there; return what it says."""
        if (known := self.said(number)) is not None:
            return known
        self.folder.mkdir(parents=True, exist_ok=True)
        with part_folder(self.folder) as work:
            text = json.dumps(write(work))
            (work / _SAID).write_text(text, encoding="utf-8")
            with contextlib.suppress(FileExistsError):  # another worker was quicker with the same
                rename_without_replacing(work, self.path(number))
        said: Said = json.loads(text)
        return said

    def read(self, number: int, name: str, start: int = 0, stop: int | None = None) -> AnyArray:
        """Return some rows of an output's array, read into memory."""
        path = self.path(number) / f"{name}.npy"
        try:
            with path.open("rb") as file:
                shape, in_columns, dtype = read_npy_header(file)
                stop = shape[0] if stop is None else stop
                width = int(np.prod(shape[1:], dtype=np.int64))
                if in_columns and len(shape) > 1:
                    raise ValueError("it is stored column after column")
                file.seek(start * width * dtype.itemsize, 1)
                values = np.fromfile(file, dtype, (stop - start) * width)
            return values.reshape(stop - start, *shape[1:])
        except _DAMAGE as error:
            raise self._damaged(path, reason(error)) from error

    def _damaged(self, path: Path, why: str) -> GraphFileError:
        return GraphFileError(
            f"{path} is missing or damaged: {why}. Remove {self.folder.parent.parent}, and build "
            "the graph anew."
        )


def save(folder: Path, **arrays: AnyArray) -> None:
    """Write arrays into the folder of an output."""
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
