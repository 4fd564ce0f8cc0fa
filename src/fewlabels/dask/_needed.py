"""Say which extra to install where Dask is missing."""

from __future__ import annotations

import importlib.util

from fewlabels.exceptions import MissingDependencyError


def require_dask() -> None:
    """Raise MissingDependencyError if dask or distributed is not installed."""
    missing = [name for name in ("dask", "distributed") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"fewlabels.dask needs {' and '.join(missing)}: pip install 'fewlabels[dask]', here "
            "and on the workers."
        )
