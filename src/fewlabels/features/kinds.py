"""What kind of data this is: numbers, a table, texts or pictures."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from fewlabels._labels import is_missing
from fewlabels._typing import Frame, Objects
from fewlabels.exceptions import DataFileError
from fewlabels.io import PictureFolder, Table, read_picture_folder, read_table
from fewlabels.io._frames import is_frame, is_records, table_of
from fewlabels.io._picture_names import is_picture_name as is_picture_name

Kind: TypeAlias = Literal["array", "texts", "images", "table", "embeddings"]

KINDS: tuple[Kind, ...] = ("array", "texts", "images", "table", "embeddings")


def kind_of(data: object) -> Kind:
    """Return what `data` is taken for.

    Parameters
    ----------
    data : object
        See :func:`fewlabels.make_points`.

    Returns
    -------
    {"array", "texts", "images", "table"}
        ``"array"`` for all that is nothing else: what reads arrays says what is wrong with it.

    Raises
    ------
    DataFileError
        If `data` is a path at which there is nothing.
    """
    if isinstance(data, Path):
        return _kind_of_path(data)
    if isinstance(data, PictureFolder):
        return "images"
    if sparse.issparse(data):  # some of which are mappings
        return "array"
    if isinstance(data, (Table, Mapping)) or is_records(data) or is_frame(data):
        return "table"
    if isinstance(data, np.ndarray) and data.ndim in (3, 4) and data.dtype.kind in "biuf":
        return "images"
    items = items_of(data)
    return "array" if items is None else _kind_of_items(items)


def as_table(data: object) -> Table:
    """Return data of kind "table" as a table; the one in a file, if it is a path."""
    return read_table(data) if isinstance(data, Path) else table_of(data)


def items_of(data: object) -> Objects | None:
    """Return the items of a list, of an array or column of objects or text; of others None.

    Of a folder, or of the path of one, its pictures' files.
    """
    if isinstance(data, Path):
        data = read_picture_folder(data)
    if isinstance(data, PictureFolder):
        return data.files
    if isinstance(data, (list, tuple)):
        return data
    if isinstance(data, deque):
        return list(data)
    if type(data).__module__.startswith("pyarrow") and hasattr(data, "to_pylist"):
        return None if hasattr(data, "schema") else data.to_pylist()  # narwhals takes no Array
    if isinstance(data, np.ndarray):
        return data.tolist() if data.ndim == 1 and data.dtype.kind in "OUT" else None
    column = nw.from_native(data, series_only=True, pass_through=True)
    return column.to_list() if isinstance(column, nw.Series) else None


def picture_names(data: object) -> list[str | None] | None:
    """Return what pictures in files are called, None where there is none; of others None.

    From the folder on, if that is what `data` is; else the paths as they are.
    """
    if isinstance(data, Path) and data.is_dir():
        data = read_picture_folder(data)
    if isinstance(data, PictureFolder):
        return list(data.paths)
    items = items_of(data)
    names: list[str | None] = []
    for item in items or ():
        if is_missing(item):
            names.append(None)
        elif isinstance(item, str | os.PathLike):
            names.append(os.fspath(item))
        else:
            return None
    return names if any(name is not None for name in names) else None


def n_rows_of(data: Frame) -> int:
    """Return how many rows data in memory has."""
    if isinstance(data, Table):
        return data.n_rows
    if isinstance(data, Mapping):
        return max((len(column) for column in data.values()), default=0)
    return int(data.shape[0]) if hasattr(data, "shape") else len(data)


def _kind_of_path(path: Path) -> Kind:
    if path.is_dir():
        return "images"
    if not path.exists() and "::" not in path.name:  # book.xlsx::SHEET
        raise DataFileError(f"{path} does not exist. Check the path (now in {Path.cwd()}).")
    return "table"


def _kind_of_items(items: Objects) -> Kind:
    """Tell by the items of a sequence: texts, paths and names of pictures, or pictures."""
    filled = [item for item in items if not is_missing(item)]
    if not filled:
        return "array"
    if all(isinstance(item, bytes) for item in filled):
        return "texts"
    texts = [item for item in filled if isinstance(item, str)]
    if len(texts) == len(filled):
        are_names = all(map(is_picture_name, texts)) and any(map(_exists, texts))
        return "images" if are_names else "texts"
    if all(isinstance(item, Path) for item in filled) or all(map(_is_picture, filled)):
        return "images"
    return "array"


def _exists(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # a text too long for a name, or with a null character
        return False


def _is_picture(item: object) -> bool:
    """Tell whether this is an array of pixels, or a picture of Pillow, if that is installed."""
    if isinstance(item, np.ndarray):
        return item.ndim in (2, 3) and item.dtype.kind in "biuf"
    return any(kind.__module__ == "PIL.Image" for kind in type(item).__mro__)
