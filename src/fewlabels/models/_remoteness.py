"""Which new points lie farther from the fitted ones than these lie from one another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._typing import Package
from fewlabels.graph import Graph
from fewlabels.models._kernels import Placed

FloatArray = npt.NDArray[np.floating]

# A point is remote if it is so by more than all fitted points but this share of them, ...
_SHARE = 0.001
# ... and by this factor: among few points, the most remote one is hardly so.
_LEAST = 1.5


def remote(
    kernel: Package, graph: Graph, new: Placed, usual: Callable[[FloatArray], float]
) -> npt.NDArray[np.bool_] | None:
    """Tell which new points are unlike the fitted ones, by their distance to the nearest of them.

    The remoteness of a point is the distance to its last neighbour, over the mean of its
    neighbours' distances to theirs: about 1 among points alike, of whatever density.

    Parameters
    ----------
    kernel : Kernel
    graph : Graph
        Of the fitted points.
    new : Placed
        The new points, by that kernel.
    usual : callable
        Returns :func:`usual_remoteness` of the graph, given its local scales.

    Returns
    -------
    ndarray of shape (n_queries,), bool; or None
        Whether the remoteness is above 1.5, and above that of all fitted points but one in a
        thousand. None where the kernel knows no neighbours: of affinities no distance is known.

    References
    ----------
    M. Breunig, H.-P. Kriegel, R. Ng, J. Sander, "LOF: identifying density-based local outliers",
    SIGMOD 2000, of which it is a simple form.
    """
    scales = graph.local_scales
    if new.nearest is None or kernel.n_others == 0 or scales is None:
        return None
    lengths, indices = new.nearest
    # scikit-learn's knn kernel has one neighbour more than a point's own distance goes to
    last = lengths[:, min(kernel.n_others, lengths.shape[1]) - 1]
    return np.asarray(_ratio(last, scales[indices].mean(axis=1)) > max(_LEAST, usual(scales)))


def usual_remoteness(graph: Graph, scales: FloatArray) -> float:
    """The remoteness of all fitted points but one in a thousand; infinity if none has a neighbour.

    Parameters
    ----------
    graph : Graph
    scales : ndarray of shape (n_samples,)
        Its local scales.
    """
    affinity = sparse.csr_array(graph.affinity)
    ones = np.ones(affinity.nnz)
    joined = sparse.csr_array((ones, affinity.indices, affinity.indptr), shape=affinity.shape)
    counts = np.diff(joined.indptr)
    around = joined @ scales.astype(np.float64) / np.maximum(counts, 1)
    fitted = _ratio(scales[counts > 0], around[counts > 0])
    return float(np.quantile(fitted, 1 - _SHARE, method="higher")) if len(fitted) else np.inf


def _ratio(lengths: FloatArray, around: FloatArray) -> FloatArray:
    """Of the same lengths 1, of points in one place too; infinity of one apart from these."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.divide(lengths.astype(np.float64), around.astype(np.float64))
    return np.asarray(np.where(lengths == around, 1.0, np.nan_to_num(ratio, nan=np.inf)))
