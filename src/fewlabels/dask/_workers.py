"""The client and its workers: found, and checked before anything is computed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from distributed import Client, Worker, default_client

from fewlabels._version import __version__
from fewlabels.dask._layout import HEADER, RegionGraph
from fewlabels.dask._regions import read_checked
from fewlabels.exceptions import ClusterError, FewLabelsError, InvalidTypeError

# Whose versions have to be the same everywhere: what they compute is compared to the last bit.
_SAME_VERSIONS = ("fewlabels", "numpy", "scipy", "faiss-cpu")
# Seconds until the first worker has come.
_PATIENCE = 60.0


@dataclass(frozen=True)
class About:
    """What a worker says of itself.

    Attributes
    ----------
    versions : dict
        Of each package that counts; None where it is missing.
    token : str or None
        What it reads from a file that this process has written.
    graph : str or None
        The checksum of the graph that it sees.
    n_threads : int
    memory : int
        Bytes that each of its threads may take; 0 is any amount.
    """

    versions: dict[str, str | None]
    token: str | None
    graph: str | None
    n_threads: int
    memory: int


def client_of(client: object) -> Client:
    """Return the client that was passed, or the one in use.

    Raises
    ------
    ClusterError
        If there is none.
    InvalidTypeError
        If it is something else.
    """
    if client is None:
        try:
            return default_client()
        except ValueError as error:
            raise ClusterError(
                "no Dask client is in use. Make one first: "
                "client = distributed.Client(scheduler_address), or distributed.LocalCluster()."
            ) from error
    if not isinstance(client, Client):
        raise InvalidTypeError(f"client must be a distributed.Client, got {type(client).__name__}.")
    if client.asynchronous:
        raise InvalidTypeError("client must be a synchronous distributed.Client.")
    return client


def addresses_of(client: Client) -> list[str]:
    """Return the addresses of the workers that the scheduler knows now, sorted.

    `Client.scheduler_info` answers from what another thread sets as well, every two seconds and
    without any worker. None where there is no scheduler any more.
    """
    if client.scheduler is None:
        return []
    try:
        return sorted(client.sync(client.scheduler.identity, n_workers=-1)["workers"])
    except OSError:
        return []


def await_first(client: Client) -> None:
    """Give workers that are being started a minute."""
    with contextlib.suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_PATIENCE)


def checked_workers(
    client: Client, folder: Path, graph: RegionGraph | None = None
) -> dict[str, About]:
    """Return what each worker says of itself, by its address; all can do the work.

    Parameters
    ----------
    client : Client
    folder : Path
        An existing folder that all workers have to see.
    graph : RegionGraph, default=None
        Which they have to see, too.

    Raises
    ------
    ClusterError
        If there are no workers; or if some lack the package, have other versions than this
        process, or do not see the folder or the graph.
    """
    token = secrets.token_hex(16)
    path = folder / f".fewlabels-{token}.token"
    try:
        path.write_text(token, encoding="utf-8")
        asked = partial(_about, str(path), None if graph is None else str(graph.path))
        said = client.run(asked, workers=addresses_of(client), on_error="return")
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    # one that is ending is counted for a while, and does not answer
    there = {address: about for address, about in said.items() if not isinstance(about, OSError)}
    if not there:
        address = client.scheduler.address if client.scheduler is not None else "ADDRESS"
        raise ClusterError(
            f"the cluster at {address} has no workers. Start some: dask worker {address} "
            "--nthreads 1, on each machine that is to help; or wait for them with "
            "client.wait_for_workers(n)."
        )
    _refuse_silent(there)
    _refuse_versions(there)
    _refuse_unshared(there, folder, lambda about: about.token == token)
    if graph is not None:
        checksum = graph.checksum
        _refuse_unshared(there, graph.path, lambda about: about.graph == checksum)
    return dict(sorted(there.items()))


def _about(token: str, graph: str | None, dask_worker: Worker) -> About:
    """Say of a worker what has to fit; run there by the client."""
    checksum = None
    if graph is not None:
        with contextlib.suppress(FewLabelsError):
            checksum = read_checked(Path(graph) / HEADER, "fewlabels-graph-regions", 1)["checksum"]
    limit = dask_worker.memory_manager.memory_limit or 0
    n_threads = int(dask_worker.state.nthreads)
    versions = {name: _version(name) for name in _SAME_VERSIONS}
    return About(versions, _content(token), checksum, n_threads, int(limit) // n_threads)


def _content(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _refuse_silent(there: dict[str, object]) -> None:
    for address, about in there.items():
        if isinstance(about, ImportError):
            raise ClusterError(
                f"the worker {address} lacks a package: {about}. Install the same there as here: "
                f"pip install 'fewlabels[dask]=={__version__}'."
            )
        if isinstance(about, BaseException):
            raise ClusterError(f"the worker {address} does not answer: {about!r}.")


def _refuse_versions(there: dict[str, About]) -> None:
    for name in _SAME_VERSIONS:
        own = _version(name)
        others = {
            address: about.versions[name] or "missing"
            for address, about in there.items()
            if about.versions[name] != own
        }
        if others and own is not None:
            raise ClusterError(
                f"{name} is {own} here and {', '.join(sorted(set(others.values())))} on "
                f"{_listed(list(others))}. Install the same versions everywhere (pip install "
                f"'{name}=={own}'): answers would depend on which worker computes them."
            )


def _refuse_unshared(there: dict[str, About], folder: Path, sees: Callable[[About], bool]) -> None:
    blind = [address for address, about in there.items() if not sees(about)]
    if blind:
        raise ClusterError(
            f"{_listed(blind)} {'does' if len(blind) == 1 else 'do'} not see {folder} as this "
            "machine does. Choose a folder that all machines share under the same name."
        )


def _listed(workers: Sequence[str]) -> str:
    named = ", ".join(sorted(workers)[:3]) + (", ..." if len(workers) > 3 else "")
    return f"worker {named}" if len(workers) == 1 else f"{len(workers)} workers ({named})"
