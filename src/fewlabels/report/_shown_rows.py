"""Rows of the data as a person can look at them: cells of text, and small pictures."""

from __future__ import annotations

import base64
import contextlib
import io
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.features._kinds import is_picture_name, items_of
from fewlabels.io import PictureFolder, Table, as_text
from fewlabels.io._frames import table_of
from fewlabels.report._html import Html, tag

_LONGEST = 320  # signs of a cell
_COLUMNS = 7
_SIDE = 168  # pixels of a picture


class ShownRows:
    """The rows of what a model was fitted on.

    Parameters
    ----------
    data : object
        A table, a folder of pictures, texts, pictures or paths of pictures, an array; None: rows
        are known by their numbers only.
    n_rows : int
    without : sequence of str
        Columns that are not shown, such as that of the labels.

    Raises
    ------
    InvalidInputError
        If `data` has another number of rows.
    """

    def __init__(self, data: Any, n_rows: int, without: Sequence[str] = ()) -> None:
        self._table: Table | None = None
        self._pictures: Sequence[Any] | None = None
        self._cells: dict[str, Sequence[Any]] = {}
        if data is None:
            return
        items = None if isinstance(data, Table) else items_of(data)
        if isinstance(data, PictureFolder):
            self._pictures = data.files
            self._cells = {"path": data.values("path")}
        elif items is not None and all(isinstance(item, str | None) for item in items):
            named = [item for item in items if item is not None]
            if named and all(map(is_picture_name, named)):
                self._pictures = items
            self._cells = {"path" if self._pictures else "text": items}
        elif items is not None:
            self._pictures = items
            if all(isinstance(item, os.PathLike) for item in items):
                self._cells = {"path": [os.fspath(item) for item in items]}
        elif isinstance(data, np.ndarray) and data.ndim in (3, 4):
            self._pictures = list(data)
        else:
            with contextlib.suppress(InvalidTypeError):  # a graph, say
                table = table_of(data)
                self._cells = {
                    name: table.values(name)
                    for name in [name for name in table.names if name not in without][:_COLUMNS]
                }
        found = {len(column) for column in self._cells.values()}
        found |= set() if self._pictures is None else {len(self._pictures)}
        if found - {n_rows}:
            raise InvalidInputError(
                f"the data has {max(found):,} rows, and the model was fitted on {n_rows:,}. Pass "
                "what it was fitted on."
            )

    @property
    def has_pictures(self) -> bool:
        """Whether there is something to look at."""
        return self._pictures is not None

    @property
    def known(self) -> bool:
        """Whether there is more to show of a row than its number."""
        return self._pictures is not None or bool(self._cells)

    def row(self, number: int) -> Html:
        """Return a row: its picture, or its cells by their names."""
        pairs = [
            (name, _cut(as_text(column[number]) if column[number] is not None else ""))
            for name, column in self._cells.items()
        ]
        cells = [
            tag("div", tag("dt", name), tag("dd", text, dir="auto")) for name, text in pairs if text
        ]
        if len(self._cells) == 1 and pairs[0][1]:  # of one column the name is no news
            return tag("p", pairs[0][1], class_="cell", dir="auto")
        return tag("dl", *cells, class_="cells") if cells else Html("")

    def picture(self, number: int, what: str) -> Html:
        """Return the picture of a row, small; a word in its place if it can't be read."""
        if self._pictures is None:
            return Html("")
        from fewlabels.features._picture_sets import reader  # needs Pillow, an extra

        try:
            picture, _ = reader().open_picture(self._pictures[number], _SIDE)
        except DataFileError as error:
            return tag("span", f"can't be read: {error}", class_="nopicture")
        whole = io.BytesIO()
        picture.save(whole, "WEBP", quality=80, method=4)
        data = base64.b64encode(whole.getvalue()).decode("ascii")
        return tag(
            "img",
            src=f"data:image/webp;base64,{data}",
            alt=what,
            width=picture.width,
            height=picture.height,
        )


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} \u2026"
