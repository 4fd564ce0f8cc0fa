"""What a piece of work is."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Clock = Callable[[str], contextlib.AbstractContextManager[None]]


@dataclass(frozen=True)
class Work:
    """A function, and what runs before it and is not timed.

    Attributes
    ----------
    run : callable
        Takes inputs, settings and a clock; returns arrays by name.
    packages : tuple of str
        Distributions that it needs.
    small_inputs : callable or None
        Makes inputs of the same kind for a first run that does not count, on few points, with
        the settings of `small_settings` in place of the real ones; files go to the folder given.
    small_settings : dict
    """

    run: Callable[[dict[str, Any], dict[str, Any], Clock], dict[str, Any]]
    packages: tuple[str, ...] = ()
    small_inputs: Callable[[Path], dict[str, Any]] | None = None
    small_settings: dict[str, Any] | None = None

    def warm_up(self, settings: dict[str, Any]) -> None:
        """Run once on little."""
        if self.small_inputs is not None:
            adapted = settings | (self.small_settings or {})
            with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
                self.run(self.small_inputs(Path(folder)), adapted, unheard)


def unheard(name: str) -> contextlib.AbstractContextManager[None]:
    """Time nothing."""
    del name
    return contextlib.nullcontext()
