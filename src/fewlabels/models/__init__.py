"""scikit-learn estimators: one published method a file."""

from fewlabels.models.label_propagation import LabelPropagation
from fewlabels.models.label_spreading import LabelSpreading

__all__ = ["LabelPropagation", "LabelSpreading"]
