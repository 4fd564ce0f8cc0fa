"""One thread for linear algebra that is too small to share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache

from threadpoolctl import ThreadpoolController


@contextlib.contextmanager
def one_thread_if(small: bool) -> Iterator[None]:
    """Run the block on one BLAS thread if it is small.

    Hundreds of products of small matrices spend their time waiting for a second thread, and many
    times that where another process uses its core.
    """
    if not small:
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the loaded libraries: once
