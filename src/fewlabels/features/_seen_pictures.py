"""Pictures for networks: read, prepared, and named where they can't be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from fewlabels._arrays import first_few
from fewlabels._typing import Package
from fewlabels.exceptions import DataFileError
from fewlabels.features.picture_sets import reader
from fewlabels.io import counted

_Prepared = TypeVar("_Prepared")  # what the network takes of one picture

_BLACK = np.zeros((8, 8, 3), np.uint8)


class SeenPictures(Generic[_Prepared]):
    """Prepares pictures for a network, and remembers those that can't be read.

    Parameters
    ----------
    prepare : callable
        From a picture of Pillow in RGB, upright and on white, to what the network takes.
    """

    def __init__(self, prepare: Callable[[Package], _Prepared]) -> None:
        self._prepare = prepare
        self._unread: dict[str, str] = {}

    def prepared(self, items: list[object]) -> tuple[list[_Prepared], list[int]]:
        """Return those of some pictures that can be read, prepared, and their places.

        Where none can be read, a black one without a place: it tells how long a row is.
        """
        found: list[_Prepared] = []
        places: list[int] = []
        open_picture = reader().open_picture
        for place, item in enumerate(items):
            try:
                picture, _ = open_picture(item)
            except DataFileError as error:
                name = os.fspath(item) if isinstance(item, (str, os.PathLike)) else "a picture"
                self._unread[name] = str(error)
                continue
            found.append(self._prepare(picture))
            places.append(place)
        return found or [self._prepare(open_picture(_BLACK)[0])], places

    def warnings(self) -> tuple[str, ...]:
        """Say which pictures could not be read since this was called last, and why."""
        unread, self._unread = self._unread, {}
        if not unread:
            return ()
        name, why = next(iter(unread.items()))
        return (
            f"{counted(len(unread), 'picture')} can't be read, with rows of zeros instead: "
            f"{first_few(list(unread))} ({name}: {why}). Leave out or fix what is named.",
        )
