"""Labels of an export that were given, and what the models answered beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels.exceptions import InvalidInputError

if TYPE_CHECKING:
    from fewlabels.io import Table

# The columns of an export, in their order, with what is put in front of a name that is taken.
_EXPORTED = ("label", "confidence", "evidence", "given")
_TAKEN = "fewlabels_"


def check_given(table: Table, label: str) -> None:
    """Raise if the labels are an export's, with the models' answers among them."""
    place = table.names.index(label) if label in table.names else len(table.names)
    names = table.names[place : place + len(_EXPORTED)]
    if tuple(name.removeprefix(_TAKEN) for name in names) != _EXPORTED:
        return
    from fewlabels.io import as_text

    answers = sum(
        str(said).lower() == "false" and as_text(cell).strip() != ""
        for said, cell in zip(table.values(names[-1]), table.values(label), strict=True)
    )
    if answers:
        raise InvalidInputError(
            f"column {label!r} contains {answers:,} predictions besides the labels that were given "
            f"(column {names[-1]!r} says which). Export with --given-only, or empty those cells."
        )
