"""Say how far a long step is: on a bar on standard error, or to a function."""

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


@contextlib.contextmanager
def iteration_progress(
    verbose: bool, max_iter: int
) -> Iterator[Callable[[int, float], None] | None]:
    """Yield a solver's callback that shows iteration and error on a bar; None if not `verbose`."""
    if not verbose:
        yield None
        return
    with tqdm(total=max_iter, desc="solving", unit=" iterations") as bar:

        def show(n_iter: int, error: float) -> None:
            bar.set_postfix_str(f"error {error:.1e}", refresh=False)
            bar.update(n_iter - bar.n if n_iter > bar.n else 1)

        yield show
