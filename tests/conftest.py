"""Settings of the generated tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy machine is no bug: neither a slow example nor slow generation fails a test.
settings.register_profile(
    "fewlabels",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
# The same examples in every run, so that a change is judged by what it changes.
settings.register_profile("ci", settings.get_profile("fewlabels"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "fewlabels")
