"""Rows of the data as a person can look at them: cells of text, and small pictures."""

from __future__ import annotations

import base64
import contextlib
import io
import os
from collections.abc import Sequence

from fewlabels._labels import is_missing
from fewlabels._typing import Cells, Frame, Objects
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.features.kinds import as_table, items_of, kind_of, picture_names
from fewlabels.io import as_text
from fewlabels.report._html import Html, tag

_LONGEST = 320  # signs of a cell
_COLUMNS = 7
_SIDE = 168  # pixels of a picture


class ShownRows:
    """The rows of what a model was fitted on.

    Parameters
    ----------
    data : object
        As :func:`fewlabels.make_points` takes it; None: rows are known by their numbers only, as
        are those whose pictures are no files.
    n_rows : int
    without : sequence of str
        Columns that are not shown, such as that of the labels.

    Raises
    ------
    InvalidInputError
        If `data` has another number of rows.
    """

    def __init__(self, data: object, n_rows: int, without: Sequence[str] = ()) -> None:
        self._pictures: Objects | None = None
        self._cells: dict[str, Objects] = {}
        self._names: Sequence[str] | None = None
        if data is None:
            return
        kind = kind_of(data)
        if kind == "images":
            self._pictures = _items(data)
            self._names = _names_of(data)
        elif kind == "texts":
            self._cells = {"text": _items(data)}
        else:
            with contextlib.suppress(InvalidTypeError):  # a graph, say
                table = as_table(data)
                names = [name for name in table.names if name not in without]
                self._cells = {name: table.values(name) for name in names[:_COLUMNS]}
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

    def name(self, number: int) -> str:
        """Return what to call a row: the file of a picture, else its number, from 1."""
        return f"row {number + 1:,}" if self._names is None else self._names[number]

    def row(self, number: int) -> Html:
        """Return a row: its picture, or its cells by their names."""
        pairs = [
            (name, _cut(as_text(column[number]) if column[number] is not None else ""))
            for name, column in self._cells.items()
        ]
        cells = [
            tag("div", tag("dt", name), tag("dd", text, dir="auto")) for name, text in pairs if text
        ]
        if len(pairs) == 1 and pairs[0][1]:  # of one column the name is no news
            return tag("p", pairs[0][1], class_="cell", dir="auto")
        return tag("dl", *cells, class_="cells") if cells else Html("")

    def picture(self, number: int, what: str) -> Html:
        """Return the picture of a row, small; a word in its place if it can't be read."""
        if self._pictures is None:
            return Html("")
        if self._pictures[number] is None:
            return tag("span", "no picture", class_="nopicture")
        from fewlabels.features.picture_sets import reader  # needs Pillow, an extra

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


def _names_of(data: object) -> list[str] | None:
    """Return the paths of pictures in files, from the folder on that all lie in."""
    paths = picture_names(data)
    if paths is None:
        return None
    # PurePath would make "." of no folder, and leave out "./"
    folders = {os.path.dirname(path) for path in paths if path is not None}  # noqa: PTH120
    try:
        shared = os.path.commonpath(folders)
    except ValueError:  # some are absolute
        shared = ""
    return [
        f"row {number:,}" if path is None else os.path.relpath(path, shared) if shared else path
        for number, path in enumerate(paths, 1)
    ]


def _items(data: Frame) -> Cells:
    """Return texts or pictures, None where they are missing."""
    items = items_of(data)
    return [None if is_missing(item) else item for item in (data if items is None else items)]


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} \u2026"
