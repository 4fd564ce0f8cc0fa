"""Labels that are in another table, joined by a key."""

from __future__ import annotations

from collections import Counter

import numpy as np

from fewlabels.exceptions import InvalidInputError
from fewlabels.io._cells import as_text
from fewlabels.io._label_column import UNLABELLED, LabelColumn, read_labels
from fewlabels.io._picture_folder import PictureFolder
from fewlabels.io._picture_keys import PictureKeys, column_of_pictures
from fewlabels.io._table import Table, counted, quoted, row_list
from fewlabels.io._views import parse_number


def joined_labels(table: Table, labels: Table, name: str, key: str) -> LabelColumn:
    r"""Return the labels of another table for the rows of this one.

    Keys are compared as text without blanks at their ends, and whole numbers by their value (7
    and 7.0, but not 007). A row of `table` whose key `labels` doesn't have is unlabelled. Of a
    folder of pictures the key "path" is a path in any spelling, or the name of the file where only
    one has it, in a column that may be called otherwise (file, filename or image).

    Parameters
    ----------
    table : Table
    labels : Table
        With a column `key`, in which no key has two labels, and a column `name`.
    name : str
        The column of the labels, which `table` must not have.
    key : str
        A column of both tables.

    Returns
    -------
    LabelColumn

    Raises
    ------
    InvalidInputError
        If a column is missing; if a key has two labels; if no key is in both tables; or if the
        labels can't be used, see :func:`read_labels`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.io import joined_labels, read_table
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "shoes.csv").write_text("id,price\n1,12\n2,90\n3,11\n")
    >>> _ = (folder / "labels.csv").write_text("id,kind\n2,boot\n1,clog\n")
    >>> shoes, labels = read_table(folder / "shoes.csv"), read_table(folder / "labels.csv")
    >>> joined_labels(shoes, labels, "kind", key="id").codes
    array([ 1,  0, -1])
    """
    pictures, own = None, key
    if isinstance(table, PictureFolder) and key != "folder":  # a column of labels, at most
        pictures, key = PictureKeys(table), "path"
        own = own if own != key else column_of_pictures(labels)
    table.require(key, "key")
    labels.require(own, "key")
    labels.require(name, "label")
    if name in table.names:
        raise InvalidInputError(
            f"{table.path} and {labels.path} both have a column {name!r}. Rename one of them, or "
            "leave the second file out."
        )
    column = read_labels(labels, name)
    found: dict[str, int] = {}
    otherwise: dict[str, str] = {}
    without: list[int] = []
    for row, (cell, code) in enumerate(zip(labels.cells(own), column.codes.tolist(), strict=True)):
        which = _key(cell)
        if which is None and code != UNLABELLED:
            without.append(row)
        if which is None or code == UNLABELLED:
            continue
        path = which if pictures is None else pictures.path_of(which) or which
        if path != which:
            otherwise[which] = path
            which = path
        if found.setdefault(which, code) != code:
            raise InvalidInputError(
                f"{labels.path} has two labels for {own!r} {which!r}: "
                f"{column.classes[found[which]]!r} and {column.classes[code]!r} "
                f"({row_list([row])}). Leave one of them."
            )
    keys = [_key(cell) for cell in table.cells(key)]
    codes = np.array([UNLABELLED if which is None else found.get(which, -1) for which in keys])
    unknown = sorted(found.keys() - set(keys))
    used = sorted(set(codes[codes >= 0].tolist()))
    if len(used) < 2:
        here = next((known for known in keys if known is not None), "")
        raise InvalidInputError(
            f"of the labels in {labels.path}, {counted(len(used), 'class', 'classes')} can be "
            f"joined to {table.path} by {own!r}; without a row there are {quoted(unknown, 3)}, "
            f"where {table.path} has {here!r} and so on. Check that both columns hold the same "
            "keys, and label at least one row of each of two classes."
        )
    doubts = list(column.warnings)
    if unknown:
        doubts.append(
            f"{counted(len(unknown), 'label')} of {labels.path} without a row in {table.path}: "
            f"{own!r} {quoted(unknown, 5)}." + _about_pictures(pictures, unknown, own)
        )
    if without:
        doubts.append(
            f"{counted(len(without), 'label')} of {labels.path} without {own!r} not used "
            f"({row_list(without)}). Fill in the cells."
        )
    notes = [f"joined from {labels.path} by {own!r}"]
    labelled = Counter(which for which in keys if which in found)
    again = [which for which, count in labelled.items() if count > 1]
    if again:
        n_rows = sum(labelled[which] for which in again)
        notes.append(
            f"{counted(len(again), 'label')} given to several rows of {table.path} each "
            f"({n_rows:,} in all), which have the same {key!r}, such as {again[0]!r}"
        )
    if otherwise:
        key_there, key_here = next(iter(otherwise.items()))
        notes.append(
            f"{counted(len(otherwise), 'picture')} found by another spelling, such as "
            f"{key_there!r} for {key_here!r}"
        )
    return LabelColumn(
        name,
        tuple(column.classes[code] for code in used),
        np.where(codes >= 0, np.searchsorted(used, codes), UNLABELLED),
        (*notes, *column.notes),
        tuple(doubts),
    )


def _about_pictures(pictures: PictureKeys | None, unknown: list[str], own: str) -> str:
    """Say what a table has to call pictures, of which several are called alike or none so."""
    if pictures is None:
        return ""
    several = [key for key in unknown if pictures.is_of_several(key)]
    if several:
        return (
            f" {quoted(several, 3)} is the name of several pictures: write the folder in front of "
            f"it in {own!r}, as the column path of the output has it."
        )
    return f" Write them in {own!r} as the column path of the output has them."


def _key(cell: object) -> str | None:
    if cell is None:
        return None
    text = as_text(cell).strip()
    if text.endswith(".0"):  # 7.0, as tables with missing cells have it
        number = parse_number(text)
        return text if number is None else f"{number:.0f}"
    return text
