"""scikit-learn estimators: one published method a file."""

from fewlabels.models.class_mass import normalize_class_mass
from fewlabels.models.harmonic_regressor import HarmonicRegressor
from fewlabels.models.label_propagation import LabelPropagation
from fewlabels.models.label_spreading import LabelSpreading
from fewlabels.models.spreading_regressor import SpreadingRegressor

__all__ = [
    "HarmonicRegressor",
    "LabelPropagation",
    "LabelSpreading",
    "SpreadingRegressor",
    "normalize_class_mass",
]
