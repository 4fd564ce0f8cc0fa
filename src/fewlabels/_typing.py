"""Names of values whose types say less than their name does.

The tables of pandas and pyarrow, and scikit-learn's estimators have no types that are checked here,
so that a type checker takes them for anything. So it does with what was read from a file. What
holds whatever people have, such as the cells of a table, holds objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # neither is imported before it is needed
    import numpy as np
    from matplotlib.axes import Axes as Axes
    from scipy import sparse

    AnySparse: TypeAlias = sparse.sparray | sparse.spmatrix  # of any format
    Sparse: TypeAlias = sparse.csr_array | sparse.csr_matrix
    Matrix: TypeAlias = np.ndarray | Sparse  # rows of features, weights, shares
else:
    Axes = AnySparse = Sparse = Matrix = object

Json: TypeAlias = dict[str, object]  # an object, as `json` writes it
Loaded: TypeAlias = dict[str, Any]  # the same as read: what is amiss raises where it is used
State: TypeAlias = dict[str, object]  # plain values and arrays by name: what a file holds
Fields: TypeAlias = Mapping[str, object]  # values by name, which may be read only
Cells: TypeAlias = list[object]  # Python objects: cells of a column, texts, pictures, labels
Objects: TypeAlias = Sequence[object]  # the same, which may be read only
Function: TypeAlias = Callable[..., object]
Frame: TypeAlias = Any  # a table of pandas, polars or pyarrow
Estimator: TypeAlias = Any  # of scikit-learn, or of somebody who does as it does
Package: TypeAlias = Any  # an object of a package that has no types, or need not be there
