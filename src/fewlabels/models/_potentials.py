"""The signed scores of Poisson learning, and what is read off them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from fewlabels.models._scores import Scores
from fewlabels.models.class_mass import weighed
from fewlabels.solvers import row_totals
from fewlabels.systems import Potentials, volume_offsets

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
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
        return potential_logits(self.values, self.potentials.unit, self.candidates)

    def distributions(self, prior: FloatArray) -> FloatArray:
        """Softmax of the logits; the prior where there is no label."""
        return potential_distributions(self.logits, prior)


def potential_logits(u: FloatArray, unit: FloatArray, candidates: BoolArray) -> FloatArray:
    """Logarithms of distributions, each row up to a constant: u over its unit, and as sharp.

    Parameters
    ----------
    u : ndarray of shape (n, n_classes)
        Potentials.
    unit : ndarray of shape (n,)
        The mean evidence of each row's component.
    candidates : ndarray of shape (n, n_classes), bool
        The classes that are possible; -inf elsewhere.
    """
    n_classes = u.shape[1]
    sharpness = (1 - 1 / n_classes) * log(_ODDS * (n_classes - 1)) if n_classes > 1 else 1.0
    scaled = np.divide(u, unit[:, None], out=np.zeros(u.shape), where=unit[:, None] > 0)
    scaled *= sharpness
    scaled[~candidates] = -np.inf
    return scaled


def potential_distributions(logits: FloatArray, prior: FloatArray) -> FloatArray:
    """Softmax of each row; the prior where no class is possible."""
    result = np.tile(prior, (len(logits), 1))
    possible = np.isfinite(logits).any(axis=1)
    with np.errstate(under="ignore"):
        result[possible] = softmax(logits[possible], axis=1)
    return result


def offsets_for(logits: FloatArray, points: IntArray, shares: FloatArray) -> FloatArray:
    """Offsets to the logits that bring the classes to their `shares` over `points`.

    Shape (n_classes,); -inf where the share is 0.
    """
    wanted = np.flatnonzero(shares > 0)
    logits = logits[points][:, wanted]
    logits = logits[np.isfinite(logits).any(axis=1)]
    offsets = np.full(len(shares), -np.inf)
    offsets[wanted] = volume_offsets(logits, shares[wanted] / shares[wanted].sum())
    return offsets


def brought_to_prior(
    distributions: npt.NDArray[np.floating],
    logits: FloatArray,
    points: IntArray,
    shares: FloatArray,
    offsets: FloatArray,
) -> npt.NDArray[np.floating]:
    """Add the `offsets` to the logits of `points`; in place.

    A class with share 0 ends with no probability; points that can be of such classes alone get
    the shares.
    """
    wanted = np.flatnonzero(shares > 0)
    expected = shares[wanted] / shares[wanted].sum()
    distributions[points] = 0
    distributions[np.ix_(points, wanted)] = weighed(
        logits[points][:, wanted], offsets[wanted], expected
    )
    return distributions
