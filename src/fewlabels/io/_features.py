"""Make a matrix of features from the columns of a table, and say how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fewlabels._files import explaining_errors
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io._npz import load_arrays
from fewlabels.io._points import category_points, number_points, standardised
from fewlabels.io._spelled import is_missing_word, like_numbers
from fewlabels.io._table import (
    Block,
    Categories,
    FloatArray,
    Mixed,
    Numbers,
    Table,
    Unusable,
    View,
    counted,
    quoted,
    row_list,
    setting,
)
from fewlabels.io._telling import all_different, without_free_text, without_identifiers
from fewlabels.io._views import array_view, categories_of

_NOTHING: FloatArray = np.empty((0, 0))


@dataclass(frozen=True)
class FeatureColumn:
    """What became of one column.

    Attributes
    ----------
    name : str
    kind : str
        ``"number"``, ``"categories"``, ``"block"`` or ``"left out"``.
    width : int
        Number of features that were made of it.
    note : str
        How they were made, or why there are none.
    all_different : bool
        Whether it was taken for numbers but might be an identifier: whole numbers, different in
        every row, in a column that wasn't asked for by name.
    said : tuple of str
        How its cells were read, where that is not plain: "decimal comma".
    doubt : str
        Why it may be meant otherwise; empty if nothing speaks for that.
    """

    name: str
    kind: str
    width: int
    note: str
    all_different: bool = False
    said: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, eq=False)
class Features:
    """A matrix of features.

    Attributes
    ----------
    values : ndarray of float, shape (n_rows, n_features)
        Finite.
    columns : tuple of FeatureColumn
        Each column that was considered, in order.
    """

    values: FloatArray
    columns: tuple[FeatureColumn, ...]

    @property
    def used(self) -> tuple[FeatureColumn, ...]:
        """The columns that became features."""
        return tuple(column for column in self.columns if column.kind != "left out")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may have been read otherwise than it was meant."""
        return tuple(
            f"column {column.name!r} {column.doubt}." for column in self.columns if column.doubt
        )


def build_features(
    table: Table,
    *,
    label: str,
    names: Sequence[str] | None = None,
    exclude: Iterable[str] = (),
    categorical: Iterable[str] = (),
    ignore: Mapping[str, str] | None = None,
    scale: bool = True,
) -> Features:
    """Make features of the columns of a table.

    Each column is centred and divided by one number, so that the variances of its features add
    up to 1: no column counts for more because of its unit, or because it makes many features.
    Numbers become one feature. Where some are missing, these become the median, and a second
    feature says where, at half the weight. Categories, text and booleans become one
    column of 0 and 1 for each value; an empty cell is none of the values. A block (a list or an
    array a row) is one column of the table, too. Left out are columns with one value only, dates,
    row numbers and identifiers, and columns of text with a different value in more than half of
    the rows.

    Parameters
    ----------
    table : Table
    label : str
        The column of the labels; never a feature.
    names : sequence of str, optional
        Use these columns, and no others; also what would be left out for looking like an
        identifier. Default: all columns that can be used.
    exclude : iterable of str
        Columns not to use.
    categorical : iterable of str
        Columns whose values are names, even if they look like numbers.
    ignore : mapping of str to str, optional
        Further columns that are left out, with the reason, unless `names` has them.
    scale : bool, default=True
        Bring the columns to one scale; else numbers are used as they are.

    Returns
    -------
    Features

    Raises
    ------
    InvalidInputError
        If columns are unknown or `names` is empty; if a number is infinite, or missing in a block
        (the rows are named); if a column of numbers has text in it; if free text is asked for; if
        no column can be used.
    """
    exclude, categorical = list(exclude), list(categorical)
    _check_names(table, label, names, exclude, categorical)
    chosen = names is not None
    considered = [name for name in dict.fromkeys(names or table.names) if name != label]
    parts: list[FloatArray] = []
    columns: list[FeatureColumn] = []
    for name in considered:
        if name in exclude:
            columns.append(_left_out(name, "excluded"))
            continue
        if not chosen and ignore is not None and name in ignore:
            columns.append(_left_out(name, ignore[name]))
            continue
        asked = chosen or name in categorical
        view = categories_of(table.cells(name)) if name in categorical else table.view(name)
        view = without_free_text(name, view, asked=asked)
        if not asked:
            view = without_identifiers(name, view)
        column, values = _encode(table, name, view, scale)
        if name in categorical:
            column = replace(column, doubt="")
        if column.kind == "number" and not chosen and isinstance(view, Numbers):
            column = replace(column, all_different=all_different(view.values))
        columns.append(column)
        if column.width:
            parts.append(values)
    if not parts:
        raise InvalidInputError(_no_feature(table, columns))
    return Features(np.concatenate(parts, axis=1), tuple(columns))


