"""A label file and the loop that keeps up with whoever labels: the engine of the labelling page.

:class:`Labelling` is one label file that is open. It stores each answer before it acknowledges
it, and one thread of its own makes points, graph and models, and keeps questions ready. It knows
nothing of HTTP: `fewlabels.web` serves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels._lazy import loaded_on_use

if TYPE_CHECKING:
    from fewlabels.labelling._agreement import krippendorff_alpha
    from fewlabels.labelling._dawid_skene import Consensus, dawid_skene
    from fewlabels.labelling._labelling import Labelling
    from fewlabels.labelling._reading import export_labels, load_session

__all__ = [
    "Consensus",
    "Labelling",
    "dawid_skene",
    "export_labels",
    "krippendorff_alpha",
    "load_session",
]

# Loaded when first used, so that the page's first question does not wait for the models.
_HOMES = {
    "Consensus": "_dawid_skene",
    "Labelling": "_labelling",
    "dawid_skene": "_dawid_skene",
    "export_labels": "_reading",
    "krippendorff_alpha": "_agreement",
    "load_session": "_reading",
}

__getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
