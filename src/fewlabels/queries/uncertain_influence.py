"""Margin times Sigma-optimality: what the package recommends."""

from __future__ import annotations

import numpy as np

from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._covariance_rule import CovarianceRule, shares
from fewlabels.queries._labelled_graph import LabelledGraph
from fewlabels.queries.margin import least_margin
from fewlabels.systems import Lookahead


class UncertainInfluence(CovarianceRule):
    """PLACEHOLDER."""

    _needs_norms = False

    def _weights(self, known: LabelledGraph, candidates: IntArray) -> FloatArray:
        if known.predictions is None:
            return np.ones(len(candidates))
        return least_margin(known.predictions[candidates])

    def _targets(self, known: LabelledGraph) -> FloatArray | None:
        if known.predictions is None:
            return None
        margins = least_margin(known.predictions)
        margins[known.labelled_] = 0
        return margins

    def _gains(self, ahead: Lookahead, noise: float) -> FloatArray:
        return np.sqrt(shares(ahead.row_sums**2, ahead.variances, noise))
