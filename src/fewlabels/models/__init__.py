"""scikit-learn estimators: one published method a file."""

from fewlabels.models.class_mass import normalize_class_mass
from fewlabels.models.correct_and_smooth import CorrectAndSmooth
from fewlabels.models.label_propagation import LabelPropagation
from fewlabels.models.label_spreading import LabelSpreading

__all__ = ["CorrectAndSmooth", "LabelPropagation", "LabelSpreading", "normalize_class_mass"]
