"""Learning from few labels: graphs of similar points over which a few labels spread.

>>> from fewlabels import LabelSpreading
>>> X = [[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]]
>>> y = [0, -1, -1, 1, -1, -1]
>>> LabelSpreading(kernel="self-tuning", n_neighbors=2).fit(X, y).transduction_
array([0, 0, 0, 1, 1, 1])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fewlabels._lazy import loaded_on_use
from fewlabels._version import __version__

if TYPE_CHECKING:
    from fewlabels._citing import cite
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
    from fewlabels.session import Comparison, LearningCurve, Session, simulate

__all__ = [
    "AsymmetryWarning",
    "Choice",
    "Choices",
    "Comparison",
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
    "cite",
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
    "AsymmetryWarning": "exceptions",
    "Choice": "models",
    "Choices": "models",
    "Comparison": "session",
    "CorrectAndSmooth": "models",
    "DiskGraph": "graph",
    "Embeddings": "features",
    "FeatureWarning": "exceptions",
    "FewLabelsClassifier": "models",
    "FewLabelsError": "exceptions",
    "FewLabelsRegressor": "models",
    "Graph": "graph",
    "HarmonicRegressor": "models",
    "Images": "features",
    "LabelPropagation": "models",
    "LabelSpreading": "models",
    "LabelWarning": "exceptions",
    "LabelledKFold": "model_selection",
    "LearningCurve": "session",
    "OrientedGradients": "features",
    "PLaplacianClassifier": "models",
    "Points": "features",
    "PoissonClassifier": "models",
    "PoissonMBOClassifier": "models",
    "ReweightedLaplaceClassifier": "models",
    "ScaleWarning": "exceptions",
    "Session": "session",
    "SpreadingRegressor": "models",
    "Tables": "features",
    "Texts": "features",
    "UnreachedWarning": "exceptions",
    "cite": "_citing",
    "knn_graph": "graph",
    "labelled_scorer": "model_selection",
    "make_points": "features",
    "normalize_class_mass": "models",
    "open_graph": "graph",
    "rbf_graph": "graph",
    "simulate": "session",
    "transductive_cross_val_score": "model_selection",
    "write_graph": "graph",
}

__getattr__, __dir__ = loaded_on_use(__name__, _HOMES)
