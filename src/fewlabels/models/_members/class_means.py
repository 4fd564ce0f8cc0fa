"""Label spreading in which every class speaks with one voice, however many labels it has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.models._members.graph_member import GraphMember, divided
from fewlabels.models._relabel import Relabelling
from fewlabels.models._scores import Scores

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


class ClassMeans(GraphMember):
    """The mean of each class's labels, spread over the graph.

    With R label spreading's response for alpha = 0.995, the scores are

        F_ic = d_i^-1/2 sum_j R_ij d_j^-1/2 Y_jc / sum_j Y_jc:

    the mean over the labels of class c of how much more often a walk from i, of 1 / (1 - alpha)
    steps on average, ends at j than one from anywhere. The factor d_i^-1/2 has no part in the
    shares of the classes; `scores` go without it.

    References
    ----------
    D. Zhou, O. Bousquet, T. N. Lal, J. Weston, B. Schoelkopf, "Learning with local and global
    consistency", NIPS 2003.
    """

    name = "class means"
    alpha = 0.995

    def left_out_weights(self, response: FloatArray, places: IntArray) -> FloatArray:
        Y = self.labels.label_matrix(nodes=self.nodes[places])
        Y = np.ldexp(Y, -int(np.frexp(Y.max())[1]))  # squares of weights may be too large, or 0
        weights = np.maximum(response, 0) / self._root[self.nodes[places]]
        np.fill_diagonal(weights, 0)
        # w_k over the weight of its class, without that of the label left out
        total = Y.sum(axis=1)
        mass = Y @ Y.sum(axis=0) - Y @ Y.T
        shared = np.divide(total**2, mass, out=np.zeros_like(mass), where=mass > 1e-12 * total**2)
        return divided(weights * shared)

    def say(self, node: int, response: FloatArray) -> FloatArray:
        said = self._row(node) / self._root[self.nodes]
        said *= _of_masses(self.labels.label_matrix(nodes=self.nodes)).sum(axis=1)
        return divided(said[None, :]).ravel()

    def evidence(self) -> FloatArray:
        """Row sums of F, in units of what a walk hears that has forgotten where it started.

        Such a walk is at point j of its component K with probability d_j / vol K, and so hears
        sum_c s_c / vol K, s_c being the share of the labels of class c that lie in K. In a graph of
        one component that is n_classes / vol.
        """
        components, labelled = self.graph.component_labels, self.nodes
        shares = _of_masses(self.labels.label_matrix(nodes=labelled)).sum(axis=1)
        volumes = np.bincount(components, weights=self._root**2)
        heard = np.bincount(components[labelled], weights=shares, minlength=len(volumes))
        units = np.divide(volumes, heard, out=np.ones_like(volumes), where=heard > 0)
        with np.errstate(over="ignore", under="ignore"):
            found = self.scores.totals / self._root * units[components]
        return np.asarray(np.minimum(found, np.finfo(np.float64).max))

    def _solve(self) -> None:
        self._counts = self.labels.label_matrix().sum(axis=0)
        with self._progress() as callback:
            answer = self._prepared().solve(
                self._columns(), tol=self._tol, max_iter=self._max_iter, callback=callback
            )
        self.scores = Scores.from_answer(answer)

    def _solve_change(self, before: Scores, change: Relabelling) -> None:
        old, columns = change.old_columns, change.touched
        self.scores = before.select(old, n_iter=0)
        counts = np.where(old >= 0, self._counts[old], 0)
        self._counts = change.labels.label_matrix().sum(axis=0)
        # A class with more labels hears less of each.
        now = self._counts[columns]
        factors = np.divide(counts[columns], now, out=np.zeros_like(now), where=now > 0)
        self._solve_columns(columns, factors)
        if self.scores.have_thinned:
            # What is left in a row that held much of what was lost was small beside it, and is no
            # more accurate than that.
            everything = np.arange(change.labels.n_columns)
            self._solve_columns(everything, np.ones(len(everything)))

    def _solve_columns(self, columns: IntArray, factors: FloatArray) -> None:
        """Solve for some classes, from `factors` times the scores there are."""
        if len(columns) == 0:
            return
        with self._progress() as callback:
            answer = self._prepared().solve(
                self._columns(columns),
                tol=self._tol,
                max_iter=self._max_iter,
                start=self.scores.true_values()[:, columns] * factors,
                other_totals=self.scores.totals_without(columns),
                callback=callback,
            )
        self.scores.replace_columns(columns, answer)
        self.scores.n_iter += answer.n_iter

    def _columns(self, columns: IntArray | None = None) -> FloatArray:
        """Right-hand sides: d_j^-1/2 Y_jc / sum_j Y_jc."""
        Y = _of_masses(self.labels.label_matrix(columns))
        Y /= self._root[:, None]
        return Y


def _of_masses(Y: FloatArray) -> FloatArray:
    """Y over the sums of its columns; 0 in the column of a class that no soft label holds."""
    masses = Y.sum(axis=0)
    return np.asarray(np.divide(Y, masses, out=Y, where=masses > 0))
