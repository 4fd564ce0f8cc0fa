"""Tables as points: each column as what it holds, and none louder than another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from fewlabels._typing import Matrix, Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.features._fitting import (
    LeftOut,
    ReadColumn,
    Settings,
    Used,
    column_of_rows,
    encoded,
    sparsely,
    weighed,
)
from fewlabels.features._joining import joined
from fewlabels.features._point_maker import PointMaker
from fewlabels.features._states import flag, part, texts, unread_of, unread_state
from fewlabels.features._table_columns import FittedColumn, TableColumn, distance_of
from fewlabels.features._table_words import (
    IS_USED,
    about_rows,
    about_unread,
    described,
    nothing_left,
)
from fewlabels.features._totals import about_named_total, about_totals
from fewlabels.features._weighing import can_tell, label_codes
from fewlabels.features.columns_read import checked_kinds, columns_read, require_columns
from fewlabels.features.new_points import IntArray, NewPoints, warn_of
from fewlabels.io._exports import not_data
from fewlabels.io._frames import table_of
from fewlabels.io._table import Table, setting


class Tables(PointMaker):
    """Turn the rows of a table into points, with each column used by its kind and equally weighted.

    The kind of a column is inferred from its type, or from its cells if there is no type, as in a
    CSV file. Each column is centred and divided by one number, so that the variances of its
    features sum to 1: no column counts for more because of its unit or its number of features.
    Texts have the weight 0, 1 or 2, chosen with the help of labels left out; 2 if these can't
    decide; and at least 1 if the column is named in `columns`, or is the only one.

    ========  =====================================================================================
    number    One feature; in columns with a heavy tail, what is beyond three robust standard
              deviations is drawn in by its logarithm. Missing ones are the median, and a second
              feature, of half the weight, says where.
    category  Text that comes again, and booleans: 0 or 1 for each value. Values of one row only (in
              tables of 50 rows or more), and those beyond the 200 most frequent, together. Missing
              and new values are none of them.
    date      Days; and as places on a circle the time of day, the weekday (from two weeks on) and
              the time of year (from two years on), where these differ.
    list      Lists of names, also as text with commas, semicolons or bars between: 0 or 1 for each.
    array     As many numbers in each row: as they are. Missing ones are the medians.
    text      Free text: :class:`fewlabels.Texts`, or `embeddings`.
    image     Files of pictures that are there: :class:`fewlabels.Images`.
    ========  =====================================================================================

    Left out, with the reason in `columns_`: columns with one value, row numbers (whole numbers
    without a gap, each once), identifiers (numbers that all differ, in a column named id, index,
    uuid or guid, or ending so), names that differ in more than half of the rows unless labels left
    out speak for them, and a column that is the labels.

    Parameters
    ----------
    columns : mapping of str to str, default=None
        The kinds of columns that would be misinterpreted: one of the kinds above; ``"drop"`` to
        leave a column out; ``"use"`` to use one that would be left out.
        ``"date:%m/%d/%Y"`` gives the format of dates, as in :meth:`datetime.datetime.strptime`.
    embeddings : object, default=None
        What computes embeddings of the text columns; see :class:`fewlabels.Embeddings`.
    scale : bool, default=True
        Bring the columns to one scale. If False, numbers and arrays are not changed; use this for
        columns that share a unit.
    random_state : int, default=0
        Of :class:`fewlabels.Texts`.

    Attributes
    ----------
    columns_ : tuple of TableColumn
        How each column was used.
    choices_ : tuple of str
        The same in words.
    warnings_ : tuple of str
        What may have been misinterpreted.
    unread_ : dict of int to str
        Rows about which nothing is known: all used cells are missing or unreadable pictures. (If
        something else is known, an unreadable picture counts as the mean of the others.)
    n_alike_ : int or None
        As of :class:`fewlabels.Texts`, where nothing but texts is used; with other columns, too, if
        there are labels, but no two classes have two.
    distance_ : object, or None
        As of :class:`fewlabels.Texts`, where a single column is used, of texts.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)

    Notes
    -----
    Cost: O(n) a column, and that of :class:`fewlabels.Texts`. Memory: 8 n d bytes for d features,
    half of which is the result; where texts are sparse, twice the entries that are not 0.

    Examples
    --------
    >>> from fewlabels import Tables
    >>> table = {"price": [3.5, 4.0, None, 9.0], "colour": ["red", "red", "blue", None]}
    >>> tables = Tables().fit(table)
    >>> tables.get_feature_names_out().tolist()
    ['price', 'price=missing', 'colour=blue', 'colour=red']
    >>> tables.transform({"price": [4.0], "colour": ["green"]}).shape
    (1, 4)
    """

    def __init__(
        self,
        columns: Mapping[str, str] | None = None,
        *,
        embeddings: object = None,
        scale: bool = True,
        random_state: int = 0,
    ) -> None:
        self.columns = columns
        self.embeddings = embeddings
        self.scale = scale
        self.random_state = random_state

    def fit(self, X: object, y: npt.ArrayLike | None = None) -> Self:
        """Learn the kinds of the columns, their names, medians and scales.

        Parameters
        ----------
        X : table of pandas, polars or pyarrow, dict of columns, or fewlabels.io.Table
            The columns of an array of shape (n_rows, n_columns) are called x0, x1, ...
        y : array-like of int of shape (n_rows,), default=None
            Codes of the classes, -1 where unlabelled: they choose how much texts count.

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If this is not a table; if `columns` names an unknown column or kind; if numbers are
            infinite or mixed with text (the rows are named); if no column distinguishes rows.
        """
        self._fit(X, y)
        return self

    def fit_transform(self, X: object, y: npt.ArrayLike | None = None) -> Matrix:
        """Fit, and return the points of the same rows; see :meth:`fit` and :meth:`transform`."""
        return self._fit_points(X, y)

    def transform(self, X: object, embeddings: object = None) -> Matrix:
        """Return the rows of a table as points.

        Parameters
        ----------
        X : as of :meth:`fit`
            Columns that were not in the table of :meth:`fit` are ignored.
        embeddings : array-like of shape (n_rows, n_numbers), or path of an .npy file, default=None
            The embeddings of X as rows, if they were passed to :meth:`fit` like this. The column
            that they represent is not needed then.

        Returns
        -------
        {ndarray, csr_matrix, table} of shape (n_rows, n_features), float32
            Sparse where texts are; float64 without `scale`. A table after
            ``set_output(transform="pandas")`` or ``"polars"``.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If columns are missing (they are named), or if a column contains something that its kind
            can't.

        Warns
        -----
        FeatureWarning
            About rows about which nothing is known: in each column, the cell is missing, or
            contains only values or words that were not in :meth:`fit`.
        """
        found = self._of_new(X, embeddings)
        warn_of(found.warnings)
        return found.values

    def _of_new(self, X: object, embeddings: object = None) -> NewPoints:
        """Return the rows of a table as points, and say of which nothing is known."""
        check_is_fitted(self, "columns_")
        table = table_of(X)
        embedded = next(iter(self.embedded_columns_), None)
        if (embedded is None) != (embeddings is None):
            raise InvalidInputError(about_rows(embedded), parameter="embeddings")
        needed = [column.name for column in self._fitted if column.name != embedded]
        require_columns(table, needed, set(self.feature_names_in_))
        made = [
            column.embedded(embeddings, table.n_rows)
            if column.name == embedded
            else column.of_new(table)
            for column in self._fitted
        ]
        unread = _nothing_known([each.unread for each in made])
        return NewPoints(
            self._joined([each.values for each in made]),
            unread,
            made[0].compared if len(made) == 1 else None,
            (
                *(line for each in made for line in each.warnings),
                *self._about_unread(unread, table, "the points were made of"),
            ),
        )

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the features: the column, and its part.

        Parameters
        ----------
        input_features : ignored
            As scikit-learn's transformers take it.

        Returns
        -------
        ndarray of str of shape (n_features,), dtype object
            Such as ``"colour=red"``, ``"price=missing"``, ``"when_weekday_sin"``.
        """
        check_is_fitted(self, "columns_")
        return np.array([name for column in self._fitted for name in column.names], dtype=object)

    @property
    def embedded_columns_(self) -> tuple[str, ...]:
        """The column whose embeddings came as rows, which :meth:`transform` needs of new data."""
        check_is_fitted(self, "columns_")
        return tuple(column.name for column in self._fitted if column.needs_rows)

    def ignored(self, X: object) -> list[str]:
        """Return the columns of a table that were not in :meth:`fit`, and are ignored."""
        check_is_fitted(self, "columns_")
        known = set(self.feature_names_in_)
        return [name for name in table_of(X).names if name not in known]

    def _fit_points(self, X: object, y: object = None) -> Matrix:
        return self._joined([each.raw for each in self._fit(X, y)])

    def _fit(self, X: object, y: object) -> list[Used]:
        seed = self._seed()
        table = table_of(X)
        kinds = checked_kinds(self.columns, table)
        codes = label_codes(y, table.n_rows)
        settings = Settings(
            codes=codes,
            scale=bool(self.scale),
            embeddings=self.embeddings,
            random_state=seed,
            by_labels=can_tell(codes),
            added=not_data(table.names),
        )
        settings = replace(settings, takes_rows=column_of_rows(table, kinds, settings))
        read = columns_read(table, kinds, settings)
        views = {each.name: each.view for each in read if isinstance(each, ReadColumn)}
        totals = about_totals(views) or about_named_total(table, views, codes)
        found = weighed(self._each_encoded(read, settings), settings)
        self.columns_: tuple[TableColumn, ...] = tuple(each.about for each in found)
        used = [each for each in found if isinstance(each, Used)]
        if not used:
            raise InvalidInputError(nothing_left(table.path, self.columns_))
        if self.embeddings is not None and not (
            settings.takes_rows or any(each.about.kind == "text" for each in found)
        ):
            raise InvalidInputError(
                f"embeddings are for texts, and no column of {table.path} was taken for them. Say "
                f"which is: {setting('columns', {table.names[0]: 'text'})}."
            )
        used = sparsely(used)
        self._fitted = tuple(each.fitted for each in used)
        self.distance_: Package = distance_of(self._fitted)
        few = codes is not None and bool((codes >= 0).any()) and not settings.by_labels
        self.n_alike_ = _n_alike(self._fitted, few=few)
        nothing = _nothing_known([each.unread for each in used])
        self.unread_ = dict.fromkeys(nothing.tolist(), "")
        self.n_features_in_ = len(table.names)
        self.feature_names_in_ = np.array(table.names, dtype=object)
        self.choices_ = tuple(described(self.columns_))
        self.warnings_ = (
            *totals,
            *(f"column {each.name!r} {each.doubt}." for each in self.columns_ if each.doubt),
            *(line for each in found for line in each.warnings),
            *self._about_unread(nothing, table, IS_USED),
        )
        return used

    def _each_encoded(
        self, read: list[ReadColumn | LeftOut], settings: Settings
    ) -> list[Used | LeftOut]:
        """Return each column as it is used, or left out; `read` is empty then."""
        found: list[Used | LeftOut] = []
        n_columns = len(read)
        while read:  # so that each is held no longer than it is needed
            column = read.pop(0)
            found.append(column if isinstance(column, LeftOut) else encoded(column, settings))
            self._tick(len(found) / n_columns)
        return found

    def _about_unread(self, rows: IntArray, table: Table, of_what: str) -> Iterator[str]:
        """Say of which rows nothing is known, but of pictures, which have said so themselves."""
        if any(column.kind != "image" for column in self._fitted):
            yield from about_unread(len(rows), table.n_rows, of_what)

    def _joined(self, raws: Sequence[Matrix]) -> Matrix:
        return joined(self._fitted, raws, np.float32 if self.scale else np.float64)

    def _state(self) -> State:
        """Return what was learned as plain values and arrays."""
        check_is_fitted(self, "columns_")
        return {
            "names": [str(name) for name in self.feature_names_in_],
            "scale": bool(self.scale),
            "choices": list(self.choices_),
            "warnings": list(self.warnings_),
            "unread": unread_state(self.unread_),
            "columns": {str(place): column.state() for place, column in enumerate(self._fitted)},
        }

    @classmethod
    def _from_state(cls, state: object) -> Self:
        """Return what :meth:`_state` described; raise DataFileError if it is damaged."""
        held = part(state, "columns", dict)
        tables = cls(scale=flag(state, "scale"))
        names = texts(state, "names")
        tables.feature_names_in_ = np.array(names, dtype=object)
        tables.n_features_in_ = len(names)
        tables.choices_, tables.warnings_ = texts(state, "choices"), texts(state, "warnings")
        tables.unread_ = unread_of(state)
        tables._fitted = tuple(
            FittedColumn.from_state(part(held, str(place), dict)) for place in range(len(held))
        )
        if not held or not {column.name for column in tables._fitted} <= set(names):
            raise DataFileError("the saved features are damaged: their columns are not all named.")
        tables.distance_ = None
        tables.columns_ = tuple(
            TableColumn(each.name, each.kind, each.width, each.encoder.note, each.weight)
            for each in tables._fitted
        )
        return tables

    def _take_distance(self, state: object, n_rows: int) -> Package:
        """Compare new rows by a distance that was saved; raise DataFileError if damaged."""
        take = _of_transformers(self._fitted, "_take_distance")
        if len(take) != 1 or take[0] is None:
            raise DataFileError("the saved points are damaged: nothing made their distance")
        self.distance_ = take[0](state, n_rows)
        return self.distance_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _n_alike(columns: Sequence[FittedColumn], *, few: bool) -> int | None:
    """Return how many of the nearest count alike, if it is so of the texts and these decide.

    They do where nothing else is used, and where labels are `few`: the nearest by all columns are
    then near by chance, too. On four tables with texts and one label per class, 1 to 9 points more
    were right; with two or five, fewer than by distance.
    """
    found = _of_transformers(columns, "n_alike_")
    numbers = [n for n in found if n is not None]
    return min(numbers) if numbers and (few or len(numbers) == len(found)) else None


def _of_transformers(columns: Sequence[FittedColumn], name: str) -> list[Any]:
    """Return what the transformer of each column says of neighbours; None where it is none."""
    return [getattr(getattr(c.encoder, "transformer", None), name, None) for c in columns]


def _nothing_known(unread: Sequence[IntArray]) -> IntArray:
    """Return the rows in which no column says anything."""
    return reduce(np.intersect1d, unread)
