"""Both estimators, for tests that hold of either."""

from __future__ import annotations

from typing import Any

import pytest

from fewlabels import LabelPropagation, LabelSpreading


@pytest.fixture(scope="session", params=[LabelSpreading, LabelPropagation])
def estimator(request: pytest.FixtureRequest) -> Any:
    """The class of either estimator."""
    return request.param
