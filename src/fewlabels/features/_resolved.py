"""From what people pass as embeddings to a loaded model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeGuard

from fewlabels._validation import check_integer
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.features._embedder import Embedder, Report
from fewlabels.features._named_models import NAMED
from fewlabels.features._onnx import onnx_embedder
from fewlabels.io._table import setting

_AT_ONCE = 1024

NAMES = ("onnx:FILE", *(f"{kind}:NAME" for kind in NAMED))

WANTED = (
    "an object with encode or transform, a function from a list of items to rows, an array or "
    f".npy file with a row an item, or a name: {', '.join(NAMES)}"
)


def resolved(
    model: object, *, batch_size: int | None, max_length: int | None, name: str | None
) -> Embedder:
    """Return the embedder of a model, by name or as an object.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If nothing of the kind is known.
    DataFileError, MissingDependencyError
        If a file can't be read, or a package is missing.
    """
    if batch_size is not None:
        check_integer("batch_size", batch_size, minimum=1)
    if max_length is not None:
        check_integer("max_length", max_length, minimum=1)
    if isinstance(model, (str, os.PathLike)):
        return _named(os.fspath(model), max_length)
    if max_length is not None:
        raise InvalidInputError(
            "max_length is for models of texts in ONNX files. Set it where the model was made, "
            "and leave it out here.",
            parameter="max_length",
        )
    return _of_object(model, batch_size or _AT_ONCE, name)


def is_file_of_rows(model: object) -> TypeGuard[str | os.PathLike[str]]:
    """Tell whether this names a file of rows and not a model."""
    return isinstance(model, (str, os.PathLike)) and os.fspath(model).lower().endswith(".npy")


def check_named(model: object) -> None:
    """Raise if a text is no name of a model, or its file is not there; loads nothing."""
    if not isinstance(model, (str, os.PathLike)):
        return
    kind, _, rest = os.fspath(model).partition(":")
    is_onnx = kind == "onnx" and rest
    if is_onnx or os.fspath(model).lower().endswith((".npy", ".onnx")):
        path = Path(rest if is_onnx else model).expanduser()
        if not path.is_file():
            raise DataFileError(f"{path} (embeddings) does not exist. Check the path.")
    elif kind not in NAMED or not rest:
        raise InvalidInputError(_unknown_name(os.fspath(model)), parameter="embeddings")


def holds_rows(model: object) -> bool:
    """Tell whether embeddings came as rows, one an item, and not as what makes them."""
    return is_file_of_rows(model) or isinstance(model, (list, tuple)) or hasattr(model, "__array__")


def _named(model: str, max_length: int | None) -> Embedder:
    kind, colon, rest = model.partition(":")
    if kind == "onnx" and rest:
        return onnx_embedder(Path(rest).expanduser(), max_length)
    if not colon and model.lower().endswith(".onnx"):
        return onnx_embedder(Path(model).expanduser(), max_length)
    if kind not in NAMED or not rest:
        raise InvalidInputError(_unknown_name(model), parameter="embeddings")
    if max_length is not None:
        raise InvalidInputError(
            f"max_length is for models of texts in ONNX files, not for {model}. Leave it out.",
            parameter="max_length",
        )
    return NAMED[kind](rest)


def _unknown_name(model: str) -> str:
    """Say how a name has to be written, with this one as the example where it may be meant so."""
    bare = model.rpartition(":")[2].strip()
    path = Path(bare).expanduser()
    if not bare:
        likely = "onnx:FILE"
    elif path.is_file() or path.suffix:
        likely = f"onnx:{bare}"
    else:
        likely = f"sentence-transformers:{bare}"
    return (
        f"{setting('embeddings', model[:200])} names no model: what kind it is of stands in front "
        f"of the name, as in {setting('embeddings', likely[:200])}. There are "
        f"{', '.join(NAMES)} (sentence-transformers and model2vec are for texts, timm and "
        "open_clip for pictures), and an .npy file with a row an item."
    )


def _of_object(model: object, n_at_once: int, name: str | None) -> Embedder:
    kind = getattr(model, "__name__", type(model).__name__)
    for method in ("encode", "transform"):
        call = getattr(model, method, None)
        if callable(call) and not isinstance(model, type):
            said = f"{kind}.{method}"
            break
    else:
        if not callable(model) or isinstance(model, type):
            hint = " Make an object of that class first." if isinstance(model, type) else ""
            raise InvalidTypeError(f"embeddings must be {WANTED}; got {model!r:.200}.{hint}")
        call, said = model, kind

    def embed(items: Sequence[object], report: Report) -> object:
        rows: object = call(list(items))
        report(len(items))
        return rows

    return Embedder(
        embed,
        said,
        n_at_once=n_at_once,
        identity=None if name is None else {"model": name},
        choices=(f"rows by {said}" + ("" if name is None else f", kept as {name!r}"),),
    )
