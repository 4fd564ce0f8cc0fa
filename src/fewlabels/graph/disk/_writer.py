"""Write a graph to disk in blocks of rows, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._arrays import FILL_AFFINITIES, refuse_masked
from fewlabels._parts import part_folder
from fewlabels._progress import Progress, reporting
from fewlabels._rename import exchange, rename_without_replacing
from fewlabels._typing import Matrix, State
from fewlabels._validation import check_integer
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph._affinities import float_dtype
from fewlabels.graph._graph import Graph
from fewlabels.graph.disk._arrays import ArrayWriter
from fewlabels.graph.disk._checks import SymmetryCheck, checked_rows, upper_edges
from fewlabels.graph.disk._components import ComponentMerger
from fewlabels.graph.disk._disk_graph import DiskGraph, open_graph
from fewlabels.graph.disk._header import ARRAYS, aside_of, is_graph, recover, write_header

# Entries that are checked and written at a time.
_ENTRIES_AT_ONCE = 1_000_000
# Node numbers are held in 32 bits up to here.
_LARGEST_INT32 = 2**31 - 1


def write_graph(
    path: str | os.PathLike[str],
    source: Graph | Iterable[object],
    n_nodes: int | None = None,
    *,
    dtype: npt.DTypeLike | None = None,
    build_info: dict[str, object] | None = None,
    overwrite: bool = False,
    progress: Progress = False,
) -> DiskGraph:
    """Write a graph to disk in blocks of rows; it may be larger than memory.

    The graph is a folder of plain ``.npy`` files, which NumPy reads too: `indptr`, `indices` and
    `data` of the affinity in CSR, the `degrees`, the number of each node's connected component
    in `components`, `local_scales` where they are known; and ``header.json``. It appears at `path`
    only when it is complete, checked and on the disk.

    Parameters
    ----------
    path : path-like
        The folder to create.
    source : Graph or iterable of {sparse matrix, ndarray} of shape (n_rows, n_nodes)
        A graph in memory; or the affinity's rows in order, in blocks such as a generator yields:
        symmetric, finite, non-negative. The diagonal is dropped.
    n_nodes : int
        Number of nodes, at least 1; required unless `source` is a Graph.
    dtype : {float32, float64}, default=None
        Dtype of the weights on disk. None is the graph's own, float32 for rows.
    build_info : dict, default=None
        Plain numbers and strings to store with the graph; None uses the Graph's own.
    overwrite : bool, default=False
        Whether an existing graph at `path` may be replaced. Nothing else is ever replaced.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share done, from
        0 to 1.

    Returns
    -------
    DiskGraph

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If the blocks are not n_nodes rows of n_nodes columns together, hold a weight that is
        negative, not finite or beyond the dtype, or are not symmetric; rows are named.
    FileExistsError
        If `path` exists.
    OSError
        For example, if the disk is full. After any error or Ctrl-C, nothing half-written is left,
        and what was at `path` is unchanged.

    Notes
    -----
    Cost: O(E log E) for the components at worst; one pass. Memory: 20 bytes a node, the block
    that `source` yields, and about 100 MB. Disk: 8 bytes an entry, 20 a node. Number the nodes so
    that neighbours are near one another: a solve then finds more of its data in the cache.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> from scipy import sparse
    >>> from fewlabels.graph import write_graph
    >>> def blocks():  # a path of six nodes
    ...     for first in (0, 3):
    ...         rows = np.arange(first, first + 3)[:, None]
    ...         yield sparse.csr_array(abs(rows - np.arange(6)) == 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_graph(pathlib.Path(folder) / "path", blocks(), n_nodes=6)
    DiskGraph(n_nodes=6, n_edges=5, n_components=1, dtype=float32)
    """
    blocks, n_nodes, chosen, info, scales = _source(source, n_nodes, dtype, build_info)
    target = Path(os.path.realpath(path))
    recover(target)
    _check_target(target, overwrite)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, "there is no such folder to write a graph in", str(target.parent)
        )
    with part_folder(target.parent) as work:
        try:
            with reporting(progress, n_nodes, doing="writing", unit="nodes") as report:
                header = _write_arrays(work, blocks, n_nodes, chosen, scales, report)
            write_header(work, header | {"build": info})
            _put_in_place(work, target, overwrite)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            n_bytes = sum(file.stat().st_size for file in work.glob("*"))
            raise OSError(
                errno.ENOSPC,
                f"no space was left after {n_bytes / 1e9:.3g} GB of the graph, which were deleted. "
                "A graph needs 8 bytes an entry (12 in float64) and 20 a node; free some, or "
                "choose another disk",
                str(target),
            ) from error
    return open_graph(target)


def _source(
    source: Graph | Iterable[object],
    n_nodes: int | None,
    dtype: npt.DTypeLike | None,
    info: dict[str, object] | None,
) -> tuple[Iterable[object], int, np.dtype, State, np.ndarray | None]:
    scales = None
    if isinstance(source, Graph):
        if n_nodes is not None and n_nodes != source.n_nodes:
            raise InvalidInputError(
                f"n_nodes is {n_nodes}, but the graph has {source.n_nodes}. Leave n_nodes out."
            )
        if source.n_nodes == 0:
            raise InvalidInputError("the graph has no nodes; there is nothing to write.")
        chosen = source.dtype if dtype is None else float_dtype(dtype)
        info = source.build_info if info is None else info
        blocks: Iterable[object] = _rows_of(source)
        n_nodes, scales = source.n_nodes, source.local_scales
    else:
        if n_nodes is None:
            raise InvalidInputError(
                "n_nodes is needed where the graph comes as rows: the number of all of them."
            )
        n_nodes = check_integer("n_nodes", n_nodes, minimum=1)
        if isinstance(source, (sparse.sparray, sparse.spmatrix, np.ndarray, str, bytes)):
            raise InvalidTypeError(
                "source must be a Graph or an iterable of blocks of rows, got "
                f"{type(source).__name__}. Pass [matrix] where it is a single block."
            )
        try:
            blocks = iter(source)
        except TypeError as error:
            raise InvalidTypeError(
                "source must be a Graph or an iterable of blocks of rows, got "
                f"{type(source).__name__}."
            ) from error
        chosen = float_dtype(np.float32 if dtype is None else dtype)
    info = dict(info) if info is not None else {"kind": "affinity"}
    try:
        json.dumps(info)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(
            f"build_info must hold plain numbers and strings: {error}."
        ) from error
    return blocks, n_nodes, chosen, info, scales


def _rows_of(graph: Graph) -> Iterator[Matrix]:
    if isinstance(graph, DiskGraph):
        for rows in graph.row_blocks():
            yield graph.rows(rows)
        return
    weights = graph.affinity
    n_entries = weights.size if isinstance(weights, np.ndarray) else weights.nnz
    per_row = max(1, n_entries // graph.n_nodes)
    step = max(1, _ENTRIES_AT_ONCE // per_row)
    for first in range(0, graph.n_nodes, step):
        yield weights[first : first + step]


def _check_target(target: Path, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise FileExistsError(
            errno.EEXIST,
            "something stands there already; remove it, pass overwrite=True if it is a graph, or "
            "choose another path",
            str(target),
        )
    if not is_graph(target):
        raise FileExistsError(
            errno.EEXIST, "what stands there is no graph, and is not overwritten", str(target)
        )


def _put_in_place(work: Path, target: Path, overwrite: bool) -> None:
    """Give the new graph its path; one that stood there is left at `work`."""
    _sync_folder(work)
    try:
        rename_without_replacing(work, target)
    except FileExistsError:
        _check_target(target, overwrite)  # writing took long
        if not exchange(work, target):
            _take_turns(work, target)
    shutil.rmtree(aside_of(target), ignore_errors=True)  # left by a process that died
    _sync_folder(target.parent)


def _take_turns(work: Path, target: Path) -> None:
    """Do by three renames what :func:`exchange` does at once.

    If the process dies in between, the graph that stood at `target` is put back when `target` is
    next opened or written.
    """
    aside = aside_of(target)
    shutil.rmtree(aside, ignore_errors=True)
    target.rename(aside)
    try:
        work.rename(target)
    except BaseException:
        recover(target)
        raise
    aside.rename(work)


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where a system can say so."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_arrays(
    work: Path,
    blocks: Iterable[object],
    n_nodes: int,
    dtype: np.dtype,
    scales: np.ndarray | None,
    report: Callable[[int], object],
) -> State:
    """Write all arrays; return what the header says of them."""
    index_dtype = np.dtype(np.int32 if n_nodes <= _LARGEST_INT32 else np.int64)
    each = (np.dtype(np.int64), index_dtype, dtype, np.dtype(np.float64), index_dtype)
    dtypes = dict(zip(ARRAYS, each, strict=True))
    symmetry, merger = SymmetryCheck(n_nodes), ComponentMerger(n_nodes, index_dtype)
    with contextlib.ExitStack() as stack:
        files = {
            name: stack.enter_context(ArrayWriter(work / f"{name}.npy", dtypes[name]))
            for name in ARRAYS
        }
        files["indptr"].append(np.zeros(1, np.int64))
        n_rows = n_entries = 0
        for block in _small_blocks(blocks):
            rows = checked_rows(block, n_rows, n_nodes, dtype, index_dtype)
            symmetry.add(rows, n_rows)
            merger.join(*upper_edges(rows, n_rows))
            files["indptr"].append(rows.indptr[1:] + np.int64(n_entries))
            files["indices"].append(rows.indices)
            files["data"].append(rows.data)
            files["degrees"].append(_degrees(rows, n_rows))
            n_rows, n_entries = n_rows + rows.shape[0], n_entries + rows.nnz
            report(rows.shape[0])
        if n_rows < n_nodes:
            raise InvalidInputError(
                f"the blocks have {n_rows} rows together; n_nodes is {n_nodes}. Yield a row for "
                "every node, an empty one where it has no neighbours."
            )
        _refuse_asymmetry(symmetry)
        labels = merger.labels()
        files["components"].append(labels)
        if scales is not None:
            files["local_scales"] = stack.enter_context(
                ArrayWriter(work / "local_scales.npy", scales.dtype)
            )
            files["local_scales"].append(scales)
        for file in files.values():
            file.finish()
    return {
        "crc32": {name: file.crc32 for name, file in files.items()},
        "n_nodes": n_nodes,
        "n_entries": n_entries,
        "n_components": int(labels.max()) + 1,
        "local_scales": scales is not None,
    }


def _small_blocks(blocks: Iterable[object]) -> Iterator[object]:
    """Split what comes at once into what can be checked at little memory."""
    for block in blocks:
        refuse_masked(block, "block", FILL_AFFINITIES)
        if not (sparse.issparse(block) or isinstance(block, np.ndarray)) or block.ndim != 2:
            yield block  # refused with a message
            continue
        n_rows, n_entries = block.shape[0], block.nnz if sparse.issparse(block) else block.size
        if n_entries <= _ENTRIES_AT_ONCE:
            yield block
            continue
        whole = sparse.csr_array(block) if sparse.issparse(block) else block
        step = max(1, n_rows * _ENTRIES_AT_ONCE // n_entries)
        for first in range(0, n_rows, step):
            yield whole[first : first + step]


def _degrees(rows: sparse.csr_array, first: int) -> npt.NDArray[np.float64]:
    # One after the other, as a product with ones takes them, but without a vector of ones.
    column = (rows.data.astype(np.float64, copy=False), np.zeros_like(rows.indices), rows.indptr)
    with np.errstate(over="ignore"):
        sums = np.asarray(sparse.csr_array(column, shape=(rows.shape[0], 1)) @ np.ones(1))
    if not np.isfinite(sums).all():
        raise InvalidInputError(
            f"the affinities of node {first + int(np.argmin(np.isfinite(sums)))} sum to more than "
            "float64 holds; divide all by the largest, which changes no answer."
        )
    return sums


def _refuse_asymmetry(symmetry: SymmetryCheck) -> None:
    wrong = symmetry.wrong_rows()
    if len(wrong):
        listed = ", ".join(str(row) for row in wrong[:5]) + (", ..." if len(wrong) > 5 else "")
        raise InvalidInputError(
            f"the affinity is not symmetric: {len(wrong):,} rows differ from the columns of the "
            f"same numbers: {listed}. Give w_ij and w_ji the same value, to the last bit; a graph "
            "that fits in memory is made symmetric by Graph.from_affinity."
        )
