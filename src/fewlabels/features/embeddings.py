"""Rows that a pretrained model makes of texts or pictures, whoever brings the model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self, cast

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from fewlabels._array_files import read_arrays
from fewlabels._damage import refusing_damage
from fewlabels._files import explaining_errors
from fewlabels._labels import is_missing
from fewlabels._progress import reporting
from fewlabels._typing import Cells, Matrix, Package, State
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.features._cache import KeptRows, cache_folder
from fewlabels.features._embedded import embedded, of_length_one, sound_rows
from fewlabels.features._embedder import Embedder
from fewlabels.features._point_maker import PointMaker
from fewlabels.features._resolved import NAMES, holds_rows, is_file_of_rows, resolved
from fewlabels.features._states import flag, number, part, texts, unread_of, unread_state
from fewlabels.features.kinds import items_of
from fewlabels.features.new_points import NewPoints, is_zero, warn_of
from fewlabels.io import PictureFolder, read_picture_folder


class Embeddings(PointMaker):
    """Embed texts or pictures by a pretrained model, so that neighbours have similar meanings.

    Parameters
    ----------
    model : str, path-like, array-like or object
        What computes the rows:

        - ``"onnx:FILE"``: a model in an ONNX file, of texts (with its ``tokenizer.json`` beside
          it) or of pictures. Needs ``pip install 'fewlabels[embeddings]'``.
        - ``"sentence-transformers:NAME"``, ``"model2vec:NAME"`` (texts), ``"timm:NAME"``,
          ``"open_clip:ARCHITECTURE/WEIGHTS"`` (pictures), where the package is installed and the
          weights are on this machine. Nothing is downloaded here.
        - an object with ``encode`` or a fitted one with ``transform``, or a function: called with
          lists of items, returns a row for each.
        - an array of shape (n, d), or an ``.npy`` file of one: the rows themselves. New items need
          an array of theirs in :meth:`transform`.
    normalize : bool, default=True
        Whether rows are scaled to length 1, so that Euclidean distances rank like cosines.
    batch_size : int, default=None
        Number of items passed to an object or function at a time; None: 1,024.
    max_length : int, default=None
        Maximum number of tokens per text for an ONNX model; None: as the files next to it say.
    cache : path-like or False, default=None
        The folder where rows are cached, by the content of the items, the model's files and its
        settings; None: :func:`cache_folder`. False: no cache.
    name : str, default=None
        For objects and functions: the name under which their rows are cached. Use another one if
        the model changes. None: no cache, because nothing shows whether the model is the same.
    verbose : bool or callable, default=False
        True shows a bar on standard error; a function is called with the share done, 0 to 1.

    Attributes
    ----------
    n_features_out_ : int
    choices_ : tuple of str
        How items become rows, and what was in the cache.
    unread_ : dict of int to str
        Rows of zeros among the items of :meth:`fit_transform`: unreadable pictures, and rows
        without a direction if rows are scaled to length 1. Nothing is known about them.
    warnings_ : tuple of str
        Possible problems: texts that were cut, rows of zeros, a cache that can't be written.

    Notes
    -----
    Results are cached batch by batch: after an interruption, the next run continues after the last
    complete batch. Equal items are computed once. Two processes may share the folder.

    Model files are treated as data, never as code: ONNX files are run only by onnxruntime, and
    other weights are read only from ``.safetensors`` files.

    Examples
    --------
    >>> from fewlabels import Embeddings
    >>> def lengths(texts):
    ...     return [[len(text), text.count("e")] for text in texts]
    >>> Embeddings(lengths, normalize=False).fit_transform(["tree", "oak"])
    array([[4., 2.],
           [3., 0.]], dtype=float32)
    """

    unread_: dict[int, str]
    warnings_: tuple[str, ...]
    _awaited: State | None = None  # what a model of a file was, until it is loaded

    def __init__(
        self,
        model: object,
        *,
        normalize: bool = True,
        batch_size: int | None = None,
        max_length: int | None = None,
        cache: str | os.PathLike[str] | bool | None = None,
        name: str | None = None,
        verbose: bool | Callable[[float], object] = False,
    ) -> None:
        self.model = model
        self.normalize = normalize
        self.batch_size = batch_size
        self.max_length = max_length
        self.cache = cache
        self.name = name
        self.verbose = verbose

    def __sklearn_clone__(self) -> Self:
        # The model is passed on as it is: a copy of it would cost its size, and a fitted
        # transformer would be cloned into one that is not.
        return type(self)(**self.get_params(deep=False))

    def fit(self, X: object, y: object = None) -> Self:
        """Load the model, and try it on the first item.

        Parameters
        ----------
        X : sequence of str, path-like, pictures or other items
        y : ignored

        Returns
        -------
        self : object

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the model or its output can't be used.
        DataFileError, MissingDependencyError
            If a file can't be read, or a package is missing.
        """
        items = _as_list(X)
        rows = self._loaded(items)
        self._learn(self._embedded(items[:1]) if rows is None else _Made(rows, self.choices_))
        return self

    def fit_transform(self, X: object, y: object = None, **_: object) -> Matrix:
        """Load the model and return a row for each item; see :meth:`fit` and :meth:`transform`."""
        return self._fit_points(X, y)

    def _fit_points(self, X: object, y: object = None) -> Matrix:
        items = _as_list(X)
        rows = self._loaded(items)
        made = self._embedded(items) if rows is None else _Made(rows, self.choices_)
        self._learn(made)
        found = self._finished(made)
        self.unread_ = dict.fromkeys(found.unread.tolist(), "unreadable")
        self.warnings_ = found.warnings
        return found.values

    def transform(self, X: object) -> Matrix:
        """Return a row for each item.

        Parameters
        ----------
        X : sequence of str, path-like, pictures or other items
            If `model` is an array or a file of one: the rows of the new items, of shape (n, d).

        Returns
        -------
        {ndarray, CSR matrix} of shape (n, d), float32
            Sparse where an object with ``transform`` returns that.

        Raises
        ------
        InvalidInputError, InvalidTypeError
            If the output of the model can't be used, or has a different number of columns than
            before.

        Warns
        -----
        FeatureWarning
            About possible problems of these items, as in `warnings_`.
        """
        found = self._of_new(X)
        warn_of(found.warnings)
        return found.values

    def _of_new(self, X: object) -> NewPoints:
        """Return new items as points, and say of which nothing is known."""
        check_is_fitted(self)
        width = self.n_features_out_
        if self._awaited is not None:
            self._load_awaited()
        if self._embedder is not None:
            made = self._embedded(_as_list(X))
            rows = sound_rows(made.rows, self._embedder.name, width=width)
            return self._finished(made._replace(rows=rows))
        if is_file_of_rows(X):
            X = read_rows(Path(X).expanduser())
        try:
            rows = sound_rows(X, "the array of new embeddings", width=width)
        except InvalidTypeError as error:
            raise InvalidTypeError(
                "the embeddings came as an array, which says nothing of new items: pass the "
                f"array of theirs, of shape (items, {width}), or take a model by name."
            ) from error
        return self._finished(_Made(rows, self.choices_))

    @property
    def needs_rows_(self) -> bool:
        """Whether :meth:`transform` needs the rows of new items: nothing here computes them."""
        check_is_fitted(self)
        return self._embedder is None and self._awaited is None

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return ``embeddings_0`` and so on."""
        check_is_fitted(self)
        return np.array([f"embeddings_{i}" for i in range(self.n_features_out_)], dtype=object)

    def _state(self) -> State:
        """Return what a model file holds: the model's name, and what its files held."""
        check_is_fitted(self)
        named = None
        if self._embedder is not None:
            if self._embedder.identity is None or not isinstance(self.model, (str, os.PathLike)):
                raise InvalidInputError(
                    f"embeddings by {self._embedder.name}, an object of Python, can't be saved. "
                    f"Take a model by name ({', '.join(NAMES)}), or pass the rows it makes."
                )
            named = os.fspath(self.model)
        return {
            "model": named,
            "identity": self._embedder.identity if self._embedder else None,
            "normalize": self.normalize,
            "max_length": self.max_length,
            "n_features_out": self.n_features_out_,
            "choices": list(self.choices_),
            "unread": unread_state(self.unread_),
        }

    @classmethod
    def _from_state(cls, state: object) -> Self:
        """Return the transformer of a file; its model is loaded when new items come."""
        named = part(state, "model", (str, type(None)))
        new = cls(
            named,
            normalize=flag(state, "normalize"),
            max_length=part(state, "max_length", (int, type(None))),
        )
        new.n_features_out_, new.unread_ = int(number(state, "n_features_out")), unread_of(state)
        new.choices_, new.warnings_ = texts(state, "choices"), ()
        new._embedder = None
        new._awaited = part(state, "identity", dict) if named is not None else None
        return new

    def _loaded(self, items: Cells) -> Matrix | None:
        """Load the model, or return the rows that came in its place, one an item."""
        if not items:
            raise InvalidInputError("there are no items to embed.")
        self._embedder: Embedder | None = None
        self._awaited = None
        model, source = self.model, "the array of embeddings"
        if is_file_of_rows(model):
            source, model = os.fspath(model), read_rows(Path(model).expanduser())
        if not holds_rows(model):
            self._embedder = resolved(
                model, batch_size=self.batch_size, max_length=self.max_length, name=self.name
            )
            return None
        rows = sound_rows(model, source)
        if rows.shape[0] != len(items):
            raise InvalidInputError(
                f"{source} has {rows.shape[0]:,} rows, and there are {len(items):,} items. Give "
                "one row an item, in the same order."
            )
        self.choices_: tuple[str, ...] = (f"embeddings: rows of {source}",)
        return rows

    def _load_awaited(self) -> None:
        """Load the model that a file names; raise if it is another one by now."""
        embedder = resolved(
            self.model, batch_size=self.batch_size, max_length=self.max_length, name=None
        )
        awaited, found = self._awaited or {}, embedder.identity or {}
        if any(found.get(part) != awaited.get(part) for part in ("files", "pooling")):
            raise InvalidInputError(
                f"{self.model} is not what it was when the model was saved: its files or settings "
                "differ. Put the same files there, or fit anew."
            )
        self._embedder, self._awaited = embedder, None

    def _embedded(self, items: list[object]) -> _Made:
        embedder = cast(Embedder, self._embedder)
        kept = None
        if embedder.identity is not None and self.cache is not False:
            folder = None if self.cache is True else self.cache
            kept = KeptRows(cache_folder(folder), embedder.identity)
        progress = self._progress or self.verbose
        with reporting(progress, len(items), doing="embedding", unit="items") as report:
            rows, of_cache = embedded(embedder, items, kept, report)
        return _Made(rows, embedder.choices, (*embedder.warnings(), *of_cache))

    def _learn(self, made: _Made) -> None:
        self.n_features_out_ = int(made.rows.shape[1])
        self.choices_, self.warnings_, self.unread_ = made.choices, made.warnings, {}

    def _finished(self, made: _Made) -> NewPoints:
        """Return rows of length 1, if they are to be; those of zeros say nothing."""
        takes_pictures = self._embedder is not None and self._embedder.takes == "images"
        rows, warnings = made.rows, made.warnings
        if not (takes_pictures or self.normalize):  # zeros may be numbers as others are
            return NewPoints(rows, warnings=warnings)
        zeros = np.flatnonzero(is_zero(rows))
        if self.normalize:
            rows = of_length_one(rows)
        if len(zeros) and not takes_pictures:  # which are named already
            warnings = (
                *warnings,
                f"{len(zeros):,} of {rows.shape[0]:,} rows of embeddings are zeros, which say "
                "nothing. Look at those items: are the texts empty?",
            )
        return NewPoints(rows, zeros, warnings=warnings)


