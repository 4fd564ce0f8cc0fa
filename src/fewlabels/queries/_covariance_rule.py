"""Rules that look at the covariance of the scores."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._typing import State
from fewlabels._validation import check_choice, check_integer, check_real
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.models import LabelSpreading
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._rule import QueryRule
from fewlabels.systems import Covariance, ExactCovariance, Lookahead, SketchedCovariance

CovarianceKind: TypeAlias = Literal["auto", "exact", "sketch"]
COVARIANCES = ("auto", "exact", "sketch")

# An inversion of so many nodes takes about two seconds, and 72 MB.
MOST_EXACT = 3_000
# Where a field has to have some ground, and no alpha is given.
GROUNDED_ALPHA = 0.99


class CovarianceRule(QueryRule):
    """Greedy choice by a gain that reads off the covariance, downdated inside the batch."""

    _needs_norms = True

    def __init__(
        self,
        *,
        alpha: float | None = None,
        noise: float = 0.0,
        covariance: CovarianceKind = "auto",
        n_columns: int = 64,
    ) -> None:
        self.alpha = alpha
        self.noise = noise
        self.covariance = covariance
        self.n_columns = n_columns

    def _check_parameters(self) -> None:
        check_choice("covariance", self.covariance, COVARIANCES)
        check_real("noise", self.noise, minimum=0)
        check_integer("n_columns", self.n_columns, minimum=1)
        if self.alpha is not None:
            check_real("alpha", self.alpha, above=0, maximum=1)

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        covariance = self._observed(known)
        targets = self._targets(known)
        ahead = covariance.lookahead(targets)
        weights = self._weights(known, candidates, targets)
        open_ = np.ones(len(candidates), dtype=bool)
        chosen: list[int] = []
        first = None
        while len(chosen) < count:
            if chosen:
                ahead.condition_on(chosen[-1])
            gains = weights * self._gains(ahead, self._noise_on(known.graph_))[candidates]
            first = gains if first is None else first
            best = int(np.argmax(np.where(open_, gains, -1.0)))
            open_[best] = False
            chosen.append(int(candidates[best]))
        return np.array(chosen, dtype=np.intp), np.asarray(first)

    def _weights(
        self, known: LabelledGraph, candidates: IntArray, targets: FloatArray | None
    ) -> FloatArray:
        """Return what the gains are multiplied by, shape (len(candidates),)."""
        return np.ones(len(candidates))

    def _targets(self, known: LabelledGraph) -> FloatArray | None:
        """Return the weights of the row sums, shape (n_nodes,); None for all 1."""
        return None

    @abstractmethod
    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        """Return what a label at each node would bring, shape (n_nodes,); not negative."""

    def _noise_on(self, graph: Graph) -> float:
        return self.noise / (float(graph.degrees.mean()) or 1.0)

    def _observed(self, known: LabelledGraph) -> Covariance:
        """Return the covariance given the labelled nodes: the one of before, if it fits."""
        graph = in_memory(known.graph_, type(self).__name__)
        alpha = self._alpha_for(known)
        settings = (alpha, self.noise, self.covariance, self.n_columns)
        labelled = known.labelled_nodes
        state = self.__dict__.get("_state")
        if state is None or state[0] is not graph or state[1] != settings:
            state = (graph, settings, self._prepared(graph, alpha, labelled))
            self._state = state
        covariance: Covariance = state[2]
        covariance.observe(labelled)
        return covariance

    def responses(self, model: object, points: npt.ArrayLike) -> FloatArray | None:
        """Return what labels at some points give to the scores of label spreading, if known.

        That is, by a sketch of the covariance on the model's graph, for its alpha, of points that
        this rule chose last, or of a few others. See :meth:`QueryRule.responses`.
        """
        state = self.__dict__.get("_state")
        if state is None or not isinstance(model, LabelSpreading):
            return None
        graph, (alpha, *_), covariance = state
        if graph is not getattr(model, "graph_", None) or alpha != model.alpha:
            return None
        if not isinstance(covariance, SketchedCovariance):
            return None
        return covariance.responses(np.asarray(points, dtype=np.intp))

    def _alpha_for(self, known: LabelledGraph) -> float:
        """Return the alpha that was given; for None, the default."""
        if self.alpha is not None:
            return self.alpha
        return 1.0 if is_exact(self.covariance, known.graph_) else GROUNDED_ALPHA

    def _prepared(self, graph: Graph, alpha: float, labelled: IntArray) -> Covariance:
        noise = self._noise_on(graph)
        if is_exact(self.covariance, graph):
            return ExactCovariance(graph, alpha, noise, labelled=labelled)
        if alpha == 1:
            raise InvalidInputError(
                f"alpha=1 has no ground, which a sketch of {graph.n_nodes:,} points needs. Give an "
                'alpha below 1, such as 0.99, or covariance="exact".'
            )
        return SketchedCovariance(
            graph,
            alpha,
            noise,
            labelled=labelled,
            norms=self._needs_norms,
            n_columns=self.n_columns,
        )

    def __getstate__(self) -> State:
        """Leave out the covariance: it is large, and follows from graph and labels."""
        state: State = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_state"}


def is_exact(covariance: str, graph: Graph) -> bool:
    """Tell whether the covariance is to be computed exactly."""
    return covariance == "exact" or (covariance == "auto" and graph.n_nodes <= MOST_EXACT)


def shares(numerators: FloatArray, variances: FloatArray, noise: float) -> FloatArray:
    """Return numerators / (variances + noise); 0 where nothing is left to learn."""
    totals = variances + noise
    return np.divide(numerators, totals, out=np.zeros_like(totals), where=totals > 0)
