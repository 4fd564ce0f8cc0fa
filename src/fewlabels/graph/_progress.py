"""Say how far a long step is: on a bar, or to a function."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tqdm import tqdm

Progress: TypeAlias = bool | Callable[[float], object]


@contextlib.contextmanager
def reporting(
    progress: Progress, n_points: int, *, doing: str = "neighbours", unit: str = "points"
) -> Iterator[Callable[[int], object]]:
    """Yield a function to call with the number of points just done.

    Parameters
    ----------
    progress : bool or callable
        True shows a bar on standard error; a function is called with the share that is done,
        from 0 to 1.
    n_points : int
    doing, unit : str
        What the bar says.
    """
    if not callable(progress):
        with tqdm(total=n_points, desc=doing, unit=f" {unit}", disable=not progress) as bar:
            yield bar.update
        return
    done = 0

    def report(n_more: int) -> None:
        nonlocal done
        done += n_more
        progress(done / n_points)

    yield report


@contextlib.contextmanager
def reporting_share(progress: Progress, n_points: int) -> Iterator[Callable[[float], object]]:
    """Yield a function to call with the share that is done, which never falls."""
    with reporting(progress, n_points) as report:
        done = 0

        def report_share(share: float) -> None:
            nonlocal done
            now = int(share * n_points)
            if now > done:
                more, done = now - done, now
                report(more)

        yield report_share
        report_share(1.0)