def _check_names(
    table: Table,
    label: str,
    names: Sequence[str] | None,
    exclude: Sequence[str],
    categorical: Sequence[str],
) -> None:
    """Raise if columns are named that can't be used, all of them in one message."""
    complaints = []
    for parameter, given in (
        ("names", names or ()),
        ("exclude", exclude),
        ("categorical", categorical),
    ):
        for name in given:
            complaints.append(table.lacking(name, parameter))
            if name == label:
                complaints.append(
                    f"column {name!r} is the label; it can't be a feature too "
                    f"({setting(parameter, name)})."
                )
    if names is not None and not names:
        complaints.append(
            f"no column is named. Name some ({setting('names', ['a', 'b'])}), or leave the "
            "choice out."
        )
    if any(complaints):
        raise InvalidInputError(" Also: ".join(filter(None, complaints)))


def load_features(path: str | Path, n_rows: int) -> Features:
    """Read a matrix of features that somebody else computed; it is used as it is.

    Parameters
    ----------
    path : str or Path
        An ``.npy`` file with an array of shape (n_rows, ...).
    n_rows : int
        How many rows the table has.

    Returns
    -------
    Features

    Raises
    ------
    DataFileError
        If the file is missing, damaged, or holds Python objects.
    InvalidInputError
        If the number of rows differs, if it holds no numbers, or NaN or infinity (rows named).
    """
    path = Path(path)
    if not path.is_file():
        raise DataFileError(f"{path} does not exist. Check the path.")
    with explaining_errors(path, writing=False, raising=DataFileError):
        array = load_arrays(path)
    if isinstance(array, dict):
        raise DataFileError(f"{path} is an NPZ archive. Save one array with numpy.save.")
    if array.ndim == 0 or len(array) != n_rows:
        raise InvalidInputError(
            f"{path} holds an array of shape {array.shape}; the table has {n_rows:,} "
            "rows. Give one row of features for each row of the table, in the same order."
        )
    view = array_view(array)
    if isinstance(view, Numbers):
        view = Block(view.values.reshape(-1, 1))
    if not isinstance(view, Block):
        raise InvalidInputError(
            f"{path} holds values of type {array.dtype}. Give an array of numbers."
        )
    _check_finite(str(path), view.values)
    width = view.values.shape[1]
    return Features(view.values, (FeatureColumn(str(path), "block", width, "as they are"),))


def _encode(table: Table, name: str, view: View, scale: bool) -> tuple[FeatureColumn, FloatArray]:
    if isinstance(view, Mixed):
        raise InvalidInputError(_about_mixed(table, name, view))
    if isinstance(view, Unusable):
        return replace(_left_out(name, view.reason), doubt=view.doubt), _NOTHING
    if isinstance(view, Categories):
        doubt = view.doubt or _about_words(view)
        if len(view.levels) < 2 and (view.codes >= 0).all():
            return _left_out(name, "one value only"), _NOTHING
        values = category_points(view.codes, len(view.levels), scale=scale)
        note = "0 or 1 for each value"
        return FeatureColumn(name, "categories", values.shape[1], note, doubt=doubt), values
    if isinstance(view, Block):
        _check_finite(f"column {name!r}", view.values, table, name)
        if (view.values == view.values[0]).all():
            return _left_out(name, "one value only"), _NOTHING
        values = standardised(view.values) if scale else view.values
        note = "centred and scaled as a whole" if scale else "as they are"
        return FeatureColumn(name, "block", values.shape[1], note), values
    n_missing = int(np.count_nonzero(np.isnan(view.values)))
    present = view.values[~np.isnan(view.values)] if n_missing else view.values
    _check_finite(f"column {name!r}", np.where(np.isnan(view.values), 0, view.values), table, name)
    if not len(present):
        return _left_out(name, "empty"), _NOTHING
    if not n_missing and (present == present[0]).all():
        return _left_out(name, "one value only"), _NOTHING
    values = number_points(view.values, scale=scale)
    said = view.said
    if n_missing:
        said = (*said, f"{counted(n_missing, 'number')} missing")
    note = "standardised" if scale else "as they are"
    column = FeatureColumn(name, "number", values.shape[1], note, said=said, doubt=view.doubt)
    return column, values


