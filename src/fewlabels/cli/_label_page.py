"""The label file of a command: what it says on the page names options, not settings."""

from __future__ import annotations

from fewlabels._typing import Json, Loaded
from fewlabels.cli._words import with_kinds_as_options
from fewlabels.labelling import Labelling


class CommandLabelling(Labelling):
    """A label file that ``fewlabels label`` serves."""

    def state(self, who: str) -> Json:
        """Return what the page shows at all times."""
        state: Loaded = super().state(who)
        problem = state["problem"]
        return {
            **state,
            "notes": [with_kinds_as_options(note) for note in state["notes"]],
            "problem": None if problem is None else with_kinds_as_options(problem),
        }
