"""Rules that look at the predictions."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries._rule import Batch, ScoreRule
from fewlabels.queries.typicality import Typicality


class PredictionRule(ScoreRule):
    """A score of each point's class distribution.

    Below two classes no prediction differs from another; then, and before the first label, the
    batch is :class:`fewlabels.queries.Typicality`'s.
    """

    def __init__(self, *, batch: Batch = "local-max") -> None:
        self.batch = batch

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        if known.predictions is None:
            return Typicality()._choose(model, known, count, candidates, rng)
        return super()._choose(model, known, count, candidates, rng)

    def _scores(
        self, model: object, known: LabelledGraph, candidates: IntArray, rng: np.random.RandomState
    ) -> FloatArray:
        predictions = known.predictions
        if predictions is None:
            return np.zeros(len(candidates))
        return self._measure(predictions[candidates], known, candidates)

    @abstractmethod
    def _measure(
        self, distributions: FloatArray, known: LabelledGraph, candidates: IntArray
    ) -> FloatArray:
        """Return the score of each row of `distributions`, those of the candidates."""
