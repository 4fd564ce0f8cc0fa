"""What of the search is compiled, or None where the package was installed without a compiler."""

from __future__ import annotations

from typing import Any

compare: Any
try:
    from fewlabels.graph import _compare as compare
except ImportError:
    compare = None
