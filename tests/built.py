"""Points of a table without its label, and what became of each column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fewlabels import Tables
from fewlabels.features._table_columns import TableColumn
from fewlabels.io import Table


@dataclass(frozen=True, eq=False)
class Built:
    values: Any
    tables: Tables

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        return self.tables.columns_

    @property
    def used(self) -> list[TableColumn]:
        return [column for column in self.columns if column.kind != "left out"]

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.tables.warnings_

    def note(self, name: str) -> str:
        return next(column.note for column in self.columns if column.name == name)

    def kinds(self) -> dict[str, str]:
        return {column.name: column.kind for column in self.columns}


def built(
    table: Table, label: str | None = None, *, scale: bool = True, y: Any = None, **columns: str
) -> Built:
    """Make points of all columns but the label, the first one if it isn't said."""
    without = label or table.names[0]
    others = table.only(name for name in table.names if name != without)
    tables = Tables(columns, scale=scale)
    return Built(tables.fit_transform(others, y), tables)
