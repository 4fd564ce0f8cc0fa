"""Settings of the generated tests, and a cache of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# A worker has a core to itself: with two threads each, the linear algebra of two workers on two
# cores takes up to twenty times as long. Set before NumPy is loaded; subprocesses inherit it.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _of in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_of, "1")

# A busy machine is no bug: neither a slow example nor slow generation fails a test. And the same
# examples in every run, so that a change is judged by what it changes.
settings.register_profile(
    "fewlabels",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    database=None,
)
# Others in each run, to look for what these do not find: pytest --hypothesis-profile=other
settings.register_profile("other", settings.get_profile("fewlabels"), derandomize=False)
settings.load_profile("fewlabels")
# Hypothesis also tries the numbers and words that the loaded modules of ours hold. Which are loaded
# depends on the tests that a worker ran before: with none of them, examples depend on no order.
_NONE_OF_OURS = providers.Constants()
providers._get_local_constants = lambda: _NONE_OF_OURS


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep embeddings in a folder of the run, not in that of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEWLABELS_CACHE", str(folder))
        yield folder
