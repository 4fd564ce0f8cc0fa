"""From data to points: the one way, for estimators, sessions and commands alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import array_or_csr, checked_array
from fewlabels._typing import Estimator, Frame, Matrix, Package
from fewlabels._validation import check_choice
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features._embedded import check_n_rows
from fewlabels.features._point_maker import point_maker
from fewlabels.features.embeddings import embeddings_of
from fewlabels.features.kinds import KINDS, Kind, as_table, items_of, kind_of, n_rows_of
from fewlabels.features.new_points import NewPoints, is_zero, warn_of
from fewlabels.io._table import quoted


@dataclass(frozen=True, eq=False)
class Points:
    """Data as points: rows of numbers that are near one another if the data are similar.

    Attributes
    ----------
    values : ndarray of float, or csr_matrix, of shape (n_points, n_features)
        Finite. Rows have length 1 if only angles matter.
    kind : {"array", "texts", "images", "table", "embeddings"}
        What kind of data it was.
    transformer : transformer, or None
        The fitted transformer that made the points; None for arrays, which are used as they are.
    choices : tuple of str
        What was chosen, and why.
    warnings : tuple of str
        What may have been misinterpreted or will work poorly, and what to do about it.
    distance : object, or None
        Compares candidates for neighbours more finely than the values do: an object with
        ``between(rows, candidates)``, which returns distances of the shape of `candidates`,
        (n_rows, n_candidates), and maybe an attribute ``n_candidates``, how many of the nearest it
        compares at least (60 without). New points bring their own: see
        :class:`fewlabels.features.NewPoints`.
    n_alike : int, or None
        This number of nearest neighbours count equally, however far they are. None: nearer ones
        count more.

    Examples
    --------
    >>> from fewlabels import make_points
    >>> points = make_points({"price": [12.5, 80.0, None], "colour": ["red", "blue", "red"]})
    >>> points.kind, points.values.shape
    ('table', (3, 4))
    """

    values: Matrix
    kind: Kind
    transformer: Estimator = None
    choices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    distance: Package = None
    n_alike: int | None = None

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def unread(self) -> npt.NDArray[np.intp]:
        """Rows about which nothing is known, such as unreadable pictures."""
        return np.array(sorted(getattr(self.transformer, "unread_", ())), dtype=np.intp)

    @property
    def is_scaled(self) -> bool:
        """Whether the scales of the columns are intended, which they may not be for arrays."""
        columns = getattr(self.transformer, "columns_", ())
        return self.kind != "array" and {c.kind for c in columns if c.width} != {"array"}

    def __str__(self) -> str:
        n_points, n_features = self.values.shape
        lines = [f"{n_points:,} points of {n_features:,} features, made of {self.kind}"]
        lines += [f"  {line}" for line in (*self.choices, *self.warnings)]
        return "\n".join(lines)

    def transform(self, data: object, embeddings: object = None) -> Matrix:
        """Return new data as points, by the fitted transformer.

        Parameters
        ----------
        data : object
            New data of the same kind as the original data.
        embeddings : array-like of shape (n_rows, n_numbers), or path of an .npy file, default=None
            The embeddings of `data`, if those of the original data were passed as rows.

        Returns
        -------
        ndarray or csr_matrix of shape (n_rows, n_features)

        Raises
        ------
        InvalidInputError
            If the data is of another kind, or columns are missing: they are named.

        Warns
        -----
        FeatureWarning
            If columns are ignored, or nothing is known about some rows: texts without any known
            word, unreadable pictures.
        """
        found = self.of_new(data, embeddings)
        warn_of(found.warnings)
        return found.values

    def of_new(self, data: object, embeddings: object = None) -> NewPoints:
        """Return new data as points, with all that is known about them; see :meth:`transform`.

        Parameters
        ----------
        data, embeddings : as of :meth:`transform`

        Returns
        -------
        NewPoints
            Models accept them as new points. Its `warnings` are only listed, not issued.
        """
        if self.transformer is None:
            return NewPoints(_as_array(data))
        data = _read(data, self.kind)
        found = self._made(data) if embeddings is None else self._embedded(data, embeddings)
        told = list(found.warnings)
        if self.kind == "table" and (new := self.transformer.ignored(data)):
            verb = "is" if len(new) == 1 else "are"
            told.append(f"{quoted(new)} {verb} ignored: the points were made of other columns.")
        return replace(found, warnings=tuple(told))

    def _made(self, data: object) -> NewPoints:
        made = getattr(self.transformer, "_of_new", None)
        if made is not None:
            found: NewPoints = made(data)
            return found
        values = self.transformer.transform(data)
        return NewPoints(values, np.flatnonzero(is_zero(values)))

    def _embedded(self, data: object, embeddings: object) -> NewPoints:
        """Return new data as points, of which the embeddings came as rows."""
        made: Estimator = self.transformer
        if self.kind == "table":
            found: NewPoints = made._of_new(data, embeddings)
            return found
        if not getattr(made, "needs_rows_", False):
            raise InvalidInputError(
                "these points were not made of rows of embeddings. Leave embeddings out.",
                parameter="embeddings",
            )
        found = made._of_new(embeddings)
        check_n_rows(found.values, n_rows_of(data))
        return found


def make_points(
    data: Frame,
    y: npt.ArrayLike | None = None,
    *,
    kind: Kind | None = None,
    columns: Mapping[str, str] | None = None,
    embeddings: object = None,
    scale: bool = True,
    random_state: int = 0,
    cache: Package = None,
    progress: Callable[[float], object] | None = None,
) -> Points:
    """Turn data into points: texts, pictures, tables or numbers.

    Parameters
    ----------
    data : object
        - numbers of shape (n, d), also lists of lists and sparse matrices: points as they are;
        - a table of pandas, polars or pyarrow, a dict of columns, a
          :class:`fewlabels.io.Table`, or the Path of a file that
          :func:`fewlabels.io.read_table` reads: :class:`fewlabels.Tables`;
        - a list, an array or a column of str: :class:`fewlabels.Texts`; names of pictures that
          exist, a list of Paths, the Path of a folder, lists of pictures of Pillow or of arrays of
          pixels, and arrays of shape (n, height, width) or (n, height, width, channels):
          :class:`fewlabels.Images`;
        - Points: as they are.
    y : array-like of int of shape (n,), default=None
        Codes of the classes, -1 where unlabelled. Used only to choose how points are made, by
        labels left out.
    kind : {"array", "texts", "images", "table", "embeddings"}, default=None
        The kind of data; None: as above.
    columns : mapping of str to str, default=None
        For tables, the kinds of columns that would be misinterpreted; see
        :class:`fewlabels.Tables`.
    embeddings : object, default=None
        What computes embeddings of texts or pictures; see :class:`fewlabels.Embeddings`.
    scale : bool, default=True
        For tables, bring the columns to one scale. If False, numbers are not changed.
    random_state : int, default=0
    cache : path, default=None
        The folder where embeddings are cached.
    progress : callable, default=None
        Called with the share of the work done, from 0 to 1.

    Returns
    -------
    Points

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the data can't be turned into points; the message says why, and what to do.
    DataFileError
        If a file can't be read.

    Warns
    -----
    FeatureWarning
        Each of the points' `warnings`.

    Examples
    --------
    >>> from fewlabels import make_points
    >>> points = make_points([[1.0, 2.0], [3.0, 4.0]])
    >>> points.kind, points.values.shape
    ('array', (2, 2))
    """
    if isinstance(data, Points):
        return data
    if kind is not None:
        check_choice("kind", kind, KINDS)
    found = kind or kind_of(data)
    _check_settings(found, columns, embeddings)
    if found == "array" and embeddings is None:
        return Points(_as_array(data), found)
    if found == "table":
        transformer = point_maker("Tables")(
            columns,
            embeddings=None if embeddings is None else embeddings_of(embeddings, cache),
            scale=scale,
            random_state=random_state,
        )
    elif embeddings is not None or found == "embeddings":
        found = "embeddings"
        transformer = embeddings_of(embeddings, cache)
    else:
        name = "Texts" if found == "texts" else "Images"
        transformer = point_maker(name)(random_state=random_state)
    transformer._progress = progress
    try:
        values = transformer._fit_points(_read(data, found), y)
    finally:
        del transformer._progress
    distance = getattr(transformer, "distance_", None)
    choices = transformer.choices_ if distance is None else (*transformer.choices_, distance.choice)
    points = Points(
        values,
        found,
        transformer,
        choices,
        transformer.warnings_,
        distance,
        getattr(transformer, "n_alike_", None),
    )
    warn_of(points.warnings)
    return points


def _check_settings(kind: Kind, columns: object, embeddings: object) -> None:
    if columns is not None and kind != "table":
        raise InvalidInputError(
            f"columns belong to tables, and this was taken for {kind}. Leave them out.",
            parameter="columns",
        )
    if kind == "embeddings" and embeddings is None:
        raise InvalidInputError("kind='embeddings' needs embeddings: say what embeds the data.")


def _read(data: object, kind: str) -> object:
    """Return the table in a file, files in a folder, items of a column; other data as it is."""
    if kind == "table":
        return as_table(data)
    items = items_of(data)
    return data if items is None else items


def _as_array(data: object) -> Matrix:
    """Return numbers of two dimensions, dense or CSR, as they are; or raise."""
    if data is None or isinstance(data, (str, bytes)):
        came = f"a {type(data).__name__}, {data!r:.60}" if data is not None else "None"
        raise InvalidTypeError(
            f"points are made of many rows; got {came}. Pass a list of texts, or the path of a "
            "file or folder as a pathlib.Path."
        )
    checked = checked_array(data)
    try:
        X = array_or_csr(checked)
        if not isinstance(X, np.ndarray):
            return X
        if X.dtype.kind not in "fiub":
            X = X.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidTypeError(
            f"no points can be made of a {type(data).__name__} that holds neither numbers, texts "
            f"nor pictures alone ({reason}). Pass a table, such as pandas.DataFrame(X), a list of "
            "texts or an array of numbers."
        ) from error
    if X.ndim == 1 and len(X):
        raise InvalidInputError(
            f"points need an array of two dimensions, (n, d); got {len(X):,} numbers in one. Pass "
            "numpy.reshape(X, (-1, 1)) if each is a point."
        )
    if X.ndim != 2:
        raise InvalidInputError(
            f"points need an array of two dimensions, (n, d); got one of shape {X.shape}."
        )
    return X
