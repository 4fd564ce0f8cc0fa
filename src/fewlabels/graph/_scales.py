"""Columns whose scale decides all distances, as an income does beside shares.

Of 512 rows drawn at random, pairs are compared. A column is *drowned* if its range is at most a
tenth of the largest. A warning is due, from 20 rows on, if

- at most ten columns are not drowned: where many have the largest scale, as the pixels of a picture
  or the words of a text have, the others are small for a reason;
- at least a quarter of the columns are: constant ones don't count;
- these make up at most 1 % of the squared distance of a pair, in the median: so neither outliers
  nor a rare large value count, nor a few loud directions of an embedding, and columns of one range
  (one-hot, scaled to [0, 1], standardised) never do.

On the public sets that these numbers were tried on, a warning meant that the 10 nearest neighbours
were right more often after scaling: wine 67 % raw, 97 % scaled; breast cancer 94 % and 97 %.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._arrays import first_few
from fewlabels._callers import callers_level
from fewlabels._typing import AnySparse, Matrix
from fewlabels.exceptions import ScaleWarning
from fewlabels.io import FeatureFile

# Metrics that add up differences of columns as they are.
_ADDING = (
    *("euclidean", "l2", "sqeuclidean", "minkowski", "p"),
    *("manhattan", "cityblock", "l1", "chebyshev", "infinity"),
)
_SAMPLED, _FEWEST_ROWS = 512, 20
_RANGE_RATIO, _SMALL_SHARE = 10, 0.01
_MOST_DECIDING, _LEAST_DROWNED = 10, 1 / 4
# Ranges below these shares of the largest are rounding errors, by the size of a float.
_ROUNDING = {4: 1e-6, 8: 1e-12}


def warn_of_scales(
    features: Matrix | FeatureFile, metric: object, names: Sequence[object] | None = None
) -> None:
    """Warn if a few columns decide all distances.

    Cost: 512 rows are read, O(n_features) time: 1 ms for 784 features, a tenth for 64.

    Parameters
    ----------
    features : {ndarray, csr_matrix, FeatureFile} of shape (n_samples, n_features)
    metric : str or callable
        Metrics that don't add up differences of columns are not looked at.
    names : sequence of length n_features, default=None
        What the columns are called. None: their numbers.

    Warns
    -----
    ScaleWarning
    """
    if not (isinstance(metric, str) and metric in _ADDING):
        return
    found = _deciding(features)
    if found is None:
        return
    deciding, n_drowned, widest, drowned, share = found
    called = [place if names is None else names[place] for place in deciding.tolist()]
    counted = " (counted from 0)" if names is None else ""
    verb = "decides" if len(called) == 1 else "decide"
    columns = f"column{'s' * (len(called) > 1)}{counted} {first_few(called)}"
    part = f"{share:.2%}" if share >= 1e-4 else "less than 0.01%"
    others = "the other" if n_drowned == 1 else f"the {n_drowned} others"
    warnings.warn(
        f"the features are on different scales: {len(called)} of {features.shape[1]} columns "
        f"{verb} which rows are near. Values range over {widest:,.4g} in {columns}; {others}, over "
        f"{drowned:,.4g} at most, make up {part} of a squared distance. Scale the columns "
        "first, such as with "
        "sklearn.preprocessing.StandardScaler().fit_transform(X), new rows with the same scaler. "
        "If the scales are meant, turn this off: "
        'warnings.simplefilter("ignore", fewlabels.ScaleWarning).',
        ScaleWarning,
        stacklevel=callers_level(),
    )


def _deciding(
    features: Matrix | FeatureFile,
) -> tuple[npt.NDArray[np.intp], int, float, float, float] | None:
    """Return what a warning says, or None where none is due.

    The deciding columns, the number of drowned ones, the largest range of each, and the share of
    the latter in a squared distance.
    """
    n_rows, width = features.shape
    if n_rows < _FEWEST_ROWS or width < 2:
        return None
    rows = np.random.default_rng(0).permutation(n_rows)[:_SAMPLED]
    some = features.take(rows) if isinstance(features, FeatureFile) else features[rows]
    ranges = _row(some.max(axis=0)).astype(np.float64) - _row(some.min(axis=0))
    widest = float(ranges.max())
    if not 0 < widest < np.inf:
        return None
    deciding = ranges * _RANGE_RATIO > widest
    drowned = (ranges > _ROUNDING[features.dtype.itemsize] * widest) & ~deciding
    n_deciding, n_drowned = int(deciding.sum()), int(drowned.sum())
    if n_deciding > _MOST_DECIDING or n_drowned < _LEAST_DROWNED * (n_deciding + n_drowned):
        return None
    half = some.shape[0] // 2
    share = _median_share(some[:half], some[half : 2 * half], drowned, widest)
    if share > _SMALL_SHARE:
        return None
    return np.flatnonzero(deciding), n_drowned, widest, float(ranges[drowned].max()), share


def _median_share(
    left: Matrix, right: Matrix, columns: npt.NDArray[np.bool_], unit: float
) -> float:
    """Return what `columns` make up of a pair's squared distance, in the median over the pairs."""
    if sparse.issparse(left):
        squares = ((left - right) / unit).power(2)
        total, part = squares.sum(axis=1), squares @ columns.astype(np.float64)
    else:
        squares = ((left.astype(np.float64) - np.asarray(right)) / unit) ** 2
        total, part = squares.sum(axis=1), squares[:, columns].sum(axis=1)
    total, part = np.ravel(total), np.ravel(part)
    apart = total > 0
    return float(np.median(part[apart] / total[apart])) if apart.any() else 1.0


def _row(values: np.ndarray | AnySparse) -> np.ndarray:
    return np.ravel(values.toarray() if sparse.issparse(values) else values)
