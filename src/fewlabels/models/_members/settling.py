"""Self-training: distributions spread once more, from all points at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.models._members.graph_member import divided
from fewlabels.models._members.sharpness import expected_sharpness, logits_of, sharpened
from fewlabels.systems import SpreadingSystem

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# The walk of the rounds: long enough to hear the neighbours' neighbours, and no farther.
_BETA, _ROUNDS = 0.9, 2
# Of fewer points there is nothing to learn from one another that labels don't tell.
_FEWEST = 1_000
# All of the way to equal masses is too far where classes are uneven.
_FAR = 0.75
_TOL, _MOST_ITERATIONS = 1e-3, 1_000
_MOST_MEASURED = 500


def settled(
    graph: Graph, Q: FloatArray, nodes: IntArray, targets: FloatArray, balanced: float
) -> FloatArray:
    """Let each point take the mean of what is said around it, the labels held; twice.

        Q <- balance(M clamp(Q)),    M = D^-1/2 (1 - b) (I - b S)^-1 D^1/2,  b = 0.9.

    Rows of M sum to 1: row i says where a walk from i is when it ends, 10 steps on average from
    its start. Then Q is sharpened to the confidence that it had.

    Parameters
    ----------
    graph : Graph
    Q : ndarray of shape (n_nodes, n_classes)
        Distributions; rows of zeros say nothing, and are left as they are.
    nodes : ndarray of int, shape (n_labelled,)
    targets : ndarray of shape (n_labelled, n_classes)
        Distributions of their labels.
    balanced : float
        From 0 to 1: how far equal masses of the classes are believed in. In each round a class is
        weighed by 1 / mass to the power of three quarters of that.

    Returns
    -------
    ndarray of shape (n_nodes, n_classes), float64
    """
    answered = np.flatnonzero(Q.any(axis=1))
    unlabelled = np.setdiff1d(answered, nodes)
    if len(unlabelled) < _FEWEST:
        return Q
    measured = unlabelled[:: max(1, len(unlabelled) // _MOST_MEASURED)]
    confidence = float(Q[measured].max(axis=1).mean())
    system = SpreadingSystem(graph, _BETA)
    root = np.sqrt(np.where(graph.degrees > 0, graph.degrees, 1.0))[:, None]
    for _ in range(_ROUNDS):
        Q[nodes] = targets
        answer = system.solve(Q * root, tol=_TOL, max_iter=_MOST_ITERATIONS)
        Q[answered] = divided(answer.values[answered])
        masses = Q[unlabelled].sum(axis=0)
        weights = np.power(masses, -_FAR * balanced, out=np.ones_like(masses), where=masses > 0)
        Q[answered] = divided(Q[answered] * weights)
    sharpness = expected_sharpness(logits_of(Q[measured]), confidence)
    Q[answered] = sharpened(logits_of(Q[answered]), sharpness)
    Q[nodes] = targets
    return Q
