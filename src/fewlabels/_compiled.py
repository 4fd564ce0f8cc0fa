"""What of the package is compiled: used where it was, and where nobody asks to do without."""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def compiled_module(name: str) -> ModuleType | None:
    """Return a compiled module of the package; None where NumPy, SciPy and FAISS do its work.

    That is where the package was installed without a compiler, and where the environment variable
    ``FEWLABELS_COMPILED`` is ``0`` when the package is first used.

    Parameters
    ----------
    name : str
        Such as ``"fewlabels._csr"``.
    """
    if os.environ.get("FEWLABELS_COMPILED") == "0":
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
