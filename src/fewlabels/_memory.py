"""Refuse what does not fit before it is allocated."""

from __future__ import annotations

from fewlabels.exceptions import NotEnoughMemoryError

# Work arrays and the allocator need some room beside the arrays that are counted.
_USABLE_SHARE = 0.9


def available_memory() -> int:
    """Bytes that can be allocated now without swapping."""
    import psutil  # loaded when first asked: most graphs never need it

    return int(psutil.virtual_memory().available)


def require_memory(n_bytes: int, what: str, instead: str) -> None:
    """Raise :class:`NotEnoughMemoryError` if `n_bytes` are not free.

    Parameters
    ----------
    n_bytes : int
        Estimated peak of the allocation.
    what : str
        What would be allocated, for the message: ``"a dense 10 x 10 affinity matrix"``.
    instead : str
        What to do instead, for the message.
    """
    available = available_memory()
    if n_bytes > _USABLE_SHARE * available:
        raise NotEnoughMemoryError(
            f"{what} needs {_format_bytes(n_bytes)}, but only {_format_bytes(available)} of "
            f"memory are available. {instead}"
        )


def _format_bytes(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:  # what rounds to 1000 is one of the next unit
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB" if n_bytes < 999.5 else f"{n_bytes:,.0f} TB"
