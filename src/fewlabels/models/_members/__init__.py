"""The members of the recommended model: what speaks in it, how sharply, and with what weight."""

from fewlabels.models._members.absorbing import Absorbing
from fewlabels.models._members.among import LARGE
from fewlabels.models._members.class_means import ClassMeans
from fewlabels.models._members.feature_member import FeatureMember
from fewlabels.models._members.feature_space import FeatureSpace, Projection, Ranking
from fewlabels.models._members.forest_member import ForestMember, forest_weight
from fewlabels.models._members.graph_member import GraphMember, divided
from fewlabels.models._members.kernel_member import KernelMember
from fewlabels.models._members.mixture import Mixture
from fewlabels.models._members.sharpness import Taught

__all__ = [
    "LARGE",
    "Absorbing",
    "ClassMeans",
    "FeatureMember",
    "FeatureSpace",
    "ForestMember",
    "GraphMember",
    "KernelMember",
    "Mixture",
    "Projection",
    "Ranking",
    "Taught",
    "divided",
    "forest_weight",
]