class _Made(NamedTuple):
    """What a model made of items, how, and what is to be said of it."""

    rows: Matrix
    choices: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def embeddings_of(
    embeddings: object, cache: str | os.PathLike[str] | bool | None = None
) -> Embeddings:
    """Return a transformer of what is passed as embeddings; of one that is passed, a fresh one."""
    if isinstance(embeddings, Embeddings):
        fresh: Embeddings = clone(embeddings)
        return fresh
    return Embeddings(embeddings, cache=cache)


def _as_list(X: Package) -> Cells:
    if isinstance(X, PictureFolder) or (isinstance(X, Path) and X.is_dir()):
        return list((X if isinstance(X, PictureFolder) else read_picture_folder(X)).files)
    if isinstance(X, (str, bytes, os.PathLike)):
        raise InvalidTypeError(
            f"X must be a sequence of items, got the one {X!r:.200}. Pass a list of it."
        )
    items = items_of(X)
    if items is None:
        try:
            items = list(X)  # pictures in an array, say
        except TypeError as error:
            raise InvalidTypeError(
                f"X must be a sequence of items, got a {type(X).__name__}."
            ) from error
    return ["" if is_missing(item) else item for item in items]


def read_rows(path: Path) -> np.ndarray:
    """Return the array in an .npy file; raise DataFileError if there is none."""
    advice = "Save the array anew with numpy.save."
    with (
        explaining_errors(path, writing=False, raising=DataFileError),
        refusing_damage(path, DataFileError, advice, kind="an array"),
    ):
        rows = read_arrays(path, advice)
        if isinstance(rows, dict):
            raise ValueError("it is an archive of arrays")
        return rows
