"""Learning from few labels: graphs of similar points over which a few labels spread.

>>> from fewlabels import LabelSpreading
>>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
>>> y = [0, -1, -1, 1, -1, -1]
>>> LabelSpreading(kernel="self-tuning", n_neighbors=2).fit(X, y).transduction_
array([0, 0, 0, 1, 1, 1])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fewlabels._version import __version__

if TYPE_CHECKING:
    from fewlabels.exceptions import (
        AsymmetryWarning,
        FeatureWarning,
        FewLabelsError,
        LabelWarning,
        ScaleWarning,
        UnreachedWarning,
    )
    from fewlabels.features import (
        Embeddings,
        Images,
        OrientedGradients,
        Points,
        Tables,
        Texts,
        make_points,
    )
    from fewlabels.graph import DiskGraph, Graph, knn_graph, open_graph, rbf_graph, write_graph
    from fewlabels.model_selection import (
        LabelledKFold,
        labelled_scorer,
        transductive_cross_val_score,
    )
    from fewlabels.models import (
        Choice,
        Choices,
        CorrectAndSmooth,
        FewLabelsClassifier,
        FewLabelsRegressor,
        HarmonicRegressor,
        LabelPropagation,
        LabelSpreading,
        PLaplacianClassifier,
        PoissonClassifier,
        PoissonMBOClassifier,
        ReweightedLaplaceClassifier,
        SpreadingRegressor,
        normalize_class_mass,
    )
    from fewlabels.session import LearningCurve, Session, simulate

__all__ = [
    "AsymmetryWarning",
    "Choice",
    "Choices",
    "CorrectAndSmooth",
    "DiskGraph",
    "Embeddings",
    "FeatureWarning",
    "FewLabelsClassifier",
    "FewLabelsError",
    "FewLabelsRegressor",
    "Graph",
    "HarmonicRegressor",
    "Images",
    "LabelPropagation",
    "LabelSpreading",
    "LabelWarning",
    "LabelledKFold",
    "LearningCurve",
    "OrientedGradients",
    "PLaplacianClassifier",
    "Points",
    "PoissonClassifier",
    "PoissonMBOClassifier",
    "ReweightedLaplaceClassifier",
    "ScaleWarning",
    "Session",
    "SpreadingRegressor",
    "Tables",
    "Texts",
    "UnreachedWarning",
    "__version__",
    "knn_graph",
    "labelled_scorer",
    "make_points",
    "normalize_class_mass",
    "open_graph",
    "rbf_graph",
    "simulate",
    "transductive_cross_val_score",
    "write_graph",
]

# Loaded when first used, so that `import fewlabels` and `fewlabels --help` answer at once.
_HOMES = {
    "AsymmetryWarning": "fewlabels.exceptions",
    "Choice": "fewlabels.models",
    "Choices": "fewlabels.models",
    "CorrectAndSmooth": "fewlabels.models",
    "DiskGraph": "fewlabels.graph",
    "Embeddings": "fewlabels.features",
    "FeatureWarning": "fewlabels.exceptions",
    "FewLabelsClassifier": "fewlabels.models",
    "FewLabelsError": "fewlabels.exceptions",
    "FewLabelsRegressor": "fewlabels.models",
    "Graph": "fewlabels.graph",
    "HarmonicRegressor": "fewlabels.models",
    "Images": "fewlabels.features",
    "LabelPropagation": "fewlabels.models",
    "LabelSpreading": "fewlabels.models",
    "LabelWarning": "fewlabels.exceptions",
    "LabelledKFold": "fewlabels.model_selection",
    "LearningCurve": "fewlabels.session",
    "OrientedGradients": "fewlabels.features",
    "PLaplacianClassifier": "fewlabels.models",
    "Points": "fewlabels.features",
    "PoissonClassifier": "fewlabels.models",
    "PoissonMBOClassifier": "fewlabels.models",
    "ReweightedLaplaceClassifier": "fewlabels.models",
    "ScaleWarning": "fewlabels.exceptions",
    "Session": "fewlabels.session",
    "SpreadingRegressor": "fewlabels.models",
    "Tables": "fewlabels.features",
    "Texts": "fewlabels.features",
    "UnreachedWarning": "fewlabels.exceptions",
    "knn_graph": "fewlabels.graph",
    "labelled_scorer": "fewlabels.model_selection",
    "make_points": "fewlabels.features",
    "normalize_class_mass": "fewlabels.models",
    "open_graph": "fewlabels.graph",
    "rbf_graph": "fewlabels.graph",
    "simulate": "fewlabels.session",
    "transductive_cross_val_score": "fewlabels.model_selection",
    "write_graph": "fewlabels.graph",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
