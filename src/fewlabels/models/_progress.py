"""A progress bar for an iteration of which the end is not known."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tqdm import tqdm

from fewlabels.solvers import Callback


@contextlib.contextmanager
def iteration_progress(verbose: bool, max_iter: int) -> Iterator[Callback | None]:
    """Give a solver callback that shows iteration and error on standard error, or None."""
    if not verbose:
        yield None
        return
    with tqdm(total=max_iter, desc="solving", unit=" iterations") as bar:

        def show(n_iter: int, error: float) -> None:
            bar.set_postfix_str(f"error {error:.1e}", refresh=False)
            bar.update(n_iter - bar.n if n_iter > bar.n else 1)

        yield show
