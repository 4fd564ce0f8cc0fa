"""Label all rows of a folder of Parquet files from the few that have a label."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from dask.delayed import delayed
from distributed import Client, LocalCluster

from fewlabels._parts import part_folder
from fewlabels._rename import rename_without_replacing
from fewlabels.dask._crew import gather_tasks
from fewlabels.dask._knn import build_or_open
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._rows import parquet_files
from fewlabels.dask.label_spreading import LabelSpreading
from fewlabels.exceptions import ClusterError, DataFileError, InvalidInputError

AnyArray = np.ndarray

# How long Dask waits for a lost worker before it gives the worker up. Its default of 15 seconds
# also gives up one that came back in time and was lost again just then.
_LOST = "1 hour"
# Columns that are added.
ADDED = ("label", "confidence", "evidence", "reached")


@dataclass(frozen=True)
class SpreadTable:
    """What was done to a folder of Parquet files.

    Attributes
    ----------
    n_rows, n_labels, n_reached, n_iter, n_files : int
    classes : ndarray of shape (n_classes,)
    columns : tuple of str
        That were compared.
    recall : float
        Share of the true nearest neighbours that were found, on a sample.
    """

    n_rows: int
    n_labels: int
    n_reached: int
    n_iter: int
    n_files: int
    classes: AnyArray
    columns: tuple[str, ...]
    recall: float


@dataclass(frozen=True)
class JoinedTable:
    """Parquet files, their labels, and the graph of their rows.

    Attributes
    ----------
    files : list of Path
    names : tuple of str
        Of all columns.
    columns : tuple of str
        That are compared.
    rows : ndarray of shape (n_labels,)
        Those that have a label.
    labels : list of length n_labels
    n_rows : list of int
        Of each file.
    graph : RegionGraph
    """

    files: list[Path]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    rows: AnyArray
    labels: list[object]
    n_rows: list[int]
    graph: RegionGraph


@contextmanager
def workers(address: str | None, n_workers: int | None) -> Iterator[Client]:
    """Connect to the scheduler at `address`, or start workers on this machine.

    Raises
    ------
    ClusterError
        If there is no scheduler at the address.
    """
    if address is None:
        with (
            dask.config.set({"distributed.deploy.lost-worker-timeout": _LOST}),
            LocalCluster(
                n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(address, timeout=20)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address}: {error}. Start one with 'dask scheduler', "
            "and give the address that it prints, such as tcp://10.0.0.1:8786."
        ) from error
    with client:
        yield client


def joined_table(
    source: Path,
    path: Path,
    *,
    label: str,
    client: Client,
    columns: Sequence[str] | None,
    excluded: Sequence[str],
    n_neighbors: int,
    stage: Callable[[str], Callable[[float], object]],
) -> JoinedTable:
    """Read the labels of the Parquet files in a folder, and join similar rows to a graph.

    Parameters
    ----------
    source, path : Path
        Of the files, and of the graph: taken as it is where the same stands there.
    label, client, columns, excluded, n_neighbors, stage
        As :func:`spread_table` takes them.
    """
    files, schema, chosen = looked_at(source, label, columns, excluded)
    stage("reading the labels")
    rows, values, n_rows = _labels(files, label)
    graph = build_or_open(
        source,
        n_neighbors,
        path=path,
        client=client,
        columns=chosen,
        progress=stage("joining similar rows"),
    )
    return JoinedTable(files, tuple(schema.names), tuple(chosen), rows, values, n_rows, graph)


def spread_table(
    source: Path,
    output: Path,
    *,
    label: str,
    client: Client,
    columns: Sequence[str] | None = None,
    excluded: Sequence[str] = (),
    n_neighbors: int = 10,
    alpha: float = 0.9,
    names: Callable[[Sequence[str]], Sequence[str]],
    replace: bool = False,
    stage: Callable[[str], Callable[[float], object]],
) -> SpreadTable:
    """Label all rows of the Parquet files in a folder; write a folder of the same files.

    Parameters
    ----------
    source, output : Path
        Folders that all workers see. `output` appears when it is whole; the graph, and what a fit
        has come to, stand beside it until then, so that the same call goes on from there.
    label : str
        The column of the labels; empty cells are the rows to be labelled.
    client : Client
    columns : sequence of str, default=None
        To compare: of numbers, or of lists of as many numbers. None: all such, without `label`
        and the `excluded`.
    excluded : sequence of str
    n_neighbors : int, default=10
    alpha : float, default=0.9
    names : callable
        Returns what the four added columns are called, given the names that are taken.
    replace : bool, default=False
        Whether `output` may be replaced.
    stage : callable
        Told what begins; returns a function to call with the share of it that is done.

    Returns
    -------
    SpreadTable

    Raises
    ------
    DataFileError, InvalidInputError
        If files can't be used, columns are missing, or no row has a label.
    """
    output = output.absolute()  # workers may stand elsewhere
    if output.exists() and not replace:
        raise DataFileError(f"{output} exists. Choose another folder, or replace it (--force).")
    table = joined_table(
        source,
        _beside(output, "graph"),
        label=label,
        client=client,
        columns=columns,
        excluded=excluded,
        n_neighbors=n_neighbors,
        stage=stage,
    )
    stage("spreading the labels")
    model = LabelSpreading(alpha=alpha, checkpoint=_beside(output, "fit"))
    model.fit(table.graph, (table.rows, table.labels), client=client)
    stage("writing the tables")
    with part_folder(output.parent) as work:
        targets = [work / file.relative_to(source.absolute()) for file in table.files]
        _write(client, table.files, targets, model, table.n_rows, names(table.names))
        if output.exists():
            shutil.rmtree(output)
        rename_without_replacing(work, output)
    n_reached = int(model.reached_.sum().compute())
    model.close()
    for name in ("graph", "fit"):
        shutil.rmtree(_beside(output, name), ignore_errors=True)
    return SpreadTable(
        n_rows=sum(table.n_rows),
        n_labels=len(table.rows),
        n_reached=n_reached,
        n_iter=model.n_iter_,
        n_files=len(table.files),
        classes=model.classes_,
        columns=table.columns,
        recall=float(table.graph.recall_ or 0.0),
    )


def looked_at(
    source: Path, label: str, columns: Sequence[str] | None, excluded: Sequence[str]
) -> tuple[list[Path], pa.Schema, list[str]]:
    """Return the files, their schema, and the columns to compare."""
    if not source.is_dir():
        raise DataFileError(f"{source} is no folder of Parquet files. Check the path.")
    files = parquet_files(source.absolute())
    schema = _schema(files, label)
    return files, schema, _columns(schema, source, label, columns, excluded)


def _beside(output: Path, name: str) -> Path:
    return output.with_name(f"{output.name}.{name}")


def _schema(files: Sequence[Path], label: str) -> pa.Schema:
    """Return the schema that all files have."""
    first: pa.Schema | None = None
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (OSError, pa.ArrowException) as error:
            raise DataFileError(f"{file} is no Parquet file that can be read: {error}.") from error
        if first is None:
            first = schema
        elif schema.names != first.names:
            raise DataFileError(
                f"{file} has other columns than {files[0]}. Give files of the same columns."
            )
        for here, there in zip(schema, first, strict=True):
            no_label = here.name == label and pa.null() in (here.type, there.type)
            if here.type != there.type and not no_label:  # a file without any label has no type
                raise DataFileError(
                    f"the column {here.name!r} is {here.type} in {file} and {there.type} in "
                    f"{files[0]}. Write it with one type in all files."
                )
    if first is None or label not in first.names:
        listed = ", ".join([] if first is None else first.names[:20])
        raise InvalidInputError(f"there is no column {label!r} in {files[0]}. It has: {listed}.")
    return first


def _columns(
    schema: pa.Schema,
    source: Path,
    label: str,
    columns: Sequence[str] | None,
    excluded: Sequence[str],
) -> list[str]:
    unknown = [name for name in [*(columns or ()), *excluded] if name not in schema.names]
    if unknown:
        raise InvalidInputError(
            f"there is no column {unknown[0]!r} in {source}. It has: "
            f"{', '.join(schema.names[:20])}."
        )
    if columns is not None:
        return [name for name in columns if name not in excluded]
    chosen = [
        field.name
        for field in schema
        if field.name != label and field.name not in excluded and _is_numeric(field.type)
    ]
    if not chosen:
        raise InvalidInputError(
            f"{source} has no columns of numbers, or of lists of numbers, beside {label!r}. On a "
            "cluster, texts and names are not compared: make features of them first."
        )
    return chosen


def _is_numeric(kind: Any) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _labels(files: Sequence[Path], label: str) -> tuple[AnyArray, list[object], list[int]]:
    """Return the rows that have a label, their labels, and the number of rows of each file."""
    rows, values, n_rows, start = [], [], [], 0
    for file in files:
        first = start
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(columns=[label]):
                column = batch.column(0)
                cells = column.drop_null().to_pylist()
                at = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
                said = [not (cell != cell or str(cell).strip() == "") for cell in cells]
                rows.append(at[said] + start)
                values += [
                    cell.strip() if isinstance(cell, str) else cell
                    for cell, is_said in zip(cells, said, strict=True)
                    if is_said
                ]
                start += len(column)
        n_rows.append(start - first)
    return np.concatenate(rows), values, n_rows


def _write(
    client: Client,
    files: Sequence[Path],
    targets: Sequence[Path],
    model: LabelSpreading,
    n_rows: Sequence[int],
    names: Sequence[str],
) -> None:
    """Write each file with the added columns, one task a file."""
    chunks = tuple(n_rows)
    shares = model.label_distributions_.rechunk((chunks, -1)).to_delayed().ravel()
    others = [
        array.rechunk((chunks,)).to_delayed().ravel()
        for array in (model.transduction_, model.evidence_, model.reached_)
    ]
    task = delayed(_write_file, pure=False)
    tasks = [
        task(str(file), str(target), list(names), *blocks)
        for file, target, *blocks in zip(files, targets, shares, *others, strict=True)
    ]
    for target in targets:  # folders may hold files of the same name
        target.parent.mkdir(parents=True, exist_ok=True)
    gather_tasks(client, "tables", client.compute(tasks))


def _write_file(
    source: str,
    target: str,
    names: list[str],
    shares: AnyArray,
    decided: AnyArray,
    evidence: AnyArray,
    reached: AnyArray,
) -> None:
    table = pq.read_table(source)
    if len(table) != len(shares):
        raise DataFileError(f"{source} has changed while it was read. Start again.")
    answers = pa.array(decided.tolist(), mask=~reached)
    confidence = np.where(reached, shares.max(axis=1), 0.0)
    added = (answers, pa.array(confidence), pa.array(evidence), pa.array(reached))
    for name, column in zip(names, added, strict=True):
        table = table.append_column(name, column)
    part = f"{target}.{os.getpid()}"
    pq.write_table(table, part, write_page_checksum=True)
    Path(part).replace(target)
