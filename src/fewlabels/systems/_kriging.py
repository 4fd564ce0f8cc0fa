"""Kriging: what labels say of a point under a Gaussian process whose level is unknown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Kriging:
    """Best linear unbiased prediction with a level that is estimated along with it.

    With Q = (K + g T^-1)^-1, q = Q 1 and P = Q - q q' / 1'q, the answer at a point of kernel k with
    the labelled ones is m = k' P y + q' y / 1'q, a sum of the labels with weights that sum to 1.

    Parameters
    ----------
    inverse : ndarray of shape (n_labelled, n_labelled), float64
        Q; see :meth:`fewlabels.systems.KernelRidge.inverse`.
    ground : float
        g, the variance of a label of trust 1 about the process, in units of the kernel.

    Notes
    -----
    Leaving out label j, and the level it had a part in, gives y_j - (P y)_j / P_jj with variance
    1 / P_jj, exactly. Cost: O(n_labelled^2) for each of these.

    References
    ----------
    O. Dubrule, "Cross validation of kriging in a unique neighborhood", Mathematical Geology 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.systems import KernelRidge, Kriging
    >>> kernel = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])
    >>> kriging = Kriging(KernelRidge(kernel, np.ones(3)).inverse(0.5), 0.5)
    >>> kriging.response(np.array([1.0, 0.5, 0.0])).round(3).tolist()
    [0.733, 0.2, 0.067]
    """

    def __init__(self, inverse: FloatArray, ground: float) -> None:
        self.ground = ground
        self._inverse = inverse
        sums = inverse.sum(axis=1)
        self._total = float(sums.sum())
        self._sums = sums
        self.level: FloatArray = sums / self._total
        self._contrasts = inverse - np.outer(sums, self.level)

    def coefficients(self, y: FloatArray) -> FloatArray:
        """Return P y, of shape (n_labelled,)."""
        return np.asarray(self._contrasts @ y)

    def left_out(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the other labels say of each, and its variance; two labels at least."""
        own = np.diagonal(self._contrasts)
        return y - self.coefficients(y) / own, 1 / own

    def left_out_weights(self) -> FloatArray:
        """Return B with ``left_out(y)[0] = B @ y``; its diagonal is 0, and rows sum to 1."""
        weights = -self._contrasts / np.diagonal(self._contrasts)[:, None]
        np.fill_diagonal(weights, 0)
        return np.asarray(weights)

    def response(self, kernels: FloatArray) -> FloatArray:
        """Return how much each label counts at points of these kernels, (..., n_labelled)."""
        return np.asarray(kernels @ self._contrasts + self.level)

    def variances(self, kernels: FloatArray, own: FloatArray) -> FloatArray:
        """Return the variances of labels of trust 1 at points, (n_points,).

        Parameters
        ----------
        kernels : ndarray of shape (n_points, n_labelled)
        own : ndarray of shape (n_points,)
            The kernel of each point with itself.
        """
        known = np.einsum("ij,ij->i", kernels @ self._inverse, kernels)
        level = (1 - kernels @ self._sums) ** 2 / self._total
        return np.asarray(self.ground + np.maximum(own - known, 0) + level)
