"""The general sweep, of which the published iterations are special cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Matrix
from fewlabels._validation import check_integer, check_real
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SweepResult:
    """The result of :func:`sweep`.

    Attributes
    ----------
    values : ndarray of shape (n, m), float64
        F after the last sweep.
    n_sweeps : int
    converged : bool
        Whether the last sweep changed F by at most `tol` in all.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import normalized_affinity, sweep
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> F0 = np.array([[1.0], [0.0], [0.0]])
    >>> S = normalized_affinity(path)
    >>> found = sweep(S, F0, carry=np.full(3, 0.5), source=F0 / 2, max_sweeps=99, tol=1e-6)
    >>> found.converged
    True
    """

    values: FloatArray
    n_sweeps: int
    converged: bool


def sweep(
    S: Matrix,
    F0: npt.ArrayLike,
    *,
    carry: npt.ArrayLike,
    source: npt.ArrayLike,
    max_sweeps: int,
    tol: float = 0.0,
) -> SweepResult:
    """Repeat F <- carry * (S F) + source.

    Cases: with S = D^-1/2 W D^-1/2, carry alpha and source (1 - alpha) Y, label spreading
    (Zhou et al., NIPS 2003). With S = D^-1 W, carry 0 on labelled and 1 on unlabelled nodes and
    source Y, label propagation (Zhu, Ghahramani 2002). With the symmetric S, carry 1 on labelled
    and alpha on unlabelled nodes and source (1 - alpha) Y, the update of scikit-learn's first
    digits examples.

    Parameters
    ----------
    S : {ndarray, sparse matrix} of shape (n, n)
    F0 : array-like of shape (n, m)
        Initial values.
    carry : float or array-like of shape (n,)
        How much of S F each node takes.
    source : float or array-like of shape (n, m)
        What each node receives in every sweep.
    max_sweeps : int
        At least 0.
    tol : float, default=0.0
        Stop after a sweep whose summed absolute change, over all n x m entries, is at most this.

    Returns
    -------
    SweepResult

    Raises
    ------
    InvalidInputError
        If the shapes do not fit one another.

    Notes
    -----
    Cost: one product with S per sweep.

    Examples
    --------
    >>> import numpy as np
    >>> S = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> sweep(S, [[1.0], [0.0]], carry=0.5, source=[[0.5], [0.0]], max_sweeps=50).values.round(4)
    array([[0.6667],
           [0.3333]])
    """
    max_sweeps = check_integer("max_sweeps", max_sweeps, minimum=0)
    tol = check_real("tol", tol, minimum=0)
    F = np.array(F0, dtype=np.float64)
    if F.ndim != 2 or S.shape != (len(F), len(F)):
        raise InvalidInputError(
            f"S must be n x n and F0 n x m; got shapes {S.shape} and {F.shape}."
        )
    carried = np.asarray(carry, dtype=np.float64)
    given = np.asarray(source, dtype=np.float64)
    if carried.shape not in ((), (len(F),)) or given.shape not in ((), F.shape):
        raise InvalidInputError(
            f"carry must be a number or have shape ({len(F)},), source be a number or have shape "
            f"{F.shape}; got shapes {carried.shape} and {given.shape}."
        )
    factor = carried if carried.ndim == 0 else carried[:, None]
    for n_sweeps in range(1, max_sweeps + 1):
        previous, F = F, factor * np.asarray(S @ F) + given
        if np.abs(F - previous).sum() <= tol:
            return SweepResult(F, n_sweeps, converged=True)
    return SweepResult(F, max_sweeps, converged=False)
