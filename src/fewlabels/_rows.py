"""Blocks of rows, for work that takes too much memory at once."""

from __future__ import annotations


def row_blocks(n_rows: int, size: int) -> list[slice]:
    """Cut rows into slices of `size`, the last one shorter."""
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
