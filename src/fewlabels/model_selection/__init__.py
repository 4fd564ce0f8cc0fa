"""Cross-validation and scores that know of unlabelled points."""

from fewlabels.model_selection._scorer import LabelledScorer, labelled_scorer
from fewlabels.model_selection._split import LabelledKFold
from fewlabels.model_selection._transductive import transductive_cross_val_score

__all__ = ["LabelledKFold", "LabelledScorer", "labelled_scorer", "transductive_cross_val_score"]
