"""What a fit on a cluster publishes: dask arrays that read its answers, and warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise

import dask
import dask.array as da
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from fewlabels._callers import callers_level
from fewlabels._unsaid import is_unsaid
from fewlabels.dask._brought import Answered
from fewlabels.dask._part import Outcome, Problem
from fewlabels.exceptions import UnreachedWarning

AnyArray = np.ndarray


def array_of(
    answered: Answered,
    read: Callable[..., AnyArray],
    chunks: Sequence[int],
    dtype: object,
    n_columns: int = 0,
) -> da.Array:
    """Return a dask array whose chunks are read by ``read(answered, start=, stop=)``."""
    parts = []
    delayed = dask.delayed(read, pure=False)
    for start, stop in pairwise(np.cumsum([0, *chunks]).tolist()):
        shape = (stop - start, n_columns) if n_columns else (stop - start,)
        block = delayed(answered=answered, start=start, stop=stop)
        parts.append(da.from_delayed(block, shape=shape, dtype=dtype))
    return da.concatenate(parts)


def warn_of(outcomes: Sequence[Outcome], problem: Problem) -> None:
    """Warn of a solve that did not settle, and of components without a label."""
    if not outcomes[0].converged:
        n_open = sum(each.n_open for each in outcomes)
        limited = outcomes[0].n_iter >= problem.max_iter
        why = f"max_iter={problem.max_iter} was reached" if limited else "rounding ended it"
        warnings.warn(
            f"{why} without convergence to tol={problem.tol:g}; {n_open} rows that labels "
            "reach have no answer yet. "
            + ("Raise max_iter." if limited else "Raise alpha, or label rows nearer by."),
            ConvergenceWarning,
            stacklevel=callers_level(),
        )
    if problem.reached is not None and not is_unsaid(UnreachedWarning):
        n_components = problem.graph.n_components
        n_left = n_components - len(problem.reached)
        if n_left:
            warnings.warn(
                f"{n_left} of the graph's {n_components} components hold no label. "
                "Distributions there are the shares of the classes among the labels, "
                "transduction_ marks these rows as unlabelled, and reached_ is False.",
                UnreachedWarning,
                stacklevel=callers_level(),
            )
