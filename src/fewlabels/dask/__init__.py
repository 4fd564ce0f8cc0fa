"""Label spreading past one machine, on Dask."""

from fewlabels.dask._needed import require_dask

require_dask()

from fewlabels.dask._cut import regions_of  # noqa: E402 - after what says which extra is missing
from fewlabels.dask._knn import knn_graph  # noqa: E402
from fewlabels.dask._layout import RegionGraph, open_graph  # noqa: E402
from fewlabels.dask.label_spreading import LabelSpreading  # noqa: E402
from fewlabels.dask.session import Session  # noqa: E402

__all__ = ["LabelSpreading", "RegionGraph", "Session", "knn_graph", "open_graph", "regions_of"]
