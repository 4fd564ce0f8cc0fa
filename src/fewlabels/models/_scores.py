"""The scores of a fitted model, and what is read off them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fewlabels.solvers import Answer

FloatArray = npt.NDArray[np.float64]


@dataclass
class Scores:
    """Scores F, a row a node and a column a class, each row on a scale of its own.

    Attributes
    ----------
    values : ndarray of shape (n_nodes, n_classes), float64
    log_scale : ndarray of shape (n_nodes,)
        F = values * exp(log_scale); see :class:`fewlabels.solvers.Answer`.
    residual : ndarray of shape (n_classes,)
    converged : ndarray of shape (n_classes,), bool
    n_iter : int
    """

    values: FloatArray
    log_scale: FloatArray
    residual: FloatArray
    converged: npt.NDArray[np.bool_]
    n_iter: int

    @classmethod
    def from_answer(cls, answer: Answer) -> Scores:
        """Take the answer for all columns."""
        return cls(
            answer.values, answer.log_scale, answer.residual, answer.converged, answer.n_iter
        )

    @property
    def totals(self) -> FloatArray:
        """Sum of each row of F, shape (n_nodes,)."""
        return np.asarray(self.values.sum(axis=1) * np.exp(self.log_scale))

    def true_values(self) -> FloatArray:
        """F itself; rows below float64's range are 0."""
        return np.asarray(self.values * np.exp(self.log_scale)[:, None])

    def select(self, columns: npt.NDArray[np.intp], n_iter: int) -> Scores:
        """Return the scores with column j taken from `columns[j]`, or zero where that is -1."""
        kept = columns >= 0
        values = np.zeros((len(self.values), len(columns)))
        residual, converged = np.zeros(len(columns)), np.ones(len(columns), dtype=bool)
        values[:, kept] = self.values[:, columns[kept]]
        residual[kept] = self.residual[columns[kept]]
        converged[kept] = self.converged[columns[kept]]
        return Scores(values, self.log_scale.copy(), residual, converged, n_iter)

    def replace_columns(self, columns: npt.NDArray[np.intp], answer: Answer) -> None:
        """Put the answer's columns in place of `columns`, on the larger scale of each row."""
        self.values[:, columns] = 0
        # A row that holds nothing may take any scale.
        own = np.where(self.values.any(axis=1), self.log_scale, -np.inf)
        new = np.where(answer.values.any(axis=1), answer.log_scale, -np.inf)
        scale = np.maximum(own, new)
        scale[np.isneginf(scale)] = 0.0
        with np.errstate(under="ignore"):
            self.values *= np.exp(own - scale)[:, None]
            self.values[:, columns] = answer.values * np.exp(new - scale)[:, None]
        self.log_scale = scale
        self.residual[columns] = answer.residual
        self.converged[columns] = answer.converged

    def distributions(self, prior: FloatArray) -> FloatArray:
        """Each row divided by its sum; the prior where it holds nothing."""
        totals = self.values.sum(axis=1, keepdims=True)
        result = np.tile(prior, (len(self.values), 1))
        np.divide(self.values, totals, out=result, where=totals > 0)
        return result
