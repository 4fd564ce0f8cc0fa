"""Tables of Python values, such as JSON, workbooks and databases hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fewlabels._typing import Cells, Objects
from fewlabels.io._cells import text_of_bytes
from fewlabels.io._table import Table, View
from fewlabels.io._views import object_view


class ObjectTable(Table):
    """A table of columns of Python values; None where a value is missing."""

    def __init__(self, path: str, columns: Mapping[str, Objects]) -> None:
        super().__init__(path, list(columns), len(next(iter(columns.values()), [])))
        self._columns = columns

    def values(self, name: str) -> Cells:
        """Return the values of a column, bytes as text where all of them are text."""
        return list(text_of_bytes(self._columns[name]))

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        return object_view(self.values(name), self.reading, lambda: self.decimal_mark)


def columns_of(rows: Sequence[Mapping[str, object]]) -> dict[str, Cells]:
    """Return rows as columns, in the order of their first appearance; None where absent."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
