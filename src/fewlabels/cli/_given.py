"""Labels of an export that were given, and what the models answered beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fewlabels.exceptions import InvalidInputError

if TYPE_CHECKING:
    from fewlabels.io import Table

# The columns of an export, in their order; a name that is taken has words in front, and perhaps
# a number at its end.
_EXPORTED = ("label", "confidence", "evidence", "given")
_TAKEN = re.compile(r"fewlabels_(.*?)(_\d+)?")


def check_given(table: Table, label: str) -> None:
    """Raise if the labels are an export's, with the models' answers among them."""
    place = table.names.index(label) if label in table.names else len(table.names)
    names = table.names[place : place + len(_EXPORTED)]
    found = tuple(again[1] if (again := _TAKEN.fullmatch(name)) else name for name in names)
    if found != _EXPORTED:
        return
    from fewlabels.io import as_text, counted

    n_answers = sum(
        str(said).lower() == "false" and as_text(cell).strip() != ""
        for said, cell in zip(table.values(names[-1]), table.values(label), strict=True)
    )
    if n_answers:
        raise InvalidInputError(
            f"column {label!r} contains {counted(n_answers, 'prediction')} besides the labels that "
            f"were given (column {names[-1]!r} says which). Export with --given-only, or empty "
            "those cells."
        )
