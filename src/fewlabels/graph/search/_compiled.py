"""What of the search is compiled, or None where NumPy and FAISS do its work."""

from __future__ import annotations

from fewlabels._compiled import compiled_module
from fewlabels._typing import Package

compare: Package = compiled_module("fewlabels.graph.search._compare")
