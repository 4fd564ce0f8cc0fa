"""What became of the columns of a table, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fewlabels.features._table_columns import TableColumn
from fewlabels.io._table import counted, setting

_MOST_NAMES = 8
#: What rows hold nothing of when features are fitted, and no value can be new.
IS_USED = "is used"

_KINDS = {
    "number": ("column of numbers", "columns of numbers"),
    "category": ("column of categories", "columns of categories"),
    "date": ("column of dates", "columns of dates"),
    "list": ("column of lists", "columns of lists"),
    "array": ("array", "arrays"),
    "text": ("column of texts", "columns of texts"),
    "image": ("column of pictures", "columns of pictures"),
}


def described(columns: Sequence[TableColumn]) -> Iterator[str]:
    """Say what each column was taken for, and what is not used and why."""
    for kind, (one, many) in _KINDS.items():
        ways: dict[tuple[str, float], list[TableColumn]] = {}
        for column in columns:
            if column.kind == kind:
                ways.setdefault((column.note, column.weight), []).append(column)
        for (note, weight), alike in ways.items():
            width = counted(sum(column.width for column in alike), "feature")
            weighs = "" if weight == 1 else ", counts twice" if weight == 2 else f", x {weight:g}"
            names = some([column.name for column in alike])
            yield f"{counted(len(alike), one, many)} ({width}, {note}{weighs}): {names}"
    read: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        if column.said:
            read.setdefault((column.kind, "; ".join(column.said)), []).append(column.name)
    for (kind, how), names_read in read.items():
        yield f"read as {kind}s: {some(names_read)} ({how})"
    distinct = [column.name for column in columns if column.all_different]
    if distinct:
        yield (
            f"note: whole numbers, different in every row, used as numbers: {some(distinct)}; "
            f"if they only name the row: {setting('columns', dict.fromkeys(distinct[:3], 'drop'))}"
        )
    codes = [column.name for column in columns if column.like_a_code and not column.all_different]
    if codes:
        yield (
            f"note: used as numbers: {some(codes)}; if their values are names, such as postcodes: "
            f"{setting('columns', dict.fromkeys(codes[:3], 'category'))}"
        )
    reasons: dict[str, list[str]] = {}
    for column in columns:
        if column.kind == "left out":
            reasons.setdefault(column.note, []).append(column.name)
    for reason, without in reasons.items():
        yield f"not used: {some(without)} ({reason})"


def nothing_left(path: str, columns: Sequence[TableColumn]) -> str:
    """Say that no feature could be made of any column."""
    if not columns:
        return f"{path} has no column to make points of. Add columns that describe the rows."
    listed = "; ".join(f"{column.name!r}: {column.note}" for column in columns[:5])
    more = f"; and {len(columns) - 5:,} more" if len(columns) > 5 else ""
    use = setting("columns", {columns[0].name: "use"})
    return (
        f"no column of {path} tells rows apart ({listed}{more}). Say of a column that it is to be "
        f"used all the same ({use}), or give an array of features."
    )


def about_unread(n_unread: int, n_rows: int, of_what: str) -> Iterator[str]:
    """Say that there are rows of which nothing is known, if there are."""
    if n_unread:
        holds, them, they = (
            ("holds", "it", "it gets") if n_unread == 1 else ("hold", "them", "they get")
        )
        mend = (
            "Fill in cells, or delete empty rows."
            if of_what == IS_USED
            else "Fill in cells, or fit with rows that hold such values."
        )
        yield (
            f"{n_unread:,} of {counted(n_rows, 'row')} {holds} nothing that {of_what}: nothing is "
            f"known of {them}, and {they} no answer. {mend}"
        )


def about_rows(embedded: str | None) -> str:
    """Say that rows of embeddings are missing, or of no use."""
    if embedded is None:
        return "no column of these features came as rows of embeddings. Leave embeddings out."
    return (
        f"column {embedded!r} came as rows of embeddings, which say nothing of new rows. Pass "
        "those of the new rows (embeddings=), from the same model."
    )


def some(names: Sequence[str]) -> str:
    """Return names separated by commas; only the first ones of many."""
    listed = ", ".join(name if name.strip() else repr(name) for name in names[:_MOST_NAMES])
    return listed if len(names) <= _MOST_NAMES else f"{listed}, ... ({len(names):,} in all)"
