"""Nested dicts of settings, arrays and sparse matrices in one file, without pickle.

The file is a zip archive: ``state.json`` is the tree, in which each array stands by the name of
its member, an ``.npy`` file. The archive holds a checksum of each member, which is compared when
it is read; nothing in it is ever run.
"""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from collections.abc import Mapping

import numpy as np
from scipy import sparse

from fewlabels._array_files import read_array
from fewlabels._damage import refusing_damage
from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._memory import require_memory
from fewlabels._typing import Loaded, Package
from fewlabels.exceptions import DataFileError, InvalidTypeError

_TREE = "state.json"
_MARK = "$"  # the key of what stands for an array; no other dict has it
_DTYPES = "biufUSmM"
_MOST_MEMBERS = 100_000
_CSR = ("data", "indices", "indptr")


def write_state(
    path: str | os.PathLike[str],
    header: Mapping[str, object],
    state: object,
    *,
    replace: bool = True,
) -> None:
    """Write a tree; the file appears when it is whole, in place of what stood there.

    Parameters
    ----------
    path : path-like
    header : mapping
        With ``"format"`` and ``"version"``, by which :func:`read_state` knows the file.
    state : dict
        Of str keys; values are JSON's, arrays of numbers or text, sparse matrices in CSR, and
        lists, tuples and dicts of these.
    replace : bool, default=True
        Whether what stands there may be replaced; else FileExistsError.

    Raises
    ------
    InvalidTypeError
        If there is something else in it; nothing is written.
    OSError
        If the file can't be written.
    """
    arrays: dict[str, np.ndarray] = {}
    tree = json.dumps({**header, "state": _encoded(state, arrays, "state")}, allow_nan=True)
    with (
        explaining_errors(path, writing=True),
        replace_when_whole(path, replace=replace) as file,
        zipfile.ZipFile(file, "w", allowZip64=True) as archive,
    ):
        archive.writestr(_member(_TREE, zipfile.ZIP_DEFLATED), tree.encode())
        for name, array in arrays.items():
            # stored: numbers hardly get smaller, and reading takes several times as long
            with archive.open(_member(name), "w", force_zip64=True) as entry:
                np.save(entry, array, allow_pickle=False)


def _member(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of a fixed date, so that equal states make equal files
    member.compress_type = compression
    return member


def _encoded(value: object, arrays: dict[str, np.ndarray], place: str) -> object:
    """Return JSON values in which arrays stand by the names that they get in `arrays`."""
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in _DTYPES:
        name = f"{len(arrays)}.npy"
        arrays[name] = value
        return {_MARK: "array", "member": name}
    if sparse.issparse(value) and value.format == "csr":
        parts = {part: _encoded(getattr(value, part), arrays, place) for part in _CSR}
        return {_MARK: "csr", "shape": list(map(int, value.shape)), **parts}
    if isinstance(value, (list, tuple)):
        return [_encoded(entry, arrays, f"{place}[{i}]") for i, entry in enumerate(value)]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        if _MARK in value:
            raise InvalidTypeError(f"{place} has the key {_MARK!r}, which means an array here.")
        return {key: _encoded(entry, arrays, f"{place}.{key}") for key, entry in value.items()}
    raise InvalidTypeError(
        f"{place} is a {type(value).__name__}, which can't be saved without pickle: {value!r:.200}."
    )


def read_state(
    path: str | os.PathLike[str], form: str, version: int, *, kind: str, advice: str
) -> Loaded:
    """Read what :func:`write_state` wrote.

    Parameters
    ----------
    path : path-like
    form : str
        The format that the header has to name.
    version : int
        The highest that can be read.
    kind : str
        What such a file is, for messages: "model file".
    advice : str
        What to do about a damaged one.

    Returns
    -------
    dict
        The header, with the tree as ``"state"``. Arrays are as they were; tuples are lists.

    Raises
    ------
    DataFileError
        If it is damaged, of a later version, or another file.
    NotEnoughMemoryError
    """
    name = os.fspath(path)
    with (
        explaining_errors(name, writing=False, raising=DataFileError),
        contextlib.ExitStack() as files,
        refusing_damage(name, DataFileError, advice, kind=f"a {kind}"),
    ):
        source = files.enter_context(open(name, "rb"))  # noqa: PTH123 - a name as it came
        if not zipfile.is_zipfile(source):
            raise DataFileError(f"{name} is no {kind} that fewlabels saved. {advice}")
        with zipfile.ZipFile(source) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if len(members) > _MOST_MEMBERS or _TREE not in members:
                raise DataFileError(f"{name} is no {kind} that fewlabels saved. {advice}")
            require_memory(
                sum(member.file_size for member in members.values()),
                f"what {name} holds",
                "Use a machine with more.",
            )
            found = json.loads(archive.read(_TREE).decode())
            if not isinstance(found, dict) or found.get("format") != form:
                raise DataFileError(f"{name} is no {kind} that fewlabels saved. {advice}")
            if not isinstance(found.get("version"), int) or found["version"] < 1:
                raise ValueError("its version is missing")
            if found["version"] > version:
                raise DataFileError(
                    f"{name} has layout version {found['version']}, and this fewlabels reads up to "
                    f"{version}. Install a newer one."
                )
            found["state"] = _decoded(found.get("state"), archive, members)
            return found


def _decoded(
    value: object, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]
) -> Package:
    if isinstance(value, list):
        return [_decoded(entry, archive, members) for entry in value]
    if not isinstance(value, dict):
        return value
    if _MARK not in value:
        return {key: _decoded(entry, archive, members) for key, entry in value.items()}
    if value[_MARK] == "array":
        member = members.pop(value["member"], None)  # once: their sizes fit together
        if member is None:
            raise ValueError(f"{value['member']!r:.100} in it is missing, or there twice")
        with archive.open(member) as entry:
            return read_array(entry, member.file_size)
    if value[_MARK] != "csr":
        raise ValueError(f"a {value[_MARK]!r} in it is unknown")
    data, indices, indptr = (_decoded(value[part], archive, members) for part in _CSR)
    for part in (data, indices, indptr):
        if not isinstance(part, np.ndarray) or part.ndim != 1:
            raise ValueError("a part of a sparse matrix is no row of numbers")
    if data.dtype.kind not in "biuf" or indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        raise ValueError(
            f"dtypes {data.dtype}, {indices.dtype} and {indptr.dtype} are not those of a CSR matrix"
        )
    n_rows, n_columns = (int(length) for length in value["shape"])
    matrix = sparse.csr_array((data, indices, indptr), shape=(n_rows, n_columns))
    matrix.check_format(full_check=True)
    if not matrix.has_canonical_format:
        raise ValueError("the indices of a sparse matrix are not sorted")
    return matrix
