"""Poisson learning with decisions in between: the MBO scheme under volume constraints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.solvers import Callback
from fewlabels.systems._poisson import PoissonSystem
from fewlabels.systems._volume import volume_offsets

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Partition:
    """The result of :func:`poisson_mbo`.

    Attributes
    ----------
    values : ndarray of shape (n_nodes, n_classes), float64
        The classes after diffusion, before the last decision; rows sum to 1.
    offsets : ndarray of shape (n_classes,)
        The decision is argmax_c values_ic + offsets_c; their mean is 0.
    n_rounds : int
        Rounds of diffusion and decision.
    n_steps : int
        Total steps of diffusion.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonSystem, poisson_mbo
    >>> path = Graph.from_affinity(np.eye(4, k=1) + np.eye(4, k=-1))
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> free = np.array([False, True, True, False])
    >>> settings = {"n_rounds": 20, "n_steps": 10, "fidelity": 10.0}
    >>> codes, half = np.array([0, 1, 0, 1]), np.array([0.5, 0.5])
    >>> found = poisson_mbo(PoissonSystem(path), Y, codes, free, half, **settings)
    >>> found.values.shape, found.n_steps % 10
    ((4, 2), 0)
    """

    values: FloatArray
    offsets: FloatArray
    n_rounds: int
    n_steps: int


def poisson_mbo(
    system: PoissonSystem,
    Y: FloatArray,
    codes: npt.NDArray[np.intp],
    free: npt.NDArray[np.bool_],
    shares: FloatArray,
    *,
    n_rounds: int,
    n_steps: int,
    fidelity: float,
    callback: Callback | None = None,
) -> Partition:
    """Alternate diffusion with decisions that keep the sizes of the classes.

    The partition minimises its cut, the sum over classes of u' L u, minus a term of the labels, by

        u <- u - dt (L u - fidelity B),   B = sum_j (y_j - ybar) delta_j,   dt = 1 / max d,

    `n_steps` times from the one-hot decisions, then decisions again, argmax_c u_ic + o_c with the
    offsets o that give the classes their shares. It ends when no decision changes.

    Parameters
    ----------
    system : PoissonSystem
    Y : ndarray of shape (n_nodes, n_classes)
        As :meth:`PoissonSystem.solve`.
    codes : ndarray of int, shape (n_nodes,)
        The initial classes.
    free : ndarray of bool, shape (n_nodes,)
        The nodes to be decided; the others keep their class, and count towards its share.
    shares : ndarray of shape (n_classes,)
        The share of each class among all nodes with a class (`codes` >= 0); they sum to 1.
    n_rounds, n_steps : int
    fidelity : float
        The weight of the labels.
    callback : callable, default=None
        Called with the number of the round and the share of decisions that changed in it.

    Notes
    -----
    Cost: n_rounds n_steps products with W, and as many volume-constrained decisions as rounds.

    References
    ----------
    J. Calder, B. Cook, M. Thorpe, D. Slepcev, "Poisson learning", ICML 2020, section 2.4 and
    algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.systems import PoissonSystem, poisson_mbo
    >>> path = Graph.from_affinity(np.eye(4, k=1) + np.eye(4, k=-1))
    >>> Y = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> free = np.array([False, True, True, False])
    >>> settings = {"n_rounds": 20, "n_steps": 10, "fidelity": 10.0}
    >>> codes, half = np.array([0, 1, 0, 1]), np.array([0.5, 0.5])
    >>> found = poisson_mbo(PoissonSystem(path), Y, codes, free, half, **settings)
    >>> (found.values + found.offsets).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    n_classes = Y.shape[1]
    held = np.bincount(codes[~free & (codes >= 0)], minlength=n_classes)
    wanted = np.maximum(shares * (codes >= 0).sum() - held, 0)
    if not free.any() or not wanted.any():
        return Partition(_one_hot(codes, n_classes), np.zeros(n_classes), 0, 0)
    asked = np.flatnonzero(wanted)
    wanted = wanted[asked] / wanted.sum()
    codes, offsets = codes.copy(), None
    for n_round in range(1, n_rounds + 1):
        values = system.diffuse(_one_hot(codes, n_classes), Y, n_steps, fidelity)
        scores = values[np.ix_(free, asked)]
        offsets = volume_offsets(scores, wanted, start=offsets)
        decided = asked[np.argmax(scores + offsets, axis=1)]
        n_changed = int((decided != codes[free]).sum())
        codes[free] = decided
        if callback is not None:
            callback(n_round, n_changed / len(decided))
        if n_changed == 0:
            break
    all_offsets = np.full(n_classes, -np.inf)
    all_offsets[asked] = offsets
    return Partition(values, all_offsets, n_round, n_round * n_steps)


def _one_hot(codes: npt.NDArray[np.intp], n_classes: int) -> FloatArray:
    rows = np.zeros((len(codes), n_classes))
    known = np.flatnonzero(codes >= 0)
    rows[known, codes[known]] = 1
    return rows
