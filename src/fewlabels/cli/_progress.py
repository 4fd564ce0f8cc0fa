"""Progress bars on a terminal's stderr; nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Callable[[str], Callable[[float], None]]]:
    """Show one bar for each stage of a long piece of work.

    Yields a function that starts a stage (and ends the one before) and returns a function to be
    called with the share of it that is done. A stage that never says how far it is shows that
    it runs.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda stage: lambda share: None
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def start(stage: str) -> Callable[[float], None]:
            for running in bars.task_ids:
                bars.update(running, total=1.0, completed=1.0)
            task = bars.add_task(stage, total=None)
            return lambda share: bars.update(task, total=1.0, completed=share)

        yield start
