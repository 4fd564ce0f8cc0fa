"""Refuse what does not fit before it is allocated."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from fewlabels.exceptions import NotEnoughMemoryError

# Work arrays and the allocator need some room beside the arrays that are counted.
_USABLE_SHARE = 0.9


# Where Linux tells what a container may use, and what it uses: version 2, then version 1.
_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")

# To look takes up to a millisecond, a good part of a small fit, which asks three times. What is
# small beside what was free a moment ago needs no look of its own.
_SMALL, _MOMENT = 0.01, 0.1  # share; seconds
_last_look: tuple[Callable[[], int], float, int] | None = None  # who looked, when, what was free


def available_memory() -> int:
    """Bytes that can be allocated now without swapping, here and in the container around."""
    import psutil  # loaded when first asked: most graphs never need it

    return min([int(psutil.virtual_memory().available), *_left_in_groups(), *_left_to_process()])


def _left_to_process() -> list[int]:
    """Return what is left of this process's own limits (`ulimit -v`, `ulimit -d`)."""
    if sys.platform == "win32":
        return []
    import resource

    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    if all(limit == resource.RLIM_INFINITY for limit in limits):
        return []
    try:
        pages = _read("/proc/self/statm").split()
    except OSError:
        return []  # no Linux
    used = [int(pages[field]) * resource.getpagesize() for field in (0, 5)]  # all; data and stack
    return [
        max(0, limit - held)
        for limit, held in zip(limits, used, strict=True)
        if limit != resource.RLIM_INFINITY
    ]


def resident_memory() -> int:
    """Bytes that this process holds in memory now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def _left_in_groups() -> list[int]:
    """Return what is left of the limit of each control group that this process is in."""
    try:
        lines = _read(str(_MEMBERSHIP)).splitlines()
    except (OSError, ValueError):
        return []  # no Linux
    left = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if controllers == "":
            root, limit, usage = _CGROUPS, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit = _CGROUPS / "memory", "memory.limit_in_bytes"
            usage = "memory.usage_in_bytes"
        else:
            continue
        # The limit of any group above holds as well. Inside a container, the group's own name
        # may be that of the host, where there is no such folder.
        parts = [part for part in name.split("/") if part not in ("", "..")]
        for depth in range(len(parts) + 1):
            room = _left("/".join([str(root), *parts[:depth]]), limit, usage)
            if room is not None:
                left.append(room)
    return left


def _left(group: str, limit: str, usage: str) -> int | None:
    try:
        allowed = int(_read(f"{group}/{limit}"))  # "max" is no limit, and no number
        used = int(_read(f"{group}/{usage}"))
        statistics = _read(f"{group}/memory.stat").split()
    except (OSError, ValueError):
        return None
    # Pages of files count as used, but are given up before anything is refused.
    names, values = statistics[::2], statistics[1::2]
    given_up = dict(zip(names, values, strict=False)).get("inactive_file", "0")
    reclaimable = int(given_up) if given_up.isdigit() else 0
    return max(0, allowed - max(0, used - reclaimable))


def _read(path: str) -> str:
    """Return what a small file of the system holds.

    A tenth of the time of ``Path.read_text``, which small fits would feel: there are a dozen.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(handle, 16_384):
            parts.append(part)
        return b"".join(parts).decode()
    finally:
        os.close(handle)


def require_memory(n_bytes: int, what: str, instead: str | Callable[[int], str]) -> None:
    """Raise :class:`NotEnoughMemoryError` if `n_bytes` are not free.

    Parameters
    ----------
    n_bytes : int
        Estimated peak of the allocation.
    what : str
        What would be allocated, for the message: ``"a dense 10 x 10 affinity matrix"``.
    instead : str or callable
        What to do instead, for the message; or a function that returns that, given the bytes that
        may be used.
    """
    global _last_look
    if _last_look is not None:
        look, at, free = _last_look
        if look is available_memory and monotonic() - at < _MOMENT and n_bytes < _SMALL * free:
            return
    available = available_memory()
    _last_look = available_memory, monotonic(), available
    if n_bytes > _USABLE_SHARE * available:
        remedy = instead if isinstance(instead, str) else instead(int(_USABLE_SHARE * available))
        raise NotEnoughMemoryError(
            f"{what} needs {_format_bytes(n_bytes)}, but only {_format_bytes(available)} of "
            f"memory are available. {remedy}"
        )


def require_scores(n_points: int, n_classes: int, n_arrays: int, who: str) -> None:
    """Raise :class:`NotEnoughMemoryError` if scores of so many points and classes do not fit.

    Parameters
    ----------
    n_points, n_classes : int
    n_arrays : int
        Arrays of that shape, in float64, that are held at a time.
    who : str
        Whose scores, for the message.
    """

    def instead(usable: int) -> str:
        scores = usable // (8 * n_arrays)
        return (
            f"About {scores // n_classes:,} points with as many classes would fit, or "
            f"{scores // n_points:,} classes with as many points. Fit fewer points at a time, or "
            "merge rare classes; LabelSpreading on a graph on disk (fewlabels.write_graph) "
            "works on a few classes at a time."
        )

    require_memory(
        8 * n_arrays * n_points * n_classes,
        f"{who} for {n_points:,} points and {n_classes:,} classes",
        instead,
    )


def _format_bytes(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 999.5:  # what rounds to 1000 is one of the next unit
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB" if n_bytes < 999.5 else f"{n_bytes:,.0f} TB"
