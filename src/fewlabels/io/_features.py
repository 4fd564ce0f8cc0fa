"""Make a matrix of features from the columns of a table, and say how."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._files import explaining_errors
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io._npz import load_arrays
from fewlabels.io._table import (
    Block,
    Categories,
    FloatArray,
    Mixed,
    Numbers,
    Table,
    Unusable,
    View,
    row_list,
)
from fewlabels.io._views import array_view, categories_of

# A column with more categories than this, or with a new one in more than half of its rows, is
# a name or a free text: one-hot, it says only that every row is unlike every other.
_MOST_CATEGORIES = 200

# Tables of fewer rows don't show what is a row number or a name.
_FEW_ROWS = 10

_IDENTIFIER = re.compile(
    r"(?i:(.*[_ .-])?(id|index|uuid|guid)|unnamed: \d+|__index_level_\d+__|)|.*[a-z](Id|ID)"
)


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
    """

    name: str
    kind: str
    width: int
    note: str
    all_different: bool = False


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

    Numbers are standardised (mean 0, variance 1). Categories, text and booleans become one
    column of 0 and 1 for each value; an empty cell is none of the values. A block (a list or an
    array a row) is centred and divided by one number for all of it, its root mean variance, as
    its columns share a unit. Left out are columns with one value only, dates, row numbers and
    identifiers, and columns of text with a different value in more than half of the rows.

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
        Standardise numbers and blocks; else they are used as they are.

    Returns
    -------
    Features

    Raises
    ------
    InvalidInputError
        If a column is unknown or `names` is empty; if a number is missing, NaN or infinite (the
        rows are named); if a column of numbers has text in it; if no column can be used.
    """
    exclude, categorical = list(exclude), list(categorical)
    for option, given in (
        ("--features", names or ()),
        ("--exclude", exclude),
        ("--categorical", categorical),
    ):
        for name in given:
            table.require(name, option)
            if name == label:
                raise InvalidInputError(
                    f"column {name!r} is the label; it can't be given to {option} too."
                )
    chosen = names is not None
    if chosen and not names:
        raise InvalidInputError(
            "--features names no column. Name some (--features a,b), or leave the option out."
        )
    considered = [name for name in dict.fromkeys(names or table.names) if name != label]
    parts: list[FloatArray] = []
    columns: list[FeatureColumn] = []
    for name in considered:
        if name in exclude:
            columns.append(_left_out(name, "--exclude")[0])
            continue
        if not chosen and ignore is not None and name in ignore:
            columns.append(_left_out(name, ignore[name])[0])
            continue
        if name in categorical:
            view: View = categories_of(table.values(name))
        else:
            view = table.view(name)
        if not (chosen or name in categorical):
            view = _without_identifiers(name, view)
        column, values = _encode(table, name, view, scale)
        if column.kind == "number" and not chosen and isinstance(view, Numbers):
            column = replace(column, all_different=_all_different(view.values))
        columns.append(column)
        if column.width:
            parts.append(values)
    if not parts:
        raise InvalidInputError(_no_feature(table, columns))
    return Features(np.concatenate(parts, axis=1), tuple(columns))


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
        raise DataFileError(f"{path} (--features) does not exist. Check the path.")
    with explaining_errors(path, writing=False, raising=DataFileError):
        array = load_arrays(path)
    if isinstance(array, dict):
        raise DataFileError(f"{path} is an NPZ archive. Save one array with numpy.save.")
    if array.ndim == 0 or len(array) != n_rows:
        raise InvalidInputError(
            f"{path} (--features) holds an array of shape {array.shape}; the table has {n_rows:,} "
            "rows. Give one row of features for each row of the table, in the same order."
        )
    view = array_view(array)
    if isinstance(view, Numbers):
        view = Block(view.values.reshape(-1, 1))
    if not isinstance(view, Block):
        raise InvalidInputError(
            f"{path} (--features) holds values of type {array.dtype}. Give an array of numbers."
        )
    _check_finite(f"{path} (--features)", view.values)
    width = view.values.shape[1]
    return Features(view.values, (FeatureColumn(str(path), "block", width, "as they are"),))


def _without_identifiers(name: str, view: View) -> View:
    """Return the view, or why the column says which row it is and nothing about the row."""
    if isinstance(view, Categories):
        n_filled = int(np.count_nonzero(view.codes >= 0))
        n_levels = len(view.levels)
        mostly_new = len(view.codes) >= _FEW_ROWS and 2 * n_levels > n_filled
        if n_levels > _MOST_CATEGORIES or mostly_new:
            return Unusable(f"text with {n_levels:,} different values in {n_filled:,} rows")
    if isinstance(view, Mixed) and _IDENTIFIER.fullmatch(name.strip()):
        return Unusable("an identifier")
    if isinstance(view, Numbers) and _all_different(view.values):
        if np.ptp(view.values) == len(view.values) - 1:
            return Unusable("row numbers")
        if _IDENTIFIER.fullmatch(name.strip()):
            return Unusable("an identifier, different in every row")
    return view


def _all_different(values: FloatArray) -> bool:
    """Tell whether these are whole numbers, each once, in a table of more than a few rows."""
    if len(values) < _FEW_ROWS or not np.isfinite(values).all():
        return False
    return bool((values == np.floor(values)).all()) and len(np.unique(values)) == len(values)


def _encode(table: Table, name: str, view: View, scale: bool) -> tuple[FeatureColumn, FloatArray]:
    if isinstance(view, Mixed):
        quoted_name = shlex.quote(name)
        raise InvalidInputError(
            f"column {name!r} holds numbers, but text in {row_list(view.rows)} (the first: "
            f"{view.example[:40]!r}). Mend the cells, or leave the column out (--exclude "
            f"{quoted_name}), or take its values as names (--categorical {quoted_name}). "
            f"{_how_counted(table)}"
        )
    if isinstance(view, Categories):
        if len(view.levels) < 2 and (view.codes >= 0).all():
            return _left_out(name, "one value only")
        values = (view.codes[:, None] == np.arange(len(view.levels))).astype(np.float64)
        return FeatureColumn(name, "categories", values.shape[1], "0 or 1 for each value"), values
    if isinstance(view, Unusable):
        return _left_out(name, view.reason)
    _check_finite(f"column {name!r}", view.values, table, name)
    values = view.values if isinstance(view, Block) else view.values[:, None]
    kind = "block" if isinstance(view, Block) else "number"
    if (values == values[0]).all():
        return _left_out(name, "one value only")
    if not scale:
        return FeatureColumn(name, kind, values.shape[1], "as they are"), values
    how = "standardised" if kind == "number" else "centred and scaled as a whole"
    return FeatureColumn(name, kind, values.shape[1], how), _standardised(values)


def _left_out(name: str, reason: str) -> tuple[FeatureColumn, FloatArray]:
    return FeatureColumn(name, "left out", 0, reason), np.empty((0, 0))


def _standardised(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values minus the mean of each column, over the root mean variance of all columns.

    They are first divided by the largest of all, so that squares neither overflow nor vanish.
    """
    scaled = values / np.abs(values).max()
    centred = scaled - scaled.mean(axis=0, dtype=np.float64)
    root_mean_variance = np.sqrt(np.mean(centred.var(axis=0)))
    standardised: npt.NDArray[Any] = (centred / root_mean_variance).astype(values.dtype, copy=False)
    return standardised


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
    names = [
        description
        for description, found in (
            ("no number (empty or NaN)", np.isnan(values).any()),
            ("infinity", np.isinf(values).any() and not (too_large and all(too_large))),
            ("a value too large for a number (beyond 1.8e308)", any(too_large)),
        )
        if found
    ]
    mend = "Fill or mend them" if np.isnan(values).any() else "Mend them"
    if np.isnan(values).any() and not np.isinf(values).any():
        mend = "Fill them"
    leave = "" if table is None else f", or leave the column out (--exclude {shlex.quote(name)})"
    remove = " or remove the rows" if table is None else ", remove the rows"
    raise InvalidInputError(
        f"{what} has {' or '.join(names)} in {row_list(rows)}. {mend}{remove}{leave}. "
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
    if not columns:
        return (
            f"{table.path} has no column beside the label. Add columns that describe the rows, or "
            "give features in an .npy file (--features)."
        )
    listed = "; ".join(f"{column.name!r}: {column.note}" for column in columns[:5])
    more = f"; and {len(columns) - 5:,} more" if len(columns) > 5 else ""
    return (
        f"no column of {table.path} can be a feature ({listed}{more}). Name columns to use all the "
        "same (--features a,b), or give an .npy file."
    )
