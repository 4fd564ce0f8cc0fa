"""Where a warning points to."""

from __future__ import annotations

import inspect


def callers_level() -> int:
    """Return the stack level at which a warning points out of this package."""
    level, frame = 1, inspect.currentframe()
    frame = frame.f_back if frame else None
    while frame and str(frame.f_globals.get("__name__", "")).startswith("fewlabels."):
        level, frame = level + 1, frame.f_back
    return level
