"""What of the search is compiled, or None where NumPy and FAISS do its work."""

from __future__ import annotations

from typing import Any

from fewlabels._compiled import compiled_module

compare: Any = compiled_module("fewlabels.graph.search._compare")
