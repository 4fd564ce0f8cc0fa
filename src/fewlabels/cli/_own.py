"""Columns that fewlabels wrote: answers, which are no features, and no labels that were given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels.exceptions import InvalidInputError

if TYPE_CHECKING:
    from fewlabels.io import Table

_ANSWERS = ("label", "confidence", "evidence", "reached", "given", "second", "doubt", "possible")
# What "doubt" holds.
_WORDS = {
    "",
    "given",
    "skipped",
    "sure",
    "classes disagree",
    "little evidence",
    "too few labels",
    "unreached",
}
# What is put in front of a name that is taken.
_PREFIXES = ("predicted_", "fewlabels_")


def own_columns(table: Table, label: str) -> list[str]:
    """Return the columns of answers in a table that spread, predict or export wrote.

    They are told by their names, which come together, and by the words in "doubt". None in other
    tables.
    """
    found: dict[str, str] = {}
    for name in table.names:
        bare = _bare(name)
        if name != label and bare in _ANSWERS:
            found[name] = bare
    together = {"confidence", "evidence", "doubt"} <= set(found.values())
    doubts = [name for name, bare in found.items() if bare == "doubt"]
    if not together or not all(_holds_doubts(table, name) for name in doubts):
        return []
    return list(found)


def check_given(table: Table, label: str) -> None:
    """Raise if the labels are an export's, with the models' answers among them."""
    own = own_columns(table, label)
    given = next((name for name in own if _bare(name) == "given"), None)
    confidence = next((name for name in own if _bare(name) == "confidence"), None)
    if given is None or confidence is None or label not in table.names:
        return
    place = table.names.index(label)
    if table.names[place + 1 : place + 2] != (confidence,):
        return  # another column than the export's, which stands before its confidence
    from fewlabels.io import as_text

    answers = [
        str(said).lower() == "false" and as_text(cell).strip() != ""
        for said, cell in zip(table.values(given), table.values(label), strict=True)
    ]
    if any(answers):
        raise InvalidInputError(
            f"column {label!r} holds {sum(answers):,} answers of the models among the labels that "
            f"were given (column {given!r} tells which). Export with --given-only, or empty those "
            "cells."
        )


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _holds_doubts(table: Table, name: str) -> bool:
    cells = table.values(name)
    return all(cell is None or (isinstance(cell, str) and cell in _WORDS) for cell in cells)