def _about_mixed(table: Table, name: str, view: Mixed) -> str:
    example = view.example[:40]
    where = f"{row_list(view.rows)} (the first: {example!r})"
    if like_numbers([view.example]):
        start = f"column {name!r} holds numbers, but written in another way in {where}. "
        fix = "Write all of them alike"
    else:
        start = f"column {name!r} holds numbers, but other text in {where}. "
        fix = (
            "Fix the cells, or say that they mean a missing number "
            f"({setting('missing', [example])})"
        )
    return (
        f"{start}{fix}, or leave the column out ({setting('exclude', [name])}), or take its values "
        f"as names ({setting('categorical', [name])}). {_how_counted(table)}"
    )


def _about_words(view: Categories) -> str:
    words = [level for level in view.levels if is_missing_word(level)]
    if not words:
        return ""
    counts = "counts as a value like any other" if len(words) == 1 else "count as values"
    means = "it means" if len(words) == 1 else "they mean"
    return (
        f"holds words, among which {quoted(words)} {counts}. If {means} that nothing is known: "
        f"{setting('missing', words)}"
    )


def _left_out(name: str, reason: str) -> FeatureColumn:
    return FeatureColumn(name, "left out", 0, reason)


def _check_finite(
    what: str, values: FloatArray, table: Table | None = None, name: str = ""
) -> None:
    """Raise if a number is missing or not finite; `table` and `name` tell where it came from."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    rows = np.flatnonzero(bad if values.ndim == 1 else bad.any(axis=1))
    infinite = np.flatnonzero(np.isinf(values)) if values.ndim == 1 else np.empty(0, np.intp)
    cells = [] if table is None or not len(infinite) else table.values(name)
    too_large = [_is_written_out(cells[row]) for row in infinite] if cells else []
    kinds = [
        description
        for description, found in (
            ("no number (empty or NaN)", np.isnan(values).any()),
            ("infinity", np.isinf(values).any() and not (too_large and all(too_large))),
            ("a value too large for a number (beyond 1.8e308)", any(too_large)),
        )
        if found
    ]
    fix = "Fill or fix them" if np.isnan(values).any() else "Fix them"
    leave = "" if table is None else f", or leave the column out ({setting('exclude', [name])})"
    remove = " or remove the rows" if table is None else ", remove the rows"
    raise InvalidInputError(
        f"{what} has {' or '.join(kinds)} in {row_list(rows)}. {fix}{remove}{leave}. "
        f"{_how_counted(table)}"
    )


def _is_written_out(cell: object) -> bool:
    """Tell whether a cell that came to be infinite is digits (1e400), not the word or value."""
    return isinstance(cell, int) or (isinstance(cell, str) and any(map(str.isdigit, cell)))


def _how_counted(table: Table | None) -> str:
    """Say how rows are counted; only text tables (CSV, TSV) have a header."""
    has_header = table is not None and table.untyped
    return (
        "Rows are counted from 1, without the header." if has_header else "Rows are counted from 1."
    )


def _no_feature(table: Table, columns: Sequence[FeatureColumn]) -> str:
    array = setting("names", "embeddings.npy")
    if not columns:
        return (
            f"{table.path} has no column beside the label. Add columns that describe the rows, or "
            f"give an array of features ({array})."
        )
    listed = "; ".join(f"{column.name!r}: {column.note}" for column in columns[:5])
    more = f"; and {len(columns) - 5:,} more" if len(columns) > 5 else ""
    if any(column.note.startswith("free text") for column in columns):
        return (
            f"no column of {table.path} can be a feature ({listed}{more}). Make an array of "
            f"numbers of the text (TF-IDF or an embedding), and give that: {array}."
        )
    return (
        f"no column of {table.path} can be a feature ({listed}{more}). Name columns to use all the "
        f"same ({setting('names', ['a', 'b'])}), or give an array of features ({array})."
    )
