"""Right-hand sides of either sign, such as errors, solved by systems for non-negative ones.

A system that only adds non-negative numbers is accurate row by row. For a column
of either sign, the positive and the negative part are solved separately, and subtracted last.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels.solvers import Answer, Callback
from fewlabels.systems._harmonic import HarmonicSystem
from fewlabels.systems._spreading import SpreadingSystem

FloatArray = npt.NDArray[np.float64]

# What two parts that cancel may leave by rounding, beside their sum.
_ROUNDING = 1e-12


def solve_signed(
    system: SpreadingSystem,
    B: FloatArray,
    *,
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
) -> Answer:
    """Solve for columns of either sign.

    Parameters
    ----------
    system : SpreadingSystem
    B : ndarray of shape (n_nodes, m)
    tol : float
        The error of each row, relative to the sum of the parts of all its columns.
    max_iter, callback
        As of :meth:`SpreadingSystem.solve`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import SpreadingSystem, solve_signed
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> b = np.array([[1.0], [0.0], [-1.0]])
    >>> found = solve_signed(SpreadingSystem(path, alpha=0.9), b, tol=1e-6, max_iter=1000)
    >>> found.scores.ravel().round(3) + 0.0
    array([ 0.1,  0. , -0.1])
    """
    m = B.shape[1]
    below = np.flatnonzero((B < 0).any(axis=0))
    parts = np.hstack([np.maximum(B, 0), np.maximum(-B[:, below], 0)])
    answer = system.solve(parts, tol=tol, max_iter=max_iter, callback=callback)
    values, residual, converged = answer.values[:, :m], answer.residual[:m], answer.converged[:m]
    values[:, below] -= answer.values[:, m:]
    residual[below] = np.maximum(residual[below], answer.residual[m:])
    converged[below] &= answer.converged[m:]
    return replace(answer, values=values, residual=residual, converged=converged)


def solve_directions(
    system: SpreadingSystem,
    E: FloatArray,
    *,
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
) -> tuple[FloatArray, Answer]:
    """Solve for the rows that result from errors `E`, each divided by its size |f_i|_1.

    Parameters
    ----------
    system : SpreadingSystem
    E : ndarray of shape (n_nodes, m)
    tol, max_iter, callback
        As of :func:`solve_signed`.

    Returns
    -------
    directions : ndarray of shape (n_nodes, m)
        Rows of size 1, however little arrives; zeros where nothing arrives, or where it cancels
        to within `tol`, so that its direction is unknown.
    answer : Answer
        With one more column than `E`: the sum of all parts.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import SpreadingSystem, solve_directions
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> errors = np.array([[0.1, -0.1], [0.0, 0.0], [0.0, 0.0]])
    >>> system = SpreadingSystem(path, alpha=0.9)
    >>> directions, answer = solve_directions(system, errors, tol=1e-6, max_iter=1000)
    >>> directions.round(3)
    array([[ 0.5, -0.5],
           [ 0.5, -0.5],
           [ 0.5, -0.5]])
    """
    sizes = np.abs(E).sum(axis=1)
    parts = np.hstack([E, sizes[:, None]])
    answer = solve_signed(system, parts, tol=tol, max_iter=max_iter, callback=callback)
    # Each row has a scale of its own, which falls out.
    found, arrived = answer.values[:, :-1], answer.values[:, -1]
    sizes = np.abs(found).sum(axis=1)
    known = sizes > max(tol, _ROUNDING) * arrived
    inverse = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=known)
    return found * inverse[:, None], answer


def solve_fixed_errors(
    system: HarmonicSystem,
    E: FloatArray,
    labelled: npt.NDArray[np.bool_],
    *,
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
) -> Answer:
    """Solve for errors that are fixed where labelled, and the mean of the neighbours elsewhere.

    Parameters
    ----------
    system : HarmonicSystem
        With the labelled nodes clamped.
    E : ndarray of shape (n_nodes, m)
        Rows |e_i|_1 <= 2; read where labelled.
    labelled : ndarray of shape (n_nodes,), bool
    tol, max_iter, callback
        As of :meth:`HarmonicSystem.solve`; no entry is off by more than twice `tol`.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import HarmonicSystem, solve_fixed_errors
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> labelled = np.array([True, False, True])
    >>> errors = np.array([[0.2, -0.2], [0.0, 0.0], [0.0, 0.0]])
    >>> system = HarmonicSystem(path, labelled)
    >>> found = solve_fixed_errors(system, errors, labelled, tol=1e-6, max_iter=1000)
    >>> found.scores.round(3) + 0.0
    array([[ 0.2, -0.2],
           [ 0.1, -0.1],
           [ 0. ,  0. ]])
    """
    # Halved, the parts of a row sum to at most 1. A column fills them up to that, for the system
    # checks that rows sum to 1.
    m = E.shape[1]
    parts = np.hstack([np.maximum(E, 0), np.maximum(-E, 0), np.zeros((len(E), 1))]) / 2
    parts[labelled, -1] = np.maximum(1 - parts[labelled].sum(axis=1), 0)
    answer = system.solve(parts, tol=tol, max_iter=max_iter, callback=callback)
    values = 2 * (answer.values[:, :m] - answer.values[:, m : 2 * m])
    residual = np.maximum(answer.residual[:m], answer.residual[m : 2 * m])
    converged = answer.converged[:m] & answer.converged[m : 2 * m] & answer.converged[-1]
    return replace(answer, values=values, residual=residual, converged=converged)
