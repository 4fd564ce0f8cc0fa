"""Embed many items: equal ones once, those from before not again, the others batch by batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from fewlabels._arrays import array_or_csr, checked_array, first_few
from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels._typing import Matrix, Objects
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features._cache import Float32Array, KeptRows
from fewlabels.features._embedder import Embedder, Report, content_keys

_INSTEAD = "Embed part of the items at a time, or take a model that makes fewer numbers."


def embedded(
    embedder: Embedder, items: Objects, kept: KeptRows | None, report: Report
) -> tuple[Matrix, tuple[str, ...]]:
    """Return a row an item, and what went wrong about keeping them.

    Parameters
    ----------
    embedder : Embedder
    items : sequence
    kept : KeptRows or None
        Where rows are from before, and stay for another time.
    report : callable

    Returns
    -------
    rows : ndarray or CSR matrix of shape (n, d), float32
    warnings : tuple of str
    """
    if kept is None:
        return _in_batches(embedder, items, report), ()
    keys = content_keys(items, embedder.takes)
    places: dict[bytes, int] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, place)
    found = kept.find(keys)
    missing = [key for key in places if key not in found]
    report(len(items) - len(missing))
    warnings: tuple[str, ...] = ()
    width = len(next(iter(found.values()))) if found else None
    for batch in row_blocks(len(missing), embedder.n_at_once):
        fresh = missing[batch]
        rows = sound_rows(
            embedder.embed([items[places[key]] for key in fresh], report),
            embedder.name, width=width, n_items=len(fresh),
        )  # fmt: skip
        if not isinstance(rows, np.ndarray):
            rows = rows.toarray()
        width = rows.shape[1]
        found.update(zip(fresh, rows, strict=True))
        if not warnings:
            try:
                # zeros stand for what could not be read or said: asked for again another time
                said = np.asarray(rows.any(axis=1))
                kept.add(
                    [key for key, is_said in zip(fresh, said, strict=True) if is_said], rows[said]
                )
            except OSError as error:
                warnings = (
                    f"embeddings are not kept for another time: {error}. Name another folder "
                    "with cache=, or in FEWLABELS_CACHE.",
                )
    return _filled(np.empty((len(items), width or 0), np.float32), keys, found), warnings


def _filled(
    rows: Float32Array, keys: Sequence[bytes], found: dict[bytes, np.ndarray]
) -> Float32Array:
    for place, key in enumerate(keys):
        rows[place] = found[key]
    return rows


def _in_batches(embedder: Embedder, items: Sequence[object], report: Report) -> Matrix:
    parts: list[Matrix] = []
    for batch in row_blocks(len(items), embedder.n_at_once):
        asked = list(items[batch])
        width = parts[0].shape[1] if parts else None
        rows = embedder.embed(asked, report)
        parts.append(sound_rows(rows, embedder.name, width=width, n_items=len(asked)))
        if len(parts) == 1 and not sparse.issparse(parts[0]):
            require_memory(
                2 * 4 * len(items) * parts[0].shape[1],
                f"{len(items):,} embeddings of {parts[0].shape[1]:,} numbers",
                _INSTEAD,
            )
    if any(map(sparse.issparse, parts)):
        return sparse.vstack(parts, format="csr")
    return parts[0] if len(parts) == 1 else np.concatenate([np.asarray(part) for part in parts])


def check_n_rows(rows: Matrix, n_items: int) -> None:
    """Raise if there are more or fewer rows of new embeddings than items."""
    if rows.shape[0] != n_items:
        raise InvalidInputError(
            f"the new embeddings have {rows.shape[0]:,} rows, and there are {n_items:,} items. "
            "Give one row an item, in the same order.",
            parameter="embeddings",
        )


def sound_rows(
    rows: object, who: str, *, width: int | None = None, n_items: int | None = None
) -> Matrix:
    """Return rows as float32 if they can be embeddings.

    Parameters
    ----------
    rows : array-like, tensor or sparse matrix
    who : str
        Where they are from, for messages.
    width, n_items : int, optional
        Numbers a row, and rows, that are due.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If they are not finite, or of another shape or kind.
    """
    if hasattr(rows, "detach"):  # a tensor, perhaps on another device
        rows = rows.detach().cpu().numpy()
    checked = checked_array(rows, f"what {who} gave")
    try:
        found = array_or_csr(checked)
    except ValueError as error:
        raise InvalidInputError(
            f"{who} gave rows of different lengths; one of as many numbers an item is due."
        ) from error
    if found.dtype.kind not in "fiub":
        raise InvalidTypeError(f"{who} gave values of dtype {found.dtype} where numbers are due.")
    if found.ndim != 2 or not found.shape[1]:
        raise InvalidInputError(
            f"{who} gave an array of shape {found.shape}; one row of numbers an item is due."
        )
    if n_items is not None and found.shape[0] != n_items:
        raise InvalidInputError(f"{who} gave {found.shape[0]:,} rows for {n_items:,} items.")
    if width is not None and found.shape[1] != width:
        raise InvalidInputError(
            f"{who} gave rows of {found.shape[1]:,} numbers where {width:,} are due."
        )
    with np.errstate(over="ignore"):  # infinite then, and refused
        found = found.astype(np.float32)
    if sparse.issparse(found):
        entries = found.tocoo()
        bad = np.unique(entries.row[~np.isfinite(entries.data)])
    else:
        bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        raise InvalidInputError(
            f"{who} gave NaN, infinity or more than a float32 holds in {len(bad):,} of "
            f"{found.shape[0]:,} rows; counted from 0: {first_few(bad.tolist())}."
        )
    return found


def of_length_one(rows: Matrix) -> Matrix:
    """Return rows divided by their lengths; those of zeros as they are."""
    if sparse.issparse(rows):
        largest = abs(rows).max(axis=1).toarray()
        largest[largest == 0] = 1
        scaled = sparse.csr_array(rows.multiply(1 / largest))
        lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1))).reshape(-1, 1)
        lengths[lengths == 0] = 1
        return sparse.csr_array(scaled.multiply(1 / lengths)).astype(np.float32)
    # by the largest first, so that no square overflows or vanishes
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
    of_one: np.ndarray = np.divide(scaled, lengths, out=scaled, where=lengths > 0)
    return of_one
