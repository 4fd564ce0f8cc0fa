"""Better features without labels: what images are made of, as scikit-learn transformers."""

from fewlabels.features.oriented_gradients import OrientedGradients

__all__ = ["OrientedGradients"]
