"""The signed scores of Poisson learning, and what is read off them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from fewlabels.models._scores import Scores
from fewlabels.solvers import row_totals
from fewlabels.systems import Potentials

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# The odds of a point with mean evidence, all of it for one class.
_ODDS = 99.0


@dataclass
class PotentialScores(Scores):
    """Potentials u of any sign: a row a node and a column a class.

    Attributes
    ----------
    potentials : Potentials
    candidates : ndarray of shape (n_nodes, n_classes), bool
        The classes that the labels of the node's component hold; none where it has no label.
    """

    potentials: Potentials = field(kw_only=True)
    candidates: BoolArray = field(kw_only=True)

    @classmethod
    def from_potentials(
        cls, potentials: Potentials, Y: FloatArray, component_labels: npt.NDArray[np.int32]
    ) -> PotentialScores:
        """Take the potentials of the labels `Y`, of shape (n_nodes, n_classes)."""
        n_nodes, n_classes = Y.shape
        held = np.zeros((int(component_labels.max(initial=-1)) + 1, n_classes), dtype=bool)
        rows, columns = np.nonzero(Y)
        held[component_labels[rows], columns] = True
        return cls(
            potentials.values,
            np.zeros(n_nodes),
            potentials.residual,
            potentials.converged,
            potentials.n_iter,
            [],
            potentials=potentials,
            candidates=held[component_labels],
        )

    @property
    def totals(self) -> FloatArray:
        """|u_i| = sum_c |u_ic| / 2, shape (n_nodes,)."""
        return np.asarray(row_totals(np.abs(self.values)) / 2)

    @property
    def answered(self) -> BoolArray:
        """Whether the component has a label, shape (n_nodes,)."""
        return np.asarray(self.candidates.any(axis=1))

    @property
    def logits(self) -> FloatArray:
        """Logarithms of the distributions, each row up to a constant; -inf for other classes."""
        n_classes = self.values.shape[1]
        sharpness = (1 - 1 / n_classes) * log(_ODDS * (n_classes - 1)) if n_classes > 1 else 1.0
        unit = self.potentials.unit[:, None]
        scaled = np.divide(self.values, unit, out=np.zeros(self.values.shape), where=unit > 0)
        scaled *= sharpness
        scaled[~self.candidates] = -np.inf
        return scaled

    def distributions(self, prior: FloatArray) -> FloatArray:
        """Softmax of the logits; the prior where there is no label."""
        result = np.tile(prior, (len(self.values), 1))
        answered = self.answered
        result[answered] = softmax(self.logits[answered], axis=1)
        return result
