"""The members of the recommended regressor: kernels of features and of the graph, weighed."""

from fewlabels.models._number_members.feature_kernels import FeatureKernels
from fewlabels.models._number_members.graph_kernel import GraphKernel
from fewlabels.models._number_members.number_mixture import NumberMixture

__all__ = ["FeatureKernels", "GraphKernel", "NumberMixture"]
