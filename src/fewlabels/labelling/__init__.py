"""A label file and the loop that keeps up with whoever labels: the engine of the labelling page.

:class:`Labelling` is one label file that is open. It stores each answer before it acknowledges
it, and one thread of its own makes points, graph and models, and keeps questions ready. It knows
nothing of HTTP: `fewlabels.web` serves it.
"""

from fewlabels.labelling.labelling import Labelling

__all__ = ["Labelling"]
