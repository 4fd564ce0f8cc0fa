"""A label file and the loop that keeps up with whoever labels: the engine of the labelling page.

:class:`Labelling` is one label file that is open. It stores each answer before it acknowledges
it, and one thread of its own makes points, graph and models, and keeps questions ready. It knows
nothing of HTTP: `fewlabels.web` serves it.
"""

from fewlabels.labelling._reading import export_labels, load_session
from fewlabels.labelling.agreement import krippendorff_alpha
from fewlabels.labelling.dawid_skene import Consensus, dawid_skene
from fewlabels.labelling.labelling import Labelling

__all__ = [
    "Consensus",
    "Labelling",
    "dawid_skene",
    "export_labels",
    "krippendorff_alpha",
    "load_session",
]
