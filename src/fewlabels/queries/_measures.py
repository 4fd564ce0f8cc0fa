"""The measures of uncertainty by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy.typing as npt

from fewlabels.queries._checks import FloatArray
from fewlabels.queries.entropy import entropy
from fewlabels.queries.least_confidence import least_confidence
from fewlabels.queries.margin import least_margin

Uncertainty: TypeAlias = Literal["entropy", "margin", "least-confidence"]

MEASURES: dict[str, Callable[[npt.ArrayLike], FloatArray]] = {
    "entropy": entropy,
    "margin": least_margin,
    "least-confidence": least_confidence,
}
