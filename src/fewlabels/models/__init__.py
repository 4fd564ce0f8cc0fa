"""scikit-learn estimators: one published method a file."""

from fewlabels.models._answers import Answers
from fewlabels.models._choices import Choice, Choices
from fewlabels.models._protocol import RelabelledModel, TransductiveModel
from fewlabels.models._recommended import ModelPair, recommended_models
from fewlabels.models._saved import load_model, save_model
from fewlabels.models.class_mass import normalize_class_mass
from fewlabels.models.correct_and_smooth import CorrectAndSmooth
from fewlabels.models.few_labels_classifier import FewLabelsClassifier
from fewlabels.models.few_labels_regressor import FewLabelsRegressor
from fewlabels.models.harmonic_regressor import HarmonicRegressor
from fewlabels.models.label_propagation import LabelPropagation
from fewlabels.models.label_spreading import LabelSpreading
from fewlabels.models.p_laplacian_classifier import PLaplacianClassifier
from fewlabels.models.poisson_classifier import PoissonClassifier
from fewlabels.models.poisson_mbo_classifier import PoissonMBOClassifier
from fewlabels.models.reweighted_laplace_classifier import ReweightedLaplaceClassifier
from fewlabels.models.spreading_regressor import SpreadingRegressor

__all__ = [
    "Answers",
    "Choice",
    "Choices",
    "CorrectAndSmooth",
    "FewLabelsClassifier",
    "FewLabelsRegressor",
    "HarmonicRegressor",
    "LabelPropagation",
    "LabelSpreading",
    "ModelPair",
    "PLaplacianClassifier",
    "PoissonClassifier",
    "PoissonMBOClassifier",
    "RelabelledModel",
    "ReweightedLaplaceClassifier",
    "SpreadingRegressor",
    "TransductiveModel",
    "load_model",
    "normalize_class_mass",
    "recommended_models",
    "save_model",
]
