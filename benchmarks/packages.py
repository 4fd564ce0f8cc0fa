"""The packages that are measured, their versions, and what to say where one is missing."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

# distribution -> module; those before NUMPY are measured, the rest decide how fast they are
MODULES = {
    "fewlabels": "fewlabels",
    "scikit-learn": "sklearn",
    "graphlearning": "graphlearning",
    "pynndescent": "pynndescent",
    "hnswlib": "hnswlib",
    "scikit-network": "sknetwork",
    "cleanlab": "cleanlab",
    "faiss-cpu": "faiss",
    "numpy": "numpy",
    "scipy": "scipy",
    "numba": "numba",
}


class MissingPackageError(Exception):
    """A peer is not installed; the message says which extra brings it."""


def load(distribution: str) -> Any:
    """Import a peer; its submodules have to be named by the caller.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    try:
        return import_module(MODULES[distribution])
    except ImportError as error:
        raise MissingPackageError(
            f"{distribution} is not installed ({error}), so that it was not measured. "
            "Install the peers with `pip install -c constraints.txt -e '.[bench]'`."
        ) from error


def require(distribution: str) -> None:
    """Raise MissingPackageError unless the distribution is installed; nothing is imported."""
    try:
        version(distribution)
    except PackageNotFoundError as error:
        raise MissingPackageError(
            f"{distribution} is not installed, so that it was not measured. "
            "Install the peers with `pip install -c constraints.txt -e '.[bench]'`."
        ) from error


def versions() -> dict[str, str]:
    """Return the version of each of the packages that is installed."""
    found = {}
    for name in MODULES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
