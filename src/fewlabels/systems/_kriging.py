"""Kriging: predictions of a Gaussian process whose level is unknown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.systems._kernel_ridge import KernelRidge

FloatArray = npt.NDArray[np.float64]

# No difference is known better than to this share.
_ROUNDING = 1e-13


class Kriging:
    """Best linear unbiased prediction with a level that is estimated along with it.

    With Q = (K + g T^-1)^-1, q = Q 1 and P = Q - q q' / 1'q, the answer at a point whose kernel
    with the labelled points is k is m = k' P Y + q' Y / 1'q: a mean of the labels, with weights
    that sum to 1. Far from all labels, where k is 0, it is the level, in which similar points
    count for less, and so the class of the scattered ones prevails.

    Parameters
    ----------
    ridge : KernelRidge
    ground : float
        g, the variance of a label of trust 1 around the process, in units of the kernel.

    Attributes
    ----------
    level : ndarray of shape (n_labelled,)
        q / 1'q.

    Notes
    -----
    Leaving out label j, also from the level, gives y_j - (P y)_j / P_jj with variance
    1 / P_jj, exactly. Cost: O(n_labelled^2) for each of these; O(n_labelled^3) for
    `left_out_weights`.

    References
    ----------
    O. Dubrule, "Cross validation of kriging in a unique neighborhood", Mathematical Geology 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.systems import KernelRidge, Kriging
    >>> kernel = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]])
    >>> kriging = Kriging(KernelRidge(kernel, np.ones(3)), 0.5)
    >>> kriging.response(np.array([1.0, 0.5, 0.0])).round(3).tolist()
    [0.733, 0.2, 0.067]
    """

    def __init__(self, ridge: KernelRidge, ground: float) -> None:
        self._ridge, self.ground = ridge, ground
        self._sums = ridge.coefficients(np.ones((ridge.n_labelled, 1)), ground)[:, 0]
        self._total = float(self._sums.sum())
        self.level: FloatArray = self._sums / self._total

    def coefficients(self, Y: FloatArray) -> FloatArray:
        """Return P Y, of the shape of Y: (n_labelled,) or (n_labelled, n_columns)."""
        columns = Y.reshape(len(Y), -1)
        found = self._ridge.coefficients(columns, self.ground)
        found -= np.outer(self._sums, self.level @ columns)
        return np.asarray(found.reshape(Y.shape))

    def left_out(self, Y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what the others predict for each label, and its variance; for at least two labels.

        Returns
        -------
        values : ndarray of the shape of Y
        variances : ndarray of shape (n_labelled,)
        """
        own = self._own()
        errors = self.coefficients(Y).reshape(len(Y), -1) / own[:, None]
        return np.asarray(Y - errors.reshape(Y.shape)), 1 / own

    def left_out_weights(self) -> FloatArray:
        """Return B with ``left_out(Y)[0] = B @ Y``; its diagonal is 0, and rows sum to 1."""
        contrasts = self._ridge.inverse(self.ground) - np.outer(self._sums, self.level)
        weights = -contrasts / self._own()[:, None]
        np.fill_diagonal(weights, 0)
        return np.asarray(weights)

    def response(self, kernels: FloatArray) -> FloatArray:
        """Return how much each label counts at points with these kernels, (..., n_labelled)."""
        plain = self._ridge.response(kernels, self.ground)
        return np.asarray(plain + (1 - plain.sum(axis=-1, keepdims=True)) * self.level)

    def variances(self, kernels: FloatArray, own: FloatArray) -> FloatArray:
        """Return the variance of a label of trust 1 at each point, (n_points,).

        Parameters
        ----------
        kernels : ndarray of shape (n_points, n_labelled)
        own : ndarray of shape (n_points,)
            The kernel of each point with itself.
        """
        known = np.einsum("ij,ij->i", self._ridge.response(kernels, self.ground), kernels)
        level = (1 - kernels @ self._sums) ** 2 / self._total
        return np.asarray(self.ground + np.maximum(own - known, 0) + level)

    def _own(self) -> FloatArray:
        """The diagonal of P; of a label that alone makes the level, what rounding leaves of it."""
        own = self._ridge.own(self.ground)
        return np.asarray(np.maximum(own - self._sums * self.level, _ROUNDING * own))
