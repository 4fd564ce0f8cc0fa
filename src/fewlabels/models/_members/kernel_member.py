"""What features say by themselves: a bank of kernel ridge classifiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from fewlabels._rows import row_blocks
from fewlabels.models._members.among import chosen_places
from fewlabels.models._members.feature_member import MOST_LABELS, FeatureMember
from fewlabels.models._members.feature_space import FeatureSpace, Seen, Variances
from fewlabels.models._members.sharpness import Taught, fitted_sharpnesses, sharpened
from fewlabels.solvers import run_giving_way
from fewlabels.systems import KernelRidge, Kriging

FloatArray = npt.NDArray[np.float64]
Points = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

# The kernels: of the distance between ranks of features, of that between smoothed features, of the
# squared one between plain features, and their inner product; alone and as means of two.
_NEAR, _AROUND, _SMOOTH, _LINEAR = "features nearby", "surroundings", "smooth", "linear"
_COMBINATIONS = (
    (_NEAR,),
    (_NEAR, _AROUND),
    (_NEAR, _LINEAR),
    (_LINEAR,),
    (_AROUND, _LINEAR),
    (_SMOOTH,),
)
# Grounds, how probable each is beforehand, and what sharpness its scores are expected to need.
_GROUNDS = ((0.01, 0.25, 5.0), (0.1, 0.5, 5.0), (1.0, 0.25, 8.0))
_SHARPNESS_DEVIATION = 0.45
# Members of the bank that count for less are left out of it.
_LEAST_WEIGHT = 1e-3
# What each kernel sees of a point, and the power of the relevance that its columns are scaled by.
_SEEN: dict[str, tuple[Callable[[Seen | Variances], Points], float]] = {
    _NEAR: (attrgetter("ranks"), 1.0),
    _AROUND: (attrgetter("smooth"), 0.5),
    _SMOOTH: (attrgetter("plain"), 0.5),
    _LINEAR: (attrgetter("plain"), 0.0),
}
_DISTANT = (_NEAR, _AROUND, _SMOOTH)
# Rows of kernels that are held at once, in numbers; and points that the usual distance is of.
_BLOCK_NUMBERS, _MOST_MEASURED = 500_000, 2_000
# A column's relevance never falls below this, so that few labels can't silence it.
_LEAST_RELEVANCE = 0.1


@dataclass(frozen=True)
class _Machine:
    """One kernel ridge classifier of the bank."""

    kernels: tuple[str, ...]
    kriging: Kriging
    coefficients: FloatArray
    level: FloatArray
    sharpness: float
    weight: float
    left_out: FloatArray


class KernelMember(FeatureMember):
    """Kernel ridge classifiers of features, weighed by how probable they make labels left out.

    f is that of :class:`fewlabels.systems.Kriging`, linear in the labels, given which columns are
    relevant: far from all labels, it is a level that is estimated along with it. Each is sharpened
    to probabilities, softmax(s f), and they are averaged with weights proportional to the prior and
    the likelihood of the labels left out.

    Parameters
    ----------
    space : FeatureSpace
    nodes : ndarray of int, shape (n_labelled,)
        The labelled points.
    Y : ndarray of shape (n_labelled, n_classes)
        Distributions of their labels.
    trust : ndarray of shape (n_labelled,)
        Positive, around 1.
    taught : Taught
        The labels that are left out.

    Notes
    -----
    Columns count by their relevance: the share of their variance that lies between the classes,
    among the labels, shrunk to 1 where there are few (`relevances`). Cost: six decompositions,
    O(n_labelled^3), and n_samples x n_labelled x n_dimensions for the kernels, in blocks.
    """

    name, prior_weight = "features", 1.0

    def __init__(
        self, space: FeatureSpace, nodes: IntArray, Y: FloatArray, trust: FloatArray, taught: Taught
    ) -> None:
        super().__init__(space)
        self._places = chosen_places(len(nodes), taught.rows, MOST_LABELS)
        self._n_labelled, self._all_nodes = len(nodes), nodes
        nodes, Y, trust = nodes[self._places], Y[self._places], trust[self._places]
        taught = replace(taught, rows=np.searchsorted(self._places, taught.rows))
        self._seen: npt.NDArray[np.bool_] = np.asarray(Y.any(axis=0))
        known = space.at(nodes)
        self._scales = {
            name: np.asarray(relevances(of(known), Y, of(space.variances)) ** power)
            for name, (of, power) in _SEEN.items()
        }
        self._known = {name: of(known) * self._scales[name] for name, (of, _) in _SEEN.items()}
        self._usual = dict.fromkeys(_SEEN, 1.0)
        some = space.at(np.arange(0, len(space.plain), max(1, len(space.plain) // _MOST_MEASURED)))
        self._usual = {
            name: float(np.median(self._distances(name, some))) or 1.0 for name in _DISTANT
        }
        grams = self._kernels(known, set(_SEEN))
        self._machines = self._weighed_machines(grams, Y, trust, taught)

    def _weighed_machines(
        self, grams: dict[str, FloatArray], Y: FloatArray, trust: FloatArray, taught: Taught
    ) -> list[_Machine]:
        ridges = [
            KernelRidge(_mean(grams, kernels).astype(np.float64), trust)
            for kernels in _COMBINATIONS
        ]
        plans = [
            (kernels, Kriging(ridge, ground), prior, usual)
            for kernels, ridge in zip(_COMBINATIONS, ridges, strict=True)
            for ground, prior, usual in _GROUNDS
        ]
        scores = [
            self._open(kriging.left_out(Y)[0] if len(Y) > 1 else np.ones(Y.shape))
            for _, kriging, _, _ in plans
        ]
        sharpnesses = fitted_sharpnesses(
            np.array([each[taught.rows] for each in scores]),
            taught,
            np.array([usual for *_, usual in plans]),
            _SHARPNESS_DEVIATION,
        )
        found, logs = [], []
        for (kernels, kriging, prior, _), of, sharpness in zip(
            plans, scores, sharpnesses.tolist(), strict=True
        ):
            left_out = sharpened(of, sharpness)
            logs.append(np.log(prior) + taught.log_likelihood(left_out[taught.rows]))
            coefficients, level = kriging.coefficients(Y), kriging.level @ Y
            found.append((kernels, kriging, coefficients, level, sharpness, left_out))
        weights = np.exp(np.array(logs) - max(logs))
        weights /= weights.sum()
        kept = weights > _LEAST_WEIGHT
        weights = np.where(kept, weights, 0) / weights[kept].sum()
        return [
            _Machine(*parts[:5], weight=float(weight), left_out=parts[5])
            for parts, weight in zip(found, weights, strict=True)
            if weight > 0
        ]

    def kinds(self) -> dict[str, float]:
        """The share of each combination of kernels in this member."""
        shares: dict[str, float] = {}
        for machine in self._machines:
            name = " and ".join(machine.kernels)
            shares[name] = shares.get(name, 0.0) + machine.weight
        return shares

    def left_out(self) -> FloatArray:
        found = np.empty((self._n_labelled, len(self._seen)))
        found[self._places] = sum(m.weight * m.left_out for m in self._machines)
        others = np.delete(np.arange(self._n_labelled), self._places)  # it never saw these
        found[others] = self.distributions(self._all_nodes[others])
        return found

    def left_out_weights(self) -> FloatArray:
        found = np.zeros((self._n_labelled, self._n_labelled))
        found[np.ix_(self._places, self._places)] = sum(
            m.weight * m.kriging.left_out_weights() for m in self._machines
        )
        return found

    def say(self, node: int) -> FloatArray:
        kernels = self._kernels(self._space.at(np.array([node])), self._needed())
        total = np.zeros(self._n_labelled)
        for m in self._machines:
            row = _mean(kernels, m.kernels)[0].astype(np.float64)
            total[self._places] += m.weight * m.kriging.response(row)
        return total

    def distributions_of(self, seen: Seen) -> FloatArray:
        result = np.zeros((len(seen.plain), len(self._seen)))
        needed = self._needed()
        blocks = row_blocks(len(result), max(1, _BLOCK_NUMBERS // len(self._places)))

        def say(k: int) -> None:
            kernels = self._kernels(seen.part(blocks[k]), needed)
            for m in self._machines:
                scores = self._open(_mean(kernels, m.kernels) @ m.coefficients + m.level)
                result[blocks[k]] += m.weight * sharpened(scores, m.sharpness)

        run_giving_way(say, len(blocks))
        return result

    def _open(self, scores: FloatArray) -> FloatArray:
        """Scores in which a class without any label can't be the answer."""
        scores[:, ~self._seen] = -np.inf
        return scores

    def _needed(self) -> set[str]:
        return {name for machine in self._machines for name in machine.kernels}

    def _distances(self, name: str, seen: Seen) -> FloatArray:
        of, _ = _SEEN[name]
        metric = "cityblock" if name == _NEAR else "euclidean"
        return np.asarray(cdist(of(seen) * self._scales[name], self._known[name], metric))

    def _kernels(self, seen: Seen, needed: set[str]) -> dict[str, FloatArray]:
        """Each kernel that is needed between points and the labelled ones."""
        found = {}
        for name in needed - {_LINEAR}:
            distances = self._distances(name, seen) / self._usual[name]
            with np.errstate(under="ignore"):  # what is far away has nothing to say
                found[name] = np.exp(-distances if name != _SMOOTH else -2 * distances**2)
        if _LINEAR in needed:
            found[_LINEAR] = np.asarray(seen.plain @ self._known[_LINEAR].T, dtype=np.float64)
        return found


