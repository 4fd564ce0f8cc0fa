"""Kernel ridge regression on the labels: prepared once, solved for many grounds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

FloatArray = npt.NDArray[np.float64]


class KernelRidge:
    """The system (K + g T^-1) a = Y of the labelled points, for any ground g > 0.

    K is the kernel among the labelled points, and the diagonal matrix T says how much each label
    is trusted. The scores of any point are F_i = k_i a, where k_i is its kernel with the labelled
    points: linear in the labels, as in every model here, with the response k_i (K + g T^-1)^-1.

    Parameters
    ----------
    kernel : ndarray of shape (n_labelled, n_labelled), float64
        Symmetric and positive semi-definite, up to rounding.
    trust : ndarray of shape (n_labelled,)
        Positive.

    Notes
    -----
    With T^1/2 K T^1/2 = V diag(w) V', the inverse is H diag(1 / (w + g)) H', H = T^1/2 V. Leaving
    out label j gives F_j = Y_j - a_j / [(K + g T^-1)^-1]_jj, exactly.

    Cost: one eigendecomposition, O(n_labelled^3); then O(n_labelled^2 n_classes) for each ground.

    References
    ----------
    R. Rifkin, R. Lippert, "Notes on regularized least squares", MIT-CSAIL-TR-2007-025, on the
    labels left out and on many grounds from one decomposition.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.systems import KernelRidge
    >>> ridge = KernelRidge(np.array([[1.0, 0.5], [0.5, 1.0]]), np.ones(2))
    >>> ridge.coefficients(np.eye(2), 0.5).round(3)
    array([[ 0.75, -0.25],
           [-0.25,  0.75]])
    >>> ridge.left_out_weights(0.5).round(3)  # of each label, what the other says: 0.5 / 1.5
    array([[0.   , 0.333],
           [0.333, 0.   ]])
    """

    def __init__(self, kernel: FloatArray, trust: FloatArray) -> None:
        root = np.sqrt(trust)
        values, vectors = eigh(kernel * root[:, None] * root[None, :])
        self._values: FloatArray = np.maximum(values, 0)
        self._half: FloatArray = root[:, None] * vectors

    @property
    def n_labelled(self) -> int:
        """The number of labels."""
        return len(self._half)

    def coefficients(self, Y: FloatArray, ground: float) -> FloatArray:
        """Return a, of shape (n_labelled, n_columns)."""
        inner = (self._half.T @ Y) / (self._values + ground)[:, None]
        return np.asarray(self._half @ inner)

    def left_out(self, Y: FloatArray, ground: float) -> FloatArray:
        """Return what the other labels predict for each labelled point, (n_labelled, n_columns)."""
        return np.asarray(Y - self.coefficients(Y, ground) / self.own(ground)[:, None])

    def own(self, ground: float) -> FloatArray:
        """Return the diagonal of (K + g T^-1)^-1, of shape (n_labelled,)."""
        return np.asarray((self._half**2 / (self._values + ground)).sum(axis=1))

    def left_out_weights(self, ground: float) -> FloatArray:
        """Return the matrix B with ``left_out(Y) = B @ Y``; its diagonal is 0."""
        inverse = self.inverse(ground)
        weights = -inverse / np.diagonal(inverse)[:, None]
        np.fill_diagonal(weights, 0)
        return np.asarray(weights)

    def inverse(self, ground: float) -> FloatArray:
        """Return (K + g T^-1)^-1, of shape (n_labelled, n_labelled)."""
        return np.asarray((self._half / (self._values + ground)) @ self._half.T)

    def response(self, kernel_row: FloatArray, ground: float) -> FloatArray:
        """Return how each label counts at a point, (n_labelled,), given its kernel with them."""
        inner = (kernel_row @ self._half) / (self._values + ground)
        return np.asarray(inner @ self._half.T)


def relative_trust(weights: FloatArray) -> FloatArray:
    """Return weights divided by their median, between 1e-100 and 1e100: products stay finite.

    Parameters
    ----------
    weights : ndarray of shape (n_labelled,)
        Positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.systems import relative_trust
    >>> relative_trust(np.array([1.0, 2.0, 4.0]))
    array([0.5, 1. , 2. ])
    """
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.clip(weights / np.median(weights), 1e-100, 1e100))
