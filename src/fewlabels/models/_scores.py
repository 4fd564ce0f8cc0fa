"""The scores of a fitted model, and what is read off them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fewlabels.solvers import Answer, row_totals

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
    solved_at : list of ndarray of shape (n_nodes,), float32
        For each column the logarithm of what the rows summed to when it was solved for, which its
        accuracy is relative to. Columns that were solved for together share an array.
    added : ndarray of shape (n_classes,)
        How far what was added to a column since it was solved for may be off, in units of the
        accuracy that was asked for.
    """

    values: FloatArray
    log_scale: FloatArray
    residual: FloatArray
    converged: npt.NDArray[np.bool_]
    n_iter: int
    solved_at: list[npt.NDArray[np.float32]]
    added: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.added = np.zeros(self.values.shape[1])
        self._sums = row_totals(self.values)

    @classmethod
    def from_answer(cls, answer: Answer) -> Scores:
        """Take the answer for all columns."""
        scores = cls(
            answer.values, answer.log_scale, answer.residual, answer.converged, answer.n_iter, []
        )
        scores.solved_at = [scores._log_totals()] * answer.values.shape[1]
        return scores

    @property
    def totals(self) -> FloatArray:
        """Sum of each row of F, shape (n_nodes,)."""
        return self._sums * np.exp(self.log_scale)

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Whether some evidence arrived, shape (n_nodes,)."""
        return self._sums > 0

    @property
    def have_thinned(self) -> bool:
        """Whether some row holds less than half of what the accuracy of a column is relative to."""
        now = self._log_totals()
        past = {id(array): array for array in self.solved_at}
        return any(bool(np.any(now < then - np.log(2))) for then in past.values())

    def true_values(self) -> FloatArray:
        """F itself; rows below float64's range are 0."""
        if not self.log_scale.any():
            return self.values
        return np.asarray(self.values * np.exp(self.log_scale)[:, None])

    def totals_without(self, columns: npt.NDArray[np.intp]) -> FloatArray:
        """Sum of each row of F over the other columns, shape (n_nodes,)."""
        others = np.ones(self.values.shape[1])
        others[columns] = 0
        return np.asarray(np.einsum("ij,j->i", self.values, others) * np.exp(self.log_scale))

    def select(self, columns: npt.NDArray[np.intp], n_iter: int) -> Scores:
        """Return the scores with column j taken from `columns[j]`, or zero where that is -1."""
        kept = columns >= 0
        residual, converged = np.zeros(len(columns)), np.ones(len(columns), dtype=bool)
        if np.array_equal(columns, np.arange(self.values.shape[1])):
            values = self.values.copy()
        else:
            values = np.zeros((len(self.values), len(columns)))
            values[:, kept] = self.values[:, columns[kept]]
        residual[kept] = self.residual[columns[kept]]
        converged[kept] = self.converged[columns[kept]]
        never = np.full(len(values), -np.inf, dtype=np.float32)
        solved_at = [self.solved_at[c] if c >= 0 else never for c in columns]
        scores = Scores(values, self.log_scale.copy(), residual, converged, n_iter, solved_at)
        scores.added[kept] = self.added[columns[kept]]
        return scores

    def add(
        self,
        columns: npt.NDArray[np.intp],
        gained: FloatArray,
        values: FloatArray,
        log_scale: FloatArray | None,
    ) -> None:
        """Add to some columns `gained` times values, which may be on a scale of their own."""
        if self.log_scale.any() or log_scale is not None:
            new = np.zeros(len(values)) if log_scale is None else log_scale
            factors = self._on_larger_scale(values > 0, new)
            with np.errstate(under="ignore"):
                values = values * factors
        for column, times in zip(columns.tolist(), gained.tolist(), strict=True):
            if times > 0:
                self.values[:, column] += times * values

    def replace_columns(self, columns: npt.NDArray[np.intp], answer: Answer) -> None:
        """Put the answer's columns in place of `columns`, on the larger scale of each row."""
        if not (self.log_scale.any() or answer.log_scale.any()):
            self.values[:, columns] = answer.values
        else:
            self._replace_scaled(columns, answer)
        self.residual[columns] = answer.residual
        self.converged[columns] = answer.converged
        self.added[columns] = 0
        self.note(columns)

    def note(self, columns: npt.NDArray[np.intp]) -> None:
        """Say that these columns are as accurate as their rows are large now."""
        self._sums = row_totals(self.values)
        now = self._log_totals()
        for column in columns:
            self.solved_at[column] = now

    def log_totals(self) -> FloatArray:
        """Logarithm of the sum of each row of F, shape (n_nodes,); -inf where it holds nothing."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self._sums) + self.log_scale)

    def _log_totals(self) -> npt.NDArray[np.float32]:
        return self.log_totals().astype(np.float32)

    def _replace_scaled(self, columns: npt.NDArray[np.intp], answer: Answer) -> None:
        self.values[:, columns] = 0
        factors = self._on_larger_scale(np.asarray(answer.values.any(axis=1)), answer.log_scale)
        with np.errstate(under="ignore"):
            self.values[:, columns] = answer.values * factors[:, None]

    def _on_larger_scale(self, holds: npt.NDArray[np.bool_], log_scale: FloatArray) -> FloatArray:
        """Bring each row to the larger scale, its own or that of what it is to be joined with.

        Return what that is to be multiplied by; `holds` says where it holds anything.
        """
        # A row that holds nothing may take any scale.
        own = np.where(self.values.any(axis=1), self.log_scale, -np.inf)
        new = np.where(holds, log_scale, -np.inf)
        scale = np.maximum(own, new)
        scale[np.isneginf(scale)] = 0.0
        self.log_scale = scale
        with np.errstate(under="ignore"):
            self.values *= np.exp(own - scale)[:, None]
            return np.asarray(np.exp(new - scale))

    def distributions(self, prior: FloatArray) -> FloatArray:
        """Each row divided by its sum; the prior where it holds nothing."""
        result = self.values / np.where(self.answered, self._sums, 1)[:, None]
        result[~self.answered] = prior
        return result

    def marginals(self, prior: FloatArray) -> FloatArray:
        """Each column but the last relative to the last; the prior where there is no answer."""
        totals = self.values[:, -1:]
        result = np.divide(
            self.values[:, :-1], totals, out=np.zeros((len(totals), len(prior))), where=totals > 0
        )
        np.minimum(result, 1, out=result)  # rounding, and what the tolerance leaves
        result[~self.answered] = prior
        return result