def relevances(known: Points, Y: FloatArray, variances: Points) -> Points:
    """How much each column tells of the classes, on average 1 when weighted by its variance.

    The share of the variance among the labels that lies between the classes, unbiased and at least
    0 (omega squared; Hays 1963), plus 0.1 and 1 / sqrt(degrees of freedom): with few labels all
    columns count nearly alike.

    Parameters
    ----------
    known : ndarray of shape (n_labelled, n_dimensions)
    Y : ndarray of shape (n_labelled, n_classes)
        Distributions of the labels.
    variances : ndarray of shape (n_dimensions,)
        Of all points.
    """
    counts = Y.sum(axis=0)
    freedom = len(known) - int((counts > 0).sum())
    if freedom < 2:
        return np.ones(known.shape[1], dtype=np.float32)
    points = known.astype(np.float64)
    means = (Y.T @ points) / np.where(counts > 0, counts, 1)[:, None]
    within = ((points - Y @ means) ** 2).sum(axis=0) / freedom
    overall = points.var(axis=0, ddof=1) + 1e-9 * variances.mean()
    between = np.clip(
        1 - np.divide(within, overall, out=np.ones_like(within), where=overall > 0), 0, 1
    )
    weights = between + _LEAST_RELEVANCE + 1 / np.sqrt(freedom)
    total = float((weights * variances).sum())
    scale = variances.sum() / total if total > 0 else 1.0
    return np.asarray(weights * scale, dtype=np.float32)


def _mean(kernels: dict[str, FloatArray], names: tuple[str, ...]) -> FloatArray:
    total = kernels[names[0]]
    for name in names[1:]:
        total = total + kernels[name]
    return total / len(names)
