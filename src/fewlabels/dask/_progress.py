"""What a fit on a cluster tells of its way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

from tqdm import tqdm

from fewlabels.exceptions import InvalidTypeError

Report: TypeAlias = Callable[[dict[str, object]], object]
Progress: TypeAlias = bool | Report


@contextlib.contextmanager
def reporting(progress: Progress, max_iter: int) -> Iterator[Report | None]:
    """Give what is called with the words of rank 0, or None where nobody wants them."""
    if progress is False or progress is None:
        yield None
        return
    if callable(progress):
        yield progress
        return
    if progress is not True:
        raise InvalidTypeError(f"progress must be a bool or a function, got {progress!r}.")
    with tqdm(total=max_iter, desc="spreading", unit=" steps") as bar:

        def show(told: dict[str, object]) -> None:
            if told["what"] == "lost":
                bar.set_postfix_str(f"workers were lost {told['n_lost']} times")
                return
            bar.n = told["n_iter"]
            bar.set_postfix_str(f"error {told['error']:.1e}", refresh=False)
            bar.refresh()

        yield show
