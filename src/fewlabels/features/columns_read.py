"""All columns of a table, read as what they are said to be; what is wrong is told at once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features._fitting import LeftOut, ReadColumn, Settings, read_column
from fewlabels.io._exports import not_data
from fewlabels.io._table import Table, quoted, setting

KINDS = ("use", "drop", "number", "category", "date", "list", "array", "text", "image")


def columns_read(
    table: Table, kinds: Mapping[str, str], settings: Settings
) -> list[ReadColumn | LeftOut]:
    """Return each column as it was read, or why it is left out; raise one error for all.

    Names that differ in the number at their end only are left out, unless nothing else is there.
    """
    read, complaints = _read(table, kinds, settings)
    if complaints:
        raise InvalidInputError(" Also: ".join(complaints))
    if not any(isinstance(column, ReadColumn) for column in read):
        read, _ = _read(table, kinds, replace(settings, numbered=True))
    return read


def _read(
    table: Table, kinds: Mapping[str, str], settings: Settings
) -> tuple[list[ReadColumn | LeftOut], list[str]]:
    read: list[ReadColumn | LeftOut] = []
    complaints = []
    for name in table.names:
        try:
            read.append(read_column(table, name, kinds.get(name), settings))
        except InvalidInputError as error:
            complaints.append(str(error))
    return read, complaints


def unreadable(table: Table, columns: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the columns of a table, for who has to complain anyway."""
    settings = Settings(None, True, None, 0, by_labels=False, added=not_data(table.names))
    return _read(table, columns, settings)[1]


def checked_kinds(columns: Mapping[str, str] | None, table: Table) -> dict[str, str]:
    """Return what columns are said to be; raise if that is no kind, or no column."""
    given = columns or {}
    if not isinstance(given, Mapping):
        raise InvalidTypeError(
            "columns must map names of columns to what they are, such as "
            f"{{'message': 'text', 'id': 'drop'}}; got a {type(given).__name__}."
        )
    complaints = []
    for name, kind in given.items():
        lacking = table.lacking(str(name), "columns")
        if lacking:
            complaints.append(lacking)
        elif kind not in KINDS and not str(kind).startswith("date:%"):
            complaints.append(
                f"{setting('columns', {name: kind})}: a column is one of {', '.join(KINDS)}, "
                "or date:%d.%m.%Y and the like."
            )
    if complaints:
        raise InvalidInputError(" Also: ".join(complaints), parameter="columns")
    return dict(given)


def require_columns(table: Table, needed: Sequence[str], fitted: Set[str]) -> None:
    """Raise if new rows lack columns that the points are made of; `fitted` are all that were."""
    missing = [name for name in needed if name not in table.names]
    if not missing:
        return
    new = [name for name in table.names if name not in fitted]
    alike = {name.strip().casefold(): name for name in new}
    close = [
        alike[match]
        for name in missing
        for match in difflib.get_close_matches(name.strip().casefold(), alike, 1)
    ]
    hint = f" Is it {quoted(close)}, named otherwise?" if close else ""
    if list(table.names) == [f"x{place}" for place in range(len(table.names))]:
        hint = " An array has no names: pass a table, such as pandas.DataFrame(X, columns=names)."
    raise InvalidInputError(
        f"{table.path} lacks {quoted(missing)} among its columns.{hint} "
        f"The points were made of {quoted(needed)}."
    )
