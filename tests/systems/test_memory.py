"""A dense harmonic system is refused before it is allocated, if it would not fit."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import _memory
from fewlabels.exceptions import NotEnoughMemoryError
from fewlabels.graph import rbf_graph
from fewlabels.systems import HarmonicSystem


def test_a_dense_system_that_does_not_fit_is_refused(monkeypatch) -> None:
    graph = rbf_graph(np.arange(50.0)[:, None], gamma=0.1)
    monkeypatch.setattr(_memory, "available_memory", lambda: 1000)
    with pytest.raises(NotEnoughMemoryError, match="49 unlabelled points"):
        HarmonicSystem(graph, np.arange(50) == 0)
